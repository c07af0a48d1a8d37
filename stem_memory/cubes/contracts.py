"""Cubes in the log: what a cube holds, its revisions, and everything that can be done to one.

The three kinds of memory of MemOS (Z. Li et al., "MemOS: A Memory OS for AI System", 2025):
plaintext by reference into the log, activation (the KV cache of a prompt prefix), and parameters
(an adapter). Blobs are named by the SHA-256 of their bytes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.noun import Noun

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Right = Literal["read", "write", "manage"]
Stage = Literal["created", "active", "merged", "archived", "forgotten"]
Tier = Literal["hot", "warm", "archived"]


class FactItem(Noun):
    """What was said of a thing's attribute by the event (`origin`, `seq`)."""

    kind: Literal["fact"] = "fact"
    thing: str
    attr: str
    origin: str
    seq: int


class EventItem(Noun):
    """One event of the log."""

    kind: Literal["event"] = "event"
    origin: str
    seq: int


class NoteItem(Noun):
    """A note, by its id."""

    kind: Literal["note"] = "note"
    note: str


class PrefixItem(Noun):
    """The KV cache of a prompt prefix: good only for this very model, tokenizer, text and dtype."""

    kind: Literal["prefix"] = "prefix"
    model: Sha256
    tokenizer: Sha256
    prompt: Sha256
    dtype: str
    tokens: int
    blob: Sha256
    size: int


class AdapterItem(Noun):
    """An adapter of a base model, in safetensors."""

    kind: Literal["adapter"] = "adapter"
    base: Sha256
    blob: Sha256
    size: int


Item = Annotated[
    FactItem | EventItem | NoteItem | PrefixItem | AdapterItem, Field(discriminator="kind")
]


class CubeRevision(Noun):
    """A state of a cube, as the difference from the state of its first parent.

    `id` is the hash of everything else (`stem_memory.cubes.revision.sealed`), so revisions made on
    different hosts never clash. An entry with more than one item is disputed: a merge kept all.
    """

    id: str
    cube: str
    parents: tuple[str, ...]
    author: str
    t: float
    reason: str = ""
    put: dict[str, tuple[Item, ...]] = {}
    drop: tuple[str, ...] = ()


class Made(Noun):
    """A cube came to be, owned by `owner`; `head` is where a fork starts."""

    act: Literal["made"] = "made"
    cube: str
    owner: str
    title: str = ""
    scope: str = ""
    head: str | None = None


class Revised(Noun):
    """New revisions, of one cube or of several at once."""

    act: Literal["revised"] = "revised"
    revisions: tuple[CubeRevision, ...]


class Staged(Noun):
    """A cube entered a stage of its life; nothing leads out of "forgotten"."""

    act: Literal["staged"] = "staged"
    cube: str
    stage: Stage
    reason: str = ""


class Granted(Noun):
    """`who` may read, write or manage the cube ("*": everybody), or may no more."""

    act: Literal["granted"] = "granted"
    cube: str
    who: str
    right: Right
    given: bool = True


class Touched(Noun):
    """Entries of the cube were used."""

    act: Literal["touched"] = "touched"
    cube: str
    entries: tuple[str, ...]


class Tiered(Noun):
    """Entries moved between the tiers: in the context, in a cached prefix, or in the archive."""

    act: Literal["tiered"] = "tiered"
    cube: str
    tiers: dict[str, Tier]


class Snapped(Noun):
    """A name for the heads of several cubes at one moment."""

    act: Literal["snapped"] = "snapped"
    name: str
    heads: dict[str, str]


CubeAct = Annotated[
    Made | Revised | Staged | Granted | Touched | Tiered | Snapped, Field(discriminator="act")
]


class CubeChanged(Noun):
    """Somebody did something to cubes."""

    kind: Literal["cube_changed"] = "cube_changed"
    by: str
    change: CubeAct
