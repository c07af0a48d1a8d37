"""A film as a source: the whole pipeline runs on it in memory, in virtual time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from devices.facts import Value
from devices.glasses.capture import Capture
from devices.glasses.contracts import Ended, Frame, Signal, Words
from devices.glasses.redact import NoRedaction
from devices.glasses.shot import Shot
from devices.glasses.sources import Raw
from services.alpha.catalogue import make_skills
from services.alpha.contracts import GoldEvent, Replay, WearerProfile
from services.alpha.input_unit import InputUnit
from services.alpha.lab.film import Film
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig
from services.alpha.session import run_units
from services.alpha.skill import GlassesSkill
from services.alpha.vision import opencv as cv
from services.alpha.words_in import Script
from services.runtime import Handle, Runtime

FULL, SMALL = 1280, 640
AWAKE_S = 3.0


# A wearer whose budget of interruptions does not end a test.
PLAYER = WearerProfile(per_hour=10_000)


@dataclass(frozen=True)
class Take:
    """A film with what is said meanwhile and what would be right: a trace before it is written."""

    name: str
    film: Film
    gold: tuple[GoldEvent, ...] = ()
    words: tuple[Words, ...] = ()
    skills: tuple[str, ...] = ()
    wearer: WearerProfile = PLAYER
    settings: dict[str, dict[str, Value]] | None = None


class FilmSource:
    """The pictures of a film.

    With `watchers` the film is drawn small, and at full size for some seconds after one of them
    notices something: long quiet films then cost little, and looks still get full pictures.
    """

    live = False
    dropped = 0

    def __init__(
        self, film: Film, fps: float = 10.0, watchers: Sequence[GlassesSkill] = ()
    ) -> None:
        self._film = film
        self._fps = fps
        self._watchers = watchers
        self._awake_until = -1.0
        self._seq = 0
        self.drawing_s = 0.0

    def read(self) -> Raw | Signal | None:
        """The next picture, or the end."""
        t = round(self._seq / self._fps, 3)
        if t >= self._film.duration_s:
            return Ended(t=t)
        seq, self._seq = self._seq, self._seq + 1
        if not self._watchers:
            return Raw(seq, t, self._draw(t, FULL))
        small = self._draw(t, SMALL)
        frame = Frame(seq=seq, t=t, width=SMALL, height=small.shape[0])
        notices = [n for skill in self._watchers for n in skill.notice(Shot(frame, small))]
        if any(notice.kind == "trigger" for notice in notices):
            self._awake_until = t + AWAKE_S
        if t <= self._awake_until:
            return Raw(seq, t, self._draw(t, FULL))
        return Raw(seq, t, small)

    def _draw(self, t: float, width: int) -> cv.Image:
        began = time.process_time()
        picture = self._film.frame(t, width)
        self.drawing_s += time.process_time() - began
        return picture

    def close(self) -> None:
        """Nothing is held."""


def play(
    take: Take, config: GlassesConfig | None = None, fps: float = 10.0, thrifty: bool = False
) -> Replay:
    """Run the pipeline over a take. `cpu_s` of the result is without the drawing of the film.

    Args:
        take: What to run.
        config: Settings beyond the take's.
        fps: Pictures a second.
        thrifty: Draw small pictures while nothing is noticed (see `FilmSource`).
    """
    base = config or GlassesConfig()
    settings = base.settings or take.settings or {}
    skills = base.skills or take.skills
    if skills:
        names = set(make_skills(skills, {}))
        settings = {name: values for name, values in settings.items() if name in names}
    setup = base.model_copy(
        update={
            "skills": skills,
            "settings": settings,
            "wearer": take.wearer,
            "redact": False,
            "fps": fps,
        }
    )
    watchers = tuple(make_skills(skills, settings).values()) if thrifty else ()
    source = FilmSource(take.film, fps, watchers)

    def make_input(host: Runtime) -> Handle:
        return host.spawn("input", InputUnit, setup, Capture(source, NoRedaction()))

    result = run_units(setup, OutputConfig(voice="none"), make_input, Script(take.words))
    return result.model_copy(update={"cpu_s": round(result.cpu_s - source.drawing_s, 3)})
