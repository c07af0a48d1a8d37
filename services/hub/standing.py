"""How a site stands, folded from its log and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic_core import to_json

from devices.facts import Condition
from devices.site import SitePlan
from services.hub.contracts import (
    BodyView,
    EventView,
    GoalStory,
    GoalView,
    SaidView,
    StepView,
)
from services.session.diary import Attempt, Diary, Story, Utterance
from services.session.inputs import Words
from services.session.ticker import headline
from stem_memory import contracts as log
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

# What bodies report comes many times a second and shows people: it is asked of memory, not streamed.
_QUIET = {"observed", "site_surveyed", "skills_declared", "sealed"}


class Standing:
    """Reads the log of a site as it grows. Belongs to one thread.

    Args:
        path: The memory's file.
    """

    def __init__(self, path: Path) -> None:
        self._reader = EventStore.reader(path, Vault.beside(path))
        self.diary = Diary()
        self.position = 0
        self.now_s = 0.0
        # The people whom the site knows by name.
        self.people: set[str] = set()
        self.plan = SitePlan(name="", rooms=(), doors=(), fixtures=())
        self._named: set[str] = set()
        self._posted: dict[str, float] = {}
        self._closed: dict[str, float] = {}
        self._kinds: dict[str, str] = {}
        self._words: dict[str, Utterance] = {}
        self._wishes: dict[str, log.Said] = {}
        self._rooms: dict[str, str] = {}
        # What was said or instructed under a key: the id of the words, "" for an instruction.
        self._keys: dict[str, tuple[str, str]] = {}
        self._begin()

    def _begin(self) -> None:
        """Take in all that is there: of what bodies reported only what it comes to."""
        newest = self._reader.position()
        for entry in self._reader.read(until=newest, kinds=log.NEWS):
            self._take(entry.event)
        for id_, body in self._reader.state_at(newest).bodies().items():
            self.diary.stand(id_, body.state)
            self._rooms[id_] = body.state.room
        self.position = newest
        self.now_s = max(self.now_s, self._reader.last_time())

    def catch_up(self) -> tuple[EventView, ...]:
        """Take in what is new; returns what is worth telling whoever watches."""
        told: list[EventView] = []
        for entry in self._reader.read(after=self.position):
            self.position = entry.id
            self._take(entry.event)
            if entry.event.body.kind not in _QUIET:
                told.append(event_view(entry))
        return tuple(told)

    def since(self, after: int, limit: int) -> tuple[EventView, ...]:
        """Events behind a position, as far as they were taken in already."""
        found: list[EventView] = []
        kinds = log.KINDS - _QUIET
        for entry in self._reader.read(after=after, until=self.position, kinds=kinds):
            found.append(event_view(entry))
            if len(found) == limit:
                break
        return tuple(found)

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    @property
    def names(self) -> set[str]:
        """What is called something here already: bodies, people and things of the survey."""
        return self._named | self.diary.bodies.keys()

    # -- what is asked of it ---------------------------------------------------------------------

    def knows(self, key: str) -> bool:
        """Whether what was said under this key is in the log."""
        return key in self._keys

    def content(self, key: str) -> str:
        """What was said under a key that it knows, to tell it from other words under the same key."""
        return self._keys[key][1]

    def said(self, key: str) -> SaidView:
        """What came of the words under a key that it knows."""
        heard = self._words[self._keys[key][0]]
        return SaidView(
            id=self._keys[key][0],
            who=heard.who,
            text=heard.text or "",
            goals=tuple(self.goal(id_) for id_ in heard.goals),
            answered=tuple(heard.answers),
            replies=tuple(reply.text for reply in heard.replies),
        )

    def is_clear(self, goal: str) -> bool:
        """Whether it is known what a goal means, or what has to be asked, or that it is over."""
        story = self.diary.goals[goal]
        return story.stage != "posted"

    def goal(self, id_: str) -> GoalView:
        """One goal at a glance. KeyError: there is none."""
        return GoalView(**self._of_goal(self.diary.goals[id_]))

    def story(self, id_: str) -> GoalStory:
        """One goal whole. KeyError: there is none."""
        story = self.diary.goals[id_]
        return GoalStory(
            **self._of_goal(story),
            steps=tuple(self._steps(story)),
            why=tuple(item.explain for _, item in story.assigned),
        )

    def goals(self, is_open: bool, limit: int) -> tuple[GoalView, ...]:
        """The newest goals last; only those that are open, if so wanted."""
        ids = [id_ for id_, s in self.diary.goals.items() if s.closed is None or not is_open]
        return tuple(self.goal(id_) for id_ in ids[-limit:])

    def bodies(self) -> tuple[BodyView, ...]:
        """Every body at a glance, in the order of joining."""
        diary = self.diary
        return tuple(
            BodyView(
                id=id_,
                kind=self._kinds.get(id_, ""),
                doing=body.doing,
                where=body.where,
                battery=body.battery,
                stopped=diary.stopped.get(id_, False),
                lost=body.lost,
                drained=body.drained,
                lost_since_s=diary.offline[id_][-1][0] if body.lost else None,
            )
            for id_, body in diary.bodies.items()
            if not body.retired
        )

    def inside(self, rooms: Iterable[str]) -> tuple[str, ...]:
        """Bodies that may be in one of the rooms: they were last, or nobody knows where they are."""
        meant = {"", *rooms}
        return tuple(body.id for body in self.bodies() if self._rooms.get(body.id, "") in meant)

    def wish(self, goal: str) -> Words:
        """What was said for a goal, as it stands now. KeyError: there is none."""
        found = self.diary.goals[goal].goal
        said = self._wishes.get(found.cause)
        conditions = said.conditions if said is not None and said.text == found.text else ()
        return Words(found.text, found.who, priority=found.priority, conditions=conditions)

    # -- inside ----------------------------------------------------------------------------------

    def _take(self, event: log.Event) -> None:
        self.diary.take(event)
        self.now_s = max(self.now_s, event.t)
        what = event.body
        if isinstance(what, log.Said):
            self._words[what.id] = self.diary.said[-1]
            if what.key:
                content = said_content(what.text, what.goal, what.conditions)
                self._keys[what.key] = (what.id, content)
            self._wishes[what.id] = what
        elif isinstance(what, log.Instructed) and what.key:
            self._keys[what.key] = ("", what.instruction.model_dump_json())
        elif isinstance(what, log.GoalPosted):
            self._posted.setdefault(what.goal.id, event.t)
        elif isinstance(what, log.GoalClosed):
            self._closed[what.goal] = event.t
        elif isinstance(what, log.SiteSurveyed):
            self.plan = what.plan
            self._named |= {thing.id for thing in what.things}
            plan = what.plan
            for parts in (plan.rooms, plan.doors, plan.fixtures):
                self._named |= {part.id for part in parts}
            self.people |= {thing.id for thing in what.things if thing.category == "person"}
        elif isinstance(what, log.BodyEnrolled):
            self._kinds[what.spec.id] = what.card.kind
        elif isinstance(what, log.Observed):
            self._rooms[what.observation.body] = what.observation.state.room

    def _of_goal(self, story: Story) -> dict[str, object]:
        goal = story.goal
        question = story.questions[-1] if story.asks is not None and story.questions else None
        return {
            "id": goal.id,
            "text": goal.text,
            "who": goal.who,
            "status": story.stage,
            "posted_s": self._posted[goal.id],
            "priority": goal.priority,
            "deadline_s": goal.deadline_s,
            "understood": story.understood.summary if story.understood is not None else "",
            "asks": story.asks or "",
            "options": question.options if question is not None else (),
            "answer": story.answer.text if story.answer is not None else None,
            "reason": story.closed.reason if story.closed is not None else "",
            "closed_s": self._closed.get(goal.id),
            "cause": goal.cause,
        }

    def _steps(self, story: Story) -> Iterable[StepView]:
        if not story.plans:
            return
        tried = _attempts(self.diary.attempts.values(), story.goal.id)
        given = {item.step: item.body for _, item in story.assigned}
        for step in story.plans[-1][1].steps:
            attempt = tried.get(step.id)
            yield StepView(
                id=step.id,
                title=step.title or step.skill,
                status=_status(attempt, step.id in given),
                body=attempt.started.body if attempt is not None else given.get(step.id, ""),
                start_s=attempt.start_s if attempt is not None else None,
                end_s=attempt.end_s if attempt is not None else None,
                trouble=_trouble(attempt),
            )


def said_content(text: str, goal: str, conditions: tuple[Condition, ...]) -> str:
    """Words, to tell them from others."""
    return to_json((text, goal, conditions)).decode() if goal or conditions else text


def event_view(entry: log.Recorded) -> EventView:
    """An event as whoever watches is told of it."""
    event = entry.event
    line = headline(event.body)
    return EventView(
        id=entry.id,
        t=event.t,
        kind=event.body.kind,
        line=line[1] if line is not None else "",
        body=event.body.model_dump(mode="json", exclude={"kind"}),
    )


def _attempts(attempts: Iterable[Attempt], goal: str) -> dict[str, Attempt]:
    """The last attempt at each step of a goal."""
    return {
        attempt.started.step: attempt
        for attempt in attempts
        if attempt.started.goal == goal and attempt.started.role == "step"
    }


def _status(attempt: Attempt | None, is_given: bool) -> str:
    if attempt is None:
        return "assigned" if is_given else "pending"
    return {"open": "running", "lapsed": "failed"}.get(attempt.outcome, attempt.outcome)


def _trouble(attempt: Attempt | None) -> str:
    ended = attempt.ended if attempt is not None else None
    if ended is None or ended.outcome == "done":
        return ""
    return ended.detail or ended.reason
