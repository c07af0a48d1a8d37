"""A recorded body reports what was reported then and does again what was done once, and nothing else."""

import pytest

from devices.contracts import (
    BodySpec,
    BodyState,
    Drive,
    Grasp,
    Halt,
    Observation,
    Pose,
    Receipt,
    Sense,
    Sighting,
    Utterance,
)
from devices.drivers.recorded import (
    Performed,
    Recording,
    open_recording,
    read_recording,
    write_recording,
)
from devices.errors import Refused
from devices.robots import SERVER
from devices.testing import TimedContract


def report(t, x=0.0, **more):
    state = BodyState(pose=Pose(x=x, y=0.0), room="hall", battery=0.5)
    return Observation(body="waiter", t=t, state=state, **more)


def performed(command, begun_s, ends_s, outcome="done", reason=""):
    receipt = Receipt(command=command.id, body="waiter", t=ends_s, outcome=outcome, reason=reason)
    return Performed(begun_s=begun_s, command=command, receipt=receipt)


def look(name):
    return Sense(id=name, skill="look", mode="look", target="hall")


def grasp(name, thing="cup"):
    return Grasp(id=name, skill="pick", object=thing, source="table")


RECORDING = Recording(
    spec=BodySpec(id="waiter", kind="server", pose=Pose(x=0.0, y=0.0)),
    card=SERVER,
    observations=(report(0.0), report(2.5, x=1.0), report(40.0, x=2.0)),
    performed=(
        *(performed(look(f"r{k}"), 3.0 * k, 3.0 * k + 2.0) for k in range(4)),
        performed(grasp("g1"), 20.0, 28.0, "failed", "missed"),
        performed(grasp("g2"), 28.0, 35.0),
    ),
)


@pytest.fixture
def played(tmp_path):
    """Opens a recording that went through a file."""

    def open_(recording=RECORDING):
        write_recording(tmp_path / "body.jsonl", recording)
        return open_recording(str(tmp_path / "body.jsonl"))

    return open_


class TestRecordedBody(TimedContract):
    @pytest.fixture(autouse=True)
    def _played(self, played):
        self.open = played


def ends(body):
    return [(r.command, r.t, r.outcome, r.reason) for r in body.receipts()]


def test_reports_come_at_their_times(played):
    body = played()
    assert body.observe().state.pose.x == 0.0
    body.advance(100.0)
    assert (body.observe().t, body.next_s()) == (100.0, 102.5)
    body.advance(102.499)
    assert body.observe().state.pose.x == 0.0
    body.advance(102.5)
    assert (body.observe().state.pose.x, body.observe().t) == (1.0, 102.5)
    body.advance(500.0)
    assert (body.observe().state.pose.x, body.next_s()) == (2.0, None)


def test_nothing_is_seen_before_it_was(played):
    cup = Sighting(id="cup", cls="cup", x=1.0, y=1.0)
    body = played(RECORDING.model_copy(update={"observations": (report(5.0, sightings=(cup,)),)}))
    body.advance(0.0)
    assert (body.observe().t, body.observe().sightings) == (0.0, ())
    body.advance(5.0)
    assert body.observe().sightings == (cup,)


def test_reports_of_one_instant_are_one(played):
    cup, mug = (Sighting(id=name, cls=name, x=1.0, y=1.0) for name in ("cup", "mug"))
    said = Utterance(who="anna", text="hello")
    both = (report(0.0, sightings=(cup,), heard=(said,)), report(0.0, sightings=(mug,)))
    body = played(RECORDING.model_copy(update={"observations": both}))
    body.advance(0.0)
    assert {seen.id for seen in body.observe().sightings} == {"cup", "mug"}
    assert body.observe().heard == (said,)


def test_what_was_done_once_is_done_again_with_the_same_end(played):
    body = played()
    body.advance(50.0)
    body.act(grasp("a"))
    body.advance(57.9)
    assert ends(body) == []
    body.advance(60.0)
    assert ends(body) == [("a", 58.0, "failed", "missed")]
    body.act(grasp("b"))
    body.advance(70.0)
    assert ends(body) == [("b", 67.0, "done", "")]
    body.act(grasp("c"))
    assert ends(body) == [("c", 70.0, "failed", "not_recorded")]


def test_what_was_not_done_fails(played):
    body = played()
    body.advance(0.0)
    body.act(grasp("a", thing="plate"))
    assert ends(body) == [("a", 0.0, "failed", "not_recorded")]
    with pytest.raises(Refused, match="`waiter` did not navigate when it was recorded"):
        body.act(Drive(id="d", skill="navigate", to="sink", path=((1, 1),), speed_m_s=1.0))


def test_a_deed_that_was_halted_may_be_tried_again(played):
    body = played()
    body.advance(0.0)
    for now, name in ((1.0, "a"), (2.0, "b")):
        body.act(grasp(name))
        body.advance(now)
        body.act(Halt(id=f"halt-{name}"))
    assert [(name, outcome) for name, _, outcome, _ in ends(body)] == [
        ("a", "stopped"),
        ("halt-a", "done"),
        ("b", "stopped"),
        ("halt-b", "done"),
    ]
    body.act(grasp("c"))
    body.advance(60.0)
    assert ends(body)[0][2:] == ("failed", "missed")


def test_it_can_only_what_it_did(played):
    assert set(played().describe().skills) == {"look", "pick"}


def test_stopped_it_stands_still(played):
    body = played()
    body.advance(1.0)
    body.stop()
    body.advance(90.0)
    assert (body.observe().state.pose.x, body.next_s()) == (0.0, None)


def test_a_file_holds_all_of_a_recording(tmp_path):
    path = tmp_path / "body.jsonl"
    write_recording(path, RECORDING)
    assert read_recording(path) == RECORDING


HEAD = '{"kind":"recording","version":1,"spec":{"id":"a","kind":"k","pose":{"x":0,"y":0}},"card":{"kind":"k","title":"t","mobility":"fixed"}}'
SEEN = '{"kind":"observation","observation":{"body":"a","t":%s,"state":{"pose":{"x":0,"y":0},"room":"","battery":1}}}'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((), "holds no report of a body"),
        ((HEAD,), "holds no report of a body"),
        ((SEEN % 0,), "line 1: a recording begins with whose it is"),
        ((HEAD, SEEN % 0, HEAD), "line 3: a recording is of one body only"),
        ((HEAD, SEEN % 2, SEEN % 1), "line 3: the time of this report is before"),
        (
            (HEAD, SEEN % '"now"'),
            r"line 2 is no entry of a recording: .* at observation\.observation\.t",
        ),
        (("{",), "line 1 is no entry of a recording"),
        (
            (HEAD.replace('"version":1', '"version":7'),),
            "is a recording of version 7: record it anew",
        ),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path, lines, says):
    path = tmp_path / "body.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Refused, match=says):
        open_recording(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match=r"none\.jsonl cannot be read: No such file"):
        open_recording(str(tmp_path / "none.jsonl"))
