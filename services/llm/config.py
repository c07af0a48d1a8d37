"""Which engines stand behind the endpoint, from what the user wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.errors import UserError
from services.llm.cluster.cluster import Cluster
from services.llm.cluster.replica import Replica
from services.llm.cluster.speed import ReadingSpeed
from services.llm.engines.engine import Engine
from services.llm.policy import named
from services.llm.policy.estimates import PrefillCurve
from services.llm.policy.waits import WaitModel
from services.runtime.local import Runtime


class LlmConfig(BaseModel):
    """The engines and how they are scheduled.

    Attributes:
        engines: Each is ``llamacpp``, ``vllm``, ``simulated``, or an address with a model's name
            (``http://host:port/v1#model``).
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


def make_cluster(config: LlmConfig, runtime: Runtime) -> Cluster:
    """The replicas that the configuration asks for, not started.

    Args:
        config: What is wanted.
        runtime: Where engines' processes live.

    Raises:
        UserError: If an engine or the policy is not known.
    """
    waits = WaitModel()
    try:
        named.build(config.policy, PrefillCurve(), waits)
    except ValueError as error:
        raise UserError(f"--policy: {error}") from None
    replicas: list[Replica] = []
    for kind in config.engines:
        count = config.replicas if "://" not in kind else 1
        make = _maker(kind, config, runtime)
        # Engines of one kind read at one speed: whoever has read nothing yet must not look slower.
        speed = ReadingSpeed()
        for _ in range(count):
            name = f"replica-{len(replicas)}"
            replicas.append(
                Replica(name, make(name), config.policy, waits, speed, config.kv_files_mib)
            )
    return Cluster(replicas)


def _maker(kind: str, config: LlmConfig, runtime: Runtime) -> Callable[[str], Engine]:
    if kind == "llamacpp":
        from services.llm.engines.llamacpp import LlamaCppEngine, LlamaCppSpec

        llama = LlamaCppSpec(
            weights=config.weights,
            context_tokens=config.context_tokens,
            slots=config.slots,
            threads=config.threads,
            host_cache_mib=config.host_cache_mib,
            host=config.engine_host,
            **_named(config),
        )
        return lambda name: LlamaCppEngine(llama, runtime, name)
    if kind == "simulated":
        from services.llm.engines.simulated import SimulatedEngine, SimulatedSpec

        simulated = SimulatedSpec(
            slots=config.slots, context_tokens=config.context_tokens, **_named(config)
        )
        return lambda name: SimulatedEngine(simulated)
    if kind == "vllm":
        from services.llm.engines.vllm import VllmEngine, VllmSpec

        if config.weights is None or not (config.weights / "config.json").is_file():
            raise UserError("--engine vllm needs --weights, a model folder in Hugging Face's form")
        vllm = VllmSpec(
            weights=config.weights,
            model=config.model or config.weights.name.lower(),
            context_tokens=config.context_tokens,
            policy=config.policy,
            gpus=config.gpus,
            threads=config.threads,
            carries_kv=config.kv_files_mib > 0,
            kv_events=config.kv_events,
            arguments=config.vllm_arguments,
            host=config.engine_host,
        )
        return lambda name: VllmEngine(vllm, runtime, name)
    address, mark, model = kind.partition("#")
    if address.startswith(("http://", "https://")) and mark and model:
        from services.llm.engines.remote import RemoteEngine, RemoteSpec

        try:
            remote = RemoteSpec(url=address, model=model, key=config.remote_key)
        except ValidationError as error:
            raise UserError(f"--engine {kind!r}: {error.errors()[0]['msg']}") from None
        return lambda name: RemoteEngine(remote)
    raise UserError(
        f"--engine {kind!r} is not known: use llamacpp, vllm, simulated, or an address with its "
        "model's name, such as http://10.0.0.5:8000/v1#qwen3"
    )


def _named(config: LlmConfig) -> dict[str, Any]:
    model = config.model
    if model is None and config.weights is not None:
        model = config.weights.stem.lower()
    return {} if model is None else {"model": model}
