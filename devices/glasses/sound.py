"""Sound out: a track for files, and a player that stops within one buffer."""

from __future__ import annotations

import queue
import shutil
import subprocess
import threading
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from devices.child import start
from devices.errors import Refused
from devices.glasses.voice import RATE, Samples

BUFFER_S = 0.02


class Track:
    """What was said, laid out in time. One voice: a clip ends where it is cut."""

    def __init__(self) -> None:
        self._clips: dict[str, tuple[float, Samples]] = {}

    def add(self, id_: str, t: float, samples: Samples) -> None:
        """A clip begins at `t` seconds."""
        self._clips[id_] = (t, samples)

    def cut(self, id_: str, t: float) -> None:
        """The clip ends at `t`, to the buffer."""
        if id_ in self._clips:
            begin, samples = self._clips[id_]
            buffers = max(0, int(np.ceil((t - begin) / BUFFER_S)))
            self._clips[id_] = (begin, samples[: round(buffers * BUFFER_S * RATE)])

    def ends_s(self, id_: str) -> float | None:
        """When the clip's sound ends."""
        if id_ not in self._clips:
            return None
        begin, samples = self._clips[id_]
        return begin + len(samples) / RATE

    def mixed(self, duration_s: float) -> Samples:
        """The whole track."""
        mix = np.zeros(int(np.ceil(duration_s * RATE)), np.int16)
        for begin, samples in self._clips.values():
            first = round(begin * RATE)
            part = samples[: max(0, len(mix) - first)]
            mix[first : first + len(part)] = part
        return mix


def write_wav(path: Path, samples: Samples) -> None:
    """Write mono samples to a wav file.

    Raises:
        Refused: it can not be written there.
    """
    try:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
    except OSError as error:
        raise Refused(f"cannot write sound to {path}: {error.strerror}") from None


class Sink(Protocol):
    """Takes samples and plays them; a write returns when there is room for more."""

    def write(self, samples: Samples) -> None:
        """Play a buffer. Raises OSError if that is impossible."""
        ...

    def playing(self) -> bool:
        """Whether what was written is still to be heard."""
        ...

    def close(self) -> None:
        """Silence at once."""
        ...


class Player:
    """Plays one clip at a time in a thread, buffer by buffer; `stop` lets the present one end."""

    def __init__(self, open_sink: Callable[[], Sink]) -> None:
        self._open = open_sink
        self._clips: queue.Queue[tuple[Samples, threading.Event] | None] = queue.Queue()
        self._silence = threading.Event()
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)
        self._thread.start()

    def play(self, samples: Samples) -> None:
        """Begin the clip; what is being played ends first."""
        self.stop()
        self._silence = threading.Event()
        self._clips.put((samples, self._silence))

    def stop(self) -> None:
        """Silence, after the buffer that is being played. May be called from any thread."""
        self._silence.set()

    def close(self) -> None:
        """Silence, and end the thread."""
        self.stop()
        self._clips.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (clip := self._clips.get()) is not None:
            samples, silence = clip
            if not silence.is_set():
                self._play(samples, silence)

    def _play(self, samples: Samples, silence: threading.Event) -> None:
        try:
            sink = self._open()
        except OSError:
            return  # there is no loudspeaker after all; captions go on
        try:
            size = round(BUFFER_S * RATE)
            for first in range(0, len(samples), size):
                if silence.is_set():
                    return
                sink.write(samples[first : first + size])
            while sink.playing() and not silence.wait(BUFFER_S):
                continue
        except OSError:
            return  # the loudspeaker went away
        finally:
            sink.close()


class Aplay:
    """ALSA's aplay as a sink."""

    def __init__(self) -> None:
        command = ["aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE), "-"]
        self._process = start(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)

    def write(self, samples: Samples) -> None:
        """Write to the program; it blocks while the program's queue is full."""
        if self._process.stdin is not None:
            self._process.stdin.write(samples.tobytes())

    def playing(self) -> bool:
        """Whether the program is still at it; nothing more will be written."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        return self._process.poll() is None

    def close(self) -> None:
        """End the program, whatever it has still in its queue."""
        self._process.terminate()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def find_player() -> Player | None:
    """A player on this machine's loudspeaker, if there is a way to one."""
    return Player(Aplay) if shutil.which("aplay") is not None else None
