"""Llamas with random weights, made on the spot, for measurements that need no particular words.

Everything here runs in an environment that has vLLM; the imports are where they are used.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import Any

VOCABULARY = 512
BLOCK = 32
#: The scheduler is looked into, so it must live in this process; one thread, as other work may go on.
_SETTINGS = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Size:
    """The shape of a Llama.

    Attributes:
        hidden: Width.
        layers: Depth.
        heads: Attention heads; a quarter of them, at least one, for keys and values.
    """

    hidden: int
    layers: int
    heads: int


#: Steps of about a millisecond: scheduling shows.
TINY = Size(64, 2, 2)
#: 23 million weights: reading a prompt again takes seconds, as it does with real models.
SMALL = Size(512, 8, 8)


def settle() -> None:
    """Set the environment; before vLLM is imported."""
    os.environ.update(_SETTINGS)


def save(folder: str, size: Size, context: int) -> int:
    """Write a model's folder. Returns how many weights it has."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=size.hidden,
            intermediate_size=8 * size.hidden // 3 // 32 * 32,
            num_hidden_layers=size.layers,
            num_attention_heads=size.heads,
            num_key_value_heads=max(1, size.heads // 4),
            head_dim=size.hidden // size.heads,
            max_position_embeddings=context,
        )
    )
    model.save_pretrained(folder)
    return sum(weight.numel() for weight in model.parameters())


def arguments(folder: str, context: int, blocks: int, ours: bool) -> dict[str, Any]:
    """What vLLM is started with.

    Args:
        folder: The model.
        context: Longest conversation.
        blocks: KV blocks, the null block included.
        ours: Whether with the plug-in.
    """
    kind = {"scheduler_cls": "services.llm.vllm_plugin.scheduler.AgentScheduler"} if ours else {}
    return {
        "model": folder,
        "skip_tokenizer_init": True,
        "dtype": "float32",
        "max_model_len": context,
        "max_num_seqs": 8,
        "enforce_eager": True,
        "block_size": BLOCK,
        "num_gpu_blocks_override": blocks,
        **kind,
    }


def start(chosen: dict[str, Any]) -> Any:
    """Start vLLM in this process."""
    from vllm import LLM

    return LLM(**chosen)


def version() -> str:
    """The version of vLLM."""
    from vllm import __version__

    return str(__version__)


def sampled(tokens: int, hints: dict[str, Any]) -> Any:
    """Greedy sampling of so many tokens, with what is known of the program."""
    from vllm import SamplingParams

    return SamplingParams(
        temperature=0.0, max_tokens=tokens, ignore_eos=True, detokenize=False, extra_args=hints
    )


def asked(prompt: list[int]) -> dict[str, Any]:
    """A prompt of tokens, as vLLM takes it."""
    return {"prompt_token_ids": list(prompt)}


def text(rng: random.Random, length: int) -> list[int]:
    """Tokens that nobody has seen before."""
    return [rng.randrange(VOCABULARY) for _ in range(length)]
