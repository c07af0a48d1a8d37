"""Where pictures come from: a video file, a folder of pictures, a camera or stream.

A source gives `Raw` pictures and signals in order of time. A raw picture is not redacted yet, so
whoever reads it hands it to the redactor and keeps nothing of it. Live sources never queue: a
thread overwrites the newest picture, so a slow reader gets a fresh one and `dropped` counts the rest.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from devices.camera import VideoInput, read_picture
from devices.clock import Clock
from devices.errors import Refused, Unreachable
from devices.glasses.contracts import Ended, Fault, Recovered, Signal
from devices.glasses.shot import Image

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
RETRY_S = 1.0
JOIN_S = 2.0


_PLUGIN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Raw:
    """A picture as the camera took it, `t` seconds after the start. Never to be stored."""

    seq: int
    t: float
    pixels: Image


class Source(Protocol):
    """Pictures and signals, in order of time."""

    @property
    def live(self) -> bool:
        """Whether the world goes on while nobody reads."""
        ...

    @property
    def dropped(self) -> int:
        """Pictures that came and were overwritten before anyone read them."""
        ...

    def read(self) -> Raw | Signal | None:
        """The next thing; None where a live source has nothing new. After `Ended` nothing comes."""
        ...

    def close(self) -> None:
        """Let go of the hardware."""
        ...


@runtime_checkable
class Bursts(Protocol):
    """A source whose stream is poor and that gives a few good pictures when asked, as glasses on a
    slow link do. A source without this gives every picture as good as it can.
    """

    def burst(self, pictures: int, width: int) -> None:
        """Let the next `pictures` pictures be at least `width` pixels wide, as far as can be."""
        ...


class VideoFile:
    """A video file, thinned out to `fps` pictures a second. Never raises once it is open."""

    live = False
    dropped = 0

    def __init__(self, path: Path, fps: float = 10.0) -> None:
        """Open the file.

        Raises:
            Refused: there is no such file.
        """
        if not path.is_file():
            raise Refused(f"there is no video file {path}")
        self._path = path
        self._queue: list[Signal] = []
        self._next = 0
        self._seq = 0
        self._video: VideoInput | None = None
        try:
            self._video = VideoInput(str(path))
        except Unreachable:
            self._queue = [_damaged(path, 0.0, None), Ended(t=0.0)]
            return
        self._rate = self._video.fps or fps
        self._step = max(1.0, self._rate / fps)
        self._due = 0.0

    @property
    def readable(self) -> bool:
        """Whether pictures may come."""
        return self._video is not None

    def read(self) -> Raw | Signal | None:
        """The next picture; what is missing; and the end."""
        if self._queue:
            return self._queue.pop(0)
        video = self._video
        if video is None:
            return None
        while self._next < round(self._due) and video.skip():
            self._next += 1
        pixels = video.read()
        t = round(self._next / self._rate, 3)
        if pixels is None:
            promised = video.frames
            self.close()
            self._queue = [Ended(t=t)]
            if self._next < promised - 1:
                self._queue.insert(0, _damaged(self._path, t, promised / self._rate))
            return self._queue.pop(0)
        raw = Raw(self._seq, t, pixels)
        self._next += 1
        self._seq += 1
        self._due += self._step
        return raw

    def close(self) -> None:
        """Close the file."""
        if self._video is not None:
            self._video.close()
            self._video = None


class PictureFolder:
    """The pictures of a folder in order of their names, `fps` of them a second."""

    live = False
    dropped = 0

    def __init__(self, folder: Path, fps: float = 10.0) -> None:
        """List the folder.

        Raises:
            Refused: there is no such folder, or no picture in it.
        """
        if not folder.is_dir():
            raise Refused(f"there is no folder {folder}")
        self._files = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES)
        if not self._files:
            raise Refused(
                f"there are no pictures in {folder} (looked for {', '.join(sorted(PICTURES))})"
            )
        self._fps = fps
        self._next = 0
        self._bad = False
        self._ended = False

    def read(self) -> Raw | Signal | None:
        """The next picture; one that can not be decoded is a fault until the next good one."""
        t = round(self._next / self._fps, 3)
        if self._next >= len(self._files):
            if self._ended:
                return None
            self._ended = True
            return Ended(t=t)
        path = self._files[self._next]
        pixels = read_picture(path)
        if pixels is None:
            self._next += 1
            if self._bad:
                return self.read()
            self._bad = True
            return Fault(
                t=t, fault="video_damaged", sentence=f"The picture {path.name} can not be decoded."
            )
        if self._bad:
            self._bad = False
            return Recovered(t=t, fault="video_damaged", sentence="The pictures are good again.")
        raw = Raw(self._next, t, pixels)
        self._next += 1
        return raw

    def close(self) -> None:
        """Nothing is held."""


class Reader(Protocol):
    """Something that gives pictures until it gives None."""

    def read(self) -> Image | None:
        """The next picture."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class LiveCamera:
    """A camera or stream that may vanish and come back. Its newest picture waits in one slot."""

    live = True

    def __init__(
        self,
        opener: Callable[[], Reader],
        clock: Clock,
        threaded: bool = True,
        fps: float | None = None,
    ) -> None:
        """Open the camera.

        Args:
            opener: Opens the camera anew; raises Unreachable while it is away.
            clock: Stamps the pictures.
            threaded: Let a thread call `pump`; without it the caller does.
            fps: Pass on so many pictures a second at most; all of them, if not given.

        Raises:
            Unreachable: there is no such camera now.
        """
        self._opener = opener
        self._clock = clock
        self._reader: Reader | None = opener()
        self._lock = threading.Lock()
        self._slot: Raw | None = None
        self._signals: list[Signal] = []
        self._seq = 0
        self._retry_at = 0.0
        self._every = 1.0 / fps if fps is not None else 0.0
        self._due = 0.0
        self._closed = threading.Event()
        self.dropped = 0
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
            self._thread.start()

    def pump(self) -> None:
        """Take one picture from the camera, or try to get the camera back."""
        now = self._clock.now()
        if self._reader is None:
            if now < self._retry_at:
                return
            try:
                self._reader = self._opener()
            except Unreachable:
                self._retry_at = now + RETRY_S
                return
            self._signal(Recovered(t=now, fault="camera_lost", sentence="The camera is back."))
        pixels = self._reader.read()
        now = self._clock.now()
        if pixels is None:
            self._reader.close()
            self._reader = None
            self._retry_at = now + RETRY_S
            self._signal(
                Fault(
                    t=now,
                    fault="camera_lost",
                    sentence="The camera does not answer: I go on without pictures.",
                )
            )
            return
        if now < self._due - 0.3 * self._every:
            return
        self._due = max(now, self._due + self._every)
        with self._lock:
            self.dropped += self._slot is not None
            self._slot = Raw(self._seq, now, pixels)
            self._seq += 1

    def read(self) -> Raw | Signal | None:
        """A signal if there is one, else the newest picture, else None."""
        with self._lock:
            if self._signals:
                return self._signals.pop(0)
            raw, self._slot = self._slot, None
            return raw

    def close(self) -> None:
        """Stop the thread and let go of the camera; one that hangs is left behind."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def _signal(self, signal: Signal) -> None:
        with self._lock:
            self._signals.append(signal)

    def _run(self) -> None:
        while not self._closed.is_set():
            self.pump()
            if self._reader is None:
                self._closed.wait(RETRY_S / 10)
        if self._reader is not None:
            self._reader.close()


def is_live(spec: str) -> bool:
    """Whether the source is a camera's number, a stream's address, or hardware by a plug-in."""
    return spec.isdigit() or "://" in spec or _is_plugin(spec)


def open_source(spec: str, fps: float, clock: Clock) -> Source:
    """The source that a string names: a camera's number, a stream's address, a folder, a file, or
    "module:factory" of a live `Source` (called with `fps` and `clock`).

    Raises:
        Refused, Unreachable: it can not be opened, in one sentence.
    """
    if _is_plugin(spec):
        return _plugged_in(spec, fps, clock)
    if is_live(spec):
        return LiveCamera(lambda: VideoInput(spec), clock, fps=fps)
    path = Path(spec)
    if path.is_dir():
        return PictureFolder(path, fps)
    video = VideoFile(path, fps)
    if not video.readable:
        # Part of a trace it would be a fault; by itself there is nothing to go on with.
        raise Refused(f"the video {path} holds no picture that can be read: is the file whole?")
    return video


def _is_plugin(spec: str) -> bool:
    return _PLUGIN.fullmatch(spec) is not None and not Path(spec).exists()


def _plugged_in(spec: str, fps: float, clock: Clock) -> Source:
    module, _, name = spec.partition(":")
    try:
        factory = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Refused(f"the source {spec!r} can not be loaded: {error}") from error
    return cast(Source, factory(fps, clock))


def _damaged(path: Path, t: float, length: float | None) -> Fault:
    where = "can not be read" if length is None else f"breaks off at {t:.1f} s of {length:.1f} s"
    return Fault(
        t=t,
        fault="video_damaged",
        sentence=f"The video {path.name} {where}: I go on without pictures.",
    )
