"""The device daemon of live glasses: pictures are gated and redacted as they come, in its own thread.

What it keeps is redacted, little, and fresh: a few pictures, each for a third of a second, so that a
reader that is busy for a moment misses none, and one that is busy for longer gets the newest.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from devices.clock import Clock
from devices.glasses.capture import Capture
from devices.glasses.contracts import Ended, Fault, Frame, Recovered, Signal, Words
from devices.glasses.shot import Shot

# Every picture has a deadline: after this many seconds it is not what is to be looked at any more.
FRESH_S = 0.3
KEPT = 4
WAIT_S = 0.01
# Of the pictures that come in this time, this share must have been handled.
BUSY_S, ENOUGH = 5.0, 0.5


class Pictures(Protocol):
    """Redacted pictures and signals, in order of time: a `Capture`, or a `Daemon` around one."""

    frames: int

    @property
    def dropped(self) -> int:
        """Pictures that nobody got to."""
        ...

    @property
    def live(self) -> bool:
        """Whether the world goes on while nobody reads."""
        ...

    def read(self) -> Shot | Frame | Signal | None:
        """The next thing; None where a live source has nothing new."""
        ...

    def burst(self, pictures: int, width: int) -> bool:
        """Ask for better pictures than the stream's; False if the source knows no better ones."""
        ...

    def close(self) -> None:
        """Let go of the source."""
        ...


class Daemon:
    """A capture that works ahead of its reader, by a little."""

    live = True

    def __init__(self, capture: Capture, clock: Clock, threaded: bool = True) -> None:
        """Begin.

        Args:
            capture: On a live source.
            clock: The one that stamps its pictures.
            threaded: Let a thread call `pump`; without it the caller does.
        """
        self._capture = capture
        self._clock = clock
        self._lock = threading.Lock()
        self._pictures: deque[Shot | Frame] = deque()
        self._signals: deque[Signal] = deque()
        self._late = 0
        self._error: Exception | None = None
        self._counted: tuple[float, int, int] | None = None
        self._overloaded = False
        self._closed = threading.Event()
        self.frames = 0
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._run, name="glasses", daemon=True)
            self._thread.start()

    @property
    def dropped(self) -> int:
        """Pictures that nobody got to, here or before."""
        return self._capture.dropped + self._late

    def pump(self) -> bool:
        """Take one thing from the capture; False if it has nothing."""
        item = self._capture.read()
        if item is None:
            return False
        with self._lock:
            if isinstance(item, Fault | Recovered | Ended | Words):
                self._signals.append(item)
            else:
                self._pictures.append(item)
                if len(self._pictures) > KEPT:
                    self._pictures.popleft()
                    self._late += 1
        return True

    def read(self) -> Shot | Frame | Signal | None:
        """A signal if there is one, else the oldest picture that is still fresh.

        Raises:
            Exception: what ended the thread.
        """
        if self._error is not None:
            raise self._error
        with self._lock:
            if self._signals:
                return self._signals.popleft()
            now = self._clock.now()
            while self._pictures:
                item = self._pictures.popleft()
                frame = item.frame if isinstance(item, Shot) else item
                if now - frame.t <= FRESH_S + 1e-6 or not self._pictures:
                    self.frames += 1
                    self._watch_load(now)
                    return item
                self._late += 1
        return None

    def burst(self, pictures: int, width: int) -> bool:
        """Ask for better pictures than the stream's."""
        return self._capture.burst(pictures, width)

    def close(self) -> None:
        """Stop the thread and let go of the source."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(2.0)
        self._capture.close()

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                if not self.pump():
                    self._closed.wait(WAIT_S)
        except Exception as error:  # noqa: BLE001 - it is raised where somebody can see it
            self._error = error

    def _watch_load(self, t: float) -> None:
        """Tell once when most pictures come too fast to be looked at, and once when that is over."""
        if self._counted is None:
            self._counted = (t, self.frames, self.dropped)
        since, frames, dropped = self._counted
        if t - since < BUSY_S:
            return
        handled, missed = self.frames - frames, self.dropped - dropped
        self._counted = (t, self.frames, self.dropped)
        over = handled < ENOUGH * (handled + missed)
        t = round(t, 3)
        if over and not self._overloaded:
            sentence = "Pictures come faster than I can look at them."
            self._signals.append(Fault(t=t, fault="overload", sentence=sentence))
        elif self._overloaded and not over:
            sentence = "I can look at the pictures as they come again."
            self._signals.append(Recovered(t=t, fault="overload", sentence=sentence))
        self._overloaded = over
