"""What others do, with our own eyes and tools: only *when* differs.

Polling looks every ten seconds and tells whatever it finds. Threshold with cooldown looks whenever
the picture has changed by enough and twelve seconds have passed (the scheme of the public report on
ESTP-Bench, there with a language model's log-odds). Both are named like the skill they wrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devices.glasses.shot import Shot
from services.alpha.contracts import Notice, SkillSpec, Trigger
from services.alpha.skill import GlassesSkill
from services.alpha.skills.blackjack import Blackjack
from services.alpha.skills.museum_guide import MuseumGuide
from services.alpha.skills.shopping_fit import ShoppingFit

POLL_S = 10.0
COOLDOWN_S = 12.0
CHANGE = 4.0


class _Wrapped:
    """A skill with another trigger."""

    def __init__(self, skill: GlassesSkill) -> None:
        self._skill = skill
        self._last = -1e9
        self._count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_skill"], name)

    @property
    def spec(self) -> SkillSpec:
        """The skill's own, on every picture."""
        return self._skill.spec.model_copy(update={"every_s": 0.0, "repeat_s": 0.0})

    def _trigger(self, shot: Shot, reason: str) -> Sequence[Notice]:
        t = shot.frame.t
        self._last = t
        self._count += 1
        name = self._skill.spec.name
        return (
            Trigger(
                skill=name,
                subject=f"{name}-{self._count}",
                t=t,
                since_s=t,
                score=0.9,
                version=self._count,
                reason=reason,
            ),
        )


class Polled(_Wrapped):
    """Looks at fixed intervals."""

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """It is time."""
        if shot.frame.t - self._last < POLL_S:
            return ()
        return self._trigger(shot, "ten seconds have passed")


class Cooled(_Wrapped):
    """Looks when the picture changed by enough, with a cooldown."""

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """Something changed."""
        if shot.frame.change < CHANGE or shot.frame.t - self._last < COOLDOWN_S:
            return ()
        return self._trigger(shot, "the picture has changed")


def polled_blackjack() -> Polled:
    """Blackjack by polling."""
    return Polled(Blackjack())


def polled_museum_guide() -> Polled:
    """The museum guide by polling."""
    return Polled(MuseumGuide())


def polled_shopping_fit() -> Polled:
    """Shopping fit by polling."""
    return Polled(ShoppingFit())


def cooled_blackjack() -> Cooled:
    """Blackjack by threshold with cooldown."""
    return Cooled(Blackjack())


def cooled_museum_guide() -> Cooled:
    """The museum guide by threshold with cooldown."""
    return Cooled(MuseumGuide())


def cooled_shopping_fit() -> Cooled:
    """Shopping fit by threshold with cooldown."""
    return Cooled(ShoppingFit())
