"""Goals have a life: cancel and stop at every moment, resume after a crash, one memory for many lives."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from services.errors import UserError
from services.session.contracts import PostedWish, RunConfig, RunResult, Tick
from services.session.folder import RunFolder
from services.session.run import resume, run
from sim_worlds.contracts import Film
from stem_memory.contracts import GoalClosed, Instructed, Said, StepStarted
from stem_memory.instructions import Stop
from stem_memory.log.store import EventStore


def play(out: Path, *said: tuple[float, str], world: str = "restaurant", **more: Any) -> RunResult:
    wishes = tuple(PostedWish(t=t, text=text) for t, text in said)
    fields = {"film": False, "model": "none", **more}
    return run(RunConfig(world=world, wishes=wishes, out=str(out), **fields))


def film_of(folder: Path) -> Film:
    film = RunFolder.open(folder).read_film()
    assert film is not None
    return film


def held(film: Film) -> dict[str, str]:
    """What bodies hold at the end of a film."""
    holders: dict[str, str | None] = {}
    for cut in film.cuts:
        if cut.gone:
            holders.pop(cut.thing, None)
        else:
            holders[cut.thing] = cut.holder
    bodies = {body.id for body in film.bodies}
    return {thing: holder for thing, holder in holders.items() if holder in bodies}


def at(film: Film, body: str, t: float) -> tuple[float, float]:
    """Where a body is at a time, metres."""
    track = film.tracks[body]
    before = max((p for p in track if p.t <= t), key=lambda p: p.t, default=track[0])
    after = min((p for p in track if p.t >= t), key=lambda p: p.t, default=track[-1])
    if after.t == before.t:
        return before.x, before.y
    share = (t - before.t) / (after.t - before.t)
    return before.x + share * (after.x - before.x), before.y + share * (after.y - before.y)


# Before anything is understood, on the way, in the middle of a grasp, with full hands, at the table.
@pytest.mark.scenario
@pytest.mark.parametrize("t", [0.1, 2.0, 5.4, 8.0, 11.0, 25.0, 47.0, 60.0])
def test_a_cancelled_goal_leaves_nothing_in_hand(tmp_path: Path, t: float) -> None:
    result = play(
        tmp_path / "run", (0, "bring two coffees to table 4"), (t, "cancel the coffees"), film=True
    )
    assert [(g.status, g.checked_by_world) for g in result.goals] == [("cancelled", True)], result
    assert held(film_of(tmp_path / "run")) == {}
    with EventStore.reader(tmp_path / "run" / "memory.db") as store:
        closed = [e.event for e in store.read(kinds=("goal_closed",))]
        started = [e.event for e in store.read(kinds=("step_started",))]
    first = next(e for e in closed if isinstance(e.body, GoalClosed) and e.body.goal == "g1")
    assert first.t == pytest.approx(t, abs=1e-3)
    late = [e for e in started if isinstance(e.body, StepStarted) and e.t > t]
    assert all(e.body.goal != "g1" for e in late if isinstance(e.body, StepStarted))


@pytest.mark.scenario
def test_roll_back_puts_things_where_they_were(tmp_path: Path) -> None:
    said = [(0, "bring two coffees to table 4"), (50, "cancel the coffees and put everything back")]
    result = play(tmp_path / "run", *said, film=True)
    assert [(g.status, g.checked_by_world) for g in result.goals] == [("cancelled", True)], result
    film = film_of(tmp_path / "run")
    first = {c.thing: c.holder for c in reversed(film.cuts) if c.cls == "cup"}
    last = {c.thing: c.holder for c in film.cuts if c.cls == "cup"}
    assert last == first


@pytest.mark.scenario
def test_what_was_switched_is_switched_back(tmp_path: Path) -> None:
    said = [
        (0, "turn off the bedroom lamp and put the milk in the fridge"),
        (12, "cancel that and put everything back as it was"),
        (60, "is the bedroom lamp on?"),
    ]
    result = play(tmp_path / "run", *said, world="household")
    assert [g.status for g in result.goals] == ["cancelled", "answered"], result.goals
    assert result.goals[0].checked_by_world
    assert (result.goals[1].answer or "").startswith("Yes")


@pytest.mark.scenario
@pytest.mark.parametrize("word", ["stop", "STOP!", "everybody stop", "halt", "emergency stop"])
def test_nobody_moves_after_a_stop(tmp_path: Path, word: str) -> None:
    said = [(0, "clear all tables"), (8, word), (20, "go on")]
    result = play(tmp_path / "run", *said, film=True)
    film = film_of(tmp_path / "run")
    moving = [b.id for b in film.bodies if at(film, b.id, 7.0) != at(film, b.id, 8.0)]
    assert moving
    for body in film.bodies:
        assert at(film, body.id, 9.0) == at(film, body.id, 20.0), body.id
    assert [(g.status, g.checked_by_world) for g in result.goals] == [("satisfied", True)]


@pytest.mark.scenario
def test_a_stop_needs_no_brain(tmp_path: Path) -> None:
    play(tmp_path / "run", (0, "clear all tables"), (8, "stop"))
    with EventStore.reader(tmp_path / "run" / "memory.db") as store:
        stops = [e.event for e in store.read(kinds=("instructed",))]
    (stop,) = stops
    assert isinstance(stop.body, Instructed)
    assert stop.body.instruction == Stop()
    assert (stop.origin, stop.t) == ("operator", 8.0)


@pytest.mark.scenario
def test_a_run_in_which_everybody_stays_stopped_ends_and_says_so(tmp_path: Path) -> None:
    result = play(tmp_path / "run", (0, "clear all tables"), (8, "stop"))
    assert [g.status for g in result.goals] == ["paused"]
    assert "stopped" in result.goals[0].reason
    assert result.virtual_seconds < 20


class Crash(Exception):
    """The process ends here."""


@pytest.mark.scenario
@pytest.mark.parametrize("t", [0.3, 12.0, 31.0])
def test_a_run_that_broke_off_is_brought_to_the_same_end(tmp_path: Path, t: float) -> None:
    said = [(0.0, "clear table 2"), (5.0, "bring two coffees to table 4"), (30.0, "cancel that")]
    whole = play(tmp_path / "whole", *said)

    def crash(tick: Tick) -> None:
        if tick.t >= t:
            raise Crash

    wishes = tuple(PostedWish(t=at, text=text) for at, text in said)
    config = RunConfig(
        world="restaurant", wishes=wishes, out=str(tmp_path / "broken"), film=False, model="none"
    )
    with pytest.raises(Crash):
        run(config, crash)
    assert RunFolder.open(tmp_path / "broken").read_result() is None
    again = resume(tmp_path / "broken")
    assert again.state_sha256 == whole.state_sha256
    assert (again.goals, again.events) == (whole.goals, whole.events)
    with pytest.raises(UserError, match="nothing to resume"):
        resume(tmp_path / "broken")


@pytest.mark.scenario
def test_one_memory_for_many_lives(tmp_path: Path) -> None:
    house = str(tmp_path / "house.db")
    first = play(tmp_path / "one", (0, "where is the red mug"), world="household", memory=house)
    second = play(
        tmp_path / "two", (0, "bring the red mug to Lily"), world="household", memory=house
    )
    assert [g.id for g in (*first.goals, *second.goals)] == ["g1", "g2"]
    assert second.goals[0].checked_by_world
    with EventStore.reader(Path(house)) as store:
        assert store.position() == first.events + second.events
        said = [e.event.body for e in store.read(kinds=("said",))]
        assert store.state.goals().keys() == {"g1", "g2"}
    assert [s.id for s in said if isinstance(s, Said)] == ["u1", "u2"]
    # A life that broke off in the middle of the memory is brought to its end there.
    shutil.copy(tmp_path / "two" / "config.json", tmp_path / "kept.json")
    assert RunFolder.open(tmp_path / "two").read_config().log_from == first.events


@pytest.mark.scenario
def test_goals_of_a_life_that_was_killed_are_closed_in_the_next(tmp_path: Path) -> None:
    house = str(tmp_path / "house.db")

    def crash(tick: Tick) -> None:
        if tick.t >= 5.0:
            raise Crash

    config = RunConfig(
        world="household",
        wishes=(PostedWish(t=0.0, text="put the milk in the fridge"),),
        out=str(tmp_path / "one"),
        memory=house,
        film=False,
        model="none",
    )
    with pytest.raises(Crash):
        run(config, crash)
    result = play(tmp_path / "two", (0, "where is Lily"), world="household", memory=house)
    assert [g.status for g in result.goals] == ["answered"]
    with EventStore.reader(Path(house)) as store:
        goals = store.state.goals()
    assert goals["g1"].status == "failed"
    assert "has ended" in goals["g1"].reason
