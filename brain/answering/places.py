"""Answers about where things are, what is somewhere, and how many."""

from __future__ import annotations

from collections.abc import Sequence

from brain.answering.config import AnswerConfig
from brain.answering.evidence import Evidence, found
from brain.answering.naming import Naming, listed, sentence
from brain.language.plural import with_article
from devices.facts import Category, holders, select
from stem_memory.tasks import Finding, GoalRecord, Query

Said = tuple[str, tuple[Finding, ...]]


class PlaceAnswers:
    """Answers of one goal that are about places.

    Args:
        record: The goal that asks.
        naming: Names within sentences.
        evidence: What answers rest on.
        unlooked: Why nobody looked, to be said with what is only believed; "": somebody did.
        config: How much is said.
    """

    def __init__(
        self,
        record: GoalRecord,
        naming: Naming,
        evidence: Evidence,
        unlooked: str,
        config: AnswerConfig,
    ) -> None:
        self.record = record
        self.naming = naming
        self.evidence = evidence
        self.unlooked = unlooked
        self.config = config
        self.view = naming.view

    # -- where ---------------------------------------------------------------------------------

    def where(self, query: Query) -> Said:
        """Where each of the things is."""
        things = select(query.what, self.view)
        if not things:
            return self._unknown(query), ()
        placed = [t for t in things if self.view.location(t) is not None or self._is_room(t)]
        if not placed:
            return self._missing(things), ()
        lost = [t for t in things if t not in placed]
        findings = self._findings(placed)
        if len(things) == 1:
            text = f"{self.naming.the(placed[0])} {self.naming.are(placed)} {self._spot(placed[0])}"
            return self._told(text, findings), findings
        text = self._spots(placed)
        if not query.what.ids:
            number, kind = len(placed), self.naming.kind(query.what, len(placed))
            text = f"there {'are' if number > 1 else 'is'} {number} {kind}: {text}"
        if lost:
            kind = self.naming.all_of(lost)
            text = f"{text}; nobody knows where {kind} {self.naming.are(lost)}"
        return self._told(text, findings, many=len(placed) > 1), findings

    def _spot(self, thing: str) -> str:
        """Where one thing is; a room is where it is on the map."""
        return self.naming.place(thing) or "on the map"

    def _spots(self, things: Sequence[str]) -> str:
        """The things, those at one place together."""
        at: dict[str, list[str]] = {}
        for thing in things:
            at.setdefault(self._spot(thing), []).append(thing)
        shown = list(at.items())[: self.config.most]
        more = sum(len(here) for _, here in list(at.items())[self.config.most :])
        told = [f"{self.naming.all_of(here)} {place}" for place, here in shown]
        return listed([*told, f"{more} more elsewhere"] if more else told)

    def _unknown(self, query: Query) -> str:
        """Nobody knows of such a thing at all."""
        kind = with_article(self.naming.kind(query.what))
        if looked := self._looked():
            return sentence(f"nobody has found {kind}: {looked} in vain")
        return sentence(f"nobody knows of {kind} here{self._why()}")

    def _missing(self, things: Sequence[str]) -> str:
        """The things are known, their places are not."""
        text = f"nobody knows where {self.naming.all_of(things)} {self.naming.are(things)} now"
        belief = self.view.belief(things[0], "location") if len(things) == 1 else None
        if belief is None or belief.value is not None:
            looked = self._looked()
            return sentence(f"{text}: {looked} in vain" if looked else text + self._why())
        last = list(self.view.been_at(things[0]))
        who, when = self.evidence.source(belief.source), self.evidence.ago(belief.seen_s)
        where = (
            f"{self.naming.at(last[0])}, where it was said to be,"
            if len(last) == 1
            else ("where it was last seen")
        )
        where = where.replace(" it was", f" {self._they(things)}")
        it = self.naming.it(things)
        text = f"{text}: {who} looked {where} {when} and did not see {it} there"
        more = self._looked()
        return sentence(f"{text}; {more} in vain" if more else text + self._why())

    def _they(self, things: Sequence[str]) -> str:
        plural = self.naming.are(things) == "are"
        return "they were" if plural else f"{self._subject(things)} was"

    def _subject(self, things: Sequence[str]) -> str:
        it = self.naming.it(things)
        return it if it != "them" else "they"

    # -- what, who, how many -------------------------------------------------------------------

    def what(self, query: Query) -> Said:
        """What is at a place, or what somebody holds."""
        place = query.what.ids[0]
        category = self.view.category(place)
        things = self._at(place)
        if category in ("person", "body"):
            findings = self._findings(things)
            holds = f"{self.naming.the(place)} is holding"
            if things:
                return self._told(f"{holds} {self.naming.some_of(things)}", findings), findings
            return sentence(f"{holds} nothing{self._as_seen(place)}"), ()
        hidden = self._unrecorded("object", place)
        if hidden and not things:
            return hidden, ()
        here = self.naming.at(place)
        if not things:
            return sentence(f"there is nothing {here}{self._viewed(place)}"), ()
        findings = self._findings(things)
        text = f"{here} there {self._is(things)} {self._shortened(things)}"
        return self._told(text, findings, many=len(things) > 1, place=place), findings

    def which(self, query: Query) -> Said:
        """Which of the things (or who) is there."""
        place = query.within
        assert place is not None
        things = self._within(query)
        here = self.naming.at(place)
        if things:
            findings = self._findings(things)
            named = self._shortened(things, known=True)
            text = f"{named} {self.naming.are(things)} {here}"
            return self._told(text, findings, many=len(things) > 1, place=place), findings
        return self._none(query, place)

    def how_many(self, query: Query) -> Said:
        """How many there are, there or anywhere."""
        things = self._within(query)
        place = query.within
        if not things:
            return self._none(query, place)
        findings = self._findings(things)
        number = len(things)
        text = (
            f"there {'are' if number > 1 else 'is'} {number} {self.naming.kind(query.what, number)}"
        )
        text += f" {self.naming.at(place)}" if place else f": {self._spots(things)}"
        return self._told(text, findings, many=number > 1, place=place), findings

    def whether(self, query: Query) -> Said:
        """Yes or no: whether the things are there, or whether there is one."""
        place = query.within
        things = self._within(query)
        if query.what.ids and place is not None:
            return self._whether_these(query, place, things)
        if not things:
            text, findings = self._none(query, place)
            return self._yes_no("no", text), findings
        findings = self._findings(things)
        words = self.naming.something(query.what)
        if words is not None and place is not None:
            text = f"{self._shortened(things, known=words[0] == 'somebody')}"
            text = f"{text} {self.naming.are(things)} {self.naming.at(place)}"
        else:
            number = len(things)
            kind = self.naming.kind(query.what, number)
            text = f"there {'are' if number > 1 else 'is'} {number} {kind}"
            text += f" {self.naming.at(place)}" if place else f": {self._spots(things)}"
        told = self._told(text, findings, many=len(things) > 1, place=place)
        return self._yes_no("yes", told), findings

    def fill(self, query: Query) -> Said:
        """Yes or no: whether a place is empty, or has something on or in it."""
        place = query.what.ids[0]
        things = self._at(place)
        if not things and (hidden := self._unrecorded("object", place)):
            return hidden, ()
        yes = "yes" if (not things) == (query.value == "none") else "no"
        if not things:
            text = f"{self.naming.the(place)} is empty{self._viewed(place)}"
            return self._yes_no(yes, sentence(text)), ()
        text, findings = self.what(query)
        return self._yes_no(yes, text), findings

    def _whether_these(self, query: Query, place: str, there: Sequence[str]) -> Said:
        things = select(query.what, self.view)
        away = [t for t in things if t not in there]
        names, here = self.naming.all_of(things), self.naming.at(place)
        if things and not away:
            findings = self._findings(things)
            text = f"{names} {self.naming.are(things)} {here}"
            told = self._told(text, findings, many=len(things) > 1)
            return self._yes_no("yes", told), findings
        placed = [t for t in away if self.view.location(t) is not None]
        if not placed:
            if not self._has_viewed(place):
                return self._missing(things), ()
            text = f"{self.naming.all_of(away)} {self.naming.are(away)} not {here}"
            return self._yes_no("no", sentence(text + self._viewed(place))), ()
        findings = self._findings(placed)
        verb = self.naming.are(placed[:1])
        text = f"{self.naming.the(placed[0])} {verb} {self._spot(placed[0])}"
        if len(placed) > 1:
            text = self._spots(placed)
        return self._yes_no("no", self._told(text, findings, many=len(placed) > 1)), findings

    def _none(self, query: Query, place: str | None) -> Said:
        """There is nothing of the kind, as far as anybody can know."""
        kind: Category = "person" if query.what.cls == "person" else "object"
        if place is not None and (hidden := self._unrecorded(kind, place)):
            return hidden, ()
        words = self.naming.something(query.what)
        if place is None:
            return self._unknown(query), ()
        here = self.naming.at(place)
        if words is not None:
            text = f"{words[1]} is {here}" if kind == "person" else f"there is nothing {here}"
        else:
            text = f"there are no {self.naming.kind(query.what, 2)} {here}"
            text = text.replace("are no", "is no") if self._is_mass(query) else text
        return sentence(text + self._viewed(place)), ()

    def _is_mass(self, query: Query) -> bool:
        return self.naming.kind(query.what, 1) == self.naming.kind(query.what, 2) and not (
            self.naming.kind(query.what).endswith("s")
        )

    # -- parts ---------------------------------------------------------------------------------

    def _within(self, query: Query) -> list[str]:
        """The things that are believed to be there; without a place, those whose place is known."""
        things = select(query.what, self.view)
        if query.within is None:
            return [t for t in things if self.view.location(t) is not None]
        room = self.view.category(query.within) == "room"
        return [
            t
            for t in things
            if query.within in holders(t, self.view)
            or (room and self.view.room_of(t) == query.within)
        ]

    def _at(self, place: str) -> list[str]:
        """Objects at the place or held by it; of a room, everything and everybody in it."""
        if self.view.category(place) != "room":
            return list(self.view.contents(place))
        moving: tuple[Category, ...] = ("object", "person", "body")
        return [t for kind in moving for t in self.view.ids(kind) if self.view.room_of(t) == place]

    def _findings(self, things: Sequence[str]) -> tuple[Finding, ...]:
        made = (found(thing, "location", self.view) for thing in things)
        return tuple(finding for finding in made if finding is not None)

    def _is_room(self, thing: str) -> bool:
        return self.view.category(thing) == "room"

    def _is(self, things: Sequence[str]) -> str:
        return "are" if len(things) > 1 or self.naming.are(things) == "are" else "is"

    def _shortened(self, things: Sequence[str], known: bool = False) -> str:
        name = self.naming.all_of if known else self.naming.some_of
        titles = list(dict.fromkeys(self.naming.title(t) for t in things))
        shown = set(titles[: self.config.most])
        few = [t for t in things if self.naming.title(t) in shown]
        more = len(things) - len(few)
        return f"{name(few)}, and {more} more" if more else name(few)

    def _told(
        self,
        text: str,
        findings: Sequence[Finding],
        many: bool = False,
        place: str | None = None,
    ) -> str:
        """The sentence with what it rests on."""
        if not findings or all(self._is_fixed(f) for f in findings):
            return sentence(text)
        joint = ";" if ":" in text else ":"
        return sentence(f"{text}{joint} {self.evidence.of(findings)}{self._why()}")

    def _is_fixed(self, finding: Finding) -> bool:
        return self.view.category(finding.thing) in ("room", "door", "fixture")

    def _yes_no(self, word: str, text: str) -> str:
        first = text.split()[0]
        small = first in ("The", "There", "Nobody", "Nothing", "In", "On", "At")
        return f"{word.capitalize()}, {text[:1].lower() if small else text[:1]}{text[1:]}"

    def _unrecorded(self, kind: Category, place: str) -> str:
        if self.view.unrecorded(kind, place) is None:
            return ""
        who = "who" if kind == "person" else "what"
        return sentence(f"{who} is {self.naming.at(place)} is not recorded")

    def _has_viewed(self, place: str) -> bool:
        return self.view.learnt_at(place, "location") is not None

    def _viewed(self, place: str) -> str:
        """When the place was last looked at, by whom if that is known."""
        t = self.view.learnt_at(place, "location")
        if t is None:
            return f", as far as anybody knows, but nobody has looked{self._why(', ')}"
        return f": {self._who_looked()} looked {self.evidence.ago(t)}"

    def _who_looked(self) -> str:
        done = (s for s, status in self.record.steps.items() if status == "done")
        bodies = dict.fromkeys(self.record.bodies[s] for s in done if s in self.record.bodies)
        if len(bodies) == 1:
            return self.naming.the(next(iter(bodies)))
        return "somebody"

    def _as_seen(self, holder: str) -> str:
        """When somebody who holds nothing was last seen."""
        finding = found(holder, "location", self.view)
        return f": {self.evidence.of([finding])}" if finding is not None else ""

    def _looked(self) -> str:
        """The places that were looked at for this goal."""
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

    def _why(self, joint: str = "; ") -> str:
        """Why nobody looked, if nobody did."""
        return f"{joint}nobody could look: {self.unlooked}" if self.unlooked else ""
