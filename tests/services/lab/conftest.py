"""A scripted interpreter: it says what it was told to say, and remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from brain.contracts import Ask, Refuse
from services.session.contracts import LlmUse


@dataclass
class Scripted:
    """Answers by the text of the wish; what it does not know it refuses."""

    script: dict[str, object]
    heard: list[str] = field(default_factory=list)
    dialogues: list[tuple[str, ...]] = field(default_factory=list)
    statuses: list[tuple[str, ...]] = field(default_factory=list)

    def interpret(self, goal, view):
        self.heard.append(goal.text)
        self.dialogues.append(tuple(text for _, _, text in view.dialogue()))
        self.statuses.append(tuple(record.status for record in view.goals().values()))
        return self.script.get(goal.text, Refuse(reason="never heard of it"))

    def answer(self, record, text, view):
        assert record.status == "needs_answer"
        assert record.question
        self.heard.append(text)
        return self.script.get(text)


@dataclass
class Mind:
    """What `services.llm.models.registry.Understanding` offers, without a model."""

    interpreter: Scripted
    closed: bool = False

    def use(self):
        return LlmUse(calls=2, tokens=30)

    def close(self):
        self.closed = True


@pytest.fixture
def scripted():
    return Scripted


@pytest.fixture
def mind():
    return Mind


@pytest.fixture
def which_mug():
    return Ask(question="Which mug?", options=("red-mug", "blue-mug"))


@pytest.fixture
def ticking():
    """A clock on which every look takes a quarter of a second."""
    times = iter(range(10_000))
    return lambda: next(times) * 0.25
