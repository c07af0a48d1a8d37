"""What a run is asked to do and what it answers. Times in seconds."""

from __future__ import annotations

from typing import Literal

from devices.noun import Noun

GoalOutcome = Literal["satisfied", "failed", "refused", "needs_answer"]


class PostedWish(Noun):
    """A wish posted at virtual time `t`, typed by the operator unless `who` says otherwise."""

    t: float
    text: str
    who: str | None = None


class RunConfig(Noun):
    """One run of a world, fully determined by this and the files it names.

    `world` is the name of a shipped or installed world, or the path of a scenario file. With
    `wishes` the people in the scenario keep moving but their own wishes are not heard. `speed` 0
    means as fast as possible, else virtual seconds per real second. `model` is an OpenAI-compatible
    endpoint ("http://host:port/v1#name"), "embedded", or "none". `glasses` is the trace (or film)
    of glasses that somebody in the world wears: what they ask of robots become their wishes.
    `no_record` are rooms where nothing is recorded and `keep` how long reports are kept, in words
    (`services.privacy`), besides what the scenario says of both. `remember` is an earlier run whose
    notes and experience this one starts from.
    """

    world: str
    wishes: tuple[PostedWish, ...] = ()
    bodies: int | None = None
    faults: tuple[str, ...] = ()
    seed: int = 0
    runtime: Literal["ray", "local"] = "ray"
    speed: float = 0.0
    out: str | None = None
    model: str = "embedded"
    film: bool = True
    glasses: str = ""
    no_record: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    remember: str = ""


class GoalResult(Noun):
    """How one goal came out. `checked_by_world`: the world's truth was asked, and agrees."""

    text: str
    status: GoalOutcome
    checked_by_world: bool
    reason: str = ""


class LlmUse(Noun):
    """What the language model cost."""

    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0


class RunResult(Noun):
    """The answer of a run; `retinue run --json` prints exactly this.

    `expired` counts reports that were to be kept for less than the run lasted and are gone.
    `state_sha256` is that of the memory in the folder, without them.
    """

    goals: tuple[GoalResult, ...]
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


class BodyGlance(Noun):
    """One body at a glance: what it is doing, the place it is at, its battery (0..1)."""

    doing: str = ""
    where: str = ""
    battery: float | None = None
    lost: bool = False


class GoalGlance(Noun):
    """One goal at a glance."""

    id: str
    text: str
    who: str = ""
    status: str = "posted"


class Tick(Noun):
    """What a run shows while it goes on: time, one line on what happened, and counts.

    `bodies` and `goals` show all of them, in order of joining and of posting.
    """

    t: float
    line: str = ""
    kind: Literal["goal", "plan", "assign", "step", "fault", "closed", "note", "time"] = "time"
    goals_open: int = 0
    goals_done: int = 0
    busy: dict[str, str] = {}
    bodies: dict[str, BodyGlance] = {}
    goals: tuple[GoalGlance, ...] = ()
