"""The language model as a tool: it answers open questions, and only those.

It is a program of its own at the backend, so that its cached prefix survives between questions: the wearer is
what it waits for, and how long that usually takes the backend learns. A person stands there and waits, so it goes
before what nobody hears, and an answer that comes too late to be said is not finished. What
it says is never taken for evidence, and exact tools have the last word over it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from brain.model import LanguageModel, Message, ModelError, ModelRefused, ModelRequest
from services.alpha.arithmetic.trouble import ToolUnavailable
from services.alpha.contracts import Content, ToolSpec
from services.llm.models.registry import Metered, make_models

ANSWER = ToolSpec(
    name="llm.answer",
    title="The language model",
    cost_s=1.5,
    timeout_s=6.0,
    exact=False,
    remote=True,
)
# What the program waits for after an answer.
_QUESTION = "question"
_PRIORITY = 1
_RULES = (
    "You answer a person who wears glasses with a voice. Answer in one short sentence of at most "
    "twenty words. If you do not know, say that you do not know."
)


class LanguageTool:
    """Answers through the model that the configuration names."""

    def __init__(self, spec: str, wearer: str) -> None:
        self._spec = spec
        self._wearer = wearer
        self._program = f"glasses-{wearer}"
        self._inner: LanguageModel | None = None
        self._model: Metered | None = None
        self._made = False
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Load the model, unless that has been done.

        Raises:
            UserError: the configuration names none that is known.
        """
        with self._lock:
            if not self._made:
                model, _ = make_models(self._spec)
                self._inner = model
                self._model = Metered(model) if model is not None else None
                self._made = True

    def warm(self) -> None:
        """Start a model that runs here, so that the first question need not wait for that."""
        start = getattr(self._inner, "start", None)
        if start is not None:
            start()

    def answer(self, question: str, context: str = "", view: str = "") -> Mapping[str, Content]:
        """One sentence in answer to the question.

        Args:
            question: The wearer's words.
            context: What is known and may help.
            view: What the wearer sees, as a data URL, for a model that sees.

        Raises:
            ToolUnavailable: the model does not answer.
            ValueError: there is no model here, or it takes no such question.
        """
        self.prepare()
        if self._model is None:
            raise ValueError("I have no language model for questions like that.")
        text = f"{context}\n\n{question}" if context else question
        request = ModelRequest(
            messages=(
                Message(role="system", content=_RULES),
                Message(role="user", content=text, images=(view,) if view else ()),
            ),
            max_tokens=60,
            program=self._program,
            tool=_QUESTION,
            body=self._wearer,
            priority=_PRIORITY,
            deadline_s=ANSWER.timeout_s,
        )
        try:
            reply = self._model.reply(request)
        except ModelRefused:
            blind = " It may be one that sees no pictures." if view else ""
            raise ValueError(f"The language model refuses the question.{blind}") from None
        except ModelError:
            raise ToolUnavailable("The language model does not answer.") from None
        return {"text": " ".join(reply.text.split())}

    def close(self) -> None:
        """The wearer asks no more: nothing need be kept. Stop the model, if one runs."""
        if self._model is not None:
            self._model.ended(self._program)
            self._model.close()
