"""Recognises agent jobs by their conversations, when callers do not name them.

An agent sends its whole conversation each time, one answer and one result longer. So a conversation that
begins with all the messages of an earlier one and goes on with an assistant's message continues it. A
system prompt that many share is no sign: the whole earlier conversation must be there.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

_REMEMBERED = 4096


class ProgramBook:
    """Conversations seen last, by the hash of their messages.

    Args:
        remembered: How many; the oldest are forgotten.
    """

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._made = 0
        # Hash of a conversation -> the programs whose last request it was, oldest first.
        self._seen: OrderedDict[str, list[str]] = OrderedDict()

    def name(self, model: str, messages: Sequence[dict[str, Any]]) -> str:
        """The program that this conversation continues, or a new one, and remember it.

        Args:
            model: The model it is for.
            messages: The conversation.
        """
        chain = _chain(model, messages)
        program = self._continued(messages, chain)
        if program is None:
            self._made += 1
            program = f"chat-{self._made}"
        self._seen.setdefault(chain[-1], []).append(program)
        self._seen.move_to_end(chain[-1])
        while len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return program

    def _continued(self, messages: Sequence[dict[str, Any]], chain: list[str]) -> str | None:
        # From the longest earlier conversation down; the message after it must be the answer to it.
        for length in range(len(messages) - 1, 0, -1):
            if messages[length]["role"] != "assistant":
                continue
            programs = self._seen.get(chain[length - 1])
            if programs:
                program = programs.pop(0)
                if not programs:
                    del self._seen[chain[length - 1]]
                return program
        return None


def _chain(model: str, messages: Sequence[dict[str, Any]]) -> list[str]:
    """Hashes of the conversation's beginnings, one per length."""
    found = []
    running = hashlib.sha256(model.encode())
    for message in messages:
        said = {key: message.get(key) for key in ("role", "content", "tool_calls", "tool_call_id")}
        running.update(json.dumps(said, sort_keys=True, ensure_ascii=False).encode())
        found.append(running.hexdigest())
    return found
