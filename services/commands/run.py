"""`retinue run`: carry out wishes in a world."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from services.commands.output import json_option, print_json, print_table, warn

if TYPE_CHECKING:
    from services.contracts import RunConfig, RunResult

_MARK = {
    "satisfied": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "refused": ("⊘", "yellow"),
    "needs_answer": ("?", "yellow"),
}


class Speed(click.ParamType[float]):
    """`max`, or virtual seconds per real second."""

    name = "max|N"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """0.0 for max."""
        if isinstance(value, float):
            return value
        if value == "max":
            return 0.0
        try:
            speed = float(str(value))
        except ValueError:
            speed = 0.0
        if not 0.0 < speed < float("inf"):
            self.fail(f"{value!r} is neither max nor a number above 0", param, ctx)
        return speed


@click.command()
@click.argument("world", metavar="WORLD_OR_YAML")
@click.option(
    "--do",
    "wishes",
    multiple=True,
    metavar="TEXT",
    help="A wish in plain English, posted at the start. Give it as often as you like. Without any "
    "wish, the people in the world say theirs.",
)
@click.option(
    "--then",
    "later",
    multiple=True,
    nargs=2,
    type=(click.FloatRange(min=0.0), str),
    metavar="SECONDS TEXT",
    help="A wish posted when that many seconds have passed in the world.",
)
@click.option(
    "--bodies", type=click.IntRange(min=1), metavar="N", help="Only the first N bodies come."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="SPEC",
    help='What goes wrong: "offline waiter-1 at 30s", "tool-fail pick on chef times 2", '
    '"slow scout x3 at 60s", "drain drone to 10% at 20s".',
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all chance.")
@click.option(
    "--runtime",
    type=click.Choice(["ray", "local"]),
    default="ray",
    show_default=True,
    help="One Ray actor for each body, or everything in this process; the result is the same.",
)
@click.option(
    "--glasses",
    default="",
    metavar="SOURCE",
    help="A trace of the glasses that somebody in the world wears: what they ask for is carried "
    "out for them.",
)
@click.option(
    "--no-record",
    multiple=True,
    metavar="ROOM",
    help='Nothing that is seen or said in this room is recorded; "people in ROOM" hides only '
    "people. Give it as often as you like.",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="SPEC",
    help='How long reports are kept: "person 10min", "person in bathroom 60s", "everything 30d".',
)
@click.option(
    "--remember",
    default="",
    metavar="RUN",
    help="Start from what an earlier run learnt: notes, durations, success. Where things were then "
    "is not taken over.",
)
@click.option(
    "--speed",
    type=Speed(),
    default="max",
    show_default=True,
    help="Seconds in the world per real second.",
)
@click.option(
    "--model",
    default="embedded",
    envvar="RETINUE_LLM",
    show_default=True,
    show_envvar=True,
    metavar="MODEL",
    help="What helps to understand wishes: embedded, none, or an OpenAI-compatible endpoint with "
    "the model's name, such as http://127.0.0.1:8000/v1#qwen3.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Folder of the run.  [default: the next free runs/WORLD-N]",
)
@click.option(
    "--report/--no-report",
    "with_report",
    default=True,
    show_default=True,
    help="Write report.html, its pictures and the replay into the folder.",
)
@json_option
def run(
    world: str,
    wishes: tuple[str, ...],
    later: tuple[tuple[float, str], ...],
    bodies: int | None,
    faults: tuple[str, ...],
    seed: int,
    runtime: str,
    glasses: str,
    no_record: tuple[str, ...],
    keep: tuple[str, ...],
    remember: str,
    speed: float,
    model: str,
    out: str | None,
    with_report: bool,
    as_json: bool,
) -> int:
    """Carry out wishes in a world.

    WORLD_OR_YAML is the name of a world (retinue worlds list) or the path of a scenario file.

    Exits with 0 when every goal was satisfied, rightly refused or answered with a question, with 1
    when one failed, with 2 when the input was bad.
    """
    from services.app import run as run_world
    from services.contracts import PostedWish, RunConfig
    from services.errors import UserError
    from services.progress import watched

    if any(not text.strip() for text in (*wishes, *(text for _, text in later))):
        raise UserError("a wish is empty: say what you want, or leave --do and --then out")
    config = RunConfig.model_validate(
        {
            "world": world,
            "wishes": tuple(
                PostedWish(t=t, text=text) for t, text in (*((0.0, w) for w in wishes), *later)
            ),
            "bodies": bodies,
            "faults": faults,
            "seed": seed,
            "runtime": runtime,
            "speed": speed,
            "out": out,
            "model": model,
            "film": with_report,
            "glasses": glasses,
            "no_record": no_record,
            "keep": keep,
            "remember": remember,
        }
    )
    if remember:
        from pathlib import Path

        from services.commands.asking import asked

        with asked(Path(remember)) as question:
            question.told(question.store.state.notes().told())
    with watched(sys.stderr if as_json else sys.stdout, _title(config)) as on_tick:
        result = run_world(config, on_tick)
    page = None
    if with_report:
        page = _report(result.run_dir)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print_result(result, page)
    return int(any(goal.status == "failed" for goal in result.goals))


def _report(run_dir: str) -> str | None:
    """Write the report. A run that was carried out stays a success if its pictures fail."""
    from pathlib import Path

    from services.errors import sentence_of
    from services.report.build import build

    try:
        return str(build(Path(run_dir)))
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        warn(f"there is no report: {sentence}")
        return None


def _title(config: RunConfig) -> str:
    return f"{config.world} (seed {config.seed}, {config.runtime})"


def _print_result(result: RunResult, page: str | None) -> None:
    from rich.text import Text

    rows = []
    for goal in result.goals:
        mark, style = _MARK[goal.status]
        note = goal.reason or ("the world agrees" if goal.checked_by_world else "")
        rows.append((Text(f"{mark} {goal.status}", style=style), goal.text, note))
    print_table(("outcome", "wish", "why"), rows)
    click.echo(
        f"\n{result.bodies} bodies, {result.steps} steps, {result.virtual_seconds:.0f} s in the "
        f"world in {result.wall_seconds:.1f} s, {result.replans} plans made anew, "
        f"{result.reassigned} steps reassigned, {result.llm.calls} questions to the model, "
        f"{result.events} events"
    )
    if result.expired:
        click.echo(f"kept    {result.expired} reports were not to be kept longer and are forgotten")
    click.echo(f"state   {result.state_sha256}")
    click.echo(f"folder  {result.run_dir}")
    if page is not None:
        click.echo(f"report  {page}")
