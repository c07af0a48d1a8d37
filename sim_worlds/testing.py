"""The contracts that worlds and kinds of faults must keep, and a wanderer that plays in any world at random.

A stranger proves a world by subclassing the contract in a test file:

    class TestMyWorld(WorldContract):
        def open(self) -> World:
            return SimWorld(load("my_world.yaml"), seed=1)
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import ClassVar

from devices.contracts import (
    BodyCard,
    BodySpec,
    Command,
    Drive,
    Grasp,
    Halt,
    Observation,
    Operate,
    Release,
    Sense,
    Speak,
)
from devices.facts import At, Selector
from devices.roadmap import Roadmap
from sim_worlds.contracts import Commands, Scenario, Survey, WorldStep
from sim_worlds.engine import SimWorld
from sim_worlds.faults.kind import Fault, FaultKind
from sim_worlds.faults.words import load_faults
from sim_worlds.loader import builtin
from sim_worlds.world import World

PROCESSES = ("open", "close", "switch", "pour", "wash", "wipe", "heat", "slice", "charge")


class Wanderer:
    """Commands bodies at random, sensible and senseless ones, from a survey and their reports.

    Args:
        survey: What the world tells before the run.
        seed: Two wanderers with one seed give the same commands to the same reports.
    """

    def __init__(self, survey: Survey, seed: int = 0) -> None:
        self.survey = survey
        self._random = Random(seed)
        self._roadmap = Roadmap(survey.plan)
        self._cards = {card.kind: card for card in survey.cards}
        self._given = 0
        self._last: dict[str, Observation] = {}
        self._runs: dict[str, str] = {}
        plan = survey.plan
        self._places = [fixture.id for fixture in plan.fixtures]
        self._places += [room.id for room in plan.rooms] + [door.id for door in plan.doors]
        self._things = [thing.id for thing in survey.things if thing.category == "object"]
        self._people = [thing.id for thing in survey.things if thing.category == "person"]
        self._values = [True, False, "coffee", "none", 3]

    def commands(self, news: WorldStep) -> tuple[Commands, ...]:
        """What to do after these news: mostly something for the free bodies."""
        self._last |= {observation.body: observation for observation in news.observations}
        ended = {receipt.command for receipt in news.receipts}
        self._runs = {
            body: command
            for body, command in self._runs.items()
            if command not in ended and body in news.heard
        }
        chosen = []
        for spec in self.survey.bodies:
            eager = 0.03 if spec.id in self._runs else 0.8
            if spec.id in self._last and self._random.random() < eager:
                command = self._command(spec, self._cards[spec.kind], self._last[spec.id])
                if spec.id not in self._runs:
                    self._runs[spec.id] = command.id
                chosen.append(Commands(body=spec.id, commands=(command,)))
        return tuple(chosen)

    def _command(self, spec: BodySpec, card: BodyCard, last: Observation) -> Command:
        self._given += 1
        draw, key = self._random, f"w{self._given}"
        near = last.state.near or last.state.room
        seen = [sighting.id for sighting in last.sightings if sighting.category == "object"]
        thing = draw.choice([*seen, *self._things] or ["nothing"])
        roll = draw.random()
        if roll < 0.35:
            return self._drive(key, card, last)
        if roll < 0.55:
            here = [s for s in last.sightings if s.id == thing and s.location is not None]
            source = here[0].location.holder if here and here[0].location else near
            return Grasp(id=key, skill="pick", object=thing, source=source)
        if roll < 0.72:
            held = draw.choice(last.state.holding or (thing,))
            to = draw.choice([near, *self._people, *self._places])
            return Release(id=key, skill="place", object=held, to=to)
        if roll < 0.88:
            process = draw.choice(PROCESSES)
            target = draw.choice([near, thing, *self._places])
            value = draw.choice(self._values)
            return Operate(id=key, skill=process, process=process, target=target, value=value)
        if roll < 0.93:
            look = draw.random() < 0.5
            target = draw.choice(self._places) if look else last.state.room
            mode = "look" if look else "scan"
            return Sense.model_validate({"id": key, "skill": mode, "mode": mode, "target": target})
        if roll < 0.96 and self._people:
            return Speak(id=key, skill="say", to=draw.choice(self._people), text=f"hello {key}")
        return Halt(id=key)

    def _drive(self, key: str, card: BodyCard, last: Observation) -> Command:
        draw, pose = self._random, last.state.pose
        to = draw.choice(self._places)
        stands = self._roadmap.stand(
            to, radius_m=card.radius_m, mobility=card.mobility, reach_m=card.reach_m
        )
        path: tuple[tuple[float, float], ...] = ((draw.uniform(-5, 20), draw.uniform(-5, 20)),)
        if stands and draw.random() < 0.9:
            goal = (stands[0].x, stands[0].y)
            route = self._roadmap.route(
                (pose.x, pose.y), goal, radius_m=card.radius_m, mobility=card.mobility
            )
            path = route.points if route is not None else (goal,)
        speed = draw.uniform(0.2, 2.0)
        return Drive(id=key, skill="navigate", to=to, path=path, speed_m_s=speed)


def wander(world: World, seed: int, steps: int, until: float = 1800.0) -> list[WorldStep]:
    """Reset a world and let a wanderer play in it; return everything that came out."""
    log = [world.reset()]
    wanderer = Wanderer(world.survey(), seed)
    pace = Random(seed)
    while len(log) < steps and log[-1].now < until:
        limit = min(until, log[-1].now + pace.choice((0.0, 0.5, 4.0, 30.0)))
        log.append(world.step(wanderer.commands(log[-1]), limit))
    return log


class WorldContract:
    """What `sim_worlds.world.World` promises. Subclass it and say how to open a world."""

    steps = 150

    def open(self) -> World:
        """A world that was not used yet; two calls give equal ones."""
        raise NotImplementedError

    def test_equal_inputs_give_equal_outputs(self) -> None:
        """A run is a pure function of scenario, seed and commands."""
        assert wander(self.open(), 1, self.steps) == wander(self.open(), 1, self.steps)

    def test_a_world_can_be_reset(self) -> None:
        """After a reset everything is as it was at first, closed in between or not."""
        world = self.open()
        first = wander(world, 2, 40)
        world.close()
        assert wander(world, 2, 40) == first

    def test_the_first_reports_come_from_every_body_on_line(self) -> None:
        """A fleet learns at time 0 where its bodies are."""
        start = self.open().reset()
        assert start.now == 0.0
        assert {o.body for o in start.observations} == set(start.heard)

    def test_time_never_goes_back_and_stamps_are_of_their_step(self) -> None:
        """What a step tells happened during that step."""
        before = 0.0
        for step in wander(self.open(), 3, self.steps):
            assert step.now >= before
            stamps = [observation.t for observation in step.observations]
            stamps += [receipt.t for receipt in step.receipts]
            stamps += [wish.t for wish in step.wishes]
            assert all(before <= t <= step.now for t in stamps)
            before = step.now

    def test_waiting_ends_at_until(self) -> None:
        """Without news a step runs exactly to `until`."""
        world = self.open()
        now = world.reset().now
        for _ in range(20):
            step = world.step((), now + 2.5)
            assert step.now <= now + 2.5
            assert step.now == now + 2.5 or step.observations or step.receipts or step.wishes
            now = step.now

    def test_no_report_comes_from_a_body_that_is_not_heard(self) -> None:
        """Who is off line is silent."""
        silent: set[str] = set()
        bodies = {body.id for body in self.open().survey().bodies}
        for step in wander(self.open(), 4, self.steps):
            # Who falls silent in this very step may have reported before that.
            assert not {o.body for o in step.observations} & (silent - set(step.heard))
            silent = bodies - set(step.heard)

    def test_every_command_ends_once_at_most(self) -> None:
        """No command has two receipts."""
        ended = [r.command for step in wander(self.open(), 5, self.steps) for r in step.receipts]
        assert len(ended) == len(set(ended))

    def test_what_a_closed_container_holds_is_not_reported(self) -> None:
        """Contents show only after the lid was seen open."""
        world = self.open()
        closable = {f.id for f in world.survey().plan.fixtures if f.closable}
        open_now = {
            name for name in closable if world.survey().states.get(name, {}).get("open") is True
        }
        for step in wander(world, 6, self.steps):
            for seen in (s for o in step.observations for s in o.sightings):
                if seen.id in closable and seen.states.get("open") is True:
                    open_now.add(seen.id)
            for seen in (s for o in step.observations for s in o.sightings):
                if seen.location is not None and seen.location.holder in closable:
                    assert seen.location.holder in open_now

    def test_what_is_viewed_hides_nothing(self) -> None:
        """Who claims to have viewed a place has seen what others see there."""
        for step in wander(self.open(), 7, self.steps):
            for one in step.observations:
                for other in step.observations:
                    if other.t != one.t:
                        continue
                    seen = {sighting.id for sighting in one.sightings}
                    missed = {
                        s.id
                        for s in other.sightings
                        if s.location is not None
                        and s.location.holder in one.viewed
                        and s.category == "object"
                        and s.id not in seen
                    }
                    assert not missed, f"{one.body} viewed the place of {missed} and missed them"

    def test_a_goal_is_judged_by_truth(self) -> None:
        """A goal without conditions is met, an impossible one is not."""
        world = self.open()
        world.reset()
        body = world.survey().bodies[0].id
        world.watch("nothing", ())
        nowhere = At(what=Selector(ids=("no-such-thing",)), where=body)
        world.watch("impossible", (nowhere,))
        assert world.judge("nothing").satisfied
        verdict = world.judge("impossible")
        assert not verdict.satisfied
        assert len(verdict.unmet) == 1

    def test_the_film_shows_every_body_from_start_to_end(self) -> None:
        """Tracks and cuts are in time order and reach the end."""
        world = self.open()
        end = wander(world, 8, 60)[-1].now
        film = world.film()
        assert film.duration_s == end
        for body in film.bodies:
            track = film.tracks[body.id]
            assert track[0].t == 0.0
            assert all(a.t <= b.t for a, b in pairwise(track))
        assert all(a.t <= b.t for a, b in pairwise(film.cuts))


class FaultContract:
    """What every installed kind of fault keeps. A subclass names the kind."""

    kind: ClassVar[FaultKind]

    def fault(self) -> Fault:
        """One of its kind, for the restaurant: what its example says."""
        given = self.kind.pattern.fullmatch(self.kind.example)
        assert given is not None, "the example does not match the pattern"
        named = given.groupdict()
        bodies = [b for b in (named.get("body"),) if b is not None]
        skills = [s for s in (named.get("skill"),) if s is not None]
        (fault,) = load_faults([self.kind.example], bodies, skills)
        return fault

    def test_its_example_is_one_of_its_kind(self) -> None:
        """Its example is one of its kind."""
        assert isinstance(self.fault(), self.kind.model)
        assert self.kind.example.split(" ")[0] == self.kind.word

    def test_it_is_written_and_read_in_a_scenario(self) -> None:
        """It is written and read in a scenario."""
        scenario = builtin("restaurant").model_copy(update={"faults": (self.fault(),)})
        again = Scenario.model_validate_json(scenario.model_dump_json())
        assert again.faults == scenario.faults

    def test_it_strikes_alike_every_time(self) -> None:
        """It strikes alike every time."""
        scenario = builtin("restaurant")
        plays = [
            wander(SimWorld(scenario, seed=1, bodies=4, faults=(self.fault(),)), 1, 60)
            for _ in range(2)
        ]
        assert plays[0] == plays[1]
