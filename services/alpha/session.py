"""One session from a source to its ledger: the composition root of the glasses.

`replay` runs a trace in virtual time; `play` runs any source: a trace, a film, a folder, a camera.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from devices.glasses.contracts import Fault, Words
from devices.glasses.sources import is_live
from services.alpha.arithmetic.unit import ArithmeticUnit
from services.alpha.catalogue import make_skills
from services.alpha.central.unit import CentralUnit
from services.alpha.central.words import control
from services.alpha.contracts import LedgerEntry, WearerProfile
from services.alpha.ears import hear_sound, hear_trace, open_ears
from services.alpha.input_unit import InputUnit
from services.alpha.memory.unit import MemoryUnit
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig, OutputUnit
from services.alpha.pipeline import Pipeline, Units
from services.alpha.recording import Replay, Trace
from services.alpha.story import as_story
from services.alpha.trace_source import BESIDE, TRACE, live_capture, read_trace, trace_capture
from services.alpha.words_in import Inbox, Script, Together, WordSource, read_lines
from services.memory.client import open_writer
from services.runtime.local import Handle, LocalRuntime, Port, Runtime

LEDGER, STORY = "ledger.jsonl", "ledger.txt"
NETWORK = "no_network"


class HostClock:
    """Seconds since `started` on the clock that all processes of this machine share."""

    def __init__(self, started: float) -> None:
        self.started = started

    def now(self) -> float:
        """The present time."""
        return time.monotonic() - self.started


@dataclass(frozen=True)
class Live:
    """What makes a session live: its clock, and how to wait."""

    clock: HostClock
    pause: Callable[[float], object]


def config_of(trace: Trace, folder: Path, config: GlassesConfig) -> GlassesConfig:
    """The configuration for replaying a trace: what the trace says, unless the caller says more."""
    used = set(make_skills(config.skills, {})) if config.skills else None
    settings = {
        skill: {
            key: str(folder / value) if isinstance(value, str) and value[:2] == BESIDE else value
            for key, value in values.items()
        }
        for skill, values in trace.configuration.items()
        if used is None or skill in used
    }
    outages = tuple((begin, end) for begin, end, kind in trace.faults if kind == NETWORK)
    return config.model_copy(
        update={
            "skills": config.skills or trace.skills,
            "settings": {**settings, **config.settings},
            "wearer": trace.wearer if config.wearer == WearerProfile() else config.wearer,
            "starts_s": trace.starts_s,
            "costs": {**trace.costs, **config.costs},
            "outages": (*config.outages, *outages),
        }
    )


def replay(
    path: Path,
    config: GlassesConfig | None = None,
    runtime: Runtime | None = None,
    output: OutputConfig | None = None,
    on_entry: Callable[[LedgerEntry], None] | None = None,
) -> Replay:
    """Run a trace in virtual time. The same trace and configuration give an equal ledger.

    Args:
        path: The trace's folder or its `trace.json`.
        config: Settings; what the trace says of wearer, words and skills holds.
        runtime: Where the units live; closed at the end.
        output: Files to write; by default none, and no voice either.
        on_entry: Told of each ledger entry as it is made.

    Raises:
        UserError, DeviceError: the trace or the configuration is wrong, in one sentence.
    """
    output = output or OutputConfig(voice="none")
    return play(str(path), config or GlassesConfig(), output, runtime=runtime, on_entry=on_entry)


def spawn_units(
    host: Runtime,
    config: GlassesConfig,
    output: OutputConfig,
    spawn_input: Callable[[Runtime], Handle],
    writer: Port | None,
    begins_s: float | None = None,
    prefix: str = "",
) -> Units:
    """Make the five units on a runtime.

    Args:
        host: Where they live.
        config: Settings.
        output: Where they speak and show.
        spawn_input: Makes the input unit.
        writer: The writer of `config.memory`, where others write to it, too.
        begins_s: See `MemoryUnit`.
        prefix: Of their names, where others live on that runtime, too.
    """
    return Units(
        runtime=host,
        input=spawn_input(host),
        central=host.spawn(f"{prefix}central", CentralUnit, config),
        arithmetic=host.spawn(f"{prefix}arithmetic", ArithmeticUnit, config),
        memory=host.spawn(f"{prefix}memory", MemoryUnit, config, writer, begins_s),
        output=host.spawn(f"{prefix}output", OutputUnit, output, config.wearer.words_per_minute),
    )


def look_costs(config: GlassesConfig) -> dict[str, float]:
    """The seconds that a look of each skill usually takes."""
    skills = make_skills(config.skills, config.settings)
    return {name: skill.spec.look_cost_s for name, skill in skills.items()}


def run_units(
    config: GlassesConfig,
    output: OutputConfig,
    spawn_input: Callable[[Runtime], Handle],
    words: WordSource,
    runtime: Runtime | None = None,
    live: Live | None = None,
    until_s: float | None = None,
    on_entry: Callable[[LedgerEntry], None] | None = None,
    on_units: Callable[[Units], None] | None = None,
    missing: tuple[Fault, ...] = (),
) -> Replay:
    """Spawn the five units, run the pipeline, complete the files."""
    began = time.process_time()
    looks = look_costs(config)
    host = runtime or LocalRuntime()
    try:
        units = spawn_units(host, config, output, spawn_input, _shared_writer(config, host))
        if on_units is not None:
            on_units(units)
        pipeline = Pipeline(
            units,
            words,
            config.costs,
            looks,
            live=live.clock if live is not None else None,
            pause=live.pause if live is not None else None,
            show=output.film or output.window or output.stills,
            until_s=until_s,
            on_entry=on_entry,
            missing=missing,
        )
        ledger = pipeline.run()
        duration = pipeline.counts.now
        frames, dropped, quality = units.ask(units.input, "counts")
        units.ask(units.output, "finish", duration)
    finally:
        host.close()
    if output.folder:
        write_ledger(Path(output.folder), ledger)
    return Replay(
        ledger=ledger,
        duration_s=round(duration, 3),
        frames=frames + dropped,
        handled=frames,
        dropped=dropped,
        looks=pipeline.counts.looks,
        tools=pipeline.counts.tools,
        cpu_s=round(time.process_time() - began, 3),
        frame_quality=quality,
    )


def _shared_writer(config: GlassesConfig, host: Runtime) -> Port | None:
    """The one writer of the memory, where other programs can reach it; None: it is ours alone."""
    if not config.memory or not host.is_shared:
        return None
    return open_writer(config.memory, host)


def prepared(
    source: str, config: GlassesConfig
) -> tuple[GlassesConfig, tuple[Words, ...], tuple[Fault, ...]]:
    """The settings with what a trace says itself, the words it holds, and what can not be heard.

    Raises:
        UserError, DeviceError: The trace is wrong, in one sentence.
    """
    if not is_trace(source):
        return config, (), ()
    trace, folder = read_trace(Path(source))
    heard, missing = hear_trace(trace, folder)
    return config_of(trace, folder, config), (*trace.words, *heard), missing


def is_trace(source: str) -> bool:
    """Whether the source is the folder or the file of a trace."""
    path = Path(source)
    return (path / TRACE).is_file() if path.is_dir() else path.suffix == ".json"


def play(
    source: str,
    config: GlassesConfig,
    output: OutputConfig,
    words: Sequence[Words] = (),
    runtime: Runtime | None = None,
    until_s: float | None = None,
    typed: TextIO | None = None,
    microphone: bool = False,
    sound: str = "",
    on_entry: Callable[[LedgerEntry], None] | None = None,
) -> Replay:
    """Run any source: a trace, a film or a folder of pictures in virtual time, a camera live.

    Args:
        source: What `open_source` takes, or a trace.
        config: Settings.
        output: Where it speaks and shows.
        words: Said at known times, besides what a trace says itself.
        runtime: Where the units live; closed at the end.
        until_s: End then.
        typed: Lines read from here are words of the wearer; for live sources.
        microphone: Listen to this machine's microphone, too; for live sources.
        sound: A wav file with what is said meanwhile; "" for none.
        on_entry: Told of each ledger entry as it is made.

    Raises:
        UserError, DeviceError: something is wrong with the input, in one sentence.
    """
    config, said, missing = prepared(source, config)
    words = (*said, *words)
    if sound:
        heard, deaf = hear_sound(Path(sound))
        words, missing = (*words, *heard), (*missing, *deaf)
    live = Live(HostClock(time.monotonic()), time.sleep) if is_live(source) else None
    started = live.clock.started if live is not None else 0.0
    show_all = output.film or output.window or output.stills
    units: list[Units] = []
    inbox = Inbox(lambda text: hush(text, units))
    if live is not None and typed is not None:
        read_lines(typed, live.clock, inbox)
    if live is not None and microphone:
        missing = open_ears(live.clock, inbox)
    return run_units(
        config,
        output,
        lambda host: host.spawn("input", make_input, config, source, started, show_all),
        Together((Script(words), inbox)),
        runtime=runtime,
        live=live,
        until_s=until_s,
        on_entry=on_entry,
        on_units=units.append,
        missing=missing,
    )


def make_input(config: GlassesConfig, source: str, started: float, show_all: bool) -> InputUnit:
    """An input unit on a source; `started` is the host's clock at the start of a live session."""
    if is_trace(source):
        return InputUnit(config, trace_capture(source, config, show_all))
    capture = live_capture(source, config, HostClock(started), show_all)
    return InputUnit(config, capture, beside=is_live(source))


def hush(line: str, units: Sequence[Units]) -> None:
    """Silence the loudspeaker before anybody has decided anything: the decision comes after."""
    if units and control(line) in ("stop", "not_now"):
        units[0].output.call("hush")


def write_ledger(folder: Path, ledger: Sequence[LedgerEntry]) -> None:
    """Write the ledger for machines (one entry a line) and for people."""
    lines = [entry.model_dump_json() for entry in ledger]
    (folder / LEDGER).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / STORY).write_text(as_story(ledger), encoding="utf-8")


def interventions(ledger: Sequence[LedgerEntry]) -> str:
    """The interventions of a ledger as text, for comparing two runs byte by byte."""
    said = [entry.model_dump(mode="json") for entry in ledger if entry.kind == "intervention"]
    return "\n".join(json.dumps(entry, sort_keys=True) for entry in said)
