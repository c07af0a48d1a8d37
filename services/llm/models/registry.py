"""Which model the brain understands people with, from one string."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterable
from urllib.parse import urlsplit

from brain.interpret import WishInterpreter
from brain.mind import Interpreter
from brain.model import (
    AgentBackend,
    Embedder,
    LanguageModel,
    ModelError,
    ModelReply,
    ModelRequest,
    ModelUnavailable,
    ProgramWait,
)
from services.errors import UserError
from services.llm.models.hints import Hints
from services.plugins import discover
from services.session.contracts import LlmUse
from stem_memory.contracts import Event

#: Names the house's own endpoint and model, such as http://127.0.0.1:8000/v1#qwen3. Commands take it as the
#: default of --model, so that what a run depends on stands in its configuration.
ENDPOINT_VARIABLE = "RETINUE_LLM"
#: Holds that endpoint's key, as for `retinue llm serve`.
KEY_VARIABLE = "RETINUE_LLM_KEY"
# An endpoint that does not take a connection within so long (s) is not there.
KNOCK_S = 3.0


class Metered:
    """A language model that counts calls, tokens and seconds, and gives its programs names of their own.

    Many brains may think at one backend, and all of them have a goal "g1".
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._label = uuid.uuid4().hex[:8]
        self._programs: set[str] = set()
        self._calls = 0
        self._tokens = 0
        self._seconds = 0.0
        self._failed = 0
        self._trouble = ""

    def reply(self, request: ModelRequest) -> ModelReply:
        """Ask the model and count."""
        if request.program is not None:
            self._programs.add(request.program)
            request = request.model_copy(update={"program": self._named(request.program)})
        try:
            reply = self._model.reply(request)
        except ModelError as error:
            # The person is asked instead; that it was so must not stay unsaid.
            self._failed += 1
            self._trouble = str(error)
            raise
        self._calls += 1
        self._tokens += reply.prompt_tokens + reply.completion_tokens
        self._seconds += reply.seconds
        return reply

    def asked(self, program: str) -> bool:
        """Whether this program has asked the model."""
        return program in self._programs

    def waits(self, wait: ProgramWait) -> None:
        """Tell the model's backend, if it wants to know."""
        if isinstance(self._model, AgentBackend):
            told = wait.model_copy(update={"program": self._named(wait.program)})
            self._model.waits(told)

    def ended(self, program: str) -> None:
        """Tell the model's backend, if it wants to know."""
        self._programs.discard(program)
        if isinstance(self._model, AgentBackend):
            self._model.ended(self._named(program))

    def _named(self, program: str) -> str:
        return f"{self._label}/{program}"

    def use(self) -> LlmUse:
        """The counts so far."""
        return LlmUse(
            calls=self._calls,
            tokens=self._tokens,
            seconds=round(self._seconds, 3),
            failed=self._failed,
            trouble=self._trouble,
        )

    def close(self) -> None:
        """Close the model, if it holds anything."""
        close = getattr(self._model, "close", None)
        if close is not None:
            close()


class Understanding:
    """An interpreter and the meter of its model, whose backend is told what goals wait for.

    Args:
        interpreter: Understands people.
        meter: Its model; None if it has none.
    """

    def __init__(self, interpreter: Interpreter, meter: Metered | None) -> None:
        self.interpreter = interpreter
        self.meter = meter
        self._hints = Hints(meter, meter.asked) if meter is not None else None

    def follow(self, now: float, events: Iterable[Event]) -> None:
        """Tell the model's backend what the goals wait for now (world seconds)."""
        if self._hints is not None:
            self._hints.follow(now, events)

    def use(self) -> LlmUse:
        """What the model cost so far."""
        return self.meter.use() if self.meter is not None else LlmUse()

    def close(self) -> None:
        """Stop the model."""
        if self.meter is not None:
            self.meter.close()


def understood_by(spec: str) -> dict[str, str]:
    """What a specification of `make_interpreter` comes down to on this machine, for the record.

    The grammar is always there and not named. What is installed decides about the rest, so two runs
    with equal entries understand people alike.

    Raises:
        UserError: the string names nothing known, or an endpoint at which nobody answers.
    """
    from services.llm.models.weights import MINILM, MINILM_TOKENIZER, locate

    _require_known(spec)
    found: dict[str, str] = {}
    if spec != "none":
        try:
            for part, wanted in (("encoder", MINILM), ("tokenizer", MINILM_TOKENIZER)):
                locate(wanted)
                found[part] = f"{wanted.distribution}=={wanted.version} sha256:{wanted.sha256[:16]}"
        except ModelUnavailable:
            found.clear()
    if spec not in ("none", "embedded"):
        found["model"] = spec
    return found


def _require_known(spec: str) -> None:
    """See that a specification names a model, and that somebody answers at its address."""
    if spec in ("none", "embedded") or spec in discover("models").of("models"):
        return
    address, _ = _endpoint(spec)
    parts = urlsplit(address)
    try:
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        socket.create_connection((parts.hostname or "", port), timeout=KNOCK_S).close()
    except (OSError, ValueError) as error:
        raise UserError(
            f"--model {spec}: nobody answers at {address} ({error}): start it, or leave --model out"
        ) from None


def _endpoint(spec: str) -> tuple[str, str]:
    """The address and the model's name that "http://host:port/v1#model" gives.

    Raises:
        UserError: It is of another form.
    """
    address, _, name = spec.partition("#")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or not name:
        raise UserError(
            f"--model {spec!r} is not known: use embedded, none, a model that a package offers, or an "
            "OpenAI-compatible endpoint with its model's name, such as http://127.0.0.1:8000/v1#qwen3"
        )
    return address, name


def make_interpreter(spec: str) -> Understanding:
    """From "none" (parsing alone), "embedded", the name of a `retinue.models` entry point, or
    "http://host:port/v1#model".

    Raises `services.errors.UserError` for anything else, in one sentence.
    """
    model, embedder = make_models(spec)
    if spec == "embedded":
        # Measured: it names the right action of a hard clause one time in three. Asking is better.
        model = None
    meter = Metered(model) if model is not None else None
    return Understanding(WishInterpreter(model=meter, embedder=embedder), meter)


def make_models(spec: str) -> tuple[LanguageModel | None, Embedder | None]:
    """The language model and the sentence encoder that the string names.

    The encoder is used whenever its weights are installed; without them understanding falls back
    to parsing, which `retinue doctor` tells.

    Raises:
        UserError: the string names nothing known, or "embedded" is wanted and not installed.
    """
    from services.llm.models.embedded import EmbeddedModel
    from services.llm.models.embedder import MiniLmEmbedder
    from services.llm.models.openai_model import OpenAiModel
    from services.llm.models.weights import MINILM, SMOLLM2, locate

    if spec == "none":
        return None, None
    try:
        locate(MINILM)
        embedder: Embedder | None = MiniLmEmbedder()
    except ModelUnavailable:
        embedder = None
    key = os.environ.get("OPENAI_API_KEY", "none")
    if spec == os.environ.get(ENDPOINT_VARIABLE):
        # The house's own endpoint has a key of its own, which nobody else may see.
        key = os.environ.get(KEY_VARIABLE, "none")
    if spec == "embedded":
        try:
            locate(SMOLLM2)
        except ModelUnavailable:
            return None, embedder
        return EmbeddedModel(), embedder
    made = discover("models").of("models").get(spec)
    if made is not None:
        return (made() if callable(made) else made), embedder
    address, name = _endpoint(spec)
    return OpenAiModel(address, name, api_key=key), embedder
