"""What the gateway asks of an engine and what it gets back. Times are seconds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ChatCall(BaseModel):
    """One chat completion to produce.

    Attributes:
        messages: The conversation in the form of the chat completions protocol, oldest first.
        options: Other fields of the protocol that shape the answer (temperature, tools, ...).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: tuple[dict[str, Any], ...] = Field(min_length=1)
    options: dict[str, Any] = Field(default_factory=dict)


class Hint(BaseModel):
    """What is known of the program that a call belongs to, for engines that schedule themselves.

    Attributes:
        program: The agent job.
        last_step: Whether nothing follows this turn.
        tool: The tool that the program will call after this turn; empty if unknown.
        body: The robot or person who executes the tool; empty if none.
        expected_s: How long the tool should take; None if the caller does not know.
        priority: Higher goes first; 0 is usual.
        deadline_s: In how many seconds the answer becomes worthless; None for never.
        implied: Whether the caller named no program and it was recognised by its conversation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str
    last_step: bool = False
    tool: str = ""
    body: str = ""
    expected_s: float | None = None
    priority: int = 0
    deadline_s: float | None = None
    implied: bool = False


class Usage(BaseModel):
    """Tokens of one answer.

    Attributes:
        prompt_tokens: Of the question, cached ones included.
        cached_tokens: Of the question whose KV was found.
        completion_tokens: Of the answer.
        prefill_s: Engine time to read the question; None if the engine does not tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)
    prefill_s: float | None = None


class Piece(BaseModel):
    """The next part of an answer.

    Attributes:
        delta: What is added to the message, in the form of the protocol's streaming chunks.
        finish_reason: Why the answer ends here; None if it goes on.
        usage: The tokens; on the last piece only.
        logprobs: Log probabilities of the added tokens, if they were asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    delta: dict[str, Any] = Field(default_factory=dict)
    finish_reason: str | None = None
    usage: Usage | None = None
    logprobs: dict[str, Any] | None = None


class Capabilities(BaseModel):
    """What an engine can do.

    Attributes:
        kind: Which engine it is.
        model: The name under which its model is served.
        slots: KV places that programs can own; 0 if the engine manages its memory itself.
        context_tokens: Longest conversation, answer included; 0 if unknown.
        concurrency: Requests to give it at the same time.
        step_tokens: Tokens that it schedules in one step at most; 0 if unknown.
        saves_kv: Whether KV can be put away and carried to another engine: by `save` and `restore` of
            slots, or, where the engine schedules by itself, by `put_out` and `take_in` of programs.
        schedules: Whether it orders requests and holds KV for programs by itself, from hints.
        embeds: Whether it embeds texts.
        restarts: Whether `restart` brings a dead one back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    model: str
    slots: int = Field(default=0, ge=0)
    context_tokens: int = Field(default=0, ge=0)
    concurrency: int = Field(default=1, gt=0)
    step_tokens: int = Field(default=0, ge=0)
    saves_kv: bool = False
    schedules: bool = False
    embeds: bool = False
    restarts: bool = False


class KvFile(BaseModel):
    """The KV of one slot, put away under a key.

    Attributes:
        key: Its name.
        tokens: Context tokens it holds.
        size: Bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    tokens: int = Field(ge=0)
    size: int = Field(ge=0)


class EnginePin(BaseModel):
    """KV that an engine holds by itself for a program that is away.

    Attributes:
        program: The owner.
        tokens: Context tokens held.
        blocks: Blocks that nobody else holds.
        age_s: For how long it has been held.
        left_s: For how long it will be, if nobody needs the room.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str
    tokens: int
    blocks: int
    age_s: float
    left_s: float


class OwnScheduling(BaseModel):
    """What an engine tells that orders requests and holds KV by itself (vLLM with the plug-in).

    Attributes:
        policy: The policy that it follows.
        pins: The KV that it holds, oldest first.
        outcomes: What became of pins: handed off, expired, broken, ...
        blocks: KV blocks in all.
        free_blocks: Of those, in nobody's use.
        waiting: Requests that wait for blocks.
        waiting_blocks: Blocks that they want.
        steps: Steps scheduled.
        schedule_us: Time of the engine's own scheduler per step, in microseconds.
        own_us: Time of ours per step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: str
    pins: tuple[EnginePin, ...] = ()
    outcomes: dict[str, int] = Field(default_factory=dict)
    blocks: int = 0
    free_blocks: int = 0
    waiting: int = 0
    waiting_blocks: int = 0
    steps: int = 0
    schedule_us: float = 0.0
    own_us: float = 0.0


class EngineStats(BaseModel):
    """What an engine tells of itself.

    Attributes:
        alive: Whether it answers.
        pid: Its process; None if it has none of its own on this machine.
        restarts: How often it was started again.
        running: Requests that it works on.
        scheduling: Its pins, if it schedules by itself and can tell.
        kv_events: Where it publishes which blocks it stores and removes; empty if nowhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alive: bool
    pid: int | None = None
    restarts: int = 0
    running: int = 0
    scheduling: OwnScheduling | None = None
    kv_events: str = ""
