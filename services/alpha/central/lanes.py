"""One deadline scheduler for looks, tools and speech.

Each lane does one job at a time: the asked ones first, then those in least doubt (what was looked for
in vain must not keep the others waiting), then the earliest deadline (Liu and Layland 1973). A queue
holds few jobs: when it is full the job that would come last makes room. A job that can not end before
its deadline any more is handed back and never begins. Words of the wearer are no jobs: they are
handled before any lane is looked at, so nothing can fill their way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Lane = Literal["look", "tool", "remote", "voice"]
LANES: tuple[Lane, ...] = ("look", "tool", "remote", "voice")
LONGEST_QUEUE = 6
_EPS = 1e-6
_NAMES = {"look": "a look", "tool": "the tool", "remote": "the tool", "voice": "the words"}


@dataclass(frozen=True)
class Job:
    """Something that takes `cost_s` seconds at least and must end before `deadline_s`.

    `doubt` says how often the like was done in vain.
    """

    id: str
    lane: Lane
    case: str
    deadline_s: float
    cost_s: float
    first: bool
    doubt: int
    made: int

    @property
    def named(self) -> str:
        """What it is, in words."""
        return _NAMES[self.lane]

    def order(self) -> tuple[bool, int, float, int]:
        """Smaller begins sooner."""
        return (not self.first, self.doubt, self.deadline_s, self.made)


@dataclass
class _Line:
    waiting: list[Job] = field(default_factory=list)
    running: Job | None = None


class Lanes:
    """The queues and what runs."""

    def __init__(self) -> None:
        self._lines = {lane: _Line() for lane in LANES}
        self._made = 0

    def add(
        self,
        id_: str,
        lane: Lane,
        case: str,
        deadline_s: float,
        cost_s: float,
        first: bool = False,
        doubt: int = 0,
    ) -> Job | None:
        """Queue a job. Returns the job that had to make room, which may be this one."""
        self._made += 1
        line = self._lines[lane].waiting
        line.append(Job(id_, lane, case, deadline_s, cost_s, first, doubt, self._made))
        line.sort(key=Job.order)
        return line.pop() if len(line) > LONGEST_QUEUE else None

    def expire(self, now: float) -> list[Job]:
        """Take out the waiting jobs that can not end in time any more."""
        late = []
        for line in self._lines.values():
            late += [job for job in line.waiting if now + job.cost_s > job.deadline_s + _EPS]
            line.waiting = [job for job in line.waiting if job not in late]
        return late

    def begin(self) -> list[Job]:
        """The jobs that begin now: the first of each lane that does nothing."""
        begun = []
        for lane in LANES:
            line = self._lines[lane]
            if line.running is None and line.waiting:
                line.running = line.waiting.pop(0)
                begun.append(line.running)
        return begun

    def done(self, id_: str) -> bool:
        """A running job has ended; False if no such job runs (its case was cancelled)."""
        for line in self._lines.values():
            if line.running is not None and line.running.id == id_:
                line.running = None
                return True
        return False

    def running(self, lane: Lane) -> Job | None:
        """What the lane does."""
        return self._lines[lane].running

    def cancel(self, case: str) -> list[Job]:
        """Take back all jobs of a case. Returns those that had begun: end them, too.

        A lane is free at once: what still comes of a cancelled job is ignored.
        """
        begun = []
        for line in self._lines.values():
            line.waiting = [job for job in line.waiting if job.case != case]
            if line.running is not None and line.running.case == case:
                begun.append(line.running)
                line.running = None
        return begun

    def next_s(self) -> float | None:
        """When the first waiting job becomes too late, if nothing happens before."""
        times = [
            job.deadline_s - job.cost_s for line in self._lines.values() for job in line.waiting
        ]
        return min(times, default=None)
