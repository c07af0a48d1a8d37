"""The replicas that a configuration asks for."""

from __future__ import annotations

from services.errors import UserError
from services.llm.cluster.cluster import Cluster
from services.llm.cluster.replica import Replica
from services.llm.cluster.speed import ReadingSpeed
from services.llm.config import LlmConfig
from services.llm.engines.engine import Maker
from services.llm.policy import named
from services.llm.policy.waits import WaitModel
from services.plugins import discover
from services.runtime.local import Runtime


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
        named.policy_of(config.policy)
    except ValueError as error:
        raise UserError(f"--policy: {error}") from None
    replicas: list[Replica] = []
    for kind in config.engines:
        count = config.replicas if "://" not in kind else 1
        make = _maker(kind)(kind, config, runtime)
        # Engines of one kind read at one speed: whoever has read nothing yet must not look slower.
        speed = ReadingSpeed()
        for _ in range(count):
            name = f"replica-{len(replicas)}"
            replicas.append(
                Replica(name, make(name), config.policy, waits, speed, config.kv_files_mib)
            )
    return Cluster(replicas)


def _maker(kind: str) -> Maker:
    """What makes engines of a kind: an installed name, or that of an address's scheme."""
    installed = discover("engines")
    name = kind.partition("://")[0]
    if name in installed.of("engines"):
        maker: Maker = installed.of("engines")[name]
        return maker
    why = "".join(f"; {broken}" for broken in installed.broken if broken.name == name)
    known = ", ".join(n for n in installed.of("engines") if n not in ("http", "https"))
    raise UserError(
        f"--engine {kind!r} is not known: use {known}, or an address with its model's name, such as "
        f"http://10.0.0.5:8000/v1#qwen3{why}"
    )
