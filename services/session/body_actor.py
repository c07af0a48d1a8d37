"""A body as an actor. A module of its own: there is one for every body, and none loads the brain."""

from __future__ import annotations

from cerebellum.catalogue import skill_kinds
from cerebellum.contracts import BodyInput, BodyOutput
from cerebellum.runner import Runner
from devices.contracts import BodyCard
from devices.site import SitePlan


class BodyActor:
    """The cerebellum of one body: its runner with the skills that are installed here."""

    def __init__(self, body: str, card: BodyCard, plan: SitePlan) -> None:
        self._runner = Runner(card, plan, skill_kinds())
        self._body = body

    def ready(self) -> None:
        """Answered once it can be asked to do something."""

    def step(self, news: BodyInput) -> BodyOutput:
        """Pass news to the runner."""
        return self._runner.step(news)

    def close(self) -> None:
        """Nothing is held."""
