"""What memory believes after what happened."""

import pytest

from devices.facts import At, Be, ClassCard, Known, Location, Selector, StateSpec, Thing, holds
from devices.site import Door
from devices.skill import SkillCard
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import (
    BodyBack,
    BodyEnrolled,
    BodyLost,
    Event,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    GraphPlanned,
    IdentitiesMerged,
    SiteSurveyed,
    Spoken,
    StepAssigned,
    StepEnded,
    StepStarted,
)
from stem_memory.tasks import Assignment, Explain, Goal, TaskStep
from stem_memory.testing import (
    MemoryContract,
    body,
    card,
    events_of,
    flat,
    memory_of,
    observed,
    sighting,
    start_of,
    thing,
)

MUG = ClassCard(
    cls="mug",
    parents=("tableware",),
    names=("mug", "cup"),
    states={"clean": StateSpec(values=(True, False), default=True)},
    attrs={"material": "clay"},
)
TABLEWARE = ClassCard(cls="tableware", parents=("clearable",), states={}, attrs={"fragile": True})


def ended(request="r1", skill="pick", seconds=4.0, **fields):
    fields = {"outcome": "done", "evidenced": True, "step": "s1", "body": "waiter-1"} | fields
    return StepEnded(request=request, goal="g1", skill=skill, duration_s=seconds, **fields)


def started(request="r1", skill="pick", step="s1", who="waiter-1", role="step"):
    return StepStarted(
        request=request, goal="g1", step=step, skill=skill, body=who, deadline_s=60, role=role
    )


def assigned(step="s1", who="waiter-1"):
    why = Explain(step=step, chosen=who, by="only", candidates=(), sentence="It is alone.")
    given = Assignment(goal="g1", step=step, body=who, start_s=0, end_s=9, explain=why)
    return StepAssigned(assignment=given)


def posted(text="bring a mug", t=2.0):
    return GoalPosted(goal=Goal(id="g1", text=text, who="ann", t=t))


def planned(*steps, revision=1):
    graph = tuple(TaskStep(id=step, skill="pick") for step in steps)
    return GraphPlanned(goal="g1", revision=revision, steps=graph)


class TestMemoryState(MemoryContract):
    def make(self, events):
        return MemoryState.of(events)


def test_class_cards_are_inherited_and_a_default_is_a_weak_belief():
    memory = memory_of(classes=[MUG, TABLEWARE], things={"mug-1": "mug on table-1"})
    assert memory.is_a("mug-1", "clearable")
    assert memory.is_a("mug-1", "object")
    assert memory.is_a("hall", "room")
    assert not memory.is_a("table-1", "tableware")
    assert memory.attr("mug-1", "fragile") is True
    assert memory.attr("mug-1", "clean") is True
    assert memory.belief("mug-1", "clean").source == "class"
    assert memory.learnt_at("mug-1", "clean") is None


def test_names_say_what_tells_things_apart():
    mugs = [
        Thing(
            id=f"mug-{i}",
            cls="mug",
            attrs={"colour": colour},
            location=Location(relation="on", holder="table-1"),
        )
        for i, colour in ((1, "red"), (2, "blue"))
    ]
    memory = memory_of(classes=[MUG], things=mugs)
    assert memory.names("mug-1") == ("red mug", "red cup", "mug", "cup", "mug 1")
    assert memory.names("table-2")[-1] == "table 2"
    alone = memory_of(classes=[MUG], things=mugs[:1])
    assert alone.names("mug-1")[0] == "mug"


def test_a_newcomer_ends_being_alone_and_a_merge_brings_it_back():
    place = Location(relation="on", holder="table-1")
    mug = Thing(id="mug-1", cls="mug", attrs={"colour": "red"}, location=place)
    memory = memory_of(classes=[MUG], things=[mug])
    assert memory.names("mug-1")[0] == "mug"
    seen = observed("waiter-1", 3.0, sighting("mug-2", "mug on table-2"))
    merged = IdentitiesMerged(thing="mug-2", into="mug-1", by="ann")
    for payload, name in ((seen, "red mug"), (merged, "mug")):
        memory.apply(Event(origin=name, seq=1, t=3.0, body=payload))
        assert memory.names("mug-1")[0] == name


def test_ids_are_in_natural_order():
    memory = memory_of(things={f"mug-{i}": "mug on table-1" for i in (10, 2, 1)})
    assert memory.ids("object") == ("mug-1", "mug-2", "mug-10")
    assert memory.contents("table-1") == ("mug-1", "mug-2", "mug-10")
    assert memory.ids()[:2] == ("kitchen", "hall")


def test_what_lies_on_a_carried_tray_is_where_the_tray_is():
    memory = memory_of(
        things={"tray-1": "tray on counter-1", "mug-1": "mug on tray-1"},
        bodies=[body("waiter-1", 5, 1)],
        then=[observed("waiter-1", 3, holding=["tray-1"], room="hall", at=(5, 3))],
    )
    assert memory.position("mug-1") == (5, 3)
    assert memory.room_of("mug-1") == "hall"


def test_a_released_thing_is_where_it_is_seen_or_nowhere():
    def after(*seen):
        return memory_of(
            things={"mug-1": "mug on counter-1"},
            bodies=[body("waiter-1", 5, 1)],
            then=[observed("waiter-1", 3, holding=["mug-1"]), observed("waiter-1", 5, *seen)],
        )

    assert after().location("mug-1") is None
    seen = after(sighting("mug-1", "mug on table-1", 6, 2))
    assert seen.location("mug-1").holder == "table-1"
    assert seen.position("mug-1") == (6, 2)


def test_a_sighting_at_the_same_instant_beats_a_vain_look():
    seen = observed("waiter-1", 3, sighting("mug-1", "mug on table-1"))
    vain = observed("waiter-2", 3, viewed=["table-1"])
    for order in ([seen, vain], [vain, seen]):
        bodies = [body("waiter-1", 5, 1), body("waiter-2", 5, 2)]
        memory = memory_of(things={"mug-1": "mug on table-1"}, bodies=bodies, then=order)
        assert memory.location("mug-1") is not None


def test_a_person_who_left_the_viewed_room_is_nowhere():
    memory = memory_of(
        things={"ann": "person at hall"},
        bodies=[body("waiter-1", 5, 1)],
        then=[observed("waiter-1", 4, viewed=["hall"])],
    )
    assert memory.location("ann") is None
    assert memory.room_of("ann") is None


def test_a_sighting_without_a_holder_is_in_the_room_around_it():
    seen = sighting("spill-1", "spill on table-1", 7.0, 1.0).model_copy(update={"location": None})
    memory = memory_of(bodies=[body("waiter-1", 5, 1)], then=[observed("waiter-1", 4, seen)])
    assert memory.location("spill-1") == Location(relation="at", holder="hall")
    assert memory.position("spill-1") == (7.0, 1.0)


def test_fixtures_keep_their_place_and_take_states():
    seen = sighting("table-1", "table on counter-1", 0, 0, clean=False)
    memory = memory_of(bodies=[body("waiter-1", 5, 1)], then=[observed("waiter-1", 4, seen)])
    assert memory.position("table-1") == (6, 2)
    assert memory.attr("table-1", "clean") is False
    assert memory.learnt_at("table-1", "clean") == 4


def test_an_opening_without_a_leaf_is_open():
    leaf = Door(id="front", rooms=("hall", "kitchen"), at=(10, 2), leaf=True)
    plan = flat()
    memory = memory_of(plan=plan.model_copy(update={"doors": (*plan.doors, leaf)}))
    assert memory.attr("kitchen-hall", "open") is True
    assert memory.attr("front", "open") is None


def test_trust_fades_but_a_new_look_restores_it():
    look = sighting("mug-1", "mug on table-1")
    early = [observed("waiter-1", 1, look)]
    bodies = [body("waiter-1", 5, 1)]
    fresh = memory_of(bodies=bodies, then=early)
    old = memory_of(bodies=bodies, then=[*early, observed("waiter-1", 3601)])
    again = memory_of(bodies=bodies, then=[*early, observed("waiter-1", 3601, look)])
    assert fresh.sureness("mug-1") > old.sureness("mug-1") > 0
    assert again.sureness("mug-1") == fresh.sureness("mug-1")
    assert again.belief("mug-1", "location").since_s == 1


def test_bodies_are_where_they_say_and_stand_at_what_they_are_near():
    memory = memory_of(
        bodies=[body("waiter-1", 5, 1)],
        then=[observed("waiter-1", 2, near="table-1", at=(6, 1.2))],
    )
    assert memory.location("waiter-1") == Location(relation="at", holder="table-1")
    assert memory.room_of("waiter-1") == "hall"
    assert memory.position("waiter-1") == (6, 1.2)
    assert memory_of(bodies=[body("waiter-1", 1, 1)]).room_of("waiter-1") == "kitchen"


def test_a_lost_body_is_where_others_see_it():
    seen = sighting("waiter-1", "waiter at kitchen", 2, 2).model_copy(update={"category": "body"})
    story = [observed("waiter-1", 2, at=(6, 1)), observed("waiter-2", 9, seen)]
    bodies = [body("waiter-1", 5, 1), body("waiter-2", 1, 1)]
    assert memory_of(bodies=bodies, then=story).position("waiter-1") == (6, 1)
    story.insert(1, BodyLost(body="waiter-1", last_heard_s=2))
    lost = memory_of(bodies=bodies, then=story)
    assert lost.bodies()["waiter-1"].lost
    assert lost.position("waiter-1") == (2, 2)
    back = memory_of(bodies=bodies, then=[*story, (12, BodyBack(body="waiter-1"))])
    assert not back.bodies()["waiter-1"].lost
    assert back.bodies()["waiter-1"].heard_s == 12


def test_a_new_card_is_a_revision():
    again = BodyEnrolled(spec=body("waiter-1", 5, 1), card=card("waiter", reach_m=1.5))
    memory = memory_of(bodies=[body("waiter-1", 5, 1)], then=[(30.0, again)])
    assert memory.bodies()["waiter-1"].card.reach_m == 1.5
    assert memory.revision_at("waiter-1", 29).card.reach_m == 0.8
    assert [r.since_s for r in memory.revisions("waiter-1")] == [0, 30]


def test_a_step_that_ended_well_changes_no_fact_of_the_world():
    start = {"things": {"mug-1": "mug on table-1"}, "bodies": [body("waiter-1", 5, 1)]}
    story = [posted(), planned("s1"), started(), ended()]
    assert memory_of(**start, then=story).location("mug-1") == memory_of(**start).location("mug-1")


def test_a_body_is_busy_from_start_to_end():
    start = [posted(), planned("s1"), started()]
    bodies = [body("waiter-1", 5, 1)]
    assert memory_of(bodies=bodies, then=start).bodies()["waiter-1"].busy == "r1"
    assert memory_of(bodies=bodies, then=[*start, ended()]).bodies()["waiter-1"].busy is None
    other = memory_of(bodies=bodies, then=[*start, started("r2"), ended("r1")])
    assert other.bodies()["waiter-1"].busy == "r2"


def test_performance_is_learned_from_steps_by_body_and_by_kind():
    story = [
        ended(seconds=4.0),
        ended(seconds=6.0),
        ended(outcome="failed", evidenced=False),
        ended(outcome="cancelled"),
        ended(role="approach", seconds=99.0),
        ended(body="waiter-2", seconds=8.0),
    ]
    memory = memory_of(bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 1)], then=story)
    own = memory.performance("waiter-1", "pick")
    assert (own.attempts, own.successes, own.mean_s, own.m2) == (3, 2, 5.0, 2.0)
    kind = memory.performance("waiter", "pick")
    assert (kind.attempts, kind.successes, kind.mean_s, kind.m2) == (4, 3, 6.0, 8.0)


def test_a_goal_from_wish_to_end():
    condition = At(what=Selector(cls="mug"), where="counter-1")
    story = [(2.0, posted())]

    def record(*more):
        story.extend(more)
        memory = memory_of(
            things={"mug-1": "mug on table-1", "mug-2": "mug on table-2"},
            bodies=[body("waiter-1", 5, 1)],
            then=story,
        )
        return memory.goals()["g1"]

    assert record().status == "posted"
    asked = record((3.0, GoalQuestioned(goal="g1", question="Which mug?", options=("red",))))
    assert (asked.status, asked.question) == ("needs_answer", "Which mug?")
    assert record((4.0, GoalAnswered(goal="g1", text="all"))).status == "posted"
    understood = GoalUnderstood(goal="g1", conditions=(condition,), summary="mugs to the counter")
    assert record((5.0, understood)).conditions[0].what.ids == ("mug-1", "mug-2")
    assert record(planned("s1", "s2")).steps == {"s1": "pending", "s2": "pending"}
    assert record(assigned()).steps["s1"] == "assigned"
    assert record(started(role="approach")).steps["s1"] == "assigned"
    assert record(started()).steps["s1"] == "running"
    assert record(assigned(who="waiter-2")).bodies["s1"] == "waiter-1"
    assert record(ended(outcome="lapsed", evidenced=False)).steps["s1"] == "pending"
    assert record(started("r2"), ended("r2", evidenced=False)).steps["s1"] == "failed"
    revised = record(planned("s1", "s3", revision=2))
    assert revised.steps == {"s1": "pending", "s3": "pending"}
    assert record(started("r3"), ended("r3")).steps["s1"] == "done"
    assert record(planned("s1", "s3", revision=3)).steps["s1"] == "done"
    closed = record((60.0, GoalClosed(goal="g1", status="satisfied")))
    assert (closed.status, closed.closed_s) == ("satisfied", 60.0)


def test_a_wish_to_know_is_met_only_by_a_look_after_it():
    wish = GoalUnderstood(
        goal="g1", conditions=(Known(what=Selector(ids=("mug-1",))),), summary="find the mug"
    )
    start = {"things": {"mug-1": "mug on table-1"}, "bodies": [body("waiter-1", 5, 1)]}
    story = [(2.0, posted()), (3.0, wish)]
    before = memory_of(**start, then=story)
    assert not holds(before.goals()["g1"].conditions[0], before)
    look = observed("waiter-1", 7, sighting("mug-1", "mug on table-1"))
    after = memory_of(**start, then=[*story, look])
    assert holds(after.goals()["g1"].conditions[0], after)


def test_conditions_are_judged_on_belief():
    dirty = Be(what=Selector(ids=("mug-1",)), attr="clean", value=False)
    start = {"classes": [MUG], "bodies": [body("waiter-1", 5, 1)]}
    told = memory_of(**start, things=[thing("mug-1", "mug on table-1", clean=False)])
    assert holds(dirty, told)
    look = observed("waiter-1", 7, sighting("mug-1", "mug on table-1", clean=True))
    seen = memory_of(**start, things=[thing("mug-1", "mug on table-1", clean=False)], then=[look])
    assert not holds(dirty, seen)


def test_dialogue_notes_a_line_once_and_in_order_of_time():
    memory = memory_of(
        bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 2)],
        then=[
            observed("waiter-1", 2.0, heard=[("ann", "a mug, please")]),
            observed("waiter-2", 2.1, heard=[("ann", "a mug, please")]),
            (2.1, posted("a mug, please")),
            (9.0, Spoken(body="waiter-1", to="ann", text="Here you are.")),
            observed("waiter-2", 30.0, heard=[("ann", "a mug, please")]),
            observed("waiter-1", 4.0, heard=[("bob", "hello")]),
        ],
    )
    assert memory.dialogue() == (
        (2.0, "ann", "a mug, please"),
        (4.0, "bob", "hello"),
        (9.0, "waiter-1", "Here you are."),
        (30.0, "ann", "a mug, please"),
    )
    assert memory.told("ann") == ("Here you are.",)


def test_a_new_survey_replaces_the_plan_and_keeps_what_was_learnt():
    seen = sighting("table-1", "table at hall", clean=False)
    plan = flat()
    smaller = plan.model_copy(update={"fixtures": plan.fixtures[2:3]})
    memory = memory_of(
        bodies=[body("waiter-1", 5, 1)],
        then=[observed("waiter-1", 4, seen), SiteSurveyed(plan=smaller, classes=(), things=())],
    )
    assert memory.ids("fixture") == ("table-1",)
    assert memory.attr("table-1", "clean") is False


def test_digest_ignores_the_order_of_insertion_and_notices_every_change():
    things = [thing("mug-1", "mug on table-1"), thing("mug-2", "mug on table-2")]
    skills = [SkillCard(name=name, title=name, params=()) for name in ("pick", "place")]
    one = memory_of(things=things, skills=skills)
    other = memory_of(things=things[::-1], skills=skills[::-1])
    assert one.digest() == other.digest()
    moved = memory_of(things=[things[0], thing("mug-2", "mug on table-1")], skills=skills)
    assert moved.digest() != one.digest()


def test_events_survive_json_with_the_same_digest():
    story = [
        *start_of(
            classes=[MUG], things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 1, 1)]
        ),
        observed("waiter-1", 7, sighting("mug-1", "mug on table-1", 6, 2, clean=True)),
        posted(),
        planned("s1"),
        started(),
        ended(),
    ]
    events = events_of(story)
    again = [type(e).model_validate_json(e.model_dump_json()) for e in events]
    assert MemoryState.of(events).digest() == MemoryState.of(again).digest()


@pytest.mark.parametrize("kind", ["goals", "bodies", "classes", "skills"])
def test_views_can_not_be_written(kind):
    with pytest.raises(TypeError):
        getattr(memory_of(), kind)()["x"] = None
