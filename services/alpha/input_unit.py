"""The input unit: cheap triggers on every gated picture, the expensive look on demand.

It keeps one picture at most (the newest, redacted, for a look that is ordered before the next one
comes) and the few of a burst in progress. A look takes the pictures from its order on; when a skill
has ordered a newer look, the older one is dropped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from devices.camera import narrowed, use_threads
from devices.glasses.capture import Capture
from devices.glasses.contracts import Ended, Fault, Frame, Recovered, Words
from devices.glasses.shot import Shot
from services.alpha.catalogue import make_skills
from services.alpha.contracts import LookRequest, LookResult, Notice
from services.alpha.orders import GlassesConfig, InputNews
from services.alpha.skill import GlassesSkill

# A picture that is older than this is not what is to be looked at.
FRESH_S = 0.3
MOST_LOOKS = 4
MOST_FAILURES = 3


@dataclass
class _Burst:
    """Pictures gathered for a look; only those wider than `narrow`, where the source gives such."""

    request: LookRequest
    narrow: int = 0
    shots: list[Shot] = field(default_factory=list)


class InputUnit:
    """Perception for one pair of glasses. `read` turns the crank by one picture."""

    def __init__(self, config: GlassesConfig, capture: Capture) -> None:
        use_threads(1)
        self._capture = capture
        self._skills = make_skills(config.skills, config.settings)
        self._stream_width = config.stream_width
        self._newest: Shot | None = None
        self._bursts: list[_Burst] = []
        self._ran: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._quality: dict[str, int] = {}

    def read(self) -> InputNews | None:
        """The next picture's news; None where a live source has nothing new."""
        item = self._capture.read()
        if item is None:
            return None
        if isinstance(item, Ended):
            return InputNews(t=item.t, ended=True)
        if isinstance(item, Fault | Recovered):
            return InputNews(t=item.t, signals=(item,))
        if isinstance(item, Words):
            raise TypeError("words never come through the camera's lane")
        frame = item.frame if isinstance(item, Shot) else item
        self._quality[frame.verdict] = self._quality.get(frame.verdict, 0) + 1
        if isinstance(item, Shot):
            self._newest = item
        if frame.verdict != "good" or not isinstance(item, Shot):
            return InputNews(t=frame.t, frame=frame)
        signals: list[Fault] = []
        looks = self._feed(item, signals)
        notices = self._notices(item, signals)
        return InputNews(
            t=frame.t, frame=frame, notices=notices, looks=looks, signals=tuple(signals)
        )

    def order(self, request: LookRequest) -> LookResult | None:
        """Order a look. Answers at once if the newest picture is all it takes.

        Where the stream is narrower than the look wants, and the source can do better for a moment,
        it is asked to, and the look takes those pictures.
        """
        self._bursts = [b for b in self._bursts if b.request.skill != request.skill]
        burst = _Burst(request)
        self._bursts = [*self._bursts[1 - MOST_LOOKS :], burst]
        newest = self._newest
        poor = newest is not None and newest.frame.width < request.width
        if newest is not None and poor and self._capture.burst(request.frames, request.width):
            burst.narrow, newest = newest.frame.width, None
        fresh = newest is not None and request.t - newest.frame.t <= FRESH_S
        if newest is not None and fresh and newest.frame.verdict == "good":
            burst.shots.append(self._at_width(newest, request.width))
        if len(burst.shots) < request.frames:
            return None
        self._bursts.remove(burst)
        return self._look(burst, [])

    def drop(self, requests: tuple[str, ...]) -> None:
        """Take looks back."""
        self._bursts = [b for b in self._bursts if b.request.id not in requests]

    def picture(self) -> Shot | None:
        """The newest redacted picture, for a display."""
        return self._newest

    def counts(self) -> tuple[int, int, dict[str, int]]:
        """Pictures handled, pictures dropped before they were read, and their verdicts."""
        return self._capture.frames, self._capture.dropped, dict(sorted(self._quality.items()))

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.close()

    def _feed(self, shot: Shot, signals: list[Fault]) -> tuple[LookResult, ...]:
        """Give the picture to bursts in progress; do the looks that are complete or at their end."""
        done = []
        for burst in list(self._bursts):
            request = burst.request
            if shot.frame.t > request.deadline_s:
                self._bursts.remove(burst)
                continue
            if shot.frame.width <= burst.narrow:  # the good one was blurred
                self._capture.burst(request.frames - len(burst.shots), request.width)
                continue
            burst.shots.append(self._at_width(shot, request.width))
            if len(burst.shots) >= request.frames:
                self._bursts.remove(burst)
                done.append(self._look(burst, signals))
        return tuple(done)

    def _look(self, burst: _Burst, signals: list[Fault]) -> LookResult:
        request = burst.request
        began = time.perf_counter()
        try:
            result = self._skills[request.skill].look(request, burst.shots)
        except Exception as error:  # noqa: BLE001 - a stranger's skill may raise anything
            self._failed(request.skill, burst.shots[-1].frame.t, error, signals)
            result = LookResult(
                request=request.id,
                case=request.case,
                skill=request.skill,
                t=burst.shots[-1].frame.t,
                missing=f"the look failed ({type(error).__name__}: {error})",
            )
        return result.model_copy(update={"cost_s": round(time.perf_counter() - began, 4)})

    def _notices(self, shot: Shot, signals: list[Fault]) -> tuple[Notice, ...]:
        stream = self._at_width(shot, self._stream_width)
        notices: list[Notice] = []
        for name, skill in self._skills.items():
            if not self._due(name, skill, shot.frame.t):
                continue
            try:
                notices += skill.notice(stream)
            except Exception as error:  # noqa: BLE001 - a stranger's skill may raise anything
                self._failed(name, shot.frame.t, error, signals)
        return tuple(notices)

    def _due(self, name: str, skill: GlassesSkill, t: float) -> bool:
        if self._failures.get(name, 0) >= MOST_FAILURES:
            return False
        every = skill.spec.every_s
        if every > 0.0 and t - self._ran.get(name, -every) < every - 1e-6:
            return False
        self._ran[name] = t
        return True

    def _failed(self, name: str, t: float, error: Exception, signals: list[Fault]) -> None:
        self._failures[name] = self._failures.get(name, 0) + 1
        if self._failures[name] == MOST_FAILURES:
            sentence = (
                f"The skill {name} failed {MOST_FAILURES} times and is set aside "
                f"({type(error).__name__}: {error})."
            )
            signals.append(Fault(t=t, fault="skill_failed", sentence=sentence))

    def _at_width(self, shot: Shot, width: int) -> Shot:
        """The picture at most `width` wide; 0 means the stream's width."""
        width = width or self._stream_width
        pixels = narrowed(shot.pixels, width)
        if pixels is shot.pixels:
            return shot
        size = {"width": pixels.shape[1], "height": pixels.shape[0], "full": False}
        frame: Frame = shot.frame.model_copy(update=size)
        return Shot(frame, pixels)
