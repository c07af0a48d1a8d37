"""What one event says of one thing's attribute: the evidence behind a belief, found again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from devices.facts import Value
from stem_memory.belief.evidence import (
    SELF_CONFIDENCE,
    STATED_CONFIDENCE,
    SURVEY,
    SURVEY_CONFIDENCE,
    VAIN_LOOK_CONFIDENCE,
)
from stem_memory.contracts import Asserted, Event, Observed, Payload, SiteSurveyed

# The kinds of events that are evidence of the world.
EVIDENCE_KINDS = ("asserted", "observed", "site_surveyed")


class Mention(NamedTuple):
    """A value as one source gave it; of "location" the holder's id, None: not there."""

    value: Value | None
    source: str
    confidence: float


def own_time(event: Event) -> float:
    """The valid time an event speaks of, in seconds: a report may reach the log late."""
    return event.body.observation.t if isinstance(event.body, Observed) else event.t


def mentions(body: Payload, thing: str, attr: str) -> Iterator[Mention]:
    """What the event says of this attribute of this thing, in the order it is folded."""
    if isinstance(body, Observed):
        yield from _observed(body, thing, attr)
    elif isinstance(body, SiteSurveyed):
        yield from _surveyed(body, thing, attr)
    elif (
        isinstance(body, Asserted)
        and (body.thing, body.attr) == (thing, attr)
        # Of what is over by now it says nothing at its own time.
        and body.to_s is None
    ):
        yield Mention(body.value, body.by, STATED_CONFIDENCE)


def mentioned(body: Payload) -> Iterator[tuple[str, str]]:
    """Every thing and attribute of which `mentions` has something to tell, each once."""
    pairs: dict[tuple[str, str], None] = {}
    if isinstance(body, Observed):
        seen = body.observation
        for thing in (*seen.state.holding, seen.body):
            pairs[thing, "location"] = None
        for sighting in seen.sightings:
            for attr in ("location", *sighting.states, *sighting.attrs):
                pairs[sighting.id, attr] = None
    elif isinstance(body, SiteSurveyed):
        for known in body.things:
            for attr in ("location", *known.states, *known.attrs):
                pairs[known.id, attr] = None
        for thing, states in body.states.items():
            for attr in states:
                pairs[thing, attr] = None
    elif isinstance(body, Asserted):
        pairs[body.thing, body.attr] = None
    return (pair for pair in pairs if any(True for _ in mentions(body, *pair)))


def vain_look(body: Payload, thing: str, holder: str) -> Mention | None:
    """The mention that the thing was not at this holder, if the event is a look in vain."""
    if not isinstance(body, Observed):
        return None
    seen = body.observation
    if holder not in (*seen.viewed, seen.body) or thing in seen.state.holding:
        return None
    if any(sighting.id == thing for sighting in seen.sightings):
        return None
    return Mention(None, seen.body, VAIN_LOOK_CONFIDENCE)


def _observed(body: Observed, thing: str, attr: str) -> Iterator[Mention]:
    seen = body.observation
    if attr == "location" and thing in seen.state.holding:
        yield Mention(seen.body, seen.body, SELF_CONFIDENCE)
    if attr == "location" and thing == seen.body:
        yield Mention(seen.state.near or seen.state.room, seen.body, SELF_CONFIDENCE)
    for sighting in seen.sightings:
        if sighting.id != thing:
            continue
        if attr == "location" and sighting.location is not None:
            yield Mention(sighting.location.holder, seen.body, sighting.confidence)
        elif attr in sighting.states or attr in sighting.attrs:
            value = sighting.states.get(attr, sighting.attrs.get(attr))
            yield Mention(value, seen.body, sighting.confidence)


def _surveyed(body: SiteSurveyed, thing: str, attr: str) -> Iterator[Mention]:
    for known in body.things:
        if known.id != thing:
            continue
        if attr == "location":
            yield Mention(known.location.holder, SURVEY, SURVEY_CONFIDENCE)
        elif attr in known.states or attr in known.attrs:
            value = known.states.get(attr, known.attrs.get(attr))
            yield Mention(value, SURVEY, SURVEY_CONFIDENCE)
    if attr in body.states.get(thing, {}):
        yield Mention(body.states[thing][attr], SURVEY, SURVEY_CONFIDENCE)
