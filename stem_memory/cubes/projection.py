"""Every cube, folded from the log: heads, owners, grants, stages, tiers, snapshots.

The fold itself enforces rights and stages: an act that was not allowed when its turn came changes
nothing and is kept in `refused`, so hosts that merge their logs agree on what counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stem_memory.cubes.contracts import (
    CubeChanged,
    CubeRevision,
    Granted,
    Made,
    Revised,
    Snapped,
    Staged,
    Tier,
    Tiered,
    Touched,
)
from stem_memory.cubes.cube import Cube
from stem_memory.cubes.heat import Demotion, Heat, used
from stem_memory.cubes.revision import History, Manifest
from stem_memory.cubes.rules import judge


class CubeProjection:
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
        why = judge(changed, self.cubes, self.history, self.snapshots)
        if why is None:
            _DO[changed.change.act](self, changed.change, t)
        else:
            self.refused.append(f"{changed.by} {changed.change.act} at {t:g}: {why}")

    def objection(self, changed: CubeChanged) -> str | None:
        """Why this act would not count now; None: it would."""
        return judge(changed, self.cubes, self.history, self.snapshots)

    def manifest(self, cube: str, revision: str | None = None) -> Manifest:
        """What a cube holds (at a revision); nothing once it is forgotten."""
        record = self.cubes[cube]
        if record.stage == "forgotten":
            return {}
        return self.history.manifest(revision or record.head)

    def live_blobs(self) -> set[str]:
        """Blobs that a revision of a cube that is not forgotten needs.

        Of caches only those that a cube holds now: older ones could only be of an older text, and
        can be computed again.
        """
        kept: set[str] = set()
        for cube in self.cubes.values():
            if cube.stage == "forgotten":
                continue
            for head in cube.heads:
                for revision in self.history.line(head):
                    items = (item for put in revision.put.values() for item in put)
                    kept |= {item.blob for item in items if item.kind == "adapter"}
                held = self.history.manifest(head).values()
                kept |= {i.blob for items in held for i in items if i.kind == "prefix"}
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

    def _make(self, act: Made, t: float) -> None:
        cube = Cube(act.cube, act.owner, act.title, act.scope, made_s=t, used_s=t)
        if act.head is not None:
            cube.heads, cube.stage = [act.head], "active"
            cube.heat = {entry: Heat(1.0, t) for entry in self.history.manifest(act.head)}
            cube.tiers = dict.fromkeys(cube.heat, "hot")
        self.cubes[act.cube] = cube

    def _revise(self, act: Revised, t: float) -> None:
        for revision in act.revisions:
            self.history.add(revision)
            self._advance(self.cubes[revision.cube], revision, t)

    def _advance(self, cube: Cube, revision: CubeRevision, t: float) -> None:
        covered = self.history.ancestors(revision.id)
        if any(revision.id in self.history.ancestors(head) for head in cube.heads):
            return
        heads = {head for head in cube.heads if head not in covered} | {revision.id}
        cube.heads = sorted(
            heads, key=lambda id_: (self.history.revisions[id_].t, id_), reverse=True
        )
        if cube.stage in ("created", "merged", "archived"):
            cube.stage = "active"
        held = self.history.manifest(cube.head)
        for entry in sorted(revision.put):
            cube.heat[entry] = used(cube.heat.get(entry), t, self.policy.half_life_s)
        cube.heat = {entry: heat for entry, heat in cube.heat.items() if entry in held}
        fresh: dict[str, Tier] = dict.fromkeys(sorted(revision.put), "hot")
        cube.tiers = {e: tier for e, tier in (cube.tiers | fresh).items() if e in held}
        cube.used_s = max(cube.used_s, t)

    def _stage(self, act: Staged, t: float) -> None:
        cube = self.cubes[act.cube]
        cube.stage = act.stage
        if act.stage == "forgotten":
            cube.heat, cube.tiers = {}, {}

    def _grant(self, act: Granted, t: float) -> None:
        grants = self.cubes[act.cube].grants
        if act.given:
            grants.add((act.who, act.right))
        else:
            grants.discard((act.who, act.right))

    def _touch(self, act: Touched, t: float) -> None:
        cube = self.cubes[act.cube]
        for entry in act.entries:
            if entry in cube.heat:
                cube.heat[entry] = used(cube.heat[entry], t, self.policy.half_life_s)
        cube.used_s = max(cube.used_s, t)

    def _tier(self, act: Tiered, t: float) -> None:
        tiers = self.cubes[act.cube].tiers
        tiers.update((entry, tier) for entry, tier in act.tiers.items() if entry in tiers)

    def _snap(self, act: Snapped, t: float) -> None:
        self.snapshots[act.name] = dict(sorted(act.heads.items()))


_DO: dict[str, Callable[[CubeProjection, Any, float], None]] = {
    "made": CubeProjection._make,
    "revised": CubeProjection._revise,
    "staged": CubeProjection._stage,
    "granted": CubeProjection._grant,
    "touched": CubeProjection._touch,
    "tiered": CubeProjection._tier,
    "snapped": CubeProjection._snap,
}
