"""A run folder as `retinue run` leaves it, made from a log that was written by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from devices.contracts import BodySpec, Pose
from devices.facts import At, Be, Selector
from services.session.contracts import GoalResult, LlmUse, RunConfig, RunResult
from sim_worlds.contracts import Film, FilmCut, TrackPoint
from stem_memory import contracts as log
from stem_memory.log.store import EventStore
from stem_memory.tasks import Assignment, Candidate, Explain, Goal, TaskStep
from stem_memory.testing import card, events_of, flat, start_of, thing

BODIES = (
    BodySpec(id="waiter-1", kind="waiter", pose=Pose(x=5, y=1)),
    BodySpec(id="waiter-2", kind="waiter", pose=Pose(x=9, y=3)),
)
CARDS = (card("waiter", title="wheeled server", colour="#e08a3c"),)
WISH = "put the cup on table 2 </script><b>& wipe it"


def _assigned(step: str, body: str, start_s: float, sentence: str) -> log.StepAssigned:
    candidates = (
        Candidate(body="waiter-1", able=True, travel_s=3.0, work_s=4.0, cost=7.0),
        Candidate(body="waiter-2", able=body == "waiter-2", cost=9.0, why="its hands are full"),
    )
    explain = Explain(step=step, chosen=body, by="cp-sat", candidates=candidates, sentence=sentence)
    return log.StepAssigned(
        assignment=Assignment(
            goal="g1", step=step, body=body, start_s=start_s, end_s=start_s + 7, explain=explain
        )
    )


def _started(request: str, step: str, body: str, skill: str, role: str = "step") -> log.StepStarted:
    return log.StepStarted.model_validate(
        {
            "request": request,
            "goal": "g1",
            "step": step,
            "skill": skill,
            "body": body,
            "deadline_s": 60.0,
            "role": role,
            "target": "table-1",
        }
    )


def _ended(started: log.StepStarted, outcome: str, duration_s: float, reason: str = ""):
    return log.StepEnded.model_validate(
        {
            **started.model_dump(include={"request", "goal", "step", "skill", "body", "role"}),
            "outcome": outcome,
            "duration_s": duration_s,
            "reason": reason,
            "evidenced": outcome == "done",
        }
    )


def story() -> tuple[log.Event, ...]:
    """A wish that a first body fails at and dies over, and a second one satisfies; one refused."""
    take = TaskStep(id="s1", skill="pick", args={"obj": "cup-1"}, title="take cup-1 from table-1")
    put = TaskStep(id="s2", skill="place", after=("s1",), title="put cup-1 on table-2")
    go = _started("r0", "s1", "waiter-1", "navigate", "approach")
    first = _started("r1", "s1", "waiter-1", "pick")
    second = _started("r2", "s1", "waiter-2", "pick")
    last = _started("r3", "s2", "waiter-2", "place")
    conditions = (
        At(what=Selector(ids=("cup-1",)), where="table-2"),
        Be(what=Selector(ids=("table-2",)), attr="clean", value=True),
    )
    return events_of(
        (
            *start_of(flat(), (), (thing("cup-1", "cup on table-1"),), BODIES, CARDS),
            (1.0, log.GoalPosted(goal=Goal(id="g1", text=WISH, who="mia", t=1.0))),
            (1.1, log.GoalUnderstood(goal="g1", conditions=conditions, summary="cup-1 to table-2")),
            (1.2, log.GraphPlanned(goal="g1", revision=1, steps=(take, put))),
            (1.2, _assigned("s1", "waiter-1", 2.0, "waiter-1 is nearest")),
            (1.2, _assigned("s2", "waiter-1", 9.0, "waiter-1 has the cup in its hands")),
            (1.2, go),
            (3.0, _ended(go, "done", 1.8)),
            (3.0, first),
            (8.0, _ended(first, "failed", 5.0, "tool_failed")),
            (11.0, log.BodyLost(body="waiter-1", last_heard_s=8.0)),
            (11.0, log.GraphPlanned(goal="g1", revision=2, steps=(take, put), reason="it died")),
            (11.0, _assigned("s1", "waiter-2", 11.0, "waiter-2 is the only one left")),
            (11.0, second),
            (15.0, _ended(second, "done", 4.0)),
            (15.0, last),
            (20.0, _ended(last, "done", 5.0)),
            (20.0, log.GoalClosed(goal="g1", status="satisfied")),
            (21.0, log.GoalPosted(goal=Goal(id="g2", text="bring the dragon", who="mia", t=21.0))),
            (21.1, log.GoalClosed(goal="g2", status="refused", reason="there is no dragon here")),
        )
    )


def film() -> Film:
    """Both bodies and a guest; the cup goes from one table to the other."""
    return Film(
        plan=flat(),
        bodies=BODIES,
        cards=CARDS,
        people=("mia",),
        tracks={
            "waiter-1": (TrackPoint(t=1.2, x=5, y=1), TrackPoint(t=3, x=6, y=1.2)),
            "waiter-2": (TrackPoint(t=11, x=9, y=3), TrackPoint(t=13, x=6.6, y=2.8)),
            "mia": (TrackPoint(t=0, x=4.5, y=3.5),),
        },
        cuts=(
            FilmCut(t=0, thing="cup-1", cls="cup", holder="table-1", states={"clean": True}),
            FilmCut(t=1, thing="mia", caption=WISH),
            FilmCut(t=15, thing="cup-1", holder="waiter-2"),
            FilmCut(t=20, thing="cup-1", holder="table-2"),
        ),
        marks=((8.0, "waiter-1", "offline"),),
        duration_s=22.0,
    )


@pytest.fixture
def run_dir(tmp_path: Path, result_of) -> Path:
    """The folder of a finished run."""
    folder = tmp_path / "restaurant-1"
    folder.mkdir()
    config = RunConfig(world="flat", seed=7, runtime="local", faults=("offline waiter-1 at 8s",))
    goals = (
        GoalResult(text=WISH, status="satisfied", checked_by_world=True),
        GoalResult(
            text="bring the dragon",
            status="refused",
            checked_by_world=False,
            reason="there is no dragon here",
        ),
    )
    events = story()
    result = result_of(
        goals=goals,
        virtual_seconds=22.0,
        wall_seconds=0.5,
        replans=1,
        reassigned=1,
        events=len(events),
        state_sha256="ab" * 32,
        run_dir=str(folder),
    )
    (folder / "config.json").write_text(config.model_dump_json(), encoding="utf-8")
    (folder / "metrics.json").write_text(result.model_dump_json(), encoding="utf-8")
    with gzip.open(folder / "film.json.gz", "wt") as stream:
        stream.write(film().model_dump_json())
    with EventStore.writer(folder / "memory.db", milliseconds=lambda: 0) as store:
        store.append(events)
    return folder


@pytest.fixture
def told(retinue):
    """`retinue memory` with some words: its exit code, what it printed, and what on standard error."""
    return lambda *words: retinue("memory", *words)


@pytest.fixture(scope="session")
def result_of():
    """Makes the result of a run of two bodies, with what is given instead."""

    def make(**instead) -> RunResult:
        usual = {
            "goals": (),
            "bodies": 2,
            "steps": 3,
            "virtual_seconds": 4.0,
            "wall_seconds": 0.1,
            "replans": 0,
            "reassigned": 0,
            "llm": LlmUse(),
            "events": 9,
            "state_sha256": "00",
            "run_dir": "runs/x-1",
        }
        return RunResult(**usual | instead)

    return make
