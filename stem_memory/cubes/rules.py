"""Which acts on cubes count: rights, stages, sound revisions.

Every host judges with these rules in the order of the merged log, so all agree on what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    Tiered,
    Touched,
)
from stem_memory.cubes.cube import Cube
from stem_memory.cubes.revision import History, sealed

# What each stage may become. A forgotten cube stays forgotten.
_NEXT: dict[Stage, tuple[Stage, ...]] = {
    "created": ("active", "archived", "forgotten"),
    "active": ("merged", "archived", "forgotten"),
    "merged": ("active", "archived", "forgotten"),
    "archived": ("active", "forgotten"),
    "forgotten": (),
}


def judge(
    changed: CubeChanged,
    cubes: Mapping[str, Cube],
    history: History,
    snapshots: Mapping[str, object],
) -> str | None:
    """Why an act does not count, in a few words; None: it does."""
    court = _Court(cubes, history, snapshots, changed.by)
    return _RULES[changed.change.act](court, changed.change)


@dataclass(frozen=True, slots=True)
class _Court:
    cubes: Mapping[str, Cube]
    history: History
    snapshots: Mapping[str, object]
    by: str

    def make(self, act: Made) -> str | None:
        if act.cube in self.cubes:
            return f"the cube {act.cube} exists"
        if act.head is None:
            return None
        if act.head not in self.history.revisions:
            return f"there is no revision {act.head}"
        if not self._may_copy(act.head, self.by):
            return f"{self.by} may not read what the fork starts from"
        return None

    def revise(self, act: Revised) -> str | None:
        known = set(self.history.revisions)
        for revision in act.revisions:
            why = self._forbids(revision.cube, "write") or self._unsound(revision, known)
            if why:
                return why
            known.add(revision.id)
        return None

    def stage(self, act: Staged) -> str | None:
        why = self._forbids(act.cube, "manage")
        if why:
            return why
        stage = self.cubes[act.cube].stage
        if act.stage not in _NEXT[stage]:
            return f"a cube that is {stage} can not become {act.stage}"
        return None

    def manage(self, act: Granted | Tiered) -> str | None:
        return self._forbids(act.cube, "manage")

    def touch(self, act: Touched) -> str | None:
        return self._forbids(act.cube, "read")

    def snap(self, act: Snapped) -> str | None:
        if act.name in self.snapshots:
            return f"the snapshot {act.name} exists"
        for cube, head in sorted(act.heads.items()):
            why = self._forbids(cube, "read")
            if why:
                return why
            heads = self.cubes[cube].heads
            if not any(head in self.history.ancestors(newest) for newest in heads):
                return f"the cube {cube} has no revision {head}"
        return None

    def _forbids(self, cube: str, right: Right) -> str | None:
        record = self.cubes.get(cube)
        if record is None:
            return f"there is no cube {cube}"
        if record.stage == "forgotten":
            return f"the cube {cube} is forgotten"
        if not record.allows(self.by, right):
            return f"{self.by} may not {right} the cube {cube}"
        return None

    def _unsound(self, revision: CubeRevision, known: set[str]) -> str | None:
        if revision.author != self.by:
            return f"the revision was made by {revision.author}"
        if any(parent not in known for parent in revision.parents):
            return "a parent of the revision is unknown"
        if sealed(revision).id != revision.id:
            return "the revision's id is not that of its content"
        if any(not items for items in revision.put.values()):
            return "an entry has no item"
        own = set(self.cubes[revision.cube].heads)
        merged = (p for p in revision.parents if p not in own and p in self.history.revisions)
        if any(not self._may_copy(parent, self.by) for parent in merged):
            return f"{self.by} may not read what is merged in"
        return None

    def _may_copy(self, revision: str, who: str) -> bool:
        """Whether the revision is in the past of some cube that `who` may read."""
        return any(
            cube.stage != "forgotten"
            and cube.allows(who, "read")
            and any(revision in self.history.ancestors(head) for head in cube.heads)
            for cube in self.cubes.values()
        )


_RULES: dict[str, Callable[[_Court, Any], str | None]] = {
    "made": _Court.make,
    "revised": _Court.revise,
    "staged": _Court.stage,
    "granted": _Court.manage,
    "touched": _Court.touch,
    "tiered": _Court.manage,
    "snapped": _Court.snap,
}
