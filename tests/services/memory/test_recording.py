"""A body's part of a log becomes a device that does it all again."""

import pytest

from cerebellum.catalogue import skill_kinds
from cerebellum.testing import SkillContract
from devices.contracts import BodySpec, BodyState, Halt, Observation, Pose, Receipt
from devices.drivers.recorded import Performed, RecordedBody, Recording, open_recording
from devices.robots import DUAL_ARM
from services.errors import UserError
from services.memory.recording import KINDS, command_of, recording_of
from stem_memory import contracts as log
from stem_memory.log.store import EventStore
from stem_memory.tasks import TaskStep
from stem_memory.testing import body, card, events_of, memory_of, observed, start_of

SKILL_KINDS = skill_kinds()
CARDS = [kind.card for kind in SKILL_KINDS.values()]
ARGS = {
    "navigate": {"to": "dock-1"},
    "pick": {"obj": "cup-1", "source": "table-1"},
    "place": {"obj": "cup-1", "to": "table-1"},
    "hand_over": {"obj": "cup-1", "to": "anna"},
    "open": {"target": "kitchen-door"},
    "close": {"target": "kitchen-door"},
    "switch": {"target": "sink-1", "value": "on"},
    "pour": {"obj": "cup-1", "source": "table-1", "value": "coffee"},
    "wash": {"obj": "cup-1", "source": "sink-1"},
    "wipe": {"target": "table-1"},
    "heat": {"obj": "soup-1", "source": "table-1"},
    "slice": {"obj": "bread-1", "source": "table-1"},
    "scan": {"target": "kitchen"},
    "look": {"target": "table-1"},
    "say": {"to": "anna", "text": "dinner is ready"},
    "charge": {"dock": "dock-1"},
    "carry_together": {"obj": "sofa-1", "source": "table-1", "to": "hall"},
}


@pytest.mark.parametrize("skill", sorted(SKILL_KINDS))
def test_what_a_skill_commands_is_told_from_its_card(skill):
    """The command that the body is really given is taken for the one in the recording."""

    class Case(SkillContract):
        kind = SKILL_KINDS[skill]

    case = Case()
    if skill in ("open", "close"):
        Case.pose = Pose(x=3.2, y=2.0)
    if skill == "charge":
        Case.pose = Pose(x=6.7, y=2.0)
    bench = case.bench()
    bench.run(case.order_for(ARGS[skill], "bench-2" if skill == "carry_together" else None))
    given = [c for c in bench.commands if not isinstance(c, Halt) and c.skill == skill][-1]
    started = log.StepStarted(
        request="r", goal="g", step="s", skill=skill, body="a", deadline_s=9.0, target="somewhere"
    )
    told = command_of(Case.kind.card, started, ARGS[skill], ((0.0, 0.0),))
    receipt = Receipt(command="r", body="a", t=1.0, outcome="done")
    state = BodyState(pose=Pose(x=0.0, y=0.0), room="", battery=1.0)
    played = RecordedBody(
        Recording(
            spec=BodySpec(id="a", kind="a", pose=state.pose),
            card=DUAL_ARM,
            observations=(Observation(body="a", t=0.0, state=state),),
            performed=(Performed(begun_s=0.0, command=told, receipt=receipt),),
        )
    )
    played.advance(0.0)
    played.act(given)
    played.advance(1.0)
    assert [(r.command, r.outcome) for r in played.receipts()] == [(given.id, "done")]


def step(request, t, skill, lasts, outcome="done", reason="", role="step", who="waiter-1"):
    """A step of g1 that is given at `t` and ends so many seconds later."""
    same = {
        "request": request,
        "goal": "g1",
        "step": skill,
        "skill": skill,
        "body": who,
        "role": role,
    }
    started = log.StepStarted(**same, deadline_s=99.0, target="table-1")
    ended = log.StepEnded(**same, outcome=outcome, reason=reason, duration_s=lasts)
    return [(t, started), (t + lasts, ended)]


@pytest.fixture
def events():
    plan = (
        TaskStep(id="pick", skill="pick", args={"obj": "cup", "source": "table-1"}),
        TaskStep(id="wipe", skill="wipe", args={"target": "table-1"}),
    )
    later = [
        *step("r1", 11.0, "navigate", 3.0, role="approach"),
        *step("r2", 14.0, "pick", 6.0, "failed", "missed"),
        *step("r3", 20.0, "pick", 6.0),
        *step("r4", 26.0, "wipe", 2.0, "cancelled", "recalled"),
        *step("r5", 30.0, "wipe", 2.0, "lapsed"),
        *step("r6", 30.0, "pick", 2.0, who="waiter-2"),
        *((t, observed("waiter-1", t, at=(t / 10, 1.0))) for t in (10.0, 12.0, 14.0, 40.0)),
        (10.0, observed("waiter-2", 10.0)),
    ]
    bodies = [body("waiter-1", 5, 1), body("waiter-2", 6, 1), body("waiter-3", 7, 1)]
    start = start_of(bodies=bodies, cards=[card()], skills=CARDS)
    planned = (10.5, log.GraphPlanned(goal="g1", revision=1, steps=plan))
    return events_of([*start, *sorted([planned, *later], key=lambda item: item[0])])


def test_a_body_is_recorded_with_what_it_reported_and_did(events):
    memory = memory_of(bodies=[body("waiter-1", 5, 1)], cards=[card()], skills=CARDS)
    made = recording_of(events, memory, "waiter-1", 10.0, 35.0)
    assert [seen.t for seen in made.observations] == [0.0, 2.0, 4.0]
    assert made.spec.pose.x == 1.0
    deeds = [
        (d.begun_s, d.command.kind, d.receipt.t, d.receipt.outcome, d.receipt.reason)
        for d in made.performed
    ]
    assert deeds == [
        (1.0, "drive", 4.0, "done", ""),
        (4.0, "grasp", 10.0, "failed", "missed"),
        (10.0, "grasp", 16.0, "done", ""),
        (16.0, "operate", 18.0, "stopped", "halted"),
    ]
    drive, grasp = made.performed[0].command, made.performed[1].command
    assert (drive.to, drive.path) == ("table-1", ((1.0, 1.0), (1.2, 1.0), (1.4, 1.0)))
    assert (grasp.object, grasp.source) == ("cup", "table-1")


def test_who_is_unknown_or_silent_cannot_be_recorded(events):
    memory = memory_of(bodies=[body("waiter-1", 5, 1), body("waiter-3", 6, 1)], cards=[card()])
    with pytest.raises(UserError, match="no body nobody; it knows waiter-1, waiter-3"):
        recording_of(events, memory, "nobody", 0.0, 99.0)
    with pytest.raises(UserError, match="waiter-3 reported nothing"):
        recording_of(events, memory, "waiter-3", 0.0, 99.0)


def test_the_kinds_that_are_needed_are_named(events):
    needed = [event for event in events if event.body.kind in KINDS]
    memory = memory_of(bodies=[body("waiter-1", 5, 1)], cards=[card()], skills=CARDS)
    whole = recording_of(events, memory, "waiter-1", 0.0, 99.0)
    assert recording_of(needed, memory, "waiter-1", 0.0, 99.0) == whole


def test_the_command_writes_a_device(events, tmp_path, told):
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events)
    file = tmp_path / "waiter.jsonl"
    code, out, _ = told("record-body", "waiter-1", tmp_path, "--out", file, "--from", "10s")
    assert (code, out) == (0, f"{file}: 4 reports and 4 deeds of waiter-1, 30 s\n")
    device = open_recording(str(file))
    device.advance(0.0)
    assert device.next_s() == 2.0
    assert set(device.describe().skills) <= {"navigate", "pick", "wipe"}
    code, _, err = told("record-body", "nobody", tmp_path, "--out", file)
    assert (code, "it knows waiter-1, waiter-2, waiter-3" in err) == (2, True)
