"""The policy as an engine would drive it, in any order of events."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import Outcome, Turn, Wait
from services.llm.policy.named import build, names
from services.llm.policy.testing import engine_drives


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


TestEngineDrives = engine_drives(*names(), "ttl-30s")


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


def test_a_pin_that_is_made_again_for_the_same_time_ends_once(
    make: Callable[[str], AgentPolicy],
) -> None:
    policy = make("infercept")
    finish(policy, turn("a", 1, 0.0), 0.0, outcome(Wait("walk")))
    assert policy.announced("a", Wait("walk"), 0.0, 0) is None
    assert policy.announced("a", Wait("walk"), 0.0, 60) is not None
    assert [pin.program for pin in policy.expired(1e9)] == ["a"]
