"""Task graphs at a glance: the answers behind `retinue memory tasks`."""

from __future__ import annotations

from devices.facts import Value
from devices.noun import Noun
from stem_memory.taskgraph.contracts import TaskStatus
from stem_memory.taskgraph.errors import TaskFault
from stem_memory.taskgraph.graph import Notice, TaskGraphRecord
from stem_memory.taskgraph.projection import TaskProjection


class GraphLine(Noun):
    """One task graph in a line."""

    graph: str
    revision: int
    tasks: int
    open: int
    checked: int
    cancelled: int
    stale: int
    notices: int
    reason: str


class TaskLine(Noun):
    """One task: what it is, what it waits for, how it stands, who carries it out.

    `stale` is the revision that outdated it (0: none did), `changed_in` the one that made it so.
    """

    task: str
    intent: str
    values: dict[str, Value]
    after: tuple[str, ...]
    status: TaskStatus
    executor: str
    changed_in: int
    stale: int


class GraphStory(Noun):
    """One graph at a revision, why each revision was made, and who must know of a change."""

    graph: str
    revision: int
    newest: int
    tasks: tuple[TaskLine, ...]
    reasons: tuple[str, ...]
    notices: tuple[Notice, ...]


def graph_lines(book: TaskProjection) -> tuple[GraphLine, ...]:
    """All graphs, in the order in which they came to be."""
    return tuple(_line(name, graph) for name, graph in book.graphs.items())


def graph_story(book: TaskProjection, graph: str, revision: int | None = None) -> GraphStory:
    """One graph, as it is or as it was after a revision.

    Raises:
        TaskFault: There is no such graph, or no such revision of it.
    """
    record = book.graphs.get(graph)
    if record is None:
        known = ", ".join(book.graphs) or "none"
        raise TaskFault(f"there is no task graph {graph}; there are: {known}")
    if revision is not None and not 0 <= revision <= record.revision:
        raise TaskFault(f"{graph} has revisions 0 to {record.revision}, and {revision} is none")
    at = record.revision if revision is None else revision
    tasks = record.tasks if revision is None else record.revisions[revision]
    return GraphStory(
        graph=graph,
        revision=at,
        newest=record.revision,
        tasks=tuple(
            TaskLine(
                task=task.id,
                intent=task.intent,
                values=dict(task.values),
                after=task.after,
                status=task.status,
                executor=record.executors.get(task.id, "") if at == record.revision else "",
                changed_in=task.changed_in,
                stale=task.stale,
            )
            for task in tasks.values()
        ),
        reasons=tuple(record.reasons),
        notices=tuple(notice for _, notice in sorted(record.notices.items())),
    )


def _line(name: str, graph: TaskGraphRecord) -> GraphLine:
    held = graph.tasks.values()
    return GraphLine(
        graph=name,
        revision=graph.revision,
        tasks=len(held),
        open=sum(task.status == "open" for task in held),
        checked=sum(task.status == "checked" for task in held),
        cancelled=sum(task.status == "cancelled" for task in held),
        stale=sum(bool(task.stale) for task in held),
        notices=len(graph.notices),
        reason=graph.reasons[-1],
    )
