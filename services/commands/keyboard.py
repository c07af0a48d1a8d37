"""What reaches a run from outside: typed lines are words, Ctrl-C stops everybody, a second one ends it.

Being told to end by another program, or by a terminal that closes, is as good as Ctrl-C: robots must not
go on driving because of who said it.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.session.inputs import Inputs

# Signals closer together than this (s) are one wish to stop: some programs send it to a process and
# to its group.
ONE_PRESS_S = 0.5
_ENDS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextlib.contextmanager
def listening(hears: bool) -> Iterator[Callable[[Inputs], None]]:
    """Give the session, once it is made, what comes from the keyboard, until the block is left.

    Args:
        hears: Whether typed lines reach it. A run that is over in a moment has no use for them.
    """
    doors: list[Inputs] = []

    def join(inputs: Inputs) -> None:
        doors.append(inputs)
        if hears and sys.stdin.isatty():
            inputs.join()
            threading.Thread(target=_read, args=(inputs,), name="keyboard", daemon=True).start()

    first: list[float] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if first and now - first[0] < ONE_PRESS_S:
            return
        if first or not doors:
            raise KeyboardInterrupt
        first.append(now)
        doors[-1].end()
        # A terminal that closed takes no words.
        with contextlib.suppress(OSError):
            sys.stderr.write("stopping everybody; Ctrl-C once more ends at once\n")

    if threading.current_thread() is not threading.main_thread():
        yield join
        return
    # Who ignores one (nohup) goes on to.
    before = {
        number: handler
        for number in _ENDS
        if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield join
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(inputs: Inputs) -> None:
    from services.session.inputs import Words

    for line in sys.stdin:
        text = " ".join(line.split())
        if text:
            inputs.put(Words(text=text))
    inputs.leave()
