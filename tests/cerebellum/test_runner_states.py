"""The runner under any order of orders, receipts, cancels, stops and time."""

from types import SimpleNamespace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from cerebellum.contracts import BodyInput, Order, Whereabouts
from cerebellum.runner import HALT_WAIT_S, Runner
from cerebellum.skill import Status
from cerebellum.skills import navigate, pick, say
from cerebellum.testing import BODY, FINAL, FLAT
from devices.contracts import BodyState, Halt, Observation, Pose, Receipt, Speak
from devices.roadmap import Roadmap
from devices.skill import Cancelled, Failed, SkillCard, SkillRequest, Started

ROADMAP = Roadmap(FLAT)


def odd_skill(name: str, **steps):
    """A skill whose author made one mistake: what is not given works."""

    def build(order, context):
        if "build" in steps:
            steps["build"](context)

        def tick():
            return steps["tick"](context) if "tick" in steps else Status.RUNNING

        def halt():
            if "halt" in steps:
                steps["halt"](context)

        return SimpleNamespace(start=lambda: None, tick=tick, halt=halt)

    return SimpleNamespace(card=SkillCard(name=name, title=name, params=()), build=build)


def trip_over(_):
    raise ZeroDivisionError("a stranger's bug")


def talk(context):
    context.post(Speak(id=context.next_id(), skill="say", to="anna", text="hello"))
    return Status.RUNNING


def talk_twice(context):
    talk(context)
    return talk(context)


def talk_and_leave(context):
    talk(context)
    return Status.SUCCEEDED


SKILLS = {
    "navigate": navigate,
    "pick": pick,
    "say": say,
    "fails-to-build": odd_skill("fails-to-build", build=trip_over),
    "fails-to-tick": odd_skill("fails-to-tick", tick=trip_over),
    "fails-to-halt": odd_skill("fails-to-halt", tick=talk, halt=trip_over),
    "posts-twice": odd_skill("posts-twice", tick=talk_twice),
    "leaves-early": odd_skill("leaves-early", tick=talk_and_leave),
    "never-rests": odd_skill(
        "never-rests",
        tick=lambda c: (
            c.post(Speak(id=c.next_id(), skill="no-such", to="anna", text="")) or Status.RUNNING
        ),
    ),
    "not-on-card": odd_skill("not-on-card"),
}
CARD = BODY.model_copy(
    update={"skills": dict.fromkeys([*SKILLS, "look"], 1.0) | {"not-on-card": 1.0}}
)
CARD = CARD.model_copy(
    update={"skills": {k: v for k, v in CARD.skills.items() if k != "not-on-card"}}
)
ARGS = {"to": "anna", "text": "hello", "obj": "cup-1", "source": "table-1"}


class RunnerMachine(RuleBasedStateMachine):
    requests = Bundle("requests")

    def __init__(self):
        super().__init__()
        self.runner = Runner(CARD, FLAT, SKILLS, roadmap=ROADMAP)
        self.now = 0.0
        self.orders: dict[str, Order] = {}
        self.finals: dict[str, list] = {}
        self.under_way: str | None = None
        self.halted_at: float | None = None
        self.is_stopped = False
        self.out = None

    def step(self, **news):
        if news.get("stop"):
            self.is_stopped = True
        elif news.get("resume"):
            self.is_stopped = False
        self.out = self.runner.step(BodyInput(now=self.now, **news))
        for command in self.out.commands:
            if isinstance(command, Halt):
                if self.under_way is not None and self.halted_at is None:
                    self.halted_at = self.now
                continue
            assert not self.is_stopped, "after a stop nothing moves"
            silent = self.halted_at is not None and self.now >= self.halted_at + HALT_WAIT_S
            assert self.under_way is None or silent, "one command at a time"
            self.under_way, self.halted_at = command.id, None
        for event in self.out.events:
            if isinstance(event, FINAL):
                self.finals.setdefault(event.request, []).append(event)

    @rule(
        target=requests,
        skill=st.sampled_from([*SKILLS, "unheard-of"]),
        args=st.sampled_from([ARGS, ARGS | {"to": "dock-1"}, {}]),
        due=st.sampled_from([-1.0, 0.0, 5.0, 60.0]),
    )
    def order(self, skill, args, due):
        request = SkillRequest(
            id=f"r{len(self.orders)}",
            goal="g",
            step="s",
            skill=skill,
            body="b",
            args=args,
            deadline_s=self.now + due,
        )
        where = {"anna": Whereabouts(holder=None, x=6.0, y=1.0)}
        self.orders[request.id] = Order(request=request, whereabouts=where)
        self.step(orders=(self.orders[request.id],))
        return request.id

    @rule(request=requests)
    def repeat(self, request):
        before = self.finals.get(request)
        self.step(orders=(self.orders[request],))
        assert self.out.events, "a repeated request is answered"
        if before:
            assert self.out.events[0] == before[0]

    @rule(
        outcome=st.sampled_from(["done", "failed", "stopped"]),
        reason=st.sampled_from(["tool_failed", "blocked", "odd"]),
    )
    def answer(self, outcome, reason):
        if self.under_way is None:
            return
        receipt = Receipt(
            command=self.under_way,
            body="b",
            t=self.now,
            outcome=outcome,
            reason="" if outcome == "done" else reason,
        )
        self.under_way = self.halted_at = None
        self.step(receipts=(receipt,))

    @rule(request=requests)
    def stray_receipt(self, request):
        self.step(
            receipts=(Receipt(command=f"{request}/99", body="b", t=self.now, outcome="done"),)
        )

    @rule(battery=st.sampled_from([0.01, 0.5]), x=st.floats(0.5, 7.5))
    def observe(self, battery, x):
        state = BodyState(pose=Pose(x=x, y=2.0), room="kitchen", battery=battery)
        self.step(observation=Observation(body="b", t=self.now, state=state))

    @rule(request=requests)
    def cancel(self, request):
        self.step(cancels=(request,))
        assert request in self.finals or self.halted_at is not None, "it ends, or is being halted"

    @rule()
    def cancel_unknown(self):
        self.step(cancels=("never-came",))
        assert any(isinstance(event, Cancelled) for event in self.out.events)

    @rule()
    def stop(self):
        self.step(stop=True)
        assert any(isinstance(command, Halt) for command in self.out.commands)
        assert all(request in self.finals for request in self.orders), "a stop ends all requests"

    @rule()
    def resume(self):
        self.step(resume=True)

    @rule(seconds=st.sampled_from([0.0, 0.5, 2.0, 10.0]))
    def wait(self, seconds):
        self.now += seconds
        self.step()

    @invariant()
    def every_request_ends_once(self):
        for events in self.finals.values():
            assert all(event == events[0] for event in events), "an ending never changes"

    @invariant()
    def it_wakes_while_something_is_open(self):
        if self.orders and not set(self.orders) <= set(self.finals):
            assert self.out.wake_s is not None

    def teardown(self):
        # The body is never heard of again: by the deadlines everything has ended.
        for _ in range(50):
            if self.out is None or self.out.wake_s is None:
                break
            self.now = max(self.now, self.out.wake_s)
            self.step()
        assert set(self.orders) <= set(self.finals)
        super().teardown()


TestRunner = RunnerMachine.TestCase
TestRunner.settings = settings(max_examples=150, stateful_step_count=30)


def run_odd(name: str):
    runner = Runner(CARD, FLAT, SKILLS, roadmap=ROADMAP)
    request = SkillRequest(id="r", goal="g", step="s", skill=name, body="b", deadline_s=9.0)
    return runner.step(BodyInput(now=0.0, orders=(Order(request=request),)))


def test_a_strangers_bug_ends_its_request_and_nothing_else():
    for name in ("fails-to-build", "fails-to-tick", "posts-twice", "never-rests"):
        out = run_odd(name)
        assert isinstance(out.events[0], Started)
        assert isinstance(out.events[-1], Failed), name
        assert out.events[-1].reason == "broken_skill"


def test_a_missing_argument_is_the_senders_mistake():
    out = run_odd("pick")
    assert out.events[-1].reason == "bad_order"
    assert "'obj'" in out.events[-1].detail
