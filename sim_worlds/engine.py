"""The simulated world: discrete events in continuous virtual time.

No ticks: whatever happens is an entry on an agenda, ordered by time and name, and where things are
in between is computed from when they last changed (discrete-event simulation; J. Banks et al.,
"Discrete-Event System Simulation", 5th ed., chapter 1). The clock has a resolution of one
millisecond. A run is a pure function of (scenario, seed, bodies, faults, commands and the times
given to `step`); chance is drawn from streams of their own, one for each command.
"""

from __future__ import annotations

import math
from functools import partial

from devices.contracts import (
    BodyCard,
    BodySpec,
    CarryTogether,
    Command,
    Drive,
    Halt,
    Pose,
    Speak,
)
from devices.facts import Condition, bind_all
from devices.roadmap import Roadmap
from sim_worlds.contracts import (
    Commands,
    Film,
    Scenario,
    Survey,
    Verdict,
    WorldStep,
)
from sim_worlds.errors import WorldMisuse
from sim_worlds.faults.kind import Fault
from sim_worlds.loading.ontology import Ontology
from sim_worlds.loading.population import all_things, with_bodies
from sim_worlds.physics.actors import SimBody
from sim_worlds.physics.agenda import DECIMALS, Agenda
from sim_worlds.physics.battery import Battery
from sim_worlds.physics.crowd import Crowd
from sim_worlds.physics.driving import Driving
from sim_worlds.physics.fault_injection import Injector
from sim_worlds.physics.film import Recorder
from sim_worlds.physics.ground import Ground
from sim_worlds.physics.handling import Handling
from sim_worlds.physics.mover import Mover
from sim_worlds.physics.sensor_model import SensorModel
from sim_worlds.physics.stage import Outbox, Stage
from sim_worlds.physics.teamwork import Teamwork
from sim_worlds.physics.truth import Truth, surveyed
from sim_worlds.physics.verdicts import unmet


class SimWorld:
    """A `sim_worlds.world.World` that runs a scenario.

    Args:
        scenario: What `sim_worlds.loader` returned.
        seed: Decides every chance in the run.
        bodies: How many of the scenario's bodies take part, in its order; None: all.
        faults: What goes wrong, besides the scenario's own faults.

    Raises:
        WorldMisuse: `bodies` is not between 1 and the scenario's number.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int = 0,
        bodies: int | None = None,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        self._ground = Ground(scenario.plan)
        self._roadmap = Roadmap(scenario.plan)
        self._ontology = Ontology(scenario.classes)
        self._scenario = with_bodies(scenario, bodies, self._ground)
        self._seed = seed
        self._faults = (*scenario.faults, *faults)
        self._open = False
        self._begin()

    def reset(self) -> WorldStep:
        """Go to time 0 and return the first reports of all bodies."""
        self._begin()
        self._open = True
        self._run_due(0.0)
        return self.report()

    def report(self) -> WorldStep:
        """The reports of all bodies as things stand."""
        for body in self._stage.bodies.values():
            self._eyes.report(body)
        return self._collect()

    def step(self, commands: tuple[Commands, ...], until: float) -> WorldStep:
        """Take the commands now and run to the next report or to `until`, whatever is first.

        All reports of one instant come together. A command whose id the body has had before is
        the same command and is not taken again.

        Raises:
            WorldMisuse: The world was not reset, `until` is not a number, or a body is unknown.
        """
        if not self._open:
            raise WorldMisuse("the world is closed; reset it before stepping")
        if math.isnan(until):
            raise WorldMisuse("`until` is not a number; give seconds")
        agenda = self._stage.agenda
        named = [(self._stage.body(given.body), given.commands) for given in commands]
        for body, given in sorted(named, key=lambda item: item[0].id):
            for command in given:
                self._take(body, command)
        limit = max(round(until, DECIMALS), agenda.now)
        self._run_due(agenda.now)
        while not self._stage.outbox:
            next_s = agenda.next_s()
            if next_s is None or next_s > limit:
                if math.isfinite(limit):
                    agenda.now = limit
                break
            self._run_due(next_s)
        return self._collect()

    def enter(self, body: str, card: BodyCard) -> BodySpec:
        """Let a body in, in the first room, unless it is in; it reports. It is not surveyed."""
        stage = self._stage
        if body in stage.bodies:
            self._eyes.report(stage.bodies[body])
            return stage.bodies[body].spec
        if stage.truth.category(body) is not None:
            raise WorldMisuse(f"there is something called {body} in this world already")
        scenario = stage.scenario
        x, y = self._ground.spot_in(scenario.plan.rooms[0].id, body)
        spec = BodySpec(id=body, kind=card.kind, pose=Pose(x=x, y=y))
        others = tuple(known for known in scenario.cards if known.kind != card.kind)
        bodies = (*scenario.bodies, spec)
        entered = scenario.model_copy(update={"bodies": bodies, "cards": (*others, card)})
        stage.scenario = entered
        stage.truth.admit(spec)
        self._enter(spec)
        self._eyes.report(stage.bodies[body])
        return spec

    def survey(self) -> Survey:
        """What the fleet is told before the run: the plan, and what people know, right or wrong."""
        scenario = self._scenario
        kinds = {body.kind for body in scenario.bodies}
        truth = self._fresh_truth()
        states = {
            name: truth.states(name)
            for name in (*truth.ids("door"), *truth.ids("fixture"))
            if truth.states(name)
        }
        return Survey(
            plan=scenario.plan,
            classes=scenario.classes,
            things=surveyed(scenario, truth),
            states=states,
            bodies=scenario.bodies,
            cards=tuple(card for card in scenario.cards if card.kind in kinds),
            operator=scenario.operator,
        )

    def watch(self, goal: str, conditions: tuple[Condition, ...]) -> None:
        """Bind the conditions of a goal to the truth of this moment."""
        truth, now = self._stage.truth, self._stage.now
        self._watched[goal] = bind_all(conditions, truth, now)

    def judge(self, goal: str) -> Verdict:
        """Whether the watched goal is truly satisfied now. KeyError for a goal never watched."""
        missing = unmet(self._watched[goal], self._stage.truth)
        return Verdict(goal=goal, satisfied=not missing, unmet=missing)

    def carried(self, things: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the things that are in the hands of a body now, in truth."""
        truth = self._stage.truth
        places = {thing: truth.location(thing) for thing in things}
        return tuple(
            thing
            for thing, place in places.items()
            if place is not None and truth.category(place.holder) == "body"
        )

    def film(self) -> Film:
        """The run so far, for rendering."""
        stage = self._stage
        scenario = stage.scenario
        actors: list[tuple[str, Mover]] = [(b.id, b.mover) for b in stage.bodies.values()]
        actors += [(person.id, person.mover) for person in stage.people.values()]
        kinds = {body.kind for body in scenario.bodies}
        return Film(
            plan=scenario.plan,
            bodies=scenario.bodies,
            cards=tuple(card for card in scenario.cards if card.kind in kinds),
            people=tuple(stage.people),
            tracks={name: mover.track_until(stage.now) for name, mover in actors},
            cuts=tuple(stage.recorder.cuts),
            marks=tuple(stage.recorder.marks),
            duration_s=stage.now,
        )

    def close(self) -> None:
        """End the run; a closed world can be judged, filmed and reset, but not stepped."""
        self._open = False

    @property
    def truth(self) -> Truth:
        """What is really so, for judges and tests. A brain must never see it."""
        return self._stage.truth

    def _begin(self) -> None:
        """Set the stage as it is at time 0."""
        scenario = self._scenario
        truth = Truth(scenario, self._ontology, self._ground)
        self._stage = stage = Stage(
            scenario=scenario,
            seed=self._seed,
            ontology=self._ontology,
            ground=self._ground,
            roadmap=self._roadmap,
            truth=truth,
            agenda=Agenda(),
            recorder=Recorder(),
            processes={process.name: process for process in scenario.processes},
        )
        self._watched: dict[str, tuple[Condition, ...]] = {}
        self._eyes = SensorModel(stage)
        self._driving = Driving(stage, self._eyes)
        self._handling = Handling(stage, self._eyes, self._driving.busy)
        self._teamwork = Teamwork(stage, self._eyes)
        for spec in scenario.bodies:
            self._enter(spec)
        for thing in all_things(scenario.things):
            truth.add(thing)
        for name, states in scenario.states.items():
            if truth.category(name) == "object":
                stage.set_states(name, states)
        for name in (*truth.ids("door"), *truth.ids("fixture"), *truth.ids("object")):
            if truth.states(name) or truth.category(name) == "object":
                stage.film_thing(name)
        Crowd(stage, self._eyes)
        Injector(stage, self._slow, self._come_back).inject(self._faults)

    def _fresh_truth(self) -> Truth:
        """The truth as it was at time 0."""
        truth = Truth(self._scenario, self._ontology, self._ground)
        for thing in all_things(self._scenario.things):
            truth.add(thing)
            for name, value in self._scenario.states.get(thing.id, {}).items():
                truth.set_state(thing.id, name, value)
        return truth

    def _enter(self, spec: BodySpec) -> None:
        stage = self._stage
        card = next(card for card in stage.scenario.cards if card.kind == spec.kind)
        body = SimBody(
            spec=spec,
            card=card,
            mover=Mover(spec.pose.x, spec.pose.y, spec.pose.yaw),
            battery=Battery(card.battery_wh, spec.battery),
        )
        stage.bodies[spec.id] = body
        stage.truth.stand(spec.id, stage.room_of(body))
        docks = (f.id for f in stage.ground.fixtures.values() if "charge" in f.offers)
        body.near = next((dock for dock in docks if stage.is_at(body, dock)), None)
        stage.power(body)

    def _run_due(self, t: float) -> None:
        """Run everything that is due at `t`, also what becomes due at `t` by that."""
        agenda = self._stage.agenda
        while (next_s := agenda.next_s()) is not None and next_s <= t:
            agenda.run_next()

    def _take(self, body: SimBody, command: Command) -> None:
        if body.off or command.id in body.taken:
            return
        body.taken.add(command.id)
        if isinstance(command, Halt):
            self._halt(body, command)
        elif isinstance(command, Speak) and body.voice is None:
            self._handling.begin(body, command)
        elif body.task is not None or isinstance(command, Speak):
            busy = body.voice if isinstance(command, Speak) else body.task
            assert busy is not None
            detail = f"`{body.id}` still does `{busy.command.skill}`; halt it first"
            self._stage.receipt(body, command.id, "failed", "busy", detail)
        elif isinstance(command, Drive):
            self._driving.begin(body, command)
        elif isinstance(command, CarryTogether):
            self._teamwork.begin(body, command)
        else:
            self._handling.begin(body, command)

    def _halt(self, body: SimBody, command: Halt) -> None:
        stage = self._stage
        if body.task is not None:
            task = stage.end(body)
            if task.drop is not None:
                task.drop("halted")
            body.mover.stop(stage.now)
            stage.receipt(body, task.command.id, "stopped", "halted")
        if body.voice is not None:
            voice, body.voice = body.voice, None
            if voice.due is not None:
                voice.due.cancel()
            stage.receipt(body, voice.command.id, "stopped", "halted")
        stage.receipt(body, command.id, "done")
        self._eyes.report(body)

    def _slow(self, body: SimBody, factor: float) -> None:
        """From now on everything the body does takes `factor` times the nominal time."""
        stage, stretch = self._stage, factor / body.slow
        body.slow = factor
        for task in (body.task, body.voice):
            if task is not None and task.due is not None and task.stretches:
                late = stage.now + (task.due.t - stage.now) * stretch
                task.due.cancel()
                task.due = stage.agenda.at(late, body.id, partial(task.due.action))
        self._driving.reckon_anew(body)

    def _come_back(self, body: SimBody) -> None:
        """A body that is on line again tells where it is and what it sees."""
        self._eyes.report(body)

    def _collect(self) -> WorldStep:
        stage = self._stage
        outbox, stage.outbox = stage.outbox, Outbox()
        bodies = stage.bodies.values()
        return WorldStep(
            now=stage.now,
            observations=tuple(outbox.observations),
            receipts=tuple(outbox.receipts),
            heard=tuple(body.id for body in bodies if not body.off),
            wishes=tuple(outbox.wishes),
            next_s=stage.agenda.next_s(),
            idle=all(body.task is None and body.voice is None for body in bodies),
        )
