"""Open questions: what no other skill answers goes to the language model, if there is one.

Settings: `search`, the name of a tool that looks things up ("mcp.search" of a tool server, or one of a
package under the entry points `retinue.tools`). It is called with the question as `query`; what it
finds goes to the model along with the question. Without it nothing is looked up. `view`: whether the
model sees what the wearer sees (one picture, faces covered) when the question is about that; only for
a model that sees. The picture goes to the model and nowhere else.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence

from devices.facts import Value
from devices.glasses.contracts import Words
from devices.glasses.shot import Shot
from services.alpha.central.words import is_question
from services.alpha.contracts import (
    Content,
    Draft,
    Evidence,
    Hud,
    LookRequest,
    LookResult,
    Notice,
    Silence,
    SkillSpec,
    SlotSpec,
    ToolCall,
    Trigger,
    WearerProfile,
)
from services.alpha.skill import Case, Tool
from services.alpha.vision import opencv as cv
from services.errors import UserError

_VIEW_WIDTH = 768
# Words that point at something in sight.
_POINTS = re.compile(
    r"\b(this|that|these|those|here|there|see|look(ing)?|read|sign|says?|colou?r|wearing|"
    r"in front of)\b"
)

SPEC = SkillSpec(
    name="open-question",
    title="Open questions",
    deadline_s=15.0,
    repeat_s=0.0,
    look_width=_VIEW_WIDTH,
    look_cost_s=0.05,
    slots=(SlotSpec(name="view", max_age_s=10.0, kept=False),),
    answers="anything that ends in a question mark and that no other skill answers",
)
# Any other skill that claims the words is surer than this.
SCORE = 0.3
_MOST_WORDS = 40
_MOST_FOUND = 1500  # characters of what a search found


class OpenQuestion:
    """Asks the tool "llm.answer" and says what it says. It reads nothing from pictures itself."""

    def __init__(self) -> None:
        self._search = ""
        self._view = False

    @property
    def spec(self) -> SkillSpec:
        """What it needs and costs."""
        return SPEC

    def configure(self, settings: Mapping[str, Value]) -> None:
        """Take the name of the tool that looks things up, and whether the model sees."""
        unknown = sorted(set(settings) - {"search", "view"})
        if unknown:
            raise UserError(
                f"open-question knows no setting {unknown[0]!r}: give search, a tool, or view, "
                "true for a model that sees"
            )
        self._search = str(settings.get("search", ""))
        self._view = bool(settings.get("view", False))

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """Pictures ask no questions."""
        return ()

    def look(self, request: LookRequest, shots: Sequence[Shot]) -> LookResult:
        """The picture itself, for the model."""
        shot = shots[-1]
        data = base64.b64encode(cv.encoded(shot.pixels, ".jpg")).decode()
        seen = Evidence(
            slot="view", value=f"data:image/jpeg;base64,{data}", confidence=1.0, t=shot.frame.t
        )
        return LookResult(
            request=request.id, case=request.case, skill=SPEC.name, t=shot.frame.t, evidence=(seen,)
        )

    def hear(self, words: Words, wearer: WearerProfile) -> Trigger | None:
        """Any question, with little claim to it."""
        if not is_question(words.text) or not words.text.rstrip().endswith("?"):
            return None
        return Trigger(
            skill=SPEC.name,
            subject=words.text,
            t=words.t,
            since_s=words.t,
            score=SCORE,
            reason=f"the wearer asked {words.text!r}",
            asked=True,
            look=self._view and _POINTS.search(words.text.lower()) is not None,
            words=words.text,
        )

    def plan(self, case: Case) -> ToolCall | None:
        """Ask the model, once; what memory heard about it, and what was found, goes along."""
        question = case.trigger.words
        if "memory.said" not in case.results:
            return ToolCall(tool="memory.said", args={"words": question})
        if self._search and self._search not in case.results:
            return ToolCall(tool=self._search, args={"query": question})
        if "llm.answer" in case.results:
            return None
        texts = case.results["memory.said"].value.get("texts")
        lines = [str(t) for t in texts if t != question] if isinstance(texts, tuple) else []
        context = ["What was said before: " + " / ".join(lines)] if lines else []
        found = case.results.get(self._search)
        if found is not None:
            text = str(found.value.get("text", ""))[:_MOST_FOUND]
            context.append(f"What was found about it: {text}")
        args: dict[str, Content] = {"question": question, "context": "\n".join(context)}
        view = case.value("view")
        if view is not None:
            args["view"] = view
        return ToolCall(tool="llm.answer", args=args)

    def tools(self) -> Mapping[str, Tool]:
        """It brings none."""
        return {}

    def phrase(self, case: Case) -> Draft | Silence:
        """The model's sentence, or its first sentence if that is all there is time for."""
        result = case.results.get("llm.answer")
        text = str(result.value.get("text", "")) if result is not None else ""
        words = text.split()
        if not words:
            return Silence(why="the model said nothing")
        whole = " ".join(words[:_MOST_WORDS]) + ("…" if len(words) > _MOST_WORDS else "")
        first = whole.split(". ")[0].rstrip(".") + "."
        return Draft(
            wordings=tuple(dict.fromkeys((whole, first))) if len(first) < len(whole) else (whole,),
            why="the language model answers",
            score=1.0,
            hud=Hud(title="Answer"),
            answer=whole,
        )

    def check(self, text: str, case: Case) -> str:
        """There is no exact tool to contradict."""
        return ""
