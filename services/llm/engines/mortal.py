"""Processes that end with their parent, even where that is killed and can tell nobody."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends.

    The parent ends, for the kernel, when the thread does that started this process. Does nothing where the
    kernel is not Linux.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "prctl"):
        return
    parent = os.getppid()
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It ended in between.
        os.kill(os.getpid(), signal.SIGKILL)
