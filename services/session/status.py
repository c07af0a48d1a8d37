"""Every body and every wish at a glance, kept up to date from the events of a run."""

from __future__ import annotations

from services.session.contracts import BodyStatus, GoalProgress
from stem_memory.contracts import (
    BodyBack,
    BodyEnrolled,
    BodyLost,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GraphPlanned,
    Instructed,
    Observed,
    Payload,
    StepEnded,
    StepStarted,
)
from stem_memory.instructions import Change, Instruction, Release, Stop


class FleetStatus:
    """What each body is doing and where, and how each wish stands."""

    def __init__(self) -> None:
        self.bodies: dict[str, BodyStatus] = {}
        self.goals: dict[str, GoalProgress] = {}
        self._stopped: set[str] = set()

    def take(self, what: Payload) -> None:
        """Take one event into account."""
        if isinstance(what, BodyEnrolled):
            self.bodies[what.spec.id] = BodyStatus(battery=what.spec.battery)
        elif isinstance(what, Observed):
            state = what.observation.state
            where = state.near or state.room
            self._body(what.observation.body, where=where, battery=state.battery)
        elif isinstance(what, StepStarted):
            self._body(what.body, doing=f"{what.skill.replace('_', ' ')} {what.target}".strip())
        elif isinstance(what, StepEnded):
            self._body(what.body, doing=self._at_rest(what.body))
        elif isinstance(what, BodyLost | BodyBack):
            self._body(what.body, lost=isinstance(what, BodyLost))
        else:
            self._wish(what)

    def _wish(self, what: Payload) -> None:
        if isinstance(what, GoalPosted):
            goal = what.goal
            self.goals[goal.id] = GoalProgress(id=goal.id, text=goal.text, who=goal.who)
        elif isinstance(what, GoalQuestioned):
            self._goal(what.goal, "needs_answer", what.question)
        elif isinstance(what, GoalAnswered):
            self._goal(what.goal, "posted")
        elif isinstance(what, GraphPlanned):
            self._goal(what.goal, "planned")
        elif isinstance(what, GoalClosed):
            self._goal(what.goal, what.status)
        elif isinstance(what, Instructed):
            self._instruct(what.instruction)

    def _instruct(self, told: Instruction) -> None:
        if isinstance(told, Stop | Release):
            bodies = told.bodies or tuple(self.bodies)
            self._stopped -= set(bodies)
            self._stopped |= set(bodies) if isinstance(told, Stop) else set()
            for body in bodies:
                self._body(body, doing=self._at_rest(body))
        elif isinstance(told, Change):
            if told.text is not None and told.goal in self.goals:
                changed = self.goals[told.goal].model_copy(update={"text": told.text})
                self.goals[told.goal] = changed
                self._goal(told.goal, "posted")
        else:
            status = {"cancel": "cancelled", "pause": "paused", "resume": "planned"}[told.kind]
            for goal in told.goals:
                self._goal(goal, status)

    def _at_rest(self, body: str) -> str:
        return "stopped" if body in self._stopped else ""

    def _body(self, body: str, **changes: object) -> None:
        self.bodies[body] = self.bodies.get(body, BodyStatus()).model_copy(update=changes)

    def _goal(self, goal: str, status: str, asks: str = "") -> None:
        if goal in self.goals:
            changes = {"status": status, "asks": asks}
            self.goals[goal] = self.goals[goal].model_copy(update=changes)
