"""Recording a trace: redacted pictures, their times, and what was said. No skill runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devices.camera import VideoOutput, narrowed
from devices.glasses.contracts import Ended, Fault, Frame, Recovered, Words
from devices.glasses.daemon import Pictures
from devices.glasses.shot import Shot
from services.alpha.orders import GlassesConfig
from services.alpha.recording import Trace
from services.alpha.trace_source import TRACE
from services.alpha.words_in import WordSource
from services.errors import UserError

VIDEO = "video.mp4"


def record(
    capture: Pictures,
    words: WordSource,
    config: GlassesConfig,
    folder: Path,
    until_s: float,
    width: int = 1280,
    pause: Callable[[float], object] | None = None,
    on_fault: Callable[[Fault | Recovered], None] | None = None,
) -> Trace:
    """Record until the source ends, or `until_s`; write `trace.json` and the video.

    Args:
        capture: Redacts; with `show_all`, so that nothing is left out.
        words: What is said meanwhile.
        config: Whose wearer, skills and settings the trace names.
        folder: New folder for the trace.
        until_s: Seconds.
        width: Of the video, at most, in pixels.
        pause: Waits where a live source has nothing new.
        on_fault: Told what goes missing.

    Raises:
        UserError: the folder holds a trace already, or nothing was recorded.
    """
    if (folder / TRACE).exists():
        raise UserError(
            f"{folder} already holds a trace: choose another --out, nothing was changed"
        )
    folder.mkdir(parents=True, exist_ok=True)
    video: VideoOutput | None = None
    times: list[float] = []
    said: list[Words] = []
    now = 0.0
    while now < until_s:
        item = capture.read()
        if item is None:
            if pause is None:
                break
            pause(0.01)
            continue
        now = item.frame.t if isinstance(item, Shot) else item.t
        said += words.due(now)
        if isinstance(item, Ended):
            break
        if isinstance(item, Shot):
            pixels = narrowed(item.pixels, width)
            if video is None:
                size = (pixels.shape[1] & ~1, pixels.shape[0] & ~1)
                video = VideoOutput(folder / VIDEO, config.fps, size)
            video.write(pixels)
            times.append(item.frame.t)
        elif not isinstance(item, Frame | Words) and on_fault is not None:
            on_fault(item)
    if video is None:
        raise UserError("nothing was recorded: the source gave no picture")
    video.close()
    trace = Trace(
        name=folder.name,
        video=VIDEO,
        duration_s=round(max(now, times[-1]), 3),
        fps=config.fps,
        times=tuple(times),
        starts_s=config.starts_s,
        wearer=config.wearer,
        words=tuple(said),
        skills=config.skills,
        configuration=config.settings,
    )
    (folder / TRACE).write_text(trace.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return trace
