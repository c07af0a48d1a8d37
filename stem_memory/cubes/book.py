"""Every cube, folded from the log: heads, owners, grants, stages, tiers, snapshots.

The fold itself enforces rights and stages: an act that was not allowed when its turn came changes
nothing and is kept in `refused`, so hosts that merge their logs agree on what counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stem_memory.cubes.contracts import (
    CubeChanged,
    CubeRevision,
    Granted,
    Made,
    Revised,
    Right,
    Snapped,
    Stage,
    Staged,
    Tier,
    Tiered,
    Touched,
)
from stem_memory.cubes.heat import Demotion, Heat, used
from stem_memory.cubes.revision import History, Manifest

EVERYBODY = "*"
# What each stage may become. A forgotten cube stays forgotten.
_NEXT: dict[Stage, tuple[Stage, ...]] = {
    "created": ("active", "archived", "forgotten"),
    "active": ("merged", "archived", "forgotten"),
    "merged": ("active", "archived", "forgotten"),
    "archived": ("active", "forgotten"),
    "forgotten": (),
}


@dataclass(slots=True)
class Cube:
    """One cube now. More than one head: two hosts revised it at once and nobody merged yet."""

    id: str
    owner: str
    title: str
    scope: str
    made_s: float
    stage: Stage = "created"
    heads: list[str] = field(default_factory=list)
    grants: set[tuple[str, Right]] = field(default_factory=set)
    heat: dict[str, Heat] = field(default_factory=dict)
    tiers: dict[str, Tier] = field(default_factory=dict)
    used_s: float = 0.0

    @property
    def head(self) -> str | None:
        """The newest revision; with several, the same one everywhere."""
        return self.heads[0] if self.heads else None

    def allows(self, who: str, right: Right) -> bool:
        """Whether `who` has the right; managing includes writing, and writing reading."""
        enough: dict[Right, tuple[Right, ...]] = {
            "read": ("read", "write", "manage"),
            "write": ("write", "manage"),
            "manage": ("manage",),
        }
        if who == self.owner:
            return True
        return any((name, r) in self.grants for name in (who, EVERYBODY) for r in enough[right])


class CubeBook:
    """Cubes by id, the history of their revisions, and named snapshots.

    Args:
        policy: How heat fades; the same for everybody who folds this log.
    """

    def __init__(self, policy: Demotion | None = None) -> None:
        self.policy = policy or Demotion()
        self.cubes: dict[str, Cube] = {}
        self.history = History()
        self.snapshots: dict[str, dict[str, str]] = {}
        self.refused: list[str] = []

    def apply(self, changed: CubeChanged, t: float) -> None:
        """Take one act in, or note why it does not count."""
        act = changed.change
        why = _FOLD[act.act](self, act, changed.by, t)
        if why:
            self.refused.append(f"{changed.by} {act.act} at {t:g}: {why}")

    def manifest(self, cube: str, revision: str | None = None) -> Manifest:
        """What a cube holds (at a revision); nothing once it is forgotten."""
        record = self.cubes[cube]
        if record.stage == "forgotten":
            return {}
        return self.history.manifest(revision or record.head)

    def live_blobs(self) -> set[str]:
        """Blobs that a revision of a cube that is not forgotten needs."""
        kept: set[str] = set()
        for cube in self.cubes.values():
            if cube.stage == "forgotten":
                continue
            for head in cube.heads:
                for revision in self.history.line(head):
                    items = (item for put in revision.put.values() for item in put)
                    kept |= {item.blob for item in items if item.kind in ("prefix", "adapter")}
        return kept

    def form(self) -> Any:
        """The canonical form, for the hash of the state."""
        return {
            "cubes": {
                cube.id: [
                    cube.owner,
                    cube.title,
                    cube.scope,
                    cube.made_s,
                    cube.stage,
                    cube.heads,
                    sorted(cube.grants),
                    {entry: [heat.uses, heat.t] for entry, heat in cube.heat.items()},
                    cube.tiers,
                    cube.used_s,
                ]
                for cube in self.cubes.values()
            },
            "revisions": sorted(self.history.revisions),
            "snapshots": self.snapshots,
            "refused": self.refused,
        }

    def _make(self, act: Made, by: str, t: float) -> str | None:
        if act.cube in self.cubes:
            return f"the cube {act.cube} exists"
        if act.head is not None and act.head not in self.history.revisions:
            return f"there is no revision {act.head}"
        if act.head is not None and not self._may_copy(act.head, act.owner):
            return f"{act.owner} may not read what the fork starts from"
        cube = Cube(act.cube, act.owner, act.title, act.scope, made_s=t, used_s=t)
        if act.head is not None:
            cube.heads, cube.stage = [act.head], "active"
            cube.heat = {entry: Heat(1.0, t) for entry in self.history.manifest(act.head)}
            cube.tiers = dict.fromkeys(cube.heat, "hot")
        self.cubes[act.cube] = cube
        return None

    def _revise(self, act: Revised, by: str, t: float) -> str | None:
        # All or none: everything is judged before anything is taken in.
        for revision in act.revisions:
            why = self._forbids(revision.cube, by, "write") or self._unsound(revision, by)
            if why:
                return why
        known = {r.id for r in act.revisions} | self.history.revisions.keys()
        if any(parent not in known for r in act.revisions for parent in r.parents):
            return "a parent of the revision is unknown"
        if not all(self.history.add(revision) for revision in act.revisions):
            return "the revision's id is not that of its content"
        for revision in act.revisions:
            self._advance(self.cubes[revision.cube], revision, t)
        return None

    def _advance(self, cube: Cube, revision: CubeRevision, t: float) -> None:
        covered = self.history.ancestors(revision.id)
        if any(revision.id in self.history.ancestors(head) for head in cube.heads):
            return
        heads = {head for head in cube.heads if head not in covered} | {revision.id}
        cube.heads = sorted(
            heads, key=lambda id_: (self.history.revisions[id_].t, id_), reverse=True
        )
        if cube.stage in ("created", "merged"):
            cube.stage = "active"
        for entry in sorted(revision.put):
            cube.heat[entry] = used(cube.heat.get(entry), t, self.policy.half_life_s)
            cube.tiers[entry] = "hot"
        for entry in revision.drop:
            cube.heat.pop(entry, None)
            cube.tiers.pop(entry, None)
        cube.used_s = max(cube.used_s, t)

    def _stage(self, act: Staged, by: str, t: float) -> str | None:
        why = self._forbids(act.cube, by, "manage")
        if why:
            return why
        cube = self.cubes[act.cube]
        if act.stage not in _NEXT[cube.stage]:
            return f"a cube that is {cube.stage} can not become {act.stage}"
        cube.stage = act.stage
        if act.stage == "forgotten":
            cube.heat, cube.tiers = {}, {}
        return None

    def _grant(self, act: Granted, by: str, t: float) -> str | None:
        why = self._forbids(act.cube, by, "manage")
        if why:
            return why
        grants = self.cubes[act.cube].grants
        if act.given:
            grants.add((act.who, act.right))
        else:
            grants.discard((act.who, act.right))
        return None

    def _touch(self, act: Touched, by: str, t: float) -> str | None:
        why = self._forbids(act.cube, by, "read")
        if why:
            return why
        cube = self.cubes[act.cube]
        for entry in act.entries:
            if entry in cube.heat:
                cube.heat[entry] = used(cube.heat[entry], t, self.policy.half_life_s)
        cube.used_s = max(cube.used_s, t)
        return None

    def _tier(self, act: Tiered, by: str, t: float) -> str | None:
        why = self._forbids(act.cube, by, "manage")
        if why:
            return why
        tiers = self.cubes[act.cube].tiers
        tiers.update((entry, tier) for entry, tier in act.tiers.items() if entry in tiers)
        return None

    def _snap(self, act: Snapped, by: str, t: float) -> str | None:
        for cube, head in sorted(act.heads.items()):
            why = self._forbids(cube, by, "read")
            if why:
                return why
            if head not in self.history.revisions:
                return f"there is no revision {head}"
        if act.name in self.snapshots:
            return f"the snapshot {act.name} exists"
        self.snapshots[act.name] = dict(sorted(act.heads.items()))
        return None

    def _forbids(self, cube: str, who: str, right: Right) -> str | None:
        record = self.cubes.get(cube)
        if record is None:
            return f"there is no cube {cube}"
        if record.stage == "forgotten":
            return f"the cube {cube} is forgotten"
        if not record.allows(who, right):
            return f"{who} may not {right} the cube {cube}"
        return None

    def _unsound(self, revision: CubeRevision, by: str) -> str | None:
        if revision.author != by:
            return f"the revision was made by {revision.author}"
        here = set(self.cubes[revision.cube].heads)
        foreign = [p for p in revision.parents if p not in here]
        if any(not self._may_copy(p, by) for p in foreign if p in self.history.revisions):
            return f"{by} may not read what is merged in"
        return None

    def _may_copy(self, revision: str, who: str) -> bool:
        """Whether the revision is in the past of some cube that `who` may read."""
        return any(
            cube.stage != "forgotten"
            and cube.allows(who, "read")
            and any(revision in self.history.ancestors(head) for head in cube.heads)
            for cube in self.cubes.values()
        )


_FOLD: dict[str, Callable[[CubeBook, Any, str, float], str | None]] = {
    "made": CubeBook._make,
    "revised": CubeBook._revise,
    "staged": CubeBook._stage,
    "granted": CubeBook._grant,
    "touched": CubeBook._touch,
    "tiered": CubeBook._tier,
    "snapped": CubeBook._snap,
}
