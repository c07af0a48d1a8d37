"""The work with cubes: every change is checked, recorded in the log, and then in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from stem_memory.contracts import Event
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.contracts import (
    AdapterItem,
    CubeAct,
    CubeChanged,
    CubeRevision,
    Granted,
    Item,
    Made,
    PrefixItem,
    Revised,
    Right,
    Snapped,
    Stage,
    Staged,
    Tier,
    Tiered,
    Touched,
)
from stem_memory.cubes.errors import BlobDamaged, CubeFault, NotGranted
from stem_memory.cubes.heat import moved
from stem_memory.cubes.projection import CubeProjection
from stem_memory.cubes.revision import Manifest, change, sealed
from stem_memory.cubes.safetensors import check_safetensors
from stem_memory.log.store import EventStore


class Cubes:
    """What one actor does with the cubes of a memory.

    Args:
        store: The memory, open for writing.
        blobs: Where caches and adapters lie.
        who: In whose name.
        now: The time of the run, in seconds.
        origin: Who records; of its own for each host, like every origin.
    """

    def __init__(
        self,
        store: EventStore,
        blobs: BlobStore,
        who: str,
        now: Callable[[], float],
        origin: str = "cubes",
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._who = who
        self._now = now
        self._origin = origin

    @property
    def book(self) -> CubeProjection:
        """All cubes as they are."""
        return self._store.state.projections.cubes

    # -- Contents ----------------------------------------------------------------------------

    def make(self, cube: str, title: str = "", scope: str = "") -> None:
        """A new, empty cube of one's own."""
        self._act(Made(cube=cube, owner=self._who, title=title, scope=scope))

    def put(
        self, cube: str, items: Mapping[str, Item], drop: Iterable[str] = (), reason: str = ""
    ) -> CubeRevision:
        """A new revision with these entries put in or replaced, and those dropped.

        It also settles a dispute: the entry then has the one item again.

        Raises:
            BlobDamaged: If the blob of an item is not here.
        """
        for item in items.values():
            if isinstance(item, PrefixItem | AdapterItem) and not self._blobs.has(item.blob):
                raise BlobDamaged(f"The blob {item.blob} is missing; store it before its item.")
        put: dict[str, tuple[Item, ...]] = {e: (item,) for e, item in sorted(items.items())}
        parents = tuple(self._cube_heads(cube)[:1])
        return self._revise(cube, parents, put, tuple(sorted(drop)), reason)

    def put_all(
        self, changes: Mapping[str, Mapping[str, Item]], reason: str = ""
    ) -> tuple[CubeRevision, ...]:
        """New revisions of several cubes at once: all of them or none."""
        revisions = tuple(
            self._revision(
                cube,
                tuple(self._cube_heads(cube)[:1]),
                {entry: (item,) for entry, item in sorted(items.items())},
                (),
                reason,
            )
            for cube, items in sorted(changes.items())
        )
        self._act(Revised(revisions=revisions))
        return revisions

    def add_adapter(self, cube: str, entry: str, path: Path, base: str) -> AdapterItem:
        """Put an adapter file into a cube, for the base model with this hash.

        Raises:
            NotSafetensors: If the file is of another format, such as a pickle.
        """
        check_safetensors(path)
        blob, size = self._blobs.put_file(path)
        item = AdapterItem(base=base, blob=blob, size=size)
        self.put(cube, {entry: item}, reason=f"adapter {path.name}")
        return item

    def read(self, cube: str, revision: str | None = None) -> Manifest:
        """What a cube holds; counts as a use of every entry.

        Raises:
            NotGranted: If one may not read it.
        """
        record = self.book.cubes.get(cube)
        if record is None:
            raise CubeFault(f"there is no cube {cube}")
        if not record.allows(self._who, "read"):
            raise NotGranted(f"{self._who} may not read the cube {cube}")
        manifest = self.book.manifest(cube, revision)
        if manifest and record.stage != "forgotten":
            self._act(Touched(cube=cube, entries=tuple(sorted(manifest))))
        return manifest

    # -- Histories ---------------------------------------------------------------------------

    def fork(self, cube: str, new: str, title: str = "") -> None:
        """A cube of one's own that starts where another one is."""
        heads = self._cube_heads(cube)
        record = self.book.cubes[cube]
        head = heads[0] if heads else None
        name = title or record.title
        self._act(Made(cube=new, owner=self._who, title=name, scope=record.scope, head=head))

    def merge(self, source: str, into: str, close: bool = True) -> CubeRevision | None:
        """Bring everything of one cube into another; conflicts become disputes, nothing is lost.

        With `close` the source's stage becomes "merged" if one may manage it. None: there was
        nothing to bring.
        """
        theirs = self._cube_heads(source)
        ours = self._cube_heads(into)
        revision = None
        for other in theirs:
            revision = self._join(into, ours, other, f"merge of {source}") or revision
            ours = self._cube_heads(into)
        record = self.book.cubes[source]
        if close and record.allows(self._who, "manage") and record.stage == "active":
            self._act(Staged(cube=source, stage="merged", reason=f"into {into}"))
        return revision

    def unite(self, cube: str) -> CubeRevision | None:
        """Merge the heads that hosts made apart into one. None: there is only one."""
        revision = None
        while len(heads := self._cube_heads(cube)) > 1:
            revision = self._join(cube, heads, heads[1], "heads of several hosts")
        return revision

    def snapshot(self, name: str, cubes: Iterable[str]) -> dict[str, str]:
        """Name the present states of several cubes, as of one moment."""
        heads = {cube: held[0] for cube in sorted(set(cubes)) if (held := self._cube_heads(cube))}
        self._act(Snapped(name=name, heads=heads))
        return heads

    def restore(self, name: str, reason: str = "") -> tuple[CubeRevision, ...]:
        """Let all cubes of a snapshot hold again what they held then: all of them or none."""
        if name not in self.book.snapshots:
            raise CubeFault(f"there is no snapshot {name}")
        revisions = []
        for cube, then in self.book.snapshots[name].items():
            heads = tuple(self._cube_heads(cube)[:1])
            now = self.book.manifest(cube)
            put, drop = change(now, self.book.history.manifest(then))
            if put or drop:
                why = reason or f"back to {name}"
                revisions.append(self._revision(cube, heads, put, drop, why))
        if revisions:
            self._act(Revised(revisions=tuple(revisions)))
        return tuple(revisions)

    # -- Rights and life ---------------------------------------------------------------------

    def grant(self, cube: str, who: str, right: Right) -> None:
        """Let somebody ("*": everybody) read, write or manage a cube."""
        self._act(Granted(cube=cube, who=who, right=right))

    def revoke(self, cube: str, who: str, right: Right) -> None:
        """Take a right back."""
        self._act(Granted(cube=cube, who=who, right=right, given=False))

    def stage(self, cube: str, stage: Stage, reason: str = "") -> None:
        """Lead a cube into another stage of its life."""
        self._act(Staged(cube=cube, stage=stage, reason=reason))

    def forget(self, cube: str, reason: str = "") -> tuple[str, ...]:
        """Forget a cube; returns the blobs that nothing needs any more, now deleted."""
        self._act(Staged(cube=cube, stage="forgotten", reason=reason))
        return self._blobs.collect(self.book.live_blobs())

    def demote(self, at: float | None = None) -> dict[str, dict[str, Tier]]:
        """Move what cooled down or warmed up since, in every cube one manages.

        `at` is the time (seconds) by which it cooled; None: now.

        Hot entries become warm (kept in a cached prefix), warm ones archived, and a cube of which
        nothing was used for long is archived whole. Returns the moves by cube.
        """
        now, policy = self._now() if at is None else at, self.book.policy
        moves: dict[str, dict[str, Tier]] = {}
        for cube in list(self.book.cubes.values()):
            if cube.stage != "active" or not cube.allows(self._who, "manage"):
                continue
            heats = ((entry, heat, cube.tiers[entry]) for entry, heat in cube.heat.items())
            tiers = moved(sorted(heats, key=lambda h: h[0]), now, policy)
            if tiers:
                moves[cube.id] = tiers
                self._act(Tiered(cube=cube.id, tiers=tiers))
            if now - cube.used_s > policy.idle_s:
                self._act(Staged(cube=cube.id, stage="archived", reason="not used for long"))
        return moves

    # -- inside ------------------------------------------------------------------------------

    def _join(
        self, cube: str, ours: Sequence[str], theirs: str, reason: str
    ) -> CubeRevision | None:
        head = ours[0] if ours else None
        if head is not None and theirs in self.book.history.ancestors(head):
            return None
        merged = self.book.history.merged(head, theirs)
        parents = (head, theirs) if head is not None else (theirs,)
        put, drop = change(self.book.history.manifest(parents[0]), merged)
        return self._revise(cube, parents, put, drop, reason)

    def _revise(
        self,
        cube: str,
        parents: tuple[str, ...],
        put: dict[str, tuple[Item, ...]],
        drop: tuple[str, ...],
        reason: str,
    ) -> CubeRevision:
        revision = self._revision(cube, parents, put, drop, reason)
        self._act(Revised(revisions=(revision,)))
        return revision

    def _revision(
        self,
        cube: str,
        parents: tuple[str, ...],
        put: dict[str, tuple[Item, ...]],
        drop: tuple[str, ...],
        reason: str,
    ) -> CubeRevision:
        draft = CubeRevision(
            id="",
            cube=cube,
            parents=parents,
            author=self._who,
            t=self._now(),
            reason=reason,
            put=put,
            drop=drop,
        )
        return sealed(draft)

    def _cube_heads(self, cube: str) -> list[str]:
        if cube not in self.book.cubes:
            raise CubeFault(f"there is no cube {cube}")
        return list(self.book.cubes[cube].heads)

    def _act(self, act: CubeAct) -> None:
        changed = CubeChanged(by=self._who, change=act)
        why = self.book.objection(changed)
        if why is not None:
            raise NotGranted(why) if " may not " in why else CubeFault(why)
        seq = (self._store.last_seq(self._origin) or 0) + 1
        self._store.append([Event(origin=self._origin, seq=seq, t=self._now(), body=changed)])
