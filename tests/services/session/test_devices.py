"""A device as a body of a session: it joins, is told, is heard, and can harm nobody but itself."""

import pytest

import devices.attendant as under_test
from cerebellum.catalogue import skill_kinds
from cerebellum.contracts import BodyInput, Order
from cerebellum.runner import Runner
from cerebellum.testing import FLAT
from devices.attendant import Attendant, DeviceSpec
from devices.clock import ManualClock, WallClock
from devices.contracts import (
    BodyState,
    Drive,
    Halt,
    Observation,
    Pose,
    Receipt,
    Sense,
    Sighting,
    Utterance,
)
from devices.device import BodyKind
from devices.errors import Refused, SafetyStop, Unreachable
from devices.facts import Location
from devices.robots import SERVER
from devices.skill import Failed, SkillRequest, Succeeded
from devices.testing import FakeDevice, TimedContract
from services.errors import UserError
from services.session.devices import parse_device

LIMIT_S = 60.0
TOY = "python -m devices.drivers.toy --x 2 --y 2 --speed-m-s 8"


def look(name):
    return Sense(id=name, skill="look", mode="look", target="kitchen")


@pytest.fixture
def joined(monkeypatch):
    """Lets a device of one's own join as `robbie`."""

    def join(device, now=0.0, plan=None):
        class Kind(BodyKind):
            def open(self, address):
                return device

        monkeypatch.setattr(under_test, "body_kinds", lambda: {"mine": Kind(card=SERVER)})
        node = Attendant(DeviceSpec(id="robbie", kind="mine", address="here"), plan)
        node.join(now)
        return node

    return join


class NodeAsDevice:
    """A node, seen through the verbs of the device that it holds."""

    def __init__(self, node):
        self._node, self._now = node, 0.0
        self._card, self._report, self._ended = None, None, []
        self._is_closed = False

    def advance(self, now):
        self._now = max(now, self._now)
        self._step()

    def next_s(self):
        return self._step().next_s

    def describe(self):
        return SERVER

    def observe(self):
        self._step()
        return self._report

    def act(self, command):
        news = self._step((command,))
        last = self._ended[-1] if news.receipts else None
        raised = {"refused": Refused, "stopped": SafetyStop}
        if last is not None and last.command == command.id and last.reason in raised:
            raise raised[self._ended.pop().reason](last.detail)

    def receipts(self):
        self._step()
        ended, self._ended = tuple(self._ended), []
        return ended

    def stop(self):
        self._node.stop()

    def close(self):
        self._node.close()

    def _step(self, commands=()):
        news = self._node.step(self._now, commands)
        if not news.heard:
            raise Unreachable("it is not heard")
        self._report = news.observation or self._report
        self._ended += news.receipts
        return news


class TestWholeNode(TimedContract):
    @pytest.fixture(autouse=True)
    def _joined(self, joined):
        self._join = joined

    def open(self):
        return NodeAsDevice(self._join(FakeDevice(SERVER, ManualClock(), room="kitchen")))


# -- what may be written on the command line ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        (
            "toy=pipe:python -m devices.drivers.toy --x 2",
            DeviceSpec(id="toy", kind="pipe", address="python -m devices.drivers.toy --x 2"),
        ),
        (
            "old-one=recorded:runs/a=b:c.jsonl",
            DeviceSpec(id="old-one", kind="recorded", address="runs/a=b:c.jsonl", is_timed=True),
        ),
    ],
)
def test_a_device_is_named_with_its_kind_and_address(text, spec):
    assert parse_device(text) == spec


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not of the form ID=KIND:ADDRESS"),
        ("toy", "is not of the form"),
        ("toy=pipe", "is not of the form"),
        ("=pipe:x", "is not of the form"),
        ("My Toy=pipe:x", "'My Toy' is no id; take lower-case letters"),
        ("toy=pip:x", "no driver for a 'pip'; do you mean pipe?"),
        ("toy=server:x", "no driver for a 'server'; take one of pipe, recorded"),
        ("toy=pipe: ", "say where it is, after pipe:"),
    ],
)
def test_what_is_no_device_is_told(text, says):
    with pytest.raises(UserError) as caught:
        parse_device(text)
    assert says in str(caught.value)


# -- joining --------------------------------------------------------------------------------------


def test_it_joins_as_who_it_is_and_where_it_stands(joined):
    device = FakeDevice(SERVER, ManualClock(), body="r2", pose=Pose(x=2.0, y=1.0), battery=0.5)
    node = joined(device, now=7.0, plan=FLAT)
    spec, card, report = node.join(7.0)
    assert (spec.id, spec.kind, spec.pose, spec.battery) == ("robbie", "server", device.pose, 0.5)
    assert card == SERVER
    assert (report.body, report.t, report.state.room) == ("robbie", 7.0, "kitchen")
    assert node.step(7.0).observation == report, "what was seen on joining is recorded, too"


@pytest.mark.parametrize(
    ("kind", "address", "error", "says"),
    [
        (
            "recorded",
            "none.jsonl",
            Refused,
            r"robbie \(recorded\): the recording none.jsonl cannot",
        ),
        ("pipe", "python -c pass", Unreachable, r"robbie \(pipe\): .* it ended with code 0"),
        ("unheard-of", "x", Refused, "no body of kind 'unheard-of' is installed"),
    ],
)
def test_who_cannot_join_is_told_with_the_reason(kind, address, error, says):
    with pytest.raises(error, match=says):
        Attendant(DeviceSpec(id="robbie", kind=kind, address=address)).join(0.0)


# -- devices that fail ----------------------------------------------------------------------------


def test_what_it_will_not_do_has_ended(joined):
    device = FakeDevice(SERVER, ManualClock())
    node = joined(device)
    news = node.step(1.0, (look("a").model_copy(update={"skill": "juggle"}),))
    assert [(r.command, r.t, r.outcome, r.reason) for r in news.receipts] == [
        ("a", 1.0, "failed", "refused")
    ]
    node.stop()
    news = node.step(2.0, (look("b"), Halt(id="h")))
    assert [(r.command, r.outcome, r.reason) for r in news.receipts] == [
        ("b", "failed", "stopped"),
        ("h", "done", ""),
    ]


def test_silence_is_told_once_and_what_ended_then_later(joined):
    device = FakeDevice(SERVER, ManualClock(), room="kitchen")
    node = joined(device)
    observe, act = device.observe, device.act

    def silent(*_):
        raise Unreachable("it is in the lift")

    device.observe = device.act = silent
    first, second = node.step(1.0, (look("a"),)), node.step(2.0)
    assert (first.heard, first.trouble, second.heard, second.trouble) == (
        False,
        "it is in the lift",
        False,
        "",
    )
    device.observe, device.act = observe, act
    back = node.step(3.0)
    assert [(r.command, r.reason) for r in back.receipts] == [("a", "unreachable")]
    assert back.observation is not None
    device.observe = silent
    assert node.step(4.0).trouble == "it is in the lift"


@pytest.mark.parametrize("verb", ["advance", "act", "receipts", "observe", "next_s"])
def test_a_driver_that_breaks_harms_nobody(joined, verb):
    device = FakeDevice(SERVER, ManualClock(), room="kitchen")
    node = joined(device)

    def broken(*_):
        raise ZeroDivisionError("float\ndivision")

    setattr(device, verb, broken)
    news = node.step(1.0, (look("a"),))
    if verb != "next_s":
        assert (news.heard, news.trouble) == (False, "ZeroDivisionError: float division")
    device.stop = device.close = broken
    node.stop()
    node.close()


def test_what_cannot_be_true_is_not_believed(joined):
    device = FakeDevice(SERVER, ManualClock(), room="kitchen")
    node = joined(device)
    device.pose = Pose(x=float("nan"), y=0.0)
    assert node.step(1.0).trouble == "it reported a time or a place that is no number"
    device.pose = Pose(x=1.0, y=0.0)
    assert node.step(2.0).heard


# -- what is taken of a device on the host's clock ------------------------------------------------


class Scripted:
    """A device without a clock: it reports what it is given."""

    def __init__(self):
        self.report = seen_by("r2", t=1000.0)
        self.ended = []

    def describe(self):
        return SERVER

    def observe(self):
        return self.report

    def receipts(self):
        ended, self.ended = tuple(self.ended), []
        return ended

    def act(self, command):
        self.command = command


def seen_by(body, x=2.0, t=1000.0, battery=0.5, **more):
    state = BodyState(pose=Pose(x=x, y=2.0), room="", battery=battery)
    return Observation(body=body, t=t, state=state, **more)


def test_its_times_and_its_name_are_the_sessions(joined):
    device = Scripted()
    node = joined(device, plan=FLAT)
    held = Location(relation="held", holder="r2")
    device.report = seen_by(
        "r2",
        sightings=(
            Sighting(id="cup", cls="cup", x=0.0, y=0.0, location=held),
            Sighting(id="r2", cls="robot", category="body", x=2.0, y=2.0),
        ),
    )
    device.ended = [Receipt(command="a", body="r2", t=999.0, outcome="done")]
    news = node.step(5.0)
    assert (news.observation.body, news.observation.t, news.next_s) == ("robbie", 5.0, None)
    cup, itself = news.observation.sightings
    assert (cup.location.holder, itself.id) == ("robbie", "robbie")
    assert [(r.body, r.t) for r in news.receipts] == [("robbie", 5.0)]


def test_only_what_is_new_is_taken(joined):
    device = Scripted()
    node = joined(device)
    cup = Sighting(id="cup", cls="cup", x=0.0, y=0.0)

    def taken(now, report):
        device.report = report
        return node.step(now).observation is not None

    assert taken(0.0, seen_by("r2"))
    assert not taken(0.1, seen_by("r2", t=1000.1)), "the same again"
    assert taken(0.2, seen_by("r2", t=1000.2, sightings=(cup,)))
    moved = cup.model_copy(update={"x": 0.01})
    assert not taken(0.3, seen_by("r2", t=1000.3, sightings=(moved,))), "measured anew"
    assert taken(0.4, seen_by("r2", heard=(Utterance(who="anna", text="hi"),), sightings=(cup,)))
    assert not taken(0.5, seen_by("r2", x=3.0, sightings=(cup,))), "too soon to say where it is"
    assert taken(0.9, seen_by("r2", x=3.5, sightings=(cup,)))
    assert not taken(9.0, seen_by("r2", x=3.5, t=1009.0, sightings=(cup,)))
    assert taken(11.0, seen_by("r2", x=3.5, t=1011.0, sightings=(cup,))), "a look now and then"
    assert taken(11.1, seen_by("r2", x=3.5, battery=0.48, sightings=(cup,)))
    assert not taken(99.0, device.report), "not a word since"
    device.ended = [Receipt(command="a", body="r2", t=0.0, outcome="done")]
    assert not taken(99.1, device.report), "what was seen before is no evidence of what came after"
    assert taken(99.2, seen_by("r2", x=3.5, t=1099.0, battery=0.48, sightings=(cup,)))


def test_the_site_knows_where_it_is(joined):
    device = Scripted()
    node = joined(device, plan=FLAT)
    node.step(0.0)

    def arrives(name, to, x):
        drive = Drive(id=name, skill="navigate", to=to, path=((x, 2.0),), speed_m_s=1.0)
        node.step(1.0, (drive,))
        device.report = seen_by("r2", x=x, t=device.report.t + 1.0)
        device.ended = [Receipt(command=name, body="r2", t=1.0, outcome="done")]
        state = node.step(2.0).observation.state
        return state.room, state.near

    assert arrives("a", "dock-1", 5.0) == ("hall", None), "only a leg of the way"
    assert arrives("b", "dock-1", 7.0) == ("hall", "dock-1")
    assert arrives("c", "kitchen", 2.0) == ("kitchen", "kitchen")
    assert arrives("d", "anna", 2.0) == ("kitchen", "anna")
    device.report = seen_by("r2", x=3.0)
    assert node.step(3.0).observation.state.near is None, "it left"


# -- a real program, driven by the same runner as everybody ----------------------------------------


@pytest.fixture
def toy():
    node = Attendant(DeviceSpec(id="toy-1", kind="pipe", address=TOY), FLAT)
    node.join(0.0)
    yield node
    node.close()


class Drill:
    """A runner and a node in real time."""

    def __init__(self, node, card):
        self.node, self.clock = node, WallClock()
        self.runner = Runner(card, FLAT, skill_kinds())
        self.events, self.reports = [], []
        self.commands = ()

    def turn(self, **given):
        now = self.clock.now()
        news = self.node.step(now, self.commands)
        if news.observation is not None:
            self.reports.append(news.observation)
        told = BodyInput(now=now, observation=news.observation, receipts=news.receipts, **given)
        out = self.runner.step(told)
        self.commands = out.commands
        self.events += out.events
        return out

    def ended(self):
        return [e for e in self.events if isinstance(e, Succeeded | Failed)]

    def run(self):
        while not self.ended():
            self.turn()
            assert self.node._device.rest(LIMIT_S)


def order(to):
    request = SkillRequest(
        id="r1",
        goal="g1",
        step="s1",
        skill="navigate",
        body="toy-1",
        args={"to": to},
        deadline_s=60.0,
    )
    return Order(request=request)


def test_the_runner_of_every_body_drives_the_program(toy):
    drill = Drill(toy, toy._card)
    drill.turn(orders=(order("dock-1"),))
    drill.run()
    assert isinstance(drill.ended()[0], Succeeded)
    last = drill.reports[-1].state
    assert (last.room, last.near) == ("hall", "dock-1")
    assert [report.body for report in drill.reports] == ["toy-1"] * len(drill.reports)
    times = [report.t for report in drill.reports]
    assert times == sorted(times)


def test_a_stop_halts_it_on_its_way(toy):
    drill = Drill(toy, toy._card.model_copy(update={"speed_m_s": 0.3}))
    drill.turn(orders=(order("dock-1"),))
    drill.turn()
    out = drill.turn(stop=True)
    assert [command.kind for command in out.commands] == ["halt"]
    assert drill.ended()[0].reason == "stopped"
    drill.turn()
    assert toy._device.rest(LIMIT_S)
    drill.turn()
    assert drill.reports[-1].state.room == "kitchen"
    where = drill.reports[-1].state.pose
    drill.turn(orders=(order("dock-1"),))
    assert drill.commands == (), "the stop holds"
    drill.turn()
    assert drill.reports[-1].state.pose == where
