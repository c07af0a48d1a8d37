"""Nothing outlives the process that it was started by."""

import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from devices.child import run, start

LIMIT_MS = 30_000
# It would not end in order, and nobody closes its input.
STUBBORN = (
    "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "os.write(1, b'%d\\n' % os.getpid()); signal.pause()"
)
PROGRAM = f"""
import subprocess, sys
from devices.child import start
child = start([sys.executable, "-c", {STUBBORN!r}], start_new_session=True)
child.wait()
"""
POOL = f"""
from devices.child import workers
def enter(number): assert number == 7
with workers(2, enter, 7) as pool:
    list(pool.map(exec, [{STUBBORN!r}] * 2))
"""
COPY = """
import os, sys
from devices.child import run
run(["true"])
copy = os.fork()
if copy == 0:
    done = run([sys.executable, "-c", "import os; os.write(1, b'%d' % os.getppid())"])
    os._exit(0 if done.stdout == b"%d" % os.getpid() else 1)
os.write(1, b"%d" % os.waitpid(copy, 0)[1])
"""
FORK = """
import os, signal
from devices.mortal import die_with_parent
parent = os.getpid()
if os.fork() == 0:
    die_with_parent(parent)
    os.write(1, b'%d\\n' % os.getpid())
signal.pause()
"""


@pytest.mark.parametrize(("program", "children"), [(PROGRAM, 1), (POOL, 2), (FORK, 1)])
def test_children_are_gone_with_a_parent_that_was_killed(program, children):
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as parent:
        handles = [os.pidfd_open(int(parent.stdout.readline())) for _ in range(children)]
        parent.send_signal(signal.SIGKILL)
    for handle in handles:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        assert poll.poll(LIMIT_MS)
        os.close(handle)


def test_a_child_lives_on_when_the_thread_that_wanted_it_ends():
    started = []
    thread = threading.Thread(
        target=lambda: started.append(start(["cat"], stdin=-1, stdout=-1, encoding="utf-8"))
    )
    thread.start()
    thread.join()
    assert started[0].communicate("still here\n") == ("still here\n", None)
    assert started[0].returncode == 0


def test_a_copy_of_this_process_starts_its_own():
    done = run([sys.executable, "-c", COPY], encoding="utf-8")
    assert (done.stdout, done.stderr) == ("0", "")


def test_a_program_begins_as_it_would_alone():
    for words in (["grep", "Sig", "/proc/self/status"], ["printenv"], ["echo", "ä", "", "a b"]):
        alone = subprocess.run(words, capture_output=True, check=False)
        assert run(words).stdout == alone.stdout
    assert run(["pwd"], cwd="/", encoding="utf-8").stdout == "/\n"


def test_reading_on_is_told_like_anywhere(tmp_path):
    done = run(["cat"], given=b"x" * 300_000)
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 300_000, b"")
    with pytest.raises(subprocess.CalledProcessError, match="'false'"):
        run(["false"], check=True)
    with pytest.raises(subprocess.TimeoutExpired, match="'sleep', '60'"):
        run(["sleep", "60"], timeout=0.05)


def test_a_program_that_is_not_there_is_an_error_at_once(tmp_path):
    (tmp_path / "data").write_text("no program", encoding="utf-8")
    for name in ("no-such-program", "./no-such-program", str(tmp_path)):
        with pytest.raises(FileNotFoundError):
            start([name])
    with pytest.raises(PermissionError):
        start([str(tmp_path / "data")])
    with pytest.raises(FileNotFoundError):
        start(["cat"], env={"PATH": str(tmp_path)})
    with pytest.raises(TypeError):
        start(["cat"], no_such_option=1)
