"""Replaying a trace: its video with the times it was recorded at, and its faults made to happen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from devices.clock import Clock
from devices.glasses.capture import Capture
from devices.glasses.contracts import Ended, Fault, Recovered, Signal
from devices.glasses.daemon import Daemon, Pictures
from devices.glasses.redact import NoRedaction, Redactor, face_finder
from devices.glasses.shot import Image
from devices.glasses.sources import Raw, Source, VideoFile, open_source
from services.alpha.orders import GlassesConfig
from services.alpha.recording import Trace
from services.errors import UserError

TRACE = "trace.json"
# Settings of a trace that begin like this are paths beside it.
BESIDE = "./"


def read_trace(path: Path) -> tuple[Trace, Path]:
    """A trace and the folder of its files, from the folder or its `trace.json`.

    Raises:
        UserError: there is none, or it is wrong; one sentence says what.
    """
    file = path / TRACE if path.is_dir() else path
    try:
        return Trace.model_validate_json(file.read_text(encoding="utf-8")), file.parent
    except FileNotFoundError:
        raise UserError(
            f"there is no trace {file}: record one with `retinue glasses record`"
        ) from None
    except (ValidationError, OSError, UnicodeDecodeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise UserError(f"the trace {file} can not be used: {why}") from None


class TraceSource:
    """The pictures of a trace at their times, with its faults."""

    live = False
    dropped = 0

    def __init__(self, trace: Trace, folder: Path) -> None:
        self._trace = trace
        fps = 1000.0 if trace.times else trace.fps
        self._video: Source | None = VideoFile(folder / trace.video, fps) if trace.video else None
        self._lost = False
        self._queue: list[Raw | Signal] = []

    def read(self) -> Raw | Signal | None:
        """The next picture or signal."""
        while True:
            if self._queue:
                return self._queue.pop(0)
            if self._video is None:
                return None
            item = self._video.read()
            if isinstance(item, Ended):
                self._video = None
                return Ended(t=max(item.t, self._trace.duration_s))
            if not isinstance(item, Raw):
                return item
            times = self._trace.times
            t = times[item.seq] if item.seq < len(times) else item.t
            self._spoil(Raw(item.seq, t, item.pixels))

    def close(self) -> None:
        """Close the video."""
        if self._video is not None:
            self._video.close()

    def _spoil(self, raw: Raw) -> None:
        kinds = {kind for begin, end, kind in self._trace.faults if begin <= raw.t < end}
        if "camera_lost" in kinds:
            if not self._lost:
                self._lost = True
                sentence = "The camera does not answer: I go on without pictures."
                self._queue.append(Fault(t=raw.t, fault="camera_lost", sentence=sentence))
            return
        if self._lost:
            self._lost = False
            sentence = "The camera is back."
            self._queue.append(Recovered(t=raw.t, fault="camera_lost", sentence=sentence))
        pixels = raw.pixels
        for kind in sorted(kinds):
            spoil = _SPOILS.get(kind)
            pixels = spoil(pixels) if spoil is not None else pixels
        self._queue.append(Raw(raw.seq, raw.t, pixels))


def _covered(pixels: Image) -> Image:
    """A finger on the lens: one warm colour."""
    return np.full_like(pixels, (40, 52, 96))


def _dark(pixels: Image) -> Image:
    """Night: a twentieth of the light."""
    return np.asarray(pixels // 20, np.uint8)


_SPOILS: dict[str, Callable[[Image], Image]] = {"covered": _covered, "dark": _dark}


def open_capture(source: Source, config: GlassesConfig, show_all: bool = False) -> Capture:
    """A capture on the source that redacts as the configuration says.

    Raises:
        Refused: redaction is wanted and there is no face detector here.
    """
    redactor = Redactor(face_finder()) if config.redact else NoRedaction()
    return Capture(source, redactor, show_all=show_all)


def trace_capture(path: str, config: GlassesConfig, show_all: bool = False) -> Capture:
    """A capture that replays a trace."""
    trace, folder = read_trace(Path(path))
    if not trace.video:
        config = config.model_copy(update={"redact": False})  # there is nothing to cover
    return open_capture(TraceSource(trace, folder), config, show_all)


def live_capture(
    spec: str, config: GlassesConfig, clock: Clock, show_all: bool = False
) -> Pictures:
    """Pictures from a camera or stream, by a daemon; or from a video file, or a folder of pictures."""
    capture = open_capture(open_source(spec, config.fps, clock), config, show_all)
    return Daemon(capture, clock) if capture.live else capture
