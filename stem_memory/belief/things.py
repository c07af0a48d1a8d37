"""What is believed of every thing: its class, attributes, states and place, folded from reports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, ClassVar

from devices.contracts import Observation, Sighting
from devices.facts import Category, Location, Thing, Value
from devices.site import Point, SitePlan
from stem_memory.belief.drift import Drift
from stem_memory.belief.entity import UNSEEN, Entity
from stem_memory.belief.evidence import (
    SELF_CONFIDENCE,
    STATED_CONFIDENCE,
    SURVEY,
    SURVEY_CONFIDENCE,
    VAIN_LOOK_CONFIDENCE,
    Evidence,
    Outcome,
)
from stem_memory.belief.geometry import distance, room_at
from stem_memory.belief.identities import Identities, united
from stem_memory.belief.journal import Change, Verdict
from stem_memory.contracts import Asserted, IdentitiesMerged, IdentityParted

# A thing seen at the same holder but this far (metres) from before was moved; less is noise.
SHIFT_M = 0.25
_NUMBER = re.compile(r"(\d+)")


class Things:
    """Every thing by id, an index of what each holder carries, and when each holder was viewed."""

    # What is sorted and counted of the things; snapshots leave it out.
    MADE_AGAIN: ClassVar[dict[str, Callable[[], Any]]] = {
        "_order": dict,
        "_of_class": Counter,
        "_is_counted": bool,
    }
    _is_counted = False

    def __init__(self) -> None:
        self.by_id: dict[str, Entity] = {}
        self.viewed: dict[str, float] = {}
        self.identities = Identities()
        self.drift = Drift()
        self.journal: list[Change] | None = None
        self._carried: dict[str, dict[str, None]] = {}
        self._order: dict[Category | None, tuple[str, ...]] = {}
        self._of_class: Counter[tuple[Category, str]] = Counter()

    def ids(self, category: Category | None) -> tuple[str, ...]:
        """All ids: the floor plan in its own order, then the rest in natural order (2 before 10)."""
        if not self._order:
            every = sorted(
                (e for e in self.by_id.values() if e.id not in self.identities.into),
                key=lambda e: (not e.fixed, () if e.fixed else natural(e.id)),
            )
            grouped: dict[Category | None, list[str]] = {None: [e.id for e in every]}
            for entity in every:
                grouped.setdefault(entity.category, []).append(entity.id)
            self._order = {key: tuple(ids) for key, ids in grouped.items()}
        return self._order.get(category, ())

    def is_alone(self, entity: Entity) -> bool:
        """Whether no other thing of its class is known."""
        if not self._is_counted:
            alone = (e for e in self.by_id.values() if e.id not in self.identities.into)
            self._of_class = Counter((e.category, e.cls) for e in alone)
            self._is_counted = True
        return self._of_class[entity.category, entity.cls] == 1

    def carried(self, holder: str) -> list[str]:
        """Ids of what is believed to be directly at the holder, in natural order."""
        here: Iterable[str] = self._carried.get(holder, ())
        if self.identities.into:
            roots = dict.fromkeys(self.identities.root(id_) for id_ in here)
            here = [id_ for id_ in roots if self._is_at(id_, holder)]
        return sorted(here, key=natural)

    def entity(self, thing: str) -> Entity | None:
        """What is known of a thing, with everything known of other ids that are the same."""
        if not self.identities.into:
            return self.by_id.get(thing)
        same = [self.by_id[id_] for id_ in self.identities.members(thing) if id_ in self.by_id]
        return united(same) if len(same) > 1 else next(iter(same), None)

    def merge(self, said: IdentitiesMerged) -> None:
        """Two ids are one thing. What belongs to the floor plan or is a body stays itself."""
        ends = [self.by_id.get(said.thing), self.by_id.get(said.into)]
        if all(e is not None and not e.fixed and e.category != "body" for e in ends):
            self.identities.merge(said.thing, said.into)
            self._reorder()

    def part(self, said: IdentityParted) -> None:
        """An id that was merged is a thing of its own after all."""
        self.identities.part(said.thing)
        self._reorder()

    def survey(
        self, plan: SitePlan, things: Iterable[Thing], states: dict[str, dict[str, Value]], t: float
    ) -> None:
        """Take in a floor plan and what people told about things; all of it may be wrong."""
        before = {e.id: self.by_id.pop(e.id) for e in list(self.by_id.values()) if e.fixed}
        for room in plan.rooms:
            self._fix(Entity(room.id, "room", room.cls, room.names))
        for door in plan.doors:
            attrs: dict[str, Value] = {} if door.leaf else {"open": True}
            entity = Entity(door.id, "door", "door", door.names, attrs, xy=door.at)
            self._fix(entity, Location(relation="at", holder=door.rooms[0]), t)
        for spot in plan.fixtures:
            entity = Entity(
                spot.id, "fixture", spot.cls, spot.names, dict(spot.attrs), xy=(spot.x, spot.y)
            )
            self._fix(entity, Location(relation="at", holder=spot.room), t)
        for old in before.values():
            if old.id in self.by_id:
                self.by_id[old.id].states = old.states
        for thing in things:
            known = self._know(thing.id, thing.category, thing.cls, thing.names)
            self._attrs(known, thing.attrs, t, SURVEY, SURVEY_CONFIDENCE)
            self._place(known, thing.location, None, t, SURVEY, SURVEY_CONFIDENCE)
            self._states(known, thing.states, t, SURVEY, SURVEY_CONFIDENCE)
        for thing_id, values in states.items():
            if thing_id in self.by_id:
                self._states(self.by_id[thing_id], values, t, SURVEY, SURVEY_CONFIDENCE)

    def enrol(self, body: str, kind: str, names: tuple[str, ...]) -> None:
        """Know a body as a thing among things."""
        entity = self._know(body, "body", kind, names)
        entity.category, entity.cls, entity.names = "body", kind, names
        self._reorder()

    def shift(self, motion: Callable[[Point], Point]) -> None:
        """The map was made anew: everything that was measured lies elsewhere in it."""
        for entity in self.by_id.values():
            if entity.xy is not None:
                entity.xy = motion(entity.xy)

    def observe(
        self,
        seen: Observation,
        rooms: SitePlan | None,
        lost: Iterable[str],
        measured: bool = True,
    ) -> None:
        """Take in one report: what is held, what was seen, and what was looked for in vain.

        `measured`: its positions are in the map.
        """
        t, body = seen.t, seen.body
        present = set(seen.state.holding)
        for held in seen.state.holding:
            entity = self.by_id.get(held) or self._know(held, "object", UNSEEN, ())
            grip = Location(relation="held", holder=body)
            self._place(entity, grip, None, t, body, SELF_CONFIDENCE)
        for sighting in seen.sightings:
            present.add(sighting.id)
            self._sight(sighting, t, body, rooms, lost, measured)
        for holder in seen.viewed:
            if self.viewed.get(holder, t) <= t:
                self.viewed[holder] = t
        for holder in (*seen.viewed, body):
            for missed in [i for i in self._carried.get(holder, ()) if i not in present]:
                self._miss(self.by_id[missed], t, body)

    def _sight(
        self,
        seen: Sighting,
        t: float,
        body: str,
        rooms: SitePlan | None,
        lost: Iterable[str],
        measured: bool,
    ) -> None:
        entity = self.by_id.get(seen.id)
        if entity is None:
            entity = self._know(seen.id, seen.category, seen.cls, seen.names)
        elif entity.cls == UNSEEN:
            entity.cls, entity.names = seen.cls, seen.names
            self._reorder()
        if seen.attrs:
            self._attrs(entity, seen.attrs, t, body, seen.confidence)
        if seen.states:
            self._states(entity, seen.states, t, body, seen.confidence)
        # A body that reports for itself knows better than whoever sees it pass.
        if entity.fixed or (entity.category == "body" and entity.id not in lost):
            return
        where = seen.location
        if where is None and rooms is not None:
            room = room_at(rooms, (seen.x, seen.y))
            where = Location(relation="at", holder=room) if room else None
        if where is not None:
            at = (seen.x, seen.y) if measured else None
            self._place(entity, where, at, t, body, seen.confidence)

    def _miss(self, entity: Entity, t: float, body: str) -> None:
        """The holder was in full view and the thing was not there: its place is unknown."""
        if not entity.fixed and entity.category != "body":
            self._place(entity, None, None, t, body, VAIN_LOOK_CONFIDENCE)

    def _place(
        self,
        entity: Entity,
        where: Location | None,
        xy: Point | None,
        t: float,
        source: str,
        confidence: float,
    ) -> None:
        if entity.fixed:
            return
        place = entity.place
        if place is None:
            before = None
            entity.place = Evidence(where, t, t, source, confidence)
        else:
            before, since = place.value, place.seen
            outcome = place.renew(where, t, source, confidence)
            # What leaves or enters a hand was moved by us: that says nothing about drift.
            if t > since and not (_held(before) or _held(where)):
                self.drift.note(entity.cls, "location", t - since, outcome == "changed")
            if outcome != "changed":
                if outcome == "same" and entity.is_restated("location", t):
                    self._note_place(entity.id, where, t, source, confidence, "changed", xy)
                if xy is not None and outcome == "same":
                    if entity.xy is None or distance(entity.xy, xy) > SHIFT_M:
                        self._note_place(entity.id, where, t, source, confidence, "changed", xy)
                    entity.xy = xy
                # A late look in vain says too little: where the thing was then may be known.
                if outcome == "outranked" or (outcome == "late" and where is not None):
                    self._note_place(entity.id, where, t, source, confidence, outcome, xy)
                return
            if place.rival is not None:
                lost, rival, trust = place.rival
                self._note_place(entity.id, lost, t, rival, trust, "outranked", None)
        self._move(entity, before, where, xy)
        self._note_place(entity.id, where, t, source, confidence, "changed", xy)

    def _move(
        self, entity: Entity, before: Location | None, where: Location | None, xy: Point | None
    ) -> None:
        if before is not None:
            del self._carried[before.holder][entity.id]
        entity.xy = xy
        if where is not None:
            self._carried.setdefault(where.holder, {})[entity.id] = None
            entity.been[where.holder] = entity.been.get(where.holder, 0) + 1

    def _attrs(
        self, entity: Entity, values: dict[str, Value], t: float, source: str, confidence: float
    ) -> None:
        for name, value in values.items():
            if entity.attrs.get(name) != value:
                entity.attrs[name] = value
                self._note(entity.id, name, value, t, source, confidence, "changed")

    def _states(
        self, entity: Entity, values: dict[str, Value], t: float, source: str, confidence: float
    ) -> None:
        states = entity.states
        for name, value in values.items():
            known = states.get(name)
            if known is None:
                states[name] = Evidence(value, t, t, source, confidence)
                self._note(entity.id, name, value, t, source, confidence, "changed")
                continue
            seconds = t - known.seen
            outcome = known.renew(value, t, source, confidence)
            if seconds > 0:
                self.drift.note(entity.cls, name, seconds, outcome == "changed")
            if outcome == "same" and entity.is_restated(name, t):
                self._note(entity.id, name, value, t, source, confidence, "changed")
            if outcome != "same" and self.journal is not None:
                if outcome == "changed" and known.rival is not None:
                    lost, rival, trust = known.rival
                    self._note(entity.id, name, lost, t, rival, trust, "outranked")
                self._note(entity.id, name, value, t, source, confidence, outcome)

    def state(self, said: Asserted, t: float) -> None:
        """Take in what a person says of a thing; what is over by now changes only history."""
        entity = self.by_id.get(said.thing)
        if entity is None or (entity.fixed and said.attr == "location"):
            return
        over = said.to_s is not None and said.to_s <= t
        if said.to_s is not None and over:
            until = max(said.to_s, entity.restated.get(said.attr, said.to_s))
            entity.restated[said.attr] = until
        else:
            if said.attr == "location":
                where = (
                    Location(relation=said.relation or "on", holder=str(said.value))
                    if said.value is not None
                    else None
                )
                before = entity.place.value if entity.place is not None else None
                entity.place = Evidence(where, said.from_s, t, said.by, STATED_CONFIDENCE)
                self._move(entity, before, where, None)
            elif said.value is None:
                entity.states.pop(said.attr, None)
            else:
                entity.states[said.attr] = Evidence(
                    said.value, said.from_s, t, said.by, STATED_CONFIDENCE
                )
        if self.journal is not None:
            relation = said.relation or ("on" if said.attr == "location" else None)
            self.journal.append(
                Change(
                    said.thing,
                    said.attr,
                    said.value,
                    relation if said.value is not None else None,
                    said.from_s,
                    said.to_s if over else None,
                    said.by,
                    STATED_CONFIDENCE,
                    "stated",
                )
            )

    def _is_at(self, thing: str, holder: str) -> bool:
        entity = self.entity(thing)
        place = entity.place if entity is not None else None
        return place is not None and place.value is not None and place.value.holder == holder

    def _note_place(
        self,
        thing: str,
        where: Location | None,
        t: float,
        source: str,
        confidence: float,
        outcome: Outcome,
        xy: Point | None,
    ) -> None:
        if self.journal is not None:
            holder = where.holder if where is not None else None
            relation = where.relation if where is not None else None
            self._note(thing, "location", holder, t, source, confidence, outcome, relation, xy)

    def _note(
        self,
        thing: str,
        attr: str,
        value: Value | None,
        t: float,
        source: str,
        confidence: float,
        outcome: Outcome,
        relation: str | None = None,
        xy: Point | None = None,
    ) -> None:
        if self.journal is not None and outcome != "same":
            verdict: Verdict = "disputed" if outcome == "outranked" else outcome
            self.journal.append(
                Change(thing, attr, value, relation, t, None, source, confidence, verdict, xy)
            )

    def _reorder(self) -> None:
        self._order.clear()
        self._is_counted = False

    def _know(self, id_: str, category: Category, cls: str, names: tuple[str, ...]) -> Entity:
        entity = self.by_id.get(id_)
        if entity is None:
            entity = self.by_id[id_] = Entity(id_, category, cls, names)
            # Sorted anew when somebody asks, but not counted anew for each newcomer.
            self._order.clear()
            self._of_class[category, cls] += 1
        return entity

    def _fix(self, entity: Entity, place: Location | None = None, t: float = 0.0) -> None:
        entity.fixed = True
        if place is not None:
            entity.place = Evidence(place, t, t, SURVEY, 1.0)
        self.by_id[entity.id] = entity
        self._reorder()


def _held(where: Location | None) -> bool:
    return where is not None and where.relation == "held"


@cache
def natural(id_: str) -> tuple[tuple[str, int], ...]:
    """A sort key that puts cup-2 before cup-10."""
    parts = _NUMBER.split(id_)
    numbers = [int(digits) for digits in parts[1::2]] + [-1]
    return tuple(zip(parts[::2], numbers, strict=True))
