"""A robot's program behind a pipe: a good one keeps the contract, a bad one is ended with a sentence."""

import os
import select
import signal
import subprocess
import sys
import textwrap

import pytest

from devices.contracts import Drive, Halt, Sense
from devices.device import Timed
from devices.drivers.pipe import Patience, open_pipe
from devices.errors import Refused, Unreachable
from devices.testing import DeviceContract

LIMIT_S = 60.0
TOY = "python -m devices.drivers.toy --id toy --x 2 --y 2"


@pytest.fixture
def opened():
    """Opens devices, and closes them after the test."""
    devices = []

    def open_(command, **patience):
        devices.append(open_pipe(command, Patience(**patience)))
        return devices[-1]

    yield open_
    for device in devices:
        device.close()


class TestToy(DeviceContract):
    @pytest.fixture(autouse=True)
    def _opened(self, opened):
        self._open = opened

    def open(self):
        return self._open(f"{TOY} --room kitchen")

    def settle(self, device):
        assert device.rest(LIMIT_S)

    def confirm(self, device):
        assert device.rest(LIMIT_S)


def look(name):
    return Sense(id=name, skill="look", mode="look", target="kitchen")


def test_the_toy_drives_along_the_path_in_real_time(opened):
    toy = opened(f"{TOY} --speed-m-s 4")
    toy.act(Drive(id="c", skill="navigate", to="sink", path=((2, 2), (2, 3)), speed_m_s=2.0))
    assert toy.rest(LIMIT_S)
    (receipt,) = toy.receipts()
    state = toy.observe().state
    assert receipt.outcome == "done"
    assert (state.pose.x, state.pose.y) == pytest.approx((2.0, 3.0))
    assert toy.observe().t >= 0.5
    assert not isinstance(toy, Timed)


def test_a_stop_halts_the_toy_on_its_way_and_holds(opened):
    toy = opened(TOY)
    toy.act(Drive(id="c", skill="navigate", to="sink", path=((50, 2),), speed_m_s=0.8))
    toy.stop()
    assert toy.rest(LIMIT_S)
    assert [(r.command, r.outcome) for r in toy.receipts()] == [("c", "stopped")]
    assert toy.observe().state.pose.x < 50
    toy.act(Halt(id="h"))
    assert toy.rest(LIMIT_S)
    assert [(r.command, r.outcome) for r in toy.receipts()] == [("h", "done")]


def is_over(pid, limit_ms=60_000):
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    over = bool(poll.poll(limit_ms))
    os.close(handle)
    return over


def test_closing_leaves_no_process(opened):
    toy = opened(TOY)
    toy.close()
    assert is_over(toy.pid)


def test_the_program_dies_with_whoever_started_it():
    parent = (
        "import sys; from devices.drivers.pipe import open_pipe; d = open_pipe(sys.argv[1]); "
        "print(d.pid, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", parent, TOY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, encoding="utf-8", **pipes) as process:
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    assert is_over(pid)


# -- programs that are not good -------------------------------------------------------------------

PRELUDE = """
import json, os, signal, sys, threading
def say(**message):
    print(json.dumps(message), flush=True)
def hello(protocol=1):
    card = {"kind": "bad", "title": "bad", "mobility": "fixed", "skills": {"look": 1}}
    say(kind="hello", protocol=protocol, id="bad", card=card)
def report(battery=1.0, heard=()):
    state = {"pose": {"x": 0, "y": 0}, "room": "", "battery": battery}
    heard = [{"who": "anna", "text": text} for text in heard]
    say(kind="report", observation={"body": "bad", "t": 0, "state": state, "heard": heard})
def greet():
    hello()
    report()
def receipt(command, outcome="done"):
    say(kind="receipt", receipt={"command": command, "body": "bad", "t": 0, "outcome": outcome})
"""


@pytest.fixture
def program(tmp_path):
    """Writes a program in Python; the command that starts it."""

    def write(text):
        path = tmp_path / "bad robot.py"
        path.write_text(PRELUDE + textwrap.dedent(text), encoding="utf-8")
        return f"python '{path}'"

    return write


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", "there is no command"),
        ("no-such-program --x", "'no-such-program' cannot be started: No such file"),
        ("python 'x", "cannot be read"),
    ],
)
def test_a_command_that_is_none_is_refused(opened, command, says):
    with pytest.raises(Refused, match=says):
        opened(command)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("print('no battery', file=sys.stderr); sys.exit(3)", "ended with code 3: no battery"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("sys.stdin.read()", "did not say hello within 1 s"),
        ("hello(); sys.stdin.read()", "did not say (where it is|hello) within 1 s"),
        ("report()", "wrote a report before it said hello"),
        ("hello(); hello()", "said hello twice"),
        ("print('Booting...')", "wrote 'Booting...', which is no message"),
        ("hello(); report(battery=7)", "reported a battery of 7: give 0 to 1"),
        ("hello(); report(battery=float('nan'))", "reported a battery of nan: give 0 to 1"),
        ("sys.stdout.write('x' * 3_000_000)", "wrote a line of more than 1048576 bytes"),
        ("os.close(1); os.close(2); signal.pause()", "closed its output"),
    ],
)
def test_a_program_that_makes_no_sense_is_unreachable(opened, program, text, says):
    with pytest.raises(Unreachable, match=says):
        # Python itself takes its time to start, on a machine that is busy.
        opened(program(text), hello_s=1.0 if "within" in says else 60.0, end_s=1.0)


def test_a_program_of_another_protocol_is_refused(opened, program):
    with pytest.raises(Refused, match="it speaks protocol 2, and this is protocol 1"):
        opened(program("hello(protocol=2); report(); sys.stdin.read()"))


def lost(device):
    """Give it a command that is never answered, and wait for its end; why it is unreachable."""
    device.act(look("c1"))
    assert not device.rest(LIMIT_S)
    with pytest.raises(Unreachable) as caught:
        device.observe()
    assert is_over(device.pid)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("greet(); sys.stdin.readline(); sys.exit(4)", "ended with code 4"),
        ("greet(); sys.stdin.readline(); print('?')", "wrote '?', which is no message"),
        ("greet(); sys.stdin.readline()\nwhile True: report()", "it writes without end"),
        ("greet(); sys.stdin.readline(); receipt('c1', 'perhaps')", "outcome"),
    ],
)
def test_a_program_that_goes_wrong_later_is_lost(opened, program, text, says):
    # One that says the same for ever is silent for no moment.
    assert says in lost(opened(program(text), silence_s=LIMIT_S))


def test_a_program_that_hangs_is_unreachable_until_it_speaks_again(opened, program):
    bad = opened(
        program("greet(); sys.stdin.readline(); receipt('c1')\nsys.stdin.read()"), silence_s=0.0
    )
    with pytest.raises(Unreachable, match="has said nothing for 0 s"):
        bad.observe()
    patient = opened(program("greet(); sys.stdin.readline(); receipt('c1'); sys.stdin.read()"))
    patient.act(look("c1"))
    assert patient.rest(LIMIT_S)
    assert patient.observe().state.battery == 1.0


def test_a_halt_that_is_not_confirmed_ends_the_program(opened, program):
    bad = opened(program("greet()\nfor line in sys.stdin: pass"), confirm_s=0.2)
    bad.act(look("c1"))
    bad.act(Halt(id="h"))
    assert not bad.rest(LIMIT_S)
    with pytest.raises(Unreachable, match=r"did not confirm a halt within 0\.2 s"):
        bad.receipts()
    assert is_over(bad.pid)


def test_a_program_that_reads_nothing_blocks_nobody(opened, program):
    bad = opened(program("greet(); signal.pause()"), unread_bytes=100_000, confirm_s=LIMIT_S)

    def pour_in():
        for k in range(50_000):
            bad.act(Halt(id=f"h{k}"))

    with pytest.raises(Unreachable, match="does not read what it is told"):
        pour_in()
    assert is_over(bad.pid)


def test_a_program_that_does_not_end_is_ended_with_what_it_started(opened, program):
    bad = opened(
        program(
            """
            import subprocess
            child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            hello()
            report(heard=[str(child.pid)])
            signal.pause()
            """
        ),
        end_s=0.2,
    )
    child = int(bad.observe().heard[0].text)
    bad.close()
    assert is_over(bad.pid)
    assert is_over(child)


def test_nothing_that_was_heard_is_lost_between_two_looks(opened, program):
    bad = opened(
        program(
            """
            greet()
            sys.stdin.readline()
            report(heard=["one"])
            report(heard=["two"])
            report()
            receipt("c1")
            sys.stdin.readline()
            report(heard=["three"])
            receipt("c2")
            sys.stdin.read()
            """
        )
    )
    assert bad.observe().heard == ()
    bad.act(look("c1"))
    assert bad.rest(LIMIT_S)
    assert [said.text for said in bad.observe().heard] == ["one", "two"]
    assert bad.observe() == bad.observe()
    bad.act(look("c2"))
    assert bad.rest(LIMIT_S)
    assert [said.text for said in bad.observe().heard] == ["three"]


def test_an_end_is_told_once_and_only_of_what_was_begun(opened, program):
    bad = opened(
        program(
            "greet(); sys.stdin.readline(); receipt('c0'); receipt('c1'); receipt('c1'); "
            "sys.stdin.readline(); receipt('c2'); sys.stdin.read()"
        )
    )
    for name in ("c1", "c2"):
        bad.act(look(name))
        assert bad.rest(LIMIT_S)
    assert [receipt.command for receipt in bad.receipts()] == ["c1", "c2"]
