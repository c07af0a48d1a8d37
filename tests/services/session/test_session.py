"""The loop, round by round, on the virtual clock: who is asked what, in which order, and when it ends."""

from __future__ import annotations

import pytest

from brain.contracts import BrainStep, Dispatch
from cerebellum.contracts import BodyOutput
from devices.attendant import DeviceNews
from devices.contracts import Halt, Receipt
from devices.facts import At, Selector
from devices.skill import SkillRequest, Started
from services.errors import ActorDied
from services.memory.client import MemoryClient
from services.runtime.local import LocalRuntime
from services.session.crew import BodySide, Crew, DeviceSide, WorldSide
from services.session.diary import AUTHOR
from services.session.inputs import Directive, Inputs, Words
from services.session.pace import VirtualTime
from services.session.session import Session, Site
from sim_worlds.contracts import Says, Verdict, Wish, WorldStep
from stem_memory.contracts import (
    BodyLost,
    Event,
    GoalClosed,
    GoalPosted,
    GoalUnderstood,
    Instructed,
    Said,
    StepStarted,
)
from stem_memory.instructions import Stop
from stem_memory.tasks import Goal
from stem_memory.testing import body, start_of

BODIES = ("waiter-1", "waiter-2")
CONDITION = At(what=Selector(ids=("mug-1",)), where="table-2", count=1)


class World:
    """Does nothing by itself but what its script says at its times."""

    def __init__(self, stage):
        self.stage = stage
        self.script = {}
        self.mute = set()
        self.watched = []

    def reset(self):
        return self._step(0.0)

    def step(self, commands, until):
        self.stage.note("world", [c.body for c in commands], until)
        ahead = [t for t in self.script if t > self.stage.now]
        return self._step(min([until, *ahead]))

    def watch(self, goal, conditions):
        self.watched.append(goal)

    def judge(self, goal):
        return Verdict(goal=goal, satisfied=True)

    def carried(self, things):
        return ()

    def _step(self, now):
        self.stage.now = now
        heard = tuple(b for b in BODIES if b not in self.mute)
        later = [t for t in self.script if t > now]
        fields = {"heard": heard, "next_s": min(later, default=None), "idle": not later}
        return WorldStep(now=now, **fields | self.script.get(now, {}))


class Body:
    """Answers what its script says, else nothing; may die."""

    def __init__(self, stage, name):
        self.stage, self.name = stage, name
        self.answers, self.inputs = [], []
        self.is_dead = False

    def step(self, news):
        if self.is_dead:
            raise ActorDied(self.name, "killed by the test")
        self.stage.note(self.name, news)
        self.inputs.append(news)
        return self.answers.pop(0) if self.answers else BodyOutput()


class Mind:
    """Answers what its script says, else nothing; may die."""

    def __init__(self, stage):
        self.stage = stage
        self.answers, self.news, self.restored = [], [], None
        self.is_dead = False

    def step(self, news):
        if self.is_dead:
            raise ActorDied("brain", "killed by the test")
        self.stage.note("brain", news)
        self.news.append(news)
        answer = self.answers.pop(0) if self.answers else BrainStep()
        return answer(news) if callable(answer) else answer

    def restore(self, events, believed=None):
        self.restored, self.believed = events, believed


class Device:
    """A device on the session's clock."""

    def __init__(self, stage):
        self.stage = stage
        self.ended = []

    def step(self, now, commands=()):
        for command in commands:
            self.stage.note("device", command.id)
            self.ended.append(Receipt(command=command.id, body="toy", t=now, outcome="done"))
        ended, self.ended = tuple(self.ended), []
        return DeviceNews(receipts=ended)


class Stage:
    """A session whose every collaborator but memory is scripted."""

    def __init__(self, path, scheduled=(), with_device=False, **site):
        self.now = 0.0
        self.happened = []
        self.runtime = LocalRuntime()
        self.memory = MemoryClient.join(path, self.runtime)
        self.world, self.mind = World(self), Mind(self)
        self.minds = [self.mind]
        self.bodies = {name: Body(self, name) for name in BODIES}
        spawn = lambda name, actor: self.runtime.spawn(name, lambda: actor)  # noqa: E731
        handles = {name: spawn(name, actor) for name, actor in self.bodies.items()}
        devices = {}
        if with_device:
            self.bodies["toy"] = Body(self, "toy")
            handles["toy"] = spawn("toy", self.bodies["toy"])
            devices["toy"] = spawn("device toy", Device(self))

        def new_brain():
            self.minds.append(Mind(self))
            return spawn("brain", self.minds[-1])

        crew = Crew(
            runtime=self.runtime,
            world=WorldSide(self.runtime, spawn("world", self.world)),
            memory=self.memory,
            brain=spawn("brain", self.mind),
            bodies=BodySide(self.runtime, handles),
            new_brain=new_brain,
            devices=DeviceSide(self.runtime, devices, is_host=False),
        )
        opening = start_of(bodies=[body(name, 5, 1) for name in handles])
        fields = {"limit_s": 60.0, "bodies": tuple(handles)} | site
        self.inputs = Inputs(scheduled)
        self.rounds = []
        self.session = Session(
            crew,
            Site(opening=opening, operator="ann", **fields),
            self.inputs,
            VirtualTime(),
            lambda now, events, diary: self.rounds.append((now, events)),
        )

    def note(self, who, *what):
        self.happened.append((who, *what, self.memory.position()))

    def who(self):
        return [who for who, *_ in self.happened]

    def logged(self, kind):
        found = [entry.event for entry in self.memory.read(after=0)]
        return [event.body for event in found if isinstance(event.body, kind)]

    def close(self):
        self.memory.close()
        self.runtime.close()


@pytest.fixture
def stage(tmp_path):
    made = []

    def make(*args, **more):
        made.append(Stage(tmp_path / "memory.db", *args, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def events(news, *bodies, first=100):
    """What a brain records about its news."""
    return tuple(
        Event(origin="brain", seq=first + n, t=news.now, body=what) for n, what in enumerate(bodies)
    )


def goal(id_="g1", **more):
    return GoalPosted(goal=Goal(id=id_, text="tea", who="ann", t=0.0, **more))


def begins(request="r1", name="waiter-1"):
    """A brain's answer that sends a request to a body."""
    started = StepStarted(
        request=request, goal="g1", step="s1", skill="pick", body=name, deadline_s=50.0
    )
    asked = SkillRequest(id=request, goal="g1", step="s1", skill="pick", body=name, deadline_s=50.0)
    return lambda news: BrainStep(
        events=events(news, goal(), started), dispatches=(Dispatch(request=asked),)
    )


def test_the_brain_learns_of_the_site_in_the_first_round_and_memory_holds_it(stage):
    it = stage()
    it.session.run()
    (news,) = it.mind.news
    assert [event.body.kind for event in news.events] == [
        "site_surveyed",
        "skills_declared",
        "body_enrolled",
        "body_enrolled",
    ]
    assert it.memory.position() == 4
    assert [len(told) for _, told in it.rounds] == [4]


def test_no_motion_begins_that_memory_does_not_know_the_reason_of(stage):
    it = stage()
    it.mind.answers = [begins()]
    it.bodies["waiter-1"].answers = [BodyOutput(commands=(Halt(id="c1"),), wake_s=3.0)]
    it.session.run()
    order = next(item for item in it.happened if item[0] == "waiter-1")
    motion = next(item for item in it.happened if item[0] == "world")
    assert [o.request.id for o in order[1].orders] == ["r1"]
    # Position 6: the opening, the goal and the step's beginning.
    assert order[-1] == 6
    assert motion[1] == ["waiter-1"]
    assert it.who().index("brain") < it.who().index("waiter-1") < it.who().index("world")


def test_what_bodies_say_in_a_round_is_judged_in_the_same_round(stage):
    it = stage()
    it.mind.answers = [begins()]
    word = Started(request="r1", body="waiter-1", t=0.0)
    it.bodies["waiter-1"].answers = [BodyOutput(events=(word,))]
    it.session.run()
    assert [(news.now, news.skill_events) for news in it.mind.news[:2]] == [
        (0.0, ()),
        (0.0, (word,)),
    ]


def test_a_fleet_that_does_not_come_to_rest_is_told_of(stage):
    it = stage()
    word = Started(request="r1", body="waiter-1", t=0.0)
    it.mind.answers = [begins(f"r{n}") if n == 0 else _again(n) for n in range(60)]
    it.bodies["waiter-1"].answers = [BodyOutput(events=(word,))] * 60
    with pytest.raises(RuntimeError, match="does not come to rest at 0"):
        it.session.run()


def _again(n):
    asked = SkillRequest(
        id=f"r{n}", goal="g1", step="s1", skill="pick", body="waiter-1", deadline_s=50.0
    )
    return BrainStep(dispatches=(Dispatch(request=asked),))


def test_time_goes_to_the_next_thing_that_is_due(stage):
    it = stage([(9.0, Words("tea"))])
    it.mind.answers = [BrainStep(wake_s=4.0), BrainStep(wake_s=5.5)]
    it.session.run()
    assert [until for who, *what, until, _ in it.happened if who == "world"][:3] == [4.0, 5.5, 9.0]
    assert [news.now for news in it.mind.news] == [0.0, 4.0, 5.5, 9.0]


def test_a_stop_reaches_bodies_before_the_brain_thinks_about_it(stage):
    it = stage([(2.0, Words("stop"))])
    it.session.run()
    heard = [item for item in it.happened if item[0] != "world"]
    assert [who for who, *_ in heard] == ["brain", "waiter-1", "waiter-2", "brain"]
    assert all(it.bodies[name].inputs[0].stop for name in BODIES)
    assert [
        (said.text, order.cause)
        for said, order in zip(it.logged(Said), it.logged(Instructed), strict=True)
    ] == [("stop", "u1")]
    assert it.session.diary.stopped == dict.fromkeys(BODIES, True)


def test_a_directive_to_one_body_stops_that_one(stage):
    it = stage([(2.0, Directive(Stop(bodies=("waiter-2",))))])
    it.session.run()
    assert it.bodies["waiter-1"].inputs == []
    assert [news.stop for news in it.bodies["waiter-2"].inputs] == [True]


def test_words_in_the_world_are_heard_and_what_would_be_right_is_watched(stage):
    says = Says(t=3.0, who="mia", text="tea", success=(CONDITION,))
    it = stage(says=(says,))
    it.world.script = {3.0: {"wishes": (Wish(t=3.0, who="mia", text="tea"),)}}
    it.mind.answers = [
        BrainStep(),
        lambda news: BrainStep(
            events=events(
                news,
                goal(cause=news.events[0].body.id),
                GoalUnderstood(goal="g1", conditions=(CONDITION,), summary="tea"),
                GoalClosed(goal="g1", status="satisfied"),
            )
        ),
    ]
    diary = it.session.run()
    assert it.world.watched == ["g1" + AUTHOR, "g1"]
    assert diary.verdicts.keys() == {"g1", "g1" + AUTHOR}
    assert [said.who for said in it.logged(Said)] == ["mia"]


def test_a_new_brain_learns_everything_from_the_log_and_answers_the_same_news(stage):
    it = stage([(2.0, Words("tea"))])
    it.mind.answers = [BrainStep(wake_s=1.0)]

    def dies(news):
        raise ActorDied("brain", "killed by the test")

    it.mind.answers.append(dies)
    it.session.run()
    old, new = it.minds
    assert [event.body.kind for event in new.restored][:1] == ["site_surveyed"]
    assert len(new.restored) == 4
    assert [news.now for news in new.news] == [1.0, 2.0]
    # What happened is in the log it learnt from.
    assert new.news[0].events == ()
    assert old.news[-1].now == 1.0


def test_a_body_whose_process_dies_halts_and_is_lost(stage):
    it = stage([(2.0, Words("tea"))], with_device=True)
    it.mind.answers = [begins(name="toy")]
    it.bodies["toy"].is_dead = True
    it.session.run()
    assert ("device", "toy.dead") in [item[:2] for item in it.happened]
    assert [lost.body for lost in it.logged(BodyLost)] == ["toy"]


def test_what_a_device_is_told_does_not_reach_the_world(stage):
    it = stage(with_device=True)
    it.mind.answers = [begins(name="toy")]
    it.bodies["toy"].answers = [BodyOutput(commands=(Halt(id="c7"),))]
    it.session.run()
    assert ("device", "c7") in [item[:2] for item in it.happened]
    assert all(told == [] for who, told, *_ in it.happened if who == "world")
    receipts = [receipt for news in it.bodies["toy"].inputs for receipt in news.receipts]
    assert [receipt.command for receipt in receipts] == ["c7"]


def test_who_is_silent_is_lost_and_the_brain_is_told(stage):
    it = stage()
    it.mind.answers = [begins()]
    it.world.mute = {"waiter-1"}
    it.session.run()
    (lost,) = it.logged(BodyLost)
    assert (lost.body, lost.last_heard_s) == ("waiter-1", 0.0)
    told = [event.body for news in it.mind.news for event in news.events]
    assert lost in told


def test_what_is_open_when_time_is_up_has_failed(stage):
    it = stage(limit_s=20.0)
    # Something still moves.
    it.world.script = {0.0: {"idle": False}}
    it.mind.answers = [lambda news: BrainStep(events=events(news, goal()))]
    it.session.run()
    (closed,) = it.logged(GoalClosed)
    assert (closed.status, closed.reason) == ("failed", "not reached within 20 s")
    assert it.session.diary.now == 20.0


def test_what_nobody_will_ever_do_is_not_waited_for(stage):
    it = stage()
    it.mind.answers = [lambda news: BrainStep(events=events(news, goal()))]
    it.session.run()
    (closed,) = it.logged(GoalClosed)
    assert closed.reason == "nobody does anything for it, and nothing more is going to happen"
    assert it.session.diary.now == 0.0


def test_who_wants_the_end_stops_everybody_first(stage):
    it = stage([(30.0, Words("tea"))])
    it.mind.answers = [BrainStep(wake_s=5.0), BrainStep(wake_s=9.0)]
    it.inputs.end()
    it.session.run()
    assert [order.instruction for order in it.logged(Instructed)] == [Stop()]
    assert it.logged(Said) == []
    assert all(it.bodies[name].inputs[0].stop for name in BODIES)


def test_where_a_room_is_not_to_be_recorded_news_is_read_back_from_the_log(stage):
    it = stage([(1.0, Words("tea"))], has_zones=True)
    it.session.run()
    assert [event.body.kind for event in it.mind.news[-1].events] == ["said"]
    assert it.memory.position() == 5
