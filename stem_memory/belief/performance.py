"""Learned performance: how often a body succeeded at a skill and how long it took."""

from __future__ import annotations

from stem_memory.contracts import StepEnded
from stem_memory.view import Performance


class PerformanceProjection:
    """Running mean and variance of durations by (body, skill) and by (kind of body, skill).

    Welford's algorithm: B. P. Welford, "Note on a method for calculating corrected sums of squares
    and products", Technometrics 4 (1962).
    """

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Performance] = {}

    def record(self, ended: StepEnded, kind: str | None) -> None:
        """Learn from a step that ended."""
        if not counts(ended):
            return
        for who in dict.fromkeys((ended.body, kind)):
            if who is not None:
                key = (who, ended.skill)
                self.entries[key] = with_end(self.entries.get(key), ended)

    def bring(self, who: str, skill: str, known: Performance) -> None:
        """Add what was learnt elsewhere."""
        self.entries[who, skill] = together(self.entries.get((who, skill)), known)

    def get(self, who: str, skill: str) -> Performance | None:
        """What is known of a body or kind of body at a skill; None: never tried."""
        return self.entries.get((who, skill))


def together(one: Performance | None, other: Performance) -> Performance:
    """Two experiences as one: T. Chan, G. Golub and R. LeVeque, "Updating formulae and a pairwise
    algorithm for computing sample variances", 1979.
    """
    if one is None:
        return other
    done = one.successes + other.successes
    delta = other.mean_s - one.mean_s
    share = other.successes / done if done else 0.0
    return Performance(
        attempts=one.attempts + other.attempts,
        successes=done,
        mean_s=one.mean_s + delta * share,
        m2=one.m2 + other.m2 + delta * delta * one.successes * share,
    )


def apart(whole: Performance, part: Performance | None) -> Performance:
    """What is left of an experience without a part of it."""
    if part is None:
        return whole
    done = whole.successes - part.successes
    mean = whole.mean_s
    if done > 0:
        mean = (whole.successes * whole.mean_s - part.successes * part.mean_s) / done
    delta = part.mean_s - mean
    spread = whole.m2 - part.m2 - delta * delta * done * part.successes / max(whole.successes, 1)
    return Performance(
        attempts=whole.attempts - part.attempts,
        successes=done,
        mean_s=mean if done > 0 else 0.0,
        m2=max(0.0, spread) if done > 0 else 0.0,
    )


def counts(ended: StepEnded) -> bool:
    """Whether an end says something about the body.

    A cancelled step does not, nor does one that nobody had to do.
    """
    return ended.role == "step" and ended.outcome != "cancelled" and ended.reason != "already_so"


def with_end(old: Performance | None, ended: StepEnded) -> Performance:
    """What is known after one more attempt."""
    old = old or Performance(attempts=0, successes=0, mean_s=0.0)
    if ended.outcome != "done":
        return old.model_copy(update={"attempts": old.attempts + 1})
    count = old.successes + 1
    delta = ended.duration_s - old.mean_s
    mean = old.mean_s + delta / count
    return Performance(
        attempts=old.attempts + 1,
        successes=count,
        mean_s=mean,
        m2=old.m2 + delta * (ended.duration_s - mean),
    )
