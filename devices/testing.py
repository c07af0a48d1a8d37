"""A fake body to develop against, and the contract that every driver must keep.

A stranger proves a driver by subclassing the contract in a test file:

    class TestMyRobot(DeviceContract):
        def open(self) -> Device:
            return my_package.open("simulator")

        def settle(self, device: Device) -> None:
            my_simulator.advance(10.0)

A driver whose devices are `Timed` takes `TimedContract`, and needs to write `open` only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from devices.clock import ManualClock
from devices.contracts import (
    BodyCard,
    BodyState,
    Command,
    Drive,
    Grasp,
    Halt,
    Observation,
    Operate,
    Pose,
    Receipt,
    Release,
    Sense,
    Sighting,
)
from devices.device import Device, Timed
from devices.errors import DeviceError, Refused, SafetyStop, Unreachable


@dataclass
class _Running:
    command: Command
    begun: float
    ends: float


class FakeDevice:
    """A body without physics: drives at its speed, does the rest in `seconds`, fails when told to.

    It moves when its clock does, and its clock when `advance` says so or whoever made it. What it sees
    is what `sightings` holds at the time.
    """

    def __init__(
        self,
        card: BodyCard,
        clock: ManualClock,
        *,
        body: str = "fake",
        pose: Pose | None = None,
        room: str = "",
        battery: float = 1.0,
        seconds: float = 1.0,
    ) -> None:
        self.card = card
        self.clock = clock
        self.body = body
        self.pose = pose or Pose(x=0.0, y=0.0)
        self.room = room
        self.battery = battery
        self.seconds = seconds
        self.holding: list[str] = []
        self.sightings: dict[str, Sighting] = {}
        self.viewed: tuple[str, ...] = ()
        self.accepted: list[Command] = []
        self._failures: list[tuple[str, str]] = []
        self._running: _Running | None = None
        self._ended: list[Receipt] = []
        self._is_stopped = False
        self._is_closed = False

    def fail_next(self, kind: str, reason: str, times: int = 1) -> None:
        """Let the next commands of this kind ("grasp", "drive") fail with the reason."""
        self._failures += [(kind, reason)] * times

    def advance(self, now: float) -> None:
        """It is `now` (s)."""
        self.clock.advance_to(max(now, self.clock.now()))

    def next_s(self) -> float | None:
        """When the running command will end, in seconds; None while nothing runs."""
        return self._running.ends if self._running else None

    def describe(self) -> BodyCard:
        """The card it was made with."""
        return self.card

    def observe(self) -> Observation:
        """Its own state, and all of `sightings`."""
        self._check_open()
        self._catch_up()
        state = BodyState(
            pose=self.pose, room=self.room, battery=self.battery, holding=tuple(self.holding)
        )
        return Observation(
            body=self.body,
            t=self.clock.now(),
            state=state,
            sightings=tuple(self.sightings.values()),
            viewed=self.viewed,
        )

    def act(self, command: Command) -> None:
        """Begin the command; it ends when the clock has passed its duration."""
        self._check_open()
        self._catch_up()
        if isinstance(command, Halt):
            self._halt()
            self.accepted.append(command)
            self._end(command, "done")
            return
        if self._is_stopped:
            raise SafetyStop(f"{self.body} is stopped: release its emergency stop")
        if command.skill not in self.card.skills:
            raise Refused(f"{self.body} cannot {command.skill}")
        self.accepted.append(command)
        if self._running is not None:
            self._end(command, "failed", "busy")
            return
        now = self.clock.now()
        self._running = _Running(command, now, now + self._duration_s(command))

    def receipts(self) -> tuple[Receipt, ...]:
        """What ended since the last call."""
        self._check_open()
        self._catch_up()
        ended, self._ended = tuple(self._ended), []
        return ended

    def stop(self) -> None:
        """Stop for good."""
        self._is_stopped = True
        if not self._is_closed:
            self._catch_up()
            self._halt()

    def close(self) -> None:
        """Stop and answer no more."""
        if not self._is_closed:
            self._catch_up()
            self._halt()
        self._is_closed = True

    def _check_open(self) -> None:
        if self._is_closed:
            raise Unreachable(f"{self.body} is closed")

    def _duration_s(self, command: Command) -> float:
        if not isinstance(command, Drive):
            return self.seconds
        points = [(self.pose.x, self.pose.y), *command.path]
        length = sum(math.dist(a, b) for a, b in itertools.pairwise(points))
        return length / command.speed_m_s

    def _catch_up(self) -> None:
        running = self._running
        if running is None or self.clock.now() < running.ends:
            return
        self._running = None
        command = running.command
        for failure in self._failures:
            if failure[0] == command.kind:
                self._failures.remove(failure)
                self._end(command, "failed", failure[1], t=running.ends)
                return
        self._do(command)
        self._end(command, "done", t=running.ends)

    def _do(self, command: Command) -> None:
        if isinstance(command, Drive):
            x, y = command.path[-1]
            self.pose = Pose(x=x, y=y)
        elif isinstance(command, Grasp):
            self.holding.append(command.object)
        elif isinstance(command, Release) and command.object in self.holding:
            self.holding.remove(command.object)
        elif isinstance(command, Operate) and command.process == "charge":
            self.battery = 1.0

    def _halt(self) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        if isinstance(running.command, Drive):
            # Where it stops does not matter here, only that it stops short of the goal.
            x, y = running.command.path[-1]
            share = (self.clock.now() - running.begun) / max(running.ends - running.begun, 1e-9)
            here = self.pose
            self.pose = Pose(x=here.x + (x - here.x) * share, y=here.y + (y - here.y) * share)
        self._end(running.command, "stopped", "halted")

    def _end(
        self, command: Command, outcome: str, reason: str = "", t: float | None = None
    ) -> None:
        ended = self.clock.now() if t is None else t
        self._ended.append(
            Receipt.model_validate(
                {
                    "command": command.id,
                    "body": self.body,
                    "t": round(ended, 3),
                    "outcome": outcome,
                    "reason": reason,
                }
            )
        )


class DeviceContract:
    """What every Device must do. Subclass it in a test file and override `open` and `settle`."""

    def open(self) -> Device:
        """Return a fresh device, ready to act."""
        raise NotImplementedError("override open() to return the device to be tested")

    def settle(self, device: Device) -> None:
        """Let enough time pass for a short command to end. Default: nothing needs to pass."""

    def confirm(self, device: Device) -> None:
        """Wait until the body has confirmed what ends at once. Default: it does so in the call.

        Only for bodies at the far end of a line. No command may end by itself meanwhile.
        """

    def command(self, device: Device, command_id: str) -> Command:
        """Return a harmless command that the body can do and that takes a while.

        Default: look at where it stands.
        """
        room = device.observe().state.room
        return Sense(id=command_id, skill="look", mode="look", target=room)

    def test_the_card_never_changes(self) -> None:
        """A card is data: always the same, also when closed."""
        device = self.open()
        before = device.describe()
        device.act(self.command(device, "c1"))
        self.settle(device)
        assert device.describe() == before
        device.close()
        assert device.describe() == before, "describe() must answer on a closed device, too"

    def test_it_reports_a_sane_state_and_time_never_goes_back(self) -> None:
        """Reports are of one body, in order, within bounds."""
        device = self.open()
        first = device.observe()
        self.settle(device)
        second = device.observe()
        assert second.t >= first.t
        assert first.body == second.body
        assert 0.0 <= second.state.battery <= 1.0
        assert len(second.state.holding) <= device.describe().carry

    def test_every_command_ends_in_one_receipt(self) -> None:
        """No receipt is lost, invented or handed out twice."""
        device = self.open()
        device.receipts()
        for k in range(3):
            device.act(self.command(device, f"c{k}"))
            self.settle(device)
        ended = [receipt.command for receipt in device.receipts()]
        assert ended == ["c0", "c1", "c2"], "one receipt for each command, in order"
        assert device.receipts() == (), "a receipt is handed out once"

    def test_it_does_one_command_at_a_time(self) -> None:
        """A second command fails and leaves the first alone."""
        device = self.open()
        device.act(self.command(device, "first"))
        device.act(self.command(device, "second"))
        self.settle(device)
        ends = {receipt.command: receipt for receipt in device.receipts()}
        assert ends["first"].outcome == "done", "the running command goes on"
        assert (ends["second"].outcome, ends["second"].reason) == ("failed", "busy")

    def test_halt_ends_what_runs(self) -> None:
        """Halt works at once, and the body is ready afterwards."""
        device = self.open()
        device.act(self.command(device, "c1"))
        device.act(Halt(id="h1"))
        self.confirm(device)
        ends = {receipt.command: receipt.outcome for receipt in device.receipts()}
        assert ends.get("c1") == "stopped", "halt takes effect at once"
        device.act(self.command(device, "c2"))
        self.settle(device)
        ends = {receipt.command: receipt.outcome for receipt in device.receipts()}
        assert ends.get("c2") == "done", "after a halt the body is ready again"

    def test_halt_is_accepted_while_nothing_runs(self) -> None:
        """Halt is always allowed."""
        device = self.open()
        device.act(Halt(id="h1"))
        device.act(Halt(id="h2"))
        self.settle(device)
        assert [r.command for r in device.receipts()] == ["h1", "h2"]

    def test_what_it_cannot_do_it_refuses(self) -> None:
        """A command without a skill on the card raises Refused."""
        device = self.open()
        odd = Operate(id="c1", skill="no-such-skill", process="no-such-process", target="nothing")
        _must_raise(Refused, lambda: device.act(odd))

    def test_after_stop_nothing_but_halt_is_accepted(self) -> None:
        """An emergency stop holds until a person releases it."""
        device = self.open()
        device.act(self.command(device, "c1"))
        device.stop()
        device.stop()
        self.confirm(device)
        assert [r.outcome for r in device.receipts() if r.command == "c1"] == ["stopped"]
        command = self.command(device, "c2")
        _must_raise(SafetyStop, lambda: device.act(command))
        device.act(Halt(id="h1"))

    def test_a_closed_device_is_unreachable(self) -> None:
        """After close every verb but describe, stop and close raises."""
        device = self.open()
        command = self.command(device, "c1")
        device.close()
        device.close()
        device.stop()
        for call in (device.observe, device.receipts, lambda: device.act(command)):
            _must_raise(Unreachable, call)


class TimedContract(DeviceContract):
    """What every Device that is `Timed` must do besides. Override `open`, and what else differs."""

    now: float = 0.0

    def settle(self, device: Device) -> None:
        """Tell the device that ten seconds went by."""
        self.now += 10.0
        _timed(device).advance(self.now)

    def test_it_is_timed(self) -> None:
        """The session knows by the verbs that the device takes its time from outside."""
        assert isinstance(self.open(), Timed)

    def test_no_time_passes_unless_told(self) -> None:
        """What runs goes on only while the device is told that time passes."""
        device = self.open()
        _timed(device).advance(0.0)
        device.act(self.command(device, "c1"))
        before = device.observe()
        assert device.receipts() == ()
        assert device.observe() == before

    def test_it_says_when_to_ask_again(self) -> None:
        """Who asks at the times it names learns of every end at the time when it happens."""
        device = self.open()
        timed = _timed(device)
        timed.advance(0.0)
        device.act(self.command(device, "c1"))
        now, ended = 0.0, device.receipts()
        while not ended:
            due = timed.next_s()
            assert due is not None, "a command runs, so there is something to come"
            assert due > now, "what is due now has been reported already"
            now = due
            timed.advance(now)
            ended = device.receipts()
        assert [receipt.command for receipt in ended] == ["c1"]
        assert ended[0].t <= now + 1e-6, "no receipt comes from the future"
        assert device.observe().t <= now + 1e-6, "no report comes from the future"

    def test_a_time_that_is_past_changes_nothing(self) -> None:
        """Time never goes back, whatever the device is told."""
        device = self.open()
        self.settle(device)
        before = device.observe()
        _timed(device).advance(1.0)
        assert device.observe() == before

    def test_the_same_times_and_commands_give_the_same_reports(self) -> None:
        """A device that is told its time adds no chance of its own."""
        assert self._story() == self._story()

    def _story(self) -> list[object]:
        device = self.open()
        told: list[object] = []
        for k in range(3):
            _timed(device).advance(5.0 * k)
            told += [*device.receipts(), device.observe()]
            device.act(self.command(device, f"c{k}"))
        return told


def _timed(device: Device) -> Timed:
    assert isinstance(device, Timed), "the device must have advance() and next_s()"
    return device


def _must_raise(error: type[DeviceError], call: Callable[[], object]) -> None:
    try:
        call()
    except error:
        return
    raise AssertionError(f"the call must raise {error.__name__}")
