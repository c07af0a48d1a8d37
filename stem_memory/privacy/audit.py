"""Who read what: a file of its own, appended to by every reader, chained by hashes.

Readers can not write the log, and reading must not depend on the writer; so the audit lies beside
it. What was read is named by pseudonym where a key gives one: after an erasure the audit still says
that somebody was asked about, and no longer who.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from devices.noun import Noun
from stem_memory.log.chain import GENESIS
from stem_memory.log.disk import sentence
from stem_memory.privacy.errors import AuditBroken, AuditUnwritable
from stem_memory.privacy.keys import Keyring

_TAIL = 1 << 16


class Reading(Noun):
    """One question: when (milliseconds), who asked, what for, what, and whom the answer was about."""

    ms: int
    who: str
    purpose: str
    question: str
    about: tuple[str, ...]
    hash: str


class Audit:
    """The readings of one memory.

    Args:
        path: The file; made with the first reading.
        keys: For pseudonyms; without it things are named as they are.
    """

    def __init__(self, path: Path, keys: Keyring | None = None) -> None:
        self.path = path
        self._keys = keys

    @classmethod
    def beside(cls, store: Path, keys: Keyring | None = None) -> Audit:
        """The audit of a memory file."""
        return cls(store.with_name(store.name + ".audit"), keys)

    def note(self, who: str, purpose: str, question: str, about: Iterable[str], ms: int) -> Reading:
        """Record a reading before its answer is given; it is on the disk when this returns.

        Raises:
            AuditUnwritable: The file can not be written.
            AuditBroken: It does not end with a line of an audit.
        """
        people = {id_: self._alias(id_) for id_ in sorted(set(about))}
        for id_, alias in people.items():
            question = re.sub(rf"(?<![\w-]){re.escape(id_)}(?![\w-])", alias, question)
        try:
            return self._noted(who, purpose, question, people, ms)
        except OSError as error:
            raise AuditUnwritable(
                f"{sentence(self.path, error)} Nobody reads this memory without a note of it."
            ) from None

    def _noted(
        self, who: str, purpose: str, question: str, people: dict[str, str], ms: int
    ) -> Reading:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            before, end = _last(handle, self.path)
            draft = Reading(
                ms=ms,
                who=who,
                purpose=purpose,
                question=question,
                about=tuple(people.values()),
                hash="",
            )
            reading = draft.model_copy(update={"hash": _link(before, draft)})
            # A writer that died may have left half a line; the next one takes its place.
            os.ftruncate(handle, end)
            os.pwrite(handle, reading.model_dump_json().encode() + b"\n", end)
            os.fsync(handle)
        finally:
            os.close(handle)
        return reading

    def readings(self, about: str | None = None, who: str | None = None) -> Iterator[Reading]:
        """What was read, oldest first: about somebody or something, or by somebody.

        Raises:
            AuditBroken: A line was changed, removed or put in.
        """
        before = GENESIS
        wanted = self._alias(about) if about is not None else None
        for number, line in enumerate(_lines(self.path), 1):
            try:
                reading = Reading.model_validate_json(line)
            except ValidationError:
                raise self._broken(number) from None
            if _link(before, reading) != reading.hash:
                raise self._broken(number)
            before = reading.hash
            if wanted in (None, *reading.about) and who in (None, reading.who):
                yield reading

    def named(self, reading: Reading) -> Reading:
        """The reading with people by their ids, as far as their keys are still there."""
        if self._keys is None:
            return reading
        ids = {self._keys.alias(name): name.removeprefix("person/") for name in self._keys.names()}
        question = re.sub(r"anon-[0-9a-f]{16}", lambda m: ids.get(m[0], m[0]), reading.question)
        about = tuple(ids.get(alias, alias) for alias in reading.about)
        return reading.model_copy(update={"question": question, "about": about})

    def verify(self) -> int:
        """Check the whole chain; returns the number of readings. AuditBroken as in `readings`."""
        return sum(1 for _ in self.readings())

    def _alias(self, id_: str) -> str:
        alias = self._keys.alias(f"person/{id_}") if self._keys is not None else None
        return alias or id_

    def _broken(self, number: int) -> AuditBroken:
        return AuditBroken(
            f"{self.path} was changed at line {number} after it was written; restore it from a copy."
        )


def _link(before: str, reading: Reading) -> str:
    content = json.dumps(
        [before, reading.ms, reading.who, reading.purpose, reading.question, reading.about],
        ensure_ascii=False,
    )
    return hashlib.sha256(content.encode()).hexdigest()


def _lines(path: Path) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _last(handle: int, path: Path) -> tuple[str, int]:
    """The hash of the last whole line, and where the next one begins."""
    size = os.fstat(handle).st_size
    reach = _TAIL
    while True:
        start = max(0, size - reach)
        tail = os.pread(handle, size - start, start)
        end = tail.rfind(b"\n")
        if end < 0 and start == 0:
            return GENESIS, 0
        begin = tail.rfind(b"\n", 0, max(end, 0))
        if end >= 0 and (begin >= 0 or start == 0):
            break
        reach *= 2
    try:
        found = json.loads(tail[begin + 1 : end])["hash"]
    except (ValueError, KeyError, TypeError):
        raise AuditBroken(
            f"{path} ends with a line that is none; restore it from a copy."
        ) from None
    return str(found), start + end + 1
