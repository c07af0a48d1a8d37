"""Memory as it is believed now: the fold of the event log. No clock, no store, no randomness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from devices.contracts import Observation
from devices.facts import Category, ClassCard, Location, Value
from devices.site import Point, SitePlan
from devices.skill import SkillCard
from stem_memory import contracts as log
from stem_memory.belief.bodies import Revision
from stem_memory.belief.entity import Entity
from stem_memory.belief.evidence import (
    CLASS,
    CLASS_CONFIDENCE,
    SELF_CONFIDENCE,
    Evidence,
    as_belief,
)
from stem_memory.belief.experience import Expectation
from stem_memory.belief.frames import MAP
from stem_memory.belief.journal import Change
from stem_memory.belief.naming import names_of
from stem_memory.belief.projections import Projections
from stem_memory.belief.reducer import Reducer
from stem_memory.belief.talk import Line
from stem_memory.digest import sha256
from stem_memory.notes.projection import NoteProjection
from stem_memory.tasks import GoalRecord
from stem_memory.view import Belief, BodyRecord, Performance


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
        self._reducer = Reducer(self)

    @classmethod
    def of(cls, events: Iterable[log.Event]) -> MemoryState:
        """Fold events in the order of the log."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: log.Event) -> MemoryState:
        """Take one event in and return this state."""
        self._reducer.apply(event)
        return self

    def apply_noting(self, event: log.Event) -> list[Change]:
        """Take one event in and return what it changed of what is believed of any time."""
        noted: list[Change] = []
        self._reducer.things.journal = noted
        try:
            self.apply(event)
        finally:
            self._reducer.things.journal = None
        return noted

    def parts(self) -> dict[str, Any]:
        """Everything the state consists of, by name, for a snapshot; not to be changed."""
        return {name: part for name, part in vars(self._reducer).items() if name != "believed"}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any], strict: bool = True) -> MemoryState:
        """The state that consists of these parts.

        Args:
            parts: What `parts` gave.
            strict: Whether they must be all those that this software knows, and no others; else
                what is missing is as in a new memory.

        Raises:
            ValueError: If they are not the parts that this software knows.
        """
        state = cls()
        known = state.parts().keys()
        if strict and parts.keys() != known:
            raise ValueError("these are the parts of another version")
        vars(state._reducer).update((name, part) for name, part in parts.items() if name in known)
        return state

    def digest(self) -> str:
        """SHA-256 of the whole state; independent of wall time and of the order of insertion."""
        return sha256(
            {
                "now": self._reducer.now,
                "plan": self._reducer.plan,
                "classes": self._reducer.ontology.cards,
                "skills": self._reducer.skills,
                "things": {e.id: _form(e) for e in self._reducer.things.by_id.values()},
                "viewed": self._reducer.things.viewed,
                "frames": self._reducer.frames.parents,
                "identities": self._reducer.things.identities.into,
                "drift": {"\n".join(k): v for k, v in self._reducer.things.drift.watched.items()},
                "bodies": self._reducer.bodies.records,
                "revisions": self._reducer.bodies.revisions,
                "goals": self._reducer.goals.records,
                "told": self._reducer.talk.told,
                "dialogue": self._reducer.talk.lines,
                "annexes": self._reducer.projections.form(),
                "experience": {"\n".join(k): v for k, v in self._reducer.experience.cells.items()},
                "brought": self._reducer.experience.sources,
                "performance": {
                    f"{who}\n{skill}": p
                    for (who, skill), p in self._reducer.performance.entries.items()
                },
            }
        )

    # -- Facts -------------------------------------------------------------------------------

    def ids(self, category: Category | None = None) -> tuple[str, ...]:
        """All ids: the floor plan in its own order, then the rest in natural order."""
        return self._reducer.things.ids(category)

    def category(self, thing: str) -> Category | None:
        """The category, or None for an unknown id."""
        entity = self._reducer.things.entity(thing)
        return entity.category if entity is not None else None

    def cls(self, thing: str) -> str:
        """The class name; KeyError for an unknown id."""
        entity = self._reducer.things.entity(thing)
        if entity is None:
            raise KeyError(thing)
        return entity.cls

    def is_a(self, thing: str, cls: str) -> bool:
        """Whether the thing is of the class, of one below it, or of the category of that name."""
        entity = self._reducer.things.entity(thing)
        if entity is None:
            return False
        return cls == entity.category or cls in self._reducer.ontology.ancestors(entity.cls)

    def attr(self, thing: str, name: str) -> Value | None:
        """The believed state, else the attribute, else what is usual for the class."""
        entity = self._reducer.things.entity(thing)
        if entity is None:
            return None
        evidence = entity.states.get(name)
        if evidence is not None:
            return evidence.value
        if name in entity.attrs:
            return entity.attrs[name]
        record = self._reducer.bodies.records.get(thing)
        if record is not None and name in {"battery", "docked"}:
            return record.state.battery if name == "battery" else record.state.docked
        return self._reducer.ontology.usual(entity.cls, name)

    def location(self, thing: str) -> Location | None:
        """Where the thing is believed to be; None where nothing is known or it is missing."""
        place = self._reducer.place(thing)
        return place.value if place is not None else None

    def told(self, person: str) -> tuple[str, ...]:
        """Everything said to this person so far."""
        return tuple(self._reducer.talk.told.get(person, ()))

    def learnt_at(self, thing: str, attr: str) -> float | None:
        """When somebody last saw it, in seconds; None: never, or it is missing now.

        For a room or fixture, "location" means what is there: the last time it was viewed whole.
        """
        entity = self._reducer.things.entity(thing)
        if entity is None:
            return None
        if attr == "location":
            if entity.fixed:
                return self._reducer.things.viewed.get(thing)
            place = self._reducer.place(thing)
            return place.seen if place is not None and place.value and place.observed else None
        evidence = entity.states.get(attr)
        return evidence.seen if evidence is not None and evidence.observed else None

    # -- MemoryView --------------------------------------------------------------------------

    def now(self) -> float:
        """The valid time of the newest event, in seconds."""
        return self._reducer.now

    def plan(self) -> SitePlan:
        """The surveyed floor plan (an empty one before the survey)."""
        return self._reducer.plan

    def classes(self) -> Mapping[str, ClassCard]:
        """Class cards by class name."""
        return MappingProxyType(self._reducer.ontology.cards)

    def class_card(self, thing: str) -> ClassCard | None:
        """The card of the thing's class, if there is one."""
        entity = self._reducer.things.entity(thing)
        return self._reducer.ontology.cards.get(entity.cls) if entity is not None else None

    def names(self, thing: str) -> tuple[str, ...]:
        """Words that people use for this very thing, best first; none for an unknown id."""
        entity = self._reducer.things.entity(thing)
        if entity is None:
            return ()
        alone = self._reducer.things.is_alone(entity)
        return names_of(entity, self._reducer.ontology, alone)

    def skills(self) -> Mapping[str, SkillCard]:
        """Skill cards by name."""
        return MappingProxyType(self._reducer.skills)

    def bodies(self) -> Mapping[str, BodyRecord]:
        """Every enrolled body, lost ones included."""
        return MappingProxyType(self._reducer.bodies.records)

    def goals(self) -> Mapping[str, GoalRecord]:
        """Every goal ever posted, in order."""
        return MappingProxyType(self._reducer.goals.records)

    def belief(self, thing: str, attr: str) -> Belief | None:
        """The belief behind a state, or behind "location" (value: the holder's id).

        Confidence fades with age (see `stem_memory.belief.evidence`); a class default has source "class".
        """
        entity = self._reducer.things.entity(thing)
        if entity is None:
            return None
        if attr == "location":
            place = self._reducer.place(thing)
            if place is None:
                return None
            holder = place.value.holder if place.value is not None else None
            return as_belief(place, holder, self._reducer.now, self.half_life(thing, attr))
        evidence = entity.states.get(attr)
        if evidence is not None:
            return as_belief(
                evidence, evidence.value, self._reducer.now, self.half_life(thing, attr)
            )
        value = self.attr(thing, attr)
        if value is None:
            return None
        record = self._reducer.bodies.records.get(thing)
        if record is not None and attr in {"battery", "docked"}:
            t = record.heard_s
            return as_belief(
                Evidence(value, t, t, thing, SELF_CONFIDENCE), value, self._reducer.now, None
            )
        usual = Evidence(value, 0.0, 0.0, CLASS, CLASS_CONFIDENCE)
        return as_belief(usual, value, self._reducer.now, None)

    def contents(self, holder: str) -> tuple[str, ...]:
        """Objects believed to be directly on, in, at or held by the holder, in natural order."""
        by_id = self._reducer.things.by_id
        return tuple(
            i for i in self._reducer.things.carried(holder) if by_id[i].category == "object"
        )

    def position(self, thing: str) -> Point | None:
        """Metres in the map frame: where it was seen, or where what holds it is."""
        seen: set[str] = set()
        while thing not in seen:
            seen.add(thing)
            entity = self._reducer.things.entity(thing)
            if entity is None:
                return None
            if entity.category == "room":
                return self._reducer.rooms.get(thing)
            record = self._reducer.bodies.records.get(thing)
            if record is not None and not self._reducer.seen_while_lost(entity):
                pose = record.state.pose
                return (
                    (pose.x, pose.y)
                    if pose.frame == MAP
                    else self._reducer.rooms.get(record.state.room)
                )
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
            record = self._reducer.bodies.records.get(thing)
            if record is not None and record.state.room and thing not in self._reducer.bodies.lost:
                return record.state.room
            place = self.location(thing)
            if place is None:
                return None
            thing = place.holder
        return None

    def unrecorded(self, category: Category, place: str) -> str | None:
        """The no-record zone that hides what of this category is at the place; None: it is seen."""
        rules = self._reducer.projections.privacy
        at = self.position(place) if rules.zones and category in ("object", "person") else None
        return rules.zone_at(at, category, self._reducer.now) if at is not None else None

    def performance(self, body: str, skill: str) -> Performance | None:
        """Learned duration and success of this body (or kind of body); None: never tried."""
        return self._reducer.performance.get(body, skill)

    def experience(
        self, body: str, skill: str, cls: str = "", place: str = ""
    ) -> tuple[Performance, ...]:
        """Experience from coarse to fine, each attempt once (`Experience.tried`)."""
        return self._reducer.experience.tried(
            body, self._reducer.bodies.kind(body), skill, cls, place
        )

    def notes(self) -> NoteProjection:
        """What was learnt from failures; not to be changed."""
        return self._reducer.projections.notes

    def lineage(self) -> str:
        """The hash of the newest memory whose experience was brought here; "": none was."""
        return self._reducer.experience.sources[-1] if self._reducer.experience.sources else ""

    def tried(self) -> tuple[log.Tried, ...]:
        """All experience with bodies, to be brought to another memory."""
        return self._reducer.experience.told()

    def dialogue(self) -> tuple[Line, ...]:
        """What was said: (time, speaker, text), oldest first. The brain speaks as "retinue"."""
        return tuple(self._reducer.talk.lines)

    # -- more than the view ------------------------------------------------------------------

    def in_map(self, seen: Observation) -> Observation | None:
        """A report with its positions in the map; None: nobody said where its frame lies."""
        return self._reducer.in_map(seen)

    def own_names(self, thing: str) -> tuple[str, ...]:
        """The names of this very thing, without those of its class."""
        entity = self._reducer.things.entity(thing)
        return entity.names if entity is not None else ()

    def members(self, thing: str) -> tuple[str, ...]:
        """All ids that mean the same thing as this one, the one that stands for them first."""
        return self._reducer.things.identities.members(thing)

    @property
    def projections(self) -> Projections:
        """Cubes, notes, task graphs and rules of privacy."""
        return self._reducer.projections

    def revisions(self, body: str) -> tuple[Revision, ...]:
        """Every embodiment the body had, oldest first."""
        return self._reducer.bodies.revisions.get(body, ())

    def revision_at(self, body: str, t: float) -> Revision | None:
        """What the body was at time `t` (seconds); None before it joined."""
        return self._reducer.bodies.revision_at(body, t)

    def viewed_at(self, holder: str) -> float | None:
        """When the holder was last in full view of somebody, in seconds; None: never."""
        return self._reducer.things.viewed.get(holder)

    def half_life(self, thing: str, attr: str = "location") -> float | None:
        """Seconds in which trust in this belief is halved, as learned so far; None: it stays."""
        entity = self._reducer.things.entity(thing)
        if entity is None or (entity.fixed and attr == "location"):
            return None
        return self._reducer.things.drift.half_life(entity.category, entity.cls, attr)

    def been_at(self, thing: str) -> Mapping[str, int]:
        """How often the thing came to each holder, as far as known."""
        entity = self._reducer.things.entity(thing)
        return MappingProxyType(entity.been if entity is not None else {})

    def disputes(self) -> tuple[tuple[str, str, Belief], ...]:
        """(thing, attribute, losing belief) where sources still disagree about one instant."""
        found = []
        for thing in self.ids():
            entity = self._reducer.things.entity(thing)
            if entity is None:
                continue
            held: dict[str, Evidence[Any]] = dict(sorted(entity.states.items()))
            if entity.place is not None:
                held["location"] = entity.place
            for attr, evidence in held.items():
                if evidence.rival is not None:
                    value, source, confidence = evidence.rival
                    said = value.holder if isinstance(value, Location) else value
                    lost = Evidence(value, evidence.seen, evidence.seen, source, confidence)
                    fade = self.half_life(thing, attr)
                    found.append((thing, attr, as_belief(lost, said, self._reducer.now, fade)))
        return tuple(found)

    def expect(self, body: str, skill: str, cls: str = "", place: str = "") -> Expectation | None:
        """What to expect of this body at this skill with such an object there; None: never tried."""
        kind = self._reducer.bodies.kind(body)
        return self._reducer.experience.expect(body, kind, skill, cls, place)

    def sureness(self, thing: str, attr: str = "location") -> float:
        """Confidence left now in a belief, 0..1 (0: nothing is believed)."""
        belief = self.belief(thing, attr)
        return belief.confidence if belief is not None else 0.0

    def _stays(self, place: Location | None) -> bool:
        holder = self._reducer.things.entity(place.holder) if place is not None else None
        return holder is not None and holder.fixed


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
    rival = evidence.rival
    if rival is not None and isinstance(rival[0], Location):
        rival = ([rival[0].relation, rival[0].holder], *rival[1:])
    return [where, evidence.since, evidence.seen, evidence.source, evidence.confidence, rival]
