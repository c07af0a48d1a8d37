"""A ``LanguageModel`` over any OpenAI-compatible endpoint. The only file that imports ``openai``."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from brain.model import (
    Message,
    ModelAnswerInvalid,
    ModelError,
    ModelRefused,
    ModelReply,
    ModelRequest,
    ModelUnavailable,
    ProgramWait,
)

if TYPE_CHECKING:
    import openai

_log = logging.getLogger(__name__)

DEFAULT_TIMEOUT_S = 60.0
# Servers that route by conversation (vLLM among them) read this header; the others ignore it, where an
# unknown field in the body would make some of them refuse the request.
SESSION_HEADER = "X-Session-ID"
# These our own endpoint reads, for the same reason.
LAST_STEP_HEADER = "X-Last-Step"
TOOL_HEADER = "X-Tool"
BODY_HEADER = "X-Body"
EXPECTED_HEADER = "X-Expected-Tool-Seconds"
PRIORITY_HEADER = "X-Priority"
DEADLINE_HEADER = "X-Deadline"
# Its answers have this header, by which it is told from other endpoints.
PROGRAM_HEADER = "X-Program"
_RETRY_PAUSE_S = 0.5
# Who tells a hint does not wait for it to be taken.
_HINT_LIMIT_S = 2.0


class OpenAiModel:
    """Asks one model at one endpoint, over the chat completions protocol.

    Args:
        base_url: The endpoint, ``/v1`` included.
        model: The model's name at that endpoint.
        api_key: The endpoint's key; local servers usually accept anything.
        timeout_s: Longest wait for an answer, in seconds.
        retries: How often a request that could not be delivered, or met a busy server, is sent again; one
            whose time is over is not.
        pause: Waits between two attempts, in seconds.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str = "none",
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: int = 1,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url
        self.model = model
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._retries = retries
        self._pause = pause
        self._client: openai.OpenAI | None = None
        self._takes_hints = False

    def reply(self, request: ModelRequest) -> ModelReply:
        """Ask the endpoint.

        Raises:
            ModelUnavailable: If nothing answers in time, or the server is broken or overloaded.
            ModelRefused: If the endpoint rejects the key, the model's name or the request.
            ModelAnswerInvalid: If the answer is empty, cut off, or not the JSON that was asked for.
        """
        import openai

        started = time.perf_counter()
        try:
            response = self._sent(self._arguments(request))
            self._takes_hints = PROGRAM_HEADER in response.headers
            completion = response.parse()
        except openai.OpenAIError as error:
            raise self._explained(error) from error
        except json.JSONDecodeError as error:
            raise self._not_the_protocol() from error
        seconds = time.perf_counter() - started
        # A server that answers 200 with something else (a proxy's page) comes through as a string or
        # as an object without choices.
        choices = getattr(completion, "choices", None)
        if not choices:
            raise self._not_the_protocol()
        text = choices[0].message.content or ""
        if request.schema_ is not None:
            self._require_json(text, cut_off=choices[0].finish_reason == "length")
        usage = completion.usage
        return ModelReply(
            text=text,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
            seconds=seconds,
        )

    def waits(self, wait: ProgramWait) -> None:
        """Tell our own endpoint what a program waits for; other endpoints are told nothing."""
        body = {"tool": wait.tool, "body": wait.body, "expected_tool_seconds": wait.expected_s}
        self._hint("post", wait.program, body)

    def ended(self, program: str) -> None:
        """Tell our own endpoint that a program asks no more."""
        self._hint("delete", program, None)

    def _sent(self, arguments: dict[str, Any]) -> Any:
        """The endpoint's raw response."""
        import openai

        chats = self._connected().chat.completions.with_raw_response
        for _ in range(self._retries):
            try:
                return chats.create(**arguments)
            except openai.APITimeoutError:
                raise
            except (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError):
                self._pause(_RETRY_PAUSE_S)
        return chats.create(**arguments)

    def _hint(self, method: Literal["post", "delete"], program: str, body: Any) -> None:
        import openai

        if not self._takes_hints:
            return
        path = f"/programs/{quote(_ascii(program))}"
        client = self._connected().with_options(timeout=_HINT_LIMIT_S)
        try:
            if method == "post":
                client.post(path, body=body, cast_to=object)
            else:
                client.delete(path, cast_to=object)
        except openai.NotFoundError:
            # The endpoint has forgotten the program, for want of room or after a crash.
            return
        except openai.OpenAIError as error:
            # It knows less now and answers the same. The next answer tells whether it is back.
            self._takes_hints = False
            _log.info("the endpoint %s takes no hint: %s", self.base_url, error)

    def close(self) -> None:
        """Close the connections to the endpoint; a later request opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> openai.OpenAI:
        import openai

        if self._client is None:
            self._client = openai.OpenAI(
                base_url=self.base_url,
                api_key=self._api_key,
                timeout=self._timeout_s,
                # The client's own would also wait twice for an answer, or as long as a server bids.
                max_retries=0,
            )
        return self._client

    def _arguments(self, request: ModelRequest) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": self.model,
            "messages": [_as_sent(message) for message in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
        }
        if request.schema_ is not None:
            arguments["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": request.schema_, "strict": True},
            }
        if request.program is not None:
            arguments["extra_headers"] = _hints(request)
        return arguments

    def _explained(self, error: openai.OpenAIError) -> ModelError:
        import openai

        where = f"the model endpoint {self.base_url}"
        if isinstance(error, openai.APITimeoutError):
            return ModelUnavailable(
                f"Got no answer from {where} within {self._timeout_s:g} s; "
                "check that it is not overloaded, or allow more time."
            )
        if isinstance(error, openai.APIConnectionError):
            return ModelUnavailable(
                f"Nobody answers at {where}; start the server or correct the address."
            )
        if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
            return ModelRefused(f"The key was refused by {where}; give a valid API key.")
        if isinstance(error, openai.NotFoundError):
            return ModelRefused(
                f"There is no model {self.model!r} at {where}; "
                "correct the model's name, or the address (it usually ends in /v1)."
            )
        if isinstance(error, openai.RateLimitError) or (
            isinstance(error, openai.APIStatusError) and error.status_code >= 500
        ):
            return ModelUnavailable(
                f"The server is overloaded or broken at {where} "
                f"(status {error.status_code}); try again later."
            )
        if isinstance(error, openai.APIStatusError):
            return ModelRefused(
                f"The request was rejected by {where} (status {error.status_code}): "
                f"{_first_line(error.message)}"
            )
        return ModelUnavailable(f"Could not use {where}: {_first_line(str(error))}")

    def _not_the_protocol(self) -> ModelAnswerInvalid:
        return ModelAnswerInvalid(
            f"The answer from {self.base_url} is not an OpenAI chat completion; "
            "check that the address is an OpenAI-compatible endpoint (it usually ends in /v1)."
        )

    def _require_json(self, text: str, cut_off: bool) -> None:
        try:
            json.loads(text)
        except json.JSONDecodeError:
            reason = (
                "its JSON was cut off: allow more tokens"
                if cut_off
                else "it is not JSON: use an endpoint that supports response_format json_schema"
            )
            raise ModelAnswerInvalid(
                f"The answer of {self.model!r} cannot be used, because {reason}."
            ) from None


def _as_sent(message: Message) -> dict[str, Any]:
    """A message as the protocol has it: in parts, if pictures go with it."""
    if not message.images:
        return {"role": message.role, "content": message.content}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.content}]
    parts += [{"type": "image_url", "image_url": {"url": url}} for url in message.images]
    return {"role": message.role, "content": parts}


def _hints(request: ModelRequest) -> dict[str, str]:
    hints = {SESSION_HEADER: _ascii(request.program or "")}
    if request.last_step:
        hints[LAST_STEP_HEADER] = "1"
    if request.tool:
        hints[TOOL_HEADER] = _ascii(request.tool)
    if request.body:
        hints[BODY_HEADER] = _ascii(request.body)
    if request.expected_tool_s is not None:
        hints[EXPECTED_HEADER] = f"{request.expected_tool_s:g}"
    if request.priority:
        hints[PRIORITY_HEADER] = str(request.priority)
    if request.deadline_s is not None:
        hints[DEADLINE_HEADER] = f"{request.deadline_s:g}"
    return hints


def _ascii(text: str) -> str:
    """A header is no place for other letters; names that differ in them alone share their KV's fate."""
    return text.encode("ascii", "replace").decode()


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:200] if text.strip() else "no reason given"
