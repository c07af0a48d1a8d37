"""`retinue llm bench`: real engines as they come beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click

from services.commands.output import print_json
from services.commands.signature import AsJson

_OPERATIONS = 10_000


def bench(
    rounds: Annotated[int, click.IntRange(min=1)] = 2,
    robots: Annotated[int, click.IntRange(min=1)] = 2,
    strangers: Annotated[int, click.IntRange(min=1)] = 3,
    turns: Annotated[int, click.IntRange(min=2)] = 5,
    slots: Annotated[int, click.IntRange(min=1)] = 3,
    words: Annotated[int, click.IntRange(min=20, max=2000)] = 350,
    vllm: Path | None = None,
    no_llamacpp: bool = False,
    as_json: AsJson = False,
) -> None:
    """Measure how soon robots that come back are answered: engines as they come beside ours.

    Robots wait for tools and return with a longer conversation, while strangers always have one more
    new one. llama.cpp is served with owned slots and without, vLLM with the plug-in and without. Takes
    some minutes.

    Options:
        --rounds: Repetitions, each with other prompts and waits.
        --robots: Agents that come back after each tool.
        --strangers: Callers that always have one more new conversation.
        --turns: Turns of each robot.
        --slots: Conversations that the engine holds.
        --words: Length of a first prompt.
        --vllm PYTHON: Measure vLLM, too, with the plug-in and without, with this
            interpreter (make bench-llm installs one).
        --no-llamacpp: Measure vLLM only.
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
