"""`retinue llm`: the LLM endpoint of the house, served and watched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from brain.language.words.plural import counted
from services.commands.menu import Menu, Shelf
from services.commands.output import Output, print_json
from services.commands.signature import AsJson

if TYPE_CHECKING:
    from services.llm.cluster.maintenance import Held
    from services.llm.config import LlmConfig

KEY_VARIABLE = "RETINUE_LLM_KEY"
DEFAULT_URL = "http://127.0.0.1:8000"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Key = Annotated[
    Path | None,
    click.Path(path_type=Path, dir_okay=False, exists=True),
    "--key-file: A file that holds the endpoint's API key.  [default: the variable "
    f"{KEY_VARIABLE}]",
]
Url = Annotated[str, "--url: The endpoint's address."]


@click.group(
    cls=Menu,
    commands=Shelf(
        "services",
        (
            ("commands.llm", "serve status drain"),
            ("lab.commands.llm_simulate", "simulate"),
            ("lab.commands.llm_bench", "bench"),
        ),
    ),
)
def llm() -> None:
    """Serve language models on one OpenAI-compatible endpoint that knows its agents."""


def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, click.IntRange(0, 65535)] = 8000,
    engine: tuple[str, ...] = (),
    replicas: Annotated[int, click.IntRange(min=1)] = 1,
    weights: Annotated[Path | None, click.Path(path_type=Path, exists=True)] = None,
    model_name: str | None = None,
    slots: Annotated[int, click.IntRange(min=1)] = 4,
    context: Annotated[int, click.IntRange(min=256)] = 4096,
    threads: Annotated[int, click.IntRange(min=1)] = 1,
    policy: str = "retinue",
    kv_files: Annotated[int, click.IntRange(min=0)] = 512,
    ray: bool = False,
    engine_host: str = "127.0.0.1",
    gpus: Annotated[int, click.IntRange(min=0)] = 0,
    kv_events: bool = False,
    vllm_arg: tuple[str, ...] = (),
    key_file: Key = None,
) -> None:
    """Serve the endpoint until Ctrl-C. Point any OpenAI client at the address it prints.

    Options:
        --host: The address to listen on.
        --port: The port; 0 takes a free one.
        --engine ENGINE: llamacpp, vllm, simulated, or URL#model of a remote endpoint. Give
            it as often as you like.  [default: llamacpp]
        --replicas: How many of each engine that is started here.
        --weights: A GGUF file, or a model folder for vLLM.  [default: the embedded model]
        --model-name NAME: The name that clients ask for.
        --slots: Conversations that one engine holds at the same time.
        --context TOKENS: Longest conversation, answer included.
        --threads: Threads of one engine. More than one collapses on a machine that does
            other work.
        --policy NAME: How turns are ordered and whose KV is held; stock for no care of
            programs.
        --kv-files MIB: Room for the KV of programs that gave way; 0 to read their prompts
            again.
        --ray: Engines live in Ray actors (RAY_ADDRESS, or here).
        --engine-host ADDRESS: Where engines listen; auto for the address of whatever
            machine of a Ray cluster each lives on.
        --gpus: GPUs of one vLLM engine; with --ray each actor is given so many.
        --kv-events: vLLM publishes which KV blocks it stores and removes; llm status --json
            tells where.
        --vllm-arg ARG: A further argument of vllm serve, such as
            --vllm-arg=--quantization=fp8. Give it as often as you like.
    """
    from services.errors import UserError
    from services.llm.config import LlmConfig

    key = _key(key_file)
    if key is None and host not in _LOOPBACK:
        raise UserError(
            f"--host {host} is open to other machines: give a key with --key-file, or in {KEY_VARIABLE}"
        )
    config = LlmConfig(
        engines=engine or ("llamacpp",),
        replicas=replicas,
        weights=weights,
        model=model_name,
        slots=slots,
        context_tokens=context,
        threads=threads,
        policy=policy,
        kv_files_mib=kv_files,
        remote_key=os.environ.get("OPENAI_API_KEY", "none"),
        gpus=gpus,
        kv_events=kv_events,
        vllm_arguments=vllm_arg,
        engine_host=engine_host,
    )
    if gpus and replicas > 1 and not ray:
        raise UserError(
            "several replicas share no GPU: give --ray, which hands each its own --gpus"
        )
    _serve(config, host, port, key, ray)


def _serve(config: LlmConfig, host: str, port: int, key: str | None, ray: bool) -> None:
    import asyncio

    from brain.model import ModelUnavailable
    from services.http_server import listen
    from services.llm.cluster.make import make_cluster
    from services.llm.gateway.app import GatewayLimits
    from services.llm.gateway.serve import serve as serve_app
    from services.llm.models.embedder import MiniLmEmbedder
    from services.llm.models.weights import MINILM, locate
    from services.runtime.local import LocalRuntime, Runtime

    bound = listen(host, port)
    runtime: Runtime
    if ray:
        from services.runtime.ray_runtime import RayRuntime

        runtime = RayRuntime(gpus=config.gpus)
    else:
        runtime = LocalRuntime()
    try:
        locate(MINILM)
        embedder: MiniLmEmbedder | None = MiniLmEmbedder()
    except ModelUnavailable:
        embedder = None
    try:
        cluster = make_cluster(config, runtime)
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{bound.getsockname()[1]}/v1"

        def ready(_: object) -> None:
            click.echo(f"serving {', '.join(cluster.models)} at {url}  (Ctrl-C stops)")
            click.echo(f"runs think there with: export RETINUE_LLM={url}#{cluster.models[0]}")

        asyncio.run(serve_app(cluster, embedder, GatewayLimits(key=key), bound, ready))
    finally:
        runtime.close()


def status(
    url: Url = DEFAULT_URL,
    once: bool = False,
    key_file: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show programs, pins with their time to live, hit rates and engines, live.

    Options:
        --once: Print the table once instead of keeping it on screen.
    """
    import sys

    from services.llm.watch import read_status, show, watch

    key = _key(key_file) or "none"
    if as_json:
        print_json(read_status(url, key).model_dump(mode="json"))
    elif once or not sys.stdout.isatty():
        show(read_status(url, key))
    else:
        watch(url, key)


def drain(
    replica: str,
    url: Url = DEFAULT_URL,
    end: bool = False,
    wait: bool = False,
    key_file: Key = None,
) -> Output:
    """Empty REPLICA for maintenance: it takes no new programs, and those that wait move away.

    Turns in progress are answered to their end. `retinue llm status` names the replicas.

    Options:
        --end: Let the replica take new programs again.
        --wait: Come back only when nothing is left there.
    """
    from services.llm.cluster import maintenance

    def tell(left: maintenance.Held) -> None:
        click.echo(f"{_left(left)} left", err=True)

    left = maintenance.drain(url, _key(key_file) or "none", replica, not end, wait, tell)
    if end:
        said = f"{replica} takes new programs again"
    elif left.is_empty:
        said = f"{replica} is empty"
    else:
        said = f"{replica} drains: {_left(left)} are left"
    told = {"replica": replica, "draining": not end}
    return Output({**told, "turns": left.turns, "programs": left.programs}, said)


def _left(held: Held) -> str:
    """What a replica still has to do."""
    programs = counted(held.programs, "waiting program")
    return f"{counted(held.turns, 'turn')} and {programs}"


def _key(key_file: Path | None) -> str | None:
    if key_file is not None:
        text = key_file.read_text(encoding="utf-8").strip()
        if not text:
            raise click.UsageError(f"{key_file} holds no key")
        return text
    return os.environ.get(KEY_VARIABLE) or None
