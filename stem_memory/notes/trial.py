"""Whether a note helps: two arms, and a verdict that stays sound however often one looks.

Each situation of a note is an episode that either applies the fix or, for comparison, leaves it
out. Which it is follows from a hash of note and episode: a coin that every host tosses alike.

The test is the sequential one for two binomial arms of R. J. Turner, A. Ly and P. D. Grünwald,
"Generic E-variables for exact sequential k-sample tests that allow for optional stopping", 2024.
Episodes of both arms are paired as they come. With what earlier pairs suggest (rates p < q without
and with the fix; middle m), a pair's outcomes x and y multiply the evidence by

    [p^x (1-p)^(1-x) / m^x (1-m)^(1-x)] * [q^y (1-q)^(1-y) / m^y (1-m)^(1-y)].

If the true rates are a without and b <= a with the fix, the expected factor is (1-du)(1+dv) with
d = q-m, u = (a-m)/m(1-m), v = (b-m)/m(1-m) <= u: at most 1 - (du)^2. So, by Ville's inequality, the
evidence for a useless or harmful fix ever reaches 1/alpha with probability at most alpha.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from math import exp, lgamma, log

from devices.noun import Noun
from stem_memory.notes.contracts import TrialSoFar

_BITS = 16


class TrialPolicy(Noun):
    """When a verdict falls.

    `alpha`: how probable a wrong verdict may be, over any number of looks. `patience`: applied
    episodes after which a candidate that has not shown its worth is retired. `control`: the share
    of a candidate's episodes that leave the fix out; `watch`: the same for a validated note.
    """

    alpha: float = 0.05
    patience: int = 60
    control: float = 0.5
    watch: float = 0.05


def is_applied(note: str, episode: str, control: float) -> bool:
    """Whether this episode applies the fix: a fair, repeatable coin with `control` for no."""
    toss = hashlib.sha256(f"{note}\n{episode}".encode()).digest()
    return int.from_bytes(toss[:2], "big") >= control * (1 << _BITS)


@dataclass(slots=True)
class Trial:
    """The outcomes of a note's episodes so far, and the evidence in them (natural logarithms)."""

    applied: list[int] = field(default_factory=lambda: [0, 0])  # failures, successes
    without: list[int] = field(default_factory=lambda: [0, 0])
    helps: float = 0.0
    harms: float = 0.0
    _waiting: list[bool] = field(default_factory=list)
    _waits_applied: bool = False
    _paired: list[list[int]] = field(default_factory=lambda: [[0, 0], [0, 0]])

    def note(self, applied: bool, success: bool) -> None:
        """Take one outcome in."""
        (self.applied if applied else self.without)[success] += 1
        if self._waiting and self._waits_applied != applied:
            other = self._waiting.pop(0)
            self._pair(*((success, other) if applied else (other, success)))
        else:
            self._waits_applied = applied
            self._waiting.append(success)

    @property
    def episodes(self) -> int:
        """How many episodes applied the fix."""
        return sum(self.applied)

    def verdict(self, alpha: float) -> str | None:
        """Once the evidence suffices: "helps" or "harms"; None before."""
        enough = -log(alpha)
        if self.helps >= enough:
            return "helps"
        return "harms" if self.harms >= enough else None

    def gain(self) -> tuple[float, float]:
        """Mean and standard deviation of the gain in success rate (Beta posteriors, flat prior)."""
        (f1, s1), (f0, s0) = self.applied, self.without
        (m1, v1), (m0, v0) = _beta(s1 + 1, f1 + 1), _beta(s0 + 1, f0 + 1)
        return round(m1 - m0, 6), round((v1 + v0) ** 0.5, 6)

    def better(self) -> float:
        """The posterior probability that the fix raises the rate of success (flat priors).

        Exact: with B the Beta function, the sum over i < a of
        B(c+i, d+b) / ((b+i) B(1+i, b) B(c, d)) (E. Miller, "Formulas for Bayesian A/B testing").
        """
        a, b = self.applied[1] + 1, self.applied[0] + 1
        c, d = self.without[1] + 1, self.without[0] + 1
        terms = (
            exp(_ln_beta(c + i, d + b) - log(b + i) - _ln_beta(1 + i, b) - _ln_beta(c, d))
            for i in range(a)
        )
        return round(min(1.0, sum(terms)), 6)

    def so_far(self) -> TrialSoFar:
        """All of it, to be brought to another memory."""
        (f0, s0), (f1, s1) = self._paired
        return TrialSoFar(
            applied=(self.applied[0], self.applied[1]),
            without=(self.without[0], self.without[1]),
            helps=self.helps,
            harms=self.harms,
            waiting=tuple(self._waiting),
            waits_applied=self._waits_applied,
            paired=((f0, s0), (f1, s1)),
        )

    @classmethod
    def of(cls, known: TrialSoFar) -> Trial:
        """The trial that goes on from there."""
        return cls(
            applied=list(known.applied),
            without=list(known.without),
            helps=known.helps,
            harms=known.harms,
            _waiting=list(known.waiting),
            _waits_applied=known.waits_applied,
            _paired=[list(known.paired[0]), list(known.paired[1])],
        )

    def form(self) -> list[object]:
        """The canonical form, for the hash of the state."""
        return [self.applied, self.without, self.helps, self.harms, self._waiting]

    def _pair(self, applied: bool, without: bool) -> None:
        low, high = self._guess()
        middle = (low + high) / 2.0
        self.helps += _gain(without, low, middle) + _gain(applied, high, middle)
        self.harms += _gain(applied, low, middle) + _gain(without, high, middle)
        self._paired[0][without] += 1
        self._paired[1][applied] += 1

    def _guess(self) -> tuple[float, float]:
        """What earlier pairs suggest for the worse and the better arm, kept apart."""
        rates = sorted((s + 1) / (f + s + 2) for f, s in self._paired)
        low, high = rates[0], rates[1]
        if high - low < 0.1:
            middle = (low + high) / 2.0
            low, high = max(0.02, middle - 0.1), min(0.98, middle + 0.1)
        return low, high


def _gain(success: bool, rate: float, middle: float) -> float:
    return log(rate / middle) if success else log((1.0 - rate) / (1.0 - middle))


def _beta(a: float, b: float) -> tuple[float, float]:
    return a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))


def _ln_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
