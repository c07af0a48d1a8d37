"""Notes from failures change who does a step, what is used for it and what comes before it."""

from __future__ import annotations

import pytest

from brain.allocation.allocate import allocate
from brain.allocation.cost import estimate
from brain.contracts import Planned
from brain.planning.decompose import decompose
from devices.facts import At, Be, Selector
from stem_memory.contracts import (
    Event,
    ExperienceBrought,
    GoalPosted,
    GoalUnderstood,
    GraphPlanned,
    Tried,
)
from stem_memory.notes.contracts import Fix, Note, NoteBrought
from stem_memory.notes.episodes import episode_of
from stem_memory.notes.projection import NoteProjection
from stem_memory.notes.signature import signed
from stem_memory.tasks import Goal
from stem_memory.view import Performance

OTHER_BODY = Fix(kind="other_body", body_class="humanoid", text="let a humanoid do it")
OTHER_SOURCE = Fix(kind="other_source", target_class="cup", text="use another cup")


def note(fix, status="validated", **fields):
    """A note as an earlier memory held it."""
    known = {"skill": "pick", "symptom": "the grip slips", "cause": "wet"} | fields
    return NoteBrought(note=signed(Note(id="", fix=fix, **known)), by="test", status=status)


def is_followed(brought, *episode):
    book = NoteProjection()
    book.bring(brought, 0.0)
    return book.applies(brought.note.id, episode_of(*episode))


def chosen(case, *then):
    """The assignment of the step that takes the cup from table-1."""
    it = case({"cup-1": "cup on table-1"}, fleet=("waiter-1", "host"), then=then)
    wish = At(what=Selector(ids=("cup-1",)), where="table-2")
    goal = it.goal(wish)
    made = decompose(goal, goal.conditions, it.view, it.roadmap)
    assert isinstance(made, Planned)
    for payload in (
        GoalPosted(goal=Goal(id="g1", text="a wish", who="ann", t=0.0)),
        GoalUnderstood(goal="g1", conditions=(wish,), summary="the cup on table-2"),
        GraphPlanned(goal="g1", revision=1, steps=made.steps),
    ):
        it.view.apply(event(payload))
    schedule = allocate(it.view, it.roadmap, 0.0)
    return next(a for a in schedule.assignments if a.step == "s1")


def event(payload):
    return Event(origin="later", seq=0, t=0.0, body=payload)


def test_a_note_against_a_kind_of_body_lets_another_one_go(case):
    before = chosen(case)
    assert (before.body, before.explain.notes) == ("waiter-1", ())
    lesson = note(OTHER_BODY, body_class="server", thing_class="cup", place="table")
    assert is_followed(lesson, "g1", "s1")
    after = chosen(case, lesson)
    assert after.body == "host"
    (read,) = after.explain.notes
    assert (read.note, read.applied, read.episode) == (lesson.note.id, True, "g1/s1")
    waiter = next(c for c in after.explain.candidates if c.body == "waiter-1")
    assert waiter.able
    assert "the grip slips" in waiter.why
    assert lesson.note.id in after.explain.sentence


def test_a_candidate_is_left_out_half_the_time_to_learn_its_worth(case):
    def lesson(n):
        return note(
            OTHER_BODY, "candidate", body_class="server", thing_class="cup", reason=f"reason-{n}"
        )

    followed = next(n for n in range(40) if is_followed(lesson(n), "g1", "s1"))
    left_out = next(n for n in range(40) if not is_followed(lesson(n), "g1", "s1"))
    assert chosen(case, lesson(followed)).body == "host"
    without = chosen(case, lesson(left_out))
    assert without.body == "waiter-1"
    assert without.explain.notes[0].applied is False


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"skill": "wash"},
        {"thing_class": "plate"},
        {"place": "shelf"},
        {"body_class": "dual_arm"},
        {"status": "retired"},
        {"fix": OTHER_BODY.model_copy(update={"body_class": "drone"})},
    ],
)
def test_a_note_about_something_else_changes_nothing(case, elsewhere):
    fields = {"fix": OTHER_BODY, "body_class": "server", "thing_class": "cup"} | elsewhere
    assignment = chosen(case, note(**fields))
    assert (assignment.body, assignment.explain.notes) == ("waiter-1", ())


def test_experience_here_weighs_more_than_experience_elsewhere(case):
    def seconds(*tried):
        brought = ExperienceBrought(source="earlier", tried=tried)
        it = case({"cup-1": "cup on table-1"}, fleet=("waiter-1", "waiter-2"), then=(brought,))
        goal = it.goal(At(what=Selector(ids=("cup-1",)), where="table-2"))
        made = decompose(goal, goal.conditions, it.view, it.roadmap)
        step = made.steps[0]
        body = it.view.bodies()["waiter-1"]
        return estimate(it.view.skills()["pick"], body, it.view, step=step).seconds

    def failing(**cell):
        known = Performance(attempts=4, successes=0, mean_s=0.0)
        cells = [{}, {"cls": cell["cls"]}, cell]
        return tuple(Tried(who="waiter-1", skill="pick", known=known, **c) for c in cells)

    here = seconds(*failing(cls="cup", place="table-1"))
    there = seconds(*failing(cls="cup", place="shelf"))
    other = seconds(*failing(cls="plate", place="shelf"))
    assert here > seconds() * 1.5
    # All of it speaks of this body; what is nearer to the step at hand is the last to be forgotten.
    assert here >= there >= other > seconds()


def test_another_source_is_used_where_one_kind_failed(case):
    def taken(*then):
        it = case({"cup-1": "cup on table-2", "cup-2": "cup on shelf"}, then=then)
        goal = it.goal(At(what=Selector(cls="cup"), where="table-1", count=1))
        made = decompose(goal, goal.conditions, it.view, it.roadmap, revision=1)
        assert isinstance(made, Planned)
        return made.steps[0]

    assert taken().args["obj"] == "cup-1"
    lesson = note(OTHER_SOURCE, thing_class="cup", place="table")
    assert is_followed(lesson, "g1", "plan 1")
    step = taken(lesson)
    assert step.args["obj"] == "cup-2"
    assert [(read.note, read.applied) for read in step.notes] == [(lesson.note.id, True)]


def test_the_only_source_is_used_whatever_notes_say(case):
    lesson = note(OTHER_SOURCE, thing_class="cup", place="table")
    it = case({"cup-1": "cup on table-2"}, then=(lesson,))
    goal = it.goal(At(what=Selector(cls="cup"), where="table-1", count=1))
    made = decompose(goal, goal.conditions, it.view, it.roadmap)
    assert made.steps[0].args["obj"] == "cup-1"
    assert made.steps[0].notes == ()


def test_what_helped_before_is_done_before(case):
    wipe = Fix(kind="prepare", skill="wipe", target_class="table", text="wipe the table first")
    lesson = note(wipe, skill="place", place="table")
    assert is_followed(lesson, "g1", "plan 1")
    it = case(
        {"cup-1": "cup on shelf"},
        states={"table-1": {"clean": False}},
        then=(lesson,),
    )
    goal = it.goal(At(what=Selector(ids=("cup-1",)), where="table-1"))
    made = decompose(goal, goal.conditions, it.view, it.roadmap)
    skills = {step.skill: step for step in made.steps}
    assert {"pick", "place", "wipe"} <= skills.keys()
    place, first = skills["place"], skills["wipe"]
    assert first.id in place.after or any(
        first.id in made_step.after for made_step in made.steps if made_step.id in place.after
    )
    assert [read.note for read in place.notes] == [lesson.note.id]
    assert first.notes == ()


def test_what_is_believed_to_be_prepared_is_looked_at_first(case):
    opened = Fix(kind="prepare", skill="open", target_class="fridge", text="open the fridge first")
    lessons = (note(opened, place="fridge", reason=f"reason-{n}") for n in range(40))
    lesson = next(one for one in lessons if is_followed(one, "g1", "plan 1"))
    it = case({"soup": "soup in fridge"}, states={"fridge": {"open": True}}, then=(lesson,))
    goal = it.goal(At(what=Selector(ids=("soup",)), where="table-1"))
    made = decompose(goal, goal.conditions, it.view, it.roadmap)
    steps = {step.skill: step for step in made.steps}
    assert "look" in steps
    assert any(atom.pred == "known" for atom in steps["pick"].pre)
    assert steps["look"].id in steps["pick"].after


def test_the_fridge_is_not_opened_for_nothing(case):
    it = case({"soup": "soup in fridge"}, states={"fridge": {"open": True}})
    goal = it.goal(Be(what=Selector(ids=("soup",)), attr="hot", value=True))
    made = decompose(goal, goal.conditions, it.view, it.roadmap)
    assert "look" not in {step.skill for step in made.steps}
