"""All that is measured of memory: how fast it is, alone and shared, and what crashes leave of it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from devices.noun import Noun
from services.lab.memory.speed import Measure, Told, measure
from services.lab.memory.trials.kills import kills
from services.lab.memory.trials.verdict import Verdict

_NOT_CUT = "pip install apsw, which puts a simulated disk under SQLite"


class Plan(Noun):
    """How much is measured.

    `events` observations are recorded for each seed, `facts` are asked of, three programs make
    `calls` calls of 50 rows each, writers are killed and power fails `trials` times.
    """

    events: int = 10_000
    facts: int = 1_000_000
    calls: int = 100
    trials: int = 200


def measure_memory(folder: Path, plan: Plan, told: Told) -> Iterator[Measure]:
    """Measure one thing after the other; some minutes with the usual plan.

    Args:
        folder: An empty folder on the disk to measure.
        plan: How much.
        told: Told what is going on.
    """
    from services.lab.memory.shared import measure_shared

    yield from measure(folder, plan.events, plan.facts, told=told)
    # A million facts are large; the disk may be small.
    for file in folder.glob("facts.db*"):
        file.unlink()
    yield from measure_shared(folder, told, plan.calls)
    if plan.trials:
        yield _shared_killed(folder / "shared-killed.db", plan, told)
        yield _killed(_emptied(folder / "kills"), plan.trials, told)
        yield _cut(folder, plan.trials, told)


def _killed(folder: Path, trials: int, told: Told) -> Measure:
    found = []
    for verdict in kills(folder, trials):
        found.append(verdict)
        told("killing writers", len(found), trials)
    return _verdicts(f"{trials} writers killed with SIGKILL", found, "")


def _shared_killed(path: Path, plan: Plan, told: Told) -> Measure:
    from services.lab.memory.shared_kills import MOST_CALLS, Kill, shared_kills

    trials = max(1, plan.trials // 20)
    found: list[Kill] = []
    for kill in shared_kills(path, trials, min(plan.calls, MOST_CALLS)):
        found.append(kill)
        told("killing the shared writer", len(found), trials)
    wrong = [kill.lost + kill.doubled for kill in found]
    return Measure(
        name=f"Ray, 3 programs, the writer killed with SIGKILL {trials} times, "
        f"{sum(kill.amid for kill in found)} of them amid its work, "
        f"{sum(kill.acknowledged for kill in found):,} rows acknowledged: lost or doubled",
        value=sum(wrong),
        low=min(wrong),
        high=max(wrong),
        unit="rows",
        goal="0",
        baseline="",
        n=trials,
    )


def _cut(folder: Path, trials: int, told: Told) -> Measure:
    name = f"{trials} simulated power failures"
    if find_spec("apsw") is None:
        return Measure(name=f"{name}: not tried", value=0, unit="", goal="0", baseline=_NOT_CUT)
    from services.lab.memory.trials.cuts import cuts

    found: dict[str, list[Verdict]] = {"FULL": [], "NORMAL": []}
    for sync, verdicts in found.items():
        for verdict in cuts(_emptied(folder / sync), trials, sync=sync):
            verdicts.append(verdict)
            told(f"failing power, synchronous={sync}", len(verdicts), trials)
    naive = found["NORMAL"]
    return _verdicts(
        name,
        found["FULL"],
        f"synchronous=NORMAL: {sum(v.lost for v in naive)} rows lost "
        f"in {sum(v.lost > 0 for v in naive)} failures",
    )


def _verdicts(name: str, found: list[Verdict], baseline: str) -> Measure:
    """How many acknowledged rows were lost; whatever is unsound counts as well."""
    wrong = sum(verdict.lost + verdict.torn + bool(verdict.fault) for verdict in found)
    most = max(verdict.lost + verdict.torn + bool(verdict.fault) for verdict in found)
    told = sum(verdict.acknowledged for verdict in found)
    faults = sorted({verdict.fault for verdict in found if verdict.fault})
    return Measure(
        name=f"{name}, {told:,} rows acknowledged: lost, torn or corrupt"
        + (f" ({faults[0]})" if faults else ""),
        value=wrong,
        low=0,
        high=most,
        unit="rows",
        goal="0",
        baseline=baseline,
        n=len(found),
    )


def _emptied(folder: Path) -> Path:
    folder.mkdir()
    return folder
