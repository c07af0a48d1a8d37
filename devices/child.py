"""Child processes. None of them outlives this process, however that ends: see `devices.mortal`.

Every program and every pool of workers that Retinue starts is started here.
"""

from __future__ import annotations

import errno
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from devices import mortal


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """Start a program that is killed when this process ends.

    Args:
        command: The program and its arguments.
        options: Those of `subprocess.Popen`.

    Raises:
        OSError: There is no such program, or it may not be run.
    """
    program = _program(command[0], options.get("cwd"), options.get("env"))
    launch = [sys.executable, "-I", "-S", mortal.__file__, str(os.getpid()), program]
    process: subprocess.Popen[Any] = _starter.do(
        lambda: subprocess.Popen([*launch, *command[1:]], **options)
    )
    process.args = command
    return process


def run(
    command: Sequence[str],
    *,
    given: Any = None,
    timeout: float | None = None,
    check: bool = False,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Run a program to its end and keep what it writes; it is killed when this process ends.

    Args:
        command: The program and its arguments.
        given: For its standard input, which is empty without.
        timeout: Seconds after which it is killed.
        check: Whether an exit code other than 0 is an error.
        options: Those of `subprocess.Popen`.

    Raises:
        OSError: There is no such program, or it may not be run.
        subprocess.SubprocessError: It took too long, or failed.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start(command, **{**pipes, **options}) as process:
        try:
            out, err = process.communicate(given, timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


def workers(
    count: int,
    enter: Callable[..., None],
    *arguments: Any,
    method: Literal["fork", "spawn"] | None = None,
) -> ProcessPoolExecutor:
    """Processes for calls to be made in, which are killed when this process ends.

    They also end with the thread that submits the first call: it has to live as long as they are needed.

    Args:
        count: How many.
        enter: Called in each of them first.
        arguments: What it is called with.
        method: How they begin: as copies of this process, as new ones, or as is usual on this system.
    """
    begin = (os.getpid(), enter, arguments)
    return ProcessPoolExecutor(count, get_context(method), _enter, begin)


def _enter(parent: int, enter: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    mortal.die_with_parent(parent)
    enter(*arguments)


def _program(name: str, folder: Any, environment: Any) -> str:
    """The file to run, looked up as `subprocess.Popen` would.

    The child is another program first, so it could not say in time that there is none.
    """
    if Path(name).name == name:
        path = (os.environ if environment is None else environment).get("PATH")
        found = shutil.which(name, path=path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return str(Path(found).absolute())
    place = Path(folder or "", name)
    if not place.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    if not os.access(place, os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
    return name


class _Starter:
    """One thread that starts all programs and lives as long as this process.

    For the kernel a child's parent is the thread that started it. A thread that somebody made for one
    request would take its children along.
    """

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def do(self, call: Callable[[], Any]) -> Any:
        """Make the call in that thread; what it returns or raises."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="starter", daemon=True)
                self._thread.start()
        answer: Future[Any] = Future()
        self._asked.put((call, answer))
        return answer.result()

    def _run(self) -> None:
        while True:
            call, answer = self._asked.get()
            try:
                answer.set_result(call())
            except Exception as error:  # noqa: BLE001 - handed to whoever asked, as if made there
                answer.set_exception(error)


_starter = _Starter()


def _begin_again() -> None:
    """In a copy of this process there are no threads but the one that copied it."""
    global _starter
    _starter = _Starter()


os.register_at_fork(after_in_child=_begin_again)
