"""The policy as an engine would drive it, in any order of events."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import Outcome, Turn, Wait
from services.llm.policy.named import MAKERS, build


def reload_s(tokens: int) -> float:
    return 1e-4 * tokens + 1e-9 * tokens**2


def turn(program: str, number: int, at: float, tokens: int = 1000) -> Turn:
    return Turn(program, f"{program}/{number}", at, tokens)


DRIVE = Wait("drive", "r1", 10.0)


def outcome(wait: Wait | None = DRIVE, blocks: int = 60) -> Outcome:
    return Outcome(blocks * 16, blocks, 20, 0.5, wait)


def finish(policy: AgentPolicy, t: Turn, now: float, out: Outcome | None = None) -> None:
    policy.arrived(t, now)
    policy.started(t, now, 0)
    policy.finished(t, now, out or outcome())


class EngineDrives(RuleBasedStateMachine):
    """An engine with 200 blocks that does anything it may do, against every named policy."""

    @initialize(name=st.sampled_from([*sorted(MAKERS), "ttl-30s"]))
    def begin(self, name: str) -> None:
        self.policy = build(name, reload_s)
        self.now = 0.0
        self.number = 0
        self.waiting: list[Turn] = []
        self.running: dict[str, Turn] = {}
        self.held: dict[str, int] = {}

    @rule(seconds=st.floats(0.0, 500.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        for pin in self.policy.expired(self.now):
            del self.held[pin.program]
        assert self.policy.next_expiry() > self.now

    @rule(program=st.sampled_from("abcdef"), tokens=st.integers(1, 1600))
    def turn_arrives(self, program: str, tokens: int) -> None:
        self.number += 1
        new = turn(program, self.number, self.now, tokens)
        self.policy.arrived(new, self.now)
        self.waiting.append(new)

    @precondition(lambda self: self.waiting)
    @rule(cached=st.booleans())
    def best_turn_starts(self, cached: bool) -> None:
        best = min(self.waiting, key=lambda t: self.policy.rank(t, self.now))
        self.waiting.remove(best)
        pin = self.policy.started(best, self.now, best.prompt_tokens if cached else 0)
        assert (pin is not None) == (best.program in self.held)
        self.held.pop(best.program, None)
        self.running[best.turn_id] = best

    @rule(
        program=st.sampled_from("abcdef"),
        expected=st.none() | st.floats(0.1, 100.0),
        blocks=st.integers(0, 9),
    )
    def wait_is_told(self, program: str, expected: float | None, blocks: int) -> None:
        before = self.policy.programs.get(program)
        if before is None or before.idle_since_s is None:
            assert self.policy.announced(program, Wait("walk"), self.now, blocks) is None
            return
        self.held.pop(program, None)
        wait = Wait("walk", "arm", expected, self.now + 5.0)
        pin = self.policy.announced(program, wait, self.now, blocks)
        if pin is not None:
            self.held[program] = blocks

    @precondition(lambda self: self.running)
    @rule(data=st.data(), last=st.booleans(), expected=st.none() | st.floats(0.1, 100.0))
    def turn_ends(self, data: st.DataObject, last: bool, expected: float | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        done = self.running.pop(key)
        wait = None if last else Wait("grasp", "arm", expected, self.now + 5.0)
        blocks = done.prompt_tokens // 16 + 1
        pin = self.policy.finished(done, self.now, Outcome(blocks * 16, blocks, 5, 0.1, wait))
        if last:
            self.held.pop(done.program, None)
        if pin is not None:
            self.held[pin.program] = pin.blocks

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def turn_is_preempted(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        back = self.running.pop(key)
        self.policy.preempted(back, self.now)
        self.waiting.append(back)

    @rule(blocks=st.integers(1, 300), starved=st.booleans())
    def memory_is_short(self, blocks: int, starved: bool) -> None:
        before = sum(self.held.values())
        names = self.policy.victims(blocks, self.now, starved=starved)
        assert len(set(names)) == len(names)
        assert sum(self.held[name] for name in names) >= min(blocks, before)
        for name in names:
            self.policy.broken(name, self.now)
            del self.held[name]

    @rule(program=st.sampled_from("abcdef"))
    def program_aborts(self, program: str) -> None:
        self.policy.aborted(program, self.now)
        self.held.pop(program, None)
        self.waiting = [t for t in self.waiting if t.program != program]
        self.running = {k: t for k, t in self.running.items() if t.program != program}
        assert self.policy.pin_of(program) is None

    @rule()
    def cache_is_reset(self) -> None:
        self.policy.reset()
        self.held.clear()

    @invariant()
    def pins_are_what_the_engine_holds(self) -> None:
        if not hasattr(self, "policy"):
            return
        pins = {pin.program: pin.blocks for pin in self.policy.pins()}
        assert pins == self.held
        assert self.policy.pinned_blocks == sum(pins.values())
        for name in pins:
            assert name in self.policy.programs
            assert self.policy.programs[name].turns > 0


TestEngineDrives = EngineDrives.TestCase
TestEngineDrives.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


@pytest.fixture
def make() -> Callable[[str], AgentPolicy]:
    return lambda name: build(name, reload_s)


def test_stock_serves_by_arrival_and_pins_nothing(make: Callable[[str], AgentPolicy]) -> None:
    policy = make("stock")
    finish(policy, turn("a", 1, 0.0), 1.0)
    first, second = turn("b", 1, 2.0), turn("a", 2, 3.0)
    policy.arrived(first, 2.0)
    policy.arrived(second, 3.0)
    assert policy.pins() == []
    assert policy.rank(first, 3.0) < policy.rank(second, 3.0)


def test_the_program_whose_robot_is_still_driving_gives_way_before_the_one_about_to_arrive(
    make: Callable[[str], AgentPolicy],
) -> None:
    policy = make("retinue")
    finish(policy, turn("near", 1, 0.0), 0.0, outcome(Wait("drive", "r1", 3.0)))
    finish(policy, turn("far", 1, 0.0), 0.0, outcome(Wait("drive", "r2", 90.0)))
    assert policy.victims(10, 1.0) == ["far"]


def test_a_queued_owner_keeps_its_pin_until_nothing_else_is_left(
    make: Callable[[str], AgentPolicy],
) -> None:
    policy = make("retinue")
    finish(policy, turn("back", 1, 0.0), 0.0, outcome(Wait("drive", "r1", 500.0)))
    finish(policy, turn("away", 1, 0.0), 0.0, outcome(Wait("drive", "r2", 5.0)))
    policy.arrived(turn("back", 2, 4.0), 4.0)
    assert policy.victims(10, 4.0) == ["away"]
    assert policy.victims(100, 4.0, starved=True) == ["away", "back"]


def test_an_expired_pin_stays_while_its_owner_queues(make: Callable[[str], AgentPolicy]) -> None:
    policy = make("ttl-2s")
    finish(policy, turn("a", 1, 0.0), 0.0)
    policy.arrived(turn("a", 2, 1.0), 1.0)
    assert policy.expired(5.0) == []
    assert policy.started(turn("a", 2, 1.0), 6.0, 900) is not None


def test_priority_goes_before_any_order(make: Callable[[str], AgentPolicy]) -> None:
    policy = make("retinue")
    early = turn("a", 1, 0.0)
    urgent = Turn("b", "b/1", 5.0, 10, priority=1)
    policy.arrived(early, 0.0)
    policy.arrived(urgent, 5.0)
    assert policy.rank(urgent, 5.0) < policy.rank(early, 5.0)


def test_a_turn_whose_deadline_is_near_goes_first_and_one_that_is_lost_does_not(
    make: Callable[[str], AgentPolicy],
) -> None:
    policy = make("retinue")
    early = turn("a", 1, 0.0)
    near = Turn("b", "b/1", 5.0, 1000, deadline_s=6.0)
    nearer = Turn("c", "c/1", 5.0, 1000, deadline_s=5.5)
    far = Turn("d", "d/1", 5.0, 1000, deadline_s=500.0)
    lost = Turn("e", "e/1", 5.0, 1000, deadline_s=5.01)
    for one in (early, near, nearer, far, lost):
        policy.arrived(one, one.arrived_s)
    queue = sorted((early, near, nearer, far, lost), key=lambda t: policy.rank(t, 5.0))
    assert [t.program for t in queue][:3] == ["c", "b", "a"]


def test_a_plan_that_is_told_later_moves_the_end_of_a_pin(
    make: Callable[[str], AgentPolicy],
) -> None:
    policy = make("occupancy")
    finish(policy, turn("a", 1, 0.0), 10.0, Outcome(400_000, 1, 20, 0.5, Wait("fleet")))
    first = policy.pin_of("a")
    assert first is not None
    told = policy.announced("a", Wait("navigate", "r1", 40.0), 12.0, blocks=1)
    assert told is not None
    assert told.since_s == 10.0
    assert told.until_s > 10.0 + 40.0
    assert told.until_s != first.until_s
    sooner = policy.announced("a", Wait("navigate", "r1", 4.0), 13.0, blocks=1)
    assert sooner is not None
    assert sooner.until_s < told.until_s
    assert policy.announced("a", Wait("navigate", "r1", 4.0), 500.0, blocks=1) is None
    assert policy.pins() == []
    assert policy.announced("nobody", Wait("navigate"), 13.0, blocks=1) is None


def test_an_unknown_policy_is_refused_with_the_names() -> None:
    with pytest.raises(ValueError, match="choose one of"):
        build("magic", reload_s)
    with pytest.raises(ValueError, match="ttl-2s"):
        build("ttl-xs", reload_s)
