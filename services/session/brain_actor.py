"""The brain as an actor: a plain class, made from plain data, so that it can live elsewhere."""

from __future__ import annotations

from brain.config import BrainConfig
from brain.contracts import BrainStep, News
from brain.mind import Brain
from services.llm.models.registry import make_interpreter
from services.session.contracts import LlmUse
from stem_memory.contracts import Event


class BrainActor:
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
