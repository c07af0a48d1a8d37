"""`retinue run`: carry out wishes in a world."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click

from brain.language.words.plural import be, counted, were
from services.commands.moment import Moment
from services.commands.output import print_json, print_table, stages, warn
from services.commands.signature import AsJson, command

if TYPE_CHECKING:
    from services.session.contracts import RunConfig, RunResult, Tick
    from services.session.inputs import Inputs

    OnTick = Callable[[Tick], None]
    # Given the door of the session by which people reach it.
    Keyboard = Callable[[Inputs], None]

# How each outcome is marked and called on a terminal.
_MARK = {
    "satisfied": ("✓ done", "green"),
    "answered": ("✓ answered", "green"),
    "missed": ("✗ late", "yellow"),
    "failed": ("✗ failed", "bold red"),
    "refused": ("⊘ refused", "yellow"),
    "needs_answer": ("? asked", "yellow"),
    "cancelled": ("– cancelled", "dim"),
    "paused": ("‖ paused", "yellow"),
}
INTERRUPTED = 130


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


def _run(
    world: Annotated[str | None, "[WORLD_OR_YAML]"] = None,
    do: tuple[str, ...] = (),
    then: tuple[tuple[Annotated[float, Moment()], str], ...] = (),
    within: Annotated[float | None, Moment(is_span=True)] = None,
    bodies: Annotated[int | None, click.IntRange(min=1)] = None,
    fault: tuple[str, ...] = (),
    seed: int = 0,
    runtime: Literal["ray", "local"] | None = None,
    glasses: str = "",
    device: tuple[str, ...] = (),
    memory: str = "",
    no_record: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
    remember: str = "",
    speed: Annotated[Any, Speed()] = "max",
    model: str = "embedded",
    out: Annotated[str | None, click.Path(file_okay=False)] = None,
    resume: Annotated[str | None, click.Path(file_okay=False)] = None,
    strict: bool = False,
    report: bool = True,
    as_json: AsJson = False,
) -> int:
    """Carry out wishes in a world.

    WORLD_OR_YAML is the name of a world (retinue worlds list) or the path of a scenario file.

    Ctrl-C stops every body and closes the run in order; a second one ends it at once. On a terminal,
    a run with --speed hears what you type: another wish, an answer, "stop", "cancel that".

    Exits with 0 when every goal was done, answered, rightly refused or answered with a question, or
    cancelled; with 1 when one failed or was late; with 2 when the input was bad; with 130 when you
    interrupted it. --strict: with 1 unless everything is done or answered.

    Options:
        --do TEXT: A wish in plain English, posted at the start. Give it as often as you
            like. Without any wish, the people in the world say theirs.
        --then TIME TEXT: Said at that time of the world, in seconds (90) or as
            minutes:seconds (1:30): another wish, or "cancel the coffees", "pause that",
            "stop", "go on", "make it urgent".
        --within TIME: The deadline of each wish, from when it is said. A wish may say so
            itself: "... within two minutes".
        --bodies N: Only the first N bodies come.
        --fault SPEC: What goes wrong: "offline waiter-1 at 30s", "tool-fail pick on chef
            times 2", "slow scout x3 at 60s", "drain drone to 10% at 20s".
        --seed: Seed of all chance.
        --runtime: One Ray actor for each body, or everything in this process; the result is
            the same.  [default: local; ray where RAY_ADDRESS names a cluster]
        --glasses [WHO=]SOURCE: The glasses that somebody in the world wears, as a trace, or
            WHO=CAMERA in real time: what they see is known to the robots at that moment,
            and what they say is heard like everybody's words.
        --device ID=KIND:ADDRESS: A body outside the simulated world takes part: a robot's
            program (pipe:COMMAND), a recording (recorded:FILE), or a kind with a driver of
            its own. With one that lives in real time the run does, too.
        --memory FILE: The memory to remember in, from run to run.  [default: a new one in
            the run's folder]
        --no-record ROOM: Nothing that is seen or said in this room is recorded; "people in
            ROOM" hides only people. Give it as often as you like.
        --keep SPEC: How long reports are kept: "person 10min", "person in bathroom 60s",
            "everything 30d".
        --remember RUN: Start from what an earlier run learnt: notes, durations, success.
            Where things were then is not taken over.
        --speed: Seconds in the world per real second.
        --model MODEL ($RETINUE_LLM): What helps to understand wishes: embedded, none, or an
            OpenAI-compatible endpoint with the model's name, such as
            http://127.0.0.1:8000/v1#qwen3.
        --out DIR: Folder of the run.  [default: the next free runs/WORLD-N]
        --resume RUN: Bring a run to its end that broke off, instead of beginning one.
        --strict: Exit with 1 unless everything is done or answered.
        --report/--no-report: Write report.html, its pictures and the replay into the
            folder.
    """
    from services.errors import UserError
    from services.session.contracts import PostedWish, RunConfig

    context = click.get_current_context()
    if context.args:
        words = " ".join(context.args)
        raise click.UsageError(
            f'"{words}" belongs to nothing: a wish is said with --do "{words}"', context
        )
    if resume is not None:
        return _resumed(context, resume, report, strict, as_json)
    if world is None:
        raise click.UsageError(
            "Missing argument 'WORLD_OR_YAML': name one of `retinue worlds list`, or a scenario file",
            context,
        )
    do = tuple(map(_in_one_line, do))
    then = tuple((t, _in_one_line(text)) for t, text in then)
    if not all((*do, *(text for _, text in then))):
        raise UserError("a wish is empty: say what you want, or leave --do and --then out")
    config = RunConfig.model_validate(
        {
            "world": world,
            "wishes": tuple(
                PostedWish(t=t, text=text, within_s=within)
                for t, text in (*((0.0, w) for w in do), *then)
            ),
            "bodies": bodies,
            "faults": fault,
            "seed": seed,
            "runtime": runtime or ("ray" if os.environ.get("RAY_ADDRESS") else "local"),
            "speed": speed,
            "out": out,
            "model": model,
            "film": report,
            "glasses": glasses,
            "devices": device,
            "memory": memory,
            "no_record": no_record,
            "keep": keep,
            "remember": remember,
        }
    )
    if remember:
        from pathlib import Path

        from services.commands.memory.asking import asked

        with asked(Path(remember)) as question:
            question.told(question.store.state.notes().told())

    def carry_out(on_tick: OnTick, keyboard: Keyboard) -> RunResult:
        from services.session.run import run as run_world

        return run_world(config, on_tick, inputs=keyboard)

    hears = speed > 0.0 or bool(device)
    return _shown(_title(config), carry_out, hears, report, strict, as_json)


run = command("run", _run)
# What is said without --do is told so, rather than called an argument too many.
run.allow_extra_args = True


def _in_one_line(text: str) -> str:
    """Words as they are said: without line breaks, and without what a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _resumed(
    context: click.Context, run_dir: str, with_report: bool, strict: bool, as_json: bool
) -> int:
    """Bring a run to its end; everything else about it stands in its folder."""
    from pathlib import Path

    from services.errors import UserError

    allowed = {"resume", "report", "strict", "as_json"}
    for param in context.command.params:
        name = param.name or ""
        source = context.get_parameter_source(name)
        if name not in allowed and source is not None and source.name == "COMMANDLINE":
            typed = param.opts[0] if isinstance(param, click.Option) else "the world"
            raise UserError(f"--resume takes everything from {run_dir}: leave {typed} out")

    def carry_out(on_tick: OnTick, keyboard: Keyboard) -> RunResult:
        from services.session.run import resume

        return resume(Path(run_dir), on_tick, inputs=keyboard)

    return _shown(f"{run_dir}, resumed", carry_out, False, with_report, strict, as_json)


def _shown(
    title: str,
    carry_out: Callable[[OnTick, Keyboard], RunResult],
    hears: bool,
    with_report: bool,
    strict: bool,
    as_json: bool,
) -> int:
    """Show a run as it goes on, then its result; the exit code tells how it came out."""
    from services.commands.keyboard import listening
    from services.report.progress import watched

    with (
        watched(sys.stderr if as_json else sys.stdout, title) as on_tick,
        listening(hears) as keyboard,
    ):
        result = carry_out(on_tick, keyboard)
    page = _report(result.run_dir) if with_report else None
    if result.llm.failed:
        warn(
            f"the model gave no answer {counted(result.llm.failed, 'time')}, and people were asked instead: "
            f"{result.llm.trouble}"
        )
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print_result(result, page)
    if result.interrupted:
        return INTERRUPTED
    good = {"satisfied", "answered"} if strict else {*_MARK} - {"failed", "missed"}
    return int(any(goal.status not in good for goal in result.goals))


def _report(run_dir: str) -> str | None:
    """Write the report. A run that was carried out stays a success if its pictures fail."""
    from pathlib import Path

    from services.errors import sentence_of
    from services.report.build import build

    try:
        with stages("report") as on_progress:
            return str(build(Path(run_dir), on_progress=on_progress))
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

    from services.commands.understanding import adds_to

    rows = []
    for goal in result.goals:
        mark, style = _MARK[goal.status]
        # What no world can judge rests on what bodies reported.
        agreed = "the world agrees" if goal.checked_by_world else "as far as was reported"
        done = goal.status in ("satisfied", "answered")
        note = Text(goal.answer or goal.reason or (agreed if done else ""))
        if goal.answer is None and adds_to(goal.understood, goal.text):
            note.append("\nunderstood: " if note else "understood: ", style="dim")
            note.append(goal.understood, style="dim")
        rows.append((Text(mark, style=style), goal.text, note))
    for words in result.words:
        mark, style = ("✓ heeded", "green") if words.heeded else ("? not heeded", "yellow")
        rows.append((Text(mark, style=style), words.text, Text(words.reply)))
    print_table(("outcome", "said", "what came of it"), rows)
    click.echo(
        f"\n{counted(result.bodies, 'body')}, {counted(result.steps, 'step')}, "
        f"{result.virtual_seconds:.0f} s in the world in {result.wall_seconds:.1f} s, "
        f"{counted(result.replans, 'plan')} made anew, {counted(result.reassigned, 'step')} "
        f"reassigned, {counted(result.llm.calls, 'question')} to the model, "
        f"{counted(result.events, 'event')}"
    )
    if result.expired:
        gone, count = counted(result.expired, "report"), result.expired
        click.echo(f"kept    {gone} {were(count)} not to be kept longer and {be(count)} forgotten")
    click.echo(f"state   {result.state_sha256}")
    click.echo(f"folder  {result.run_dir}")
    if page is not None:
        click.echo(f"report  {page}")
