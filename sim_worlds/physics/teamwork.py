"""Two bodies carry one heavy thing: they lift together, walk at one pace, set down together.

It begins when both have asked for it. Each walks its own way to its own place at the goal, as fast
as lets both arrive at the same time; doorways are not queued for. When one of them stops or dies,
the thing stands on the floor where they were and the other's command fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from devices.contracts import CarryTogether, Pose
from devices.roadmap import Route
from sim_worlds.physics.actors import SimBody, Task
from sim_worlds.physics.fault_injection import tool_breaks
from sim_worlds.physics.handling import floor_spot
from sim_worlds.physics.sensor_model import SensorModel
from sim_worlds.physics.stage import Stage
from sim_worlds.physics.verdicts import Refusal

PARTNER_S = 120.0
LIFT_S = 6.0
SET_DOWN_S = 6.0
# The share of the slower one's speed at which a load is carried.
PACE = 0.6
SPREAD = 0.1


@dataclass(slots=True)
class _Team:
    """Two bodies and what they carry; the first by name leads and counts as the holder."""

    lead: SimBody
    mate: SimBody
    thing: str
    to: str
    lifted: bool = False

    @property
    def both(self) -> tuple[SimBody, SimBody]:
        return self.lead, self.mate


class Teamwork:
    """All pairs of bodies that carry something or wait for their partner."""

    def __init__(self, stage: Stage, eyes: SensorModel) -> None:
        self._stage = stage
        self._eyes = eyes
        self._waiting: dict[str, CarryTogether] = {}
        self._teams: dict[str, _Team] = {}

    def begin(self, body: SimBody, command: CarryTogether) -> None:
        """Take the command of one body; the work begins with the second's."""
        stage = self._stage
        refusal = self._check_one(body, command)
        if refusal is not None:
            return self._refuse(body, command, refusal)
        task = Task(command, drop=partial(self._drop, body))
        stage.occupy(body, task)
        other = self._waiting.get(command.partner)
        wanted = (command.object, command.to, body.id)
        if other is None or (other.object, other.to, other.partner) != wanted:
            self._waiting[body.id] = command
            late = stage.now + PARTNER_S
            task.due = stage.agenda.at(late, body.id, partial(self._give_up, body, command))
            return None
        del self._waiting[command.partner]
        lead, mate = sorted((body, stage.bodies[command.partner]), key=lambda one: one.id)
        team = _Team(lead, mate, command.object, command.to)
        self._teams[lead.id] = self._teams[mate.id] = team
        refusal = self._check_team(team)
        if refusal is not None:
            return self._fail(team, refusal)
        for one in team.both:
            assert one.task is not None
            one.task.watts = one.card.work_w
            stage.power(one)
        broken = [tool_breaks(stage, one, one.task.command) for one in team.both if one.task]
        if any(broken):
            failed = Refusal("tool_failed", f"the grip on `{team.thing}` failed")
            return self._after(team, LIFT_S / 2, partial(self._fail, team, failed))
        return self._after(team, LIFT_S, partial(self._walk, team))

    def _after(self, team: _Team, seconds: float, action: partial[None]) -> None:
        """Run `action` when both have worked for so long, the slower one setting the pace."""
        stage = self._stage
        rates = [one.card.skills.get("carry_together", 1.0) / one.slow for one in team.both]
        assert team.lead.task is not None
        command = team.lead.task.command.id
        phase = "up" if not team.lifted else "down"
        chance = stage.random(team.lead.id, command, phase).lognormvariate(0.0, SPREAD)
        self._at(team, stage.now + seconds / min(rates) * chance, action)

    def _at(self, team: _Team, t: float, action: partial[None]) -> None:
        due = self._stage.agenda.at(t, team.lead.id, action)
        for one in team.both:
            assert one.task is not None
            if one.task.due is not None:
                one.task.due.cancel()
            one.task.due = due

    def _walk(self, team: _Team) -> None:
        stage = self._stage
        refusal = self._check_team(team)
        routes = self._routes(team)
        if refusal is not None or routes is None:
            no_way = Refusal("blocked", f"there is no way for both to `{team.to}`")
            return self._fail(team, refusal or no_way)
        team.lifted = True
        stage.put(team.thing, team.lead.id)
        pace = PACE * min(one.card.speed_m_s / one.slow for one in team.both)
        seconds = max(max(route.length_m for route in routes) / pace, 0.001)
        for one, route in zip(team.both, routes, strict=True):
            one.near = None
            one.mover.set_way(route.points, stage.now)
            if one.mover.length_m > 0:
                one.mover.go(one.mover.length_m / seconds, stage.now)
        return self._at(team, stage.now + seconds, partial(self._arrive, team))

    def _arrive(self, team: _Team) -> None:
        for one in team.both:
            one.mover.stop(self._stage.now)
        self._after(team, SET_DOWN_S, partial(self._set_down, team))

    def _set_down(self, team: _Team) -> None:
        stage = self._stage
        if not self._is_carried(team):
            return self._fail(team, Refusal("not_there", f"`{team.thing}` is gone"))
        if not stage.truth.room_on(team.to):
            return self._fail(team, Refusal("occupied", f"`{team.to}` is full"))
        on_floor = team.to in stage.ground.rooms
        stage.put(team.thing, team.to, floor_spot(stage, team.lead) if on_floor else None)
        team.lifted = False
        target = stage.where(team.to)
        for one, task in self._disband(team):
            one.near = team.to if stage.is_at(one, team.to) else None
            if target is not None and not on_floor:
                one.mover.face(target, stage.now)
            stage.receipt(one, task.command.id, "done")
            self._eyes.report(one, focus=team.to if not on_floor else None)
        return None

    def _routes(self, team: _Team) -> tuple[Route, Route] | None:
        stage = self._stage
        lead_stands = self._stands(team.lead, team.to)
        mate_stands = self._stands(team.mate, team.to)
        apart_m = team.lead.card.radius_m + team.mate.card.radius_m
        for first in lead_stands:
            spot = (first.x, first.y)
            beside = stage.roadmap.stand_near(
                spot,
                radius_m=team.mate.card.radius_m,
                mobility=team.mate.card.mobility,
                reach_m=team.mate.card.reach_m,
            )
            for second in (*mate_stands, *beside):
                if math.dist(spot, (second.x, second.y)) < apart_m:
                    continue
                routes = self._route(team.lead, first), self._route(team.mate, second)
                if routes[0] is not None and routes[1] is not None:
                    return routes[0], routes[1]
        return None

    def _stands(self, body: SimBody, place: str) -> tuple[Pose, ...]:
        card = body.card
        return self._stage.roadmap.stand(
            place, radius_m=card.radius_m, mobility=card.mobility, reach_m=card.reach_m
        )

    def _route(self, body: SimBody, pose: Pose) -> Route | None:
        stage, card = self._stage, body.card
        return stage.roadmap.route(
            body.mover.where(stage.now),
            (pose.x, pose.y),
            radius_m=card.radius_m,
            mobility=card.mobility,
            shut=stage.truth.shut_doors(),
        )

    def _check_one(self, body: SimBody, command: CarryTogether) -> Refusal | None:
        stage, truth = self._stage, self._stage.truth
        place = truth.location(command.object)
        if truth.category(command.object) != "object" or place is None or place.relation == "held":
            return Refusal("not_there", f"`{command.object}` does not stand anywhere")
        if command.partner not in stage.bodies or command.partner == body.id:
            return Refusal("no_partner", f"there is no other body `{command.partner}`")
        if truth.category(command.to) not in ("fixture", "room"):
            return Refusal("not_there", f"nothing can be put at `{command.to}`")
        if "carry_together" not in body.card.skills or body.card.mobility == "fixed":
            return Refusal("not_able", f"`{body.id}` cannot carry together")
        if body.hands_free(stage.held(body)) < 1:
            return Refusal("hands_full", f"`{body.id}` has no hand free")
        if truth.is_shut(place.holder):
            return Refusal("closed", f"`{place.holder}` is closed")
        spot = command.object if place.relation == "at" else place.holder
        if not stage.is_at(body, spot):
            return Refusal("out_of_reach", f"`{command.object}` is out of reach of `{body.id}`")
        return None

    def _check_team(self, team: _Team) -> Refusal | None:
        stage = self._stage
        for one in team.both:
            assert one.task is not None
            assert isinstance(one.task.command, CarryTogether)
            refusal = self._check_one(one, one.task.command)
            if refusal is not None:
                return refusal
        held_kg = sum(card.mass_kg for one in team.both for card in stage.held(one))
        able_kg = sum(one.card.payload_kg for one in team.both) - held_kg
        if stage.class_card(team.thing).mass_kg > able_kg + 1e-9:
            return Refusal("too_heavy", f"`{team.thing}` is too heavy for both together")
        if stage.truth.is_shut(team.to) or not stage.truth.room_on(team.to):
            return Refusal("occupied", f"`{team.to}` is full or closed")
        return None

    def _refuse(self, body: SimBody, command: CarryTogether, refusal: Refusal) -> None:
        self._stage.receipt(body, command.id, "failed", refusal.reason, refusal.detail)
        self._eyes.report(body)

    def _give_up(self, body: SimBody, command: CarryTogether) -> None:
        del self._waiting[body.id]
        self._stage.end(body)
        detail = f"`{command.partner}` did not come to help"
        self._refuse(body, command, Refusal("no_partner", detail))

    def _fail(self, team: _Team, refusal: Refusal) -> None:
        for one, task in self._disband(team):
            self._stage.receipt(one, task.command.id, "failed", refusal.reason, refusal.detail)
            self._eyes.report(one)

    def _disband(self, team: _Team) -> list[tuple[SimBody, Task]]:
        """Free both bodies; what they carried stands on the floor."""
        stage = self._stage
        freed = []
        for one in team.both:
            self._teams.pop(one.id, None)
            one.mover.stop(stage.now)
            stage.truth.stand(one.id, stage.room_of(one))
            if one.task is not None:
                freed.append((one, stage.end(one)))
        if team.lifted and self._is_carried(team):
            stage.put(team.thing, stage.room_of(team.lead), floor_spot(stage, team.lead))
        team.lifted = False
        return freed

    def _is_carried(self, team: _Team) -> bool:
        """Whether the pair still holds the thing: people may take it away meanwhile."""
        place = self._stage.truth.location(team.thing)
        return place is not None and place.holder == team.lead.id

    def _drop(self, body: SimBody, _reason: str) -> None:
        """One of a pair stops or dies: the other's command fails."""
        self._waiting.pop(body.id, None)
        team = self._teams.get(body.id)
        if team is None:
            return
        for one, task in self._disband(team):
            if one is not body:
                detail = f"`{body.id}` let go"
                self._stage.receipt(one, task.command.id, "failed", "partner_stopped", detail)
                self._eyes.report(one)
