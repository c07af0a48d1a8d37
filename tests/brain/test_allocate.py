"""Who does what: allocation as a user sees it, from memory to assignments and sentences."""

import pytest

from brain.allocation.allocate import allocate
from brain.allocation.config import AllocatorConfig
from brain.allocation.cost import estimate
from cerebellum.catalogue import skill_kinds
from devices.contracts import BodyState, Observation, Pose
from devices.facts import ClassCard
from devices.roadmap import Roadmap
from stem_memory.contracts import (
    BodyLost,
    GoalPosted,
    GoalUnderstood,
    GraphPlanned,
    Observed,
    StepAssigned,
    StepEnded,
    StepStarted,
)
from stem_memory.tasks import Assignment, Explain, Goal, TaskStep
from stem_memory.testing import body, card, flat, memory_of

SKILLS = {name: kind.card for name, kind in skill_kinds().items()}
WAITER = {"navigate": 1.0, "pick": 1.0, "place": 1.0, "say": 1.0}
PAIR = (body("waiter-1", 5, 1), body("waiter-2", 1, 2))
THINGS = {f"mug-{n}": "mug on table-1" for n in range(1, 5)} | {"ann": "person at hall"}
ROADMAP = Roadmap(flat())


def step(id_, skill, after=(), bind=None, **args):
    known = SKILLS[skill]

    def ground(atom):
        given = tuple(str(args.get(a[1:], a)) if a.startswith("$") else a for a in atom.args)
        return atom.model_copy(update={"args": given})

    return TaskStep(
        id=id_,
        skill=skill,
        args=args,
        place=args.get(known.at or "to"),
        pre=tuple(ground(atom) for atom in known.pre),
        post=tuple(ground(atom) for atom in known.post),
        after=after,
        bind=bind,
        team=known.team,
    )


def fetch(number, thing, source="table-1", to="counter-1"):
    pick, place, bind = f"pick-{number}", f"place-{number}", f"b{number}"
    return (
        step(pick, "pick", bind=bind, obj=thing, source=source),
        step(place, "place", after=(pick,), bind=bind, obj=thing, to=to),
    )


def goal(id_, *steps, t=0.0, **more):
    return [
        (t, GoalPosted(goal=Goal(id=id_, text=id_, who="ann", t=t, **more))),
        (t, GoalUnderstood(goal=id_, conditions=(), summary=id_)),
        (t, GraphPlanned(goal=id_, revision=1, steps=steps)),
    ]


def memory(*then, bodies=PAIR, cards=(), things=THINGS, **waiter):
    waiter = {"skills": WAITER, "carry": 4} | waiter
    events = [item for group in then for item in (group if isinstance(group, list) else [group])]
    return memory_of(
        things=things,
        bodies=bodies,
        cards=[card("waiter", **waiter), *cards],
        skills=SKILLS.values(),
        then=events,
        classes=[ClassCard(cls="mug", mass_kg=0.3)],
    )


def who(schedule):
    return {f"{a.goal}/{a.step}": a.body for a in schedule.assignments}


def given(goal_id, step_id, to, end=10.0, t=0.0):
    """The assignment of a step, as memory and the brain's ledger hold it."""
    why = Explain(step=step_id, chosen=to, by="greedy", candidates=(), sentence="")
    return Assignment(goal=goal_id, step=step_id, body=to, start_s=t, end_s=end, explain=why)


def reports(name, x, y, t=1.0, **state):
    known = {"pose": Pose(x=x, y=y), "room": "hall", "battery": 1.0} | state
    return Observed(observation=Observation(body=name, t=t, state=BodyState(**known)))


def test_the_nearest_able_body_goes_and_the_sentence_says_why():
    arm = card("arm", mobility="fixed", speed_m_s=0.0, reach_m=0.6, skills={"pick": 1, "place": 1})
    view = memory(
        goal("g1", *fetch(1, "mug-1")), bodies=(*PAIR, body("arm-1", 1, 1.8)), cards=[arm]
    )
    schedule = allocate(view, ROADMAP, 0.0)
    assert set(who(schedule).values()) == {"waiter-1"}
    first = schedule.assignments[0].explain
    assert "waiter-1: 1 s away and free now" in first.sentence
    assert "waiter-2 would be done" in first.sentence
    by_name = {candidate.body: candidate for candidate in first.candidates}
    assert set(by_name) == {"waiter-1", "waiter-2", "arm-1"}
    assert by_name["waiter-1"].cost < by_name["waiter-2"].cost
    assert not by_name["arm-1"].able
    assert "out of its reach" in by_name["arm-1"].why


def test_a_tray_takes_several_things_on_one_trip():
    steps = [s for n in (1, 2, 3) for s in fetch(n, f"mug-{n}")]
    schedule = allocate(memory(goal("g1", *steps), bodies=PAIR[:1]), ROADMAP, 0.0)
    assert [a.step.split("-")[0] for a in schedule.assignments] == ["pick"] * 3 + ["place"] * 3


def test_one_hand_takes_one_thing_at_a_time():
    steps = [s for n in (1, 2) for s in fetch(n, f"mug-{n}")]
    schedule = allocate(memory(goal("g1", *steps), bodies=PAIR[:1], carry=1), ROADMAP, 0.0)
    assert [a.step.split("-")[0] for a in schedule.assignments] == ["pick", "place"] * 2


def test_a_step_nobody_can_do_is_unassigned_with_the_reason_and_what_waits_for_it_waits():
    wash = step("wash", "wash", obj="mug-1", source="counter-1")
    after = step("say", "say", after=("wash",), to="ann", text="clean")
    schedule = allocate(memory(goal("g1", wash, after)), ROADMAP, 0.0)
    assert schedule.assignments == ()
    assert list(schedule.unassigned) == ["g1/wash"]
    assert "can not wash" in schedule.unassigned["g1/wash"]


def test_a_lost_body_gets_nothing_and_its_promised_steps_go_to_another():
    steps = fetch(1, "mug-1")
    view = memory(
        goal("g1", *steps),
        StepAssigned(assignment=given("g1", "pick-1", "waiter-1")),
        BodyLost(body="waiter-1", last_heard_s=1.0),
    )
    schedule = allocate(view, ROADMAP, 2.0)
    assert who(schedule) == {"g1/pick-1": "waiter-2", "g1/place-1": "waiter-2"}
    candidates = {c.body: c for c in schedule.assignments[0].explain.candidates}
    assert "no sign of life" in candidates["waiter-1"].why


def test_a_low_battery_gets_no_new_work_but_brings_home_what_it_holds():
    low = reports("waiter-1", 5, 1, battery=0.12)
    view = memory(goal("g1", *fetch(1, "mug-1")), low)
    schedule = allocate(view, ROADMAP, 1.0)
    assert set(who(schedule).values()) == {"waiter-2"}
    why = {c.body: c.why for c in schedule.assignments[0].explain.candidates}
    assert why["waiter-1"] == "waiter-1 has 12 % battery left and must charge first"

    holding = reports("waiter-1", 5, 1, t=6.0, battery=0.12, holding=("mug-1",))
    view = memory(goal("g1", *fetch(1, "mug-1")), *picked("waiter-1"), holding)
    schedule = allocate(view, ROADMAP, 6.0)
    assert who(schedule) == {"g1/place-1": "waiter-1"}


def picked(name):
    """The body took mug-1."""
    request = {"request": "r1", "goal": "g1", "step": "pick-1", "skill": "pick", "body": name}
    return [
        (1.0, StepStarted(**request, deadline_s=60.0)),
        (5.0, StepEnded(**request, outcome="done", duration_s=4.0, evidenced=True)),
    ]


def test_what_one_body_took_no_other_puts_down():
    """Even if the other stands where it has to go."""
    view = memory(
        goal("g1", *fetch(1, "mug-1")),
        *picked("waiter-1"),
        reports("waiter-1", 9.5, 1, t=5.0, holding=("mug-1",)),
    )
    schedule = allocate(view, ROADMAP, 6.0)
    assert who(schedule) == {"g1/place-1": "waiter-1"}
    explain = schedule.assignments[0].explain
    assert explain.by == "only"
    assert "mug-1 in its hands" in explain.sentence


def test_a_step_under_way_stays_and_its_body_is_busy_until_then():
    view = memory(
        goal("g1", *fetch(1, "mug-1")),
        goal("g2", step("say", "say", to="ann", text="hello")),
        bodies=PAIR[:1],
    )
    fixed = {("g1", "pick-1"): given("g1", "pick-1", "waiter-1", end=8.0)}
    schedule = allocate(view, ROADMAP, 2.0, fixed=fixed)
    assert "g1/pick-1" not in who(schedule)
    assert who(schedule)["g1/place-1"] == "waiter-1"
    assert min(a.start_s for a in schedule.assignments) > 5.0


def test_an_urgent_goal_goes_first():
    plain = goal("g1", step("say", "say", to="ann", text="one"))
    urgent = goal("g2", step("say", "say", to="ann", text="two"), priority=3)
    schedule = allocate(memory(plain, urgent, bodies=PAIR[:1]), ROADMAP, 0.0)
    assert [a.goal for a in schedule.assignments] == ["g2", "g1"]


def test_a_deadline_goes_first():
    plain = goal("g1", *fetch(1, "mug-1"))
    due = goal("g2", *fetch(2, "mug-2"), deadline_s=16.0)
    schedule = allocate(memory(plain, due, bodies=PAIR[:1], carry=1), ROADMAP, 0.0)
    ends = {a.goal: a.end_s for a in schedule.assignments}
    assert ends["g2"] < ends["g1"]


@pytest.mark.parametrize(("moved_m", "stays"), [(0.1, True), (3.0, False)])
def test_a_promise_is_broken_only_for_more_than_a_small_gain(moved_m, stays):
    """waiter-1 has the step; waiter-2 is nearer by `moved_m`."""
    bodies = (body("waiter-1", 4.9 - moved_m, 2), body("waiter-2", 4.9, 2))
    view = memory(
        goal("g1", *fetch(1, "mug-1")),
        StepAssigned(assignment=given("g1", "pick-1", "waiter-1")),
        bodies=bodies,
    )
    expected = "waiter-1" if stays else "waiter-2"
    assert who(allocate(view, ROADMAP, 0.0))["g1/pick-1"] == expected


def test_experience_counts():
    """waiter-1 is nearer, and has always been slow and clumsy at taking things."""
    past = []
    for number in range(12):
        request = {"request": f"r{number}", "goal": "g0", "step": "s", "skill": "pick"}
        outcome = "done" if number % 2 else "failed"
        past.append(
            StepEnded(**request, body="waiter-1", outcome=outcome, duration_s=15.0, evidenced=True)
        )
        past.append(
            StepEnded(**request, body="waiter-2", outcome="done", duration_s=4.0, evidenced=True)
        )
    view = memory(*past, goal("g1", *fetch(1, "mug-1")))
    pick = view.skills()["pick"]
    slow, quick = (estimate(pick, view.bodies()[f"waiter-{n}"], view) for n in (1, 2))
    assert 4.0 < slow.once_s < 15.0
    assert slow.success < quick.success < 1.0
    assert slow.seconds > 2 * quick.seconds
    assert who(allocate(view, ROADMAP, 0.0))["g1/pick-1"] == "waiter-2"
    untried = estimate(pick, memory().bodies()["waiter-1"], memory())
    assert untried.once_s == pick.base_s


def test_two_bodies_carry_together():
    strong = {"skills": WAITER | {"carry_together": 1.0}, "payload_kg": 20.0}
    lift = step("lift", "carry_together", obj="mug-1", source="table-1", to="table-2")
    after = step("say", "say", after=("lift",), to="ann", text="there")
    schedule = allocate(memory(goal("g1", lift, after), **strong), ROADMAP, 0.0)
    both = schedule.assignments[0]
    assert {both.body, both.partner} == {"waiter-1", "waiter-2"}
    alone = allocate(memory(goal("g1", lift, after), bodies=PAIR[:1], **strong), ROADMAP, 0.0)
    assert "2 bodies" in alone.unassigned["g1/lift"]


def test_the_horizon_bounds_what_is_planned_but_never_splits_a_fetch():
    steps = [s for n in (1, 2, 3, 4) for s in fetch(n, f"mug-{n}")]
    limits = AllocatorConfig(horizon_steps=3)
    schedule = allocate(memory(goal("g1", *steps)), ROADMAP, 0.0, limits=limits)
    assert sorted(who(schedule)) == ["g1/pick-1", "g1/pick-2", "g1/place-1", "g1/place-2"]
    assert schedule.unassigned == {}


def test_the_same_memory_gives_the_same_schedule():
    def once():
        steps = [s for n in (1, 2, 3, 4) for s in fetch(n, f"mug-{n}")]
        view = memory(goal("g1", *steps), goal("g2", step("say", "say", to="ann", text="x")))
        return allocate(view, Roadmap(flat()), 0.0)

    assert once() == once()


def test_solving_is_never_worse_than_listing():
    steps = [s for n in (1, 2, 3, 4) for s in fetch(n, f"mug-{n}")]
    view = memory(goal("g1", *steps), carry=2)
    listed = allocate(view, ROADMAP, 0.0, limits=AllocatorConfig(solve=False))
    assert listed.by == "greedy"
    assert allocate(view, ROADMAP, 0.0).makespan_s <= listed.makespan_s + 1e-6


def test_nothing_to_do_is_an_empty_schedule():
    assert allocate(memory(), ROADMAP, 0.0).assignments == ()
    assert allocate(memory(goal("g1", *fetch(1, "mug-1")), bodies=()), ROADMAP, 0.0).unassigned
