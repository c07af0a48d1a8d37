"""What a step of an engine costs, and how much KV it can hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepLaw:
    """Seconds of one step: fixed + per token + per context token read + per prefill attention pair.

    With `overlap` the memory-bound work (weights, KV reads) and the compute-bound work hide each
    other, as NanoFlow (arXiv 2408.12757) does with nano-batches: the step takes the longer of the two,
    a lower bound for what any schedule inside the device can reach.

    Attributes:
        fixed_s: Launches and host work of a step.
        weights_s: Reading the weights that every step needs.
        token_s: Compute per scheduled token.
        context_s: Reading the KV of one context token for one decoding sequence.
        pair_s: Attention of one prefilled token to one token before it.
        expert_s: Loading one expert of one layer; 0 for dense models.
        experts: Experts a layer; 0 for dense models.
        experts_per_token: Experts that a token is routed to.
        layers: Layers of the model.
        overlap: Whether memory and compute overlap.
    """

    fixed_s: float
    weights_s: float
    token_s: float
    context_s: float
    pair_s: float
    expert_s: float = 0.0
    experts: int = 0
    experts_per_token: int = 0
    layers: int = 32
    overlap: bool = False

    def seconds(
        self, steps: int, tokens: float, context: float, pairs: float, experts: float
    ) -> float:
        """Duration of some steps from their totals.

        Args:
            steps: How many.
            tokens: Tokens scheduled in all of them.
            context: Context tokens read by decoding sequences in all of them.
            pairs: Pairs of prefilled tokens and tokens before them.
            experts: Expert loads.
        """
        memory = steps * self.weights_s + self.context_s * context + self.expert_s * experts
        compute = self.token_s * tokens + self.pair_s * pairs
        busy = max(memory, compute) if self.overlap else memory + compute
        return steps * self.fixed_s + busy

    def prefill_s(self, tokens: int, budget: int = 8192) -> float:
        """Engine seconds to prefill a prompt from nothing, as the extra work it adds to steps."""
        return self.token_s * tokens + self.pair_s * 0.5 * float(tokens) ** 2

    def expert_loads(self, tokens: float, layers: float) -> float:
        """Expected loads when so many tokens pass so many layers with uniform routing."""
        if self.experts == 0:
            return 0.0
        missed: float = (1.0 - self.experts_per_token / self.experts) ** tokens
        return layers * self.experts * (1.0 - missed)


@dataclass(frozen=True, slots=True)
class Engine:
    """One replica's engine.

    Attributes:
        name: What commands and reports call it.
        law: Its step time.
        kv_tokens: Tokens whose KV fits.
        block_tokens: Tokens of a block.
        step_tokens: Most tokens scheduled in a step (chunked prefill).
        sequences: Most requests that run together.
        kv_bytes_per_token: For transfers between replicas.
        link_bytes_per_s: Speed of such transfers.
        layer_groups: Groups of layered prefill (arXiv 2510.08055): a prompt passes one group of layers a
            step, whole, so every expert is loaded once for it; 0 for chunked prefill.
    """

    name: str
    law: StepLaw
    kv_tokens: int
    block_tokens: int = 16
    step_tokens: int = 8192
    sequences: int = 256
    kv_bytes_per_token: int = 131072
    link_bytes_per_s: float = 12.5e9
    layer_groups: int = 0

    @property
    def blocks(self) -> int:
        """Blocks of KV memory."""
        return self.kv_tokens // self.block_tokens

    def transfer_s(self, tokens: int) -> float:
        """Seconds to copy the KV of so many tokens to another replica."""
        return tokens * self.kv_bytes_per_token / self.link_bytes_per_s


# Llama-3.1-8B. The totals fixed + weights and the per-token terms are published fits of vLLM steps
# (H100: 23.7 ms + 0.0258 ms/token; A100: 66.2 ms + 0.0973 ms/token). 16 GB of weights over the memory's
# speed is the share that can be overlapped. A context token is 128 KiB over 80 % of that speed, a pair is
# 4 * 32 * 4096 operations at the rate which the per-token fit implies.
H100_8B = Engine(
    name="h100-8b",
    law=StepLaw(
        fixed_s=0.0189,
        weights_s=0.0048,
        token_s=2.58e-5,
        context_s=4.9e-8,
        pair_s=8.5e-10,
    ),
    kv_tokens=425_000,
)
A100_8B = Engine(
    name="a100-8b",
    law=StepLaw(
        fixed_s=0.0584,
        weights_s=0.0078,
        token_s=9.73e-5,
        context_s=8.0e-8,
        pair_s=3.2e-9,
    ),
    kv_tokens=425_000,
    step_tokens=2048,
)
# A mixture of experts of Qwen3-30B-A3B's shape: 48 layers, 128 experts of 9.4 MB, 8 per token.
H100_MOE = Engine(
    name="h100-moe",
    law=StepLaw(
        fixed_s=0.0060,
        weights_s=0.0010,
        token_s=1.3e-5,
        context_s=3.7e-8,
        pair_s=1.3e-9,
        expert_s=3.5e-6,
        experts=128,
        experts_per_token=8,
        layers=48,
    ),
    kv_tokens=90_000,
    kv_bytes_per_token=98304,
)
# A dense model of Llama-70B's shape in 16 bits on eight H200 (141 GB each, 4.8 TB/s): what coding agents
# with contexts of hundreds of thousands of tokens are really served by. Compute at the rate of the H100 fit
# above times eight, less a tenth for tensor parallelism; memory at 80 % of its speed; 14 ms of launches and
# all-reduces. 90 % of the memory, less weights, holds 2.7 million tokens at 320 KiB.
H200X8_70B = Engine(
    name="h200x8-70b",
    law=StepLaw(
        fixed_s=0.014,
        weights_s=0.0046,
        token_s=3.14e-5,
        context_s=1.07e-8,
        pair_s=5.9e-10,
        layers=80,
    ),
    kv_tokens=2_700_000,
    kv_bytes_per_token=327680,
    link_bytes_per_s=50e9,
)
ENGINES = {engine.name: engine for engine in (H200X8_70B, H100_8B, A100_8B, H100_MOE)}
