"""What the brain asks of a language model and of a sentence embedder.

The brain never knows which model answers: it sees these two protocols, and the composition root gives
it something that fits. Implementations live in ``services/llm``; fakes for tests in ``brain/testing.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field


class ModelError(Exception):
    """A model could not be used; the message is one sentence saying what is wrong and what to do."""


class ModelUnavailable(ModelError):
    """Nobody answers (no weights, no server, no time): fall back now, or try again later."""


class ModelRefused(ModelError):
    """The endpoint said no (key, model name, request): whoever configured it has to act."""


class ModelAnswerInvalid(ModelError):
    """The model answered, but not in the form it was asked for: ask again or fall back."""


class Message(BaseModel):
    """One turn of a conversation with a model.

    Attributes:
        role: Who says it.
        content: What is said.
        images: Pictures that go with it, as data URLs ("data:image/jpeg;base64,..."); a model that
            sees nothing refuses them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str
    images: tuple[str, ...] = ()


class ModelRequest(BaseModel):
    """One question to a language model.

    Attributes:
        messages: The conversation, oldest first. Requests that share their first messages share their
            prefill, so put what never changes (instructions, examples) first.
        schema_: JSON schema that the answer must satisfy, or None for free text.
        max_tokens: Longest answer, in the model's tokens.
        temperature: 0.0 picks the likeliest token every time.
        seed: Seed of the sampler, for the same answer to the same question.
        program: The agent job this request belongs to, so that a backend can keep that job's KV cache.
        last_step: Whether the program ends with this answer, so that a backend need keep nothing.
        tool: What the program does after this answer, if it is known before; empty if not.
        body: Who executes that; empty if nobody in particular.
        expected_tool_s: How long that should take, in seconds, so that a backend knows how long to
            keep the KV cache.
        priority: Higher goes first where requests queue; 0 is usual.
        deadline_s: Seconds from now after which the answer is worthless; None for never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: tuple[Message, ...] = Field(min_length=1)
    schema_: dict[str, Any] | None = None
    max_tokens: int = Field(default=256, gt=0)
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    seed: int = 0
    program: str | None = None
    last_step: bool = False
    tool: str = ""
    body: str = ""
    expected_tool_s: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    priority: int = 0
    deadline_s: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)


class ProgramWait(BaseModel):
    """What an agent job waits for now, told when it is known: often only after its last answer.

    Attributes:
        program: The job, as in its requests.
        tool: What it waits for.
        body: Who executes that; empty if nobody in particular.
        expected_s: For how long from now, in seconds; None if nobody knows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str
    tool: str = ""
    body: str = ""
    expected_s: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)


class ModelReply(BaseModel):
    """A model's answer and what it cost.

    Attributes:
        text: The answer; valid JSON if the request carried a schema.
        prompt_tokens: Tokens of the question, cached ones included.
        completion_tokens: Tokens of the answer.
        seconds: Time from question to answer, in seconds. It is a measurement: never decide by it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0.0)


@runtime_checkable
class LanguageModel(Protocol):
    """Answers questions in words or in JSON."""

    def reply(self, request: ModelRequest) -> ModelReply:
        """Answer one request.

        Raises:
            ModelError: If there is no usable answer; its subclass says who should act.
        """
        ...


@runtime_checkable
class AgentBackend(Protocol):
    """A backend that schedules agent jobs, and wants to know what they wait for. Hints only: whoever
    tells nothing gets the same answers, later.
    """

    def waits(self, wait: ProgramWait) -> None:
        """A job waits for this from now on."""
        ...

    def ended(self, program: str) -> None:
        """A job asks no more; nothing need be kept for it."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors whose dot product says how alike they mean."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed each text as a unit vector; a text's vector does not depend on its neighbours.

        Raises:
            ModelError: If the embedder cannot be used.
        """
        ...
