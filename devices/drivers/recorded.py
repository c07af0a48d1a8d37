"""A body that plays back what a body did once: no simulation, no hardware, a file.

A recording is a file of JSON lines. The first says whose it is, the others what came of it, in order
of time:

    {"kind": "recording", "version": 1, "spec": {"id": "waiter-1", ...}, "card": {"kind": "server", ...}}
    {"kind": "observation", "observation": {"body": "waiter-1", "t": 0.0, "state": {...}, ...}}
    {"kind": "performed", "begun_s": 4.0, "command": {"kind": "grasp", ...}, "receipt": {"t": 11.2, ...}}

Times are seconds since the start of what was recorded. Played back, the body reports then what it
reported then, whatever it is told. A command that it did once it does again, as fast and with the same
outcome; it can do nothing else.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from devices.contracts import (
    BodyCard,
    BodySpec,
    CarryTogether,
    Command,
    Drive,
    Grasp,
    Halt,
    Observation,
    Operate,
    Receipt,
    Release,
    Sense,
    Speak,
)
from devices.errors import Refused, SafetyStop, Unreachable
from devices.noun import Noun

VERSION = 1


class Head(Noun):
    """Who was recorded."""

    kind: Literal["recording"] = "recording"
    version: int = VERSION
    spec: BodySpec
    card: BodyCard


class Seen(Noun):
    """A report, at its own time."""

    kind: Literal["observation"] = "observation"
    observation: Observation


class Performed(Noun):
    """A command that began at `begun_s`, and how it ended."""

    kind: Literal["performed"] = "performed"
    begun_s: float
    command: Command
    receipt: Receipt


class Recording(Noun):
    """What one body did: its reports, at least one, and its commands with their receipts."""

    spec: BodySpec
    card: BodyCard
    observations: tuple[Observation, ...]
    performed: tuple[Performed, ...] = ()


_LINE: TypeAdapter[Head | Seen | Performed] = TypeAdapter(
    Annotated[Head | Seen | Performed, Field(discriminator="kind")]
)


def write_recording(path: Path, recording: Recording) -> None:
    """Write a recording. A file that was there is replaced.

    Raises:
        OSError: The file cannot be written.
    """
    entries: list[Seen | Performed] = [Seen(observation=seen) for seen in recording.observations]
    entries += recording.performed
    head = Head(spec=recording.spec, card=recording.card)
    with path.open("w", encoding="utf-8") as file:
        for entry in (head, *sorted(entries, key=_told_s)):
            file.write(entry.model_dump_json() + "\n")


def read_recording(path: Path) -> Recording:
    """Read a recording.

    Raises:
        Refused: The file cannot be read, or is no recording; with the line that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Refused(f"the recording {path} cannot be read: {why}") from error
    head: Head | None = None
    seen: list[Observation] = []
    performed: list[Performed] = []
    for number, entry in _entries(path, text):
        if head is None:
            if not isinstance(entry, Head):
                raise Refused(f"{path}, line {number}: a recording begins with whose it is")
            if entry.version != VERSION:
                raise Refused(
                    f"{path} is a recording of version {entry.version}: record it anew "
                    f"(this is version {VERSION})"
                )
            head = entry
        elif isinstance(entry, Head):
            raise Refused(f"{path}, line {number}: a recording is of one body only")
        elif isinstance(entry, Performed):
            performed.append(entry)
        elif seen and entry.observation.t < seen[-1].t:
            raise Refused(
                f"{path}, line {number}: the time of this report is before the last one's"
            )
        else:
            seen.append(entry.observation)
    if head is None or not seen:
        raise Refused(f"{path} holds no report of a body: there is nothing to play back")
    return Recording(
        spec=head.spec, card=head.card, observations=tuple(seen), performed=tuple(performed)
    )


def open_recording(address: str) -> RecordedBody:
    """Open the recording in a file.

    Raises:
        Refused: The file cannot be read, or is no recording.
    """
    return RecordedBody(read_recording(Path(address)))


@dataclass
class _Playing:
    """A command that is done again as `entry` tells, from `begun` until `ends` (s)."""

    command: Command
    entry: Performed
    ends: float


class RecordedBody:
    """A recording as a `devices.device.Device` that is `Timed`.

    The recording begins at the time it is told first. It stands still once it was stopped.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._id = recording.spec.id
        did = {entry.command.skill for entry in recording.performed}
        can = {name: rate for name, rate in recording.card.skills.items() if name in did}
        self._card = recording.card.model_copy(update={"skills": can})
        self._left = list(recording.performed)
        self._reports = tuple(_by_instant(recording.observations))
        self._shown = 0
        self._began: float | None = None
        self._now = 0.0
        self._playing: _Playing | None = None
        self._ended: list[Receipt] = []
        self._is_stopped = False
        self._is_closed = False

    def advance(self, now: float) -> None:
        """It is `now` (s)."""
        if self._began is None:
            self._began = self._now = now
        self._now = max(self._now, now)
        playing = self._playing
        if playing is not None and playing.ends <= self._now:
            self._playing = None
            receipt = playing.entry.receipt
            self._end(
                playing.command, playing.ends, receipt.outcome, receipt.reason, receipt.detail
            )
        while not self._is_stopped and self._comes_s(self._shown) <= self._now:
            self._shown += 1

    def next_s(self) -> float | None:
        """When the next report comes or the command ends, seconds; None: no more of either."""
        times = [self._playing.ends] if self._playing is not None else []
        if not self._is_stopped and self._shown < len(self._reports):
            times.append(self._comes_s(self._shown))
        # On the next millisecond: that is how finely sessions tell time.
        return math.ceil(min(times) * 1000 - 1e-6) / 1000 if times else None

    def describe(self) -> BodyCard:
        """Its card, with the skills that it did something with."""
        return self._card

    def observe(self) -> Observation:
        """What it reported last by now. Before the first report it is where that will find it.

        Raises:
            Unreachable: It was closed.
        """
        self._check_open()
        if not self._shown:
            first = self._reports[0]
            return Observation(body=self._id, t=self._began or 0.0, state=first.state)
        report = self._reports[self._shown - 1]
        return report.model_copy(update={"t": self._stamp(self._comes_s(self._shown - 1))})

    def act(self, command: Command) -> None:
        """Do again what it did once. What it never did ends at once, failed/"not_recorded".

        Raises:
            Refused: It did nothing with that skill.
            SafetyStop: It was stopped and the command is not `halt`.
            Unreachable: It was closed.
        """
        self._check_open()
        if isinstance(command, Halt):
            self._halt()
            self._end(command, self._now, "done")
            return
        if self._is_stopped:
            raise SafetyStop(f"`{self._id}` is stopped: open it anew to release it")
        if command.skill not in self._card.skills:
            raise Refused(f"`{self._id}` did not {command.skill} when it was recorded")
        if self._playing is not None:
            self._end(command, self._now, "failed", "busy")
            return
        entry = next((e for e in self._left if _about(e.command) == _about(command)), None)
        if entry is None:
            detail = f"the recording has no such {command.kind}"
            self._end(command, self._now, "failed", "not_recorded", detail)
            return
        self._left.remove(entry)
        lasts = max(entry.receipt.t - entry.begun_s, 0.001)
        self._playing = _Playing(command, entry, self._now + lasts)

    def receipts(self) -> tuple[Receipt, ...]:
        """What ended since the last call.

        Raises:
            Unreachable: It was closed.
        """
        self._check_open()
        ended, self._ended = tuple(self._ended), []
        return ended

    def stop(self) -> None:
        """Stand still for good."""
        self._is_stopped = True
        self._halt()

    def close(self) -> None:
        """Stand still and answer no more."""
        self.stop()
        self._is_closed = True

    def _check_open(self) -> None:
        if self._is_closed:
            raise Unreachable(f"the recording of `{self._id}` is closed: open it again")

    def _comes_s(self, index: int) -> float:
        """When that report comes, on the clock it was told; after the last one: never."""
        if self._began is None or index >= len(self._reports):
            return float("inf")
        return self._began + self._reports[index].t

    def _stamp(self, t: float) -> float:
        return min(round(t, 3), self._now)

    def _halt(self) -> None:
        playing, self._playing = self._playing, None
        if playing is not None:
            # It did not come to its end: it may be tried again.
            self._left.insert(0, playing.entry)
            self._end(playing.command, self._now, "stopped", "halted")

    def _end(
        self,
        command: Command,
        t: float,
        outcome: Literal["done", "failed", "stopped"],
        reason: str = "",
        detail: str = "",
    ) -> None:
        self._ended.append(
            Receipt(
                command=command.id,
                body=self._id,
                t=self._stamp(t),
                outcome=outcome,
                reason=reason,
                detail=detail,
            )
        )


def _by_instant(reports: Iterable[Observation]) -> Iterator[Observation]:
    """The reports with those of one instant as one: who looks then must miss none of them."""
    for _, group in itertools.groupby(reports, key=lambda report: report.t):
        whole, *others = group
        for other in others:
            seen = {sighting.id: sighting for sighting in (*whole.sightings, *other.sightings)}
            whole = other.model_copy(
                update={
                    "sightings": tuple(seen.values()),
                    "viewed": tuple(dict.fromkeys((*whole.viewed, *other.viewed))),
                    "heard": (*whole.heard, *other.heard),
                }
            )
        yield whole


def _about(command: Command) -> tuple[object, ...]:
    """What a command is about: two with the same are the same deed."""
    kind: str = command.kind
    if isinstance(command, Drive | Speak):
        return kind, command.to
    if isinstance(command, Grasp):
        return kind, command.object, command.source
    if isinstance(command, Release | CarryTogether):
        return kind, command.object, command.to
    if isinstance(command, Operate):
        return kind, command.process, command.target, command.value
    if isinstance(command, Sense):
        return kind, command.mode, command.target
    return (kind,)


def _entries(path: Path, text: str) -> Iterator[tuple[int, Head | Seen | Performed]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield number, _LINE.validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise Refused(
                f"{path}, line {number} is no entry of a recording: {first['msg']}"
                + (f", at {where}" if where else "")
            ) from error


def _told_s(entry: Seen | Performed) -> float:
    return entry.observation.t if isinstance(entry, Seen) else entry.receipt.t
