"""What a run folder holds of a person beside its memory: film, wishes in words, report, pictures.

Erasing the memory alone would leave the replay that shows them and the page that quotes them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from services.errors import UserError
from services.memory.redaction import without
from services.report.build import build
from services.session.contracts import GoalResult, RunConfig, RunResult
from services.session.folder import RunFolder
from stem_memory.belief.state import MemoryState

ERASED = "(erased)"


class Traces:
    """How to tell what is about a person: their names, and the wishes they said.

    Args:
        memory: What the run remembers, before the erasure.
        person: Their id.
    """

    def __init__(self, memory: MemoryState, person: str) -> None:
        self.person = person
        self.names = (person, *memory.own_names(person))
        goals = [record.goal for record in memory.goals().values()]
        self._said = {goal.text for goal in goals if goal.who == person}
        # Answers and instructions are no goals, and their words all the same.
        self._said |= {text for _, who, text in memory.dialogue() if who == person}
        words = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True))
        self._named = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    def has(self, text: str) -> bool:
        """Whether a text is theirs or names them."""
        return text in self._said or self._named.search(text) is not None

    def cleaned(self, text: str, left: str = "") -> str:
        """The text, or what is left if it is about the person."""
        return left if self.has(text) else text


class Removed(NamedTuple):
    """What a run folder had that shows or quotes people, and has no more."""

    page: bool
    video: bool


def forget_files(run_dir: Path, traces: Traces) -> Removed:
    """Take a person out of what a run folder holds beside its memory. Doing so again is harmless.

    Pictures and the page are removed: `rebuild` makes them again from what is left.

    Raises:
        UserError: A file can not be read or written.
    """
    folder = RunFolder(run_dir)
    had = Removed(folder.page.is_file(), folder.video.is_file())
    try:
        # What quotes and shows comes first, so that a crash leaves less and not more.
        for path in (folder.page, *folder.pictures):
            path.unlink(missing_ok=True)
        film = folder.read_film()
        if film is not None:
            folder.write_film(without(film, traces.person, traces.names))
        if folder.config.is_file():
            folder.write_config(_config(folder.read_config(), traces))
        result = folder.read_result()
        if result is not None:
            folder.write_result(_result(result, traces))
    except (OSError, UserError) as error:
        raise UserError(
            f"{run_dir} can not be cleaned of {traces.person} ({error}); mend or remove that file "
            "and erase again"
        ) from None
    return had


def rebuild(run_dir: Path, removed: Removed) -> bool:
    """Write the page and its pictures again, if they were there; returns whether they were."""
    if removed.page:
        build(run_dir, video=removed.video)
    return removed.page


def _config(config: RunConfig, traces: Traces) -> RunConfig:
    wishes = tuple(
        wish.model_copy(
            update={
                "text": ERASED if wish.who == traces.person else traces.cleaned(wish.text, ERASED),
                "who": None if wish.who == traces.person else wish.who,
            }
        )
        for wish in config.wishes
    )
    return config.model_copy(
        update={"wishes": wishes, "glasses": traces.cleaned(config.glasses, ERASED)}
    )


def _result(result: RunResult, traces: Traces) -> RunResult:
    return result.model_copy(
        update={
            "goals": tuple(_goal(goal, traces) for goal in result.goals),
            "words": tuple(
                said.model_copy(
                    update={
                        "who": traces.cleaned(said.who),
                        "text": "" if said.who == traces.person else traces.cleaned(said.text),
                        "reply": traces.cleaned(said.reply),
                    }
                )
                for said in result.words
            ),
        }
    )


def _goal(goal: GoalResult, traces: Traces) -> GoalResult:
    findings = tuple(
        found
        for found in goal.findings
        if not any(traces.has(str(part)) for part in (found.thing, found.value, found.source))
    )
    return goal.model_copy(
        update={
            "text": "" if goal.who == traces.person else traces.cleaned(goal.text),
            "who": traces.cleaned(goal.who),
            "reason": traces.cleaned(goal.reason),
            "understood": traces.cleaned(goal.understood),
            "answer": traces.cleaned(goal.answer) if goal.answer is not None else None,
            "findings": findings,
        }
    )
