"""What people said in a run, and what came of it: a wish, an answer, an instruction, a reply."""

from __future__ import annotations

from dataclasses import dataclass, field

from stem_memory import contracts as log
from stem_memory.instructions import Instruction


@dataclass
class Utterance:
    """Words of somebody at time `t` (seconds of the run); None: a program instructed.

    `goals` are the wishes that they became, `answers` the wishes whose question they answered.
    """

    t: float
    who: str
    text: str | None
    goals: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    replies: list[log.Replied] = field(default_factory=list)


class Conversation:
    """Utterances in the order they were heard, each with what names it as its cause."""

    def __init__(self) -> None:
        self.utterances: list[Utterance] = []
        self._by_id: dict[str, Utterance] = {}

    def take(self, event: log.Event) -> None:
        """Take one event into account."""
        body = event.body
        if isinstance(body, log.Said):
            self._by_id[body.id] = self._add(Utterance(event.t, body.who, body.text))
        elif isinstance(body, log.GoalPosted):
            if body.goal.cause in self._by_id:
                self._by_id[body.goal.cause].goals.append(body.goal.id)
        elif isinstance(body, log.GoalAnswered):
            if body.cause in self._by_id:
                self._by_id[body.cause].answers.append(body.goal)
        elif isinstance(body, log.Replied):
            if body.cause in self._by_id:
                self._by_id[body.cause].replies.append(body)
        elif isinstance(body, log.Instructed):
            heard = self._by_id.get(body.cause) or self._add(Utterance(event.t, body.by, None))
            heard.instructions.append(body.instruction)

    def _add(self, heard: Utterance) -> Utterance:
        self.utterances.append(heard)
        return heard
