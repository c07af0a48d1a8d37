"""The actors of a session: the world, the bodies and the brain, made from plain data.

They may live in processes of their own, so each loads what it needs when it is made: whoever hosts
a body or the world loads no brain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from brain.config import BrainConfig
    from brain.contracts import BrainStep, News
    from cerebellum.contracts import BodyInput, BodyOutput
    from devices.contracts import BodyCard
    from devices.site import SitePlan
    from services.session.contracts import LlmUse
    from sim_worlds.contracts import Scenario
    from sim_worlds.faults.kind import Fault
    from sim_worlds.world import World
    from stem_memory.belief.state import MemoryState
    from stem_memory.contracts import Event


def make_world(
    scenario: Scenario,
    seed: int,
    bodies: int | None,
    faults: tuple[Fault, ...],
    journal: Path | None = None,
) -> World:
    """A simulated world, not yet reset. With a journal it goes on where that ends."""
    from sim_worlds.engine import SimWorld

    world = SimWorld(scenario, seed, bodies=bodies, faults=faults)
    if journal is None:
        return world
    from pydantic_core import to_json

    from sim_worlds.journal import JournaledWorld

    return JournaledWorld(world, journal, to_json((scenario, seed, bodies, faults)).decode())


class BodyActor:
    """The cerebellum of one body: its runner with the skills that are installed here."""

    def __init__(self, card: BodyCard, plan: SitePlan) -> None:
        from cerebellum.catalogue import skill_kinds
        from cerebellum.runner import Runner

        self._runner = Runner(card, plan, skill_kinds())

    def ready(self) -> None:
        """Answered once it can be asked to do something."""

    def step(self, news: BodyInput) -> BodyOutput:
        """Pass news to the runner."""
        return self._runner.step(news)

    def close(self) -> None:
        """Nothing is held."""


class BrainActor:
    """The brain with its way of understanding people."""

    def __init__(self, config: BrainConfig, model: str) -> None:
        from brain.mind import Brain
        from services.llm.models.registry import make_interpreter

        self._understanding = make_interpreter(model)
        self._brain = Brain(config, self._understanding.interpreter)

    def ready(self) -> None:
        """Answered once it can be asked to think."""

    def step(self, news: News) -> BrainStep:
        """Pass news to the brain."""
        answer = self._brain.step(news)
        self._understanding.follow(news.now, (*news.events, *answer.events))
        return answer

    def restore(self, events: tuple[Event, ...], believed: MemoryState | None = None) -> None:
        """Rebuild the brain from the log, and what it comes to."""
        self._brain.restore(events, believed)

    def digest(self) -> str:
        """The hash of the brain's own memory."""
        return self._brain.digest()

    def llm_use(self) -> LlmUse:
        """What the language model cost so far."""
        return self._understanding.use()

    def close(self) -> None:
        """Stop the embedded model server, if one runs."""
        self._understanding.close()
