"""What a run takes along from an earlier one: notes and experience, and nothing about the world.

Where things lay then is stale; what fails with whom, what helped and how long it takes is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from devices.contracts import BodySpec
from services.session.folder import memory_of
from stem_memory.contracts import ExperienceBrought, Payload
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault


def remembered(run: Path, bodies: Iterable[BodySpec]) -> tuple[Payload, ...]:
    """The notes and the experience of an earlier run, as entries for the log of a new one.

    Experience of kinds of bodies is always taken along; that of single bodies only if a body of the
    same name and kind is there again.

    Args:
        run: The folder of the earlier run, or its memory.
        bodies: Who takes part now.

    Raises:
        MemoryFault: There is no memory, or it can not be read.
    """
    path = memory_of(run)
    with EventStore.reader(path, Vault.beside(path)) as store:
        state = store.state
    then = {name: record.card.kind for name, record in state.bodies().items()}
    again = {spec.id for spec in bodies if then.get(spec.id) == spec.kind}
    tried = tuple(one for one in state.tried() if one.is_kind or one.who in again)
    return (
        ExperienceBrought(source=state.digest(), tried=tried),
        *state.notes().told(),
    )
