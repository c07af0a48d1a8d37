"""What must not be recorded is left out before anything is: no-record zones."""

from __future__ import annotations

from devices.contracts import Sighting
from devices.facts import Category
from devices.site import Point
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Observed
from stem_memory.privacy.rules import PrivacyRules


def allowed(event: Event, rules: PrivacyRules, memory: MemoryState) -> Event:
    """The event as it may be recorded: without what is, or is said, in a no-record zone.

    Things count as where they were seen or, if nearer to the truth, where their holder is. A full
    view of a holder of which something had to be left out counts as no full view: else the next
    reader would believe that nothing was there. The position of a body of the fleet is kept. What
    was measured in a frame that nobody placed in the map counts as where its holder is.

    Args:
        event: Any event; all but observations pass as they are.
        rules: The zones.
        memory: What is believed before the event: where holders and speakers are.
    """
    if not isinstance(event.body, Observed) or not rules.zones:
        return event
    seen = event.body.observation
    placed = memory.in_map(seen)
    at = {s.id: (s.x, s.y) for s in placed.sightings} if placed is not None else {}
    here = (placed.state.pose.x, placed.state.pose.y) if placed is not None else None
    hidden = {s.id for s in seen.sightings if _is_hidden(s, at.get(s.id), seen.t, rules, memory)}
    # What a hidden person carries is hidden with the person.
    hidden |= {
        s.id for s in seen.sightings if s.location is not None and s.location.holder in hidden
    }
    partly = {
        s.location.holder for s in seen.sightings if s.id in hidden and s.location is not None
    }
    allowed_view = tuple(
        holder
        for holder in seen.viewed
        if holder not in partly and not _in_zone(memory.position(holder), "object", seen.t, rules)
    )
    allowed_words = tuple(
        said
        for said in seen.heard
        if said.who not in hidden
        and not _in_zone(at.get(said.who) or memory.position(said.who), "person", seen.t, rules)
        and (said.who in at or not _in_zone(here, "person", seen.t, rules))
    )
    kept = seen.model_copy(
        update={
            "sightings": tuple(s for s in seen.sightings if s.id not in hidden),
            "viewed": allowed_view,
            "heard": allowed_words,
        }
    )
    if kept == seen:
        return event
    return event.model_copy(update={"body": event.body.model_copy(update={"observation": kept})})


def _is_hidden(
    sighting: Sighting, at: Point | None, t: float, rules: PrivacyRules, memory: MemoryState
) -> bool:
    if sighting.category in ("fixture", "door", "body"):
        return False
    if _in_zone(at, sighting.category, t, rules):
        return True
    holder = sighting.location.holder if sighting.location is not None else None
    if holder is None or memory.category(holder) in (None, "room"):
        return False
    return _in_zone(memory.position(holder), sighting.category, t, rules)


def _in_zone(point: Point | None, category: Category, t: float, rules: PrivacyRules) -> bool:
    return point is not None and rules.zone_at(point, category, t) is not None
