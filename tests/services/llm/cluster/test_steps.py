"""What is learned of an engine by watching its streams: an engine with a known law, seen from outside."""

from __future__ import annotations

import pytest

from services.llm.cluster.latency import Guess, LatencyModel, Step
from services.llm.cluster.steps import StepWatch
from services.llm.engines.contracts import Usage

BUDGET = 128


def law(step: Step) -> float:
    return 0.01 + 1e-3 * step.prefill_tokens + 2e-3 * step.decodes + 1e-6 * step.context_tokens


class Engine:
    """Runs turns in steps of a known law and tells the watch what a gateway would see."""

    def __init__(self) -> None:
        self.now = 0.0
        self.steps: list[tuple[Step, float]] = []
        self.readings: list[Guess] = []
        self.latency = LatencyModel()
        self.watch = StepWatch(
            self.latency,
            BUDGET,
            lambda step, seconds: self.steps.append((step, seconds)),
            self.readings.append,
        )
        self.left: dict[str, int] = {}
        self.context: dict[str, int] = {}
        self.first: dict[str, float] = {}
        self.began: dict[str, tuple[int, int]] = {}
        self.spent: dict[str, float] = {}

    def start(self, name: str, prompt: int, cached: int = 0) -> None:
        self.left[name] = prompt - cached
        self.context[name] = prompt
        self.began[name] = (prompt, cached)
        self.spent[name] = 0.0
        self.watch.began(name, prompt, cached, self.now)

    def step(self) -> None:
        writers = [n for n in self.left if self.left[n] == 0]
        room, prefill = BUDGET - len(writers), 0
        readers = [n for n in self.left if self.left[n] > 0]
        for name in readers:
            size = min(room, self.left[name])
            self.left[name] -= size
            room -= size
            prefill += size
        seconds = law(Step(prefill, len(writers), sum(self.context[n] for n in writers), 0.0))
        self.now += seconds
        for name in readers:
            self.spent[name] += seconds
        for name in [*writers, *(n for n in readers if self.left[n] == 0)]:
            self.context[name] += 1
            self.first.setdefault(name, self.now)
            self.watch.piece(name, self.now)

    def end(self, name: str) -> None:
        prompt, cached = self.began[name]
        del self.left[name]
        usage = Usage(prompt_tokens=prompt, cached_tokens=cached, prefill_s=self.spent[name])
        self.watch.ended(name, usage, self.first.pop(name))


def worked(engine: Engine, rounds: int) -> None:
    for number in range(rounds):
        names = [f"{number}/{i}" for i in range(1 + number % 3)]
        for offset, name in enumerate(names):
            engine.start(name, 150 + 97 * ((number + offset) % 5), cached=40 * (number % 3))
            for _ in range(8):
                engine.step()
        for name in names:
            while engine.left[name]:
                engine.step()
        for name in names:
            engine.end(name)


def test_steps_are_measured_as_they_were() -> None:
    engine = Engine()
    worked(engine, 12)
    assert len(engine.steps) > 80
    assert {step.decodes for step, _ in engine.steps} >= {0, 1, 2}
    for step, seconds in engine.steps:
        if step.decodes and not step.prefill_tokens:
            assert seconds == pytest.approx(law(step), rel=0.02)


def test_the_law_is_learned_and_first_tokens_are_foretold() -> None:
    engine = Engine()
    worked(engine, 60)
    probe = Step(0, 2, 600, 0)
    assert engine.latency.seconds(probe) == pytest.approx(law(probe), rel=0.1)
    late = [guess for guess in engine.readings[-20:] if guess.predicted is not None]
    assert late
    for guess in late:
        assert guess.predicted is not None
        assert guess.predicted.seconds == pytest.approx(guess.seconds, rel=0.25)


def test_turns_that_fail_teach_nothing() -> None:
    engine = Engine()
    engine.watch.began("a", 100, 0, 0.0)
    engine.watch.ended("a", None, None)
    engine.watch.piece("a", 1.0)
    engine.watch.ended("nobody", None, None)
    assert engine.steps == []
    assert engine.readings == []
