"""Nothing outlives the process that it was started by."""

import os
import select
import signal
import subprocess
import sys

_LIMIT_MS = 30_000
_CHILD = (
    "from services.llm.engines.mortal import die_with_parent; import signal; die_with_parent(); "
    # It would not end in order.
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"
)
_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


def test_a_child_is_gone_with_a_parent_that_was_killed():
    command = [sys.executable, "-c", _PARENT, _CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        handle = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    assert poll.poll(_LIMIT_MS)
    os.close(handle)
