"""A program that is spoken with in lines, over its standard input and output. It may be a bad one.

One thread does all reading and writing, so nobody who calls waits for the program. Whatever the
program does (dies, hangs, reads nothing, writes without end), what is kept of it stays bounded and the
wire ends with one sentence that says why.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from devices import child
from devices.errors import Refused
from devices.noun import Noun

# How often (s) the wire looks after the program's life and the owner's deadlines.
_TICK_S = 0.1
_CHUNK = 1 << 16
# The last of what the program wrote on its standard error is kept, so many bytes.
_NOTE = 2000


class Bounds(Noun):
    """What a program at the other end may do at most. Seconds and bytes."""

    line_bytes: int = 1 << 20
    lines_per_s: int = 1000
    bytes_per_s: int = 8 << 20
    unread_bytes: int = 1 << 20
    end_s: float = 2.0


class Wire:
    """A running program, and lines to and from it.

    `on_line` is called with each line and `on_tick` several times a second, both in the wire's thread;
    a sentence that they return ends the wire. After `on_end` nothing is called any more.

    Args:
        command: As in a shell. Programs that lie beside this Python are found first.
        on_line: Takes one line, without its end.
        on_tick: Looks after what has to happen in time.
        on_end: Takes why it is over.
        bounds: What the program may do at most.

    Raises:
        Refused: The command is none, or there is no such program.
    """

    def __init__(
        self,
        command: str,
        on_line: Callable[[bytes], str | None],
        on_tick: Callable[[], str | None],
        on_end: Callable[[str], None],
        bounds: Bounds,
    ) -> None:
        self._on_line, self._on_tick, self._on_end = on_line, on_tick, on_end
        self._bounds = bounds
        self._lock = threading.Lock()
        self._unsent = bytearray()
        self._end_by: float | None = None
        self._cut: str | None = None
        self._heard = bytearray()
        self._note = b""
        self._second = _Second()
        self._process = process = _start(command)
        self._input, self._output, self._notes = map(
            _there, (process.stdin, process.stdout, process.stderr)
        )
        # A program that closed its end of a pipe is about to end by itself, or will be.
        self._gone: str | None = None
        self._gone_by: float | None = None
        self._is_over = False
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process id of the program."""
        return self._process.pid

    def send(self, line: str) -> None:
        """Write a line as soon as the program reads. After the end it is lost."""
        with self._lock:
            if self._end_by is None and self._cut is None:
                self._unsent += line.encode() + b"\n"
            if len(self._unsent) > self._bounds.unread_bytes:
                self._cut = "it does not read what it is told"
            self._wake()

    def cut(self, why: str) -> None:
        """End the program at once. A wire that is cut already keeps its reason."""
        with self._lock:
            self._cut = self._cut or why
            self._wake()

    def finish(self) -> None:
        """Close the program's input, let it end in order, and wait for that for `end_s` at most."""
        with self._lock:
            if self._end_by is None:
                self._end_by = time.monotonic() + self._bounds.end_s
            self._wake()
        # Twice: killing what does not end takes a moment, too.
        self._thread.join(2 * self._bounds.end_s)

    def _wake(self) -> None:
        """Called under the lock: the pipe's number is somebody else's once it is closed."""
        if not self._is_over:
            # A full pipe wakes as well.
            with contextlib.suppress(BlockingIOError):
                os.write(self._waker, b"!")

    def _run(self) -> None:
        why: str | None = None
        try:
            with selectors.DefaultSelector() as selector:
                for pipe in (self._output, self._notes):
                    os.set_blocking(pipe.fileno(), False)
                    selector.register(pipe, selectors.EVENT_READ)
                os.set_blocking(self._input.fileno(), False)
                selector.register(self._woken, selectors.EVENT_READ)
                while why is None:
                    self._watch_for_space(selector)
                    why = self._turn(selector)
        finally:
            self._put_away()
            self._on_end(why or "the line to it broke down")

    def _turn(self, selector: selectors.BaseSelector) -> str | None:
        """Do what can be done now; why it is over, if it is."""
        for key, _ in selector.select(_TICK_S):
            why: str | None = None
            if key.fileobj is self._output:
                why = self._read(selector)
            elif key.fileobj is self._notes:
                self._read_note(selector)
            elif key.fileobj is self._input:
                self._write()
            else:
                os.read(self._woken, _CHUNK)
            if why is not None:
                return why
        with self._lock:
            if self._cut is not None:
                return self._cut
            is_ending, is_late = self._end_by is not None, _is_past(self._end_by)
            if is_ending and not self._unsent:
                self._close_input(selector)
        code = self._code()
        if code is not None:
            return self._read_rest() or self._how_it_ended(code)
        if is_late:
            return "it did not end when told to"
        if _is_past(self._gone_by):
            return self._gone
        return None if is_ending else self._on_tick()

    def _watch_for_space(self, selector: selectors.BaseSelector) -> None:
        """Ask to be woken when the program reads, while there is something to write."""
        if self._input.closed:
            return
        with self._lock:
            is_needed = bool(self._unsent) and self._gone is None
        is_registered = self._input in selector.get_map()
        if is_needed and not is_registered:
            selector.register(self._input, selectors.EVENT_WRITE)
        elif is_registered and not is_needed:
            selector.unregister(self._input)

    def _close_input(self, selector: selectors.BaseSelector) -> None:
        if self._input.closed:
            return
        if self._input in selector.get_map():
            selector.unregister(self._input)
        self._input.close()

    def _read(self, selector: selectors.BaseSelector) -> str | None:
        chunk = _read(self._output)
        if chunk is None:
            return None
        if not chunk:
            if self._output in selector.get_map():
                selector.unregister(self._output)
            self._is_going("it closed its output")
            return None
        return self._take(chunk)

    def _read_rest(self) -> str | None:
        """What it wrote before it ended is still in the pipe."""
        why = None
        while why is None and (chunk := _read(self._output)):
            why = self._take(chunk)
        return why

    def _take(self, chunk: bytes) -> str | None:
        if not self._second.allows(chunk, self._bounds):
            return "it writes without end"
        self._heard += chunk
        *lines, rest = bytes(self._heard).split(b"\n")
        self._heard = bytearray(rest)
        if len(rest) > self._bounds.line_bytes:
            return f"it wrote a line of more than {self._bounds.line_bytes} bytes"
        for line in lines:
            why = self._on_line(line)
            if why is not None:
                return why
        return None

    def _read_note(self, selector: selectors.BaseSelector) -> None:
        chunk = _read(self._notes)
        if chunk == b"":
            selector.unregister(self._notes)
        self._note = (self._note + (chunk or b""))[-_NOTE:]

    def _write(self) -> None:
        with self._lock:
            try:
                written = os.write(self._input.fileno(), self._unsent[:_CHUNK])
            except BlockingIOError:
                return
            except BrokenPipeError:
                self._unsent.clear()
                self._is_going("it closed its input")
                return
            del self._unsent[:written]

    def _is_going(self, why: str) -> None:
        self._gone = self._gone or why
        self._gone_by = self._gone_by or time.monotonic() + self._bounds.end_s

    def _code(self) -> int | None:
        """The exit code of the program if it has ended; minus the signal that killed it.

        It stays a zombie until `_put_away`, so that its number, and its group's, are nobody else's.
        """
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def _how_it_ended(self, code: int) -> str:
        how = f"it was killed by {_signal(-code)}" if code < 0 else f"it ended with code {code}"
        note = (self._note + (_read(self._notes) or b"")).decode(errors="replace").strip()
        return f"{how}: {note.splitlines()[-1]}" if note else how

    def _put_away(self) -> None:
        """Leave no process and no pipe behind. What the program started ends along with it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._input, self._output, self._notes):
            pipe.close()
        with self._lock:
            self._is_over = True
            os.close(self._woken)
            os.close(self._waker)


class _Second:
    """How much came within the present second."""

    def __init__(self) -> None:
        self._since, self._bytes, self._lines = time.monotonic(), 0, 0

    def allows(self, chunk: bytes, bounds: Bounds) -> bool:
        """Whether that is not yet too much."""
        now = time.monotonic()
        if now - self._since >= 1.0:
            self._since, self._bytes, self._lines = now, 0, 0
        self._bytes += len(chunk)
        self._lines += chunk.count(b"\n")
        return self._bytes <= bounds.bytes_per_s and self._lines <= bounds.lines_per_s


def _start(command: str) -> subprocess.Popen[Any]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Refused(
            f"the command {command!r} cannot be read ({error}): mend its quotes"
        ) from error
    if not words:
        raise Refused("there is no command: name the program that speaks for the robot")
    beside = os.path.dirname(sys.executable)  # noqa: PTH120 - a virtual environment is a link
    path = os.pathsep.join((beside, os.environ.get("PATH", os.defpath)))
    try:
        return child.start(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "PATH": path},
            # Ctrl-C at the terminal is for whoever runs the robot, who then ends it in order.
            start_new_session=True,
        )
    except OSError as error:
        raise Refused(f"the program {words[0]!r} cannot be started: {error.strerror}") from error


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _read(pipe: IO[bytes]) -> bytes | None:
    """What is in the pipe; None: nothing yet; empty: it is closed at the other end."""
    try:
        return os.read(pipe.fileno(), _CHUNK)
    except BlockingIOError:
        return None


def _is_past(moment: float | None) -> bool:
    return moment is not None and time.monotonic() >= moment


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
