"""What a run is asked to do and what it answers. Times in seconds."""

from __future__ import annotations

from typing import Literal

from devices.noun import Noun
from stem_memory.tasks import Finding

GoalOutcome = Literal[
    "satisfied", "answered", "missed", "failed", "refused", "needs_answer", "cancelled", "paused"
]


class PostedWish(Noun):
    """Words at time `t` (seconds of the run), typed by the operator unless `who` says otherwise.

    They may be a wish, a question, an answer or an instruction. `within_s` is the deadline of what
    they wish, seconds from then; a higher `priority` goes first.
    """

    t: float
    text: str
    who: str | None = None
    within_s: float | None = None
    priority: int = 0


class RunConfig(Noun):
    """One run of a world, fully determined by this and the files it names.

    `world` is the name of a shipped or installed world, or the path of a scenario file. With
    `wishes` the people in the scenario keep moving but their own wishes are not heard. `speed` 0
    means as fast as possible, else seconds of the world per second of this host. `model` is an
    OpenAI-compatible endpoint ("http://host:port/v1#name"), "embedded", or "none"; `understood_by`
    tells what it came down to here. `glasses` is the trace (or film) of glasses that somebody in the
    world wears: what they see is remembered, and their words are heard like everybody's. `devices`
    are bodies outside the world ("ID=KIND:ADDRESS"). `memory` is a memory file that goes on from run
    to run; "" keeps it in the run's folder. `log_from` is how many events it held before this run,
    and `base_s` its time then: world time 0. With `stays` it is a site, which ends only when told to
    and goes on where it was; with `apart` the bodies of its world are daemons that join it.
    `no_record` are rooms where nothing is recorded and `keep` how long reports are kept, in words
    (`services.memory.privacy`), besides what the scenario says of both. `remember` is an earlier run whose
    notes and experience this one starts from.
    """

    world: str
    wishes: tuple[PostedWish, ...] = ()
    bodies: int | None = None
    faults: tuple[str, ...] = ()
    seed: int = 0
    runtime: Literal["ray", "local"] = "local"
    speed: float = 0.0
    out: str | None = None
    model: str = "embedded"
    film: bool = True
    glasses: str = ""
    devices: tuple[str, ...] = ()
    memory: str = ""
    log_from: int = 0
    base_s: float = 0.0
    understood_by: dict[str, str] = {}
    no_record: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    remember: str = ""
    stays: bool = False
    apart: bool = False


class GoalResult(Noun):
    """How one goal came out. `checked_by_world`: the world's truth was asked, and agrees.

    `understood` is what the words were taken to mean. `answer` is what was said to a question, and
    `findings` are the beliefs it rests on: who saw what, when (seconds of the run; below 0 is before
    it), how surely (0..1).
    """

    id: str = ""
    text: str
    status: GoalOutcome
    checked_by_world: bool
    reason: str = ""
    who: str = ""
    understood: str = ""
    answer: str | None = None
    findings: tuple[Finding, ...] = ()


class WordsResult(Noun):
    """What words came to that are no goal: an answer to a question, or an instruction."""

    t: float
    who: str
    text: str
    heeded: bool
    reply: str = ""


class LlmUse(Noun):
    """What the language model cost; `failed` calls got no answer, `trouble` says why the last did."""

    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0
    failed: int = 0
    trouble: str = ""


class RunResult(Noun):
    """The answer of a run; `retinue run --json` prints exactly this.

    `expired` counts reports that were to be kept for less than the run lasted and are gone.
    `state_sha256` is that of the memory in the folder, without them.
    """

    goals: tuple[GoalResult, ...]
    words: tuple[WordsResult, ...] = ()
    bodies: int
    steps: int
    virtual_seconds: float
    wall_seconds: float
    replans: int
    reassigned: int
    llm: LlmUse
    events: int
    expired: int = 0
    state_sha256: str
    run_dir: str
    interrupted: bool = False


class BodyStatus(Noun):
    """One body at a glance: what it is doing, the place it is at, its battery (0..1).

    `drained`: it takes nothing new on; `retired`: it has left the fleet.
    """

    doing: str = ""
    where: str = ""
    battery: float | None = None
    lost: bool = False
    drained: bool = False
    retired: bool = False


class GoalProgress(Noun):
    """One goal at a glance; `asks` is the question that it waits to have answered."""

    id: str
    text: str
    who: str = ""
    status: str = "posted"
    asks: str = ""


class Tick(Noun):
    """What a run shows while it goes on: time, one line on what happened, and counts.

    `bodies` and `goals` show all of them, in order of joining and of posting.
    """

    t: float
    line: str = ""
    kind: Literal["goal", "plan", "assign", "step", "fault", "closed", "note", "time"] = "time"
    goals_open: int = 0
    goals_done: int = 0
    bodies: dict[str, BodyStatus] = {}
    goals: tuple[GoalProgress, ...] = ()
