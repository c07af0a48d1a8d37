"""How urgent a wish is said to be: a span of time until it must be done, and a priority."""

from __future__ import annotations

import re

from brain.language.words.tokens import NUMBERS

_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = (
    r"(?:\d+(?:\.\d+)?|an?|half an?|one and a half|a couple of|a few|" + "|".join(NUMBERS) + ")"
)
_UNIT = r"(?:seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)\b"
_SPAN = rf"(?P<number>{_NUMBER})(?:\s*-?\s*)(?P<unit>{_UNIT})"
_AT_MOST = (
    r"(?:at the (?:very )?(?:latest|most)|at most|max(?:imum)?|tops|or less|or sooner|or faster)"
)
_WITHIN = re.compile(
    rf",?\s*\b(?:(?:within|in less than|in under|inside|no later than in|not later than in|in no more than"
    rf"|in at most|before the end of|at the latest in|in(?=\s+the next\b)|over(?=\s+the next\b))\s+"
    rf"(?:the next |the following |at most |no more than )?{_SPAN}(?:\s*,?\s*{_AT_MOST})?(?:\s+from now)?"
    rf"|in (?:the next )?{_SPAN.replace('number', 'number_2').replace('unit', 'unit_2')}\s*,?\s*{_AT_MOST})",
    re.IGNORECASE,
)
_QUICK = (
    r"as soon as (?:possible|you can)|as (?:fast|quickly|quick) as (?:possible|you can)|a\.?s\.?a\.?p\b\.?"
    r"|right now|right away|straight ?away|immediately|this instant|at once(?<!all at once)(?<!both at once)"
    r"|(?:and )?make it (?:quick|snappy|fast)|in a hurry|with top priority|with priority|as a priority"
    r"|top priority|high priority|without delay|on the double|pronto|urgently"
    r"|(?:it|this|that)(?: is|[’']?s) (?:very |really |quite |rather )?urgent|urgent(?=\s*(?:$|[!:.,;]))"
    r"|hurry(?: up)?(?=\s*(?:$|[!:.,;]))|quick(?:,? quick)?(?=\s*[!:,])|it can(?:not|[’']?t| not) wait"
)
_IDLE = (
    r"when(?:ever)? you (?:have|find|get|have got|[’']?ve got) (?:a |some |the )?(?:spare |free )?"
    r"(?:time|moment|minute|min|second|sec|chance)|when(?:ever)? you(?: are|[’']?re) (?:free|idle|not busy)"
    r"|whenever you (?:can|like)|whenever|at your leisure|when (?:it is )?convenient|at your convenience"
    r"|if you have (?:a |some )?(?:time|moment|minute)|(?:there(?: is|[’']?s) )?no (?:hurry|rush)"
    r"|take your time|(?:it|this|that)(?: is|[’']?s) not urgent|not urgent(?:ly)?|with low priority"
    r"|low priority|it can wait|(?:in )?no hurry"
)
_PRIORITIES = (
    (1, re.compile(rf",?\s*(?<![\w-])(?:{_QUICK})(?!\w)", re.IGNORECASE)),
    (-1, re.compile(rf",?\s*(?<![\w-])(?:{_IDLE})(?!\w)", re.IGNORECASE)),
)
# From here on the words may be those of a message.
_MESSAGE = re.compile(
    r"\b(?:tell|say|inform|remind|warn|announce|let \w+(?: \w+)? know|ask|notify|message|shout|mention|call)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^\s*(?:what|when(?! you)|where|who|which|how|why|is|are|did|does|was|were)\b", re.I
)


def urgency_of(text: str) -> tuple[str, float | None, int | None]:
    """The text without what it says of time and urgency, and what that is.

    Only a span that begins now is a deadline ("within two minutes", "in 90 seconds at the latest");
    when to begin ("in ten minutes", "at 5 pm") stays in the text. What is part of a message, or of a
    question, stays in it as well.

    Returns:
        The text, the seconds from now until it must be done, and the priority (1 urgent, -1 when
        there is time); None where nothing is said.
    """
    message = _MESSAGE.search(text)
    end = message.start() if message is not None else len(text)
    if _QUESTION.match(text):
        return text, None, None
    head, tail = text[:end], text[end:]
    within: float | None = None
    for found in list(_WITHIN.finditer(head)):
        seconds = _seconds(found)
        within = seconds if within is None else min(within, seconds)
    head = _WITHIN.sub(" ", head)
    priority: int | None = None
    for value, pattern in reversed(_PRIORITIES):
        if pattern.search(head):
            priority = value
            head = pattern.sub(" ", head)
    if within is None and priority is None:
        return text, None, None
    return _tidy(head + tail), within, priority


def _seconds(found: re.Match[str]) -> float:
    number = (found["number"] or found["number_2"]).lower()
    unit = (found["unit"] or found["unit_2"]).lower()
    return round(_count(number) * _UNIT_S[unit[0]], 3)


def _count(number: str) -> float:
    fixed = {"a couple of": 2.0, "a few": 3.0, "one and a half": 1.5, "a": 1.0, "an": 1.0}
    if number.startswith("half"):
        return 0.5
    if number in fixed:
        return fixed[number]
    return float(NUMBERS[number]) if number in NUMBERS else float(number)


def _tidy(text: str) -> str:
    """Without the marks that nothing stands between any more."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([.,;!?])", r"\1", text)
    text = re.sub(r"([,;])(?=[.,;!?])", "", text)
    return re.sub(r"^[\s,;:.!-]+|[\s,;:-]+$", "", text)
