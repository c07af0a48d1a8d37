"""Who can do a step, and the sentence why the others can not."""

from __future__ import annotations

import pytest

from brain.feasible import able, nobody
from brain.planning.atoms import complete
from devices.facts import Value
from stem_memory.contracts import BodyEnrolled, BodyLost, Event, Instructed
from stem_memory.instructions import Drain, Retire
from stem_memory.tasks import TaskStep


def step(case, skill: str, **args: Value) -> TaskStep:
    return complete(TaskStep(id="s1", skill=skill, args=args), case.view)


def who(case, one: TaskStep) -> list[str]:
    bodies = case.view.bodies().items()
    return [name for name, body in bodies if able(one, body, case.view, case.roadmap) is None]


@pytest.mark.parametrize(
    ("skill", "args", "expected"),
    [
        ("pour", {"obj": "cup-1", "source": "machine", "value": "coffee"}, ["barista"]),
        (
            "pick",
            {"obj": "cup-1", "source": "pass"},
            ["waiter-1", "waiter-2", "barista", "chef", "host"],
        ),
        ("wash", {"obj": "cup-1", "source": "sink"}, ["chef", "host"]),
        ("wipe", {"target": "spill-1"}, ["chef", "host"]),
        ("say", {"to": "ann", "text": "hello"}, ["waiter-1", "waiter-2", "chef", "host"]),
        ("pick", {"obj": "cup-2", "source": "hall"}, ["chef", "host"]),
        ("hand_over", {"obj": "cup-1", "to": "ann"}, ["waiter-1", "waiter-2", "chef", "host"]),
        ("pick", {"obj": "cup-3", "source": "top-shelf"}, []),
    ],
)
def test_skill_reach_and_height_decide(case, skill, args, expected):
    things = {
        "cup-1": "cup on pass",
        "cup-2": "cup at hall",
        "cup-3": "cup on top-shelf",
        "spill-1": "spill at hall",
    }
    it = case(things)
    assert who(it, step(it, skill, **args)) == expected


def test_a_lost_body_can_nothing_and_says_why(case):
    it = case({"cup-1": "cup on pass"}, then=[(9.0, BodyLost(body="waiter-1", last_heard_s=4.0))])
    one = step(it, "pick", obj="cup-1", source="pass")
    why = able(one, it.view.bodies()["waiter-1"], it.view, it.roadmap)
    assert why is not None
    assert "no sign of life" in why


def test_a_drained_body_sees_what_it_holds_to_the_end_and_takes_nothing_new_on(case):
    drained = Instructed(instruction=Drain(bodies=("waiter-1",)), by="mia")
    things = {"cup-1": "cup on pass", "cup-2": "cup held by waiter-1"}
    it = case(things, then=[(9.0, drained)])
    assert "waiter-1" not in who(it, step(it, "pick", obj="cup-1", source="pass"))
    body = it.view.bodies()["waiter-1"]
    assert able(step(it, "place", obj="cup-2", to="pass"), body, it.view, it.roadmap) is None
    assert "drained" in str(
        able(step(it, "pick", obj="cup-1", source="pass"), body, it.view, it.roadmap)
    )


def test_who_has_left_the_fleet_can_nothing_until_it_is_enrolled_anew(case):
    left = Instructed(instruction=Retire(body="waiter-1"), by="mia")
    it = case({"cup-1": "cup on pass"}, then=[(9.0, left)])
    body = it.view.bodies()["waiter-1"]
    assert body.is_out
    why = able(step(it, "pick", obj="cup-1", source="pass"), body, it.view, it.roadmap)
    assert "left the fleet" in str(why)
    anew = BodyEnrolled(spec=body.spec, card=body.card)
    it.view.apply(Event(origin="site", seq=999, t=10.0, body=anew))
    assert not it.view.bodies()["waiter-1"].is_out


def test_a_step_for_one_body_suits_no_other(case):
    it = case({"cup-1": "cup on pass"})
    one = step(it, "pick", obj="cup-1", source="pass").model_copy(update={"body": "waiter-2"})
    assert who(it, one) == ["waiter-2"]


def test_nobody_says_it_for_the_whole_fleet(case):
    it = case({"cup-3": "cup on top-shelf", "crate-1": "crate on rack"})
    high = step(it, "pick", obj="cup-3", source="top-shelf")
    lack = nobody((high,), it.view, it.roadmap)
    assert lack is not None
    assert lack.sentence == "no body of this fleet can reach top-shelf (2.4 m high)"
    heavy = nobody((step(it, "pick", obj="crate-1", source="rack"),), it.view, it.roadmap)
    assert heavy is not None
    assert heavy.sentence == "no body of this fleet can carry crate-1 (7 kg)"


def test_a_team_step_needs_enough_bodies(case):
    together = {"obj": "crate-1", "source": "rack", "to": "table-1"}
    both = case({"crate-1": "crate on rack"})
    assert nobody((step(both, "carry_together", **together),), both.view, both.roadmap) is None
    one = case({"bread-1": "bread on rack"}, fleet=["chef", "waiter-1"])
    alone = step(one, "carry_together", **(together | {"obj": "bread-1"}))
    lack = nobody((alone,), one.view, one.roadmap)
    assert lack is not None
    assert "2 bodies" in lack.sentence


def test_a_team_lifts_what_its_bodies_lift_together(case):
    together = {"obj": "crate-1", "source": "rack", "to": "table-1"}
    it = case({"crate-1": "crate on rack"}, fleet=["chef", "host"])
    assert who(it, step(it, "carry_together", **together)) == ["chef", "host"]
    weak = case({"crate-1": "crate on rack"}, fleet=["chef", "waiter-1"])
    assert who(weak, step(weak, "carry_together", **together)) == []
