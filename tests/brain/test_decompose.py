"""What steps a wish becomes."""

from __future__ import annotations

from brain.contracts import Impossible, Planned
from brain.planning.decompose import decompose
from brain.planning.verify import verify
from devices.facts import At, Be, Clear, Known, Selector, Told
from devices.skill import Atom, Param, SkillCard
from stem_memory.contracts import BodyLost, GoalPosted, GoalUnderstood, GraphPlanned
from stem_memory.tasks import Goal, GoalRecord, TaskGraph, TaskStep
from stem_memory.testing import observed, sighting

COFFEE = At(
    what=Selector(cls="cup", having={"fill": "coffee"}), where="table-1", count=1, fresh=True
)


def steps_of(case, goal: GoalRecord, **more) -> tuple[TaskStep, ...]:
    """The plan's steps; what the planner says must convince the verifier, too."""
    made = decompose(goal, goal.conditions, case.view, case.roadmap, **more)
    assert isinstance(made, Planned), made
    keep = more.get("keep", ())
    assert verify(made.steps, case.view, case.roadmap, goal.conditions, keep=keep) == ()
    return made.steps


def why_not(case, *conditions) -> str:
    goal = case.goal(*conditions)
    made = decompose(goal, goal.conditions, case.view, case.roadmap)
    assert isinstance(made, Impossible), made
    return made.reason


def titles(steps) -> list[str]:
    return [step.title for step in steps]


def precedes(steps, first: str, second: str) -> bool:
    """Whether the step titled `first` must be done before that titled `second`."""
    by_id = {step.id: step for step in steps}
    ids = {step.title: step.id for step in steps}
    todo, seen = [ids[second]], set()
    while todo:
        for name in by_id[todo.pop()].after:
            if name in by_id and name not in seen:
                seen.add(name)
                todo.append(name)
    return ids[first] in seen


def test_a_cup_goes_over_the_pass_to_the_arm_and_back(case):
    it = case({"cup-1": "cup on shelf"})
    steps = steps_of(it, it.goal(COFFEE))
    assert titles(steps) == [
        "take cup-1 from shelf",
        "put cup-1 on pass",
        "take cup-1 from pass",
        "put cup-1 on machine",
        "fill cup-1 at machine with coffee",
        "take cup-1 from machine",
        "put cup-1 on pass",
        "take cup-1 from pass",
        "put cup-1 on table-1",
    ]
    assert [step.bind for step in steps] == ["b1", "b1", "b2", "b2", None, "b3", "b3", "b4", "b4"]


def test_one_machine_place_orders_two_coffees(case):
    it = case({"cup-1": "cup on shelf", "cup-2": "cup on shelf"})
    steps = steps_of(it, it.goal(COFFEE.model_copy(update={"count": 2})))
    first, second = "take cup-1 from machine", "put cup-2 on machine"
    assert precedes(steps, first, second)
    assert not precedes(steps, "put cup-1 on table-1", second)


def test_a_dirty_cup_is_washed_only_if_no_clean_one_is_left(case):
    water = At(what=Selector(cls="cup", having={"fill": "water"}), where="table-1", count=1)
    it = case({"cup-1": "cup on sink", "cup-2": "cup on shelf"}, states={"cup-1": {"clean": False}})
    assert not any(step.skill == "wash" for step in steps_of(it, it.goal(water)))
    it = case({"cup-1": "cup on sink"}, states={"cup-1": {"clean": False}})
    skills = [step.skill for step in steps_of(it, it.goal(water))]
    assert skills == ["wash", "pick", "place", "pour", "pick", "place"]


def test_what_was_shut_is_opened_once_and_shut_again(case):
    it = case({"soup-1": "soup in fridge", "soup-2": "soup in fridge"})
    goal = it.goal(At(what=Selector(ids=("soup-1", "soup-2")), where="table-1"))
    steps = steps_of(it, goal)
    assert titles(steps).count("open fridge") == titles(steps).count("close fridge") == 1
    for soup in ("soup-1", "soup-2"):
        assert precedes(steps, "open fridge", f"take {soup} from fridge")
        assert precedes(steps, f"take {soup} from fridge", "close fridge")
    assert not precedes(steps, "put soup-1 on table-1", "close fridge")


def test_what_stood_open_stays_open(case):
    it = case({"soup-1": "soup in fridge"}, states={"fridge": {"open": True}})
    steps = steps_of(it, it.goal(At(what=Selector(ids=("soup-1",)), where="table-1")))
    assert titles(steps) == ["take soup-1 from fridge", "put soup-1 on table-1"]


def test_a_table_is_cleared_before_it_is_wiped_and_each_thing_goes_home(case):
    it = case(
        {"cup-1": "cup on table-1", "plate-1": "plate on table-1"},
        states={"table-1": {"clean": False}, "cup-1": {"clean": False}},
    )
    wiped = Be(what=Selector(ids=("table-1",)), attr="clean", value=True)
    steps = steps_of(it, it.goal(wiped, Clear(where="table-1")))
    assert {"put cup-1 on sink", "put plate-1 on shelf"} <= set(titles(steps))
    assert precedes(steps, "take cup-1 from table-1", "wipe table-1")
    assert precedes(steps, "take plate-1 from table-1", "wipe table-1")
    assert not precedes(steps, "put cup-1 on sink", "wipe table-1")
    assert all(0 in s.serves for s in steps if s.skill in ("pick", "wipe"))


def test_full_tables_get_room_first(case):
    it = case(
        {"cup-1": "cup on table-2", "plate-1": "plate on table-2", "bread-1": "bread on shelf"},
        states={"plate-1": {"clean": False}},
    )
    steps = steps_of(it, it.goal(At(what=Selector(ids=("bread-1",)), where="table-2")))
    assert precedes(steps, "take plate-1 from table-2", "put bread-1 on table-2")


def test_food_is_prepared_where_the_appliance_is(case):
    it = case({"soup-1": "soup in fridge", "bread-1": "bread on shelf"})
    hot = At(what=Selector(ids=("soup-1",), having={"hot": True}), where="table-1")
    cut = At(what=Selector(ids=("bread-1",), having={"sliced": True}), where="table-1")
    steps = steps_of(it, it.goal(hot, cut))
    assert precedes(steps, "heat soup-1 at stove", "take soup-1 from stove")
    assert precedes(steps, "slice bread-1 at board", "take bread-1 from board")


def test_heavy_things_are_carried_together(case):
    it = case({"crate-1": "crate on rack"})
    steps = steps_of(it, it.goal(At(what=Selector(ids=("crate-1",)), where="table-1")))
    assert [(step.title, step.team) for step in steps] == [
        ("carry crate-1 from rack to table-1", 2)
    ]


def test_a_shut_door_is_opened_for_those_who_can_not(case):
    it = case({"bread-1": "bread on rack"}, states={"cellar-door": {"open": False}})
    steps = steps_of(it, it.goal(At(what=Selector(ids=("bread-1",)), where="table-1")))
    assert precedes(steps, "open cellar-door", "take bread-1 from rack")


def test_people_are_told_and_given_things_and_lamps_are_switched(case):
    it = case({"bread-1": "bread on shelf"})
    steps = steps_of(
        it,
        it.goal(
            Told(who="ann", message="dinner is ready"),
            At(what=Selector(ids=("bread-1",)), where="ann", relation="held"),
            Be(what=Selector(ids=("lamp",)), attr="power", value=True),
            At(what=Selector(ids=("waiter-2",)), where="kitchen", relation="at"),
        ),
    )
    assert 'tell ann "dinner is ready"' in titles(steps)
    assert "hand bread-1 to ann" in titles(steps)
    assert "switch lamp on" in titles(steps)
    assert next(s for s in steps if s.skill == "navigate").body == "waiter-2"


def test_the_nearest_thing_that_nobody_else_uses_is_taken(case):
    plate = At(what=Selector(cls="plate"), where="table-1", count=1)
    it = case({"plate-1": "plate on shelf", "plate-2": "plate on pass"})
    assert "take plate-2 from pass" in titles(steps_of(it, it.goal(plate)))
    other = TaskStep(id="s1", skill="pick", args={"obj": "plate-2", "source": "pass"})
    wish = Goal(id="g0", text="a plate", who="ann", t=0.0)
    it = case(
        {"plate-1": "plate on shelf", "plate-2": "plate on pass"},
        then=[
            GoalPosted(goal=wish),
            GoalUnderstood(goal="g0", conditions=(plate,), summary=""),
            GraphPlanned(goal="g0", revision=1, steps=(other,)),
        ],
    )
    assert "take plate-1 from shelf" in titles(steps_of(it, it.goal(plate)))


def test_what_a_body_holds_is_planned_from_there(case):
    it = case(
        {"cup-1": "cup on shelf"},
        then=[observed("waiter-1", 5.0, holding=["cup-1"], room="kitchen", at=(3.0, 6.0))],
    )
    steps = steps_of(it, it.goal(At(what=Selector(ids=("cup-1",)), where="table-1")))
    assert [(s.title, s.body) for s in steps] == [("put cup-1 on table-1", "waiter-1")]


def test_what_a_dead_body_holds_is_taken_from_it(case):
    it = case(
        {"cup-1": "cup on shelf"},
        then=[
            observed("waiter-1", 5.0, holding=["cup-1"], at=(7.0, 2.0)),
            (9.0, BodyLost(body="waiter-1", last_heard_s=5.0)),
        ],
    )
    steps = steps_of(it, it.goal(At(what=Selector(ids=("cup-1",)), where="table-1")))
    assert titles(steps) == ["take cup-1 from waiter-1", "put cup-1 on table-1"]


def test_steps_under_way_are_counted_on_and_not_repeated(case):
    it = case({"cup-1": "cup on shelf", "cup-2": "cup on shelf"})
    both = At(what=Selector(ids=("cup-1", "cup-2")), where="table-1")
    old = steps_of(it, it.goal(both))
    running = tuple(step for step in old if step.bind == "b1")
    goal = it.goal(both, **{running[0].id: "running"})
    graph = TaskGraph(goal="g1", revision=1, steps=old)
    goal = goal.model_copy(update={"graph": graph, "bodies": {running[0].id: "waiter-1"}})
    new = steps_of(it, goal, keep=running, revision=2)
    assert titles(new) == ["take cup-2 from shelf", "put cup-2 on table-1"]
    assert not {step.id for step in new} & {step.id for step in old}


def test_what_nobody_can_place_is_looked_for_where_it_belongs(case):
    it = case(
        {"soup-1": "soup on table-1"},
        then=[observed("waiter-1", 3.0, viewed=["table-1"])],
    )
    steps = steps_of(it, it.goal(At(what=Selector(ids=("soup-1",)), where="table-2")))
    assert titles(steps)[:2] == ["open fridge", "look closely at fridge"]
    assert all(step.skill in ("open", "look", "close", "scan") for step in steps)


def test_a_search_ends_when_everything_was_looked_at(case):
    places = [*(f.id for f in case({}).view.plan().fixtures), "bar", "kitchen", "hall", "cellar"]
    it = case(
        {"soup-1": "soup on table-1"},
        then=[observed("waiter-1", 3.0, viewed=places)],
    )
    assert "looked for" in why_not(it, At(what=Selector(ids=("soup-1",)), where="table-2"))


def test_a_wish_to_know_looks_inside(case):
    it = case({})
    steps = steps_of(it, it.goal(Known(what=Selector(ids=("fridge",)))))
    assert titles(steps) == ["open fridge", "look closely at fridge", "close fridge"]


def test_the_impossible_is_refused_with_its_reason(case):
    it = case({"cup-1": "cup on shelf", "cup-2": "cup on top-shelf", "spill-1": "spill at hall"})
    wine = At(what=Selector(cls="cup", having={"fill": "wine"}), where="table-1", count=1)
    assert why_not(it, wine) == "Nothing here offers wine"
    up = At(what=Selector(ids=("cup-1",)), where="top-shelf")
    assert "top-shelf (2.4 m high)" in why_not(it, up)
    assert "cannot" not in why_not(it, up)
    blue = Be(what=Selector(ids=("table-1",)), attr="colour", value="blue")
    assert why_not(it, blue) == "No skill of this fleet changes 'colour' of table-1 to blue"
    assert "can not be moved" in why_not(it, At(what=Selector(ids=("spill-1",)), where="table-1"))
    assert "two places" in why_not(
        it,
        At(what=Selector(ids=("cup-1",)), where="table-1"),
        At(what=Selector(ids=("cup-1",)), where="table-2"),
    )
    lonely = case({"cup-1": "cup on shelf"}, fleet=["waiter-1"])
    assert "can not pour" in why_not(lonely, COFFEE)


def test_skills_of_third_parties_are_planned_with_like_our_own(case):
    water_plants = SkillCard(
        name="water_plants",
        title="water a plant",
        params=(
            Param(name="plant", kind="fixture", cls=("plant",)),
            Param(name="can", kind="object", cls=("can",)),
        ),
        at="plant",
        pre=(
            Atom(pred="holding", args=("$can",)),
            Atom(pred="be", args=("$can", "fill"), value="water"),
        ),
        post=(
            Atom(pred="be", args=("$plant", "watered"), value=True),
            Atom(pred="be", args=("$can", "fill"), value="none"),
        ),
    )
    from cerebellum.catalogue import skill_kinds
    from devices.robots import DUAL_ARM

    gardener = DUAL_ARM.model_copy(update={"skills": DUAL_ARM.skills | {"water_plants": 1.0}})
    it = case(
        {"can-1": "can on shelf"},
        fleet=["chef"],
        cards=[gardener],
        skills=[*(kind.card for kind in skill_kinds().values()), water_plants],
    )
    steps = steps_of(it, it.goal(Be(what=Selector(ids=("plant",)), attr="watered", value=True)))
    assert titles(steps)[:2] == ["take can-1 from shelf", "water plant at can-1"] or [
        s.skill for s in steps
    ] == ["pick", "water_plants", "place"]
    assert len({step.bind for step in steps}) == 1


def test_equal_questions_have_equal_answers(case):
    things = {f"cup-{k}": "cup on table-1" for k in range(1, 6)}
    first, second = case(things), case(dict(reversed(things.items())))
    goals = [it.goal(Clear(where="table-1"), COFFEE) for it in (first, second)]
    assert decompose(goals[0], goals[0].conditions, first.view, first.roadmap) == decompose(
        goals[1], goals[1].conditions, second.view, second.roadmap
    )


def test_what_is_known_from_hearsay_only_is_looked_at_first(case):
    wanted = At(what=Selector(ids=("cup-1",)), where="table-1")
    it = case({"cup-1": "cup on table-1"})
    assert titles(steps_of(it, it.goal(wanted))) == ["look closely at table-1"]
    assert titles(steps_of(it, it.goal(Clear(where="table-2")))) == ["look closely at table-2"]
    seen = observed(
        "waiter-1", 3.0, sighting("cup-1", "cup on table-1"), viewed=["table-1", "table-2"]
    )
    it = case({"cup-1": "cup on table-1"}, then=[seen])
    assert steps_of(it, it.goal(wanted)) == ()


def test_what_is_as_wanted_already_counts_once(case):
    it = case(
        {"plate-1": "plate on sink", "plate-2": "plate on sink", "plate-3": "plate on shelf"},
        states={"plate-2": {"clean": False}, "plate-3": {"clean": False}},
    )
    plates = Selector(ids=("plate-1", "plate-2", "plate-3"))
    steps = steps_of(it, it.goal(Be(what=plates, attr="clean", value=True)))
    assert [s.args["obj"] for s in steps if s.skill == "wash"] == ["plate-2", "plate-3"]
