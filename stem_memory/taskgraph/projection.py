"""Task graphs, folded from the log: every revision of each, what is stale, and who must know.

A change takes effect with everything it was recorded with, or not at all. One that can not take
effect (the graph went on, or two hosts together would make a cycle) is kept in `refused`.
"""

from __future__ import annotations

from typing import Any

from stem_memory.taskgraph.contracts import TaskChanged
from stem_memory.taskgraph.draft import Draft
from stem_memory.taskgraph.graph import Notice, Task, TaskGraphRecord


class TaskProjection:
    """Every task graph by id."""

    def __init__(self) -> None:
        self.graphs: dict[str, TaskGraphRecord] = {}
        self.refused: list[str] = []

    def apply(self, changed: TaskChanged) -> None:
        """Take a change in, or note why it can not be."""
        graph = self.graphs.get(changed.graph) or TaskGraphRecord()
        draft = Draft(graph, changed.graph)
        why = draft.take(changed)
        if why is not None:
            self.refused.append(f"{changed.graph}: {why}")
            return
        draft.settle(changed)
        self.graphs[changed.graph] = graph

    def objection(self, changed: TaskChanged) -> str | None:
        """Why the change can not take effect now; None: it can."""
        graph = self.graphs.get(changed.graph) or TaskGraphRecord()
        return Draft(graph, changed.graph).take(changed)

    def notices(self, executor: str | None = None) -> tuple[Notice, ...]:
        """Who carries out what is stale and has not heeded it yet, by graph and task."""
        found = [n for _, graph in sorted(self.graphs.items()) for n in graph.notices.values()]
        wanted = [n for n in found if executor in (None, n.executor)]
        return tuple(sorted(wanted, key=lambda n: (n.graph, n.task, n.executor)))

    def ready(self, graph: str) -> tuple[str, ...]:
        """Open tasks whose dependencies are all checked and good, in order of id."""
        tasks = self.graphs[graph].tasks
        good = {t.id for t in tasks.values() if t.status == "checked" and not t.stale}
        waiting = (t for t in tasks.values() if t.status == "open" and set(t.after) <= good)
        return tuple(sorted(t.id for t in waiting))

    def form(self) -> Any:
        """The canonical form, for the hash of the state."""
        return {
            "graphs": {
                id_: {
                    "revisions": [[_form(t) for _, t in sorted(r.items())] for r in g.revisions],
                    "reasons": g.reasons,
                    "executors": g.executors,
                    "notices": [n for _, n in sorted(g.notices.items())],
                }
                for id_, g in self.graphs.items()
            },
            "refused": self.refused,
        }


def _form(task: Task) -> list[object]:
    return [task.id, task.intent, task.values, task.after, task.status, task.changed_in, task.stale]
