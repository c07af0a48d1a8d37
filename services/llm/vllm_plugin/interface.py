"""What the plug-in leans on in vLLM, whose scheduler is no public interface; checked before it is used."""

from __future__ import annotations

import importlib
import inspect

#: Parameters of vLLM's methods, by class and name.
LEANED_ON: dict[str, dict[str, list[str]]] = {
    "vllm.v1.core.sched.scheduler:Scheduler": {
        "add_request": ["self", "request"],
        "schedule": ["self", "throttle_prefills"],
        "_free_request_blocks": ["self", "request"],
        "_preempt_request": ["self", "request", "timestamp", "drop_stale_output"],
        "reset_prefix_cache": ["self", "reset_running_requests", "reset_connector"],
        "shutdown": ["self"],
    },
    "vllm.v1.core.block_pool:BlockPool": {
        "touch": ["self", "blocks"],
        "free_blocks": ["self", "ordered_blocks"],
        "get_num_free_blocks": ["self"],
    },
    "vllm.v1.core.kv_cache_manager:KVCacheManager": {"get_blocks": ["self", "request_id"]},
}


class VllmMoved(RuntimeError):
    """The installed vLLM is not the one that the plug-in was written for."""


def require_interface() -> None:
    """Compare the installed vLLM with what the plug-in leans on.

    Raises:
        VllmMoved: If a method is gone or takes other parameters; names it, and what to install.
    """
    for place, methods in LEANED_ON.items():
        module, _, name = place.partition(":")
        kind = getattr(importlib.import_module(module), name)
        for method, expected in methods.items():
            found = getattr(kind, method, None)
            given = list(inspect.signature(found).parameters) if found is not None else None
            if given != expected:
                raise VllmMoved(
                    f"vLLM's {name}.{method} takes {given}, not {expected}: install the version that "
                    "constraints-vllm.txt names, or mend services/llm/vllm_plugin."
                )
