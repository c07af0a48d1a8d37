"""Which engines stand behind the endpoint, and how they are scheduled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class LlmConfig(BaseModel):
    """The engines and how they are scheduled.

    Attributes:
        engines: Each is an installed kind (``llamacpp``, ``vllm``, ``simulated``), or an address with a
            model's name (``http://host:port/v1#model``), whose kind is what stands before ``://``.
        replicas: How many of each engine that we start ourselves.
        weights: A GGUF file for llama.cpp, or a model folder for vLLM; None for the embedded model.
        model: The name under which it is served; None for its usual one.
        slots: Conversations that one engine holds at the same time.
        context_tokens: Longest conversation, answer included.
        threads: Threads that compute, per engine.
        policy: Name of the scheduling policy.
        kv_files_mib: Room for KV that gave way, per engine; 0 to read it again instead.
        host_cache_mib: llama.cpp's own cache of prompts, per engine.
        remote_key: The key of the remote engines.
        gpus: GPUs of one vLLM engine, over which its model is split.
        kv_events: Whether vLLM engines publish which KV blocks they store and remove.
        vllm_arguments: Further arguments of ``vllm serve``.
        engine_host: Where engines listen; ``auto`` for the address of the machine that each lives on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engines: tuple[str, ...] = Field(default=("llamacpp",), min_length=1)
    replicas: int = Field(default=1, gt=0)
    weights: Path | None = None
    model: str | None = None
    slots: int = Field(default=4, gt=0)
    context_tokens: int = Field(default=4096, gt=0)
    threads: int = Field(default=1, gt=0)
    policy: str = "retinue"
    kv_files_mib: int = Field(default=512, ge=0)
    host_cache_mib: int = Field(default=0, ge=0)
    remote_key: str = "none"
    gpus: int = Field(default=0, ge=0)
    kv_events: bool = False
    vllm_arguments: tuple[str, ...] = ()
    engine_host: str = "127.0.0.1"

    @property
    def named(self) -> dict[str, Any]:
        """The argument `model` of an engine's spec, where a name was given or follows from the weights."""
        model = self.model
        if model is None and self.weights is not None:
            model = self.weights.stem.lower()
        return {} if model is None else {"model": model}
