"""A run: from a `RunConfig` to its outcome, in a folder of its own."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from devices.attendant import DeviceSpec
from services.errors import ActorDied, BrokeOff, UserError
from services.memory.client import MemoryClient
from services.memory.redaction import veiled
from services.runtime.local import Runtime
from services.session import outcome
from services.session.assembly import (
    Plan,
    assembled,
    in_real_time,
    is_shared,
    open_runtime,
    pace_of,
    read_plan,
)
from services.session.contracts import LlmUse, RunConfig, RunResult, Tick
from services.session.crew import Crew
from services.session.diary import Diary
from services.session.folder import RunFolder
from services.session.inputs import Input, Inputs, words_of
from services.session.past import Past, past_of
from services.session.run_time import RunTime
from services.session.session import Session
from services.session.ticker import Ticker
from stem_memory.privacy.rules import PrivacyRules


def run(
    config: RunConfig,
    on_tick: Callable[[Tick], None] | None = None,
    runtime: Runtime | None = None,
    inputs: Callable[[Inputs], None] | None = None,
) -> RunResult:
    """Run a world to the end and write memory, film and metrics into the run folder.

    Args:
        config: What to run.
        on_tick: Told about what happens, while it happens.
        runtime: Where actors live, instead of what `config.runtime` names; closed at the end.
        inputs: Given the door by which people reach the session while it runs.

    Raises:
        UserError: bad input, in one sentence (also the errors of the packages that read it).
    """
    plan = read_plan(config)
    folder = RunFolder.create(config.out, config.world)
    try:
        return _carried_out(plan, folder, on_tick, runtime, inputs)
    except BaseException:
        folder.discard()
        raise


def resume(
    run_dir: Path,
    on_tick: Callable[[Tick], None] | None = None,
    runtime: Runtime | None = None,
    inputs: Callable[[Inputs], None] | None = None,
) -> RunResult:
    """Bring a run to its end that broke off.

    It is played again from its start: with the same inputs it does the same, and what the log has
    already is not recorded twice. What people said while it ran is said again at the same moments.

    Raises:
        UserError: there is nothing to resume, or something that a run depends on has changed.
    """
    folder = RunFolder.open(run_dir)
    if folder.read_result() is not None:
        raise UserError(f"{run_dir} came to its end: there is nothing to resume")
    config = folder.read_config()
    if config.stays:
        raise UserError(f"{run_dir} is a site: it goes on with `retinue up --state {run_dir}`")
    plan = read_plan(config)
    _require_repeatable(config, plan.devices, run_dir)
    if plan.config.understood_by != config.understood_by:
        raise UserError(
            f"{run_dir} was understood by {_by(config)}, here it would be by {_by(plan.config)}: "
            "it would not do the same again"
        )
    return _carried_out(plan, folder, on_tick, runtime, inputs, is_again=True)


def _require_repeatable(config: RunConfig, devices: tuple[DeviceSpec, ...], run_dir: Path) -> None:
    """See that with the same inputs a run does the same again.

    Raises:
        UserError: It would not.
    """
    if config.glasses:
        raise UserError(
            f"{run_dir} had the glasses of {config.glasses} in it, and what their wearer was told came "
            "from its memory as it was then: see it with `retinue report`, or run it anew"
        )
    real = in_real_time(devices)
    if real:
        raise UserError(
            f"{run_dir} had bodies in real time ({', '.join(real)}): what they did can not be done "
            "again; see it with `retinue report`"
        )


def _by(config: RunConfig) -> str:
    return ", ".join(f"{k} {v}" for k, v in sorted(config.understood_by.items())) or "grammar alone"


def _carried_out(
    plan: Plan,
    folder: RunFolder,
    on_tick: Callable[[Tick], None] | None,
    runtime: Runtime | None,
    inputs: Callable[[Inputs], None] | None,
    is_again: bool = False,
) -> RunResult:
    started = time.perf_counter()
    config = plan.config
    path = Path(config.memory) if config.memory else folder.own_memory
    runtime = runtime or open_runtime(config)
    memory: MemoryClient | None = None
    try:
        memory = MemoryClient.join(path, runtime)
        past = past_of(memory, config.log_from if is_again else None)
        ticker = Ticker(on_tick, past.end_s)
        if not is_again:
            changes = {"log_from": past.position, "base_s": past.end_s}
            config = plan.config = config.model_copy(update=changes)
            folder.write_config(config)
        crew, site = assembled(plan, past, memory, runtime)
        door = Inputs(_scheduled(plan, past))
        if inputs is not None:
            inputs(door)
        session = Session(crew, site, door, pace_of(plan, past, crew), ticker.show)
        diary = session.run()
        if crew.glasses is not None:
            crew.glasses.finish(folder.path)
        held = PrivacyRules.of(plan.privacy)
        result = _concluded(plan, crew, diary, folder, started, held)
        result = result.model_copy(update={"interrupted": door.is_ending})
        folder.write_result(result)
    except ActorDied as error:
        has_begun = memory is not None and memory.position() > config.log_from
        left = (
            _what_is_left(plan, folder) if has_begun else "nothing had happened yet: run it again"
        )
        raise BrokeOff(f"{error}; {left}") from None
    finally:
        # A memory that can not be closed must not keep actors alive.
        with contextlib.closing(runtime):
            if memory is not None:
                memory.close()
    return result


def _what_is_left(plan: Plan, folder: RunFolder) -> str:
    """What somebody can do with a run that broke off."""
    try:
        _require_repeatable(plan.config, plan.devices, folder.path)
    except UserError:
        return f"what was recorded until then: retinue report {folder.path}"
    return f"bring the run to its end with: retinue run --resume {folder.path}"


def _scheduled(plan: Plan, past: Past) -> list[tuple[float, Input]]:
    base = past.end_s
    typed: list[tuple[float, Input]] = [
        (round(base + wish.t, 3), words_of(wish)) for wish in plan.config.wishes
    ]
    return [*typed, *past.live]


def _concluded(
    plan: Plan,
    crew: Crew,
    diary: Diary,
    folder: RunFolder,
    started: float,
    privacy: PrivacyRules,
) -> RunResult:
    """Ask world, memory and brain for the last word and put the result together."""
    config, memory = plan.config, crew.memory
    events, digest = memory.digest()
    brain_digest, llm = crew.runtime.gather([crew.brain.call("digest"), crew.brain.call("llm_use")])
    # What others record the brain hears in the order of the log, but for what came in between.
    if digest != brain_digest and not is_shared(plan, crew.runtime):
        raise RuntimeError(
            "the log and the brain's memory differ: please report this run folder as a bug"
        )
    expired = memory.expire(diary.now)
    if expired:
        events, digest = memory.digest()
    if config.film:
        folder.write_film(veiled(crew.world.film(), privacy))
    used: LlmUse = llm
    clock = RunTime(config.base_s)
    return RunResult(
        goals=outcome.goals(diary, crew.world.carried, clock),
        words=outcome.words(diary, clock),
        bodies=len(crew.bodies.ids),
        steps=diary.steps,
        virtual_seconds=round(diary.now - config.base_s, 3),
        wall_seconds=round(time.perf_counter() - started, 3),
        replans=diary.replans,
        reassigned=diary.reassigned,
        llm=used,
        events=events - config.log_from,
        expired=expired,
        state_sha256=digest,
        run_dir=str(folder.path),
    )
