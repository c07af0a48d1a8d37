"""The toy robot's program: python -m devices.drivers.toy --id toy --x 2 --y 2.

It speaks the protocol of `devices.drivers.messages` over its standard input and output, and is a
pattern for a program in front of a real robot.
"""

from __future__ import annotations

import argparse
import math
import os
import selectors
import sys

from pydantic import ValidationError

from devices.clock import Clock, WallClock
from devices.contracts import Pose, Speak
from devices.drivers.messages import PROTOCOL, TO_ROBOT, Act, Ended, FromRobot, Hello, Report, Stop
from devices.drivers.toy.robot import Toy

# It reports so often (s) while it does something, and while it does nothing.
_BUSY_S = 0.2
_IDLE_S = 0.5


def main() -> int:
    """Run until the input ends or somebody says `close`."""
    parser = argparse.ArgumentParser(prog="devices.drivers.toy", description=__doc__)
    parser.add_argument("--id", default="toy", help="its name")
    parser.add_argument("--x", type=float, default=0.0, help="where it starts, metres")
    parser.add_argument("--y", type=float, default=0.0, help="where it starts, metres")
    parser.add_argument("--yaw", type=float, default=0.0, help="where it faces first, radians")
    parser.add_argument("--speed-m-s", type=float, default=0.8, help="as fast as it drives")
    parser.add_argument("--room", default="", help="the room it says it is in; else the site knows")
    parser.add_argument("--battery", type=float, default=1.0, help="how full it is, 0 to 1")
    given = parser.parse_args()
    if not given.speed_m_s > 0.0:
        parser.error("--speed-m-s must be above zero")
    if not 0.0 <= given.battery <= 1.0:
        parser.error("--battery must be between 0 and 1")
    if not (math.isfinite(given.x) and math.isfinite(given.y) and math.isfinite(given.yaw)):
        parser.error("--x, --y and --yaw must be numbers")
    pose = Pose(x=given.x, y=given.y, yaw=given.yaw)
    toy = Toy(given.id, pose, given.speed_m_s, given.room, given.battery)
    try:
        _say(Hello(protocol=PROTOCOL, id=given.id, card=toy.card))
        _live(toy, WallClock())
    except (BrokenPipeError, KeyboardInterrupt):
        # Nobody is there any more to be told.
        return 0
    return 0


def _live(toy: Toy, clock: Clock) -> None:
    """Listen, move, report."""
    unread = b""
    report_s = 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            now = clock.now()
            toy.advance(now)
            ended = toy.receipts()
            if ended or now >= report_s:
                report_s = now + (_IDLE_S if toy.next_s() is None else _BUSY_S)
                _say(Report(observation=toy.observation()))
            for receipt in ended:
                _say(Ended(receipt=receipt))
            due = min(report_s, toy.next_s() or report_s)
            if not selector.select(max(0.0, due - clock.now())):
                continue
            chunk = os.read(sys.stdin.fileno(), 1 << 16)
            if not chunk:
                return
            *lines, unread = (unread + chunk).split(b"\n")
            toy.advance(clock.now())
            if not all(_heed(toy, line) for line in lines):
                return


def _heed(toy: Toy, line: bytes) -> bool:
    """Do what was said. Whether to go on."""
    try:
        message = TO_ROBOT.validate_json(line)
    except ValidationError as error:
        sys.stderr.write(f"this is no message: {line!r} ({error.error_count()} mistakes)\n")
        return True
    if isinstance(message, Act):
        if isinstance(message.command, Speak):
            sys.stderr.write(f"to {message.command.to}: {message.command.text}\n")
        toy.act(message.command)
    elif isinstance(message, Stop):
        toy.stop(message.id)
    else:
        return False
    return True


def _say(message: FromRobot) -> None:
    sys.stdout.write(message.model_dump_json() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
