"""From a `RunConfig` to everything a session starts from: read, checked, and every actor spawned.

The only place that joins concrete worlds, bodies, devices, glasses, memory, brain and runtime.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brain.config import BrainConfig
from cerebellum.catalogue import skill_kinds
from devices.attendant import Attendant, DeviceSpec
from devices.clock import WallClock
from devices.contracts import BodyCard, BodySpec
from devices.skill import SkillCard
from services.errors import UserError
from services.llm.models.registry import understood_by
from services.memory.carry_over import remembered
from services.memory.client import MemoryClient
from services.memory.privacy import declared, rules
from services.runtime.local import Handle, LocalRuntime, Runtime
from services.session.actors import BodyActor, BrainActor, make_world
from services.session.contracts import RunConfig
from services.session.crew import BodySide, Crew, DeviceSide, WorldSide
from services.session.devices import parse_device
from services.session.pace import HostTime, Pace, VirtualTime
from services.session.past import Past, lapse
from services.session.session import Site
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


def skill_cards() -> tuple[SkillCard, ...]:
    """The cards of every installed skill, in order of name."""
    return tuple(skill.card for _, skill in sorted(skill_kinds().items()))


def read_plan(config: RunConfig) -> Plan:
    """Read and check everything that the configuration names, before anything is written.

    Raises:
        UserError: bad input, in one sentence (also the errors of the packages that read it).
    """
    scenario = read_world(config.world)
    skills = skill_cards()
    known = [spec.id for spec in scenario.bodies]
    faults = load_faults(config.faults, known, [card.name for card in skills])
    bodies = scenario.bodies if config.bodies is None else scenario.bodies[: config.bodies]
    devices = tuple(parse_device(text) for text in config.devices)
    if not (bodies or devices or config.stays):
        raise UserError(
            f"{scenario.name} has no bodies: add some, name one with --device, or let them join with "
            f"`retinue up {config.world}`"
        )
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


def pace_of(plan: Plan, past: Past, crew: Crew) -> Pace:
    """How the session's time passes: who lives on the host's clock takes all of it there.

    Raises:
        UserError: It is to pass faster than somebody can.
    """
    config = plan.config
    real = in_real_time(plan.devices)
    if crew.glasses is not None and crew.glasses.is_live:
        real.append(f"the glasses of {crew.glasses.wearer}")
    if real and config.speed not in (0.0, 1.0):
        raise UserError(
            f"--speed {config.speed:g}: {' and '.join(real)} can not be made faster; leave --speed out"
        )
    if real or config.stays or config.speed > 0.0:
        return HostTime(WallClock(), config.speed or 1.0, past.end_s)
    return VirtualTime()


def in_real_time(devices: tuple[DeviceSpec, ...]) -> list[str]:
    """The devices that live on the host's clock."""
    return [device.id for device in devices if not device.is_timed]


def assembled(
    plan: Plan, past: Past, memory: MemoryClient, runtime: Runtime, journal: Path | None = None
) -> tuple[Crew, Site]:
    """Spawn every actor of the session.

    Args:
        plan: What was read.
        past: What lies before it.
        memory: Where it records.
        runtime: Where actors live.
        journal: Where the world keeps what it was told, to go on from there another time.
    """
    config, scenario = plan.config, plan.scenario

    def new_brain() -> Handle:
        return runtime.spawn("brain", BrainActor, BrainConfig(), config.model)

    # The brain takes longest to come, and needs to know nothing.
    brain = new_brain()
    handle = runtime.spawn(
        "world", make_world, scenario, config.seed, config.bodies, plan.faults, journal
    )
    # A world that goes on counts from its own beginning.
    world = WorldSide(runtime, handle, 0.0 if past.goes_on else past.end_s)
    survey = world.survey()
    cards = {card.kind: card for card in survey.cards}
    enrolled = [(spec, cards[spec.kind]) for spec in survey.bodies]
    nodes = {
        device.id: runtime.spawn(f"device {device.id}", Attendant, device, survey.plan)
        for device in plan.devices
    }
    joining = [node.call("join", past.end_s) for node in nodes.values()]
    enrolled += [(spec, card) for spec, card, _ in runtime.gather(joining)]
    own = {spec.id: card for spec, card in ([] if config.apart else enrolled)}

    def new_body(body: str) -> Handle:
        return runtime.spawn(body, BodyActor, own[body], survey.plan)

    bodies = {body: new_body(body) for body in own}
    # Time begins when everybody is there.
    runtime.gather([handle.call("ready") for handle in (brain, *bodies.values())])
    if past.position:
        runtime.gather([brain.call("restore", past.events, past.believed)])
    crew = Crew(
        runtime=runtime,
        world=world,
        memory=memory,
        brain=brain,
        bodies=BodySide(runtime, bodies, new_body if config.stays else None),
        new_brain=new_brain,
        devices=DeviceSide(runtime, nodes, bool(in_real_time(plan.devices))),
        glasses=_glasses(plan, memory, runtime, past.end_s),
    )
    # Who thinks here was gone with the session; who thinks on its own may still be at work.
    why = "site_down", "the site was down meanwhile"
    lapsed = [
        lapse(t, begun, past.end_s, *why) for t, begun in past.under_way if begun.body in bodies
    ]
    says = tuple(h for h in scenario.happenings if isinstance(h, Says))
    site = Site(
        opening=(*past.left_open, *lapsed, *_opening(plan, past, survey, enrolled)),
        operator=survey.operator,
        bodies=tuple(bodies),
        awaited=tuple(spec.id for spec, _ in enrolled if spec.id not in bodies),
        says=() if config.wishes or config.glasses else says,
        limit_s=math.inf if config.stays else round(past.end_s + scenario.limit_s, 3),
        stays=config.stays,
        past=past.events if past.goes_on else (),
        held=tuple(begun for _, begun in past.under_way if begun.body not in bodies),
        has_zones=bool(PrivacyRules.of(plan.privacy).zones) or past.has_zones,
        is_shared=is_shared(plan, runtime),
        number=past.number,
        spoken=past.spoken,
    )
    return crew, site


def is_shared(plan: Plan, runtime: Runtime) -> bool:
    """Whether other programs may record in the memory while the session runs."""
    return bool(plan.config.memory) and runtime.is_shared


def _opening(
    plan: Plan, past: Past, survey: Survey, enrolled: list[tuple[BodySpec, BodyCard]]
) -> tuple[Payload, ...]:
    """What memory is told before the first report; where a life goes on, only what is new."""
    skills = SkillsDeclared(cards=plan.skills)
    bodies = tuple(BodyEnrolled(spec=spec, card=card) for spec, card in enrolled)
    if past.goes_on:
        known = {
            e.body.spec.id: e.body.card for e in past.events if isinstance(e.body, BodyEnrolled)
        }
        declared = [e.body for e in past.events if isinstance(e.body, SkillsDeclared)]
        fresh = tuple(body for body in bodies if known.get(body.spec.id) != body.card)
        return (*(() if declared[-1:] == [skills] else (skills,)), *fresh)
    surveyed = SiteSurveyed(
        plan=survey.plan, classes=survey.classes, things=survey.things, states=survey.states
    )
    return (surveyed, skills, *bodies, *plan.privacy, *plan.learnt)


def _glasses(plan: Plan, memory: MemoryClient, runtime: Runtime, base_s: float) -> Eyewear | None:
    """The glasses that somebody in the world wears."""
    if not plan.config.glasses:
        return None
    from services.session.eyewear import Eyewear

    return Eyewear(plan.config.glasses, runtime, memory, base_s)
