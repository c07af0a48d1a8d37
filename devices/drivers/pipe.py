"""A robot whose program speaks over a pipe. `devices.drivers.messages` is what is said.

The address is the program's command line. The program is a child process that no death of ours leaves
behind. It may be in any language and of any quality: nothing it does blocks a verb, and one that breaks
the protocol is ended and `Unreachable`, with one sentence that says what it did.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque

from pydantic import ValidationError

from devices.contracts import BodyCard, Command, Halt, Observation, Receipt, Utterance
from devices.drivers.messages import (
    FROM_ROBOT,
    PROTOCOL,
    Act,
    Close,
    Ended,
    FromRobot,
    Hello,
    Report,
    Stop,
    ToRobot,
)
from devices.drivers.wire import Bounds, Wire
from devices.errors import Refused, SafetyStop, Unreachable
from devices.sanity import nonsense

# What was heard since the last look is kept, so many utterances.
_EARS = 64
# A sentence quotes so much of what a program wrote.
_QUOTE = 80


class Patience(Bounds):
    """How long the driver waits for a robot (s), and how much it may say at most.

    `hello_s` from its start to its first report; `silence_s` between two messages, until it counts as
    unreachable; `confirm_s` for the confirmation of a halt or a stop.
    """

    hello_s: float = 20.0
    silence_s: float = 5.0
    confirm_s: float = 2.0


def open_pipe(address: str, patience: Patience | None = None) -> PipeDevice:
    """Start a robot's program and wait until it has said who and where it is.

    Args:
        address: The program's command line.
        patience: How long to wait for what.

    Raises:
        Refused: There is no such program, or it speaks another protocol.
        Unreachable: It said nothing that makes sense in time.
    """
    return PipeDevice(address, patience or Patience())


class PipeDevice:
    """One robot behind a pipe; a `devices.device.Device` on the host's clock.

    Args:
        command: The program's command line.
        patience: How long to wait for what.

    Raises:
        Refused: There is no such program, or it speaks another protocol.
        Unreachable: It said nothing that makes sense in time.
    """

    def __init__(self, command: str, patience: Patience) -> None:
        self._command = command
        self._patience = patience
        # Guards all that follows: the wire's thread writes it, the caller's reads it.
        self._state = threading.Condition()
        self._hello: Hello | None = None
        self._report: Observation | None = None
        self._is_read = False
        self._ended: deque[Receipt] = deque()
        # Commands without a receipt, in order; and when those that end at once must be confirmed.
        self._open: dict[str, Command] = {}
        self._confirm_by: dict[str, float] = {}
        self._stops = 0
        self._last_word_s = time.monotonic()
        self._is_stopped = False
        self._is_closed = False
        self._trouble: str | None = None
        self._other_protocol = False
        self._wire = Wire(command, self._take_line, self._check_time, self._lose, patience)
        self._await_first_report()

    @property
    def pid(self) -> int:
        """The process id of the robot's program."""
        return self._wire.pid

    def describe(self) -> BodyCard:
        """What the robot said it can do."""
        assert self._hello is not None
        return self._hello.card

    def observe(self) -> Observation:
        """Its newest report. What was heard before it and not yet read is in it, too.

        Raises:
            Unreachable: The program has ended, says nothing, or was closed.
        """
        with self._state:
            self._check_reachable()
            assert self._report is not None
            self._is_read = True
            return self._report

    def act(self, command: Command) -> None:
        """Tell the robot to begin.

        Raises:
            Refused: The robot's card does not list the skill.
            SafetyStop: The device was stopped and the command is not `halt`.
            Unreachable: The program has ended, says nothing, or was closed.
        """
        with self._state:
            if isinstance(command, Halt):
                # A robot that says nothing may still hear.
                self._check_alive()
                self._halt_open()
                self._confirm_by[command.id] = self._until_confirmed()
            else:
                self._check_reachable()
                if self._is_stopped:
                    raise SafetyStop(f"`{self._id}` is stopped: open it anew to release it")
                if command.skill not in self.describe().skills:
                    raise Refused(f"`{self._id}` cannot {command.skill}: give it to another body")
                if any(running not in self._confirm_by for running in self._open):
                    self._end_here(command, "busy")
                    return
            self._open[command.id] = command
            self._send(Act(command=command))

    def receipts(self) -> tuple[Receipt, ...]:
        """The commands that ended since the last call.

        Raises:
            Unreachable: The program has ended, says nothing, or was closed.
        """
        with self._state:
            self._check_reachable()
            ended = tuple(self._ended)
            self._ended.clear()
            return ended

    def rest(self, limit_s: float) -> bool:
        """Wait until every command has its receipt, for a program that does nothing else meanwhile.

        Returns:
            Whether that is so. False: it took too long, or the robot is lost.
        """
        with self._state:
            self._state.wait_for(lambda: not self._open or self._trouble is not None, limit_s)
            return not self._open

    def stop(self) -> None:
        """Emergency stop. A robot that does not confirm it in time is ended."""
        with self._state:
            self._is_stopped = True
            if self._is_closed or self._trouble is not None:
                return
            self._halt_open()
            self._stops += 1
            # No command's id: those never begin with this sign.
            stop = Stop(id=f"#stop-{self._stops}")
            self._confirm_by[stop.id] = self._until_confirmed()
            self._send(stop)

    def close(self) -> None:
        """Tell the program to end, and end it if it does not."""
        with self._state:
            is_first, self._is_closed = not self._is_closed, True
            if is_first:
                self._send(Close())
        self._wire.finish()

    # -- in the thread of the caller ---------------------------------------------------------------

    @property
    def _id(self) -> str:
        return self._hello.id if self._hello is not None else self._command

    def _await_first_report(self) -> None:
        with self._state:
            self._state.wait_for(
                lambda: self._report is not None or self._trouble is not None,
                self._patience.hello_s,
            )
            if self._report is None and self._trouble is None:
                said = "where it is" if self._hello is not None else "hello"
                self._trouble = f"it did not say {said} within {self._patience.hello_s:g} s"
            trouble = self._trouble
        if trouble is not None:
            self._wire.cut(trouble)
            self._wire.finish()
            if self._other_protocol:
                raise Refused(f"`{self._id}` cannot take part: {trouble}")
            raise Unreachable(f"`{self._id}` does not answer: {trouble}")

    def _check_alive(self) -> None:
        if self._is_closed:
            raise Unreachable(f"the device `{self._id}` is closed: open it again")
        if self._trouble is not None:
            raise Unreachable(f"`{self._id}` does not answer: {self._trouble}")

    def _check_reachable(self) -> None:
        self._check_alive()
        if time.monotonic() - self._last_word_s > self._patience.silence_s:
            raise Unreachable(
                f"`{self._id}` has said nothing for {self._patience.silence_s:g} s: "
                "see what its program does"
            )

    def _halt_open(self) -> None:
        """What runs is about to be stopped: it has to be confirmed in time, too."""
        for running in self._open:
            self._confirm_by.setdefault(running, self._until_confirmed())

    def _until_confirmed(self) -> float:
        return time.monotonic() + self._patience.confirm_s

    def _end_here(self, command: Command, reason: str) -> None:
        assert self._report is not None
        self._ended.append(
            Receipt(
                command=command.id,
                body=self._id,
                t=self._report.t,
                outcome="failed",
                reason=reason,
            )
        )

    def _send(self, message: ToRobot) -> None:
        self._wire.send(message.model_dump_json())

    # -- in the thread of the wire -----------------------------------------------------------------

    def _take_line(self, line: bytes) -> str | None:
        """Take in what the robot said; what is wrong with it, if anything is."""
        try:
            message = FROM_ROBOT.validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            wrong = f"{first['msg']}" + (f", at {where}" if where else "")
            return f"it wrote {_quoted(line)}, which is no message ({wrong})"
        with self._state:
            self._last_word_s = time.monotonic()
            wrong_in = self._take(message)
            self._state.notify_all()
            return wrong_in

    def _take(self, message: FromRobot) -> str | None:
        if isinstance(message, Hello):
            return self._take_hello(message)
        if self._hello is None:
            return f"it wrote a {message.kind} before it said hello"
        if isinstance(message, Report):
            return self._take_report(message.observation)
        return self._take_receipt(message)

    def _take_hello(self, hello: Hello) -> str | None:
        if self._hello is not None:
            return "it said hello twice"
        if hello.protocol != PROTOCOL:
            self._other_protocol = True
            return f"it speaks protocol {hello.protocol}, and this is protocol {PROTOCOL}"
        self._hello = hello
        return None

    def _take_report(self, report: Observation) -> str | None:
        wrong = nonsense(report, self.describe())
        if wrong is not None:
            return f"it reported {wrong}"
        before = self._report
        if before is not None:
            heard: tuple[Utterance, ...] = () if self._is_read else before.heard
            report = report.model_copy(
                update={
                    # A robot may set its clock; for those who read, time never goes back.
                    "t": max(before.t, report.t),
                    "heard": (*heard, *report.heard)[-_EARS:],
                }
            )
        self._report, self._is_read = report, False
        return None

    def _take_receipt(self, ended: Ended) -> str | None:
        receipt = ended.receipt
        if not math.isfinite(receipt.t):
            return "it reported an end at no time"
        self._confirm_by.pop(receipt.command, None)
        if self._open.pop(receipt.command, None) is not None:
            self._ended.append(receipt.model_copy(update={"body": self._id}))
        # What confirms a stop, or ended before this program began, is nobody's command.
        return None

    def _check_time(self) -> str | None:
        """What the robot has not confirmed in time, if anything."""
        with self._state:
            if min(self._confirm_by.values(), default=math.inf) > time.monotonic():
                return None
            return (
                f"it did not confirm a halt within {self._patience.confirm_s:g} s, so it was ended"
            )

    def _lose(self, why: str) -> None:
        with self._state:
            self._trouble = self._trouble or why
            self._state.notify_all()


def _quoted(line: bytes) -> str:
    text = line.decode(errors="replace")
    return repr(text if len(text) <= _QUOTE else text[: _QUOTE - 1] + "…")
