"""One task graph: its tasks, its revisions, who carries out what, and who must be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.facts import Value
from devices.noun import Noun
from stem_memory.taskgraph.contracts import TaskStatus


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a graph. `changed_in` is the graph's revision that gave it its present form.

    `stale` names the revision because of which the task's result can not be relied upon any more:
    something it depends on changed (0: it is good).
    """

    id: str
    intent: str
    values: tuple[tuple[str, Value], ...]
    after: tuple[str, ...]
    status: TaskStatus
    changed_in: int
    stale: int = 0


class Notice(Noun):
    """Somebody carries out a task that is not what it was: `why` in a few words."""

    graph: str
    task: str
    executor: str
    revision: int
    why: str


@dataclass(slots=True)
class TaskGraphRecord:
    """One graph: its tasks now and after each revision, who carries out what, and who must know."""

    tasks: dict[str, Task] = field(default_factory=dict)
    revisions: list[dict[str, Task]] = field(default_factory=lambda: [{}])
    reasons: list[str] = field(default_factory=lambda: [""])
    executors: dict[str, str] = field(default_factory=dict)
    notices: dict[tuple[str, str], Notice] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """The number of the newest revision."""
        return len(self.revisions) - 1


def dependants(tasks: dict[str, Task], of: set[str]) -> set[str]:
    """Everything that depends on these tasks, directly or through others; without them."""
    users: dict[str, list[str]] = {}
    for task in tasks.values():
        for needed in task.after:
            users.setdefault(needed, []).append(task.id)
    found: set[str] = set()
    todo = sorted(of)
    while todo:
        for user in users.get(todo.pop(), ()):
            if user not in found:
                found.add(user)
                todo.append(user)
    return found - of


def cycle_in(tasks: dict[str, Task]) -> tuple[str, ...] | None:
    """Some tasks that wait for each other, in order; None: there are none."""
    done: set[str] = set()
    for start in sorted(tasks):
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            task, leaving = stack.pop()
            if leaving:
                path.pop()
                on_path.discard(task)
                done.add(task)
            elif task in on_path:
                return tuple(path[path.index(task) :])
            elif task not in done:
                path.append(task)
                on_path.add(task)
                stack.append((task, True))
                stack.extend((n, False) for n in tasks[task].after if n in tasks)
    return None
