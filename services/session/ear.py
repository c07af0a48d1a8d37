"""The session's ear: what people say in the world, at the console and to their glasses, as events."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brain.language.instructing.halt import is_stop
from services.session.inputs import Channel, Directive, Input, Inputs
from sim_worlds.contracts import Says, WorldStep
from stem_memory.contracts import Event, Instructed, Payload, Said
from stem_memory.instructions import Stop

# Who records words: people in the world, what was typed beforehand, and what came while it ran.
PEOPLE, OPERATOR, LIVE = "people", "operator", "live"
# Makes an event of an origin, at a time.
MakeEvent = Callable[[str, float, Payload], Event]


class Ear:
    """Takes words in, each once, and stops everybody at the word, before anybody thinks about it.

    Args:
        inputs: What comes from outside the world.
        operator: Who types, unless somebody else is named.
        says: What people in the world will say, with what would be right.
        spoken: How many utterances memory holds already.
        event: Makes events.
        stays: The site goes on after this session: at its end bodies halt, and nobody has to release
            them.
    """

    def __init__(
        self,
        inputs: Inputs,
        operator: str,
        says: Iterable[Says],
        spoken: int,
        event: MakeEvent,
        stays: bool = False,
    ) -> None:
        self._inputs = inputs
        self._operator = operator
        self._says = list(says)
        self._spoken = spoken
        self._event = event
        self._is_ending = False
        self._stays = stays
        # What would be right, by the id of the words.
        self.authored: dict[str, Says] = {}

    @property
    def is_done(self) -> bool:
        """Whether nothing more is going to be said, as far as is known."""
        return self._inputs.next_s() is None and not self._says

    def hear(self, step: WorldStep) -> list[Event]:
        """Everything that was said until now."""
        events: list[Event] = []
        for says in self._in_world(step):
            said = self._said(says.who, says.text, "spoken", says.deadline_s, says.priority)
            self.authored[said.id] = says
            events += self._events(PEOPLE, step.now, said)
        planned, fresh = self._inputs.due(step.now)
        for origin, items in ((OPERATOR, planned), (LIVE, fresh)):
            for item in items:
                events += self._taken_in(origin, step.now, item)
        if self._inputs.is_ending and not (self._is_ending or self._stays):
            self._is_ending = True
            everybody = Instructed(instruction=Stop(), by=self._operator)
            events.append(self._event(LIVE, step.now, everybody))
        return events

    def worn(self, wearer: str, texts: Iterable[str], now: float) -> list[Event]:
        """What the wearer of glasses said to the fleet."""
        events: list[Event] = []
        for text in texts:
            events += self._events(PEOPLE, now, self._said(wearer, text, "glasses"))
        return events

    def _taken_in(self, origin: str, now: float, item: Input) -> list[Event]:
        who = self._operator
        if isinstance(item, Directive):
            order = Instructed(instruction=item.instruction, by=item.by or who, key=item.key)
            return [self._event(origin, now, order)]
        due = None if item.within_s is None else round(now + item.within_s, 3)
        said = self._said(item.who or who, item.text, item.channel, due, item.priority)
        more = {"key": item.key, "goal": item.goal, "conditions": item.conditions}
        return self._events(origin, now, said.model_copy(update=more))

    def _said(
        self,
        who: str,
        text: str,
        channel: Channel,
        due: float | None = None,
        priority: int = 0,
    ) -> Said:
        self._spoken += 1
        return Said(
            id=f"u{self._spoken}",
            who=who,
            text=text,
            channel=channel,
            deadline_s=due,
            priority=priority,
        )

    def _events(self, origin: str, now: float, said: Said) -> list[Event]:
        """The words, and if they stop everybody that, too: it waits for nobody's thought."""
        events = [self._event(origin, now, said)]
        if is_stop(said.text) and not said.conditions:
            order = Instructed(instruction=Stop(), by=said.who, cause=said.id)
            events.append(self._event(origin, now, order))
        return events

    def _in_world(self, step: WorldStep) -> list[Says]:
        heard = []
        for wish in step.wishes:
            for says in self._says:
                if (says.who, says.text) == (wish.who, wish.text):
                    self._says.remove(says)
                    heard.append(says.model_copy(update={"deadline_s": wish.deadline_s}))
                    break
        return heard
