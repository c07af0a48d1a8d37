"""Understanding people: a wish in plain English becomes conditions over what memory knows.

The grammar of `brain.language` reads words, finds the clauses, and looks every noun up in memory. It
acts only where it can account for every word; otherwise it asks or refuses, and nothing moves.
"""

from __future__ import annotations

from brain.contracts import Ask, Interpretation, Refuse, Understood
from brain.language.dialogue import answered
from brain.language.doubt import Unable, Unclear, Unread
from brain.language.heads import shipped
from brain.language.past import past_of
from brain.language.summary import summary
from brain.language.wish import Past, Wish
from brain.model import Embedder, LanguageModel
from stem_memory.tasks import Goal, GoalRecord
from stem_memory.view import MemoryView


class WishInterpreter:
    """`brain.mind.Interpreter` for plain English.

    Args:
        model: A language model for what the grammar can not read; None: ask instead.
        embedder: A sentence encoder; None: parse alone.
    """

    def __init__(self, model: LanguageModel | None = None, embedder: Embedder | None = None) -> None:
        self._model = model
        self._head = shipped(embedder) if embedder is not None else None

    def interpret(self, goal: Goal, view: MemoryView) -> Interpretation:
        """What the wish means here: conditions, a question back, or a refusal with its reason."""
        return self._read(goal.text, goal.who, view, past_of(goal, view))[0]

    def answer(self, record: GoalRecord, text: str, view: MemoryView) -> Interpretation | None:
        """The wish of `record` read together with this answer; None: the text is no answer."""
        return answered(record, text, view, self._read)

    def _read(
        self, text: str, who: str, view: MemoryView, past: Past
    ) -> tuple[Interpretation, Unclear | None]:
        """What the words mean, and the doubt behind a question."""
        wish = Wish(text, who, view, past, self._head)
        try:
            conditions = wish.conditions()
        except Unclear as doubt:
            return Ask(question=doubt.question, options=doubt.options), doubt
        except Unable as doubt:
            return Refuse(reason=doubt.reason), None
        except Unread as doubt:
            question = f'I do not understand "{doubt.words}". Can you say it differently?'
            return Ask(question=question), Unclear(question)
        return Understood(
            conditions=tuple(conditions),
            summary=summary(conditions, wish.site),
            by="encoder" if wish.guessed else "grammar",
        ), None
