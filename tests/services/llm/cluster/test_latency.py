"""The learned step time: it finds a law, knows its error, and follows a change."""

from __future__ import annotations

import random

import pytest

from services.llm.cluster.latency import ErrorWindow, LatencyModel, Step, compare, guesses_of


def draw(rng: random.Random) -> Step:
    decodes = rng.randint(0, 60)
    prefill = rng.choice([0, 0, 0, rng.randint(1, 4096)])
    start = rng.randint(0, 60_000)
    return Step(prefill, max(decodes, 1), decodes * rng.randint(500, 20_000), prefill * start)


def law(step: Step, slow: float = 1.0) -> float:
    tokens = step.prefill_tokens + step.decodes
    return slow * (0.02 + 3e-5 * tokens + 5e-8 * step.context_tokens + 9e-10 * step.pairs)


def noisy(count: int, seed: int, slow: float = 1.0) -> list[tuple[Step, float]]:
    rng = random.Random(seed)
    steps = [draw(rng) for _ in range(count)]
    return [(step, law(step, slow) * rng.lognormvariate(0.0, 0.05)) for step in steps]


def test_it_predicts_steps_better_than_a_mean_or_a_line() -> None:
    found = compare(guesses_of(noisy(1500, 1)))
    assert found.count == 1450
    assert found.model.relative < 0.06
    assert found.model.relative < 0.5 * found.linear.relative
    assert found.model.relative < 0.2 * found.mean.relative
    assert found.model.absolute_s < 0.5 * found.linear.absolute_s
    assert 0.7 < found.covered < 0.9


def test_it_follows_an_engine_that_becomes_slower() -> None:
    model = LatencyModel(half_life=200.0)
    for step, seconds in [*noisy(1000, 2), *noisy(1500, 3, slow=2.0)]:
        model.observe(step, seconds)
    probe = Step(1000, 20, 200_000, 1e7)
    assert model.seconds(probe) == pytest.approx(law(probe, 2.0), rel=0.1)


def test_a_cached_prompt_is_predicted_to_be_answered_sooner() -> None:
    model = LatencyModel()
    for step, seconds in noisy(1000, 4):
        model.observe(step, seconds)
    cold = model.request(model.request_s(20_000, 0, 100, batch=5, batch_context=50_000))
    warm = model.request(model.request_s(20_000, 19_500, 100, batch=5, batch_context=50_000))
    assert warm.seconds < cold.seconds
    assert cold.low_s <= cold.seconds <= cold.high_s
    assert model.prefill_s(20_000) == pytest.approx(20_000 * 3e-5 + 9e-10 * 2e8, rel=0.15)


def test_nonsense_measurements_teach_nothing() -> None:
    model = LatencyModel()
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        model.observe(Step(1, 1, 1, 1), seconds)
    assert model.steps == 0


def test_the_window_forgets_the_oldest() -> None:
    window = ErrorWindow(3)
    for value in (9.0, 1.0, 2.0, 3.0):
        window.add(value)
    assert window.quantile(0.99) == 3.0
    assert window.quantile(0.0) == 1.0


def test_requests_have_errors_of_their_own() -> None:
    model = LatencyModel()
    for step, seconds in noisy(1000, 4):
        model.observe(step, seconds)
    rng = random.Random(6)
    for _ in range(200):
        model.observe_request(2.0, 3.0 * rng.lognormvariate(0.0, 0.1))
    told = model.request(2.0)
    assert told.seconds == pytest.approx(3.0, rel=0.05)
    assert 2.4 < told.low_s < 2.8 < 3.2 < told.high_s < 3.6


def test_a_comparison_needs_predictions() -> None:
    with pytest.raises(ValueError, match="at least one prediction"):
        compare(guesses_of(noisy(10, 5)))
