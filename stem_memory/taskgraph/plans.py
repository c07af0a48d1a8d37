"""The brain's plans as task graphs: each goal is one, each step a task, each body an executor."""

from __future__ import annotations

from stem_memory.contracts import Event, GoalClosed, GraphPlanned, StepEnded, StepStarted
from stem_memory.taskgraph.contracts import Cancel, Check, Claim, Put, TaskAct, TaskChanged
from stem_memory.taskgraph.projection import TaskProjection

BY = "plan"


def follow(event: Event, book: TaskProjection) -> TaskChanged | None:
    """What an event of planning or acting means for the task graph of its goal; None: nothing."""
    body = event.body
    if isinstance(body, GraphPlanned):
        return TaskChanged(graph=body.goal, by=BY, changes=_plan(body, book), reason=body.reason)
    if isinstance(body, GoalClosed) and body.goal in book.graphs and body.status == "cancelled":
        tasks = book.graphs[body.goal].tasks.values()
        changes = tuple(Cancel(task=t.id) for t in tasks if t.status == "open")
        return TaskChanged(graph=body.goal, by=BY, changes=changes, reason=body.reason)
    if not isinstance(body, StepStarted | StepEnded) or body.role != "step":
        return None
    graph = book.graphs.get(body.goal)
    task = graph.tasks.get(body.step) if graph is not None else None
    if task is None:
        return None
    if isinstance(body, StepStarted):
        if task.status == "cancelled":
            return None
        return TaskChanged(
            graph=body.goal, by=BY, changes=(Claim(task=task.id, executor=body.body),)
        )
    over = Claim(task=task.id, executor=None)
    checked = TaskChanged(graph=body.goal, by=BY, changes=(over, Check(task=task.id)))
    if body.outcome == "done" and body.evidenced and book.objection(checked) is None:
        return checked
    return TaskChanged(graph=body.goal, by=BY, changes=(over,))


def _plan(planned: GraphPlanned, book: TaskProjection) -> tuple[TaskAct, ...]:
    graph = book.graphs.get(planned.goal)
    before = graph.tasks if graph is not None else {}
    steps = {step.id for step in planned.steps}
    dropped = tuple(
        Cancel(task=task.id, below=False)
        for task in before.values()
        if task.id not in steps and task.status == "open"
    )
    wanted = tuple(
        Put(
            task=step.id,
            intent=step.title or step.skill,
            values={"skill": step.skill, **step.args},
            after=step.after,
        )
        for step in planned.steps
        # What is done stays done, however the new plan tells it.
        if step.id not in before or before[step.id].status != "checked"
    )
    return (*dropped, *wanted)
