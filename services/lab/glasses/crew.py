"""Jobs of the bench, each a pure function of its description, done by as many processes as wanted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import Literal

from devices import child
from devices.noun import Noun
from services.alpha.contracts import Intervention
from services.alpha.metrics import Score, score
from services.alpha.orders import GlassesConfig
from services.alpha.recording import Replay
from services.alpha.session import interventions
from services.alpha.tools.blackjack.hand import solve
from services.alpha.tools.blackjack.rules import Rules, rank_of
from services.lab.glasses.reading import Reading, read_clothes, read_rooms, read_tables
from services.lab.glasses.reel import play
from services.lab.glasses.takes import KINDS, Stock, silence

SKILLS = {
    "blackjack": "services.alpha.skills.blackjack:Blackjack",
    "museum-guide": "services.alpha.skills.museum_guide:MuseumGuide",
    "shopping-fit": "services.alpha.skills.shopping_fit:ShoppingFit",
    "where-is-it": "services.alpha.skills.where_is_it:WhereIsIt",
}
_BASE = "services.lab.glasses.baselines"
OURS = "retinue"
# Rounds at a table whose cards are read one by one.
TABLES_ROUNDS = 8


class Job(Noun):
    """One thing to measure.

    Args:
        what: "take" runs the pipeline over a film with gold, "quiet" over one without; "tables" and
            "rooms" and "clothes" test single looks.
        style: Of the film.
        seed: Of the film.
        kind: Of a take: the name of a skill.
        way: Who decides when to speak: "retinue", or a baseline.
        seconds: Length of a quiet film.
        again: A second run of the same job, to compare with the first.
    """

    what: Literal["take", "quiet", "tables", "rooms", "clothes"]
    style: str
    seed: int
    kind: str = ""
    way: str = OURS
    seconds: float = 0.0
    again: bool = False

    @property
    def name(self) -> str:
        """For reports."""
        parts = [self.kind or self.what, self.style, str(self.seed)]
        return " ".join(
            [*parts, *([self.way] if self.way != OURS else []), *["again"][: self.again]]
        )


class Done(Noun):
    """What a job gave. `said` is a digest of the interventions, for comparing runs. `misses` are
    sentences about what went wrong, for people.
    """

    job: Job
    score: Score = Score()
    reading: Reading = Reading()
    looks: int = 0
    cpu_s: float = 0.0
    solver: int = 0
    solver_asked: int = 0
    said: str = ""
    misses: tuple[str, ...] = ()


_FOLDER = Path()


def _enter(folder: str) -> None:
    """Begin a worker: one thread, and where the catalogues lie."""
    global _FOLDER
    _FOLDER = Path(folder)


def crew(
    jobs: Sequence[Job], folder: Path, workers: int, on_done: Callable[[int, Done], None]
) -> tuple[Done, ...]:
    """Do the jobs; the results are in the order of the jobs, whoever was first.

    Args:
        jobs: What to do.
        folder: For catalogues; `Stock` has been written there.
        workers: Processes; one works in this process.
        on_done: Told of each result as it comes, and how many have come.
    """
    _enter(str(folder))
    results: dict[int, Done] = {}
    for index, done in _results(jobs, folder, workers):
        results[index] = done
        on_done(len(results), done)
    return tuple(results[i] for i in range(len(jobs)))


def _results(jobs: Sequence[Job], folder: Path, workers: int) -> Iterator[tuple[int, Done]]:
    if workers <= 1:
        yield from ((i, do(job)) for i, job in enumerate(jobs))
        return
    # Workers are new processes: they start with one thread for each library.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with child.workers(workers, _enter, str(folder), method="spawn") as pool:
        waiting = {pool.submit(do, job): i for i, job in enumerate(jobs)}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def do(job: Job) -> Done:
    """Do one job."""
    if job.what == "tables":
        return Done(job=job, reading=read_tables(job.style, job.seed, TABLES_ROUNDS))
    stock = Stock(_FOLDER)
    if job.what == "clothes":
        return Done(job=job, reading=read_clothes(job.style, job.seed, stock))
    if job.what == "rooms":
        return Done(job=job, reading=read_rooms(job.style, job.seed, stock))
    if job.what == "quiet":
        take = silence(job.style, job.seed, stock, job.seconds)
    else:
        take = KINDS[job.kind](job.style, job.seed, stock)
    run = play(take, GlassesConfig(skills=_skills(job)))
    told = tuple(entry for entry in run.ledger if isinstance(entry, Intervention))
    figures = score(take.gold, told, take.film.duration_s)
    right, asked = _solver(told)
    return Done(
        job=job,
        score=figures,
        looks=run.looks,
        cpu_s=run.cpu_s,
        solver=right,
        solver_asked=asked,
        said=hashlib.sha256(interventions(run.ledger).encode()).hexdigest(),
        misses=_misses(run, figures, told),
    )


def _skills(job: Job) -> tuple[str, ...]:
    if job.way == OURS:
        return tuple(SKILLS.values())
    return (f"{_BASE}:{job.way}_{job.kind.replace('-', '_')}",)


def _solver(told: Sequence[Intervention]) -> tuple[int, int]:
    """Advice equal to the exact solver's on the cards that were read, and advice given."""
    right = asked = 0
    for said in told:
        read = {found.slot: found.value for found in said.evidence}
        if said.skill != "blackjack" or not said.answer:
            continue
        hand, dealer = read.get("hand"), read.get("dealer")
        asked += 1
        if isinstance(hand, tuple) and isinstance(dealer, tuple) and len(dealer) == 1:
            best = solve(Rules(), [rank_of(str(c)) for c in hand], rank_of(str(dealer[0]))).best
            right += best == said.answer
    return right, asked


def _misses(run: Replay, figures: Score, told: Sequence[Intervention]) -> tuple[str, ...]:
    """Sentences about what was missed, wrong, or needless."""
    by_time = {round(said.began_s, 3): said for said in told}
    lines = []
    for kind, t, subject in figures.notes:
        said = by_time.get(round(t, 3))
        why = [
            f"{entry.code} ({entry.why_not})"
            for entry in run.ledger
            if entry.kind == "suppressed" and abs(entry.t - t) < 4.0
        ]
        words = f"said {said.text!r}" if said is not None else "; ".join(why[:2]) or "no trigger"
        lines.append(f"{kind} at {t:.1f} s ({subject}): {words}")
    return tuple(lines)
