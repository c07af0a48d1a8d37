"""What a robot's program and Retinue say to each other over a pipe. One JSON object a line, UTF-8.

The program is started by Retinue. It reads its standard input and writes to its standard output;
what it has to say to people goes to its standard error.

| who | says | when |
|---|---|---|
| robot | `hello` | first, within 20 s of its start |
| robot | `report` | after `hello`, then at least once in 2 s; before each receipt, so that the evidence is there first |
| robot | `receipt` | once for each command and each stop, when it has ended |
| Retinue | `act` | begin this command |
| Retinue | `stop` | emergency stop |
| Retinue | `close` | end all motion and end the program |

An order of things:

    robot    {"kind": "hello", "protocol": 1, "id": "toy", "card": {"kind": "toy", "title": "toy robot", "mobility": "wheels", "speed_m_s": 0.8, "skills": {"navigate": 1}}}
    robot    {"kind": "report", "observation": {"body": "toy", "t": 0.0, "state": {"pose": {"x": 2, "y": 2}, "room": "", "battery": 0.9}}}
    Retinue  {"kind": "act", "command": {"kind": "drive", "id": "c1", "skill": "navigate", "to": "sink", "path": [[2, 2], [3, 2]], "speed_m_s": 0.5}}
    robot    {"kind": "report", "observation": {"body": "toy", "t": 2.0, "state": {"pose": {"x": 3, "y": 2}, "room": "", "battery": 0.9}}}
    robot    {"kind": "receipt", "receipt": {"command": "c1", "body": "toy", "t": 2.0, "outcome": "done"}}

What holds:

- Commands, reports and receipts are those of `devices.contracts`; times are the robot's own (s) and
  never go back. A field that is not there must not be sent. `room` may be empty and `near` left out:
  the site knows its plan.
- One command at a time: Retinue sends the next one after the receipt, or after a `halt`.
- `halt` is a command like any other and always obeyed at once: first the receipt "stopped" of what it
  ended, then its own "done", within 2 s.
- A `stop` is a halt that lasts: first the receipts of what it ended, then one "done" with its own id,
  within 2 s. Afterwards only `halt` is obeyed until the program is started anew.
- A `close`, or the end of the input, is the end: halt and exit, within 2 s.
- A program that breaks these rules is killed. So motors need a watchdog that halts them when their
  program is gone.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from devices.contracts import BodyCard, Command, Observation, Receipt
from devices.noun import Noun

PROTOCOL = 1


class Hello(Noun):
    """The robot says who it is and what it can do. The card does not change later."""

    kind: Literal["hello"] = "hello"
    protocol: int
    id: str
    card: BodyCard


class Report(Noun):
    """The robot's state and what its sensors see now, all of it."""

    kind: Literal["report"] = "report"
    observation: Observation


class Ended(Noun):
    """A command, or a stop, has ended."""

    kind: Literal["receipt"] = "receipt"
    receipt: Receipt


class Act(Noun):
    """Begin a command."""

    kind: Literal["act"] = "act"
    command: Command


class Stop(Noun):
    """Emergency stop. The receipt for `id` confirms it."""

    kind: Literal["stop"] = "stop"
    id: str


class Close(Noun):
    """End all motion and end the program."""

    kind: Literal["close"] = "close"


FromRobot = Annotated[Hello | Report | Ended, Field(discriminator="kind")]
ToRobot = Annotated[Act | Stop | Close, Field(discriminator="kind")]

FROM_ROBOT: TypeAdapter[FromRobot] = TypeAdapter(FromRobot)
TO_ROBOT: TypeAdapter[ToRobot] = TypeAdapter(ToRobot)
