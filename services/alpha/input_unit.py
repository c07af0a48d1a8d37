"""The input unit: cheap triggers on every gated picture, the expensive look on demand.

It keeps one picture at most (the newest, redacted, for a look that is ordered before the next one
comes) and the few of a burst in progress. A look takes the pictures from its order on; when a skill
has ordered a newer look, the older one is dropped. At a live source looks are done in a thread
beside, so that pictures go on being handled; a skill sees no new pictures while it looks.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from devices.camera import narrowed, use_threads
from devices.glasses.contracts import Ended, Fault, Frame, Recovered, Words
from devices.glasses.daemon import FRESH_S, Pictures
from devices.glasses.shot import Shot
from services.alpha.catalogue import make_skills
from services.alpha.contracts import LookRequest, LookResult, Notice
from services.alpha.orders import GlassesConfig, InputNews
from services.alpha.skill import GlassesSkill, Prepares

MOST_LOOKS = 4
MOST_FAILURES = 3


@dataclass
class _Burst:
    """Pictures gathered for a look; only those wider than `narrow`, where the source gives such."""

    request: LookRequest
    narrow: int = 0
    shots: list[Shot] = field(default_factory=list)


_Looked = tuple[LookResult, Exception | None]


def _look(skill: GlassesSkill, burst: _Burst) -> _Looked:
    """One look; a stranger's skill may raise anything, and that is handed on."""
    request = burst.request
    began = time.perf_counter()
    failed: Exception | None = None
    try:
        result = skill.look(request, burst.shots)
    except Exception as error:  # noqa: BLE001 - handed on, told, and counted by the unit
        failed = error
        result = LookResult(
            request=request.id,
            case=request.case,
            skill=request.skill,
            t=burst.shots[-1].frame.t,
            missing=f"the look failed ({type(error).__name__}: {error})",
        )
    return result.model_copy(update={"cost_s": round(time.perf_counter() - began, 4)}), failed


class InputUnit:
    """Perception for one pair of glasses. `read` turns the crank by one picture."""

    def __init__(self, config: GlassesConfig, capture: Pictures, beside: bool = False) -> None:
        """Make the skills.

        Args:
            config: Which skills, and how wide the stream is.
            capture: Gives the pictures.
            beside: Do looks in a thread, for a source that does not wait. A replay must not.
        """
        use_threads(1)
        self._capture = capture
        self._skills = make_skills(config.skills, config.settings)
        self._stream_width = config.stream_width
        self._newest: Shot | None = None
        self._narrow = 0  # of the stream: the narrowest picture so far
        self._bursts: list[_Burst] = []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="look") if beside else None
        self._looking: dict[str, Future[_Looked]] = {}
        for skill in self._skills.values() if self._pool is not None else ():
            if isinstance(skill, Prepares) and self._pool is not None:
                self._pool.submit(skill.prepare)
        self._ran: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._quality: dict[str, int] = {}

    def read(self) -> InputNews | None:
        """The next picture's news; None where a live source has nothing new."""
        item = self._capture.read()
        if item is None:
            return self._only_looks()
        if isinstance(item, Ended):
            return InputNews(t=item.t, ended=True)
        if isinstance(item, Fault | Recovered):
            return InputNews(t=item.t, signals=(item,))
        if isinstance(item, Words):
            raise TypeError("words never come through the camera's lane")
        frame = item.frame if isinstance(item, Shot) else item
        self._quality[frame.verdict] = self._quality.get(frame.verdict, 0) + 1
        self._narrow = min(self._narrow or frame.width, frame.width)
        if isinstance(item, Shot):
            item.pixels.setflags(write=False)
            self._newest = item
        if frame.verdict != "good" or not isinstance(item, Shot):
            return InputNews(t=frame.t, frame=frame)
        signals: list[Fault] = []
        looks = (*self._done(signals), *self._feed(item, signals))
        notices = self._notices(item, signals)
        return InputNews(
            t=frame.t, frame=frame, notices=notices, looks=looks, signals=tuple(signals)
        )

    def _only_looks(self) -> InputNews | None:
        """What looks beside have found while no picture came."""
        signals: list[Fault] = []
        looks = self._done(signals)
        if not looks or self._newest is None:
            return None
        return InputNews(t=self._newest.frame.t, looks=looks, signals=tuple(signals))

    def order(self, request: LookRequest) -> LookResult | None:
        """Order a look. Answers at once if the newest picture is all it takes.

        Where the stream is narrower than the look wants, and the source can do better for a moment,
        it is asked to, and the look takes those pictures.
        """
        self._bursts = [b for b in self._bursts if b.request.skill != request.skill]
        burst = _Burst(request)
        self._bursts = [*self._bursts[1 - MOST_LOOKS :], burst]
        newest = self._newest
        poor = self._narrow < request.width
        if poor and self._capture.burst(request.frames, request.width):
            burst.narrow = self._narrow
            newest = newest if newest is not None and newest.frame.width > self._narrow else None
        fresh = newest is not None and request.t - newest.frame.t <= FRESH_S
        if newest is not None and fresh and newest.frame.verdict == "good":
            burst.shots.append(self._at_width(newest, request.width))
        if len(burst.shots) < request.frames:
            return None
        self._bursts.remove(burst)
        return self._begin(burst, [])

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
        """Let go of the camera; a look that is under way ends first."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
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
                result = self._begin(burst, signals)
                done += [result] if result is not None else []
        return tuple(done)

    def _begin(self, burst: _Burst, signals: list[Fault]) -> LookResult | None:
        """Do the look; beside, if that is wanted: then its result comes later."""
        skill = burst.request.skill
        if self._pool is None:
            return self._settled(skill, _look(self._skills[skill], burst), signals)
        before = self._looking.get(skill)
        if before is not None:
            before.cancel()  # one that has begun goes on, and nobody waits for it
        self._looking[skill] = self._pool.submit(_look, self._skills[skill], burst)
        return None

    def _done(self, signals: list[Fault]) -> tuple[LookResult, ...]:
        """The looks beside that have ended."""
        ended = [(skill, future) for skill, future in self._looking.items() if future.done()]
        for skill, _ in ended:
            del self._looking[skill]
        return tuple(
            self._settled(skill, future.result(), signals)
            for skill, future in ended
            if not future.cancelled()
        )

    def _settled(self, skill: str, looked: _Looked, signals: list[Fault]) -> LookResult:
        result, error = looked
        if error is not None:
            self._failed(skill, result.t, error, signals)
        return result

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
        if self._failures.get(name, 0) >= MOST_FAILURES or name in self._looking:
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
        pixels.setflags(write=False)
        size = {"width": pixels.shape[1], "height": pixels.shape[0], "full": False}
        frame: Frame = shot.frame.model_copy(update=size)
        return Shot(frame, pixels)
