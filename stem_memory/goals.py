"""Task memory folded: every goal with its conditions, its graph and the status of each step."""

from __future__ import annotations

from devices.facts import Facts, bind_all
from stem_memory.contracts import (
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    GraphPlanned,
    StepAssigned,
    StepEnded,
    StepStarted,
)
from stem_memory.tasks import GoalRecord, StepStatus, TaskGraph


class Goals:
    """Goal records by id, in the order they were posted."""

    def __init__(self) -> None:
        self.records: dict[str, GoalRecord] = {}

    def post(self, posted: GoalPosted) -> None:
        """A new goal; posting the same id again changes nothing."""
        self.records.setdefault(posted.goal.id, GoalRecord(goal=posted.goal))

    def understand(self, understood: GoalUnderstood, believed: Facts) -> None:
        """Bind the conditions to what is believed now; a wish to know counts from its posting."""
        record = self.records.get(understood.goal)
        if record is not None:
            bound = bind_all(understood.conditions, believed, record.goal.t)
            self._set(record, conditions=bound, status="posted", question="", options=())

    def question(self, asked: GoalQuestioned) -> None:
        """The goal waits for a person."""
        record = self.records.get(asked.goal)
        if record is not None:
            self._set(record, status="needs_answer", question=asked.question, options=asked.options)

    def answer(self, goal: str) -> None:
        """A person answered: the goal is open again and has to be understood anew."""
        record = self.records.get(goal)
        if record is not None:
            self._set(record, status="posted", question="", options=(), closed_s=None)

    def plan(self, planned: GraphPlanned) -> None:
        """Take a new revision of the graph.

        Steps kept by id keep their body and status, except that what failed or was cancelled and
        is planned again is pending again.
        """
        record = self.records.get(planned.goal)
        if record is None:
            return
        graph = TaskGraph(
            goal=planned.goal, revision=planned.revision, steps=planned.steps, reason=planned.reason
        )
        again: set[StepStatus] = {"failed", "cancelled"}
        before = {s: status for s, status in record.steps.items() if status not in again}
        ids = [step.id for step in planned.steps]
        self._set(
            record,
            graph=graph,
            status="planned",
            steps={step: before.get(step, "pending") for step in ids},
            bodies={step: record.bodies[step] for step in ids if step in record.bodies},
        )

    def assign(self, assigned: StepAssigned) -> None:
        """A body was chosen; a step that runs or is done keeps its body."""
        given = assigned.assignment
        record = self.records.get(given.goal)
        if record is not None and record.steps.get(given.step) not in {"running", "done", None}:
            self._step(record, given.step, "assigned", given.body)

    def start(self, started: StepStarted) -> None:
        """A step runs on a body; an approach or errand is not the step."""
        record = self.records.get(started.goal)
        if record is not None and started.role == "step":
            self._step(record, started.step, "running", started.body)

    def end(self, ended: StepEnded) -> None:
        """A step ended. It is done only if its post-conditions are evidenced, else it failed.

        A lapsed lease is forfeited: the step is pending again.
        """
        record = self.records.get(ended.goal)
        if record is not None and ended.role == "step":
            self._step(record, ended.step, _status(ended), ended.body)

    def close(self, closed: GoalClosed, t: float) -> None:
        """The goal is over (or waits for an answer) since `t`."""
        record = self.records.get(closed.goal)
        if record is not None:
            self._set(record, status=closed.status, reason=closed.reason, closed_s=t)

    def _step(self, record: GoalRecord, step: str, status: StepStatus, body: str) -> None:
        # A step that a revision dropped may still come to its end; it is no longer of the graph.
        if step in record.steps:
            self._set(
                record,
                steps=record.steps | {step: status},
                bodies=record.bodies | {step: body},
            )

    def _set(self, record: GoalRecord, **changes: object) -> None:
        self.records[record.goal.id] = record.model_copy(update=changes)


def _status(ended: StepEnded) -> StepStatus:
    if ended.outcome == "done":
        return "done" if ended.evidenced else "failed"
    return "pending" if ended.outcome == "lapsed" else ended.outcome
