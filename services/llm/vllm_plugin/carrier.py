"""Carries the KV of a program that waits out of one vLLM and into another, through a file.

    vllm serve MODEL --kv-transfer-config '{"kv_connector": "AgentCarrier", "kv_role": "kv_both",
        "kv_connector_module_path": "services.llm.vllm_plugin.carrier"}'

A pinned program's blocks are full and nobody writes to them, so they are copied in one go while it waits, and
nobody's answer stalls. A file holds them in the order of their tokens, with their hashes. Where it is brought
in, the next request that begins with the same blocks finds them as if it had computed them; what does not fit
it, or cannot be read, is computed again.

Models with one kind of KV block, on one worker. Files lie in the folder that ``RETINUE_KV_FOLDER`` names.
Replicas must hash alike: the same ``PYTHONHASHSEED``.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vllm.distributed.kv_transfer.kv_connector.v1.base import (
    KVConnectorBase_V1,
    KVConnectorMetadata,
)
from vllm.v1.core.kv_cache_utils import get_block_hash

FOLDER_VARIABLE = "RETINUE_KV_FOLDER"

_log = logging.getLogger(__name__)


@dataclass
class _Save:
    path: str
    blocks: list[int]
    hashes: list[str]


@dataclass
class _Load:
    """Blocks of a file from the first on, into blocks of the engine."""

    path: str
    first: int
    blocks: list[int]


@dataclass
class Carriage(KVConnectorMetadata):  # type: ignore[misc]
    """What a worker has to carry in one step."""

    saves: list[_Save] = field(default_factory=list)
    loads: list[_Load] = field(default_factory=list)


class AgentCarrier(KVConnectorBase_V1):  # type: ignore[misc]
    """VLLM makes one in the scheduler's process and one in each worker."""

    #: Dropped saves and loads cost a computation, nothing else.
    requires_kv_delivery = False

    def __init__(self, vllm_config: Any, role: Any, kv_cache_config: Any) -> None:
        super().__init__(vllm_config=vllm_config, role=role, kv_cache_config=kv_cache_config)
        self._folder = Path(os.environ.get(FOLDER_VARIABLE, "."))
        self._size = vllm_config.cache_config.block_size
        # In the scheduler: the hashes of the blocks in each file, and what a request finds in one.
        self._files: dict[str, list[str]] = {}
        self._found: dict[str, tuple[str, int, int]] = {}
        self._next = Carriage()
        # In a worker: the blocks of each layer, and those that could not be filled.
        self._layers: list[Any] = []
        self._failed: set[int] = set()

    # ------------------------------------------------------------------ in the scheduler

    def put_out(self, key: str, blocks: list[Any]) -> None:
        """Write these blocks into a file with the next step; they must stay as they are until then."""
        hashes = [get_block_hash(block.block_hash).hex() for block in blocks]
        self._next.saves.append(
            _Save(str(self._folder / key), [b.block_id for b in blocks], hashes)
        )

    def read(self, key: str) -> list[str]:
        """The hashes of the blocks in a file; from any thread.

        Raises:
            OSError: If there is none, or it is none of ours.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self._folder / key, "pt") as file:
                return str((file.metadata() or {})["hashes"]).split()
        except (SafetensorError, KeyError) as error:
            raise OSError(f"{key} holds no KV: {error}") from error

    def take_in(self, key: str, hashes: list[str]) -> None:
        """Let the next request that begins with these blocks find them in the file."""
        self._files[key] = hashes

    def discard(self, key: str) -> None:
        """The file goes; unknown ones are ignored."""
        self._files.pop(key, None)

    def get_num_new_matched_tokens(
        self, request: Any, num_computed_tokens: int
    ) -> tuple[int, bool]:
        """Tokens that a file holds beyond those that the engine has."""
        first = num_computed_tokens // self._size
        # The last token is always computed: it yields the first of the answer.
        most = (request.num_tokens - 1) // self._size
        best, end = "", first
        if self._files and most > first:
            own = [block.hex() for block in request.block_hashes[:most]]
            for key, hashes in self._files.items():
                # A hash stands for all tokens up to its block, so the last that agrees says all.
                if hashes[first : first + 1] == own[first : first + 1]:
                    same = _common(own, hashes)
                    if same > end:
                        best, end = key, same
        if end <= first:
            return 0, False
        self._found[request.request_id] = (best, first, end)
        return end * self._size - num_computed_tokens, False

    def update_state_after_alloc(self, request: Any, blocks: Any, num_external_tokens: int) -> None:
        """The request has its blocks: those that are in the file are filled before this step."""
        key, first, end = self._found.pop(request.request_id, ("", 0, 0))
        if num_external_tokens and end:
            (ids,) = blocks.get_block_ids()
            self._next.loads.append(_Load(str(self._folder / key), first, list(ids[first:end])))

    def build_connector_meta(self, scheduler_output: Any) -> Carriage:
        """What goes to the workers with this step."""
        carriage, self._next = self._next, Carriage()
        return carriage

    # ------------------------------------------------------------------ in a worker

    def register_kv_caches(self, kv_caches: dict[str, Any]) -> None:
        """The blocks of each layer; a block is the first index."""
        self._layers = list(kv_caches.values())

    def start_load_kv(self, forward_context: Any, **kwargs: Any) -> None:
        """Fill the blocks that this step's requests found in files."""
        for load in self._get_connector_metadata().loads:
            try:
                self._load(load)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, it is computed again
                _log.warning("KV of %s is computed again: %s", load.path, error)
                self._failed.update(load.blocks)

    def wait_for_save(self) -> None:
        """Write the files that this step is to write."""
        for save in self._get_connector_metadata().saves:
            try:
                self._save(save)
            except Exception as error:  # noqa: BLE001 - who waits for the file gives up after a while
                _log.warning("KV could not be written to %s: %s", save.path, error)

    def get_block_ids_with_load_errors(self) -> set[int]:
        """Blocks that could not be filled."""
        failed, self._failed = self._failed, set()
        return failed

    def wait_for_layer_load(self, layer_name: str) -> None:
        """Nothing: all layers are filled before the step."""

    def save_kv_layer(self, layer_name: str, kv_layer: Any, attn_metadata: Any, **_: Any) -> None:
        """Nothing: blocks are written when their program waits."""

    def _save(self, save: _Save) -> None:
        from safetensors.torch import save_file

        layers = {
            str(number): layer[save.blocks].cpu().contiguous()
            for number, layer in enumerate(self._layers)
        }
        # Whoever waits for the file must not find a part of it.
        part = Path(f"{save.path}.part")
        save_file(layers, part, metadata={"hashes": " ".join(save.hashes)})
        part.replace(save.path)

    def _load(self, load: _Load) -> None:
        from safetensors import safe_open

        end = load.first + len(load.blocks)
        with safe_open(load.path, "pt") as file:
            for number, layer in enumerate(self._layers):
                carried = file.get_slice(str(number))[load.first : end]
                layer[load.blocks] = carried.to(layer.device)


def _common(own: list[str], hashes: list[str]) -> int:
    """How many blocks two chains have in common from the beginning."""
    low, high = 0, min(len(own), len(hashes))
    while low < high:
        middle = (low + high + 1) // 2
        if own[middle - 1] == hashes[middle - 1]:
            low = middle
        else:
            high = middle - 1
    return low
