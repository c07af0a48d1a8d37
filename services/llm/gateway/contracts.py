"""What clients may send. Wrong input becomes one sentence that names the field."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

Body = TypeVar("Body", bound=BaseModel)
_UNION_MEMBERS = {"str", "int", "NamedTool"}
#: The lowest and the highest priority.
PRIORITIES = (-1000, 1000)

# Fields that shape the answer and go to the engine as they are.
_OPTIONS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "seed",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "presence_penalty",
    "frequency_penalty",
    "repeat_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "chat_template_kwargs",
)


class ContentPart(BaseModel):
    """A part of a message: text, or what only some engines read."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    text: str | None = None

    @model_validator(mode="after")
    def _has_its_text(self) -> ContentPart:
        if self.type == "text" and self.text is None:
            raise ValueError("a part of type text has a text")
        return self


class CalledFunction(BaseModel):
    """What the model called, with its arguments as JSON in a string."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    arguments: str


class ToolCall(BaseModel):
    """A call that an earlier answer made."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str = ""
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(BaseModel):
    """One message; fields beyond these go to the engine as they are."""

    model_config = ConfigDict(frozen=True, extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ChatMessage:
        if self.content is None and self.role != "assistant":
            raise ValueError(f"a message of role {self.role} has content")
        return self


class FunctionTool(BaseModel):
    """A function that a tool is."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(min_length=1, pattern=r"^[a-zA-Z0-9_.-]+$")
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(BaseModel):
    """A tool that the model may call."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: Literal["function"]
    function: FunctionTool


class NamedFunction(BaseModel):
    """The name of a function."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str


class NamedTool(BaseModel):
    """The tool that must be called."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: Literal["function"]
    function: NamedFunction


class JsonSchema(BaseModel):
    """The schema of a structured answer."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    name: str = "answer"
    schema_: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    """The form of the answer."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    @model_validator(mode="after")
    def _has_its_schema(self) -> ResponseFormat:
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("give json_schema, with the schema in it")
        return self


class StreamOptions(BaseModel):
    """How a stream ends."""

    model_config = ConfigDict(frozen=True, extra="allow")

    include_usage: bool = False


Stop = Annotated[str, Field(min_length=1)]


class ChatBody(BaseModel):
    """A chat completion request: OpenAI's fields, some that local servers share, and ours.

    Attributes:
        program: The agent job that the request belongs to.
        last_step: Whether the program ends with this answer.
        tool: The tool that will run after this answer; by default the one that the answer calls.
        body: The robot, or the person's glasses, that executes the tool.
        expected_tool_seconds: How long the tool should take.
        priority: Higher goes first; 0 is usual.
        deadline: Seconds from now after which the answer is worthless.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None

    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    top_p: float | None = Field(default=None, gt=0.0, le=1.0)
    top_k: int | None = Field(default=None, ge=0)
    min_p: float | None = Field(default=None, ge=0.0, le=1.0)
    seed: int | None = None
    stop: Stop | list[Stop] | None = None
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    presence_penalty: float | None = Field(default=None, ge=-2.0, le=2.0)
    frequency_penalty: float | None = Field(default=None, ge=-2.0, le=2.0)
    repeat_penalty: float | None = Field(default=None, gt=0.0)
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    chat_template_kwargs: dict[str, Any] | None = None

    # Accepted because clients send them; they change nothing here.
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None

    program: str | None = Field(default=None, min_length=1, max_length=256)
    last_step: bool = False
    tool: str = Field(default="", max_length=256)
    body: str = Field(default="", max_length=256)
    expected_tool_seconds: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    priority: int = Field(default=0, ge=PRIORITIES[0], le=PRIORITIES[1])
    deadline: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _has_the_tools_that_it_chooses(self) -> ChatBody:
        offered = [tool.function.name for tool in self.tools or ()]
        choice = self.tool_choice
        if choice == "required" and not offered:
            raise ValueError("tool_choice asks for a tool, and tools offers none")
        if isinstance(choice, NamedTool) and choice.function.name not in offered:
            raise ValueError(
                f"tool_choice names {choice.function.name!r}, which is not among the tools"
            )
        return self

    def options(self) -> dict[str, Any]:
        """The fields that shape the answer, those that were given."""
        given = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return {k: given[k] for k in _OPTIONS if given.get(k) is not None}

    def conversation(self) -> tuple[dict[str, Any], ...]:
        """The messages as engines take them."""
        return tuple(m.model_dump(mode="json", exclude_unset=True) for m in self.messages)


Texts = Annotated[list[str], Field(min_length=1, max_length=2048)]


class EmbeddingsBody(BaseModel):
    """A request for sentence vectors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    input: str | Texts
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str | None = None


class WaitBody(BaseModel):
    """What a program that is away waits for.

    Attributes:
        tool: The tool.
        body: The robot or person that executes it.
        expected_tool_seconds: For how long from now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str = Field(default="", max_length=256)
    body: str = Field(default="", max_length=256)
    expected_tool_seconds: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)


class DrainBody(BaseModel):
    """Whether a replica is to be emptied."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    draining: bool = True


class BadInput(Exception):
    """What a client sent is wrong; the text is one sentence."""


def parsed(kind: type[Body], value: object) -> Body:
    """Read a request's body.

    Raises:
        BadInput: If it is not of this kind; names the first field that is wrong, and what is.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        told = error.errors(include_url=False)
        # Of a union's members the one that the value got farthest into knows best what is wrong.
        first = max((e for e in told if _place(e) == _place(told[0])), key=_depth)
        field = _path([part for part in first["loc"] if _is_field(part)])
        if first["type"] == "extra_forbidden":
            raise BadInput(f"There is no field {field!r} in this request; remove it.") from None
        if first["type"] == "missing":
            raise BadInput(f"The field {field!r} is missing.") from None
        reason = first["msg"].removeprefix("Value error, ")
        reason = reason[0].lower() + reason[1:]
        if not isinstance(value, dict):
            raise BadInput("The request is not a JSON object.") from None
        named = f"field {field!r}" if field else "request"
        raise BadInput(f"The {named} is wrong: {reason}.") from None


def _place(error: ErrorDetails) -> tuple[str | int, ...]:
    field, *rest = error["loc"] or ("",)
    return (field, rest[0]) if rest and isinstance(rest[0], int) else (field,)


def _depth(error: ErrorDetails) -> int:
    return len(error["loc"])


def _is_field(part: str | int) -> bool:
    # Pydantic puts the names of a union's members into the path, too; fields are in lower case.
    return isinstance(part, int) or (part not in _UNION_MEMBERS and part.replace("_", "").isalnum())


def _path(parts: list[str | int]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
