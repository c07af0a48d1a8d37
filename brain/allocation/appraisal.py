"""Puts numbers to the open steps and the living bodies: the workload that the schedulers solve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from brain.allocation.availability import Availability, StepKey, availabilities, leaves
from brain.allocation.config import AllocatorConfig
from brain.allocation.cost import estimate, worth
from brain.allocation.heed import Advice, heed
from brain.allocation.horizon import Horizon, OpenStep, look_ahead
from brain.allocation.travel import Ways
from brain.allocation.workload import ANYWHERE, Aim, Estimate, Hold, Job, Worker, Workload
from brain.feasible import able, mass_kg
from devices.roadmap import Roadmap
from stem_memory.tasks import Assignment, TaskStep
from stem_memory.view import BodyRecord, MemoryView

GroupKey = tuple[str, str]


@dataclass
class Appraisal:
    """The workload and what its numbers stand for: jobs are `horizon.steps`, workers `bodies`."""

    view: MemoryView
    now: float
    horizon: Horizon
    bodies: list[str]
    load: Workload
    why_not: dict[tuple[StepKey, str], str] = field(default_factory=dict)
    advice: dict[StepKey, Advice] = field(default_factory=dict)


def appraise(
    view: MemoryView,
    roadmap: Roadmap,
    now: float,
    fixed: Mapping[StepKey, Assignment],
    config: AllocatorConfig,
) -> Appraisal:
    """Choose the steps to plan now and say what each would cost each body."""
    return _Appraiser(view, roadmap, now, fixed, config).appraise()


class _Appraiser:
    def __init__(
        self,
        view: MemoryView,
        roadmap: Roadmap,
        now: float,
        fixed: Mapping[StepKey, Assignment],
        config: AllocatorConfig,
    ) -> None:
        self.view = view
        self.roadmap = roadmap
        self.now = now
        self.fixed = fixed
        self.config = config
        self.ways = Ways(view, roadmap)
        self.free = availabilities(view, now, fixed, config.reserve, self.ways)
        self.bodies = list(self.free)
        self.number = {name: index for index, name in enumerate(self.bodies)}
        self.why_not: dict[tuple[StepKey, str], str] = {}
        self.advice: dict[StepKey, Advice] = {}
        self.keepers = self._keepers()

    def appraise(self) -> Appraisal:
        horizon = look_ahead(
            self.view,
            frozenset(self.fixed),
            self.config.horizon_steps,
            self._nobody,
            self._least_s,
        )
        load = self._workload(horizon)
        return Appraisal(self.view, self.now, horizon, self.bodies, load, self.why_not, self.advice)

    # Who can do what

    def _keepers(self) -> dict[GroupKey, str]:
        """Bind groups that have begun, and the body that holds their thing."""
        keepers: dict[GroupKey, str] = {}
        for goal, record in self.view.goals().items():
            if record.status != "planned" or record.graph is None:
                continue
            for step in record.graph.steps:
                if step.bind is None:
                    continue
                item = self.fixed.get((goal, step.id))
                if item is not None:
                    keepers[goal, step.bind] = item.body
                elif record.steps.get(step.id) in ("running", "done"):
                    keepers[goal, step.bind] = record.bodies.get(step.id, "")
        return keepers

    def _why_not(self, one: OpenStep, name: str) -> str | None:
        """Why this body (lost ones included) does not come into question for the step."""
        body = self.view.bodies()[name]
        keeper = self.keepers.get(one.group) if one.group is not None else one.step.body
        if keeper is not None and keeper != name:
            things = held_things(one.step)
            if not things:
                return f"it is for {keeper} to do"
            return f"{things[0]} is in the hands of {keeper}"
        why = able(one.step, body, self.view, self.roadmap)
        if why is None and keeper is None and not one.record.allows(name):
            why = f"{name} may not work for {one.key[0]}"
        if why is None and keeper is None:
            # What it holds already it may still bring home on its reserve.
            out = f"{name} is stopped" if body.stopped else f"{name} is lost"
            why = self.free[name].flat if name in self.free else out
        return why

    def _nobody(self, members: tuple[OpenStep, ...]) -> str | None:
        """Why no living body (or too few for a team) can do all of these steps, or None."""
        fit, reasons = 0, []
        for name in self.view.bodies():
            why = None
            for one in members:
                reason = self._why_not(one, name)
                if reason is not None:
                    self.why_not[one.key, name] = reason
                    why = why or reason
            if why is not None:
                for one in members:
                    self.why_not.setdefault((one.key, name), why)
                reasons.append(why)
            else:
                fit += 1
        team = max(one.step.team for one in members)
        if fit >= team:
            return None
        if fit:
            return f"{one_step(members)} takes {team} bodies at once and only {fit} can"
        return f"nobody can {one_step(members)}: {'; '.join(dict.fromkeys(reasons))}"

    def _least_s(self, step: TaskStep) -> float:
        card = self.view.skills().get(step.skill)
        return card.base_s if card is not None else 0.0

    # Numbers

    def _workload(self, horizon: Horizon) -> Workload:
        steps = horizon.steps
        index = {one.key: at for at, one in enumerate(steps)}
        goals = list(dict.fromkeys(one.key[0] for one in steps))
        places = list(dict.fromkeys(place for one in steps for place in _places(one.step)))
        ends = [a.place for a in self.free.values() if a.place is not None]
        places.extend(place for place in dict.fromkeys(ends) if place not in places)
        holds, hold_of = self._holds(steps, index)
        jobs = tuple(
            self._job(one, index, goals, places, hold_of, horizon.tail_s[one.key]) for one in steps
        )
        bodies = [self.free[name].body for name in self.bodies]

        def metres(body: int, start: int, end: int) -> float | None:
            if start < len(places):
                return self.ways.between(bodies[body], places[start], places[end])
            return self.ways.from_here(bodies[body], places[end])

        return Workload(
            jobs=jobs,
            workers=tuple(self._worker(name, places, holds, steps) for name in self.bodies),
            aims=tuple(self._aim(goal) for goal in goals),
            metres=metres,
            holds=tuple(holds),
            weights=self.config.weights,
        )

    def _aim(self, goal_id: str) -> Aim:
        goal = self.view.goals()[goal_id].goal
        due = None if goal.deadline_s is None else goal.deadline_s - self.now
        return Aim(worth(goal, self.now), due)

    def _holds(
        self, steps: list[OpenStep], index: Mapping[StepKey, int]
    ) -> tuple[list[Hold], dict[StepKey, int]]:
        """What is taken in hand and put down within the horizon, or is in hand already."""
        members: dict[tuple[str, str], list[OpenStep]] = {}
        for one in steps:
            if one.group is not None:
                members.setdefault(one.group, []).append(one)
            elif one.step.body is not None and held_things(one.step):
                members[one.key[0], f"step {one.key[1]}"] = [one]
        holds: list[Hold] = []
        hold_of: dict[StepKey, int] = {}
        for group, ones in members.items():
            keeper = self.keepers.get(group) or ones[0].step.body or ""
            things = dict.fromkeys(thing for one in ones for thing in held_things(one.step))
            mass = sum(mass_kg(thing, self.view) for thing in things)
            jobs = tuple(index[one.key] for one in ones)
            hold_of.update((one.key, len(holds)) for one in ones)
            taken = keeper in self.number and not self._takes(ones[0].step)
            holds.append(Hold(jobs, round(mass, 3), self.number[keeper] if taken else -1))
        return holds, hold_of

    def _takes(self, step: TaskStep) -> bool:
        return any(atom.pred == "holding" and not atom.negated for atom in step.post)

    def _job(
        self,
        one: OpenStep,
        index: Mapping[StepKey, int],
        goals: list[str],
        places: list[str],
        hold_of: Mapping[StepKey, int],
        tail_s: float,
    ) -> Job:
        step, record = one.step, one.record
        goal = one.key[0]
        after = [(goal, before) for before in step.after]
        running = [self.fixed[key] for key in after if key in self.fixed]
        release = max((self._ends(item) for item in running), default=0.0)
        able = [name for name in self.bodies if (one.key, name) not in self.why_not]
        advice = heed(step, goal, able, self.view)
        if advice.heeded:
            self.advice[one.key] = advice
        work = {
            self.number[name]: self._estimate(step, self.free[name].body, name in advice.warned)
            for name in able
        }
        card = self.view.skills()[step.skill]
        handy = any(atom.pred == "hand_free" for atom in step.pre)
        incumbent = -1
        if record.steps.get(step.id) == "assigned":
            incumbent = self.number.get(record.bodies.get(step.id, ""), -1)
        end = leaves(step)
        weight = worth(record.goal, self.now)
        length = (
            sum(
                self._least_s(other) + self.config.typical_way_s
                for other in record.graph.steps
                if record.steps.get(other.id) != "done"
            )
            if record.graph is not None
            else 0.0
        )
        return Job(
            goal=goals.index(goal),
            spot=places.index(step.place) if step.place is not None else ANYWHERE,
            work=work,
            after=tuple(index[key] for key in after if key in index),
            leaves=places.index(end) if end is not None else ANYWHERE,
            release_s=release,
            tail_s=tail_s,
            demand=max(card.hands, int(handy)),
            hold=hold_of.get(one.key, -1),
            team=min(step.team, 2),
            incumbent=incumbent if incumbent in work else -1,
            switch_cost=round(self.config.hysteresis * weight * length, 3),
            label=f"{goal}/{step.id}",
        )

    def _ends(self, item: Assignment) -> float:
        free = self.free.get(item.body)
        return free.free_s if free is not None else max(0.0, item.end_s - self.now)

    def _estimate(self, step: TaskStep, body: BodyRecord, warned: bool) -> Estimate:
        end = leaves(step)
        carry: float | None = 0.0
        if end is not None and step.place is not None and end != step.place:
            carry = self.ways.between(body, step.place, end)
        card = self.view.skills()[step.skill]
        return estimate(card, body, self.view, carry or 0.0, step, warned)

    def _worker(
        self, name: str, places: list[str], holds: list[Hold], steps: list[OpenStep]
    ) -> Worker:
        free = self.free[name]
        body, number = free.body, self.number[name]
        mine = [hold for hold in holds if hold.body == number]
        counted = {
            thing for hold in mine for job in hold.jobs for thing in held_things(steps[job].step)
        }
        if free.works_on is not None:
            counted.update(self._things_of(free.works_on))
        loose = [thing for thing in body.state.holding if thing not in counted]
        level = body.state.battery - (0.0 if mine else self.config.reserve)
        spot = len(places) + number if free.place is None else places.index(free.place)
        return Worker(
            name=name,
            spot=spot,
            free_s=free.free_s,
            speed_m_s=body.card.speed_m_s,
            carry=max(0, body.card.carry - len(loose)),
            payload_kg=body.card.payload_kg - sum(mass_kg(one, self.view) for one in loose),
            energy_wh=round(self._energy(free, level), 3),
            move_w=body.card.move_w,
        )

    def _energy(self, free: Availability, level: float) -> float:
        if free.body.state.docked and free.free_s > 0:
            level = 1.0 - self.config.reserve
        return max(0.0, level) * free.body.card.battery_wh

    def _things_of(self, key: StepKey) -> tuple[str, ...]:
        record = self.view.goals().get(key[0])
        if record is None or record.graph is None:
            return ()
        return next((held_things(s) for s in record.graph.steps if s.id == key[1]), ())


def held_things(step: TaskStep) -> tuple[str, ...]:
    """The objects that the step takes in hand or needs in hand."""
    atoms = (*step.pre, *step.post)
    return tuple(dict.fromkeys(a.args[0] for a in atoms if a.pred == "holding" and not a.negated))


def one_step(members: tuple[OpenStep, ...]) -> str:
    """Steps in words: their titles, or skills where they have none."""
    words = dict.fromkeys(
        one.step.title or f"{one.step.skill.replace('_', ' ')} ({one.key[1]})" for one in members
    )
    return " and ".join(words)


def _places(step: TaskStep) -> tuple[str, ...]:
    return tuple(place for place in (step.place, leaves(step)) if place is not None)
