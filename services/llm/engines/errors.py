"""What can go wrong in an engine, and who should act.

EngineError
├── EngineRefused    the caller: the request is wrong for this engine
├── EngineDied       the replica: restart it, and try the request once more
│   └── EngineSilent     the same, if it goes on: it takes connections, and does not answer in time
└── EngineMissing    who runs the machine: something is not installed, or does not start
"""

from __future__ import annotations

from brain.model import ModelUnavailable


class EngineError(Exception):
    """The root; its text is one sentence for a person."""


class EngineRefused(EngineError):
    """The engine will not serve this request.

    Args:
        sentence: What is wrong and what to do.
        status: The HTTP status that says so.
    """

    def __init__(self, sentence: str, status: int = 400) -> None:
        self.status = status
        super().__init__(sentence)


class EngineDied(EngineError):
    """The engine's process is gone or does not answer; all KV that it held is lost."""


class EngineSilent(EngineDied):
    """The engine did not answer in time: it may hang, or only be slow."""


class EngineMissing(EngineError, ModelUnavailable):
    """The engine cannot start on this machine; the sentence says what to install or correct."""
