"""Conversations by their beginnings: what an engine has read of one, it has read of another that begins so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

#: Hashes of a conversation's beginnings, one for each message.
Chain = tuple[str, ...]


def chain(model: str, messages: Sequence[dict[str, Any]]) -> Chain:
    """The chain of a conversation with a model."""
    found = []
    running = hashlib.sha256(model.encode())
    for message in messages:
        said = {key: message.get(key) for key in ("role", "content", "tool_calls", "tool_call_id")}
        running.update(json.dumps(said, sort_keys=True, ensure_ascii=False).encode())
        found.append(running.hexdigest())
    return tuple(found)


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many first entries two sequences share: messages of chains, or tokens."""
    length = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        length += 1
    return length
