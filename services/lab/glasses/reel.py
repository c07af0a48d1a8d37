"""A film as a source: the whole pipeline runs on it in memory, in virtual time."""

from __future__ import annotations

import time
from dataclasses import dataclass

from devices.facts import Value
from devices.glasses.capture import Capture
from devices.glasses.contracts import Ended, Signal, Words
from devices.glasses.redact import NoRedaction
from devices.glasses.sources import Raw
from services.alpha.catalogue import make_skills
from services.alpha.contracts import WearerProfile
from services.alpha.input_unit import InputUnit
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig
from services.alpha.recording import GoldEvent, Replay
from services.alpha.session import run_units
from services.alpha.words_in import Script
from services.lab.glasses.film import Film
from services.runtime.local import Handle, Runtime

FULL, SMALL = 1280, 640

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
    """The pictures of a film as glasses on a slow link give them: a narrow stream, and full pictures
    when a look asks for them.
    """

    live = False
    dropped = 0

    def __init__(self, film: Film, fps: float = 10.0) -> None:
        self._film = film
        self._fps = fps
        self._seq = 0
        self._better = 0
        self._width = SMALL
        self.drawing_s = 0.0

    def read(self) -> Raw | Signal | None:
        """The next picture, or the end."""
        t = round(self._seq / self._fps, 3)
        if t >= self._film.duration_s:
            return Ended(t=t)
        seq, self._seq = self._seq, self._seq + 1
        width = self._width if self._better else SMALL
        self._better = max(0, self._better - 1)
        began = time.process_time()
        picture = self._film.frame(t, width)
        self.drawing_s += time.process_time() - began
        return Raw(seq, t, picture)

    def burst(self, pictures: int, width: int) -> None:
        """The next pictures are wide ones."""
        self._width = max(width, self._width if self._better else SMALL)
        self._better = max(self._better, pictures)

    def close(self) -> None:
        """Nothing is held."""


def play(take: Take, config: GlassesConfig | None = None, fps: float = 10.0) -> Replay:
    """Run the pipeline over a take. `cpu_s` of the result is without the drawing of the film.

    Args:
        take: What to run.
        config: Settings beyond the take's.
        fps: Pictures a second.
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
    source = FilmSource(take.film, fps)

    def make_input(host: Runtime) -> Handle:
        return host.spawn("input", InputUnit, setup, Capture(source, NoRedaction()))

    result = run_units(setup, OutputConfig(voice="none"), make_input, Script(take.words))
    return result.model_copy(update={"cpu_s": round(result.cpu_s - source.drawing_s, 3)})
