"""A site as memory knows it before anything happens: its survey, its fleet, its skills."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cerebellum.catalogue import skill_kinds
from sim_worlds.engine import SimWorld
from sim_worlds.loader import read_world
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import BodyEnrolled, Event, Payload, SiteSurveyed, SkillsDeclared

SEED = 0
_FOLDER = Path(__file__).parent / "splits"


@dataclass(frozen=True)
class Site:
    """A world's opening events and the memory they make. Fold a new memory to change it."""

    world: str
    operator: str
    opening: tuple[Event, ...]
    memory: MemoryState

    def fresh(self) -> MemoryState:
        """A memory of its own that knows the survey and nothing else."""
        return MemoryState.of(self.opening)


@lru_cache(maxsize=16)
def site_of(world: str) -> Site:
    """The site of an installed world, of a scenario file, or of one that lies beside the wishes.

    Raises:
        WorldError: there is no such world, or its file is wrong.
    """
    beside = _FOLDER / f"{world}.yaml"
    survey = SimWorld(read_world(str(beside) if beside.exists() else world), SEED).survey()
    cards = {card.kind: card for card in survey.cards}
    known: list[Payload] = [
        SiteSurveyed(
            plan=survey.plan, classes=survey.classes, things=survey.things, states=survey.states
        ),
        SkillsDeclared(cards=tuple(kind.card for _, kind in sorted(skill_kinds().items()))),
    ]
    known += [BodyEnrolled(spec=spec, card=cards[spec.kind]) for spec in survey.bodies]
    opening = tuple(
        Event(origin="site", seq=seq, t=0.0, body=payload) for seq, payload in enumerate(known)
    )
    return Site(world, survey.operator, opening, MemoryState.of(opening))
