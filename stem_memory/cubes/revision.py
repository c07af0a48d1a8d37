"""Revisions of cubes: named by their content, read as manifests, merged three ways.

The history is a graph like that of a version control system; what a revision holds is the
difference from its first parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stem_memory.cubes.contracts import CubeRevision, Item
from stem_memory.digest import sha256

Manifest = Mapping[str, tuple[Item, ...]]


def sealed(revision: CubeRevision) -> CubeRevision:
    """The revision with the id that its content demands."""
    content = {name: value for name, value in dict(revision).items() if name != "id"}
    return revision.model_copy(update={"id": sha256(content)})


def disputed(manifest: Manifest) -> tuple[str, ...]:
    """The entries of which a merge kept more than one item."""
    return tuple(sorted(entry for entry, items in manifest.items() if len(items) > 1))


class History:
    """Every revision of every cube, and what each holds."""

    def __init__(self) -> None:
        self.revisions: dict[str, CubeRevision] = {}
        self._manifests: dict[str, Manifest] = {}
        self._depth: dict[str, int] = {}

    def add(self, revision: CubeRevision) -> None:
        """Take in a revision whose parents are known; one that is known changes nothing."""
        if revision.id in self.revisions:
            return
        self.revisions[revision.id] = revision
        first = dict(self._manifests[revision.parents[0]]) if revision.parents else {}
        for entry in revision.drop:
            first.pop(entry, None)
        self._manifests[revision.id] = first | revision.put
        self._depth[revision.id] = 1 + max(
            (self._depth[parent] for parent in revision.parents), default=0
        )

    def manifest(self, revision: str | None) -> Manifest:
        """What a revision holds: items by entry. None: nothing yet."""
        return self._manifests[revision] if revision is not None else {}

    def ancestors(self, revision: str) -> set[str]:
        """The revision and everything it came from."""
        found = {revision}
        todo = [revision]
        while todo:
            for parent in self.revisions[todo.pop()].parents:
                if parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return found

    def line(self, revision: str) -> tuple[CubeRevision, ...]:
        """The revision and everything it came from, parents before children."""
        ids = sorted(self.ancestors(revision), key=lambda id_: (self._depth[id_], id_))
        return tuple(self.revisions[id_] for id_ in ids)

    def bases(self, ours: str, theirs: str) -> tuple[str, ...]:
        """The newest common ancestors: those that no other common ancestor came from."""
        common = self.ancestors(ours) & self.ancestors(theirs)
        older = {
            parent
            for revision in common
            for parent in self.revisions[revision].parents
            if parent in common
        }
        return tuple(sorted(common - self._below(older)))

    def merged(self, ours: str | None, theirs: str) -> Manifest:
        """Both manifests as one.

        Against the common ancestor: what one side changed is taken, what both changed alike too;
        where they differ every item of both is kept, which is a dispute. Several newest ancestors
        are first merged among themselves (the recursive strategy of git).
        """
        if ours is None:
            return self.manifest(theirs)
        bases = self.bases(ours, theirs)
        base: Manifest = {}
        for index, other in enumerate(bases):
            if index == 0:
                base = self.manifest(other)
            else:
                # Criss-cross: the bases' own base is what their first parents share; the empty
                # manifest stands for it, which can only add disputes, never lose an item.
                base = three_way({}, base, self.manifest(other))
        return three_way(base, self.manifest(ours), self.manifest(theirs))

    def _below(self, revisions: Iterable[str]) -> set[str]:
        return {old for revision in sorted(revisions) for old in self.ancestors(revision)}


def three_way(base: Manifest, ours: Manifest, theirs: Manifest) -> Manifest:
    """Merge two manifests that grew from `base`. Symmetric: the sides can be swapped."""
    merged: dict[str, tuple[Item, ...]] = {}
    for entry in sorted(ours.keys() | theirs.keys()):
        was, here, there = base.get(entry), ours.get(entry), theirs.get(entry)
        if here == there or there == was:
            kept = here
        elif here == was:
            kept = there
        else:
            # Dropped on one side and changed on the other: the change is kept, nothing is lost.
            kept = _both(here or (), there or ())
        if kept is not None:
            merged[entry] = kept
    return merged


def change(
    before: Manifest, after: Manifest
) -> tuple[dict[str, tuple[Item, ...]], tuple[str, ...]]:
    """(put, drop) that lead from one manifest to another."""
    put = {entry: items for entry, items in after.items() if before.get(entry) != items}
    return put, tuple(sorted(before.keys() - after.keys()))


def _both(ours: tuple[Item, ...], theirs: tuple[Item, ...]) -> tuple[Item, ...]:
    items = {item.model_dump_json(): item for item in (*ours, *theirs)}
    return tuple(items[key] for key in sorted(items))
