"""Understanding people: a wish in plain English becomes conditions over what memory knows.

Three readers, one after the other, each only for what the one before could not read:

1. The grammar of `brain.language` finds clauses and looks every noun up in memory. It acts only
   where it can account for every word.
2. The verb head (`brain.language.words.heads`) guesses the action of a clause whose words the lexicon does
   not have; it counts only if it is sure and what is named fits.
3. A language model, if one is given, writes conditions over ids that memory knows; they are checked
   against memory and against what was said. It is meant for a strong one: the small model that can
   run inside the process chooses the right action for a third of such clauses and is not asked.

What nobody reads is asked about. What is ambiguous is asked, what is not here or can not be done is
refused, whoever reads it; nothing moves on doubt.
"""

from __future__ import annotations

from functools import partial

from brain.contracts import Ask, Interpretation, Refuse, Understood
from brain.language.consult import consult
from brain.language.dialogue import answered
from brain.language.grounding.doubt import Misfit, Unable, Unclear, Unread
from brain.language.past import Past, past_of
from brain.language.summary import summary
from brain.language.wish import Wish
from brain.language.words.heads import shipped
from brain.model import Embedder, LanguageModel, ModelError
from devices.facts import Condition
from stem_memory.tasks import Goal, GoalRecord
from stem_memory.view import MemoryView


class WishInterpreter:
    """`brain.mind.Interpreter` for plain English.

    Args:
        model: A strong language model for what neither grammar nor encoder reads; None: ask instead.
        embedder: The sentence encoder that the verb head was trained on; None: no guesses.
    """

    def __init__(
        self, model: LanguageModel | None = None, embedder: Embedder | None = None
    ) -> None:
        self._model = model
        self._head = shipped(embedder) if embedder is not None else None

    def interpret(self, goal: Goal, view: MemoryView) -> Interpretation:
        """What the wish means here: conditions, a question back, or a refusal with its reason."""
        return self._read(goal, goal.text, goal.who, view, past_of(goal, view))[0]

    def answer(self, record: GoalRecord, text: str, view: MemoryView) -> Interpretation | None:
        """The wish of `record` read together with this answer; None: the text is no answer."""
        return answered(record, text, view, partial(self._read, record.goal))

    def _read(
        self, goal: Goal, text: str, who: str, view: MemoryView, past: Past
    ) -> tuple[Interpretation, Unclear | None]:
        """What the words mean, and the doubt behind a question; `goal` is what they are about."""
        wish = Wish(text, who, view, past, self._head)
        try:
            found = wish.conditions()
        except Unclear as doubt:
            return Ask(question=doubt.question, options=doubt.options), doubt
        except (Unable, Misfit) as doubt:
            return Refuse(reason=doubt.reason), None
        except (Unread, ModelError) as doubt:
            return self._consulted(wish, goal, who, doubt)
        return _understood(found, wish, "encoder" if wish.guessed else "grammar"), None

    def _consulted(
        self, wish: Wish, goal: Goal, who: str, doubt: Unread | ModelError
    ) -> tuple[Interpretation, Unclear | None]:
        """What the model makes of a wish that could not be read; without one, a question."""
        if self._model is not None:
            try:
                found = consult(self._model, wish.text, who, wish.tokens, wish.site, goal)
                wish.looked_for(found)
                return _understood(found, wish, "model"), None
            except Unread as still:
                doubt = still if not isinstance(doubt, Unread) else doubt
            except ModelError:
                # A model that fails is no worse than none: the person is asked.
                return _asked(doubt)
        return _asked(doubt)


def _understood(found: list[Condition], wish: Wish, by: str) -> Understood:
    return Understood.model_validate(
        {
            "conditions": tuple(found),
            "summary": summary(found, wish.site),
            "by": by,
            "queries": wish.queries(found),
            "within_s": wish.within_s,
            "priority": wish.priority,
        }
    )


def _asked(doubt: Unread | ModelError) -> tuple[Interpretation, Unclear]:
    words = f' "{doubt.words}"' if isinstance(doubt, Unread) else " that"
    question = f"I do not understand{words}. Can you say it differently?"
    return Ask(question=question), Unclear(question, kind="words")
