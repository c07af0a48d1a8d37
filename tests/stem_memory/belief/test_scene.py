"""The scene: what holds what, how things lie, who sees and reaches them, then and now."""

from devices.site import Fixture
from stem_memory.belief.scene import relations, scene_tree, who_gets_at
from stem_memory.contracts import BodyEnrolled
from stem_memory.log.store import EventStore
from stem_memory.testing import (
    body,
    card,
    events_of,
    flat,
    memory_of,
    observed,
    plan_of,
    sighting,
    start_of,
)

THINGS = {"mug-1": "mug on table-1", "mug-2": "mug on table-1", "cup-1": "cup on shelf-1"}


def test_the_tree_goes_from_the_site_to_what_lies_on_a_table():
    memory = memory_of(things=THINGS, bodies=[body("waiter-1", 5, 1)])
    tree = scene_tree(memory)
    assert (tree.category, [room.thing for room in tree.inside]) == ("site", ["kitchen", "hall"])
    hall = next(room for room in tree.inside if room.thing == "hall")
    table = next(node for node in hall.inside if node.thing == "table-1")
    assert [(n.thing, n.relation) for n in table.inside] == [("mug-1", "on"), ("mug-2", "on")]


def test_relations_come_from_where_things_lie():
    memory = memory_of(
        things=THINGS,
        bodies=[body("waiter-1", 5, 1)],
        then=[
            observed(
                "waiter-1",
                1.0,
                sighting("mug-1", "mug on table-1", 6.0, 2.0),
                sighting("mug-2", "mug on table-1", 6.2, 2.0),
                sighting("cup-1", "cup on table-2", 6.9, 2.0),
            )
        ],
    )
    told = [(r.relation, r.other) for r in relations(memory, "mug-1")]
    assert told == [("on", "table-1"), ("beside", "mug-2"), ("near", "cup-1")]


def test_what_nobody_said_the_footprint_tells():
    seen = sighting("mug-1", "mug on table-1", 8.1, 2.1).model_copy(update={"location": None})
    memory = memory_of(
        things=THINGS, bodies=[body("waiter-1", 5, 1)], then=[observed("waiter-1", 1.0, seen)]
    )
    assert [(r.relation, r.other) for r in relations(memory, "mug-1")] == [("on", "table-2")]


def test_who_sees_and_reaches():
    memory = memory_of(
        things=THINGS,
        bodies=[body("near-1", 5.4, 2), body("far-1", 1, 3), body("small-1", 5.4, 2)],
        cards=[card("near"), card("far"), card("small", high_m=0.5)],
    )
    near, far, small = who_gets_at(memory, "mug-1")
    assert (near.sees, near.reaches, near.why) == (True, True, "")
    assert (far.sees, far.reaches, far.could_see, far.could_reach) == (False, False, True, True)
    assert far.why == "it is in kitchen"
    assert (small.reaches, small.could_reach) == (False, False)
    assert "0.75 m" in small.why


def test_a_closed_door_hides_what_is_behind_it():
    fridge = Fixture(
        id="fridge-1", cls="fridge", room="hall", x=6, y=2, capacity=4, inside=True, closable=True
    )
    plan = plan_of({"hall": (0, 0, 10, 4)}, {"fridge-1": fridge})

    def access(is_open):
        memory = memory_of(
            plan=plan,
            things={"milk-1": "milk in fridge-1"},
            bodies=[body("waiter-1", 5.4, 2)],
            states={"fridge-1": {"open": is_open}},
        )
        return who_gets_at(memory, "milk-1")[0]

    assert access(True).reaches
    assert (access(False).sees, access(False).why) == (False, "fridge-1 is closed")


def test_the_body_is_the_one_of_that_time(tmp_path):
    spec = body("waiter-1", 5.4, 2)
    start = start_of(plan=flat(), things=THINGS, bodies=[spec])
    shorter = BodyEnrolled(spec=spec, card=card("waiter", reach_m=0.1, radius_m=0.1, hands=0))
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events_of([*start, (10.0, shorter)]))
        assert who_gets_at(store.replay(as_of=5.0), "mug-1")[0].reaches
        assert not who_gets_at(store.state, "mug-1")[0].could_reach


def test_who_has_no_way_can_not_get_there():
    plan = plan_of(
        {"hall": (0, 0, 10, 4), "vault": (10, 0, 14, 4)},
        {"shelf-1": Fixture(id="shelf-1", cls="shelf", room="vault", x=12, y=2, capacity=4)},
    )
    memory = memory_of(
        plan=plan,
        things={"gold-1": "gold on shelf-1"},
        bodies=[body("waiter-1", 5, 2)],
    )
    (access,) = who_gets_at(memory, "gold-1")
    assert (access.could_see, access.could_reach) == (False, False)
    assert "no way" in access.why
    assert (access.kind, access.since_s) == ("waiter", 0.0)
