"""The pipeline on a camera that does not wait: a film played at its own pace, faces covered, on the
machine's clock. Whether every picture is handled, and how soon words come, is measured, not charged.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from devices.camera import VideoInput, VideoOutput
from devices.clock import Clock
from devices.glasses.capture import Capture
from devices.glasses.daemon import Daemon
from devices.glasses.redact import NoRedaction, Redactor, face_finder, weights
from devices.glasses.shot import Image
from devices.glasses.sources import LiveCamera
from devices.noun import Noun
from services.alpha.contracts import Intervention
from services.alpha.input_unit import InputUnit
from services.alpha.metrics import Score, score
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig
from services.alpha.session import HostClock, Live, run_units
from services.alpha.words_in import Script
from services.lab.glasses.reel import FULL, Take
from services.runtime.local import Handle, Runtime


class Pace(Noun):
    """What a live run gave. `pictures` came from the camera, `handled` were gated and shown to the
    triggers; `cpu_s` is all of this process: decoding, covering faces, and the rest. `load` is how
    many processes wanted a core meanwhile (the machine's load average over a minute, at the end).
    """

    seconds: float = 0.0
    pictures: int = 0
    handled: int = 0
    cpu_s: float = 0.0
    redacted: bool = False
    score: Score = Score()
    load: float = 0.0


class _Camera:
    """Gives the pictures of a film when they are due, and none before."""

    def __init__(self, path: Path, fps: float, clock: Clock) -> None:
        self._video = VideoInput(str(path))
        self._fps = fps
        self._clock = clock
        self._count = 0

    def read(self) -> Image | None:
        """Wait for the next picture."""
        wait = self._count / self._fps - self._clock.now()
        if wait > 0:
            time.sleep(wait)
        self._count += 1
        return self._video.read()

    def close(self) -> None:
        """Close the film."""
        self._video.close()


def play_live(
    take: Take, skills: tuple[str, ...], folder: Path, seconds: float, fps: float = 10.0
) -> Pace:
    """Play the first `seconds` of a take at its own pace."""
    film = folder / "live.mp4"
    seconds = min(seconds, take.film.duration_s)
    video = VideoOutput(film, fps, (FULL, FULL * 3 // 4))
    for k in range(int(seconds * fps)):
        video.write(take.film.frame(round(k / fps, 3), FULL))
    video.close()
    config = GlassesConfig(
        skills=skills, settings=take.settings or {}, wearer=take.wearer, fps=fps, redact=True
    )
    covered = weights() is not None
    redactor = Redactor(face_finder()) if covered else NoRedaction()
    clock = HostClock(time.monotonic())
    began = time.process_time()
    source = LiveCamera(lambda: _Camera(film, fps, clock), clock)

    def make_input(host: Runtime) -> Handle:
        return host.spawn(
            "input", InputUnit, config, Daemon(Capture(source, redactor), clock), True
        )

    run = run_units(
        config,
        OutputConfig(voice="none"),
        make_input,
        Script(take.words),
        live=Live(clock, time.sleep),
        until_s=seconds - 2.0 / fps,
    )
    told = [entry for entry in run.ledger if isinstance(entry, Intervention)]
    gold = [event for event in take.gold if event.t < seconds - 3.0]
    return Pace(
        seconds=run.duration_s,
        pictures=run.frames,
        handled=run.handled,
        cpu_s=round(time.process_time() - began, 2),
        redacted=covered,
        load=round(os.getloadavg()[0], 1),
        score=score(gold, told, run.duration_s),
    )
