"""Memory as it is believed now: the fold of the event log. No clock, no store, no randomness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from devices.facts import Category, ClassCard, Location, Value
from devices.site import Point, SitePlan
from devices.skill import SkillCard
from stem_memory import contracts as log
from stem_memory.bodies import Bodies, Revision
from stem_memory.digest import sha256
from stem_memory.evidence import (
    CLASS,
    CLASS_CONFIDENCE,
    SELF_CONFIDENCE,
    Evidence,
    as_belief,
)
from stem_memory.geometry import middle
from stem_memory.goals import Goals
from stem_memory.naming import names_of
from stem_memory.ontology import Ontology
from stem_memory.performance import PerformanceBook
from stem_memory.talk import BRAIN, Line, Talk
from stem_memory.tasks import GoalRecord
from stem_memory.things import Entity, Things
from stem_memory.view import Belief, BodyRecord, Performance

_NO_PLAN = SitePlan(name="nowhere", rooms=(), doors=(), fixtures=())


class MemoryState:
    """`stem_memory.view.MemoryView` as a fold: `MemoryState.of(events)`, or `apply` one by one.

    Equal events in equal order give an equal state, whoever folds them and when. `apply` changes
    this state in place; whoever needs a state to stay as it is folds another one.

    What counts as evidence: only observations (and what bodies say of themselves) change what is
    believed of the world. A step that ended well changes task memory and nothing else. A survey is
    hearsay: it is believed (confidence 0.8) but `learnt_at` does not count it. What was looked for
    in full view and not seen has a place of value None.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._plan = _NO_PLAN
        self._ontology = Ontology()
        self._skills: dict[str, SkillCard] = {}
        self._things = Things()
        self._bodies = Bodies()
        self._goals = Goals()
        self._talk = Talk()
        self._performance = PerformanceBook()
        self._rooms: dict[str, Point] = {}

    @classmethod
    def of(cls, events: Iterable[log.Event]) -> MemoryState:
        """Fold events in the order of the log."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: log.Event) -> MemoryState:
        """Take one event in and return this state."""
        _FOLD[event.body.kind](self, event.body, event.t)
        self._now = max(self._now, event.t)
        return self

    def digest(self) -> str:
        """SHA-256 of the whole state; independent of wall time and of the order of insertion."""
        return sha256(
            {
                "now": self._now,
                "plan": self._plan,
                "classes": self._ontology.cards,
                "skills": self._skills,
                "things": {e.id: _form(e) for e in self._things.by_id.values()},
                "viewed": self._things.viewed,
                "drift": {"\n".join(k): v for k, v in self._things.drift.watched.items()},
                "bodies": self._bodies.records,
                "revisions": self._bodies.revisions,
                "goals": self._goals.records,
                "told": self._talk.told,
                "dialogue": self._talk.lines,
                "performance": {
                    f"{who}\n{skill}": p for (who, skill), p in self._performance.entries.items()
                },
            }
        )

    # -- Facts -------------------------------------------------------------------------------

    def ids(self, category: Category | None = None) -> tuple[str, ...]:
        """All ids: the floor plan in its own order, then the rest in natural order."""
        return self._things.ids(category)

    def category(self, thing: str) -> Category | None:
        """The category, or None for an unknown id."""
        entity = self._things.by_id.get(thing)
        return entity.category if entity is not None else None

    def cls(self, thing: str) -> str:
        """The class name; KeyError for an unknown id."""
        return self._things.by_id[thing].cls

    def is_a(self, thing: str, cls: str) -> bool:
        """Whether the thing is of the class, of one below it, or of the category of that name."""
        entity = self._things.by_id.get(thing)
        if entity is None:
            return False
        return cls == entity.category or cls in self._ontology.ancestors(entity.cls)

    def attr(self, thing: str, name: str) -> Value | None:
        """The believed state, else the attribute, else what is usual for the class."""
        entity = self._things.by_id.get(thing)
        if entity is None:
            return None
        evidence = entity.states.get(name)
        if evidence is not None:
            return evidence.value
        if name in entity.attrs:
            return entity.attrs[name]
        record = self._bodies.records.get(thing)
        if record is not None and name in {"battery", "docked"}:
            return record.state.battery if name == "battery" else record.state.docked
        return self._ontology.usual(entity.cls, name)

    def location(self, thing: str) -> Location | None:
        """Where the thing is believed to be; None where nothing is known or it is missing."""
        place = self._place(thing)
        return place.value if place is not None else None

    def told(self, person: str) -> tuple[str, ...]:
        """Everything said to this person so far."""
        return self._talk.told.get(person, ())

    def learnt_at(self, thing: str, attr: str) -> float | None:
        """When somebody last saw it, in seconds; None: never, or it is missing now.

        For a room or fixture, "location" means what is there: the last time it was viewed whole.
        """
        entity = self._things.by_id.get(thing)
        if entity is None:
            return None
        if attr == "location":
            if entity.fixed:
                return self._things.viewed.get(thing)
            place = self._place(thing)
            return place.seen if place is not None and place.value and place.observed else None
        evidence = entity.states.get(attr)
        return evidence.seen if evidence is not None and evidence.observed else None

    # -- MemoryView --------------------------------------------------------------------------

    def now(self) -> float:
        """The valid time of the newest event, in seconds."""
        return self._now

    def plan(self) -> SitePlan:
        """The surveyed floor plan (an empty one before the survey)."""
        return self._plan

    def classes(self) -> Mapping[str, ClassCard]:
        """Class cards by class name."""
        return MappingProxyType(self._ontology.cards)

    def class_card(self, thing: str) -> ClassCard | None:
        """The card of the thing's class, if there is one."""
        entity = self._things.by_id.get(thing)
        return self._ontology.cards.get(entity.cls) if entity is not None else None

    def names(self, thing: str) -> tuple[str, ...]:
        """Words that people use for this very thing, best first; none for an unknown id."""
        entity = self._things.by_id.get(thing)
        if entity is None:
            return ()
        of_kind = self._things.ids(entity.category)
        alone = sum(self._things.by_id[other].cls == entity.cls for other in of_kind) == 1
        return names_of(entity, self._ontology, alone)

    def skills(self) -> Mapping[str, SkillCard]:
        """Skill cards by name."""
        return MappingProxyType(self._skills)

    def bodies(self) -> Mapping[str, BodyRecord]:
        """Every enrolled body, lost ones included."""
        return MappingProxyType(self._bodies.records)

    def goals(self) -> Mapping[str, GoalRecord]:
        """Every goal ever posted, in order."""
        return MappingProxyType(self._goals.records)

    def belief(self, thing: str, attr: str) -> Belief | None:
        """The belief behind a state, or behind "location" (value: the holder's id).

        Confidence fades with age (see `stem_memory.evidence`); a class default has source "class".
        """
        entity = self._things.by_id.get(thing)
        if entity is None:
            return None
        if attr == "location":
            place = self._place(thing)
            if place is None:
                return None
            holder = place.value.holder if place.value is not None else None
            return as_belief(place, holder, self._now, self.half_life(thing, attr))
        evidence = entity.states.get(attr)
        if evidence is not None:
            return as_belief(evidence, evidence.value, self._now, self.half_life(thing, attr))
        value = self.attr(thing, attr)
        if value is None:
            return None
        record = self._bodies.records.get(thing)
        if record is not None and attr in {"battery", "docked"}:
            t = record.heard_s
            return as_belief(Evidence(value, t, t, thing, SELF_CONFIDENCE), value, self._now, None)
        usual = Evidence(value, 0.0, 0.0, CLASS, CLASS_CONFIDENCE)
        return as_belief(usual, value, self._now, None)

    def contents(self, holder: str) -> tuple[str, ...]:
        """Objects believed to be directly on, in, at or held by the holder, in natural order."""
        by_id = self._things.by_id
        return tuple(i for i in self._things.carried(holder) if by_id[i].category == "object")

    def position(self, thing: str) -> Point | None:
        """Metres in the map frame: where it was seen, or where what holds it is."""
        seen: set[str] = set()
        while thing not in seen:
            seen.add(thing)
            entity = self._things.by_id.get(thing)
            if entity is None:
                return None
            if entity.category == "room":
                return self._rooms.get(thing)
            record = self._bodies.records.get(thing)
            if record is not None and not self._seen_while_lost(entity):
                return (record.state.pose.x, record.state.pose.y)
            place = self.location(thing)
            if entity.xy is not None and (entity.fixed or self._stays(place)):
                return entity.xy
            if place is None:
                return None
            thing = place.holder
        return None

    def room_of(self, thing: str) -> str | None:
        """The room the thing is in; a room is in itself, a door in the first of its rooms."""
        seen: set[str] = set()
        while thing not in seen:
            seen.add(thing)
            if self.category(thing) == "room":
                return thing
            record = self._bodies.records.get(thing)
            if record is not None and record.state.room and thing not in self._bodies.lost:
                return record.state.room
            place = self.location(thing)
            if place is None:
                return None
            thing = place.holder
        return None

    def performance(self, body: str, skill: str) -> Performance | None:
        """Learned duration and success of this body (or kind of body); None: never tried."""
        return self._performance.get(body, skill)

    def dialogue(self) -> tuple[Line, ...]:
        """What was said: (time, speaker, text), oldest first. The brain speaks as "retinue"."""
        return tuple(self._talk.lines)

    # -- more than the view ------------------------------------------------------------------

    def revisions(self, body: str) -> tuple[Revision, ...]:
        """Every embodiment the body had, oldest first."""
        return self._bodies.revisions.get(body, ())

    def revision_at(self, body: str, t: float) -> Revision | None:
        """What the body was at time `t` (seconds); None before it joined."""
        return self._bodies.revision_at(body, t)

    def viewed_at(self, holder: str) -> float | None:
        """When the holder was last in full view of somebody, in seconds; None: never."""
        return self._things.viewed.get(holder)

    def half_life(self, thing: str, attr: str = "location") -> float | None:
        """Seconds in which trust in this belief is halved, as learned so far; None: it stays."""
        entity = self._things.by_id.get(thing)
        if entity is None or (entity.fixed and attr == "location"):
            return None
        return self._things.drift.half_life(entity.category, entity.cls, attr)

    def been_at(self, thing: str) -> Mapping[str, int]:
        """How often the thing came to each holder, as far as known."""
        entity = self._things.by_id.get(thing)
        return MappingProxyType(entity.been if entity is not None else {})

    def sureness(self, thing: str, attr: str = "location") -> float:
        """Confidence left now in a belief, 0..1 (0: nothing is believed)."""
        belief = self.belief(thing, attr)
        return belief.confidence if belief is not None else 0.0

    # -- inside ------------------------------------------------------------------------------

    def _place(self, thing: str) -> Evidence[Location | None] | None:
        entity = self._things.by_id.get(thing)
        if entity is None:
            return None
        record = self._bodies.records.get(thing)
        if record is None or self._seen_while_lost(entity):
            return entity.place
        state, t = record.state, record.heard_s
        near = state.near if state.near and state.near != thing else None
        stands_at = self.category(near) if near else None
        # Standing at an object or body says little: those move, or are carried by this very body.
        holder = near if stands_at in {"fixture", "door", "person", "room"} else state.room
        where = Location(relation="at", holder=holder) if holder else None
        return Evidence(where, t, t, thing, SELF_CONFIDENCE)

    def _seen_while_lost(self, entity: Entity) -> bool:
        """Whether others saw this lost body after its own last report."""
        place = entity.place
        record = self._bodies.records.get(entity.id)
        return (
            record is not None
            and record.lost
            and place is not None
            and (place.seen >= record.heard_s)
        )

    def _stays(self, place: Location | None) -> bool:
        holder = self._things.by_id.get(place.holder) if place is not None else None
        return holder is not None and holder.fixed

    def _survey(self, body: log.SiteSurveyed, t: float) -> None:
        self._plan = body.plan
        self._rooms = {room.id: middle(room.polygon) for room in body.plan.rooms}
        self._ontology.add(body.classes)
        self._things.survey(body.plan, body.things, body.states, t)

    def _declare(self, body: log.SkillsDeclared, t: float) -> None:
        self._skills.update((card.name, card) for card in body.cards)

    def _enrol(self, body: log.BodyEnrolled, t: float) -> None:
        self._bodies.enrol(body.spec, body.card, t, self._plan)
        self._things.enrol(body.spec.id, body.card.kind, body.spec.names)

    def _observe(self, body: log.Observed, t: float) -> None:
        seen = body.observation
        self._bodies.report(seen)
        self._things.observe(seen, self._plan, self._bodies.lost)
        for heard in seen.heard:
            self._talk.say(seen.t, heard.who, heard.text)

    def _lose(self, body: log.BodyLost, t: float) -> None:
        self._bodies.lose(body.body, body.last_heard_s)

    def _regain(self, body: log.BodyBack, t: float) -> None:
        self._bodies.regain(body.body, t)

    def _post(self, body: log.GoalPosted, t: float) -> None:
        self._goals.post(body)
        self._talk.say(t, body.goal.who, body.goal.text)

    def _understand(self, body: log.GoalUnderstood, t: float) -> None:
        self._goals.understand(body, self)

    def _question(self, body: log.GoalQuestioned, t: float) -> None:
        self._goals.question(body)
        self._talk.say(t, BRAIN, body.question)

    def _answer(self, body: log.GoalAnswered, t: float) -> None:
        record = self._goals.records.get(body.goal)
        self._goals.answer(body.goal)
        self._talk.say(t, record.goal.who if record is not None else body.goal, body.text)

    def _plan_goal(self, body: log.GraphPlanned, t: float) -> None:
        self._goals.plan(body)

    def _assign(self, body: log.StepAssigned, t: float) -> None:
        self._goals.assign(body)

    def _start(self, body: log.StepStarted, t: float) -> None:
        self._bodies.start(body)
        self._goals.start(body)

    def _end(self, body: log.StepEnded, t: float) -> None:
        self._bodies.end(body)
        self._goals.end(body)
        self._performance.record(body, self._bodies.kind(body.body))

    def _speak(self, body: log.Spoken, t: float) -> None:
        self._talk.tell(body.body, body.to, body.text, t)

    def _close(self, body: log.GoalClosed, t: float) -> None:
        self._goals.close(body, t)


# Which fold each kind of event has. A kind without one is an error: it would be forgotten.
_FOLD: dict[str, Callable[[MemoryState, Any, float], None]] = {
    "site_surveyed": MemoryState._survey,
    "skills_declared": MemoryState._declare,
    "body_enrolled": MemoryState._enrol,
    "observed": MemoryState._observe,
    "body_lost": MemoryState._lose,
    "body_back": MemoryState._regain,
    "goal_posted": MemoryState._post,
    "goal_understood": MemoryState._understand,
    "goal_questioned": MemoryState._question,
    "goal_answered": MemoryState._answer,
    "graph_planned": MemoryState._plan_goal,
    "step_assigned": MemoryState._assign,
    "step_started": MemoryState._start,
    "step_ended": MemoryState._end,
    "spoken": MemoryState._speak,
    "goal_closed": MemoryState._close,
}


def _form(entity: Entity) -> list[Any]:
    return [
        entity.category,
        entity.cls,
        entity.names,
        entity.attrs,
        {name: _evidence(e) for name, e in entity.states.items()},
        _evidence(entity.place) if entity.place is not None else None,
        entity.xy,
        entity.been,
        entity.fixed,
    ]


def _evidence(evidence: Evidence[Any]) -> list[Any]:
    value = evidence.value
    where = [value.relation, value.holder] if isinstance(value, Location) else value
    return [where, evidence.since, evidence.seen, evidence.source, evidence.confidence]
