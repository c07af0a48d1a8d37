"""A film without what privacy forbids: nobody in a no-record zone, nobody who was erased.

The film of a simulation shows the world itself, so what memory must not hold must leave it too.
Metres and seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from math import ceil, hypot

from devices.facts import Category
from devices.site import Point
from sim_worlds.contracts import Film, FilmCut, TrackPoint
from stem_memory.privacy.rules import PrivacyRules

# How finely a way is looked at for the moment it enters or leaves a zone.
_STEP_M = 0.05


def veiled(film: Film, rules: PrivacyRules) -> Film:
    """The film without people and objects while they were in a no-record zone.

    A person who goes in is shown standing where they were last, until they come out.
    """
    if not rules.zones:
        return film
    spots: dict[str, Point] = {f.id: (f.x, f.y) for f in film.plan.fixtures}
    tracks = dict(film.tracks)
    inside: dict[str, list[tuple[float, float]]] = {}
    for who in film.people:
        tracks[who], inside[who] = _outside(film.tracks.get(who, ()), film.duration_s, rules)
    gone = {who for who in film.people if not tracks[who]}

    def hidden(cut: FilmCut) -> bool:
        if cut.thing in inside:
            return cut.thing in gone or any(a <= cut.t <= b for a, b in inside[cut.thing])
        at = cut.spot or (spots.get(cut.holder) if cut.holder is not None else None)
        return at is not None and _is_in(at, "object", cut.t, rules)

    cuts = tuple(cut for cut in film.cuts if cut.gone or not hidden(cut))
    return _without(film, gone, {k: v for k, v in tracks.items() if k not in gone}, cuts)


def without(film: Film, person: str, names: Iterable[str]) -> Film:
    """The film without a person, what they said, and captions that name them."""
    words = "|".join(re.escape(name) for name in sorted({person, *names}, key=len, reverse=True))
    named = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    cuts = tuple(
        cut.model_copy(update={"holder": None}) if cut.holder == person else cut
        for cut in film.cuts
        if cut.thing != person and not named.search(cut.caption)
    )
    tracks = {who: track for who, track in film.tracks.items() if who != person}
    return _without(film, {person}, tracks, cuts)


def _without(
    film: Film, gone: set[str], tracks: dict[str, tuple[TrackPoint, ...]], cuts: tuple[FilmCut, ...]
) -> Film:
    people = tuple(who for who in film.people if who not in gone)
    return film.model_copy(update={"people": people, "tracks": tracks, "cuts": cuts})


def _outside(
    track: tuple[TrackPoint, ...], end_s: float, rules: PrivacyRules
) -> tuple[tuple[TrackPoint, ...], list[tuple[float, float]]]:
    """The track outside of zones, and the times spent inside."""
    kept: list[TrackPoint] = []
    spans: list[tuple[float, float]] = []
    since: float | None = None
    last: TrackPoint | None = None
    for point, is_corner in _fine(track):
        if _is_in((point.x, point.y), "person", point.t, rules):
            if since is None:
                since = point.t
                if last is not None:
                    kept.append(last)
        elif since is not None:
            spans.append((since, point.t))
            since = None
            # Stand still until then, instead of walking through.
            kept += [kept[-1].model_copy(update={"t": point.t})] if kept else []
            kept.append(point)
        elif is_corner:
            kept.append(point)
        last = point if since is None else None
    if since is not None:
        spans.append((since, end_s))
    return tuple(dict.fromkeys(kept)), spans


def _fine(track: tuple[TrackPoint, ...]) -> Iterable[tuple[TrackPoint, bool]]:
    """The points of a track, with more of them wherever it moves; True: one of the track's own."""
    for a, b in pairwise(track):
        yield a, True
        parts = ceil(hypot(b.x - a.x, b.y - a.y) / _STEP_M)
        for k in range(1, parts):
            f = k / parts
            x, y = a.x + (b.x - a.x) * f, a.y + (b.y - a.y) * f
            yield TrackPoint(t=a.t + (b.t - a.t) * f, x=x, y=y), False
    for point in track[-1:]:
        yield point, True


def _is_in(at: Point, category: Category, t: float, rules: PrivacyRules) -> bool:
    return rules.zone_at(at, category, t) is not None
