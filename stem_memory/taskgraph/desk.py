"""The work with one task graph: every change is checked, recorded in the log, then in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from devices.facts import Value
from stem_memory.contracts import Event
from stem_memory.log.store import EventStore
from stem_memory.taskgraph.contracts import (
    Cancel,
    Check,
    Claim,
    Heed,
    Put,
    Restore,
    TaskAct,
    TaskChanged,
)
from stem_memory.taskgraph.errors import TaskCycle, TaskFault
from stem_memory.taskgraph.graph import Notice, TaskGraphRecord


class TaskDesk:
    """What one actor does with one task graph.

    Every method raises TaskFault, and records nothing, if the change does not fit the graph;
    TaskCycle if tasks would wait for each other.

    Args:
        store: The memory, open for writing.
        graph: The graph's id.
        who: In whose name.
        now: The time of the run, in seconds.
        origin: Who records; of its own for each host, like every origin.
    """

    def __init__(
        self,
        store: EventStore,
        graph: str,
        who: str,
        now: Callable[[], float],
        origin: str = "tasks",
    ) -> None:
        self._store = store
        self._graph = graph
        self._who = who
        self._now = now
        self._origin = origin

    @property
    def graph(self) -> TaskGraphRecord:
        """The graph now; empty before its first change."""
        return self._store.state.projections.tasks.graphs.get(self._graph) or TaskGraphRecord()

    def put(
        self,
        task: str,
        intent: str,
        values: Mapping[str, Value] | None = None,
        after: Iterable[str] = (),
        reason: str = "",
    ) -> None:
        """A new task, or a changed one: it is open again, and what depends on it is stale."""
        put = Put(task=task, intent=intent, values=dict(values or {}), after=tuple(after))
        self.change([put], reason)

    def check(self, task: str) -> None:
        """The task is done and its result stands; everything it waits for must be checked."""
        self.change([Check(task=task)])

    def cancel(self, task: str, below: bool = True, reason: str = "") -> None:
        """The task is off, and (with `below`) everything that depends on it."""
        self.change([Cancel(task=task, below=below)], reason)

    def restore(self, revision: int, reason: str = "") -> None:
        """The graph is again exactly what it was after that revision; history is kept."""
        self.change([Restore(revision=revision)], reason)

    def claim(self, task: str, executor: str | None) -> None:
        """Somebody carries the task out from now on; None: nobody does."""
        self.change([Claim(task=task, executor=executor)])

    def heed(self, task: str, executor: str) -> None:
        """The executor knows what changed; the notice is settled."""
        self.change([Heed(task=task, executor=executor)])

    def change(self, changes: Iterable[TaskAct], reason: str = "") -> None:
        """Several changes that hold together or not at all."""
        changed = TaskChanged(
            graph=self._graph, by=self._who, changes=tuple(changes), reason=reason
        )
        why = self._store.state.projections.tasks.objection(changed)
        if why is not None:
            raise TaskCycle(why) if "wait for each other" in why else TaskFault(why)
        seq = (self._store.last_seq(self._origin) or 0) + 1
        self._store.append([Event(origin=self._origin, seq=seq, t=self._now(), body=changed)])

    def ready(self) -> tuple[str, ...]:
        """Open tasks that wait for nothing any more."""
        known = self._graph in self._store.state.projections.tasks.graphs
        return self._store.state.projections.tasks.ready(self._graph) if known else ()

    def notices(self, executor: str | None = None) -> tuple[Notice, ...]:
        """Who works on what is stale, cancelled or gone, and has not heeded it yet."""
        found = self._store.state.projections.tasks.notices(executor)
        return tuple(notice for notice in found if notice.graph == self._graph)
