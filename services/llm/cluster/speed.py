"""How long an engine takes to read a context: a law corrected by measurement, then the learned step time."""

from __future__ import annotations

from services.llm.cluster.latency import LatencyModel
from services.llm.policy.estimates import PrefillCurve

# What a small model needs on a laptop, until the first prefills are measured.
_PREFILL_S_PER_TOKEN = 5e-3
# Before this many steps the law is believed.
_WARM_STEPS = 200
# The learned time is believed within this factor of the law's: far from what it has seen it may be anything.
_FACTOR = 2.0


class ReadingSpeed:
    """Engine seconds for contexts, shared by the replicas of one kind.

    It is the reload cost of the policy's times to live, and what the router weighs.
    """

    def __init__(self) -> None:
        self.latency = LatencyModel()
        self._curve = PrefillCurve(_PREFILL_S_PER_TOKEN, 0.0)

    def __call__(self, tokens: int) -> float:
        """Engine seconds to read this many tokens from nothing."""
        law = self._curve(tokens)
        if self.latency.steps < _WARM_STEPS:
            return law
        return min(_FACTOR * law, max(law / _FACTOR, self.latency.prefill_s(tokens)))

    def missing_s(self, prompt_tokens: int, cached_tokens: int) -> float:
        """Engine seconds to read a prompt whose beginning is cached."""
        cached = min(cached_tokens, prompt_tokens)
        return max(0.0, self(prompt_tokens) - self(cached))

    def observe(self, cached_tokens: int, prompt_tokens: int, seconds: float) -> None:
        """Learn what reading a prompt cost."""
        self._curve.observe(cached_tokens, prompt_tokens, seconds)
