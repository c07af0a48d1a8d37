"""How a command asks a memory: the run it names, opened for reading, with a note of who read what."""

from __future__ import annotations

import contextlib
import getpass
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from services.commands.output import warn

if TYPE_CHECKING:
    from stem_memory.log.store import EventStore

run_argument = click.argument("run", metavar="RUN", type=click.Path(path_type=Path))

_T = TypeVar("_T")


class Question:
    """A question that is being answered: its store, and the note that its answer makes.

    Args:
        store: The memory, open for reading.
        words: The question as it was typed.
        purpose: The command.
    """

    def __init__(self, store: EventStore, words: str, purpose: str) -> None:
        self.store = store
        self._words = words
        self._purpose = purpose

    def told(self, answer: _T) -> _T:
        """The answer, once the audit has a note of the question and whom the answer is about.

        Raises:
            AuditUnwritable: The memory is sealed, and the audit can not take the note.
        """
        from pydantic_core import to_json

        from stem_memory.privacy.acquaintance import Acquaintance
        from stem_memory.privacy.audit import Audit
        from stem_memory.privacy.errors import AuditUnwritable
        from stem_memory.privacy.keys import Keyring

        known = Acquaintance()
        known.remember(self.store.state)
        asked, named = known.in_ids(self._words)
        _, shown = known.in_ids(to_json(answer, inf_nan_mode="constants").decode())
        keys = Keyring.beside(self.store.path)
        audit = Audit.beside(self.store.path, keys)
        try:
            audit.note(_who(), self._purpose, asked, (*named, *shown), round(time.time() * 1000))
        except AuditUnwritable as error:
            if keys.path.exists():
                raise
            # Kept in clear, by a run without privacy or by another program: nothing is protected.
            warn(f"{error} It is kept in clear, so it is answered all the same.")
        return answer


def store_path(run: Path) -> Path:
    """The memory of a run folder, or the file itself."""
    from services.session.folder import memory_of

    return memory_of(run)


@contextlib.contextmanager
def opened(run: Path) -> Iterator[EventStore]:
    """A store open for reading, without a note: for what shows nothing of what it holds.

    Raises:
        MemoryFault: The memory is missing, damaged, too new, or SQLite is unsafe for it.
    """
    from stem_memory.log.store import EventStore
    from stem_memory.privacy.vault import Vault

    path = store_path(run)
    with EventStore.reader(path, Vault.beside(path)) as store:
        yield store


@contextlib.contextmanager
def asked(run: Path, *words: str) -> Iterator[Question]:
    """A store open for reading, to answer a question. Pass what is shown through `told`.

    Raises:
        MemoryFault: As `opened`, and AuditUnwritable.
    """
    context = click.get_current_context(silent=True)
    purpose = context.command_path if context is not None else "retinue"
    with opened(run) as store:
        yield Question(store, " ".join(words), purpose)


@contextlib.contextmanager
def writing(run: Path, as_it_lies: bool = False) -> Iterator[EventStore]:
    """A memory that is there, open for writing; `as_it_lies`: without bringing its tables up to date.

    Raises:
        MemoryFault: As `opened`, and StoreInUse.
    """
    from stem_memory.log.migrations import check
    from stem_memory.log.store import EventStore
    from stem_memory.privacy.vault import Vault

    path = store_path(run)
    check(path)
    with EventStore.writer(path, lambda: 0, Vault.beside(path), as_it_lies) as store:
        yield store


def time_of(store: EventStore, text: str) -> float:
    """A time of the run; one after its end is answered with what was known last."""
    from stem_memory.clock import clock_of, seconds_of

    end = store.last_time()
    moment = seconds_of(text, end)
    if moment > end:
        warn(f"the run ended at {clock_of(end)}; what held then is taken to hold at {text}")
    return moment


def position_of(store: EventStore, known: str | None) -> int | None:
    """The position of the log at the time of `--known`; None: the newest."""
    return None if known is None else store.position_at(round(time_of(store, known) * 1000))


def plain(nouns: Any) -> list[Any]:
    """Nouns as JSON data."""
    return [noun.model_dump(mode="json") for noun in nouns]


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
