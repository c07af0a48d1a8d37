"""What a run folder holds of a person beside its memory: film, wishes in words, report, pictures.

Erasing the memory alone would leave the replay that shows them and the page that quotes them.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

from services.app import CONFIG, FILM, METRICS, write_film
from services.contracts import RunConfig, RunResult
from services.errors import UserError
from services.report.build import PAGE, STILL, VIDEO, WEB_VIDEO, build
from services.veil import without
from sim_worlds.contracts import Film
from stem_memory.state import MemoryState

ERASED = "(erased)"
_PICTURES = (VIDEO, WEB_VIDEO, STILL, "gantt.svg", "graph.svg", "plan.svg")


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
        words = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True))
        self._named = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    def has(self, text: str) -> bool:
        """Whether a text is theirs or names them."""
        return text in self._said or self._named.search(text) is not None

    def cleaned(self, text: str, left: str = "") -> str:
        """The text, or what is left if it is about the person."""
        return left if self.has(text) else text


def forget_files(run_dir: Path, traces: Traces) -> bool:
    """Take a person out of what a run folder holds beside its memory. Doing so again is harmless.

    Pictures and the page are removed: `rebuild` makes them again from what is left.

    Returns:
        Whether there was a page to make again.

    Raises:
        UserError: A file can not be read or written.
    """
    had_page = (run_dir / PAGE).is_file()
    try:
        # What quotes and shows comes first, so that a crash leaves less and not more.
        for name in (PAGE, *_PICTURES):
            (run_dir / name).unlink(missing_ok=True)
        _film(run_dir / FILM, traces)
        _rewrite(run_dir / CONFIG, lambda text: _config(text, traces))
        _rewrite(run_dir / METRICS, lambda text: _metrics(text, traces))
    except (OSError, EOFError, ValueError) as error:
        raise UserError(
            f"{run_dir} can not be cleaned of {traces.person} ({error}); mend or remove that file "
            "and erase again"
        ) from None
    return had_page


def rebuild(run_dir: Path) -> Path:
    """Write the page and its pictures again."""
    return build(run_dir)


def _film(path: Path, traces: Traces) -> None:
    if not path.is_file():
        return
    with gzip.open(path, "rb") as stream:
        film = Film.model_validate_json(stream.read())
    write_film(without(film, traces.person, traces.names), path)


def _config(text: str, traces: Traces) -> str:
    config = RunConfig.model_validate_json(text)
    wishes = tuple(
        wish.model_copy(
            update={
                "text": ERASED if wish.who == traces.person else traces.cleaned(wish.text, ERASED),
                "who": None if wish.who == traces.person else wish.who,
            }
        )
        for wish in config.wishes
    )
    changed = config.model_copy(
        update={"wishes": wishes, "glasses": traces.cleaned(config.glasses, ERASED)}
    )
    return changed.model_dump_json(indent=2) + "\n"


def _metrics(text: str, traces: Traces) -> str:
    result = RunResult.model_validate_json(text)
    goals = tuple(
        goal.model_copy(
            update={"text": traces.cleaned(goal.text), "reason": traces.cleaned(goal.reason)}
        )
        for goal in result.goals
    )
    return result.model_copy(update={"goals": goals}).model_dump_json(indent=2) + "\n"


def _rewrite(path: Path, changed: Callable[[str], str]) -> None:
    if path.is_file():
        draft = path.with_name(path.name + ".new")
        draft.write_text(changed(path.read_text(encoding="utf-8")), encoding="utf-8")
        draft.replace(path)
