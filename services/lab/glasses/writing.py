"""A take as a trace on disk: `trace.json` beside a video, a sound track, and what the skills need."""

from __future__ import annotations

import shutil
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from devices.camera import VideoOutput
from devices.child import run
from devices.facts import Value
from services.alpha.recording import Trace
from services.alpha.trace_source import BESIDE, TRACE
from services.errors import UserError
from services.lab.glasses.reel import FULL, Take
from services.lab.glasses.style import STYLES

Settings = dict[str, dict[str, Value]]
RATE = 16_000
_HUM = 40.0


def write_trace(
    take: Take,
    folder: Path,
    style: str,
    seed: int,
    fps: float = 10.0,
    say: Callable[[float], None] = lambda _: None,
) -> Path:
    """Write a take so that `retinue glasses eval FOLDER` replays it. Returns the trace's path.

    What is said is spoken by espeak-ng where it is installed; without it the sound track holds room
    noise only. The words stand in the trace, either way. Settings that name files in the folder are
    written as paths beside the trace, so that the folder can be moved.

    Args:
        take: What to write.
        folder: Where to; made if need be.
        style: The name of its style.
        seed: Its seed, which makes the room noise, too.
        fps: Pictures a second.
        say: Told how much of the film is written (0..1).

    Raises:
        UserError: the folder holds a trace already; nothing was changed.
    """
    refuse_old(folder)
    path = folder / TRACE
    folder.mkdir(parents=True, exist_ok=True)
    frames = int(take.film.duration_s * fps)
    video = VideoOutput(folder / "video.mp4", fps, (FULL, FULL * 3 // 4))
    try:
        for number in range(frames):
            video.write(take.film.frame(round(number / fps, 3), FULL))
            say((number + 1) / frames)
    finally:
        video.close()
    channel = _write_sound(take, folder / "audio.wav", seed)
    trace = Trace(
        name=take.name,
        video="video.mp4",
        audio="audio.wav",
        duration_s=round(take.film.duration_s, 3),
        fps=fps,
        wearer=take.wearer,
        words=tuple(said.model_copy(update={"channel": channel}) for said in take.words),
        gold=take.gold,
        skills=take.skills,
        style=style,
        split=STYLES[style].split,
        seed=seed,
        configuration=_movable(take.settings or {}, folder),
    )
    path.write_text(trace.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def refuse_old(folder: Path) -> None:
    """Raise UserError if the folder holds a trace already."""
    if (folder / TRACE).exists():
        raise UserError(
            f"{folder} already holds a trace: choose another folder, nothing was changed"
        )


def _movable(settings: Settings, folder: Path) -> Settings:
    """Paths of files in the folder as paths beside the trace."""
    return {
        skill: {
            key: f"{BESIDE}{Path(value).name}"
            if isinstance(value, str) and Path(value).parent == folder
            else value
            for key, value in values.items()
        }
        for skill, values in settings.items()
    }


def _write_sound(take: Take, path: Path, seed: int) -> Literal["typed", "spoken"]:
    """Room noise, and the words where there is a voice. Returns how the words came."""
    rng = np.random.default_rng([seed, 5])
    sound = rng.normal(0.0, _HUM, int(take.film.duration_s * RATE))
    for words in take.words:
        voice = _spoken(words.text)
        begin = int(words.t * RATE)
        voice = voice[: len(sound) - begin]
        sound[begin : begin + len(voice)] += voice
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.clip(sound, -32768, 32767).astype("<i2").tobytes())
    return "spoken" if shutil.which("espeak-ng") is not None else "typed"


def _spoken(text: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The words as samples at RATE; none without espeak-ng."""
    if shutil.which("espeak-ng") is None:
        return np.zeros(0)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        run(["espeak-ng", "-w", file.name, text], check=True)
        with wave.open(file.name, "rb") as said:
            rate = said.getframerate()
            samples = np.frombuffer(said.readframes(said.getnframes()), "<i2").astype(np.float64)
    times = np.arange(int(len(samples) * RATE / rate)) * rate / RATE
    return np.interp(times, np.arange(len(samples)), samples)
