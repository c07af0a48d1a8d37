"""`retinue glasses`: run a source through the glasses, record one, start a new skill."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from brain.language.words.plural import counted
from services.commands.lab import measuring
from services.commands.menu import Menu
from services.commands.moment import Moment
from services.commands.output import json_option, print_json, print_table, warn
from services.commands.wearer import wearer_of, wearer_option

if TYPE_CHECKING:
    from services.alpha.contracts import LedgerEntry
    from services.alpha.metrics import Score
    from services.alpha.orders import GlassesConfig
    from services.alpha.recording import Replay

source_option = click.option(
    "--source",
    required=True,
    metavar="SOURCE",
    help="A trace, a video file, a folder of pictures, a camera's number, or a stream's address.",
)
skill_option = click.option(
    "--skill",
    "skills",
    multiple=True,
    metavar="NAME",
    help="A skill to use, or MODULE:FACTORY.  [default: those of the trace, else all installed]",
)
redact_option = click.option(
    "--redact/--no-redact",
    default=True,
    show_default=True,
    help="Cover faces before any picture is kept.",
)
seconds_option = click.option(
    "--seconds",
    type=click.FloatRange(min=0.0, min_open=True),
    metavar="N",
    help="End after that time.",
)
fps_option = click.option(
    "--fps",
    type=click.FloatRange(min=0.5, max=60.0),
    default=10.0,
    show_default=True,
    help="Pictures a second to handle.",
)


@click.group(cls=Menu)
def glasses() -> None:
    """AI glasses: skills that speak at the right second, or stay silent."""
    import os

    # Before numpy is loaded: more threads than one collapse on a busy machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@glasses.command()
@source_option
@skill_option
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SKILL.KEY=VALUE",
    help="A setting of a skill. Give it as often as you like.",
)
@click.option(
    "--say",
    "said",
    multiple=True,
    nargs=2,
    type=(Moment(), str),
    metavar="TIME TEXT",
    help="Words of the wearer at that time.",
)
@wearer_option
@redact_option
@fps_option
@seconds_option
@click.option("--film/--no-film", default=True, show_default=True, help="Write hud.mp4.")
@click.option(
    "--stills", is_flag=True, help="Write a picture of the display for each intervention."
)
@click.option("--window", is_flag=True, help="Show the display in a window.")
@click.option("--microphone", is_flag=True, help="At a camera: listen to the microphone, too.")
@click.option(
    "--sound",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="A wav file with what is said meanwhile.",
)
@click.option("--aloud", is_flag=True, help="Speak on the loudspeaker.")
@click.option(
    "--voice",
    default="auto",
    show_default=True,
    metavar="VOICE",
    help="auto (espeak-ng, where it is installed), none, or MODULE:FACTORY of your own.",
)
@click.option(
    "--model",
    default="none",
    envvar="RETINUE_LLM",
    show_default=True,
    show_envvar=True,
    metavar="MODEL",
    help="What answers open questions: none, embedded, or an OpenAI-compatible endpoint with the "
    "model's name, such as http://127.0.0.1:8000/v1#qwen3.",
)
@click.option(
    "--mcp",
    multiple=True,
    metavar="COMMAND",
    help="A tool server to start (Model Context Protocol over standard streams).",
)
@click.option(
    "--memory",
    default="",
    metavar="FILE",
    help="The memory to remember in, from session to session.  [default: none is kept]",
)
@click.option(
    "--runtime",
    type=click.Choice(["ray", "local"]),
    default="local",
    show_default=True,
    help="One Ray actor for each unit, or everything in this process; the result is the same.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Folder of the session.  [default: the next free runs/glasses-N]",
)
@json_option
def run(
    source: str,
    skills: tuple[str, ...],
    settings: tuple[str, ...],
    said: tuple[tuple[float, str], ...],
    wearer: Path | None,
    redact: bool,
    fps: float,
    seconds: float | None,
    film: bool,
    stills: bool,
    window: bool,
    microphone: bool,
    sound: str | None,
    aloud: bool,
    voice: str,
    model: str,
    mcp: tuple[str, ...],
    memory: str,
    runtime: str,
    out: str | None,
    as_json: bool,
) -> int:
    """Run a source through the glasses.

    Tells what is said and why now, and what is not said and why not; writes the film with the
    display and the speech, the captions and the ledger. At a camera, lines that you type are words
    of the wearer: "stop" ends what is being said.
    """
    from devices.glasses.contracts import Words
    from devices.glasses.sources import is_live
    from services.alpha.output.unit import OutputConfig
    from services.alpha.session import play
    from services.runtime.local import LocalRuntime, Runtime

    config = _config(skills, wearer, redact, fps).model_copy(
        update={"settings": _settings(settings), "model": model, "mcp": mcp, "memory": memory}
    )
    folder = _folder(out, "glasses")
    host: Runtime = LocalRuntime()
    if runtime == "ray":
        from services.runtime.ray_runtime import RayRuntime

        host = RayRuntime()
    result = play(
        source,
        config,
        OutputConfig(
            folder=str(folder),
            film=film,
            stills=stills,
            fps=fps,
            window=window,
            aloud=aloud,
            voice=voice,
        ),
        words=tuple(Words(t=t, text=text) for t, text in said),
        runtime=host,
        until_s=seconds,
        typed=sys.stdin if is_live(source) else None,
        microphone=microphone,
        sound=sound or "",
        on_entry=None if as_json else _tell,
    )
    if as_json:
        print_json(_summary(result, folder))
    else:
        _print_summary(result, folder)
    return 0


@glasses.command()
@source_option
@click.option(
    "--out", type=click.Path(file_okay=False), required=True, metavar="DIR", help="The new trace."
)
@skill_option
@wearer_option
@redact_option
@fps_option
@seconds_option
def record(
    source: str,
    out: str,
    skills: tuple[str, ...],
    wearer: Path | None,
    redact: bool,
    fps: float,
    seconds: float | None,
) -> int:
    """Record a trace to replay: pictures without faces, and what you type meanwhile."""
    import time

    from devices.glasses.sources import is_live
    from services.alpha.record import record as record_trace
    from services.alpha.session import HostClock
    from services.alpha.trace_source import live_capture
    from services.alpha.words_in import Inbox, read_lines

    config = _config(skills, wearer, redact, fps)
    clock = HostClock(time.monotonic())
    capture = live_capture(source, config, clock, show_all=True)
    live = is_live(source)
    words = Inbox()
    if live:
        read_lines(sys.stdin, clock, words)
    try:
        trace = record_trace(
            capture,
            words,
            config,
            Path(out),
            seconds if seconds is not None else float("inf"),
            pause=time.sleep if live else None,
            on_fault=lambda fault: warn(fault.sentence),
        )
    finally:
        capture.close()
    click.echo(
        f"{out}: {trace.duration_s:.1f} s, {counted(len(trace.times), 'picture')}, "
        f"{counted(len(trace.words), 'word')}"
    )
    return 0


measuring(glasses, "film", "services.lab.commands.glasses_film")


@glasses.command("eval")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@skill_option
@redact_option
@json_option
def eval_(traces: tuple[str, ...], skills: tuple[str, ...], redact: bool, as_json: bool) -> int:
    """Replay traces and compare what was said with their gold.

    An intervention counts if it begins from one second before to two seconds after what it is
    about, once. Exits with 0 whatever the figures are.
    """
    from services.alpha.metrics import score, total
    from services.alpha.orders import GlassesConfig
    from services.alpha.session import replay
    from services.alpha.trace_source import read_trace

    config = GlassesConfig(skills=skills, redact=redact)
    scores, cost = {}, {}
    for path in traces:
        trace, _ = read_trace(Path(path))
        result = replay(Path(path), config)
        told = [e for e in result.ledger if e.kind == "intervention" and e.skill != "glasses"]
        scores[path] = score(trace.gold, told, result.duration_s)
        cost[path] = result.cpu_s
    if len(traces) > 1:
        scores["all"] = total(scores.values())
        cost["all"] = sum(cost.values())
    if as_json:
        print_json({name: {**_figures(one), "cpu_s": cost[name]} for name, one in scores.items()})
        return 0
    columns = ("gold", "told", "precision", "recall", "right", "false/h", "duplicates", "ESTP-F1")
    rows = []
    for name, one in scores.items():
        figures = _figures(one)
        minutes = one.seconds / 60.0 or 1.0
        rows.append(
            (
                name,
                *(f"{figures[c]:.3g}" for c in columns),
                f"{one.pauc_mean:.3f}",
                f"{one.abstained}/{one.unseen}",
                f"{one.wait(0.95):.2f} s",
                f"{cost[name] / minutes:.1f} s",
            )
        )
    heads = (*columns, "PAUC", "abstained", "p95 to audio", "CPU a minute")
    print_table(("trace", *heads), rows, wide=0)
    return 0


@glasses.command("new-skill")
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where to put the package.  [default: here]",
)
def new_skill(name: str, out: Path) -> int:
    """Start a new skill: a package with one file, its tests and its entry point."""
    from services.alpha.scaffold import new_skill as write

    files = write(name, out)
    for path in files:
        click.echo(str(path))
    click.echo(f"try it: pip install -e {files[0].parent} && pytest {files[0].parent}")
    return 0


@glasses.command("skills")
@json_option
def skills_(as_json: bool) -> None:
    """List the glasses skills that are installed, and what each must have seen before it speaks."""
    from services.alpha.catalogue import make_skills

    specs = [skill.spec for skill in make_skills((), {}).values()]
    if as_json:
        print_json({"skills": [spec.model_dump(mode="json") for spec in specs]})
        return
    print_table(
        ("skill", "needs to have seen", "tools", "within", "what it is"),
        [
            (
                spec.name,
                ", ".join(slot.name for slot in spec.slots if not slot.optional) or "nothing",
                ", ".join(tool.name.partition(".")[2] for tool in spec.tools) or "none",
                f"{spec.deadline_s:g} s",
                spec.title,
            )
            for spec in specs
        ],
    )


def _config(
    skills: tuple[str, ...], wearer: Path | None, redact: bool, fps: float
) -> GlassesConfig:
    from services.alpha.contracts import WearerProfile
    from services.alpha.orders import GlassesConfig

    profile = wearer_of(wearer) if wearer is not None else WearerProfile()
    return GlassesConfig(skills=skills, wearer=profile, redact=redact, fps=fps)


def _figures(one: Score) -> dict[str, float]:
    return {
        "gold": one.gold,
        "told": one.told,
        "precision": one.precision,
        "recall": one.recall,
        "right": one.accuracy,
        "false/h": one.false_per_hour,
        "duplicates": one.duplicate_share,
        "ESTP-F1": one.estp_f1,
        "PAUC": one.pauc_mean,
        "abstained": one.abstained,
        "unseen": one.unseen,
        "p95_to_audio_s": one.wait(0.95),
        "seconds": one.seconds,
    }


def _settings(texts: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """From "blackjack.decks=6"; numbers and true/false are taken as such."""
    import json

    from services.errors import UserError

    settings: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        skill, dot, key = name.partition(".")
        if not (equals and dot and skill and key):
            raise UserError(f"--set {text!r} is not understood: write SKILL.KEY=VALUE")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        settings.setdefault(skill, {})[key] = (
            parsed if isinstance(parsed, bool | int | float | str) else value
        )
    return settings


def _folder(out: str | None, name: str) -> Path:
    """The folder of the session; without `out` the next free one under ./runs."""
    from services.errors import UserError

    if out is None:
        used = {path.name for path in Path("runs").glob(f"{name}-*")}
        numbers = range(1, len(used) + 2)
        folder = Path("runs") / next(f"{name}-{n}" for n in numbers if f"{name}-{n}" not in used)
    else:
        folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the folder {folder} can not be written: {error.strerror}") from None
    return folder


def _tell(entry: LedgerEntry) -> None:
    from services.alpha.story import lines_of

    for line in lines_of(entry):
        click.echo(line)


def _summary(result: Replay, folder: Path) -> dict[str, Any]:
    said = [entry for entry in result.ledger if entry.kind == "intervention"]
    silent = [entry for entry in result.ledger if entry.kind == "suppressed"]
    return {
        "interventions": [
            {"t": e.began_s, "skill": e.skill, "text": e.text, "answer": e.answer, "why": e.why_now}
            for e in said
        ],
        "suppressed": [
            {"t": e.t, "skill": e.skill, "code": e.code, "why": e.why_not} for e in silent
        ],
        **result.model_dump(mode="json", exclude={"ledger"}),
        "run_dir": str(folder),
    }


def _print_summary(result: Replay, folder: Path) -> None:
    said = sum(entry.kind == "intervention" for entry in result.ledger)
    silent = sum(entry.kind == "suppressed" for entry in result.ledger)
    share = result.cpu_s / result.duration_s * 60.0 if result.duration_s else 0.0
    click.echo(
        f"\n{result.duration_s:.1f} s, {counted(result.handled, 'picture')} handled, "
        f"{result.dropped} dropped, {counted(result.looks, 'look')}, "
        f"{counted(result.tools, 'tool call')}; said {said}, held back {silent}; "
        f"{share:.1f} s of processor a minute"
    )
    click.echo(f"everything is in {folder}")
