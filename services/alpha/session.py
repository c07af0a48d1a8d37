"""One session from a source to its ledger: the composition root of the glasses.

`replay` runs a trace in virtual time; `live` runs a camera, a stream, a film or a folder.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.clock import Clock
from services.alpha.arithmetic.unit import ArithmeticUnit
from services.alpha.catalogue import make_skills
from services.alpha.central.unit import CentralUnit
from services.alpha.contracts import LedgerEntry, Replay, Trace, WishPosted
from services.alpha.input_unit import InputUnit
from services.alpha.memory.unit import MemoryUnit
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig, OutputUnit
from services.alpha.pipeline import Pause, Pipeline, Units
from services.alpha.story import as_story
from services.alpha.trace_source import read_trace, trace_capture
from services.alpha.words_in import Script, WordSource
from services.runtime import Handle, LocalRuntime, Runtime

LEDGER, STORY = "ledger.jsonl", "ledger.txt"
NETWORK = "no_network"


@dataclass(frozen=True)
class Live:
    """What makes a session live: its clock, and how to wait."""

    clock: Clock
    pause: Pause


def config_of(trace: Trace, config: GlassesConfig) -> GlassesConfig:
    """The configuration for replaying a trace: what the trace says, unless the caller says more."""
    outages = tuple((begin, end) for begin, end, kind in trace.faults if kind == NETWORK)
    return config.model_copy(
        update={
            "skills": config.skills or trace.skills,
            "settings": config.settings or trace.configuration,
            "wearer": trace.wearer,
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
    trace, _ = read_trace(path)
    setup = config_of(trace, config or GlassesConfig())
    output = output or OutputConfig(voice="none")
    return run_units(
        setup,
        output,
        lambda host: host.spawn("input", _trace_input, setup, str(path), output.film),
        Script(trace.words),
        runtime=runtime,
        duration_s=trace.duration_s,
        on_entry=on_entry,
    )


def run_units(
    config: GlassesConfig,
    output: OutputConfig,
    spawn_input: Callable[[Runtime], Handle],
    words: WordSource,
    runtime: Runtime | None = None,
    live: Live | None = None,
    duration_s: float | None = None,
    until_s: float | None = None,
    on_entry: Callable[[LedgerEntry], None] | None = None,
    on_units: Callable[[Units], None] | None = None,
) -> Replay:
    """Spawn the five units, run the pipeline, complete the files."""
    began = time.process_time()
    skills = make_skills(config.skills, config.settings)
    looks = {name: skill.spec.look_cost_s for name, skill in skills.items()}
    host = runtime or LocalRuntime()
    try:
        units = Units(
            runtime=host,
            input=spawn_input(host),
            central=host.spawn("central", CentralUnit, config),
            arithmetic=host.spawn("arithmetic", ArithmeticUnit, config),
            memory=host.spawn("memory", MemoryUnit, config),
            output=host.spawn("output", OutputUnit, output, config.wearer.words_per_minute),
        )
        if on_units is not None:
            on_units(units)
        pipeline = Pipeline(
            units,
            words,
            config.costs,
            looks,
            live=live.clock if live is not None else None,
            pause=live.pause if live is not None else None,
            show=output.film or output.window,
            until_s=until_s,
            on_entry=on_entry,
        )
        ledger = pipeline.run()
        duration = max(duration_s or 0.0, pipeline.counts.now)
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


def write_ledger(folder: Path, ledger: Sequence[LedgerEntry]) -> None:
    """Write the ledger for machines (one entry a line) and for people."""
    lines = [entry.model_dump_json() for entry in ledger]
    (folder / LEDGER).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / STORY).write_text(as_story(ledger), encoding="utf-8")


def interventions(ledger: Sequence[LedgerEntry]) -> str:
    """The interventions of a ledger as text, for comparing two runs byte by byte."""
    said = [entry.model_dump(mode="json") for entry in ledger if entry.kind == "intervention"]
    return "\n".join(json.dumps(entry, sort_keys=True) for entry in said)


def wishes(ledger: Sequence[LedgerEntry]) -> tuple[WishPosted, ...]:
    """What the wearer asked of the robots."""
    return tuple(entry for entry in ledger if isinstance(entry, WishPosted))


def _trace_input(config: GlassesConfig, path: str, show_all: bool) -> InputUnit:
    return InputUnit(config, trace_capture(path, config, show_all))
