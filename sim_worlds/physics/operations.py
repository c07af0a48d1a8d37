"""Physical processes that bodies trigger: what they need, how long they take, what they change.

A process is data (`devices.process.Process`): a scenario can add one without code. One is
special: "charge" fills the battery of the body itself and lasts as long as that takes.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.contracts import Operate
from devices.facts import Value
from devices.process import Process
from sim_worlds.physics.actors import SimBody
from sim_worlds.physics.battery import SECONDS_PER_HOUR
from sim_worlds.physics.stage import Stage
from sim_worlds.physics.verdicts import Refusal

# A body that charges never takes less than this, so that the dock can be left in order.
PLUG_S = 1.0


def operation_seconds(stage: Stage, body: SimBody, command: Operate) -> tuple[float, float]:
    """Nominal duration on a body of rate 1, and the spread of its logarithm."""
    process = stage.processes.get(command.process)
    if process is None:
        return 0.0, 0.0
    if process.name == "charge":
        missing_wh = (1.0 - body.battery.level(stage.now)) * body.battery.capacity_wh
        # What the body idles away flows in, too.
        watts = max(body.card.charge_w - body.card.idle_w, 1.0)
        rate = body.card.skills.get(command.skill, 1.0) or 1.0
        return max(missing_wh * SECONDS_PER_HOUR / watts, PLUG_S) * rate / body.slow, 0.0
    return process.seconds, process.spread


def check_operation(
    stage: Stage, body: SimBody, command: Operate, door_busy: Callable[[str], bool]
) -> Refusal | None:
    """Why the process cannot run, or not any more."""
    truth, target = stage.truth, command.target
    process = stage.processes.get(command.process)
    if process is None:
        return Refusal("not_able", f"this world knows no process `{command.process}`")
    if not {command.skill, command.process} & body.card.skills.keys():
        return Refusal("not_able", f"`{body.id}` cannot {command.skill}")
    category = truth.category(target)
    if category not in ("object", "fixture", "door"):
        return Refusal("not_there", f"there is no `{target}` to {command.process}")
    refusal = (
        _check_kind(stage, command, process)
        or _check_reach(stage, body, command, process)
        or _check_states(stage, command, process)
    )
    if refusal is not None:
        return refusal
    if body.hands_free(stage.held(body)) < process.hands:
        return Refusal("hands_full", f"`{command.process}` takes {process.hands} free hands")
    if category == "door" and process.sets.get("open") is False and door_busy(target):
        return Refusal("occupied", f"somebody is in the doorway of `{target}`")
    return None


def finish_operation(stage: Stage, body: SimBody, command: Operate) -> None:
    """Make true what the process sets. States that the target does not have stay away."""
    process = stage.processes[command.process]
    if process.name == "charge":
        body.battery.set_level(1.0, stage.now)
        return
    stage.set_states(command.target, _filled(process.sets, command.value))


def _check_kind(stage: Stage, command: Operate, process: Process) -> Refusal | None:
    truth, target = stage.truth, command.target
    if process.target_cls and not any(truth.is_a(target, cls) for cls in process.target_cls):
        kinds = " or ".join(process.target_cls)
        return Refusal("not_able", f"`{target}` is not {kinds}: `{process.name}` does nothing")
    fixture = stage.ground.fixtures.get(target)
    wanted = _asked(process.offers, command.value)
    if process.offers is not None and (fixture is None or wanted not in fixture.offers):
        return Refusal("not_able", f"`{target}` does not offer {wanted}")
    if process.at_offers is None:
        return None
    place = truth.location(target)
    machine = stage.ground.fixtures.get(place.holder) if place is not None else None
    wanted = _asked(process.at_offers, command.value)
    if machine is None:
        return Refusal("not_there", f"`{target}` is not at a place that offers {wanted}")
    if wanted not in machine.offers:
        return Refusal("not_able", f"`{machine.id}`, where `{target}` is, does not offer {wanted}")
    if truth.attr(machine.id, "working") is False:
        return Refusal("no_power", f"`{machine.id}` is out of order")
    return None


def _check_reach(stage: Stage, body: SimBody, command: Operate, process: Process) -> Refusal | None:
    truth, target = stage.truth, command.target
    place = truth.location(target)
    if truth.category(target) != "object" or place is None:
        # A dock is driven onto: hands and heights do not matter.
        fits = process.name == "charge" or stage.height_fits(body.card, target)
        reached = stage.is_at(body, target) and fits
        return None if reached else Refusal("out_of_reach", f"`{target}` is out of reach")
    if place.holder == body.id:
        return None
    if place.relation == "held":
        return Refusal("not_there", f"`{target}` is in other hands, `{place.holder}`'s")
    # A machine works on what is inside it with its lid closed; hands do not.
    if truth.is_shut(place.holder) and process.at_offers is None:
        return Refusal("closed", f"`{place.holder}`, where `{target}` is, is closed")
    spot = target if place.relation == "at" else place.holder
    if not (stage.is_at(body, spot) and stage.height_fits(body.card, place.holder)):
        return Refusal("out_of_reach", f"`{target}` is out of reach of `{body.id}`")
    if command.using is not None:
        tool = truth.location(command.using)
        if tool is None or tool.holder not in (body.id, place.holder):
            return Refusal("not_there", f"`{command.using}` is not at hand")
    return None


def _check_states(stage: Stage, command: Operate, process: Process) -> Refusal | None:
    truth, target = stage.truth, command.target
    for name, wanted in _filled(process.needs, command.value).items():
        if truth.attr(target, name) != wanted:
            have, want = str(truth.attr(target, name)).lower(), str(wanted).lower()
            return Refusal("wrong_state", f"`{name}` of `{target}` is {have}, not {want}")
    if "$value" in process.sets.values():
        specs = stage.ontology.states(truth.cls(target))
        for name, value in process.sets.items():
            spec = specs.get(name)
            if value == "$value" and spec is not None and command.value not in spec.values:
                shown = str(command.value).lower()
                return Refusal("bad_value", f"`{name}` of `{target}` cannot be {shown}")
    return None


def _filled(states: dict[str, Value], value: Value | None) -> dict[str, Value]:
    """The states with "$value" replaced by the command's value; without one they stay away."""
    return {
        name: (value if given == "$value" and value is not None else given)
        for name, given in states.items()
        if not (given == "$value" and value is None)
    }


def _asked(offer: str | None, value: Value | None) -> str | None:
    return str(value) if offer == "$value" else offer
