"""Where words come from: a script, the terminal, a transcriber. Their own lane, beside the video."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TextIO

from devices.clock import Clock
from devices.glasses.contracts import Words


class WordSource(Protocol):
    """Words in order of time."""

    def due(self, now: float) -> tuple[Words, ...]:
        """Those said until now and not handed out yet."""
        ...

    def next_s(self) -> float | None:
        """When the next one is said, as far as known."""
        ...


class Script:
    """Words that are known beforehand, as in a trace."""

    def __init__(self, words: Iterable[Words]) -> None:
        self._words = sorted(words, key=lambda said: said.t)
        self._next = 0

    def due(self, now: float) -> tuple[Words, ...]:
        """Those said until now."""
        first = self._next
        while self._next < len(self._words) and self._words[self._next].t <= now + 1e-6:
            self._next += 1
        return tuple(self._words[first : self._next])

    def next_s(self) -> float | None:
        """When the next one is said; None after the last."""
        return self._words[self._next].t if self._next < len(self._words) else None


class Typed:
    """Lines typed at a terminal, stamped when they are complete. A thread waits for them."""

    def __init__(
        self, stream: TextIO, clock: Clock, on_line: Callable[[str], None] | None = None
    ) -> None:
        """Begin to read.

        Args:
            stream: Where lines come from.
            clock: Stamps them.
            on_line: Called in the reading thread at once, before anything else sees the line: so
                that "stop" ends the sound while a look is under way.
        """
        self._clock = clock
        self._queue: queue.Queue[Words] = queue.Queue(maxsize=64)
        self._on_line = on_line
        threading.Thread(target=self._read, args=(stream,), name="words", daemon=True).start()

    def due(self, now: float) -> tuple[Words, ...]:
        """What was typed since the last call."""
        lines: list[Words] = []
        while True:
            try:
                lines.append(self._queue.get_nowait())
            except queue.Empty:
                return tuple(lines)

    def next_s(self) -> float | None:
        """Nobody knows."""
        return None

    def _read(self, stream: TextIO) -> None:
        for line in stream:
            text = " ".join(line.split())
            if text:
                if self._on_line is not None:
                    self._on_line(text)
                self._queue.put(Words(t=round(self._clock.now(), 3), text=text))


class Together:
    """Several sources as one."""

    def __init__(self, sources: Sequence[WordSource]) -> None:
        self._sources = tuple(sources)

    def due(self, now: float) -> tuple[Words, ...]:
        """What any of them has, in order of time."""
        words = [said for source in self._sources for said in source.due(now)]
        return tuple(sorted(words, key=lambda said: said.t))

    def next_s(self) -> float | None:
        """The next one known."""
        times = [t for t in (source.next_s() for source in self._sources) if t is not None]
        return min(times, default=None)
