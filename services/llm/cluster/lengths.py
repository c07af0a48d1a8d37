"""How many tokens a conversation has, before an engine has counted them.

A program's next prompt is its last one, whose tokens are known, and what was added to it; so the error is that of
the addition alone. That matters: what is left to read is the difference of two long things.
"""

from __future__ import annotations

from collections import OrderedDict

_REMEMBERED = 4096
# What tokenizers make of English, until the first answer tells.
_CHARACTERS_PER_TOKEN = 4.0
_WEIGHT = 0.1


class PromptLengths:
    """Learns characters per token, and remembers each program's last prompt."""

    def __init__(self) -> None:
        self._rate = _CHARACTERS_PER_TOKEN
        # Program -> characters and tokens of its last prompt, least recently learned first.
        self._last: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def tokens(self, characters: int, program: str = "") -> int:
        """About how many tokens a prompt has; at least one.

        Args:
            characters: Its length.
            program: Whose it is; empty if that is not known.
        """
        known, counted = self._last.get(program, (0, 0))
        if known > characters:
            # It does not go on where it was: its program has shortened its conversation.
            known, counted = 0, 0
        return max(1, counted + round((characters - known) / self._rate))

    def learn(self, characters: int, tokens: int, program: str = "") -> None:
        """An engine has counted a prompt."""
        if tokens <= 0 or characters <= 0:
            return
        self._rate += _WEIGHT * (characters / tokens - self._rate)
        if not program:
            return
        self._last[program] = (characters, tokens)
        self._last.move_to_end(program)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
