"""Answers to questions, read together with the wish they were asked about."""

from __future__ import annotations

from collections.abc import Callable

from brain.contracts import Interpretation, Refuse
from brain.language.wish import Past
from stem_memory.tasks import GoalRecord
from stem_memory.view import MemoryView

Reader = Callable[[str, str, MemoryView, Past], Interpretation]


def answered(
    record: GoalRecord, text: str, view: MemoryView, read: Reader
) -> Interpretation | None:
    """The wish with its question answered, or None where the text is a wish of its own."""
    del record, text, view, read
    return Refuse(reason="")
