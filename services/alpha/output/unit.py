"""The output unit: voice, display, captions. What it says ends in time, and at once when cut."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from devices.camera import VideoOutput, Window, narrowed, write_picture
from devices.errors import Unreachable
from devices.glasses.contracts import Fault, Frame
from devices.glasses.shot import Image, Shot
from devices.glasses.sound import Player, Track, find_player, write_wav
from devices.glasses.voice import INSTALL, Voice, find_voice, in_time
from devices.noun import Noun
from services.alpha.contracts import Intervention
from services.alpha.orders import Cut, Showing
from services.alpha.output.captions import as_srt
from services.alpha.output.hud import FADE_S, Status, draw
from services.alpha.output.mux import add_sound
from services.errors import UserError

FILM, SPEECH, CAPTIONS = "hud.mp4", "speech.wav", "captions.srt"
STILL = "{id}-{skill}.png"


class OutputConfig(Noun):
    """Where output goes.

    Args:
        folder: Files are written here; "" writes none.
        film: Write the film with the display over it.
        stills: Write a picture of the display for each intervention.
        width: Of film and window, in pixels.
        fps: Pictures a second of the film.
        window: Show a window.
        aloud: Play on this machine's loudspeaker.
        voice: "auto" (espeak-ng where it is installed), "none", or "module:factory" of a `Voice`.
    """

    folder: str = ""
    film: bool = False
    stills: bool = False
    width: int = 1280
    fps: float = 10.0
    window: bool = False
    aloud: bool = False
    voice: str = "auto"


class OutputUnit:
    """Says and shows."""

    def __init__(self, config: OutputConfig, wpm: float) -> None:
        self._config = config
        self._wpm = wpm
        self._voice = open_voice(config.voice)
        self._player: Player | None = find_player() if config.aloud else None
        self._window = Window("Retinue glasses") if config.window else None
        self._film: VideoOutput | None = None
        self._written = 0
        self._latest: tuple[Image, Frame, Showing] | None = None
        self._track = Track()
        self._said: dict[str, tuple[Intervention, float]] = {}
        self._stilled: set[str] = set()

    def trouble(self) -> tuple[Fault, ...]:
        """What is missing from the start, to be told once."""
        if self._voice is None and self._config.voice != "none":
            sentence = f"There is no voice here, so I only write: `{INSTALL}` gives me one."
            return (Fault(t=0.0, fault="no_voice", sentence=sentence),)
        return ()

    def say(self, said: Intervention) -> bool:
        """Begin to say and show it. False if there is no sound to it, only a caption."""
        self._said[said.id] = (said, said.ends_s)
        if self._voice is None or not said.voice:
            return False
        try:
            samples = in_time(self._voice, said.text, said.ends_s - said.began_s, self._wpm)
        except Unreachable:
            return False  # the caption stands
        self._track.add(said.id, said.began_s, samples)
        if self._player is not None:
            self._player.play(samples)
        return True

    def cut(self, cut: Cut) -> None:
        """Silence at once: within one buffer of sound."""
        self.hush()
        self._track.cut(cut.intervention, cut.t)
        if cut.intervention in self._said:
            said, _ = self._said[cut.intervention]
            self._said[cut.intervention] = (said, cut.t)

    def hush(self) -> None:
        """Stop the loudspeaker. May be called from any thread, before anybody has decided anything."""
        if self._player is not None:
            self._player.stop()

    def ends_s(self, intervention: str) -> float | None:
        """When the sound of an intervention ends; None if it has none."""
        return self._track.ends_s(intervention)

    def show(self, shot: Shot, showing: Showing) -> str:
        """Draw the display over a picture, for film and window. Returns the key pressed, if any."""
        if self._config.film and self._config.folder:
            self._film_until(showing.t)
        self._latest = (narrowed(shot.pixels, self._config.width), shot.frame, showing)
        if self._config.stills and self._config.folder:
            self._still(showing.t)
        return self._window.show(self._drawn(showing.t)) if self._window is not None else ""

    def _drawn(self, t: float) -> Image:
        """The latest picture with the display as it is at `t`."""
        if self._latest is None:
            raise RuntimeError("there is no picture to draw on")
        pixels, frame, showing = self._latest
        said, ends_s = self._shown(t)
        status = Status(t=t, faults=showing.faults, looking=showing.looking, lost=showing.lost)
        return draw(pixels, frame, said, ends_s, status)

    def _shown(self, t: float) -> tuple[Intervention | None, float]:
        """The latest intervention that has begun by then, and when its speech ends."""
        begun = (item for item in reversed(self._said.values()) if item[0].began_s <= t)
        return next(begun, (None, 0.0))

    def finish(self, duration_s: float) -> tuple[str, ...]:
        """Complete the files. Returns their names."""
        written: list[str] = []
        if not self._config.folder:
            return ()
        folder = Path(self._config.folder)
        sound = self._track.mixed(duration_s)
        if self._voice is not None:
            write_wav(folder / SPEECH, sound)
            written.append(SPEECH)
        (folder / CAPTIONS).write_text(as_srt(self._said.values()), encoding="utf-8")
        written.append(CAPTIONS)
        if self._film is not None:
            self._film_until(duration_s)
            self._film.close()
            self._film = None
            if self._voice is not None:
                add_sound(folder / FILM, sound)
            written.insert(0, FILM)
        return tuple(written)

    def close(self) -> None:
        """Let go of loudspeaker, window and film."""
        if self._player is not None:
            self._player.close()
        if self._window is not None:
            self._window.close()
        if self._film is not None:
            self._film.close()

    def _still(self, t: float) -> None:
        """One picture of each intervention, once its display has faded in."""
        said, _ = self._shown(t)
        if said is not None and said.id not in self._stilled and t >= said.began_s + FADE_S:
            self._stilled.add(said.id)
            name = STILL.format(id=said.id, skill=said.skill)
            write_picture(Path(self._config.folder) / name, self._drawn(t))

    def _film_until(self, t: float) -> None:
        """Write pictures up to `t`: where none came, the last one stands, and the display goes on."""
        if self._latest is None:
            return
        if self._film is None:
            height, width = self._latest[0].shape[:2]
            # Codecs want even sides.
            size = (width - width % 2, height - height % 2)
            path = Path(self._config.folder) / FILM
            self._film = VideoOutput(path, self._config.fps, size)
        due = int(t * self._config.fps + 1e-6)
        while self._written < due:
            self._film.write(self._drawn(round(self._written / self._config.fps, 3)))
            self._written += 1


def open_voice(spec: str) -> Voice | None:
    """The voice that a string names.

    Raises:
        UserError: "module:factory" can not be loaded.
    """
    if spec == "none":
        return None
    if spec == "auto":
        return find_voice()
    module, _, name = spec.partition(":")
    try:
        factory = cast(Callable[[], Voice], getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise UserError(f"the voice {spec!r} can not be loaded: {error}") from error
    return factory()
