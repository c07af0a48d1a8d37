"""A run as it is read from its folder: the log folded into what the report tells.

A run that broke off has a log and no outcome: its story ends where the log does. Times are seconds
of the run (`services.report.run_time`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devices.contracts import BodyCard, BodySpec
from devices.site import SitePlan
from services.report.run_time import RunTime
from services.report.words import ERASED, plain
from services.session.contracts import GoalResult, LlmUse, RunConfig, RunResult
from services.session.conversation import Conversation, Utterance
from services.session.folder import RunFolder
from services.session.run_statistics import RunStatistics
from sim_worlds.contracts import Film
from stem_memory import contracts as log
from stem_memory.belief.state import MemoryState
from stem_memory.tasks import Answer, Assignment, GoalRecord

DONE = ("satisfied", "answered")


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
    """One wish from its posting to its end, or to where the log ends.

    `late_s` is when its deadline passed (seconds), `answer` what was said if it was a question.
    """

    record: GoalRecord
    understood: log.GoalUnderstood | None = None
    questions: list[log.GoalQuestioned] = field(default_factory=list)
    answers: list[log.GoalAnswered] = field(default_factory=list)
    plans: list[tuple[float, log.GraphPlanned]] = field(default_factory=list)
    assigned: list[tuple[float, Assignment]] = field(default_factory=list)
    answer: Answer | None = None
    late_s: float | None = None
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
        UserError: It is no run folder, or a file in it can not be read.
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
    statistics, talk = RunStatistics(), Conversation()
    kept: list[log.Event] = []
    stories: dict[str, GoalStory] = {}
    attempts: dict[str, Attempt] = {}
    offline: dict[str, list[tuple[float, float | None]]] = {}
    joined: set[str] = set()
    reports, last_s = 0, 0.0
    for recorded in events:
        state.apply(recorded)
        event = clock.event(recorded)
        body, last_s = event.body, max(last_s, event.t)
        if isinstance(body, log.Observed):
            reports += 1
            continue
        kept.append(event)
        statistics.count(body)
        talk.take(event)
        if isinstance(body, log.StepStarted):
            attempts[body.request] = Attempt(body, event.t)
        elif isinstance(body, log.StepEnded):
            _end(attempts, body, event.t)
        elif isinstance(body, log.BodyLost):
            offline.setdefault(body.body, []).append((body.last_heard_s, None))
        elif isinstance(body, log.BodyBack) and offline.get(body.body):
            offline[body.body][-1] = (offline[body.body][-1][0], event.t)
        elif isinstance(body, log.BodyEnrolled):
            joined.add(body.spec.id)
        else:
            _tell(stories, state, event)
    for id_, story in stories.items():
        story.record = clock.record(state.goals()[id_])
    if result is not None:
        _match(list(stories.values()), result.goals)
    for story in stories.values():
        if not story.record.goal.text:
            # Only an erasure leaves a wish without words.
            goal = story.record.goal.model_copy(update={"text": ERASED})
            story.record = story.record.model_copy(update={"goal": goal})
    # A memory that was there before may know bodies that took no part.
    records = {id_: r for id_, r in state.bodies().items() if id_ in joined or not joined}
    count = len(kept) + reports
    return History(
        config=config,
        figures=_told(result)
        if result is not None
        else _so_far(statistics, records, count, last_s),
        broke_off=result is None or result.interrupted,
        plan=state.plan(),
        bodies={id_: record.spec for id_, record in records.items()},
        cards={record.card.kind: record.card for record in records.values()},
        events=kept,
        goals=stories,
        said=talk.utterances,
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


def _told(result: RunResult) -> Figures:
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


def _so_far(
    statistics: RunStatistics, bodies: Mapping[str, object], events: int, last_s: float
) -> Figures:
    """The figures of a run that broke off, as far as its log tells them."""
    return Figures(
        bodies=len(bodies),
        steps=statistics.steps,
        replans=statistics.replans,
        reassigned=statistics.reassigned,
        seconds=last_s,
        events=events,
        state_sha256="",
    )


def _tell(stories: dict[str, GoalStory], state: MemoryState, event: log.Event) -> None:
    """Add what an event says about a goal to its story."""
    body = event.body
    if isinstance(body, log.GoalPosted):
        stories.setdefault(body.goal.id, GoalStory(state.goals()[body.goal.id]))
        return
    goal = body.assignment.goal if isinstance(body, log.StepAssigned) else None
    story = stories.get(goal or str(getattr(body, "goal", "")))
    if story is None:
        return
    if isinstance(body, log.StepAssigned):
        story.assigned.append((event.t, body.assignment))
    elif isinstance(body, log.GoalUnderstood):
        story.understood = body
    elif isinstance(body, log.GoalQuestioned):
        story.questions.append(body)
    elif isinstance(body, log.GoalAnswered):
        story.answers.append(body)
    elif isinstance(body, log.GraphPlanned):
        story.plans.append((event.t, body))
    elif isinstance(body, log.AnswerGiven):
        story.answer = body.answer
    elif isinstance(body, log.DeadlinePassed):
        story.late_s = body.deadline_s


def _end(attempts: dict[str, Attempt], body: log.StepEnded, t: float) -> None:
    attempt = attempts.get(body.request)
    if attempt is not None:
        attempt.end_s, attempt.ended = t, body


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
