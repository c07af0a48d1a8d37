"""The daemon's side of the link without a socket: orders, results, stops, and how long the site counts."""

import pytest

from cerebellum.daemon.member import Calling, Member, Rejected
from cerebellum.daemon.messages import (
    Accepted,
    Act,
    Beat,
    Bye,
    Did,
    Do,
    Drop,
    Free,
    Hold,
    Holding,
    Kept,
    Plant,
    Sync,
    Welcome,
)
from cerebellum.daemon.onboard import FarHardware
from cerebellum.daemon.outbox import Outbox
from devices.catalogue import body_kinds
from devices.clock import ManualClock
from devices.contracts import BodyState, Halt, Observation, Pose
from devices.skill import SkillRequest
from sim_worlds.loader import read_world

PLAN = read_world("restaurant").plan
WELCOME = Welcome(now_s=5.0, speed=1.0, beat_s=1.0, silence_s=2.0, plan=PLAN)


class Ann:
    """A humanoid's daemon; `say` is a turn in which the site says something."""

    def __init__(self, path, holds=False):
        self.clock = ManualClock(100.0)
        self.path, self.holds = path, holds
        self.start()

    def start(self):
        self.outbox = Outbox(self.path)
        calling = Calling("ann", "", "", body_kinds()["humanoid"].card, None, holds=self.holds)
        self.member = Member(calling, FarHardware(), self.outbox, self.clock)
        self.hello = self.member.hello()
        self.first = self.member.begin(WELCOME)

    def say(self, *words, after_s=0.05):
        self.clock.advance_to(self.clock.now() + after_s)
        for word in words:
            self.member.hear(word)
        return self.member.turn()

    def answered(self):
        """The site has just answered a beat."""
        return Sync(local_s=self.clock.now(), now_s=self.clock.now() - 95.0)


@pytest.fixture
def ann(tmp_path):
    daemon = Ann(tmp_path / "outbox.db")
    yield daemon
    daemon.outbox.close()


def order(number: int, deadline_s: float = 60.0) -> Do:
    request = SkillRequest(
        id=f"g1.s{number}@ann", goal="g1", step=f"s{number}", skill="navigate",
        body="ann", args={"to": "table-1"}, deadline_s=deadline_s,
    )  # fmt: skip
    return Do(token=number, order={"request": request})


def at(x: float, y: float) -> Plant:
    state = BodyState(pose=Pose(x=x, y=y), room="dining-room", battery=0.9)
    return Plant(observation=Observation(body="ann", t=5.0, state=state))


def kinds(words):
    return [type(word) for word in words if not isinstance(word, Beat)]


def commands(words):
    return [c for w in words if isinstance(w, Act) for c in w.commands if not isinstance(c, Halt)]


def results(words):
    return [w for w in words if isinstance(w, Did) and w.seq]


def test_whoever_begins_ends_what_still_moves(ann):
    (act,) = [word for word in ann.say() if isinstance(word, Act)]
    assert [type(command) for command in act.commands] == [Halt]


def test_an_order_is_accepted_and_carried_out_once_however_often_it_comes(ann):
    first = ann.say(at(9.0, 5.0), order(1))
    assert kinds(first)[0] is Accepted
    assert [c.skill for c in commands(first)] == ["navigate"]
    again = ann.say(order(1), order(1))
    assert kinds(again) == [Accepted, Accepted]
    assert ann.outbox.carried() == ("g1.s1@ann",)


def test_an_older_order_is_of_a_site_that_is_none_any_more(ann):
    ann.say(at(9.0, 5.0), order(5))
    words = ann.say(order(4))
    assert [(w.event.request, w.event.reason) for w in results(words)] == [("g1.s4@ann", "stale")]
    assert commands(words) == []


def test_an_order_after_its_deadline_is_refused(ann):
    words = ann.say(at(9.0, 5.0), order(1, deadline_s=1.0))
    assert [w.event.reason for w in results(words)] == ["expired"]


def test_a_result_is_said_until_it_is_kept_over_a_restart_too(ann):
    ann.say(at(9.0, 5.0), order(1))
    ann.say(Drop(request="g1.s1@ann"))
    # Nobody confirms the halt: it is not waited for for ever.
    (result,) = results(ann.say(after_s=2.1))
    ann.outbox.close()
    ann.start()
    assert ann.hello.carries == ("g1.s1@ann",)
    assert ann.first == (result,)
    ann.say(Kept(seq=result.seq))
    assert ann.member.hello().carries == ()


def test_what_was_broken_off_is_owned_up_to(ann):
    ann.say(at(9.0, 5.0), order(1))
    ann.outbox.close()
    ann.start()
    assert [(w.event.kind, w.event.reason) for w in ann.first] == [("failed", "restarted")]


def test_a_stop_holds_until_a_later_word_frees(ann):
    ann.say(at(9.0, 5.0), order(1))
    words = ann.say(Hold(epoch=7))
    assert Holding(epoch=7) in words
    assert [w.event.reason for w in results(words)] == ["stopped"]
    # A word that was on its way before the stop frees nobody.
    refused = ann.say(Free(epoch=6), order(2))
    assert [w.event.reason for w in results(refused)] == ["stopped"]
    moving = ann.say(Free(epoch=8), order(3), after_s=2.1)
    assert [c.skill for c in commands(moving)] == ["navigate"]
    # Neither does a stop that was overtaken by its end stop anybody.
    assert results(ann.say(Hold(epoch=7))) == []


def test_who_holds_on_silence_has_given_up_before_the_site_gives_its_work_away(tmp_path):
    ben = Ann(tmp_path / "outbox.db", holds=True)
    ben.say(ben.answered(), at(9.0, 5.0), order(1))
    # It hears the site, but none of its own beats is answered: it may well not be heard.
    assert results(ben.say(at(9.1, 5.0), after_s=1.0)) == []
    words = ben.say(at(9.2, 5.0), after_s=1.0)
    assert [(w.event.reason, w.event.detail) for w in results(words)] == [
        ("stopped", "its daemon heard nothing of the site")
    ]
    assert commands(ben.say(order(2))) == []
    ben.clock.advance_to(ben.clock.now() + 2.1)
    assert [c.skill for c in commands(ben.say(ben.answered(), order(3)))] == ["navigate"]
    ben.outbox.close()


def test_who_finishes_on_silence_goes_on(ann):
    ann.say(ann.answered(), at(9.0, 5.0), order(1))
    words = ann.say(after_s=30.0)
    assert results(words) == []
    assert ann.member.patience_s < 0.0


def test_it_beats_as_often_as_the_site_wants(ann):
    beats = [w for _ in range(40) for w in ann.say() if isinstance(w, Beat)]
    assert len(beats) == 2


def test_a_site_that_says_goodbye_first_will_not_have_it(tmp_path):
    outbox = Outbox(":memory:")
    calling = Calling("ann", "", "", body_kinds()["humanoid"].card, None)
    member = Member(calling, FarHardware(), outbox, ManualClock())
    with pytest.raises(Rejected, match="too old"):
        member.begin(Bye(reason="too old"))
    with pytest.raises(Rejected, match="another protocol"):
        member.begin(Kept(seq=1))
    outbox.close()
