"""Answers to questions, read together with the wish they were asked about.

Not everything that is said after a question is an answer to it. What is wholly understood on its own
is a wish, a question or a message of its own, unless it says what was asked and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from brain.contracts import Ask, Interpretation, Refuse, Understood
from brain.language.answers import message_of, picked
from brain.language.grounding.doubt import Unclear
from brain.language.past import Past, past_of
from brain.language.reply import Reply
from brain.language.words.lexicon import lexicon
from brain.language.words.site import Site
from devices.facts import At, Be, Clear, Condition, Known, Told
from stem_memory.tasks import GoalRecord
from stem_memory.view import MemoryView

# (wish, speaker, view, past) -> what it means, and the doubt behind a question.
Reader = Callable[[str, str, MemoryView, Past], tuple[Interpretation, Unclear | None]]
# Questions that one wish may raise, one after the other.
_MOST = 8


@dataclass(frozen=True)
class _State:
    """How far a wish is understood: its words as they are now, and what was answered."""

    wish: str
    past: Past


def answered(
    record: GoalRecord, text: str, view: MemoryView, read: Reader
) -> Interpretation | None:
    """The wish with its question answered; None where the text is a wish of its own.

    The same question again is returned for words that neither answer it nor mean anything else.
    Memory keeps the wish and what was answered, not how far it was understood: earlier answers are
    given again, one question after the other.
    """
    return _Dialogue(record, view, read).with_answer(text)


class _Dialogue:
    """The questions of one goal and what was said to them."""

    def __init__(self, record: GoalRecord, view: MemoryView, read: Reader) -> None:
        self.record = record
        self.who = record.goal.who
        self.view = view
        self.site = Site(view, lexicon())
        self._reader = read

    def with_answer(self, text: str) -> Interpretation | None:
        """What the wish means with this answer, too; None: it is none."""
        earlier = [words for _, words in self.record.replies]
        state = _State(self.record.goal.text, past_of(self.record.goal, self.view))
        for _ in range(_MOST):
            meant, doubt = self._read(state)
            if doubt is None:
                # It became clear by itself meanwhile: only bare words can have been an answer.
                return meant if Reply(text, self.site).is_bare else None
            taken: _State | None = None
            while earlier and taken is None:
                taken = next(self._answers(earlier.pop(0), doubt, state), None)
            if taken is None:
                return self._judged(text, doubt, state)
            state = taken
        return None

    def _judged(self, text: str, doubt: Unclear, state: _State) -> Interpretation | None:
        for taken in self._answers(text, doubt, state):
            return self._read(taken)[0]
        return self._otherwise(text, doubt, state)

    def _read(self, state: _State) -> tuple[Interpretation, Unclear | None]:
        return self._reader(state.wish, self.who, self.view, state.past)

    def _alone(self, text: str, state: _State) -> tuple[Interpretation, Unclear | None]:
        """The words without the wish, in the light of what was before it."""
        return self._reader(text, self.who, self.view, replace(state.past, answers=()))

    # -- what answers --------------------------------------------------------------------------

    def _answers(self, text: str, doubt: Unclear, state: _State) -> Iterator[_State]:
        """How far the wish is understood with these words, if they answer the question."""
        reply, wish = Reply(text, self.site), Reply(state.wish, self.site)
        if doubt.kind == "message":
            if not self._is_own_order(reply, state):
                yield _with(state, doubt, (message_of(text),))
        elif doubt.kind in ("words", "what", "wish"):
            yield from self._said_anew(reply, wish, doubt, state)
        else:
            found = picked(doubt, reply, self.site) if reply.goes_with(wish) else ()
            if found and self._is_mere(reply, found, doubt, state):
                yield _with(state, doubt, found)
            elif not reply.is_bare:
                yield from self._said_wholly(reply, doubt, state)

    def _is_mere(self, reply: Reply, found: tuple[str, ...], doubt: Unclear, state: _State) -> bool:
        """Whether words that pick something do not ask for anything else than the wish."""
        if reply.is_bare or all(c.form in ("verbless", "need") for c in reply.clauses):
            return True
        if doubt.kind == "count":
            return True  # nothing is said but the number, of what it was asked of
        alone, _ = self._alone(reply.text, state)
        if not isinstance(alone, Understood):
            return True
        return self._says(alone, _with(state, doubt, found))

    def _said_wholly(self, reply: Reply, doubt: Unclear, state: _State) -> Iterator[_State]:
        """Such as "heat the tomato soup", after "heat the soup": the wish, with what was asked."""
        alone, _ = self._alone(reply.text, state)
        if not isinstance(alone, Understood) or not doubt.slot:
            return
        for found in _offered(alone, doubt):
            taken = _with(state, doubt, (found,))
            if self._says(alone, taken):
                yield taken
                return

    def _says(self, alone: Understood, taken: _State) -> bool:
        """Whether the words ask for what the wish asks for, or a part of it, and nothing else."""
        whole, _ = self._read(taken)
        return isinstance(whole, Understood) and all(
            condition in whole.conditions for condition in alone.conditions
        )

    def _said_anew(
        self, reply: Reply, wish: Reply, doubt: Unclear, state: _State
    ) -> Iterator[_State]:
        """The wish in other words, or with more of them."""
        anew = _State(reply.text, replace(state.past, answers=()))
        alone, why = self._alone(reply.text, state)
        is_clear = not isinstance(alone, Ask)
        if why is not None and why.kind == "words":
            return
        if doubt.kind == "wish":
            if not (isinstance(alone, Ask) and alone.question == doubt.question):
                yield anew
            return
        same = reply.said_again or (
            reply.is_about_the_same(wish) and reply.is_asking == wish.is_asking
        )
        if reply.is_bare or not is_clear:
            joint = "" if doubt.question.endswith(" what?") else "."
            more = f"{state.wish.rstrip(' .!?')}{joint} {reply.text}"
            joined = _State(more, state.past)
            meant, left = self._read(joined)
            if isinstance(meant, Understood) or (left is not None and left.kind == "which"):
                yield joined
                return
        if same and isinstance(alone, Understood | Ask):
            yield anew

    # -- what does not -------------------------------------------------------------------------

    def _otherwise(self, text: str, doubt: Unclear, state: _State) -> Interpretation | None:
        """The words answer nothing: they are a wish of their own, or nobody knows what they are."""
        reply = Reply(text, self.site)
        alone, why = self._alone(text, state)
        is_own = isinstance(alone, Understood)
        if isinstance(alone, Refuse):
            is_own = not reply.is_bare
        elif isinstance(alone, Ask):
            is_read = why is not None and why.kind != "words"
            is_own = is_read and not reply.is_bare and alone.question != doubt.question
        if is_own:
            return None
        return Ask(question=self.record.question, options=self.record.options)

    def _is_own_order(self, reply: Reply, state: _State) -> bool:
        """Whether the words tell the fleet to do something, rather than what to tell somebody."""
        forms = {c.form for c in reply.clauses if c.readings or c.form == "tell"}
        is_order = forms & {"do", "need", "tell"} and message_of(reply.text) == reply.bare_text
        if not is_order and not any(c.readings == ("know",) for c in reply.clauses):
            return False
        return isinstance(self._alone(reply.text, state)[0], Understood)


def _with(state: _State, doubt: Unclear, found: tuple[str, ...]) -> _State:
    answers = (*state.past.answers, (doubt.slot, found))
    return replace(state, past=replace(state.past, answers=answers))


def _offered(alone: Understood, doubt: Unclear) -> Iterator[str]:
    """What of the conditions may be what was asked for."""
    named = [thing for condition in alone.conditions for thing in _named(condition)]
    if doubt.kind == "which":
        yield from dict.fromkeys(thing for thing in named if thing in doubt.things)
    elif doubt.kind == "count":
        counts = (c.count for c in alone.conditions if isinstance(c, At | Be))
        yield from (str(count) for count in counts if count is not None)
    else:
        yield from dict.fromkeys(named)


def _named(condition: Condition) -> tuple[str, ...]:
    if isinstance(condition, Clear):
        return (condition.where,)
    if isinstance(condition, Told):
        return (condition.who,)
    if isinstance(condition, At):
        return (*condition.what.ids, condition.where)
    assert isinstance(condition, Be | Known)
    return condition.what.ids
