"""What experience says of a body at a skill with a class of object at a place, and how sure.

Cells from fine to coarse: (body, skill, class, place), (body, skill, class), (body, skill),
(kind of body, skill). Each is estimated with the next coarser one as its prior, worth `WEIGHT`
attempts, so a cell that was hardly tried says what the coarser one says, and a well-tried one
speaks for itself: the beta-binomial and normal models with known prior means of Gelman et al.,
"Bayesian Data Analysis", 3rd edition, sections 2.4 and 2.6.
"""

from __future__ import annotations

from math import sqrt

from devices.noun import Noun
from stem_memory.belief.performance import apart, counts, together, with_end
from stem_memory.contracts import ExperienceBrought, StepEnded, Tried
from stem_memory.view import Performance

# How many attempts a coarser cell counts for.
WEIGHT = 4.0
# Before anybody tried: one success and one failure (Laplace).
_PRIOR_SUCCESS = 0.5
# Durations vary by about this share of their mean until they were measured.
_PRIOR_SPREAD = 0.5
# Ids have no blank, so a kind of body is never taken for a body.
_KIND = "kind "

Cell = tuple[str, str, str, str]


class Expectation(Noun):
    """What to expect of one attempt.

    `success` is a probability with a standard deviation `success_sd`; a successful attempt takes
    `mean_s` seconds, give or take `sd_s` (of one attempt), and the mean itself is known to
    `mean_sd_s`. None: nobody comparable ever succeeded. `attempts` were made in exactly this cell,
    `comparable` in all that counted.
    """

    success: float
    success_sd: float
    mean_s: float | None
    sd_s: float | None
    mean_sd_s: float | None
    attempts: int
    comparable: int


class Experience:
    """Attempts, successes and durations by cell."""

    # Hashes of the memories whose experience was brought here.
    sources: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.cells: dict[Cell, Performance] = {}

    def record(self, ended: StepEnded, kind: str | None, cls: str, place: str) -> None:
        """Learn from a step that ended with an object of this class at this place ("": none)."""
        if counts(ended):
            for cell in dict.fromkeys(_cells(ended.body, kind, ended.skill, cls, place)):
                self.cells[cell] = with_end(self.cells.get(cell), ended)

    def bring(self, brought: ExperienceBrought) -> None:
        """Add what an earlier memory had learnt; the same memory counts once."""
        if brought.source in self.sources:
            return
        self.sources = (*self.sources, brought.source)
        for tried in brought.tried:
            who = _kind(tried.who) if tried.is_kind else tried.who
            cell = (who, tried.skill, tried.cls, tried.place)
            self.cells[cell] = together(self.cells.get(cell), tried.known)

    def told(self) -> tuple[Tried, ...]:
        """All that is known, to be brought to another memory."""
        return tuple(
            Tried(
                who=who.removeprefix(_KIND),
                is_kind=who.startswith(_KIND),
                skill=skill,
                cls=cls,
                place=place,
                known=known,
            )
            for (who, skill, cls, place), known in sorted(self.cells.items())
        )

    def tried(
        self, body: str, kind: str | None, skill: str, cls: str = "", place: str = ""
    ) -> tuple[Performance, ...]:
        """Experience from coarse to fine, each attempt once: of other bodies of this kind, of this
        body with other things, elsewhere, and in exactly this cell. What is empty is left out.
        """
        line = list(dict.fromkeys(reversed(_cells(body, kind, skill, cls, place))))
        known = [self.cells.get(cell) for cell in line]
        found = []
        for at, whole in enumerate(known):
            finer = next((part for part in known[at + 1 :] if part is not None), None)
            rest = apart(whole, finer) if whole is not None else None
            if rest is not None and rest.attempts > 0:
                found.append(rest)
        return tuple(found)

    def expect(
        self, body: str, kind: str | None, skill: str, cls: str = "", place: str = ""
    ) -> Expectation | None:
        """What to expect; None: nobody of this kind ever tried this skill."""
        line = list(dict.fromkeys(_cells(body, kind, skill, cls, place)))
        tried = [self.cells[cell] for cell in reversed(line) if cell in self.cells]
        if not tried:
            return None
        success, weight = _PRIOR_SUCCESS, 2.0
        mean: float | None = None
        spread, behind = 0.0, 0.0
        for known in tried:
            success = (known.successes + weight * success) / (known.attempts + weight)
            n = known.successes
            if n:
                prior = known.mean_s if mean is None else mean
                held = 0.0 if mean is None else WEIGHT
                usual = spread if mean is not None else (_PRIOR_SPREAD * prior) ** 2
                mean = (n * known.mean_s + held * prior) / (n + held)
                shift = (known.mean_s - prior) ** 2 * n * held / (n + held)
                spread = (known.m2 + shift + WEIGHT * usual) / (n + WEIGHT)
                behind = n + held
            weight = WEIGHT
        total = tried[-1].attempts + weight
        exact = self.cells.get(line[0])
        return Expectation(
            success=round(success, 4),
            success_sd=round(sqrt(success * (1.0 - success) / (total + 1.0)), 4),
            mean_s=None if mean is None else round(mean, 3),
            sd_s=None if mean is None else round(sqrt(spread), 3),
            mean_sd_s=None if mean is None else round(sqrt(spread / behind), 3),
            attempts=exact.attempts if exact is not None else 0,
            comparable=tried[0].attempts,
        )


def _cells(body: str, kind: str | None, skill: str, cls: str, place: str) -> list[Cell]:
    """The cells of an attempt, fine to coarse; a kind is marked, it may be called as a body is."""
    cells = [(body, skill, cls, place), (body, skill, cls, ""), (body, skill, "", "")]
    return cells if kind is None else [*cells, (_kind(kind), skill, "", "")]


def _kind(name: str) -> str:
    return f"{_KIND}{name}"
