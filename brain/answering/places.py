"""Answers about where things are, what is somewhere, and how many."""

from __future__ import annotations

from collections.abc import Sequence

from brain.answering.config import AnswerConfig
from brain.answering.evidence import Evidence, found, is_seen
from brain.answering.naming import Naming, any_of
from brain.language.words.plural import listed
from devices.facts import Category, holders, select
from stem_memory.tasks import Finding, GoalRecord, Query

Said = tuple[str, tuple[Finding, ...]]
_MOVING: tuple[Category, ...] = ("object", "person", "body")


class PlaceAnswers:
    """Answers of one goal that are about places: a sentence without capital and stop, and why.

    Args:
        record: The goal that asks.
        naming: Names within sentences.
        evidence: What answers rest on.
        config: How much is said.
    """

    def __init__(
        self, record: GoalRecord, naming: Naming, evidence: Evidence, config: AnswerConfig
    ) -> None:
        self.record = record
        self.naming = naming
        self.evidence = evidence
        self.config = config
        self.view = naming.view

    # -- where ---------------------------------------------------------------------------------

    def where(self, query: Query) -> Said:
        """Where each of the things is."""
        things = select(query.what, self.view)
        placed = [t for t in things if self._is_placed(t)]
        if not things:
            return self._unknown(query), ()
        if not placed:
            return self._missing(things), ()
        lost = [t for t in things if t not in placed]
        text = self._are_there(placed)
        if len(things) > 1 and not query.what.ids:
            text = f"{self.naming.there_are(query.what, len(placed))}: {self._spots(placed)}"
        if lost:
            text += f"; nobody knows where {self.naming.all_of(lost)} {self.naming.are(lost)}"
        return self._told(text, self._findings(placed))

    def _are_there(self, things: Sequence[str]) -> str:
        """Such as "the red mug is on the desk and the keys are in the hall"."""
        parts: list[str] = []
        for place, here in self._by_place(things):
            holder = self._holder(here[0])
            if holder is not None:
                parts.append(f"{self.naming.the(holder)} has {self.naming.all_of(here)}")
            else:
                parts.append(f"{self.naming.all_of(here)} {self.naming.are(here)} {place}")
        return listed(self._few(parts))

    def _spots(self, things: Sequence[str]) -> str:
        """Such as "2 cups on the desk and the red mug in the sink"."""
        parts = [f"{self.naming.all_of(here)} {place}" for place, here in self._by_place(things)]
        return listed(self._few(parts))

    def _few(self, parts: list[str]) -> list[str]:
        most = self.config.most
        more = len(parts) - most
        return [*parts[:most], f"more in {more} other places"] if more > 1 else parts

    def _by_place(self, things: Sequence[str]) -> list[tuple[str, list[str]]]:
        at: dict[str, list[str]] = {}
        for thing in things:
            at.setdefault(self._spot(thing), []).append(thing)
        return list(at.items())

    def _spot(self, thing: str) -> str:
        if self.view.category(thing) == "room":
            beside = [
                r for d in self.naming.site.doors.values() if thing in d.rooms for r in d.rooms
            ]
            others = [self.naming.the(room) for room in dict.fromkeys(beside) if room != thing]
            return f"next to {listed(others)}" if others else "here"
        return self.naming.place(thing) or "somewhere"

    def _holder(self, thing: str) -> str | None:
        """The person or body that has the thing in its hands."""
        where = self.view.location(thing)
        held = where is not None and self.view.category(where.holder) in ("person", "body")
        return where.holder if where is not None and held else None

    def _unknown(self, query: Query) -> str:
        """Nobody knows of such a thing at all."""
        kind = any_of(self.naming.kind(query.what))
        if looked := self.looked():
            return f"nobody has found {kind}: {looked} in vain"
        return f"nobody knows of {kind} here"

    def _missing(self, things: Sequence[str]) -> str:
        """The things are known, their places are not."""
        text = f"nobody knows where {self.naming.all_of(things)} {self.naming.are(things)} now"
        belief = self.view.belief(things[0], "location") if len(things) == 1 else None
        looked = self.looked()
        if belief is None or belief.value is not None:
            return f"{text}: {looked} in vain" if looked else text
        been = list(self.view.been_at(things[0]))
        they = self.naming.they_were(things)
        place = (
            f"{self.naming.at(been[0])}, where {they} said to be,"
            if len(been) == 1
            else (f"where {they} seen before")
        )
        who, when = self.evidence.source(belief.source), self.evidence.ago(belief.seen_s)
        it = self.naming.it(things)
        text = f"{text}: {who} looked {place} {when} and did not see {it} there"
        return f"{text}; {looked} in vain" if looked else text

    # -- what, who, how many -------------------------------------------------------------------

    def what(self, query: Query) -> Said:
        """What is at a place, or what somebody holds."""
        place = query.what.ids[0]
        things = self._at(place)
        if self.view.category(place) in ("person", "body"):
            holds = f"{self.naming.the(place)} is holding"
            if things:
                return self._told(f"{holds} {self.naming.some_of(things)}", self._findings(things))
            return f"{holds} nothing{self._as_seen(place)}", ()
        here = self.naming.at(place)
        if things:
            some = self._shortened(things, known=False)
            text = f"{some} {self.naming.are(things)} {here}"
            return self._told(text, self._findings(things))
        hidden = self._unrecorded("object", place)
        return hidden or f"there is nothing {here}{self._viewed(place)}", ()

    def which(self, query: Query) -> Said:
        """Which of the things (or who) is there."""
        things = self._within(query)
        if not things:
            return self._none(query), ()
        text = f"{self._shortened(things)} {self.naming.are(things)}{self._here(query)}"
        return self._told(text, self._findings(things))

    def how_many(self, query: Query) -> Said:
        """How many there are, there or anywhere."""
        things = self._within(query)
        if not things:
            return self._none(query), ()
        return self._told(self._number(query, things), self._grounds(query, things))

    def whether(self, query: Query) -> Said:
        """Yes or no: whether the things are there, or whether there is one."""
        things = self._within(query)
        if query.what.ids and query.within is not None:
            return self._whether_these(query, query.within, things)
        if not things:
            text = self._none(query)
            return text if self._is_hidden(query) else f"no, {text}", ()
        text, findings = self._number(query, things), self._grounds(query, things)
        if self.naming.anything(query.what) is not None:
            known = query.what.cls == "person"
            text = f"{self._shortened(things, known)} {self.naming.are(things)}{self._here(query)}"
        return self._told(f"yes, {text}", findings)

    def fill(self, query: Query) -> Said:
        """Yes or no: whether a place is empty, or has something on or in it."""
        place = query.what.ids[0]
        things = self._at(place)
        if not things and (hidden := self._unrecorded("object", place)):
            return hidden, ()
        word = "yes" if (not things) == (query.value == "none") else "no"
        if not things:
            return f"{word}, {self.naming.the(place)} is empty{self._viewed(place)}", ()
        text, findings = self.what(query)
        return f"{word}, {text}", findings

    def _whether_these(self, query: Query, place: str, there: Sequence[str]) -> Said:
        things = select(query.what, self.view)
        away = [t for t in things if t not in there]
        here = self.naming.at(place)
        if things and not away:
            text = f"yes, {self.naming.all_of(things)} {self.naming.are(things)} {here}"
            return self._told(text, self._findings(things))
        placed = [t for t in away if self._is_placed(t)]
        if placed:
            return self._told(f"no, {self._are_there(placed)}", self._findings(placed))
        if self.view.learnt_at(place, "location") is None:
            return self._missing(away), ()
        text = f"no, {self.naming.all_of(away)} {self.naming.are(away)} not {here}"
        return text + self._viewed(place), ()

    def _number(self, query: Query, things: Sequence[str]) -> str:
        text = self.naming.there_are(query.what, len(things))
        return text + self._here(query) if query.within else f"{text}: {self._spots(things)}"

    def _none(self, query: Query) -> str:
        """There is nothing of the kind, as far as anybody can know."""
        if query.within is None:
            return self._unknown(query)
        hidden = self._is_hidden(query)
        if hidden:
            return hidden
        here = self._here(query)
        words = self.naming.anything(query.what)
        if words is not None and query.what.cls == "person":
            text = f"{words[1]} is{here}"
        else:
            text = f"{self.naming.there_are(query.what, 0)}{here}"
        return text + self._viewed(query.within)

    # -- parts ---------------------------------------------------------------------------------

    def _is_placed(self, thing: str) -> bool:
        return self.view.category(thing) == "room" or self.view.location(thing) is not None

    def _here(self, query: Query) -> str:
        """The place that is asked about, with a blank before it; people are at tables, not on."""
        if query.within is None:
            return ""
        people = query.what.cls is not None and self.naming.site.below(query.what.cls, "person")
        return f" {self.naming.at(query.within, people=people)}"

    def _within(self, query: Query) -> list[str]:
        """The things that are believed to be there; without a place, those whose place is known."""
        things = select(query.what, self.view)
        place = query.within
        if place is None:
            return [t for t in things if self._is_placed(t)]
        return [
            t for t in things if place in holders(t, self.view) or self.view.room_of(t) == place
        ]

    def _at(self, place: str) -> list[str]:
        """Objects at the place or held by it; of a room, everything and everybody in it."""
        if self.view.category(place) != "room":
            return list(self.view.contents(place))
        return [t for kind in _MOVING for t in self.view.ids(kind) if self.view.room_of(t) == place]

    def _findings(self, things: Sequence[str]) -> tuple[Finding, ...]:
        made = (found(thing, "location", self.view) for thing in things)
        return tuple(finding for finding in made if finding is not None)

    def _grounds(self, query: Query, things: Sequence[str]) -> tuple[Finding, ...]:
        """What it rests on: of what never moves not the place, but what is said of it."""
        if all(self._is_fixed(thing) for thing in things):
            made = (found(t, attr, self.view) for t in things for attr in query.what.having)
            return tuple(finding for finding in made if finding is not None)
        return self._findings(things)

    def _is_fixed(self, thing: str) -> bool:
        return self.view.category(thing) in ("room", "door", "fixture")

    def _shortened(self, things: Sequence[str], known: bool = True) -> str:
        """The things by name, at most so many different ones."""
        name = self.naming.all_of if known else self.naming.some_of
        titles = list(dict.fromkeys(self.naming.title(t) for t in things))
        shown = set(titles[: self.config.most])
        few = [t for t in things if self.naming.title(t) in shown]
        more = len(things) - len(few)
        return name(few, f"{more} more thing{'s' if more > 1 else ''}" if more else "")

    def _told(self, text: str, findings: tuple[Finding, ...]) -> Said:
        """The sentence with what it rests on."""
        if all(self._is_fixed(f.thing) and f.attr == "location" for f in findings):
            return text, findings
        return f"{text}{';' if ':' in text else ':'} {self.evidence.of(findings)}", findings

    def _is_hidden(self, query: Query) -> str:
        kind: Category = "person" if query.what.cls == "person" else "object"
        return self._unrecorded(kind, query.within) if query.within is not None else ""

    def _unrecorded(self, kind: Category, place: str) -> str:
        """That nothing of the kind is recorded there, if it is so."""
        if self.view.unrecorded(kind, place) is None:
            return ""
        who = "who" if kind == "person" else "what"
        return f"{who} is {self.naming.at(place, people=kind == 'person')} is not recorded"

    def _viewed(self, place: str) -> str:
        """When the place was last looked at, by whom if that is known."""
        t = self.view.learnt_at(place, "location")
        if t is None:
            return f", as far as anybody knows{self.evidence.unlooked(', but')}"
        done = (s for s, status in self.record.steps.items() if status == "done")
        bodies = dict.fromkeys(self.record.bodies[s] for s in done if s in self.record.bodies)
        who = self.naming.the(next(iter(bodies))) if len(bodies) == 1 else "somebody"
        return f": {who} looked {self.evidence.ago(t)}"

    def _as_seen(self, holder: str) -> str:
        """When somebody who holds nothing was last seen."""
        finding = found(holder, "location", self.view)
        if finding is None or not is_seen(finding):
            return f", as far as anybody knows{self.evidence.unlooked(', but')}"
        return f": {self.evidence.of([finding])}"

    def looked(self) -> str:
        """The places that were looked at since the goal was posted; "": none."""
        since = self.record.goal.t
        viewed = [
            place
            for place in (*self.view.ids("fixture"), *self.view.ids("room"))
            if (t := self.view.learnt_at(place, "location")) is not None and t >= since
        ]
        if not viewed:
            return ""
        names = [self.naming.the(place) for place in viewed[:3]]
        more = len(viewed) - len(names)
        if more:
            names.append(f"{more} more place{'s' if more > 1 else ''}")
        return f"{listed(names)} {'were' if len(viewed) > 1 else 'was'} looked at"
