"""What words of the wearer are for, before any skill is asked: a closed list and plain forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from devices.facts import Value

Control = Literal["stop", "not_now", "more", "thanks"]

_CONTROL: dict[Control, frozenset[str]] = {
    "stop": frozenset({
        "stop", "stop it", "stop talking", "be quiet", "quiet", "hush", "silence", "shut up",
        "enough", "cancel", "never mind", "nevermind",
    }),
    "not_now": frozenset({
        "not now", "not now please", "later", "maybe later", "leave me alone", "leave me",
        "i am busy", "i'm busy", "do not disturb", "don't disturb me", "no thanks", "no thank you",
    }),
    "more": frozenset({"more", "tell me more", "go on", "say more", "continue"}),
    "thanks": frozenset({
        "thanks", "thank you", "thanks a lot", "great", "good", "good to know", "ok", "okay",
        "got it", "nice",
    }),
}  # fmt: skip
# Control words that robots must hear, too, where there are any.
_ALL_STOP = frozenset({"stop", "stop it", "cancel", "never mind", "nevermind"})
_GO_ON = frozenset({"go on", "continue"})
_POLITE = re.compile(
    r"^(hey |hi |ok |okay |please |retinue |glasses |somebody |someone "
    r"|(can|could|would|will) (you|somebody|someone)( please)? |i (want|need) you to )+"
)
_WISH = re.compile(
    r"^(bring|fetch|get me|get my|get the|give me|hand me|take|put|carry|move|turn (on|off)"
    r"|switch (on|off)|open|close|clean|wipe|wash|clear|tidy|heat|warm|pour|make me|slice|mop"
    r"|restock|throw|send|i (want|need|would like|'d like) (my|the|a|an|some))\b"
)
_ASKS = re.compile(
    r"^(what|where|who|whose|when|why|how|which|is|are|am|was|were|do|does|did|can|could|should"
    r"|will|would|have|has|tell me|explain)\b"
)


def personal(text: str, preferences: Mapping[str, Value]) -> str:
    """The text with "my cup" said so that others understand it, where the wearer has told how:
    a preference "my cup" of "the green cup".
    """
    for name, value in sorted(preferences.items()):
        if name.startswith("my ") and isinstance(value, str):
            text = re.sub(rf"\b{re.escape(name)}\b", value, text, flags=re.IGNORECASE)
    return text


def plain(text: str) -> str:
    """Lower case, single spaces, no punctuation at the ends, no polite beginning."""
    words = " ".join(text.lower().replace(",", " ").split()).strip(" .!?")
    return _POLITE.sub("", words)


def control(text: str) -> Control | None:
    """A control word, if that is all that was said."""
    return next((name for name, forms in _CONTROL.items() if _is_one_of(text, forms)), None)


def stops_all(text: str) -> bool:
    """Whether it ends what anybody does, not only what the glasses say."""
    return _is_one_of(text, _ALL_STOP)


def goes_on(text: str) -> bool:
    """Whether it may let robots go on that were told to stop."""
    return _is_one_of(text, _GO_ON)


def is_wish(text: str) -> bool:
    """Whether it is a request to act on the world: something for a robot."""
    return _WISH.match(plain(text)) is not None


def is_question(text: str) -> bool:
    """Whether it is a question or asks to be told something."""
    return text.rstrip().endswith("?") or _ASKS.match(plain(text)) is not None


def _is_one_of(text: str, forms: frozenset[str]) -> bool:
    words = " ".join(text.lower().replace(",", " ").split()).strip(" .!?")
    return words in forms or plain(text) in forms
