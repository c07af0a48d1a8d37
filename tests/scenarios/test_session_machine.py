"""Whatever people say when, and whatever breaks meanwhile: goals, words and bodies come to an end."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.runtime.local import Runtime
from services.session.contracts import PostedWish, RunConfig, RunResult, Tick
from services.session.folder import MEMORY, RunFolder
from services.session.run import resume, run
from sim_worlds.contracts import Film
from stem_memory.contracts import (
    BodyBack,
    BodyLost,
    Event,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    Instructed,
    Replied,
    Said,
    StepEnded,
    StepStarted,
)
from stem_memory.instructions import Cancel, Pause, Release, Resume, Stop
from stem_memory.log.store import EventStore

CORNER = str(Path(__file__).parent / "corner.yaml")
BODIES = ("butler", "maid")
WISHES = (
    "bring two coffees to table 2",
    "bring the red mug to Ada",
    "bring the red mug to table 2",
    "put the book on the counter",
    "bring the book to Bob within 10 seconds",
    "clear table 1",
    "turn off the lamp",
    "where is the phone",
    "is the lamp on?",
    "bring a cup",
)
WORDS = (
    "cancel that",
    "cancel the red mug",
    "cancel the book and put everything back",
    "cancel g1",
    "cancel g2 and put everything back as it was",
    "cancel g3",
    "cancel everything",
    "pause",
    "pause g1",
    "go on",
    "go on with g1",
    "stop",
    "butler, stop",
    "maid, stop",
    "butler, go on",
    "maid, go on",
    "make it three",
    "to table 1 instead",
    "hurry up",
    "the white one",
    "Bob",
)
FAULTS = (
    "offline butler at 6s for 12s",
    "offline maid at 9s",
    "tool-fail pick times 2",
    "tool-fail place on maid times 1",
    "slow butler x3 at 4s",
    "drain maid to 10% at 5s",
)
# Nothing that is left to do in the corner takes longer (s), with one body and a fault or two.
LONGEST_S = 400.0
# A body comes to rest so soon after it was told to (s).
REST_S = 1.0


@dataclass(frozen=True)
class Timeline:
    """What is said at which tenths of a second, and what breaks."""

    said: tuple[tuple[int, str], ...]
    faults: tuple[str, ...] = ()

    @property
    def wishes(self) -> tuple[PostedWish, ...]:
        return tuple(PostedWish(t=t / 10, text=text) for t, text in self.said)


@dataclass(frozen=True)
class Life:
    """A run that is over: its result, log and film."""

    result: RunResult
    log: tuple[Event, ...]
    film: Film


def play(timeline: Timeline, out: Path, runtime: Runtime | None = None) -> Life:
    result = run(config(timeline, out), runtime=runtime)
    return life(result, out)


def config(timeline: Timeline, out: Path) -> RunConfig:
    return RunConfig(
        world=CORNER,
        wishes=timeline.wishes,
        faults=timeline.faults,
        out=str(out),
        model="none",
    )


def life(result: RunResult, out: Path) -> Life:
    film = RunFolder.open(out).read_film()
    assert film is not None
    with EventStore.reader(out / MEMORY) as store:
        return Life(result, tuple(entry.event for entry in store.read()), film)


# -- what holds in every life ------------------------------------------------------------------


def check(timeline: Timeline, lived: Life) -> None:
    every_word_is_dealt_with_once(lived.log)
    nothing_is_done_twice(lived.log)
    nobody_works_for_what_is_over(lived.log)
    the_stopped_are_left_alone(lived.log)
    the_stopped_do_not_move(lived)
    what_is_called_off_ends_at_once(lived.log)
    nothing_called_off_is_in_hand(lived)
    every_goal_is_accounted_for(lived)
    last = max(t for t, _ in timeline.said) / 10
    assert lived.result.virtual_seconds < last + LONGEST_S


def every_word_is_dealt_with_once(log: Sequence[Event]) -> None:
    said = [e.body.id for e in log if isinstance(e.body, Said)]
    assert len(said) == len(set(said))
    came: Counter[str] = Counter()
    followed: Counter[str] = Counter()
    for event in log:
        what = event.body
        if isinstance(what, GoalPosted):
            came[what.goal.cause] += 1
        elif isinstance(what, GoalAnswered | Replied):
            came[what.cause] += 1
        elif isinstance(what, Instructed):
            followed[f"{what.cause} {what.instruction}"] += 1
    assert {id_: came[id_] for id_ in said} == dict.fromkeys(said, 1)
    assert set(followed.values()) <= {1}


def nothing_is_done_twice(log: Sequence[Event]) -> None:
    started = Counter(e.body.request for e in log if isinstance(e.body, StepStarted))
    ended = Counter(
        e.body.request
        for e in log
        if isinstance(e.body, StepEnded) and not e.body.request.endswith(".none")
    )
    assert set(started.values()) <= {1}
    assert set(ended.values()) <= {1}
    # Who charges its battery is not waited for.
    rest = {r for r in started - ended if r.startswith("errand.charge")}
    assert started.keys() - rest == ended.keys()


def nobody_works_for_what_is_over(log: Sequence[Event]) -> None:
    over: set[str] = set()
    paused: set[str] = set()
    for event in log:
        what = event.body
        if isinstance(what, GoalClosed):
            assert what.goal not in over or what.status == "cancelled", what
            over.add(what.goal)
        elif isinstance(what, Instructed):
            told = what.instruction
            if isinstance(told, Cancel):
                over.update(told.goals)
            elif isinstance(told, Pause):
                paused.update(told.goals)
            elif isinstance(told, Resume):
                paused.difference_update(told.goals)
        elif isinstance(what, StepStarted):
            assert what.goal not in over, event
            assert what.goal not in paused, event


def the_stopped_are_left_alone(log: Sequence[Event]) -> None:
    stopped: set[str] = set()
    for event in log:
        what = event.body
        if isinstance(what, Instructed) and isinstance(what.instruction, Stop):
            stopped.update(what.instruction.bodies or BODIES)
        elif isinstance(what, Instructed) and isinstance(what.instruction, Release):
            stopped.difference_update(what.instruction.bodies or BODIES)
        elif isinstance(what, StepStarted):
            assert what.body not in stopped, event


def still(lived: Life) -> list[tuple[str, float, float]]:
    """When which body had to be at rest: from, to (s)."""
    since: dict[str, float] = {}
    found = []
    for event in lived.log:
        what = event.body
        if not isinstance(what, Instructed):
            continue
        if isinstance(what.instruction, Stop):
            for body in what.instruction.bodies or BODIES:
                since.setdefault(body, event.t)
        elif isinstance(what.instruction, Release):
            for body in what.instruction.bodies or BODIES:
                if body in since:
                    found.append((body, since.pop(body), event.t))
    return found + [(body, t, lived.result.virtual_seconds) for body, t in since.items()]


def the_stopped_do_not_move(lived: Life) -> None:
    for body, since, until in still(lived):
        track = lived.film.tracks[body]
        moves = [
            (a.t, b.t)
            for a, b in itertools.pairwise(track)
            if (a.x, a.y) != (b.x, b.y) and a.t < until and b.t > since + REST_S
        ]
        assert not moves, (body, since, until, moves)


def what_is_called_off_ends_at_once(log: Sequence[Event]) -> None:
    closed = {e.body.goal: e.t for e in log if isinstance(e.body, GoalClosed)}
    ended = {e.body.goal for e in log if isinstance(e.body, GoalClosed)}
    for event in log:
        what = event.body
        if isinstance(what, Instructed) and isinstance(what.instruction, Cancel):
            for goal in what.instruction.goals:
                assert goal in ended
                assert closed[goal] <= event.t


def held(film: Film) -> dict[str, str]:
    """What bodies hold at the end."""
    holders: dict[str, str | None] = {}
    for cut in film.cuts:
        holders[cut.thing] = None if cut.gone else cut.holder
    return {thing: by for thing, by in holders.items() if by in BODIES}


def out_at_the_end(log: Sequence[Event]) -> set[str]:
    """Bodies that were stopped or lost when it ended."""
    stopped: set[str] = set()
    lost: set[str] = set()
    for event in log:
        what = event.body
        if isinstance(what, BodyLost):
            lost.add(what.body)
        elif isinstance(what, BodyBack):
            lost.discard(what.body)
        elif isinstance(what, Instructed) and isinstance(what.instruction, Stop):
            stopped.update(what.instruction.bodies or BODIES)
        elif isinstance(what, Instructed) and isinstance(what.instruction, Release):
            stopped.difference_update(what.instruction.bodies or BODIES)
    return stopped | lost


def nothing_called_off_is_in_hand(lived: Life) -> None:
    in_hand = held(lived.film)
    kept = {thing: by for thing, by in in_hand.items() if by not in out_at_the_end(lived.log)}
    if all(goal.status in ("cancelled", "satisfied", "answered") for goal in lived.result.goals):
        assert not kept
    if in_hand and all(goal.status == "cancelled" for goal in lived.result.goals):
        assert not all(goal.checked_by_world for goal in lived.result.goals)


def every_goal_is_accounted_for(lived: Life) -> None:
    for goal in lived.result.goals:
        assert "disagrees" not in goal.reason, goal
        assert "not reached within" not in goal.reason, goal
        if goal.status in ("satisfied", "missed"):
            assert goal.checked_by_world, goal
        if goal.status not in ("satisfied", "answered"):
            assert goal.reason, goal


# -- lives -------------------------------------------------------------------------------------

_MOMENTS = st.one_of(st.integers(0, 5), st.integers(0, 100), st.integers(0, 500))
_SAID = st.tuples(_MOMENTS, st.sampled_from(WISHES) | st.sampled_from(WORDS))


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    first = (0, draw(st.sampled_from(WISHES)))
    more = draw(st.lists(_SAID, max_size=6))
    faults = draw(st.lists(st.sampled_from(FAULTS), max_size=2, unique=True))
    return Timeline(tuple(sorted((first, *more), key=lambda said: said[0])), tuple(sorted(faults)))


BOOK = "put the book on the counter"
ONE_THING = Timeline(((0, BOOK), (1, BOOK), (2, "butler, stop")))
HELD = Timeline(((0, "bring the book to Ada"), (120, "maid, stop"), (130, "go on with g1")))
TIRED = Timeline(((0, "bring a cup"), (1, "bring a cup")), ("drain maid to 10% at 5s",))
WAITS = Timeline(
    ((0, "bring the red mug to table 2"), (189, "maid, stop"), (191, "is the lamp on?"))
)


@pytest.mark.scenario
@settings(max_examples=8)
@given(timeline=timelines())
@example(timeline=ONE_THING)
@example(timeline=HELD)
@example(timeline=TIRED)
@example(timeline=WAITS)
def test_whatever_is_said_comes_to_an_end(timeline: Timeline) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(timeline, play(timeline, Path(folder) / "run"))


class Crash(Exception):
    """The process ends here."""


@pytest.mark.scenario
@settings(max_examples=3)
@given(timeline=timelines(), share=st.floats(0.0, 1.0))
def test_what_broke_off_comes_to_the_same_end(timeline: Timeline, share: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = play(timeline, Path(folder) / "whole").result
        end = share * whole.virtual_seconds

        def crash(tick: Tick) -> None:
            if tick.t >= end:
                raise Crash

        broken = Path(folder) / "broken"
        try:
            again = run(config(timeline, broken), crash)
        except Crash:
            again = resume(broken)
        assert again.state_sha256 == whole.state_sha256
        assert again.goals == whole.goals


@pytest.mark.scenario
@settings(max_examples=3)
@given(timeline=timelines(), every=st.integers(2, 12))
@example(timeline=Timeline(((0, "is the lamp on?"), (2, "bring a cup"))), every=2)
@example(timeline=WAITS, every=5)
def test_a_brain_that_dies_does_nothing_twice(
    mortal: Callable[[int], Runtime], timeline: Timeline, every: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lived = play(timeline, Path(folder) / "run", mortal(every))
        check(timeline, lived)


# -- by hand -----------------------------------------------------------------------------------


def status(timeline: Timeline, out: Path) -> list[tuple[str, bool, str]]:
    result = play(timeline, out).result
    return [(g.status, g.checked_by_world, g.reason) for g in result.goals]


@pytest.mark.scenario
def test_two_goals_for_one_thing_are_both_reached(tmp_path: Path) -> None:
    assert status(ONE_THING, tmp_path / "run") == [("satisfied", True, "")] * 2


@pytest.mark.scenario
def test_a_goal_that_only_the_stopped_could_reach_is_left_open(tmp_path: Path) -> None:
    lived = play(HELD, tmp_path / "run")
    assert [g.status for g in lived.result.goals] == ["paused"]
    assert "maid: stopped" in lived.result.goals[0].reason
    assert lived.result.virtual_seconds < 15


@pytest.mark.scenario
def test_others_put_down_what_they_hold_though_one_is_stopped(tmp_path: Path) -> None:
    said = ((0, "bring the book to Ada"), (1, "butler, stop"), (120, "cancel everything"))
    ((ended, checked, _),) = status(Timeline(said), tmp_path / "run")
    assert (ended, checked) == ("cancelled", True)


@pytest.mark.scenario
def test_the_stopped_put_down_what_they_hold_once_they_may(tmp_path: Path) -> None:
    said = ((0, "bring the book to Ada"), (120, "maid, stop"), (130, "cancel the book"))
    before = play(Timeline(said), tmp_path / "before")
    assert held(before.film) == {"book": "maid"}
    assert not before.result.goals[0].checked_by_world
    after = play(Timeline((*said, (200, "maid, go on"))), tmp_path / "after")
    assert held(after.film) == {}
    assert after.result.goals[0].checked_by_world


@pytest.mark.scenario
def test_a_paused_goal_that_is_changed_stays_paused(tmp_path: Path) -> None:
    said = ((0, "bring the book to Ada"), (80, "pause"), (100, "to Bob instead"))
    before = play(Timeline(said), tmp_path / "before").result
    assert [(g.text, g.status) for g in before.goals] == [("bring the book to Bob", "paused")]
    after = play(Timeline((*said, (120, "go on"))), tmp_path / "after").result
    assert [(g.status, g.checked_by_world) for g in after.goals] == [("satisfied", True)]


@pytest.mark.scenario
def test_who_was_stopped_or_at_work_in_one_life_is_free_in_the_next(tmp_path: Path) -> None:
    def life_of(name: str, *said: tuple[int, str], crash_s: float = 1e9) -> RunResult:
        def crash(tick: Tick) -> None:
            if tick.t >= crash_s:
                raise Crash

        timeline = Timeline(said)
        one = config(timeline, tmp_path / name)
        return run(one.model_copy(update={"memory": str(tmp_path / "flat.db")}), crash)

    with pytest.raises(Crash):
        life_of("killed", (0, "clear table 1"), (1, BOOK), crash_s=6.0)
    life_of("stopped", (0, "clear table 1"), (30, "stop"))
    result = life_of("free", (0, "clear table 1"), (1, BOOK))
    assert [(g.status, g.checked_by_world) for g in result.goals] == [("satisfied", True)] * 2
