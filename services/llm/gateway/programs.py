"""Recognises agent jobs by their conversations, when callers do not name them.

An agent sends its whole conversation each time, one answer and one result longer. So a conversation that
begins with all the messages of an earlier one and goes on with an assistant's message continues it. A
system prompt that many share is no sign: the whole earlier conversation must be there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from services.llm.cluster.prefix import Chain, chain

_REMEMBERED = 4096


class ProgramTable:
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
        begins = chain(model, messages)
        program = self._continued(messages, begins)
        if program is None:
            self._made += 1
            program = f"chat-{self._made}"
        self._seen.setdefault(begins[-1], []).append(program)
        self._seen.move_to_end(begins[-1])
        while len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return program

    def _continued(self, messages: Sequence[dict[str, Any]], begins: Chain) -> str | None:
        # From the longest earlier conversation down; the message after it must be the answer to it.
        for length in range(len(messages) - 1, 0, -1):
            if messages[length]["role"] != "assistant":
                continue
            programs = self._seen.get(begins[length - 1])
            if programs:
                program = programs.pop(0)
                if not programs:
                    del self._seen[begins[length - 1]]
                return program
        return None
