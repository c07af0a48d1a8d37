"""An engine's server in a process of its own, which lives no longer than whoever started it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from typing import IO, Any

from services.llm.engines.errors import EngineMissing

_KEPT_LINES = 20
#: The last line of a child's standard input if it is stopped in order; without it its parent was killed.
STOP = "stop\n"


class ServerProcess:
    """Starts ``python -m MODULE``, gives it a JSON object, and waits for one back.

    The child reads its settings from the first line of its standard input (keys do not belong on a
    command line, which every user can read) and answers with one line on standard output. It ends when
    its standard input closes, so it cannot outlive this process, however that dies.

    Args:
        module: The module to run.
        settings: What it is told.
        start_limit_s: Longest wait for its answer.
        environment: Variables that differ from this process's.
        python: The interpreter; by default the present one.
    """

    def __init__(
        self,
        module: str,
        settings: dict[str, Any],
        start_limit_s: float = 120.0,
        environment: dict[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self._command = [python, "-m", module]
        self._settings = settings
        self._limit_s = start_limit_s
        self._environment = environment or {}
        self._process: subprocess.Popen[str] | None = None
        self._last_lines: deque[str] = deque(maxlen=_KEPT_LINES)

    @property
    def pid(self) -> int | None:
        """The process, if it was started."""
        return self._process.pid if self._process is not None else None

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> dict[str, Any]:
        """Start the process, ending an earlier one.

        Returns:
            What it answered.

        Raises:
            EngineMissing: If it ends, or says nothing in time; with its own sentence if it gave one.
        """
        self.stop()
        self._process = process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **self._environment},
            # Ctrl-C in the terminal is for the gateway, which then closes its engines in order.
            start_new_session=True,
        )
        answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_answer, args=(process.stdout, answers), daemon=True).start()
        threading.Thread(
            target=_remember, args=(process.stderr, self._last_lines), daemon=True
        ).start()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(self._settings) + "\n")
            process.stdin.flush()
            line = answers.get(timeout=self._limit_s)
            answer: dict[str, Any] = json.loads(line)
        except (OSError, ValueError, queue.Empty) as error:
            last = " / ".join(list(self._last_lines)[-3:])
            self.stop()
            raise EngineMissing(
                f"The engine did not start within {self._limit_s:g} s or ended at once"
                + (f": {last}" if last else "; see whether the machine has memory for it.")
            ) from error
        if "error" in answer:
            self.stop()
            raise EngineMissing(answer["error"])
        return answer

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """End the process in order if it runs; after five seconds at once."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.write(STOP)
            process.stdin.close()
        except BrokenPipeError:
            # It is gone already, with unread input.
            process.kill()
        try:
            process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answer(stream: IO[str] | None, answers: queue.SimpleQueue[str]) -> None:
    """Hand over the first line; read on, so that a full pipe never blocks the child."""
    assert stream is not None
    with stream:
        answers.put(stream.readline())
        for _ in stream:
            pass


def _remember(stream: IO[str] | None, lines: deque[str]) -> None:
    assert stream is not None
    with stream:
        lines.extend(line.strip() for line in stream if line.strip())
