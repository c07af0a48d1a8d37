"""Times of day and spans of time in a wish. Nobody here waits for one: it is said so, not done at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brain.language.words.lexicon import among
from brain.language.words.tokens import Token

_CLOCK = among("am pm oclock")
_HOUR = re.compile(r"\d{1,2}(am|pm|h)")
_WHEN = among("at by until till before after from around about")
_MOMENTS = among(
    "noon midday midnight lunchtime teatime dinnertime bedtime dawn dusk sunrise sunset"
)
_SPANS = among("second minute min hour day week month")
_REPEATED = among("morning evening afternoon night day hour week monday tuesday wednesday")
_FEW = among("few couple several half")


def time_said(tokens: Sequence[Token], text: str) -> str:
    """The words of a time ("at 5 pm", "in ten minutes", "every morning"); empty if there are none.

    Args:
        tokens: Those of a clause.
        text: What they are the tokens of.
    """
    for k, token in enumerate(tokens):
        if token.text in ("tomorrow", "later") and not (k and tokens[k - 1].text == "for"):
            return token.text
        if size := _time(tokens, k):
            start = k - (k > 0 and tokens[k - 1].text in (*_WHEN, "in", "for"))
            return text[tokens[start].start : tokens[k + size - 1].end]
        if token.text == "every" and k + 1 < len(tokens) and tokens[k + 1].key in _REPEATED:
            return f"every {tokens[k + 1].text}"
    return ""


def _time(tokens: Sequence[Token], k: int) -> int:
    """How many tokens from `k` on are a time."""
    words = [t.text for t in tokens[k : k + 4]]
    before = tokens[k - 1].text if k else ""
    if _HOUR.fullmatch(words[0]) or (words[0] in _MOMENTS and before in _WHEN):
        return 1
    if tokens[k].number is not None and words[1:2] and words[1] in _CLOCK:
        return 2
    if tokens[k].number is not None and before in _WHEN and words[1:2] == [":"]:
        return 3
    if before not in ("in", "for", "after", "every"):
        return 0
    keys = [t.key for t in tokens[k : k + 4]]
    if tokens[k].number is not None and keys[1:2] and keys[1] in _SPANS:
        return 2
    if words[0] in ("a", "an") and keys[1:2] and keys[1] in ("hour", "day", "week", "month"):
        return 2
    for size in (3, 4):
        if keys[size - 1 : size] and keys[size - 1] in _SPANS and _FEW & set(words[: size - 1]):
            return size
    return 0
