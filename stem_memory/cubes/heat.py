"""How hot the entries of a cube are, and when they move to another tier.

The heat of an entry counts its uses, each of which fades with a half-life. Hot entries belong in
the context, warm ones in a prefix whose KV cache is kept, cold ones in the archive. To rise an
entry must be `rise` times hotter than to stay, so that nothing flutters between tiers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.noun import Noun
from stem_memory.cubes.contracts import Tier


class Demotion(Noun):
    """When entries move down and up, and when a whole cube is archived. Times in seconds."""

    half_life_s: float = 6 * 3600.0
    hot: float = 0.5
    warm: float = 0.05
    rise: float = 1.5
    idle_s: float = 30 * 86400.0


@dataclass(slots=True)
class Heat:
    """Uses up to `t`, discounted to that moment."""

    uses: float
    t: float

    def at(self, now: float, half_life_s: float) -> float:
        """The heat at `now` (seconds)."""
        return float(self.uses * 0.5 ** (max(0.0, now - self.t) / half_life_s))


def used(heat: Heat | None, t: float, half_life_s: float) -> Heat:
    """The heat after one more use at `t` (a late report counts as if it came in time)."""
    if heat is None:
        return Heat(1.0, t)
    if t >= heat.t:
        return Heat(heat.at(t, half_life_s) + 1.0, t)
    return Heat(heat.uses + Heat(1.0, t).at(heat.t, half_life_s), heat.t)


def tier_of(heat: float, now: Tier, policy: Demotion) -> Tier:
    """The tier for an entry of this heat that is in tier `now`."""
    up = policy.rise
    if heat >= policy.hot * (1.0 if now == "hot" else up):
        return "hot"
    if heat >= policy.warm * (1.0 if now in ("hot", "warm") else up):
        return "warm"
    return "archived"


def moved(
    entries: Iterable[tuple[str, Heat, Tier]], now: float, policy: Demotion
) -> dict[str, Tier]:
    """The entries that belong in another tier at `now` (seconds), by name."""
    found = ((e, tier_of(h.at(now, policy.half_life_s), t, policy), t) for e, h, t in entries)
    return {entry: new for entry, new, old in found if new != old}
