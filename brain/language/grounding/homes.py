"""Where a thing is put away to, and where what is thrown away goes."""

from __future__ import annotations

from brain.language.words.site import Site


def home_of(thing: str, site: Site) -> str | None:
    """The fixture the thing belongs to, the nearest of several.

    First a fixture labelled for its very class, then one that its class names (one labelled for a
    class above it before others), then one labelled for a class above it.

    A dirty thing belongs where its class says that dirty ones go.
    """
    view = site.view
    card = view.class_card(thing)
    dirty = view.attr(thing, "clean") is False
    if card is not None and dirty and card.dirty_home:
        found = _of_classes(card.dirty_home, thing, site)
        if found is not None:
            return found
    line = [view.cls(thing), *(card.parents if card is not None else ())]
    labels = {cls: [f.id for f in site.fixtures.values() if cls in f.home_of] for cls in line}
    if labels[line[0]]:
        return _nearest(thing, labels[line[0]], site)
    named = card.home if card is not None else ()
    for cls in line[1:]:
        both = [f for f in labels[cls] if any(f == h or view.is_a(f, h) for h in named)]
        if both:
            return _nearest(thing, both, site)
    found = _of_classes(named, thing, site)
    if found is not None:
        return found
    return next((_nearest(thing, labels[c], site) for c in line[1:] if labels[c]), None)


def bin_for(thing: str, site: Site) -> str | None:
    """The bin for a thing: one labelled for its class, else the nearest one."""
    bins = [f.id for f in site.fixtures.values() if site.view.is_a(f.id, "bin")]
    card = site.view.class_card(thing)
    line = {site.view.cls(thing), *(card.parents if card is not None else ())}
    labelled = [b for b in bins if line & set(site.fixtures[b].home_of)]
    pool = labelled or bins
    return _nearest(thing, pool, site) if pool else None


def _of_classes(classes: tuple[str, ...], thing: str, site: Site) -> str | None:
    for name in classes:
        if name in site.fixtures:
            return name
        found = [f.id for f in site.fixtures.values() if site.view.is_a(f.id, name)]
        if found:
            return _nearest(thing, found, site)
    return None


def _nearest(thing: str, places: list[str], site: Site) -> str:
    here = site.view.position(thing)

    def far(place: str) -> float:
        there = site.view.position(place)
        if here is None or there is None:
            return float("inf")
        return float(((here[0] - there[0]) ** 2 + (here[1] - there[1]) ** 2) ** 0.5)

    return min(places, key=lambda p: (far(p), p))
