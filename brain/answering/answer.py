"""What is said in answer to a question, and whether somebody has to look first."""

from __future__ import annotations

from brain.answering.config import DEFAULT, AnswerConfig
from brain.answering.evidence import Evidence, found, is_seen
from brain.answering.naming import Naming, sentence
from brain.answering.places import PlaceAnswers
from brain.answering.states import StateAnswers
from brain.language.words.lexicon import lexicon
from brain.language.words.site import Site
from devices.facts import Category, Selector, holders, select
from stem_memory.tasks import Answer, Finding, GoalRecord, Query
from stem_memory.view import MemoryView

_FIXED = ("room", "door", "fixture")


def needs_look(query: Query, view: MemoryView, now: float, config: AnswerConfig = DEFAULT) -> bool:
    """Whether what is believed is too old or too unsure to be said without looking.

    What nobody has seen (a survey, what is usual) needs a look; what stays where it is does not,
    and neither does what nobody can see because nothing may be recorded there.
    """
    return _Doubts(view, now, config).of(query)


def answer(
    record: GoalRecord,
    view: MemoryView,
    looked: bool = True,
    why_not: str = "",
    config: AnswerConfig = DEFAULT,
) -> Answer:
    """One plain sentence for each query of the goal, from what is believed now.

    Args:
        record: The goal, with its queries.
        view: What memory believes.
        looked: Whether whatever needed a look was looked at.
        why_not: Why it was not.
        config: How much is said.
    """
    naming = Naming(Site(view, lexicon()))
    texts: list[str] = []
    findings: list[Finding] = []
    for query in record.queries:
        is_bare = not looked and needs_look(query, view, view.now(), config)
        why = why_not.rstrip(".") if is_bare else ""
        evidence = Evidence(naming, view.now(), bool(why))
        places = PlaceAnswers(record, naming, evidence, config)
        text, made = _said(query, places, StateAnswers(naming, evidence), view)
        if why and (made or not places.looked()):
            text = f"{text}; nobody could look: {why}"
        if sentence(text) not in texts:
            texts.append(sentence(text))
            findings += [f for f in made if f not in findings]
    return Answer(text=" ".join(texts), findings=tuple(findings))


def _said(
    query: Query, places: PlaceAnswers, states: StateAnswers, view: MemoryView
) -> tuple[str, tuple[Finding, ...]]:
    if _is_about_contents(query, view):
        return places.fill(query)
    if query.attr != "location":
        return {
            "which": states.which,
            "how_many": states.how_many,
            "whether": states.whether,
        }.get(query.ask, states.state)(query)
    return {
        "what": places.what,
        "which": places.which,
        "how_many": places.how_many,
        "whether": places.whether,
    }.get(query.ask, places.where)(query)


def _is_about_contents(query: Query, view: MemoryView) -> bool:
    """Whether "empty" or "full" is said of a place, which has no such state of its own."""
    return query.attr == "fill" and all(
        view.category(thing) in _FIXED and view.attr(thing, "fill") is None
        for thing in query.what.ids
    )


class _Doubts:
    """What can not be said without a look."""

    def __init__(self, view: MemoryView, now: float, config: AnswerConfig) -> None:
        self.view = view
        self.now = now
        self.config = config

    def of(self, query: Query) -> bool:
        """Whether the query needs a look."""
        things = select(query.what, self.view)
        if _is_about_contents(query, self.view):
            return any(self._is_stale(thing, "object") for thing in query.what.ids)
        if query.attr != "location":
            return not things or not all(self._is_sure(t, query.attr) for t in things)
        if query.ask == "what":
            return any(self._is_stale(place, "object") for place in query.what.ids)
        if query.ask == "where" or (query.within is None and query.ask == "how_many"):
            return not things or not all(self._is_sure(t, "location") for t in things)
        if query.ask == "whether" and self._is_decided(query, things):
            return False
        kind: Category = "person" if query.what.cls == "person" else "object"
        return query.within is None or self._is_stale(query.within, kind)

    def _is_decided(self, query: Query, things: tuple[str, ...]) -> bool:
        """Whether the things themselves tell: one is surely there, or these are surely elsewhere."""
        sure = [
            t for t in things if self._is_sure(t, "location") and self._is_as_said(query.what, t)
        ]
        if query.what.ids:
            return bool(things) and len(sure) == len(things)
        there = (t for t in sure if query.within is None or self._is_within(t, query.within))
        return next(there, None) is not None

    def _is_within(self, thing: str, place: str) -> bool:
        return place in holders(thing, self.view) or self.view.room_of(thing) == place

    def _is_as_said(self, what: Selector, thing: str) -> bool:
        """Whether the properties by which it was selected are sure, too."""
        return all(
            found(thing, name, self.view) is None or self._is_sure(thing, name)
            for name in what.having
        )

    def _is_sure(self, thing: str, attr: str) -> bool:
        if attr == "location" and self.view.category(thing) in _FIXED:
            return True
        finding = found(thing, attr, self.view)
        if finding is None or not is_seen(finding):
            return False
        body = self.view.bodies().get(thing)
        if body is not None and not body.lost and finding.source == thing:
            return True
        return finding.confidence >= self.config.sure

    def _is_stale(self, place: str, kind: Category) -> bool:
        """Whether a look at the place would tell more than is known of it."""
        if self.view.category(place) in ("person", "body"):
            return not self._is_sure(place, "location")
        if self.view.unrecorded(kind, place) is not None:
            return False
        viewed = self.view.learnt_at(place, "location")
        lasts = self.config.people_s if kind == "person" else self.config.view_s
        return viewed is None or self.now - viewed > lasts
