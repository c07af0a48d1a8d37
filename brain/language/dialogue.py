"""Answers to questions, read together with the wish they were asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from brain.contracts import Ask, Interpretation, Refuse, Understood
from brain.language.answers import is_cancel, picked
from brain.language.doubt import Unclear
from brain.language.lexicon import lexicon
from brain.language.past import Past, past_of
from brain.language.reading import words_of
from brain.language.site import Site
from devices.facts import At, Be, Clear, Condition, Known, Told
from stem_memory.tasks import GoalRecord
from stem_memory.view import MemoryView

# (wish, speaker, view, past) -> what it means, and the doubt behind a question.
Reader = Callable[[str, str, MemoryView, Past], tuple[Interpretation, Unclear | None]]
_MOST = 5


def answered(
    record: GoalRecord, text: str, view: MemoryView, read: Reader
) -> Interpretation | None:
    """The wish with its question answered; None where the text is a wish of its own.

    Memory keeps the wish and the dialogue, not how far it was understood: earlier answers are found
    in the dialogue and given again, one question after the other.
    """
    goal = record.goal
    site = Site(view, lexicon())
    if is_cancel(words_of(text, site)):
        return Refuse(reason="It was called off.")
    past = past_of(goal, view)
    for _ in range(_MOST):
        meant, doubt = read(goal.text, goal.who, view, past)
        if doubt is None:
            return meant
        now = doubt.question == record.question
        said = text if now else _said_then(doubt.question, record, view)
        if said is None:
            break
        found = _taken(past, doubt, said, site)
        if found is None:
            return _otherwise(record, doubt, said, past, view, read)
        past = found
        if now:
            return read(goal.text, goal.who, view, past)[0]
    return None


def _said_then(question: str, record: GoalRecord, view: MemoryView) -> str | None:
    """What the speaker said after the question."""
    asked = False
    for t, who, words in view.dialogue():
        if t >= record.goal.t and words == question:
            asked = True
        elif asked and who == record.goal.who:
            return words
    return None


def _taken(past: Past, doubt: Unclear, text: str, site: Site) -> Past | None:
    """The past with this answer in its slot; None where it is none."""
    if doubt.kind == "message":
        found: tuple[str, ...] = (text.strip(" .!?"),)
    else:
        found = picked(doubt, text, site)
    if not found:
        return None
    return replace(past, answers=(*past.answers, (doubt.slot, found)))


def _otherwise(
    record: GoalRecord, doubt: Unclear, text: str, past: Past, view: MemoryView, read: Reader
) -> Interpretation | None:
    """The text picks nothing: it is a wish of its own, the missing content, or unclear still."""
    alone, _ = read(text, record.goal.who, view, past)
    if isinstance(alone, Understood):
        if doubt.kind == "what":
            return alone
        chosen = {thing for c in alone.conditions for thing in _named(c)} & set(doubt.things)
        if len(chosen) == 1 and doubt.kind == "which":
            slot = (*past.answers, (doubt.slot, tuple(chosen)))
            return read(record.goal.text, record.goal.who, view, replace(past, answers=slot))[0]
        return None
    if len(text.split()) > 4 and not isinstance(alone, Ask):
        return None
    return Ask(question=record.question, options=record.options)


def _named(condition: Condition) -> tuple[str, ...]:
    if isinstance(condition, Clear):
        return (condition.where,)
    if isinstance(condition, Told):
        return (condition.who,)
    if isinstance(condition, At):
        return (*condition.what.ids, condition.where)
    assert isinstance(condition, Be | Known)
    return condition.what.ids
