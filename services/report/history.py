"""A run as it is read from its folder: the log folded into what the report tells.

A run that broke off has a log and no outcome: its story ends where the log does. Times are seconds
of the run (`services.session.run_time`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from devices.contracts import BodyCard, BodySpec
from devices.site import SitePlan
from services.errors import UserError
from services.report.words import ERASED, plain
from services.session.contracts import GoalResult, LlmUse, RunConfig, RunResult
from services.session.diary import Attempt, Diary, Story, Utterance
from services.session.folder import RunFolder
from services.session.run_time import RunTime
from sim_worlds.contracts import Film
from stem_memory import contracts as log
from stem_memory.belief.state import MemoryState
from stem_memory.tasks import GoalRecord

DONE = ("satisfied", "answered")


@dataclass(kw_only=True)
class GoalStory(Story):
    """One wish with what memory knows of it, and its outcome if the run reported one."""

    record: GoalRecord
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


@dataclass(frozen=True)
class Figures:
    """A run in numbers. What only an outcome tells is None of a run that broke off: real seconds
    and what the language model cost.
    """

    bodies: int
    steps: int
    replans: int
    reassigned: int
    seconds: float
    events: int
    state_sha256: str
    wall_seconds: float | None = None
    llm: LlmUse | None = None


@dataclass
class History:
    """Everything the report tells about a run. `broke_off`: it was ended before its end."""

    config: RunConfig
    figures: Figures
    broke_off: bool
    plan: SitePlan
    bodies: dict[str, BodySpec]
    cards: dict[str, BodyCard]
    events: list[log.Event]
    goals: dict[str, GoalStory]
    said: list[Utterance]
    attempts: list[Attempt]
    offline: dict[str, list[tuple[float, float | None]]]
    film: Film | None
    names: dict[str, str]
    titles: dict[tuple[str, str], str]
    reports: int
    end_s: float

    @property
    def wishes(self) -> list[GoalStory]:
        """What somebody wished for: without the goals that tidied up after others."""
        return [s for s in self.goals.values() if s.record.goal.cause not in self.goals]

    @property
    def done(self) -> int:
        """How many wishes were satisfied, or answered."""
        return sum(story.status in DONE for story in self.wishes)

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
    """Read a run folder, of a run that came to its end or of one that broke off.

    Raises:
        UserError: It is no run folder, a file in it can not be read, or the run broke off before
            anything was recorded.
        MemoryFault: The log can not be read.
    """
    from stem_memory.log.horizon import require_known
    from stem_memory.log.store import EventStore
    from stem_memory.privacy.vault import Vault

    folder = RunFolder.open(run_dir)
    config, result, film = folder.read_config(), folder.read_result(), folder.read_film()
    # Other runs may have gone on in a memory that is not the folder's own.
    is_shared = bool(config.memory)
    last = config.log_from + result.events if is_shared and result is not None else None
    with EventStore.reader(folder.memory, Vault.beside(folder.memory)) as store:
        require_known(store.connection, config.log_from)
        before = store.state_at(config.log_from) if config.log_from else None
        events = [recorded.event for recorded in store.read(config.log_from, last)]
    own = _until_next_run(events) if is_shared else events
    if not any(isinstance(event.body, log.SiteSurveyed) for event in own) and before is None:
        raise UserError(
            f"the run in {run_dir} broke off before anything was recorded, so there is nothing to "
            f"tell: retinue run --resume {run_dir} begins it again"
        )
    return history_of(config, result, own, film, before, config.base_s)


def history_of(
    config: RunConfig,
    result: RunResult | None,
    events: Iterable[log.Event],
    film: Film | None,
    before: MemoryState | None = None,
    base_s: float = 0.0,
) -> History:
    """Fold the log of a run into a history.

    Args:
        config: What was asked for.
        result: The outcome; None if the run broke off.
        events: The run's own events, as they are in the log.
        film: What the replay shows, if there is a film.
        before: What its memory held before them, if that was there already; it is folded further.
        base_s: The log's time, in seconds, at the run's 0:00.
    """
    clock = RunTime(base_s)
    state = before if before is not None else MemoryState()
    diary = Diary()
    kept: list[log.Event] = []
    reports, last_s = 0, 0.0
    for recorded in events:
        state.apply(recorded)
        last_s = max(last_s, clock.at(recorded.t))
        if isinstance(recorded.body, log.Observed):
            reports += 1
        else:
            kept.append(clock.of(recorded))
            diary.take(kept[-1])
    records = {id_: clock.of(state.goals()[id_]) for id_ in diary.goals}
    stories = {id_: GoalStory(**vars(s), record=records[id_]) for id_, s in diary.goals.items()}
    if result is not None:
        _match(list(stories.values()), result.goals)
    for story in stories.values():
        if not story.record.goal.text:
            # Only an erasure leaves a wish without words.
            goal = story.record.goal.model_copy(update={"text": ERASED})
            story.record = story.record.model_copy(update={"goal": goal})
    joined = diary.stopped
    # A memory that was there before may know bodies that took no part.
    bodies = {id_: r for id_, r in state.bodies().items() if id_ in joined or not joined}
    return History(
        config=config,
        figures=_figures(diary, result, len(bodies), len(kept) + reports, last_s),
        broke_off=result is None or result.interrupted,
        plan=state.plan(),
        bodies={id_: record.spec for id_, record in bodies.items()},
        cards={record.card.kind: record.card for record in bodies.values()},
        events=kept,
        goals=stories,
        said=diary.said,
        attempts=list(diary.attempts.values()),
        offline=diary.offline,
        film=film,
        names=_called(state),
        titles={
            (story.id, step.id): step.title or plain(step.skill)
            for story in stories.values()
            for _, plan in story.plans
            for step in plan.steps
        },
        reports=reports,
        end_s=max(result.virtual_seconds if result is not None else 0.0, last_s),
    )


def _until_next_run(events: list[log.Event]) -> list[log.Event]:
    """The events of the first run among them.

    Every run begins with a survey of its site, and before it whoever surveys closes what was left
    open.
    """
    surveys = [n for n, event in enumerate(events) if isinstance(event.body, log.SiteSurveyed)]
    if len(surveys) < 2:
        return events
    end = surveys[1]
    while events[end - 1].origin == events[surveys[1]].origin:
        end -= 1
    return events[:end]


def _figures(
    diary: Diary, result: RunResult | None, bodies: int, events: int, last_s: float
) -> Figures:
    """The figures of the outcome; of a run that broke off, as far as its log tells them."""
    if result is None:
        return Figures(
            bodies=bodies,
            steps=diary.steps,
            replans=diary.replans,
            reassigned=diary.reassigned,
            seconds=last_s,
            events=events,
            state_sha256="",
        )
    return Figures(
        bodies=result.bodies,
        steps=result.steps,
        replans=result.replans,
        reassigned=result.reassigned,
        seconds=result.virtual_seconds,
        events=result.events,
        state_sha256=result.state_sha256,
        wall_seconds=result.wall_seconds,
        llm=result.llm,
    )


def _called(state: MemoryState) -> dict[str, str]:
    """What to call each thing: the best name that nothing else has, or the words of its id.

    Classes are there, too, by the word for one of them.
    """
    first = {
        # Bodies go by their ids: that is how lanes, logs and faults name them.
        id_: names[0] if (names := state.names(id_)) and state.category(id_) != "body" else id_
        for id_ in state.ids()
    }
    shared = Counter(first.values())
    classes = {cls: card.names[0] for cls, card in state.classes().items() if card.names}
    return classes | {id_: name if shared[name] == 1 else plain(id_) for id_, name in first.items()}


def _match(stories: list[GoalStory], results: tuple[GoalResult, ...]) -> None:
    """Give each goal its result: by its id, or, in a folder of an older version, by its words."""
    by_id = {result.id: result for result in results if result.id}
    left = [result for result in results if not result.id]
    for story in stories:
        story.result = by_id.get(story.id)
        for result in left if story.result is None else ():
            if result.text == story.record.goal.text:
                story.result = result
                left.remove(result)
                break
