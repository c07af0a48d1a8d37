"""The objects that become actors: world, bodies, brain. Plain classes, made by factories.

Each factory takes plain data only, so that it can run in another process on another machine.
"""

from __future__ import annotations

from brain.config import BrainConfig
from brain.contracts import BrainStep, News
from brain.mind import Brain
from cerebellum.catalogue import skill_kinds
from cerebellum.contracts import BodyInput, BodyOutput
from cerebellum.runner import Runner
from devices.contracts import BodyCard
from devices.site import SitePlan
from services.contracts import LlmUse
from services.minds import make_interpreter
from sim_worlds.contracts import Fault, Scenario
from sim_worlds.engine import SimWorld
from stem_memory.contracts import Event


def make_world(
    scenario: Scenario, seed: int, bodies: int | None, faults: tuple[Fault, ...]
) -> SimWorld:
    """A simulated world, not yet reset."""
    return SimWorld(scenario, seed, bodies=bodies, faults=faults)


class BodyNode:
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


class BrainNode:
    """The brain with its way of understanding people."""

    def __init__(self, config: BrainConfig, model: str) -> None:
        self._understanding = make_interpreter(model)
        self._brain = Brain(config, self._understanding.interpreter)

    def ready(self) -> None:
        """Answered once it can be asked to think."""

    def step(self, news: News) -> BrainStep:
        """Pass news to the brain."""
        answer = self._brain.step(news)
        self._understanding.follow(news.now, (*news.events, *answer.events))
        return answer

    def restore(self, events: tuple[Event, ...]) -> None:
        """Rebuild the brain from the log."""
        self._brain.restore(events)

    def digest(self) -> str:
        """The hash of the brain's own memory."""
        return self._brain.digest()

    def llm_use(self) -> LlmUse:
        """What the language model cost so far."""
        return self._understanding.use()

    def close(self) -> None:
        """Stop the embedded model server, if one runs."""
        self._understanding.close()
