"""A body's part of a log as a recording that can be played back (`devices.drivers.recorded`).

A log holds what bodies reported, and the steps that were given to them; the commands that a step
became on the way to the motors it does not hold. They are told from the skill: what it makes true says
what kind of deed it is. A step that ended no way that anybody saw is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devices.contracts import (
    CarryTogether,
    Command,
    Drive,
    Grasp,
    Observation,
    Operate,
    Receipt,
    Release,
    Sense,
    Speak,
)
from devices.drivers.recorded import Performed, Recording
from devices.facts import Value
from devices.site import Point
from devices.skill import Atom, SkillCard
from services.errors import UserError
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, GraphPlanned, Observed, StepEnded, StepStarted
from stem_memory.tasks import TaskStep

KINDS = ("graph_planned", "observed", "step_started", "step_ended")
_OUTCOMES = {"done": "done", "failed": "failed", "cancelled": "stopped"}


def recording_of(
    events: Iterable[Event], memory: MemoryState, body: str, from_s: float, to_s: float
) -> Recording:
    """What a body reported and did between two times of the log.

    Args:
        events: The log, at least its events of `KINDS`.
        memory: What the log comes to: who the body is, and what the skills are.
        body: Its id.
        from_s: Where the recording begins; it counts its own time from there (s).
        to_s: Where it ends (s).

    Raises:
        UserError: There is no such body, or it reported nothing then.
    """
    known = memory.bodies()
    if body not in known:
        bodies = ", ".join(sorted(known)) or "none"
        raise UserError(f"this memory knows no body {body}; it knows {bodies}")
    steps: dict[tuple[str, str], TaskStep] = {}
    begun: dict[str, tuple[float, StepStarted]] = {}
    done: list[Performed] = []
    ordered = sorted(events, key=lambda event: event.t)
    seen = [
        event.body.observation.model_copy(update={"t": round(event.t - from_s, 3)})
        for event in ordered
        if isinstance(event.body, Observed)
        and event.body.observation.body == body
        and from_s <= event.t <= to_s
    ]
    for event in ordered:
        what, t = event.body, round(event.t - from_s, 3)
        if isinstance(what, GraphPlanned):
            steps |= {(what.goal, step.id): step for step in what.steps}
        elif not from_s <= event.t <= to_s:
            continue
        elif isinstance(what, StepStarted) and what.body == body:
            begun[what.request] = t, what
        elif isinstance(what, StepEnded) and what.request in begun:
            start_s, started = begun.pop(what.request)
            card = memory.skills().get(started.skill)
            arguments = _arguments(started, steps.get((started.goal, started.step)), card)
            way = _way(seen, start_s, t)
            command = None if card is None else command_of(card, started, arguments, way)
            if command is not None and what.outcome in _OUTCOMES:
                done.append(Performed(begun_s=start_s, command=command, receipt=_receipt(what, t)))
    if not seen:
        raise UserError(f"{body} reported nothing between these times: there is nothing to record")
    record = known[body]
    spec = record.spec.model_copy(
        update={"pose": seen[0].state.pose, "battery": seen[0].state.battery}
    )
    return Recording(spec=spec, card=record.card, observations=tuple(seen), performed=tuple(done))


def command_of(
    card: SkillCard, started: StepStarted, arguments: Mapping[str, Value], way: tuple[Point, ...]
) -> Command | None:
    """The command that performing the skill comes down to; None where its card does not tell.

    Args:
        card: The skill.
        started: The step that was given.
        arguments: The skill's.
        way: Where the body went meanwhile, its first and last point included (m).
    """
    named = {"id": started.request, "skill": card.name}

    def value(word: str) -> str:
        """A parameter ("$obj") or an id, as an id."""
        return str(arguments.get(word[1:], "")) if word.startswith("$") else word

    place = value(f"${card.at}") if card.at is not None else started.target
    if card.process is not None:
        target = next((value(a.args[0]) for a in card.post if a.pred == "be"), place)
        process, setting = card.process, arguments.get("value")
        return Operate(process=process, target=target, value=setting, **named)
    atom = card.post[0] if card.post else Atom(pred="near", args=(place,))
    first = value(atom.args[0]) if atom.args else ""
    if atom.pred == "near":
        return Drive(to=first or started.target, path=way, speed_m_s=1.0, **named)
    if atom.pred == "holding":
        return Grasp(object=first, source=place, **named)
    if atom.pred == "at" and card.team > 1:
        return CarryTogether(object=first, partner="", to=value(atom.args[1]), **named)
    if atom.pred == "at":
        return Release(object=first, to=value(atom.args[1]), **named)
    if atom.pred == "known":
        kinds = {param.name: param.kind for param in card.params}
        is_room = kinds.get(atom.args[0].removeprefix("$")) == "room"
        return Sense(mode="scan" if is_room else "look", target=first, **named)
    if atom.pred == "told":
        return Speak(to=first, text=value(atom.args[1]), **named)
    return None


def _arguments(
    started: StepStarted, step: TaskStep | None, card: SkillCard | None
) -> Mapping[str, Value]:
    """What the skill was performed with: a step's own, or the place of an approach or errand."""
    if step is not None and started.role == "step":
        return step.args
    if card is None or not card.params:
        return {}
    return {card.params[0].name: started.target}


def _way(seen: list[Observation], start_s: float, end_s: float) -> tuple[Point, ...]:
    """Where the body was seen between two times, and just before."""
    before = [report for report in seen if report.t <= start_s][-1:]
    during = [report for report in seen if start_s < report.t <= end_s]
    points = [(report.state.pose.x, report.state.pose.y) for report in (*before, *during)]
    return tuple(dict.fromkeys(points))


def _receipt(ended: StepEnded, t: float) -> Receipt:
    return Receipt.model_validate(
        {
            "command": ended.request,
            "body": ended.body,
            "t": t,
            "outcome": _OUTCOMES[ended.outcome],
            "reason": "halted" if ended.outcome == "cancelled" else ended.reason,
            "detail": ended.detail,
        }
    )
