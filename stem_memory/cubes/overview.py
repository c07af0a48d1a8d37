"""Cubes at a glance: the answers behind `retinue memory cubes`."""

from __future__ import annotations

from devices.noun import Noun
from stem_memory.cubes.contracts import (
    AdapterItem,
    EventItem,
    FactItem,
    Item,
    NoteItem,
    Stage,
    Tier,
)
from stem_memory.cubes.errors import CubeFault
from stem_memory.cubes.projection import CubeProjection
from stem_memory.cubes.revision import disputed


class CubeSummary(Noun):
    """One cube in a line. `heads` above one: hosts revised it apart and nobody united it yet."""

    cube: str
    title: str
    owner: str
    scope: str
    stage: Stage
    entries: int
    disputed: int
    heads: int
    revisions: int
    grants: tuple[tuple[str, str], ...]


class CubeEntry(Noun):
    """One entry of a cube; more than one item: it is disputed. `heat` counts fading uses."""

    entry: str
    tier: Tier
    heat: float
    items: tuple[str, ...]


def summaries(book: CubeProjection) -> tuple[CubeSummary, ...]:
    """All cubes, by name."""
    return tuple(_summary(book, cube) for cube in sorted(book.cubes))


def entries(book: CubeProjection, cube: str, now: float) -> tuple[CubeEntry, ...]:
    """What a cube holds at `now` (seconds).

    Raises:
        CubeFault: If there is no such cube.
    """
    if cube not in book.cubes:
        known = ", ".join(sorted(book.cubes)) or "none"
        raise CubeFault(f"there is no cube {cube}; there are: {known}")
    record = book.cubes[cube]
    return tuple(
        CubeEntry(
            entry=entry,
            tier=record.tiers.get(entry, "archived"),
            heat=round(record.heat[entry].at(now, book.policy.half_life_s), 3)
            if entry in record.heat
            else 0.0,
            items=tuple(in_words(item) for item in items),
        )
        for entry, items in sorted(book.manifest(cube).items())
    )


def in_words(item: Item) -> str:
    """An item in a few words."""
    if isinstance(item, FactItem):
        return f"{item.thing} {item.attr} ({item.origin}/{item.seq})"
    if isinstance(item, EventItem):
        return f"event {item.origin}/{item.seq}"
    if isinstance(item, NoteItem):
        return f"note {item.note}"
    if isinstance(item, AdapterItem):
        return f"adapter {item.blob[:12]} of base {item.base[:12]}, {item.size} bytes"
    return f"KV cache {item.blob[:12]}, {item.tokens} tokens, {item.dtype}, {item.size} bytes"


def _summary(book: CubeProjection, cube: str) -> CubeSummary:
    record, manifest = book.cubes[cube], book.manifest(cube)
    past = {r.id for head in record.heads for r in book.history.line(head)}
    return CubeSummary(
        cube=cube,
        title=record.title,
        owner=record.owner,
        scope=record.scope,
        stage=record.stage,
        entries=len(manifest),
        disputed=len(disputed(manifest)),
        heads=len(record.heads),
        revisions=len(past),
        grants=tuple(sorted(record.grants)),
    )
