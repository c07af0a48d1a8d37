"""What a reader may ask of memory. `stem_memory.belief.state.MemoryState` is the implementation."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from devices.contracts import BodyCard, BodySpec, BodyState
from devices.facts import Category, ClassCard, Facts, Value
from devices.noun import Noun
from devices.site import SitePlan
from devices.skill import SkillCard
from stem_memory.tasks import GoalRecord

if TYPE_CHECKING:
    from stem_memory.notes.projection import NoteProjection


class Belief(Noun):
    """One believed value: since when, last evidenced when, by whom, and how sure (0..1)."""

    value: Value | None
    since_s: float
    seen_s: float
    source: str
    confidence: float


class Performance(Noun):
    """What experience says of one body (or kind) at one skill. Durations in seconds."""

    attempts: int
    successes: int
    mean_s: float
    m2: float = 0.0


class BodyRecord(Noun):
    """A body as memory knows it. `busy` is the request it works on, if any.

    `stopped`: somebody told it to hold still, and nobody has released it yet. `drained`: it takes
    nothing new on; `retired`: it has left the fleet.
    """

    spec: BodySpec
    card: BodyCard
    state: BodyState
    heard_s: float
    lost: bool = False
    stopped: bool = False
    busy: str | None = None
    drained: bool = Field(default=False, exclude_if=operator.not_)
    retired: bool = Field(default=False, exclude_if=operator.not_)

    @property
    def is_out(self) -> bool:
        """Whether nothing can be asked of it now: it is lost, stopped, or no longer here."""
        return self.lost or self.stopped or self.retired


class MemoryView(Facts, Protocol):
    """Belief about the world, the fleet and the tasks, as one readable whole.

    As `Facts` it answers with what is believed most likely now. All iteration orders are stable.
    """

    def now(self) -> float:
        """The valid time of the newest event, in seconds."""
        ...

    def plan(self) -> SitePlan:
        """The surveyed floor plan."""
        ...

    def classes(self) -> Mapping[str, ClassCard]:
        """Class cards by class name (fixtures, doors and people included)."""
        ...

    def class_card(self, thing: str) -> ClassCard | None:
        """The card of the thing's class, if there is one."""
        ...

    def names(self, thing: str) -> tuple[str, ...]:
        """Words that people use for this very thing, best first; the id's words are the last."""
        ...

    def skills(self) -> Mapping[str, SkillCard]:
        """Skill cards by name."""
        ...

    def bodies(self) -> Mapping[str, BodyRecord]:
        """Every enrolled body, lost ones included."""
        ...

    def goals(self) -> Mapping[str, GoalRecord]:
        """Every goal ever posted, in order."""
        ...

    def belief(self, thing: str, attr: str) -> Belief | None:
        """The belief behind a state, or behind "location" (value: the holder's id)."""
        ...

    def disputes(self) -> tuple[tuple[str, str, Belief], ...]:
        """(thing, attribute, losing belief) where sources still disagree about one instant."""
        ...

    def been_at(self, thing: str) -> Mapping[str, int]:
        """How often the thing came to each holder, as far as known."""
        ...

    def contents(self, holder: str) -> tuple[str, ...]:
        """Objects believed to be directly on, in or held by the holder."""
        ...

    def position(self, thing: str) -> tuple[float, float] | None:
        """Metres in the map frame: the thing's own, or that of what holds it."""
        ...

    def room_of(self, thing: str) -> str | None:
        """The room the thing is in."""
        ...

    def unrecorded(self, category: Category, place: str) -> str | None:
        """The no-record zone that hides what of this category is at the place; None: it is seen."""
        ...

    def performance(self, body: str, skill: str) -> Performance | None:
        """Learned duration and success of this body at this skill; None: never tried."""
        ...

    def experience(
        self, body: str, skill: str, cls: str = "", place: str = ""
    ) -> tuple[Performance, ...]:
        """Experience from coarse to fine, each attempt once: of other bodies of this kind, of this
        body with other things, elsewhere, and with this class of object at this very place.
        """
        ...

    def notes(self) -> NoteProjection:
        """What was learnt from failures; not to be changed."""
        ...

    def lineage(self) -> str:
        """The hash of the newest memory whose experience was brought here; "": none was."""
        ...

    def dialogue(self) -> Iterable[tuple[float, str, str]]:
        """What was said: (time, speaker, text), oldest first."""
        ...
