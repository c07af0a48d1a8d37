"""What the plug-in leans on in vLLM, whose scheduler is no public interface; checked before it is used."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

#: Parameters of vLLM's methods, by class and name.
LEANED_ON: dict[str, dict[str, list[str]]] = {
    "vllm.v1.core.sched.scheduler:Scheduler": {
        "add_request": ["self", "request"],
        "schedule": ["self", "throttle_prefills"],
        "_free_request_blocks": ["self", "request"],
        "_request_blocks_can_be_freed": ["self", "request"],
        "_preempt_request": ["self", "request", "timestamp", "drop_stale_output"],
        "reset_prefix_cache": ["self", "reset_running_requests", "reset_connector"],
        "shutdown": ["self"],
    },
    "vllm.v1.core.sched.request_queue:RequestQueue": {
        "add_request": ["self", "request"],
        "pop_request": ["self"],
        "peek_request": ["self"],
        "prepend_request": ["self", "request"],
        "prepend_requests": ["self", "requests"],
        "remove_request": ["self", "request"],
        "remove_requests": ["self", "requests"],
        "__bool__": ["self"],
        "__len__": ["self"],
        "__iter__": ["self"],
    },
    "vllm.v1.core.block_pool:BlockPool": {
        "touch": ["self", "blocks"],
        "free_blocks": ["self", "ordered_blocks"],
        "get_num_free_blocks": ["self"],
    },
    "vllm.v1.core.kv_cache_manager:KVCacheManager": {
        "get_blocks": ["self", "request_id"],
        "pop_blocks_for_free": ["self", "request"],
        "allocate_slots": [
            "self",
            "request",
            "num_new_tokens",
            "num_new_computed_tokens",
            "new_computed_blocks",
            "num_lookahead_tokens",
            "num_external_computed_tokens",
            "delay_cache_blocks",
            "num_encoder_tokens",
            "full_sequence_must_fit",
            "reserved_blocks",
            "has_scheduled_reqs",
            "skip_zeroing_group_ids",
        ],
    },
    "vllm.distributed.kv_transfer.kv_connector.v1.base:KVConnectorBase_V1": {
        "get_num_new_matched_tokens": ["self", "request", "num_computed_tokens"],
        "update_state_after_alloc": ["self", "request", "blocks", "num_external_tokens"],
        "build_connector_meta": ["self", "scheduler_output"],
        "register_kv_caches": ["self", "kv_caches"],
        "start_load_kv": ["self", "forward_context", "kwargs"],
        "wait_for_layer_load": ["self", "layer_name"],
        "save_kv_layer": ["self", "layer_name", "kv_layer", "attn_metadata", "kwargs"],
        "wait_for_save": ["self"],
        "get_block_ids_with_load_errors": ["self"],
    },
}

#: Classes that stand in for vLLM's own: their abstract methods must be all that vLLM calls.
STOOD_IN_FOR = (
    "vllm.v1.core.sched.request_queue:RequestQueue",
    "vllm.distributed.kv_transfer.kv_connector.v1.base:KVConnectorBase_V1",
)


class VllmMoved(RuntimeError):
    """The installed vLLM is not the one that the plug-in was written for."""


def require_interface() -> None:
    """Compare the installed vLLM with what the plug-in leans on.

    Raises:
        VllmMoved: If a method is gone or takes other parameters; names it, and what to install.
    """
    for place, methods in LEANED_ON.items():
        kind = _found(place)
        name = kind.__name__
        if place in STOOD_IN_FOR and (more := kind.__abstractmethods__ - set(methods)):
            raise VllmMoved(
                f"vLLM's {name} has {', '.join(sorted(more))} now: install the version that "
                "constraints-vllm.txt names, or mend services/llm/vllm_plugin."
            )
        for method, expected in methods.items():
            found = getattr(kind, method, None)
            given = list(inspect.signature(found).parameters) if found is not None else None
            if given != expected:
                raise VllmMoved(
                    f"vLLM's {name}.{method} takes {given}, not {expected}: install the version that "
                    "constraints-vllm.txt names, or mend services/llm/vllm_plugin."
                )


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    kind = getattr(importlib.import_module(module), name, None)
    if kind is None:
        raise VllmMoved(
            f"vLLM has no {name} in {module} any more: install the version that "
            "constraints-vllm.txt names, or mend services/llm/vllm_plugin."
        )
    return kind
