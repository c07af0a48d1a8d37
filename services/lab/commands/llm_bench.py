"""`retinue llm bench`: real engines as they come beside ours."""

from __future__ import annotations

from pathlib import Path

import click

from services.commands.output import json_option, print_json

_OPERATIONS = 10_000


@click.command()
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Repetitions, each with other prompts and waits.",
)
@click.option(
    "--robots",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Agents that come back after each tool.",
)
@click.option(
    "--strangers",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Callers that always have one more new conversation.",
)
@click.option(
    "--turns",
    type=click.IntRange(min=2),
    default=5,
    show_default=True,
    help="Turns of each robot.",
)
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Conversations that the engine holds.",
)
@click.option(
    "--words",
    type=click.IntRange(min=20, max=2000),
    default=350,
    show_default=True,
    help="Length of a first prompt.",
)
@click.option(
    "--vllm",
    type=click.Path(path_type=Path),
    metavar="PYTHON",
    help="Measure vLLM, too, with the plug-in and without, with this interpreter "
    "(make bench-llm installs one).",
)
@click.option("--no-llamacpp", is_flag=True, help="Measure vLLM only.")
@json_option
def bench(
    rounds: int,
    robots: int,
    strangers: int,
    turns: int,
    slots: int,
    words: int,
    vllm: Path | None,
    no_llamacpp: bool,
    as_json: bool,
) -> None:
    """Measure how soon robots that come back are answered: engines as they come beside ours.

    Robots wait for tools and return with a longer conversation, while strangers always have one more
    new one. llama.cpp is served with owned slots and without, vLLM with the plug-in and without. Takes
    some minutes.
    """
    from services.lab.engines.llama import Load, bench_llama
    from services.lab.engines.show import show_llama
    from services.lab.engines.vllm.bench import bench_vllm
    from services.lab.engines.vllm.show import show_vllm

    if no_llamacpp and vllm is None:
        raise click.UsageError("--no-llamacpp leaves nothing to measure: give --vllm PYTHON, too.")

    def say(line: str) -> None:
        click.echo(line, err=True)

    measured: dict[str, object] = {}
    if not no_llamacpp:
        llama = bench_llama(Load(robots, turns, strangers, slots, words, rounds), say)
        measured["llamacpp"] = llama.model_dump(mode="json")
        if not as_json:
            show_llama(llama)
    if vllm is not None:
        found = bench_vllm(vllm, _OPERATIONS, on_row=say)
        measured["vllm"] = found.model_dump(mode="json")
        if not as_json:
            show_vllm(found)
    if as_json:
        print_json(measured)
