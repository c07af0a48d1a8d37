"""A run as it is read from its folder: the log folded into what the report tells."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from devices.contracts import BodyCard, BodySpec
from devices.site import SitePlan
from services.contracts import GoalResult, RunConfig, RunResult
from services.errors import UserError
from services.report.words import plain
from sim_worlds.contracts import Film
from stem_memory import contracts as log
from stem_memory.state import MemoryState
from stem_memory.tasks import Assignment, GoalRecord

_T = TypeVar("_T", RunConfig, RunResult)
MEMORY, METRICS, CONFIG, FILM = "memory.db", "metrics.json", "config.json", "film.json.gz"


@dataclass
class Attempt:
    """One request to one body, from lease to end. `end_s` is None if it never ended."""

    started: log.StepStarted
    start_s: float
    end_s: float | None = None
    ended: log.StepEnded | None = None

    @property
    def outcome(self) -> str:
        """How it ended: done, failed, cancelled, lapsed, or open."""
        return self.ended.outcome if self.ended is not None else "open"


@dataclass
class GoalStory:
    """One wish from its posting to its end."""

    record: GoalRecord
    understood: log.GoalUnderstood | None = None
    questions: list[log.GoalQuestioned] = field(default_factory=list)
    answers: list[log.GoalAnswered] = field(default_factory=list)
    plans: list[tuple[float, log.GraphPlanned]] = field(default_factory=list)
    assigned: list[tuple[float, Assignment]] = field(default_factory=list)
    result: GoalResult | None = None

    @property
    def id(self) -> str:
        """The goal's id."""
        return self.record.goal.id

    @property
    def status(self) -> str:
        """The outcome that the run reported, else what memory says."""
        return self.result.status if self.result is not None else self.record.status

    @property
    def reason(self) -> str:
        """Why it came out so."""
        said = self.result.reason if self.result is not None else ""
        return said or self.record.reason or self.record.question


@dataclass
class History:
    """Everything the report tells about a run."""

    config: RunConfig
    result: RunResult
    plan: SitePlan
    bodies: dict[str, BodySpec]
    cards: dict[str, BodyCard]
    events: list[log.Event]
    goals: dict[str, GoalStory]
    attempts: list[Attempt]
    offline: dict[str, list[tuple[float, float | None]]]
    film: Film | None
    names: dict[str, str]
    titles: dict[tuple[str, str], str]
    reports: int
    end_s: float

    def name(self, id_: str) -> str:
        """What people call a thing."""
        return self.names.get(id_) or plain(id_)

    def title(self, goal: str, step: str) -> str:
        """What a step is, in words."""
        return self.titles.get((goal, step), step)

    def card(self, body: str) -> BodyCard | None:
        """The card of a body."""
        spec = self.bodies.get(body)
        return self.cards.get(spec.kind) if spec is not None else None


def read(run_dir: Path) -> History:
    """Read a run folder.

    Raises:
        UserError: It is no run folder, or a file in it can not be read.
        MemoryFault: The log can not be read.
    """
    if not (run_dir / MEMORY).is_file():
        raise UserError(
            f"{run_dir} is no run folder (it holds no {MEMORY}); name one that `retinue run` wrote"
        )
    from stem_memory.privacy.vault import Vault
    from stem_memory.store import EventStore

    config = _file(run_dir / CONFIG, RunConfig)
    result = _file(run_dir / METRICS, RunResult)
    film = _film(run_dir / FILM)
    path = run_dir / MEMORY
    with EventStore.reader(path, Vault.beside(path)) as store:
        store.require_whole()
        events = [recorded.event for recorded in store.read()]
    return history_of(config, result, events, film)


def history_of(
    config: RunConfig, result: RunResult, events: Iterable[log.Event], film: Film | None
) -> History:
    """Fold a log into a history."""
    state = MemoryState()
    kept: list[log.Event] = []
    stories: dict[str, GoalStory] = {}
    attempts: dict[str, Attempt] = {}
    offline: dict[str, list[tuple[float, float | None]]] = {}
    reports = 0
    for event in events:
        state.apply(event)
        body = event.body
        if isinstance(body, log.Observed):
            reports += 1
            continue
        kept.append(event)
        if isinstance(body, log.StepStarted):
            attempts[body.request] = Attempt(body, event.t)
        elif isinstance(body, log.StepEnded):
            _end(attempts, body, event.t)
        elif isinstance(body, log.BodyLost):
            offline.setdefault(body.body, []).append((body.last_heard_s, None))
        elif isinstance(body, log.BodyBack) and offline.get(body.body):
            offline[body.body][-1] = (offline[body.body][-1][0], event.t)
        else:
            _tell(stories, state, event)
    for id_, story in stories.items():
        story.record = state.goals()[id_]
    _match(list(stories.values()), result.goals)
    for story in stories.values():
        if not story.record.goal.text:
            # Only an erasure leaves a wish without words.
            goal = story.record.goal.model_copy(update={"text": "(erased)"})
            story.record = story.record.model_copy(update={"goal": goal})
    records = state.bodies()
    return History(
        config=config,
        result=result,
        plan=state.plan(),
        bodies={id_: record.spec for id_, record in records.items()},
        cards={record.card.kind: record.card for record in records.values()},
        events=kept,
        goals=stories,
        attempts=list(attempts.values()),
        offline=offline,
        film=film,
        names=_called(state),
        titles={
            (story.id, step.id): step.title or plain(step.skill)
            for story in stories.values()
            for _, plan in story.plans
            for step in plan.steps
        },
        reports=reports,
        end_s=max(result.virtual_seconds, state.now()),
    )


def _tell(stories: dict[str, GoalStory], state: MemoryState, event: log.Event) -> None:
    """Add what an event says about a goal to its story."""
    body = event.body
    if isinstance(body, log.GoalPosted):
        stories.setdefault(body.goal.id, GoalStory(state.goals()[body.goal.id]))
    elif isinstance(body, log.StepAssigned):
        story = stories.get(body.assignment.goal)
        if story is not None:
            story.assigned.append((event.t, body.assignment))
    elif isinstance(
        body, log.GoalUnderstood | log.GoalQuestioned | log.GoalAnswered | log.GraphPlanned
    ):
        story = stories.get(body.goal)
        if story is None:
            return
        if isinstance(body, log.GoalUnderstood):
            story.understood = body
        elif isinstance(body, log.GoalQuestioned):
            story.questions.append(body)
        elif isinstance(body, log.GoalAnswered):
            story.answers.append(body)
        else:
            story.plans.append((event.t, body))


def _end(attempts: dict[str, Attempt], body: log.StepEnded, t: float) -> None:
    attempt = attempts.get(body.request)
    if attempt is not None:
        attempt.end_s, attempt.ended = t, body


def _called(state: MemoryState) -> dict[str, str]:
    """What to call each thing: the best name that nothing else has, or the words of its id."""
    first = {
        # Bodies go by their ids: that is how lanes, logs and faults name them.
        id_: names[0] if (names := state.names(id_)) and state.category(id_) != "body" else id_
        for id_ in state.ids()
    }
    shared = Counter(first.values())
    return {id_: name if shared[name] == 1 else plain(id_) for id_, name in first.items()}


def _match(stories: list[GoalStory], results: tuple[GoalResult, ...]) -> None:
    """Give each goal its result: both are in order of posting."""
    left = list(results)
    for story in stories:
        for result in left:
            if result.text == story.record.goal.text:
                story.result = result
                left.remove(result)
                break


def _file(path: Path, noun: type[_T]) -> _T:
    try:
        return noun.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing: the run did not come to its end; run it again"
        ) from None
    except (OSError, ValidationError) as error:
        raise UserError(f"{path} can not be read ({type(error).__name__}); run it again") from error


def _film(path: Path) -> Film | None:
    if not path.is_file():
        return None
    try:
        with gzip.open(path, "rb") as stream:
            return Film.model_validate_json(stream.read())
    except (OSError, EOFError, ValidationError) as error:
        raise UserError(
            f"{path} can not be read ({type(error).__name__}); remove it to go without a replay"
        ) from error
