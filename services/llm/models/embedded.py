"""The language model that comes with the program: llama.cpp's server inside a process.

The only file that imports ``xllamacpp``: for a model inside this process, and for the process of an
engine. The server listens on loopback only, on a free port, and wants a
key that is drawn at its start, so that other users of the machine cannot use it.
"""

from __future__ import annotations

import gc
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from brain.model import ModelReply, ModelRequest, ModelUnavailable
from services.llm.models.openai_model import DEFAULT_TIMEOUT_S, OpenAiModel
from services.llm.models.weights import SMOLLM2, locate

if TYPE_CHECKING:
    from xllamacpp import Server

MODEL_NAME = "embedded"
# llama.cpp's worker threads spin while they wait for each other. With two of them on a machine that has
# other work to do, throughput was measured to fall tenfold; one thread always makes progress.
THREADS = 1
PREFIX_CACHE_MIB = 256
# llama.cpp counts the tokens of all conversations with 32 bits.
MOST_TOKENS = 2**31 - 1
# Prompt tokens that are read in one step. Nobody else gets a token until a step is over, and a request that
# was cancelled ends only then. On a processor small steps cost little: against steps of 128 a prompt took 4 %
# more processor time in steps of 2048, 5 % in steps of 64 and 38 % in steps of 32, while the longest pause of a
# stream beside it fell from 18 s (2048) to 1.3 s (128).
CHUNK_TOKENS = 64


class ServerSettings(BaseModel):
    """How one llama.cpp server is started.

    Attributes:
        weights: A GGUF file.
        key: The key that it asks every client for.
        host: The address that it listens on.
        context_tokens: Longest conversation of one request, answer included.
        slots: Requests that are served at the same time; each has ``context_tokens``.
        threads: Threads that compute.
        chunk_tokens: Prompt tokens that are read in one step.
        host_cache_mib: How much host memory holds prompts that lost their slot; 0 for none.
        slot_folder: Where slots may be saved to; None for nowhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Path
    key: str
    host: str = "127.0.0.1"
    context_tokens: int = 4096
    slots: int = 1
    threads: int = THREADS
    chunk_tokens: int = CHUNK_TOKENS
    host_cache_mib: int = 0
    slot_folder: Path | None = None


class EmbeddedModel:
    """A ``LanguageModel`` served from this process, started by its first request.

    The server keeps the KV cache of earlier prompts, so a request pays only for what differs from them.

    Args:
        weights: A GGUF file; by default the one in the installed package.
        context_tokens: Longest conversation of one request, answer included.
        slots: Requests that are served at the same time; each has ``context_tokens``.
        timeout_s: Longest wait for an answer, in seconds.
    """

    def __init__(
        self,
        weights: Path | None = None,
        context_tokens: int = 4096,
        slots: int = 1,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        self._weights = weights
        self._context_tokens = context_tokens
        self._slots = slots
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._model: OpenAiModel | None = None

    def reply(self, request: ModelRequest) -> ModelReply:
        """Answer one request, starting the server if it is not running.

        Raises:
            ModelError: If the weights or the library are missing, or there is no usable answer.
        """
        return self.start().reply(request)

    def start(self) -> OpenAiModel:
        """Start the server unless it runs already.

        Returns:
            A client of it; its ``base_url`` is the server's address.

        Raises:
            ModelUnavailable: If the weights or the library are missing or do not load.
        """
        with self._lock:
            if self._model is None:
                self._model = self._launch(locate(SMOLLM2, self._weights))
            return self._model

    def close(self) -> None:
        """Stop the server and free its memory; a later request starts it again."""
        with self._lock:
            if self._model is not None:
                self._model.close()
            self._model = None
            self._server = None
            # The server stops when its object dies, which must happen now, not at some later collection.
            gc.collect()

    def __enter__(self) -> EmbeddedModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _launch(self, path: Path) -> OpenAiModel:
        key = secrets.token_hex(16)
        self._server = serve(
            ServerSettings(
                weights=path,
                key=key,
                context_tokens=self._context_tokens,
                slots=self._slots,
                host_cache_mib=PREFIX_CACHE_MIB,
            )
        )
        return OpenAiModel(
            base_url=f"{self._server.listening_address}/v1",
            model=MODEL_NAME,
            api_key=key,
            timeout_s=self._timeout_s,
        )


def serve(settings: ServerSettings) -> Server:
    """Start llama.cpp's server in this process; it stops when the object dies.

    Raises:
        ModelUnavailable: If the library is missing or the file does not load.
    """
    try:
        from xllamacpp import CommonParams, Server
    except ImportError as error:
        raise ModelUnavailable(
            "The embedded model needs xllamacpp, which is not installed; run: pip install xllamacpp"
        ) from error
    if settings.context_tokens * settings.slots > MOST_TOKENS:
        raise ModelUnavailable(
            f"{settings.slots} conversations of {settings.context_tokens} tokens are too much for one "
            "engine; give fewer slots or a shorter context."
        )
    params = CommonParams()
    params.model.path = str(settings.weights)
    params.model_alias = {MODEL_NAME}
    params.offline = True
    params.hostnames = [settings.host]
    params.port = 0
    params.api_keys = [settings.key]
    params.ui = False
    params.verbosity = -1
    params.n_ctx = settings.context_tokens * settings.slots
    params.n_parallel = settings.slots
    params.kv_unified = False
    params.n_batch = params.n_ubatch = settings.chunk_tokens
    params.cpuparams.n_threads = settings.threads
    params.cpuparams_batch.n_threads = settings.threads
    params.cache_prompt = True
    params.cache_ram_mib = settings.host_cache_mib
    params.endpoint_slots = True
    if settings.slot_folder is not None:
        # llama.cpp joins the folder and the name as they are.
        params.slot_save_path = f"{settings.slot_folder}/"
    try:
        return Server(params)
    except (RuntimeError, ValueError) as error:
        raise ModelUnavailable(
            f"The model file {settings.weights} could not be loaded; "
            "give a whole GGUF file that fits in memory."
        ) from error
