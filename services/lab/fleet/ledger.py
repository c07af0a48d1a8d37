"""What really happened in a trial, beside what the site's log says, and where the two disagree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from devices.skill import Cancelled, Failed, SkillEvent, Succeeded
from stem_memory.contracts import (
    Event,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    Said,
    StepEnded,
    StepStarted,
)

_END = float("inf")


@dataclass
class Ledger:
    """Seconds of the trial."""

    _begun: list[tuple[str, str, float]] = field(default_factory=list)
    _ended: dict[str, tuple[SkillEvent, float]] = field(default_factory=dict)
    _commanded: list[tuple[str, float]] = field(default_factory=list)
    _started: dict[str, StepStarted] = field(default_factory=dict)
    _closed: dict[str, tuple[StepEnded, float]] = field(default_factory=dict)
    _words: Counter[str] = field(default_factory=Counter)
    # How each goal stands: how it ended, "asks", or "open".
    goals: dict[str, str] = field(default_factory=dict)

    # -- at the devices ----------------------------------------------------------------------------

    def begun(self, request: str, device: str, now: float) -> None:
        """A device begins to carry a request out."""
        self._begun.append((request, device, now))

    def ended(self, event: SkillEvent, now: float) -> None:
        """A device knows what became of a request."""
        self._ended.setdefault(event.request, (event, now))

    def commanded(self, request: str, now: float) -> None:
        """A device sets a motion going for a request."""
        self._commanded.append((request, now))

    # -- at the site -------------------------------------------------------------------------------

    def recorded(self, event: Event, now: float) -> None:
        """Something is in the log."""
        what = event.body
        if isinstance(what, StepStarted):
            self._started[what.request] = what
        elif isinstance(what, StepEnded):
            self._closed.setdefault(what.request, (what, now))
        elif isinstance(what, Said):
            self._words[what.key] += 1
        elif isinstance(what, GoalPosted):
            self.goals.setdefault(what.goal.id, "open")
        elif isinstance(what, GoalClosed):
            self.goals[what.goal] = what.status
        elif isinstance(what, GoalQuestioned):
            # Nobody answers in a trial: that it asks is its report.
            self.goals[what.goal] = "asks"

    @property
    def open(self) -> list[str]:
        """Goals that have no end yet."""
        return [goal for goal, status in self.goals.items() if status == "open"]

    def heard(self, key: str) -> bool:
        """Whether what was said under a key is in the log."""
        return self._words[key] > 0

    @property
    def requests(self) -> int:
        """How many requests devices began to carry out."""
        return len(self._begun)

    # -- what must not be ----------------------------------------------------------------------------

    def faults(self, words: dict[str, str], owing: list[str]) -> list[str]:
        """Every way in which promises were broken, each in a sentence.

        Args:
            words: What was acknowledged, by key.
            owing: Devices that still have results to tell.
        """
        found = [f"the words {key} are {self._words[key]} times in the log" for key in words
                 if self._words[key] != 1]  # fmt: skip
        found += [f"{goal} was neither ended nor reported" for goal in self.open]
        found += [f"{device} still owes results" for device in owing]
        return [*found, *self._lost(), *self._twice(), *self._late()]

    def _lost(self) -> list[str]:
        """Results that did not arrive though nobody had given the work away."""
        found = []
        for request, (event, t) in self._ended.items():
            if request not in self._started:
                continue
            closed = self._closed.get(request)
            if closed is None:
                found.append(f"the result of {request} is not in the log")
            elif (
                closed[0].outcome not in _outcomes(event) and closed[1] >= t and _is_told(closed[0])
            ):
                found.append(f"{request} was {event.kind}, the log says {closed[0].outcome}")
        return found

    def _twice(self) -> list[str]:
        """Steps that were carried out more than once, or by two at the same time."""
        found = [f"{r} was begun {n} times" for r, n in Counter(r for r, _, _ in self._begun).items()
                 if n > 1]  # fmt: skip
        spans: dict[tuple[str, str, str], list[tuple[float, float, str]]] = {}
        for request, _, t in self._begun:
            step = self._started.get(request)
            if step is not None and step.skill not in ("hand_over", "carry_together"):
                end = self._ended.get(request, (None, _END))[1]
                key = (step.goal, step.step, step.role)
                spans.setdefault(key, []).append((t, end, request))
        for (goal, name, role), times in spans.items():
            times.sort()
            for (_, end, one), (begin, _, other) in pairwise(times):
                if begin < end and one != other and self._moved(one, begin):
                    found.append(f"{goal} {name}: {other} began while {one} was under way")
            if role != "step":
                continue
            done = [
                r for _, _, r in times if isinstance(self._ended.get(r, (None, 0))[0], Succeeded)
            ]
            if len(done) > 1:
                found.append(f"{goal} {name} was done {len(done)} times: {', '.join(done)}")
        return found

    def _moved(self, request: str, since: float) -> bool:
        """Whether a device set something going for a request after a moment."""
        return any(r == request and t > since for r, t in self._commanded)

    def _late(self) -> list[str]:
        """What was set going, or brought to its end, after the site had given the work away."""
        went_on = {r for r, t in self._commanded if t > self._forfeited_s(r)}
        went_on |= {
            r
            for r, (event, t) in self._ended.items()
            if isinstance(event, Succeeded) and t > self._forfeited_s(r)
        }
        return sorted(f"{request} went on after it was forfeited" for request in went_on)

    def _forfeited_s(self, request: str) -> float:
        closed = self._closed.get(request)
        return closed[1] if closed is not None and closed[0].outcome == "lapsed" else _END


def _outcomes(event: SkillEvent) -> tuple[str, ...]:
    """What the log may say of a result. Success is believed once there is evidence."""
    if isinstance(event, Succeeded):
        return "done", "failed"
    is_stop = isinstance(event, Failed) and event.reason == "stopped"
    return ("cancelled",) if is_stop or isinstance(event, Cancelled) else ("failed",)


def _is_told(ended: StepEnded) -> bool:
    """Whether the end is what a device said, and not what the site concluded from its silence."""
    return ended.outcome != "lapsed"
