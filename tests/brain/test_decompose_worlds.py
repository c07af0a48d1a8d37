"""Random wishes in disarranged copies of the shipped worlds: every plan must hold in every order."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import pytest

from brain.contracts import Planned
from brain.planning.decompose import decompose
from brain.planning.verify import verify
from brain.planning.whatif import HANDS, WhatIf
from cerebellum.catalogue import skill_kinds
from devices.facts import At, Be, Clear, Condition, Known, Selector, Thing, Told, Value, bind, holds
from devices.roadmap import Roadmap
from sim_worlds.contracts import Scenario
from sim_worlds.loader import builtin
from stem_memory.belief.state import MemoryState
from stem_memory.tasks import Goal, GoalRecord, TaskStep
from stem_memory.testing import memory_of, thing

WORLDS = ("restaurant", "household", "supermarket")


@cache
def world(name: str) -> tuple[Scenario, Roadmap]:
    scenario = builtin(name)
    return scenario, Roadmap(scenario.plan)


def disarranged(scenario: Scenario, rng: random.Random) -> MemoryState:
    """Things moved about and used, doors and cupboards open or shut, some bodies at home."""
    plan = scenario.plan
    fixtures = {f.id: f for f in plan.fixtures if f.capacity > 0}
    washable = {c.cls for c in scenario.classes if "clean" in c.states}
    load = Counter(t.at for t in scenario.things)
    things: list[Thing] = []
    for one in scenario.things:
        at, states = one.at, dict(one.states)
        other = rng.choice(list(fixtures))
        if rng.random() < 0.35 and load[other] < fixtures[other].capacity:
            load[at] -= 1
            load[other] += 1
            at = other
        if one.cls in washable and rng.random() < 0.3:
            states["clean"] = rng.random() < 0.5
        word = "at" if at not in fixtures else "in" if fixtures[at].inside else "on"
        there = thing(one.id, f"{one.cls} {word} {at}", **states)
        things.append(there.model_copy(update={"attrs": one.attrs}))
    things += [
        thing(p.id, f"person at {p.at}").model_copy(update={"cls": p.cls}) for p in scenario.people
    ]
    states: dict[str, dict[str, Value]] = {k: dict(v) for k, v in scenario.states.items()}
    for fixture in plan.fixtures:
        if rng.random() < 0.3:
            states.setdefault(fixture.id, {})["open" if fixture.closable else "clean"] = (
                fixture.closable
            )
    for door in plan.doors:
        if door.leaf:
            states.setdefault(door.id, {})["open"] = rng.random() < 0.6
    bodies = [b for b in scenario.bodies if rng.random() < 0.8] or list(scenario.bodies)
    skills = [kind.card for kind in skill_kinds().values()]
    return memory_of(plan, scenario.classes, things, bodies, scenario.cards, skills, states=states)


def wish(view: MemoryState, rng: random.Random) -> Condition:
    surfaces = [f.id for f in view.plan().fixtures if f.capacity > 0]
    people = view.ids("person")
    anything, where = rng.choice(view.ids("object")), rng.choice(surfaces)

    def those(cls: str) -> list[str]:
        return [f.id for f in view.plan().fixtures if view.is_a(f.id, cls)]

    def having(attr: str) -> list[str]:
        return [t for t in view.ids("object") if view.attr(t, attr) is not None]

    named, kind = Selector(ids=(anything,)), Selector(cls=view.cls(anything))
    vessel = rng.choice(["cup", "glass", "mug"])
    drink = Selector(cls=vessel, having={"fill": rng.choice(["coffee", "water", "tea"])})
    attr = rng.choice(["clean", "hot", "sliced"])
    lamp, table = rng.choice(those("switchable")), rng.choice(those("wipeable"))
    return rng.choice(
        [
            At(what=named, where=where),
            At(what=named, where=rng.choice(people), relation="held"),
            At(what=named, where=rng.choice(view.ids("room")), relation="at"),
            At(what=kind, where=where, count=rng.randint(1, 3), fresh=rng.random() < 0.5),
            At(what=drink, where=where, count=rng.randint(1, 2), fresh=True),
            Be(what=Selector(ids=(rng.choice(having(attr)),)), attr=attr, value=True),
            Be(what=Selector(ids=(lamp,)), attr="power", value=rng.random() < 0.5),
            Be(what=Selector(ids=(table,)), attr="clean", value=True),
            Clear(where=where),
            Known(what=Selector(ids=(where,))),
            Told(who=rng.choice(people), message="hello"),
        ]
    )


def goes_wrong(
    steps: tuple[TaskStep, ...],
    conditions: tuple[Condition, ...],
    view: MemoryState,
    rng: random.Random,
) -> str:
    """What fails when the steps are done in a random order that `after` allows."""
    facts, left, done = WhatIf(view), list(steps), list[str]()
    while left:
        step = rng.choice([s for s in left if set(s.after) <= set(done)])
        left.remove(step)
        hands = step.body or HANDS + (step.bind or step.id)
        for atom in step.pre:
            if not facts.true(atom, hands):
                return f"{step.title} lacks {atom} after {done}"
        facts.apply(step, hands)
        done.append(step.id)
    searching = any(atom.pred == "known" for step in steps for atom in step.post)
    return "" if searching else "; ".join(str(c) for c in conditions if not holds(c, facts))


@pytest.mark.parametrize("name", WORLDS)
def test_every_plan_holds_in_every_order(name: str) -> None:
    scenario, roadmap = world(name)
    planned = 0
    for seed in range(90):
        rng = random.Random(seed)
        if seed % 15 == 0:
            view = disarranged(scenario, rng)
        many = rng.choice([1, 1, 2, 3])
        conditions = tuple(bind(wish(view, rng), view, 0.0) for _ in range(many))
        goal = GoalRecord(goal=Goal(id="g", text="", who="", t=0.0), conditions=conditions)
        made = decompose(goal, conditions, view, roadmap)
        if not isinstance(made, Planned):
            assert made.reason
            continue
        planned += 1
        assert verify(made.steps, view, roadmap, conditions) == (), (seed, conditions)
        for _ in range(3):
            assert not goes_wrong(made.steps, conditions, view, rng), (seed, conditions)
    assert planned >= 80
