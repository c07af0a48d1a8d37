"""`retinue glasses`: run a source through the glasses, record one, start a new skill."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click

from brain.language.words.plural import counted
from services.commands.menu import Menu, Shelf
from services.commands.moment import Moment
from services.commands.output import Output, Rows, listed, print_json, warn
from services.commands.signature import AsJson

if TYPE_CHECKING:
    from services.alpha.contracts import LedgerEntry, WearerProfile
    from services.alpha.metrics import Score
    from services.alpha.orders import GlassesConfig
    from services.alpha.recording import Replay

Source = Annotated[
    str,
    "--source SOURCE: A trace, a video file, a folder of pictures, a camera's number, or a stream's "
    "address.",
]
Skills = Annotated[
    tuple[str, ...],
    "--skill NAME: A skill to use, or MODULE:FACTORY.  [default: those of the trace, else all "
    "installed]",
]
Redact = Annotated[bool, "--redact/--no-redact: Cover faces before any picture is kept."]
Wearer = Annotated[
    Path | None,
    click.Path(dir_okay=False, path_type=Path),
    "--wearer FILE: Who wears the glasses, as JSON: id (who they are in the world), name, quiet, "
    "per_hour, known, sizes, preferences and more.",
]
Seconds = Annotated[
    float | None, click.FloatRange(min=0.0, min_open=True), "--seconds N: End after that time."
]
Fps = Annotated[float, click.FloatRange(min=0.5, max=60.0), "--fps: Pictures a second to handle."]


@click.group(
    cls=Menu,
    commands=Shelf(
        "services",
        (
            ("commands.glasses", "run record"),
            ("lab.commands.glasses_film", "film"),
            ("commands.glasses", "eval new-skill skills"),
        ),
    ),
)
def glasses() -> None:
    """AI glasses: skills that speak at the right second, or stay silent."""
    import os

    # Before numpy is loaded: more threads than one collapse on a busy machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def run(
    source: Source,
    skills: Skills = (),
    set_: tuple[str, ...] = (),
    say: tuple[tuple[Annotated[float, Moment()], str], ...] = (),
    wearer: Wearer = None,
    redact: Redact = True,
    fps: Fps = 10.0,
    seconds: Seconds = None,
    film: bool = True,
    stills: bool = False,
    window: bool = False,
    microphone: bool = False,
    sound: Annotated[str | None, click.Path(exists=True, dir_okay=False)] = None,
    aloud: bool = False,
    voice: str = "auto",
    model: str = "none",
    mcp: tuple[str, ...] = (),
    memory: str = "",
    runtime: Literal["ray", "local"] = "local",
    out: Annotated[str | None, click.Path(file_okay=False)] = None,
    as_json: AsJson = False,
) -> int:
    """Run a source through the glasses.

    Tells what is said and why now, and what is not said and why not; writes the film with the
    display and the speech, the captions and the ledger. At a camera, lines that you type are words
    of the wearer: "stop" ends what is being said.

    Options:
        --set SKILL.KEY=VALUE: A setting of a skill. Give it as often as you like.
        --say TIME TEXT: Words of the wearer at that time.
        --film/--no-film: Write hud.mp4.
        --stills: Write a picture of the display for each intervention.
        --window: Show the display in a window.
        --microphone: At a camera: listen to the microphone, too.
        --sound FILE: A wav file with what is said meanwhile.
        --aloud: Speak on the loudspeaker.
        --voice VOICE: auto (espeak-ng, where it is installed), none, or MODULE:FACTORY of
            your own.
        --model MODEL ($RETINUE_LLM): What answers open questions: none, embedded, or an
            OpenAI-compatible endpoint with the model's name, such as
            http://127.0.0.1:8000/v1#qwen3.
        --mcp COMMAND: A tool server to start (Model Context Protocol over standard
            streams).
        --memory FILE: The memory to remember in, from session to session.  [default: none
            is kept]
        --runtime: One Ray actor for each unit, or everything in this process; the result is
            the same.
        --out DIR: Folder of the session.  [default: the next free runs/glasses-N]
    """
    from devices.glasses.contracts import Words
    from devices.glasses.sources import is_live
    from services.alpha.output.unit import OutputConfig
    from services.alpha.session import play
    from services.runtime.local import LocalRuntime, Runtime

    config = _config(skills, wearer, redact, fps).model_copy(
        update={"settings": _settings(set_), "model": model, "mcp": mcp, "memory": memory}
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
        words=tuple(Words(t=t, text=text) for t, text in say),
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


def record(
    source: Source,
    out: Annotated[str, click.Path(file_okay=False)],
    skills: Skills = (),
    wearer: Wearer = None,
    redact: Redact = True,
    fps: Fps = 10.0,
    seconds: Seconds = None,
) -> int:
    """Record a trace to replay: pictures without faces, and what you type meanwhile.

    Options:
        --out DIR: The new trace.
    """
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


def eval_(
    traces: Annotated[tuple[str, ...], "TRACE..."],
    skills: Skills = (),
    redact: Redact = True,
) -> Output:
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
    told_all = {name: {**_figures(one), "cpu_s": cost[name]} for name, one in scores.items()}
    return Output(told_all, Rows(("trace", *heads), rows, wide=0))


def new_skill(
    name: str, out: Annotated[Path | None, click.Path(file_okay=False, path_type=Path)] = None
) -> None:
    """Start a new skill: a package with one file, its tests and its entry point.

    Options:
        --out DIR: Where to put the package.  [default: here]
    """
    from services.alpha.scaffold import new_skill as write

    files = write(name, out or Path())
    for path in files:
        click.echo(str(path))
    click.echo(f"try it: pip install -e {files[0].parent} && pytest {files[0].parent}")


def skills_() -> Output:
    """List the glasses skills that are installed, and what each must have seen before it speaks."""
    from services.alpha.catalogue import make_skills

    return listed(
        "skills",
        [skill.spec for skill in make_skills((), {}).values()],
        ("skill", "needs to have seen", "tools", "within", "what it is"),
        lambda spec: (
            spec.name,
            ", ".join(slot.name for slot in spec.slots if not slot.optional) or "nothing",
            ", ".join(tool.name.partition(".")[2] for tool in spec.tools) or "none",
            f"{spec.deadline_s:g} s",
            spec.title,
        ),
    )


def wearer_of(file: Path) -> WearerProfile:
    """The wearer whom the file describes.

    Raises:
        UserError: it describes none, in one sentence.
    """
    from pydantic import ValidationError

    from services.alpha.contracts import WearerProfile
    from services.errors import UserError

    try:
        return WearerProfile.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"the wearer file {file} can not be read: {error.strerror}") from None
    except (ValidationError, UnicodeDecodeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise UserError(f"the wearer file {file} can not be used: {why}") from None


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
