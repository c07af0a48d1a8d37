"""What stands between a wish and its conditions: a question to ask, a reason to refuse."""

from __future__ import annotations

from collections.abc import Sequence


class Doubt(Exception):
    """Nothing moves on doubt. `brain.interpret` turns it into `Ask` or `Refuse`."""


class Unclear(Doubt):
    """Several readings, or none: ask.

    Args:
        question: What to ask.
        options: Answers to choose from, as people call them.
        things: Ids (or classes) behind the options, in the same order.
        slot: Which words the question is about; the answer is put there.
        kind: "which" (of `things`), "thing", "where" (a place), "count", "who", "message", "yes";
            or what the slot of a word can not hold: "what" (more words), "words" (other words),
            "wish" (any wish at all).
    """

    def __init__(
        self,
        question: str,
        options: Sequence[str] = (),
        things: Sequence[str] = (),
        slot: str = "",
        kind: str = "what",
    ) -> None:
        super().__init__(question)
        self.question = question
        self.options = tuple(options)
        self.things = tuple(things)
        self.slot = slot
        self.kind = kind


class Unable(Doubt):
    """No skill of this fleet can do it, or what is named is not here: refuse."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unread(Doubt):
    """The words could not be read; another reader may try."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Misfit(Exception):
    """This meaning of the verb does not fit what it is said of; another one may."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
