"""How fast the world changes behind our backs, learned per class and attribute from the log itself.

A belief that is evidenced again after a while either still holds or changed meanwhile. Changes are
taken as a Poisson process with a Gamma prior worth one change at the usual rate, so the learned
rate is (1 + changes) / (1 / usual rate + time watched): Gelman et al., "Bayesian Data Analysis",
3rd edition, section 2.6. What leaves or enters a hand of ours is no drift and does not count.
"""

from __future__ import annotations

from math import log

from devices.facts import Category
from stem_memory.belief.evidence import usual_half_life


class Drift:
    """Changes and seconds watched, by class and attribute."""

    def __init__(self) -> None:
        self.watched: dict[tuple[str, str], tuple[int, float]] = {}

    def note(self, cls: str, attr: str, seconds: float, changed: bool) -> None:
        """A belief was checked after `seconds`, and had changed or not."""
        changes, total = self.watched.get((cls, attr), (0, 0.0))
        self.watched[cls, attr] = (changes + changed, total + seconds)

    def half_life(self, category: Category, cls: str, attr: str) -> float | None:
        """Seconds after which a belief of this kind is as likely outdated as not; None: never."""
        usual = usual_half_life(category, attr)
        if usual is None:
            return None
        changes, total = self.watched.get((cls, attr), (0, 0.0))
        return log(2) * (usual / log(2) + total) / (1 + changes)
