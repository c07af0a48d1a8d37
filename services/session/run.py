"""The composition root: from a `RunConfig` to a finished run in its folder.

The only place that joins concrete worlds, bodies, devices, glasses, memory, brain and runtime.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brain.config import BrainConfig
from cerebellum.catalogue import skill_kinds
from devices.clock import WallClock
from devices.contracts import BodyCard, BodySpec
from devices.skill import SkillCard
from services.errors import ActorDied, BrokeOff, UserError
from services.llm.models.registry import understood_by
from services.memory.carry_over import remembered
from services.memory.client import MemoryClient
from services.memory.privacy import declared, rules
from services.memory.redaction import veiled
from services.runtime.local import Handle, LocalRuntime, Runtime
from services.session import outcome
from services.session.actors import BodyActor, BrainActor, make_world
from services.session.contracts import LlmUse, RunConfig, RunResult, Tick
from services.session.crew import BodySide, Crew, DeviceSide, WorldSide
from services.session.devices import DeviceActor, DeviceSpec, parse_device
from services.session.diary import Diary
from services.session.folder import RunFolder
from services.session.inputs import Input, Inputs, words_of
from services.session.pace import HostTime, Pace, VirtualTime
from services.session.past import Past, past_of
from services.session.run_time import RunTime
from services.session.session import Session, Site
from services.session.ticker import Ticker
from sim_worlds.contracts import Says, Scenario, Survey
from sim_worlds.faults.kind import Fault
from sim_worlds.faults.words import load_faults
from sim_worlds.loader import read_world
from stem_memory.contracts import BodyEnrolled, Payload, SiteSurveyed, SkillsDeclared
from stem_memory.privacy.contracts import PrivacyChanged
from stem_memory.privacy.rules import PrivacyRules

if TYPE_CHECKING:
    from services.session.eyewear import Eyewear


@dataclass
class Plan:
    """Everything that was read and checked before anything was made."""

    config: RunConfig
    scenario: Scenario
    faults: tuple[Fault, ...]
    skills: tuple[SkillCard, ...]
    devices: tuple[DeviceSpec, ...]
    privacy: tuple[PrivacyChanged, ...]
    learnt: tuple[Payload, ...]


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
    plan = _read(config)
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
    plan = _read(config)
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
    real = _in_real_time(devices)
    if real:
        raise UserError(
            f"{run_dir} had bodies in real time ({', '.join(real)}): what they did can not be done "
            "again; see it with `retinue report`"
        )


def _in_real_time(devices: tuple[DeviceSpec, ...]) -> list[str]:
    """The devices that live on the host's clock."""
    return [device.id for device in devices if not device.is_timed]


def _by(config: RunConfig) -> str:
    return ", ".join(f"{k} {v}" for k, v in sorted(config.understood_by.items())) or "grammar alone"


def skill_cards() -> tuple[SkillCard, ...]:
    """The cards of every installed skill, in order of name."""
    return tuple(skill.card for _, skill in sorted(skill_kinds().items()))


def _read(config: RunConfig) -> Plan:
    """Read and check everything that the configuration names, before anything is written."""
    scenario = read_world(config.world)
    skills = skill_cards()
    known = [spec.id for spec in scenario.bodies]
    faults = load_faults(config.faults, known, [card.name for card in skills])
    bodies = scenario.bodies if config.bodies is None else scenario.bodies[: config.bodies]
    devices = tuple(parse_device(text) for text in config.devices)
    taken = {*known, *(person.id for person in scenario.people)}
    for device in devices:
        if device.id in taken:
            raise UserError(
                f"--device {device.id}: {scenario.name} has a {device.id} already; choose another id"
            )
        taken.add(device.id)
    if config.glasses:
        from services.session.eyewear import require_wearer

        require_wearer(config.glasses, tuple(person.id for person in scenario.people))
    config = config.model_copy(update={"understood_by": understood_by(config.model)})
    return Plan(
        config=config,
        scenario=scenario,
        faults=(*scenario.faults, *faults),
        skills=skills,
        devices=devices,
        privacy=rules(declared(config, scenario), scenario),
        learnt=remembered(Path(config.remember), bodies) if config.remember else (),
    )


def open_runtime(config: RunConfig) -> Runtime:
    """The runtime that the configuration names."""
    if config.runtime == "local":
        return LocalRuntime()
    from services.runtime.ray_runtime import RayRuntime

    return RayRuntime()


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
        crew, site = _assembled(plan, past, memory, runtime)
        door = Inputs(_scheduled(plan, past))
        if inputs is not None:
            inputs(door)
        session = Session(crew, site, door, _pace(plan, past, crew), ticker.show)
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


def _pace(plan: Plan, past: Past, crew: Crew) -> Pace:
    """Who lives on the host's clock takes the whole session there."""
    config = plan.config
    real = _in_real_time(plan.devices)
    if crew.glasses is not None and crew.glasses.is_live:
        real.append(f"the glasses of {crew.glasses.wearer}")
    if real and config.speed not in (0.0, 1.0):
        raise UserError(
            f"--speed {config.speed:g}: {' and '.join(real)} can not be made faster; leave --speed out"
        )
    if real or config.speed > 0.0:
        return HostTime(WallClock(), config.speed or 1.0, past.end_s)
    return VirtualTime()


def _assembled(plan: Plan, past: Past, memory: MemoryClient, runtime: Runtime) -> tuple[Crew, Site]:
    """Spawn every actor of the session."""
    config, scenario = plan.config, plan.scenario

    def new_brain() -> Handle:
        return runtime.spawn("brain", BrainActor, BrainConfig(), config.model)

    # The brain takes longest to come, and needs to know nothing.
    brain = new_brain()
    handle = runtime.spawn("world", make_world, scenario, config.seed, config.bodies, plan.faults)
    world = WorldSide(runtime, handle, past.end_s)
    survey = world.survey()
    cards = {card.kind: card for card in survey.cards}
    enrolled = [(spec, cards[spec.kind]) for spec in survey.bodies]
    nodes = {
        device.id: runtime.spawn(f"device {device.id}", DeviceActor, device, survey.plan)
        for device in plan.devices
    }
    joining = [node.call("join", past.end_s) for node in nodes.values()]
    enrolled += [(spec, card) for spec, card, _ in runtime.gather(joining)]
    bodies: dict[str, Handle] = {
        spec.id: runtime.spawn(spec.id, BodyActor, card, survey.plan) for spec, card in enrolled
    }
    # Time begins when everybody is there.
    runtime.gather([handle.call("ready") for handle in (brain, *bodies.values())])
    if past.position:
        runtime.gather([brain.call("restore", past.events)])
    crew = Crew(
        runtime=runtime,
        world=world,
        memory=memory,
        brain=brain,
        bodies=BodySide(runtime, bodies),
        new_brain=new_brain,
        devices=DeviceSide(runtime, nodes, bool(_in_real_time(plan.devices))),
        glasses=_glasses(plan, memory, runtime, past.end_s),
    )
    says = tuple(h for h in scenario.happenings if isinstance(h, Says))
    site = Site(
        opening=(*past.left_open, *_opening(plan, survey, enrolled), *plan.privacy, *plan.learnt),
        operator=survey.operator,
        bodies=tuple(bodies),
        says=() if config.wishes or config.glasses else says,
        limit_s=round(past.end_s + scenario.limit_s, 3),
        has_zones=bool(PrivacyRules.of(plan.privacy).zones) or past.has_zones,
        is_shared=_is_shared(plan, runtime),
        number=past.number,
        spoken=past.spoken,
    )
    return crew, site


def _is_shared(plan: Plan, runtime: Runtime) -> bool:
    """Whether other programs may record in the memory while the session runs."""
    return bool(plan.config.memory) and runtime.is_shared


def _opening(
    plan: Plan, survey: Survey, enrolled: list[tuple[BodySpec, BodyCard]]
) -> tuple[Payload, ...]:
    surveyed = SiteSurveyed(
        plan=survey.plan, classes=survey.classes, things=survey.things, states=survey.states
    )
    bodies = (BodyEnrolled(spec=spec, card=card) for spec, card in enrolled)
    return (surveyed, SkillsDeclared(cards=plan.skills), *bodies)


def _glasses(plan: Plan, memory: MemoryClient, runtime: Runtime, base_s: float) -> Eyewear | None:
    """The glasses that somebody in the world wears."""
    if not plan.config.glasses:
        return None
    from services.session.eyewear import Eyewear

    return Eyewear(plan.config.glasses, runtime, memory, base_s)


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
    if digest != brain_digest and not _is_shared(plan, crew.runtime):
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
