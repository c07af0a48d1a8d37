"""Fakes that stand in for a brain's collaborators in tests, ours and those of third parties."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from brain.model import ModelReply, ModelRequest, ModelUnavailable


class ScriptedModel:
    """A ``LanguageModel`` that answers from a script and remembers what it was asked.

    Args:
        script: The answers in order, or a function from the request to its answer. An answer is the text
            or a whole ``ModelReply``.
    """

    def __init__(
        self,
        script: Sequence[str | ModelReply] | Callable[[ModelRequest], str | ModelReply],
    ) -> None:
        self._script = script
        self.requests: list[ModelRequest] = []

    def reply(self, request: ModelRequest) -> ModelReply:
        """Answer as scripted.

        Raises:
            ModelUnavailable: If a list of answers is used up.
        """
        self.requests.append(request)
        answer = self._script(request) if callable(self._script) else self._take()
        return ModelReply(text=answer) if isinstance(answer, str) else answer

    def _take(self) -> str | ModelReply:
        assert not callable(self._script)
        index = len(self.requests) - 1
        if index >= len(self._script):
            raise ModelUnavailable(
                f"The script has {len(self._script)} answers and was asked for one more; add an answer."
            )
        return self._script[index]
