"""Where words come from: a script, the terminal, a transcriber. Their own lane, beside the video."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TextIO

from devices.clock import Clock
from devices.glasses.contracts import Fault, Words


class WordSource(Protocol):
    """Words in order of time."""

    def due(self, now: float) -> tuple[Words, ...]:
        """Those said until now and not handed out yet."""
        ...

    def next_s(self) -> float | None:
        """When the next one is said, as far as known."""
        ...

    def lost(self) -> tuple[Fault, ...]:
        """What has stopped hearing since the last call."""
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

    def lost(self) -> tuple[Fault, ...]:
        """Nothing: a script is no hardware."""
        return ()


class Inbox:
    """Words that come when they come, from other threads: typed lines, a microphone."""

    def __init__(self, on_words: Callable[[str], None] | None = None) -> None:
        """An empty inbox.

        Args:
            on_words: Called with the text at once, in the thread that brings it, before anything
                else sees it: so that "stop" ends the sound while a look is under way.
        """
        self._queue: queue.Queue[Words] = queue.Queue(maxsize=64)
        self._faults: queue.SimpleQueue[Fault] = queue.SimpleQueue()
        self._on_words = on_words

    def put(self, words: Words) -> None:
        """Somebody said this."""
        if self._on_words is not None:
            self._on_words(words.text)
        self._queue.put(words)

    def due(self, now: float) -> tuple[Words, ...]:
        """What came since the last call."""
        words: list[Words] = []
        while True:
            try:
                words.append(self._queue.get_nowait())
            except queue.Empty:
                return tuple(words)

    def next_s(self) -> float | None:
        """Nobody knows."""
        return None

    def put_fault(self, fault: Fault) -> None:
        """Something does not hear any more."""
        self._faults.put(fault)

    def lost(self) -> tuple[Fault, ...]:
        """What has stopped hearing since the last call."""
        faults: list[Fault] = []
        while not self._faults.empty():
            faults.append(self._faults.get_nowait())
        return tuple(faults)


def read_lines(stream: TextIO, clock: Clock, inbox: Inbox) -> threading.Thread:
    """Put the lines that are typed into the inbox, stamped when they are complete."""

    def run() -> None:
        for line in stream:
            text = " ".join(line.split())
            if text:
                inbox.put(Words(t=round(clock.now(), 3), text=text))

    thread = threading.Thread(target=run, name="words", daemon=True)
    thread.start()
    return thread


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

    def lost(self) -> tuple[Fault, ...]:
        """What any of them has lost."""
        return tuple(fault for source in self._sources for fault in source.lost())
