"""How a command asks a memory: the run it names, opened for reading, with a note of who read what."""

from __future__ import annotations

import contextlib
import getpass
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, overload

import click

from services.commands.output import warn

if TYPE_CHECKING:
    from stem_memory.belief.state import MemoryState
    from stem_memory.log.store import EventStore

_T = TypeVar("_T")


class Memory:
    """A memory that a command has open: its store, and times as people write them.

    Args:
        store: What is open.
    """

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.path = store.path

    def answered(self, data: object) -> None:
        """Nothing: what is changed, or shows nothing of what a memory holds, is not noted."""

    @overload
    def time(self, text: str) -> float: ...
    @overload
    def time(self, text: str | None) -> float | None: ...
    def time(self, text: str | None) -> float | None:
        """A time of the run; one after its end is answered with what was known last."""
        from stem_memory.clock import clock_of, seconds_of

        if text is None:
            return None
        end = self.store.last_time()
        moment = seconds_of(text, end)
        if moment > end:
            warn(f"the run ended at {clock_of(end)}; what held then is taken to hold at {text}")
        return moment

    def position(self, known: str | None) -> int | None:
        """The position of the log at the time of `--known`; None: the newest."""
        moment = self.time(known)
        return None if moment is None else self.store.position_at(round(moment * 1000))

    def believed(self, at: str | None) -> MemoryState:
        """What was believed at a time; None: what is believed now."""
        return self.store.state if at is None else self.store.replay(as_of=self.time(at))


class Question(Memory):
    """A memory that is asked something, of which its audit takes a note.

    Args:
        store: The memory, open for reading.
        words: The question in words.
        purpose: The command.
    """

    def __init__(self, store: EventStore, words: str, purpose: str) -> None:
        super().__init__(store)
        self.words = words
        self._purpose = purpose
        self._is_noted = False

    def answered(self, data: object) -> None:
        """Note the answer, unless there is a note already of what it was made from."""
        if not self._is_noted:
            self.told(data)

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
        asked, named = known.in_ids(self.words)
        _, shown = known.in_ids(to_json(answer, inf_nan_mode="constants").decode())
        keys = Keyring.beside(self.path)
        audit = Audit.beside(self.path, keys)
        try:
            audit.note(_who(), self._purpose, asked, (*named, *shown), round(time.time() * 1000))
        except AuditUnwritable as error:
            if keys.path.exists():
                raise
            # Kept in clear, by a run without privacy or by another program: nothing is protected.
            warn(f"{error} It is kept in clear, so it is answered all the same.")
        self._is_noted = True
        return answer


def store_path(run: Path) -> Path:
    """The memory of a run folder, or the file itself."""
    from services.session.folder import memory_of

    return memory_of(run)


@contextlib.contextmanager
def opened(run: Path, _: str = "") -> Iterator[Memory]:
    """A memory open for reading, without a note: for what shows nothing of what it holds.

    Raises:
        MemoryFault: The memory is missing, damaged, too new, or SQLite is unsafe for it.
    """
    from stem_memory.log.store import EventStore
    from stem_memory.privacy.vault import Vault

    path = store_path(run)
    with EventStore.reader(path, Vault.beside(path)) as store:
        yield Memory(store)


@contextlib.contextmanager
def asked(run: Path, words: str = "") -> Iterator[Question]:
    """A memory open for reading, to answer a question. Pass what is shown through `told`.

    Raises:
        MemoryFault: As `opened`, and AuditUnwritable.
    """
    context = click.get_current_context(silent=True)
    purpose = context.command_path if context is not None else "retinue"
    with opened(run) as memory:
        yield Question(memory.store, words, purpose)


@contextlib.contextmanager
def writing(run: Path, _: str = "", as_it_lies: bool = False) -> Iterator[Memory]:
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
        yield Memory(store)


# The RUN of a command: how a function takes it says how it is opened. What a function answers that
# takes it as `Asked` is noted in the audit, with the question, before it is shown.
Asked = Annotated[Question, asked]
Reading = Annotated[Memory, opened]
Writing = Annotated[Memory, writing]

# Options that several commands have.
At = Annotated[str | None, "--at TIME: As it was believed then. [default: end]", "at {}"]
By = Annotated[str, "--by WHO: Who says so."]
Reason = Annotated[str, "--reason TEXT: Why, for the log."]


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
