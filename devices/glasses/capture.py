"""The daemon's end of the pipeline: read, gate, redact, in this order, and nothing in between.

The gate decides on the picture in hand; only what passes is redacted and handed on (with
`show_all` everything is, for a display). No raw picture outlives the call that read it.
"""

from __future__ import annotations

from typing import Protocol

from devices.glasses.contracts import Fault, FaultKind, Frame, Recovered, Signal
from devices.glasses.gate import Gate
from devices.glasses.shot import Image, Shot
from devices.glasses.sources import Bursts, Raw, Source

# How long the lens must be covered (or the scene dark) before it is told, and clear before it is over.
PATIENCE_S = 1.0
_SENTENCES = {
    "covered": ("Something covers the lens: I can not see.", "The lens is clear again."),
    "dark": ("It is too dark for me to see.", "There is light again."),
}
_SIGHT: tuple[FaultKind, ...] = ("covered", "dark")


class Covers(Protocol):
    """A redactor, or none."""

    def redact(self, pixels: Image, frame: Frame) -> Shot:
        """The picture as it may be kept."""
        ...


class Capture:
    """One source, gated and redacted."""

    def __init__(
        self, source: Source, redactor: Covers, gate: Gate | None = None, show_all: bool = False
    ) -> None:
        self._source = source
        self._redactor = redactor
        self._gate = gate or Gate()
        self._show_all = show_all
        self._signals: list[Signal] = []
        self._since: dict[str, float] = {}
        self._told: FaultKind | None = None
        self._clear_since: float | None = None
        self.frames = 0

    @property
    def dropped(self) -> int:
        """Pictures that came faster than they were read."""
        return self._source.dropped

    @property
    def live(self) -> bool:
        """Whether the world goes on while nobody reads."""
        return self._source.live

    def read(self) -> Shot | Frame | Signal | None:
        """The next thing: a `Shot` that may be kept, the `Frame` of a refused picture, a signal."""
        if self._signals:
            return self._signals.pop(0)
        item = self._source.read()
        if not isinstance(item, Raw):
            return item
        self.frames += 1
        frame = self._gate.judge(item.pixels, item.seq, item.t)
        self._watch_sight(frame)
        if frame.verdict == "good" or self._show_all:
            return self._redactor.redact(item.pixels, frame)
        return frame

    def burst(self, pictures: int, width: int) -> bool:
        """Ask for better pictures than the stream's; False if the source knows no better ones."""
        if not isinstance(self._source, Bursts):
            return False
        self._source.burst(pictures, width)
        return True

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def _watch_sight(self, frame: Frame) -> None:
        """Tell once when nothing can be seen any more, and once when it can again."""
        for kind in _SIGHT:
            if frame.verdict != kind:
                self._since.pop(kind, None)
            elif frame.t - self._since.setdefault(kind, frame.t) >= PATIENCE_S and not self._told:
                self._told, self._clear_since = kind, None
                self._signals.append(Fault(t=frame.t, fault=kind, sentence=_SENTENCES[kind][0]))
        if self._told is None or frame.verdict in _SIGHT:
            self._clear_since = None
            return
        if self._clear_since is None:
            self._clear_since = frame.t
        if frame.t - self._clear_since >= PATIENCE_S:
            kind, self._told = self._told, None
            self._signals.append(Recovered(t=frame.t, fault=kind, sentence=_SENTENCES[kind][1]))
