"""One wish put to an interpreter as the brain would: posted, thought about, perhaps answered."""

from __future__ import annotations

from collections.abc import Callable

from brain.contracts import Ask, Interpretation, Refuse, Understood
from brain.mind import Interpreter
from services.lab.wishes.canonical import same_goal
from services.lab.wishes.contracts import GoldWish, Outcome
from services.lab.wishes.site import Site
from stem_memory.contracts import (
    Event,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    Payload,
)
from stem_memory.tasks import Goal

PAUSE_S = 10.0
THINK_S = 1.0


class Talk:
    """A conversation of one person with a fleet that has only just been surveyed.

    Every entry goes into a memory of its own, in the order in which the brain and the loop write
    them, so that an interpreter finds its dialogue and its earlier goals where they would be.
    `memory` holds it all.
    """

    def __init__(self, site: Site, who: str, clock: Callable[[], float]) -> None:
        self.memory = site.fresh()
        self._who = who
        self._clock = clock
        self._said = 0
        self._seq = 0
        self.seconds = 0.0

    def wish(self, text: str, interpreter: Interpreter) -> tuple[str, Interpretation]:
        """Say a wish; return the id of its goal and what it was taken to mean."""
        goal = self._post(text)
        started = self._clock()
        meant = interpreter.interpret(goal, self.memory)
        self.seconds += self._clock() - started
        self._note(goal.id, meant)
        return goal.id, meant

    def reply(self, goal: str, text: str, interpreter: Interpreter) -> Interpretation | None:
        """Answer the question of a goal; None: it was not taken for an answer."""
        said = self._post(text)
        started = self._clock()
        meant = interpreter.answer(self.memory.goals()[goal], text, self.memory)
        self.seconds += self._clock() - started
        if meant is not None:
            self._record(GoalAnswered(goal=goal, text=text))
            self._record(GoalClosed(goal=said.id, status="satisfied"))
            self._note(goal, meant)
        return meant

    def _post(self, text: str) -> Goal:
        self._said += 1
        goal = Goal(id=f"g{self._said}", text=text, who=self._who, t=PAUSE_S * self._said)
        self._record(GoalPosted(goal=goal))
        return goal

    def _note(self, goal: str, meant: Interpretation) -> None:
        if isinstance(meant, Ask):
            said: Payload = GoalQuestioned(
                goal=goal, question=meant.question, options=meant.options
            )
        elif isinstance(meant, Refuse):
            said = GoalClosed(goal=goal, status="refused", reason=meant.reason)
        else:
            said = GoalUnderstood(
                goal=goal,
                conditions=meant.conditions,
                summary=meant.summary,
                by=meant.by,
                queries=meant.queries,
            )
        self._record(said, THINK_S)

    def _record(self, body: Payload, after_s: float = 0.0) -> None:
        t = PAUSE_S * self._said + after_s
        event = Event(origin="bench", seq=self._seq, t=t, body=body)
        self._seq += 1
        self.memory.apply(event)


def outcome_of(
    wish: GoldWish, site: Site, interpreter: Interpreter, clock: Callable[[], float]
) -> Outcome:
    """Put one wish, after what was said before and with the answers to its questions.

    `seconds` are those of the wish and of its answers, without what was said before.
    """
    talk = Talk(site, wish.by or site.operator, clock)
    for earlier in wish.before:
        talk.wish(earlier, interpreter)
    talk.seconds = 0.0
    goal, first = talk.wish(wish.text, interpreter)
    meant: Interpretation | None = first
    asked = 0
    for answer in wish.answers:
        if not isinstance(meant, Ask):
            break
        asked += 1
        meant = talk.reply(goal, answer, interpreter)
    conditions = meant.conditions if isinstance(meant, Understood) else ()
    exact = asked == len(wish.answers) and any(
        same_goal(conditions, reading, site.memory) for reading in wish.readings
    )
    return Outcome(
        wish=wish,
        answered=meant.kind if meant is not None else "silent",
        asked=asked,
        conditions=conditions,
        words=_words(meant),
        way=meant.by if isinstance(meant, Understood) else "",
        exact=exact and isinstance(meant, Understood),
        seconds=round(talk.seconds, 4),
    )


def _words(meant: Interpretation | None) -> str:
    if meant is None:
        return "took the answer for no answer"
    if isinstance(meant, Ask):
        return " ".join((meant.question, *(f"[{option}]" for option in meant.options)))
    return meant.reason if isinstance(meant, Refuse) else meant.summary
