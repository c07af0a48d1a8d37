"""`retinue llm`: the LLM endpoint of the house, served and watched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from brain.language.words.plural import counted
from services.commands.lab import measuring
from services.commands.menu import Menu
from services.commands.output import json_option, print_json

if TYPE_CHECKING:
    from services.llm.cluster.maintenance import Held
    from services.llm.config import LlmConfig

KEY_VARIABLE = "RETINUE_LLM_KEY"
DEFAULT_URL = "http://127.0.0.1:8000"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

key_option = click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help=f"A file that holds the endpoint's API key.  [default: the variable {KEY_VARIABLE}]",
)


@click.group(cls=Menu)
def llm() -> None:
    """Serve language models on one OpenAI-compatible endpoint that knows its agents."""


@llm.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--engine",
    "engines",
    multiple=True,
    metavar="ENGINE",
    help="llamacpp, vllm, simulated, or URL#model of a remote endpoint. Give it as often as you "
    "like.  [default: llamacpp]",
)
@click.option(
    "--replicas",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many of each engine that is started here.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path, exists=True),
    help="A GGUF file, or a model folder for vLLM.  [default: the embedded model]",
)
@click.option("--model-name", metavar="NAME", help="The name that clients ask for.")
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="Conversations that one engine holds at the same time.",
)
@click.option(
    "--context",
    type=click.IntRange(min=256),
    default=4096,
    show_default=True,
    metavar="TOKENS",
    help="Longest conversation, answer included.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads of one engine. More than one collapses on a machine that does other work.",
)
@click.option(
    "--policy",
    default="retinue",
    show_default=True,
    metavar="NAME",
    help="How turns are ordered and whose KV is held; stock for no care of programs.",
)
@click.option(
    "--kv-files",
    type=click.IntRange(min=0),
    default=512,
    show_default=True,
    metavar="MIB",
    help="Room for the KV of programs that gave way; 0 to read their prompts again.",
)
@click.option("--ray", is_flag=True, help="Engines live in Ray actors (RAY_ADDRESS, or here).")
@click.option(
    "--engine-host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where engines listen; auto for the address of whatever machine of a Ray cluster each lives on.",
)
@click.option(
    "--gpus",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="GPUs of one vLLM engine; with --ray each actor is given so many.",
)
@click.option(
    "--kv-events",
    is_flag=True,
    help="vLLM publishes which KV blocks it stores and removes; llm status --json tells where.",
)
@click.option(
    "--vllm-arg",
    "vllm_arguments",
    multiple=True,
    metavar="ARG",
    help="A further argument of vllm serve, such as --vllm-arg=--quantization=fp8. Give it as often as "
    "you like.",
)
@key_option
def serve(
    host: str,
    port: int,
    engines: tuple[str, ...],
    replicas: int,
    weights: Path | None,
    model_name: str | None,
    slots: int,
    context: int,
    threads: int,
    policy: str,
    kv_files: int,
    ray: bool,
    engine_host: str,
    gpus: int,
    kv_events: bool,
    vllm_arguments: tuple[str, ...],
    key_file: Path | None,
) -> None:
    """Serve the endpoint until Ctrl-C. Point any OpenAI client at the address it prints."""
    from services.errors import UserError
    from services.llm.config import LlmConfig

    key = _key(key_file)
    if key is None and host not in _LOOPBACK:
        raise UserError(
            f"--host {host} is open to other machines: give a key with --key-file, or in {KEY_VARIABLE}"
        )
    config = LlmConfig(
        engines=engines or ("llamacpp",),
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
        vllm_arguments=vllm_arguments,
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
    from services.llm.config import make_cluster
    from services.llm.gateway.app import GatewayLimits
    from services.llm.gateway.serve import listen
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


@llm.command()
@click.option("--url", default=DEFAULT_URL, show_default=True, help="The endpoint's address.")
@click.option("--once", is_flag=True, help="Print the table once instead of keeping it on screen.")
@key_option
@json_option
def status(url: str, once: bool, key_file: Path | None, as_json: bool) -> None:
    """Show programs, pins with their time to live, hit rates and engines, live."""
    import sys

    from services.llm.watch import read_status, show, watch

    key = _key(key_file) or "none"
    if as_json:
        print_json(read_status(url, key).model_dump(mode="json"))
    elif once or not sys.stdout.isatty():
        show(read_status(url, key))
    else:
        watch(url, key)


@llm.command()
@click.argument("replica")
@click.option("--url", default=DEFAULT_URL, show_default=True, help="The endpoint's address.")
@click.option("--end", is_flag=True, help="Let the replica take new programs again.")
@click.option("--wait", is_flag=True, help="Come back only when nothing is left there.")
@key_option
@json_option
def drain(
    replica: str, url: str, end: bool, wait: bool, key_file: Path | None, as_json: bool
) -> None:
    """Empty REPLICA for maintenance: it takes no new programs, and those that wait move away.

    Turns in progress are answered to their end. `retinue llm status` names the replicas.
    """
    from services.llm.cluster import maintenance

    def tell(left: maintenance.Held) -> None:
        click.echo(f"{_left(left)} left", err=True)

    left = maintenance.drain(url, _key(key_file) or "none", replica, not end, wait, tell)
    if as_json:
        told = {"replica": replica, "draining": not end}
        print_json({**told, "turns": left.turns, "programs": left.programs})
    elif end:
        click.echo(f"{replica} takes new programs again")
    elif left.is_empty:
        click.echo(f"{replica} is empty")
    else:
        click.echo(f"{replica} drains: {_left(left)} are left")


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


measuring(llm, "simulate", "services.lab.commands.llm_simulate")
measuring(llm, "bench", "services.lab.commands.llm_bench")
