"""What is found on a place to be cleared only while it is cleared is put away, too."""

from __future__ import annotations

from brain.acting.revise import conditions_now
from devices.facts import Be, Clear, Selector
from devices.skill import Atom
from stem_memory.tasks import Goal, GoalRecord, TaskGraph, TaskStep

CLEAN = Be(what=Selector(ids=("table-1",)), attr="clean", value=True)


def pick(step, thing, source):
    pre = (Atom(pred="at", args=(thing, source)), Atom(pred="near", args=(source,)))
    return TaskStep(id=step, skill="pick", args={"obj": thing, "source": source}, pre=pre)


def test_what_a_finished_step_took_from_there_counts_as_taken():
    steps = (
        pick("s1", "cup", "table-1"),
        pick("s2", "plate", "table-1"),
        pick("s3", "fork", "table-1"),
        pick("s4", "tray", "shelf"),
    )
    record = GoalRecord(
        goal=Goal(id="g1", text="clear table 1 and wipe it", who="mia", t=0.0),
        conditions=(Clear(where="table-1", taken=("cup",)), CLEAN),
        graph=TaskGraph(goal="g1", revision=2, steps=steps),
        steps={"s1": "done", "s2": "done", "s3": "pending", "s4": "done"},
    )
    assert conditions_now(record) == (Clear(where="table-1", taken=("cup", "plate")), CLEAN)


def test_without_a_plan_the_conditions_are_as_they_were_bound():
    record = GoalRecord(
        goal=Goal(id="g1", text="clear table 1", who="mia", t=0.0),
        conditions=(Clear(where="table-1"),),
    )
    assert conditions_now(record) == record.conditions
