"""Task memory folded: every goal with its conditions, its graph and the status of each step."""

from __future__ import annotations

from devices.facts import Facts, bind_all
from stem_memory.contracts import (
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    GraphPlanned,
    StepAssigned,
    StepEnded,
    StepStarted,
)
from stem_memory.instructions import Cancel, Change, Instruction, Pause, Restrict, Resume
from stem_memory.tasks import Answer, GoalRecord, StepStatus, TaskGraph


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
            self._set(
                record,
                conditions=bound,
                queries=understood.queries,
                status="posted",
                question="",
                options=(),
            )

    def question(self, asked: GoalQuestioned) -> None:
        """The goal waits for a person."""
        record = self.records.get(asked.goal)
        if record is not None:
            self._set(record, status="needs_answer", question=asked.question, options=asked.options)

    def answer(self, answered: GoalAnswered) -> None:
        """A person answered: the goal is open again and has to be understood anew."""
        record = self.records.get(answered.goal)
        if record is not None:
            replies = (*record.replies, (record.question, answered.text))
            self._set(
                record, status="posted", question="", options=(), closed_s=None, replies=replies
            )

    def tell(self, goal: str, answer: Answer) -> None:
        """What the goal asked is answered."""
        record = self.records.get(goal)
        if record is not None:
            self._set(record, answer=answer)

    def be_late(self, goal: str) -> None:
        """The deadline passed."""
        record = self.records.get(goal)
        if record is not None:
            self._set(record, is_late=True)

    def instruct(self, instruction: Instruction, t: float, by: str) -> None:
        """Somebody ends, halts or changes goals. Those that are over stay as they are."""
        if isinstance(instruction, Cancel):
            for record in self._open(instruction.goals):
                reason = f"{by} cancelled it"
                self._set(record, status="cancelled", reason=reason, closed_s=t)
        elif isinstance(instruction, Pause):
            for record in self._open(instruction.goals):
                if record.status in ("posted", "planned"):
                    self._set(record, status="paused")
        elif isinstance(instruction, Resume):
            for record in self._open(instruction.goals):
                if record.status == "paused":
                    is_new = record.graph is None or not record.conditions
                    self._set(record, status="posted" if is_new else "planned")
        elif isinstance(instruction, Change):
            for record in self._open((instruction.goal,)):
                self._change(record, instruction)
        elif isinstance(instruction, Restrict):
            for record in self._open((instruction.goal,)):
                self._set(record, only=instruction.only, never=instruction.never)

    def _open(self, goals: tuple[str, ...]) -> list[GoalRecord]:
        found = (self.records.get(goal) for goal in goals)
        return [record for record in found if record is not None and record.closed_s is None]

    def _change(self, record: GoalRecord, change: Change) -> None:
        told: dict[str, object] = {
            name: value
            for name in ("text", "deadline_s", "priority")
            if (value := getattr(change, name)) is not None
        }
        changes: dict[str, object] = {"goal": record.goal.model_copy(update=told)}
        if change.deadline_s is not None:
            changes["is_late"] = False
        if change.text is not None:
            # Other words: to be understood anew, once it goes on. The graph tells what was done.
            status = "paused" if record.status == "paused" else "posted"
            changes |= {"conditions": (), "queries": (), "status": status, "question": ""}
            changes["replies"] = ()
        self._set(record, **changes)

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
