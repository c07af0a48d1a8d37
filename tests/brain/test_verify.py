"""Counter-examples: what a graph gets wrong is found and said."""

from __future__ import annotations

import pytest

from brain.contracts import Impossible, Planned
from brain.planning.plan import plan
from brain.planning.verify import verify
from devices.facts import At, Be, Clear, Selector, Value
from stem_memory.tasks import TaskStep

THINGS = {
    "cup-1": "cup on shelf",
    "cup-2": "cup on shelf",
    "cup-3": "cup on top-shelf",
    "plate-1": "plate on table-2",
    "plate-2": "plate on table-2",
    "soup-1": "soup in fridge",
    "crate-1": "crate on rack",
}


def do(id_: str, skill: str, after: str = "", bind: str | None = None, **args: Value) -> TaskStep:
    return TaskStep(id=id_, skill=skill, args=args, after=tuple(after.split()), bind=bind)


def carry(n: int, thing: str, source: str, to: str, after: str = "") -> list[TaskStep]:
    return [
        do(f"t{n}", "pick", after, f"b{n}", obj=thing, source=source),
        do(f"p{n}", "place", f"t{n}", f"b{n}", obj=thing, to=to),
    ]


@pytest.mark.parametrize(
    ("steps", "rule", "words"),
    [
        ([do("a", "teleport", obj="cup-1")], "unknown_skill", "no skill teleport"),
        ([do("a", "pick", obj="cup-9", source="shelf")], "unknown_thing", "nothing here is called cup-9"),
        ([do("a", "pick", obj="cup-1")], "argument", "pick needs source"),
        ([do("a", "pick", obj="cup-1", source="shelf", speed=3)], "argument", "no argument speed"),
        ([do("a", "place", obj="cup-1", to="ann")], "argument", "must be a fixture"),
        ([do("a", "heat", obj="cup-1", source="stove")], "argument", "is not heatable"),
        ([do("a", "wash", obj="cup-1", source="stove")], "argument", "does not offer wash"),
        (
            [do("a", "pour", obj="cup-1", source="machine", value="tea")],
            "argument",
            "machine does not offer tea; it offers coffee",
        ),
        (
            [do("a", "pick", obj="cup-1", source="table-1")],
            "precondition",
            "step a: cup-1 is not on table-1; it is believed on shelf",
        ),
        ([do("a", "pick", obj="soup-1", source="fridge")], "precondition", "fridge is shut"),
        ([do("a", "place", obj="cup-1", to="table-1")], "precondition", "nobody holds cup-1"),
        (
            [do("a", "pick", obj="cup-1", source="shelf"), do("b", "place", "a", obj="cup-1", to="pass")],
            "precondition",
            "bind it with a",
        ),
        (carry(1, "cup-1", "shelf", "table-2"), "precondition", "table-2 is full"),
        ([do("a", "pick", obj="cup-3", source="top-shelf")], "reach", "top-shelf (2.4 m high)"),
        ([do("a", "pick", obj="crate-1", source="rack")], "payload", "crate-1 (7 kg)"),
        (carry(1, "cup-1", "shelf", "machine"), "reach", "no one body can do t1 and p1"),
        ([do("a", "open", "b", target="fridge"), do("b", "close", "a", target="fridge")], "order", "circle"),
        ([do("a", "open", "z", target="fridge")], "order", "comes after z"),
        (
            [do("a", "open", target="fridge"), do("b", "close", target="fridge")],
            "order",
            "it and a both depend on the open of fridge, and neither comes first",
        ),
        (
            [*carry(1, "plate-1", "table-2", "pass"), *carry(2, "cup-1", "shelf", "table-2")],
            "capacity",
            "table-2 holds 2 and could have 3",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(case, steps, rule, words):
    it = case(THINGS)
    found = verify(steps, it.view, it.roadmap)
    assert found, "the graph was accepted"
    assert found[0].rule == rule
    assert words in found[0].message


def test_conditions_that_do_not_hold_at_the_end_are_named(case):
    it = case(THINGS)
    wanted = At(what=Selector(ids=("cup-1",)), where="table-1", count=1)
    steps = carry(1, "cup-1", "shelf", "pass")
    (found,) = verify(steps, it.view, it.roadmap, (wanted,))
    assert (found.rule, found.step) == ("goal", "p1")
    assert "cup-1 on table-1" in found.message
    assert verify(carry(1, "cup-1", "shelf", "table-1"), it.view, it.roadmap, (wanted,)) == ()


def test_steps_may_come_in_any_order_as_long_as_after_says_so(case):
    it = case(THINGS)
    steps = [
        *carry(2, "cup-1", "shelf", "table-2", after="t1"),
        *carry(1, "plate-1", "table-2", "pass"),
    ]
    assert verify(steps, it.view, it.roadmap) == ()


def test_a_look_is_no_excuse_where_nothing_is_lost(case):
    it = case(THINGS)
    wanted = At(what=Selector(ids=("cup-1",)), where="table-1", count=1)
    look = do("a", "look", target="shelf").model_copy(update={"serves": (0,)})
    assert [v.rule for v in verify([look], it.view, it.roadmap, (wanted,))] == ["goal"]


def test_a_proposal_is_mended_by_its_counter_examples(case):
    it = case(THINGS)
    goal = it.goal(At(what=Selector(ids=("cup-1",)), where="table-1"))
    heard: list[str] = []

    def propose(wrong):
        heard.extend(v.message for v in wrong)
        return tuple(carry(1, "cup-1", "shelf" if wrong else "table-2", "table-1"))

    made = plan(goal, goal.conditions, it.view, it.roadmap, propose=propose)
    assert isinstance(made, Planned)
    assert [s.title for s in made.steps] == ["take cup-1 from shelf", "put cup-1 on table-1"]
    assert made.steps[0].pre
    assert made.steps[1].place == "table-1"
    assert any("believed on shelf" in text for text in heard)


def test_a_stubborn_proposer_is_overruled_by_the_planner(case):
    it = case(THINGS)
    goal = it.goal(Clear(where="table-2"))
    asked = []

    def propose(wrong):
        asked.append(wrong)
        return (do("a", "teleport", obj="plate-1"),)

    made = plan(goal, goal.conditions, it.view, it.roadmap, propose=propose, k=2)
    assert isinstance(made, Planned)
    assert len(asked) == 3
    assert {s.skill for s in made.steps} == {"pick", "place"}


def test_impossible_wishes_stay_impossible(case):
    it = case(THINGS)
    goal = it.goal(Be(what=Selector(ids=("table-1",)), attr="colour", value="blue"))
    assert isinstance(plan(goal, goal.conditions, it.view, it.roadmap), Impossible)
