"""A process that ends with its parent, even where that is killed and can tell nobody.

Run as a program (``python -I -S mortal.py PARENT COMMAND...``) it becomes the command, and the promise
stays. It is run before every child that is not ours, so it imports next to nothing.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
# Python ignores these, and what it becomes would go on to.
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends.

    The parent ends, for the kernel, when the thread does that started this process. Does nothing where the
    kernel is not Linux.

    Args:
        parent: The process that started this one; if it has ended already, so does this one.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "prctl"):
        return
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    for number in _IGNORED:
        signal.signal(number, signal.SIG_DFL)
    die_with_parent(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
