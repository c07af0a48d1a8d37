"""What the endpoint tells of itself: its programs, pins and engines, as printed by `retinue llm status`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.llm.engines.contracts import Capabilities, EngineStats


class ProgramStatus(BaseModel):
    """One agent job.

    Attributes:
        name: Its id.
        replica: Where it is.
        state: Whether it waits for the engine, runs, or waits for its tool.
        turns: Turns answered.
        tokens: Length of its conversation.
        kv: Where its KV is: in a slot, pinned in a slot, in a file, or nowhere.
        slot: The slot; None if it has none.
        pin_left_s: For how long its pin still lives; None without a pin, or if only need of room ends it.
        tool: What it waits for.
        body: Who executes that.
        expected_s: How long the caller expects it to take.
        away_s: How long it has been away; None if it is not.
        back_s: In how long half of such waits are over; None if it is not away.
        late_s: In how long nine of ten are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    replica: str
    state: Literal["queued", "running", "waiting"]
    turns: int
    tokens: int
    kv: Literal["slot", "pinned", "file", "none"]
    slot: int | None = None
    pin_left_s: float | None = None
    tool: str = ""
    body: str = ""
    expected_s: float | None = None
    away_s: float | None = None
    back_s: float | None = None
    late_s: float | None = None


class ReplicaStatus(BaseModel):
    """One engine with its queue.

    Attributes:
        name: Its name.
        policy: How it schedules.
        engine: What the engine can do.
        stats: What the engine tells.
        draining: Whether it takes no new programs.
        starting: Whether its engine died and is being started again.
        queued: Turns that wait.
        running: Turns that run.
        pins: Programs whose KV is held.
        files: Programs whose KV is in a file.
        hit_rate: Share of prompt tokens whose KV was found.
        resume_hit_rate: The same over turns after a program's first.
        turns: Turns answered.
        failed: Turns that ended in an engine's error.
        retried: Turns sent again after a crash.
        cancelled: Turns whose caller went away.
        queue_s: Mean seconds that an answered turn waited.
        outcomes: What became of pins: handed off, expired, broken, ...
        steps: Engine steps that the learned step time has seen, those of other replicas of its kind included.
        ttft_error: Mean relative error of predicted times to first token, of prompts read alone.
        ttft_covered: Share of them that came between the predicted tenth and ninth decile.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    policy: str
    engine: Capabilities
    stats: EngineStats
    draining: bool
    starting: bool
    queued: int
    running: int
    pins: int
    files: int
    hit_rate: float
    resume_hit_rate: float
    turns: int
    failed: int
    retried: int
    cancelled: int
    queue_s: float
    outcomes: dict[str, int] = Field(default_factory=dict)
    steps: int = 0
    ttft_error: float | None = None
    ttft_covered: float | None = None


class ClusterStatus(BaseModel):
    """All of it.

    Attributes:
        programs: By replica, then in order of arrival.
        replicas: In order of their names.
        migrations: Programs moved while they waited.
        migrated_bytes: KV carried for them.
        rereads: Programs whose next turn went elsewhere without their KV, to be read again there.
        wanted_replicas: How many replicas the present load calls for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    programs: tuple[ProgramStatus, ...]
    replicas: tuple[ReplicaStatus, ...]
    migrations: int = 0
    migrated_bytes: int = 0
    rereads: int = 0
    wanted_replicas: int = 1
