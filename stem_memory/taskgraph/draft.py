"""A change of a task graph, tried before it takes effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from stem_memory.taskgraph.contracts import Cancel, Check, Claim, Heed, Put, Restore, TaskChanged
from stem_memory.taskgraph.graph import Notice, Task, TaskGraphRecord, cycle_in, dependants


class Draft:
    """A graph while a change is tried on it."""

    def __init__(self, graph: TaskGraphRecord, name: str) -> None:
        self._graph = graph
        self._name = name
        self._tasks = dict(graph.tasks)
        self._base = graph.tasks
        self._executors = dict(graph.executors)
        self._heeded: list[tuple[str, str]] = []
        self._revised = False
        self._next = graph.revision + 1

    def take(self, changed: TaskChanged) -> str | None:
        """Try every act; says why one can not be."""
        for act in changed.changes:
            why = _ACTS[act.act](self, act)
            if why is not None:
                return why
        missing = sorted(
            {need for t in self._tasks.values() for need in t.after} - self._tasks.keys()
        )
        if missing:
            return f"there is no task {missing[0]} to wait for"
        cycle = cycle_in(self._tasks)
        if cycle is not None:
            return f"these tasks would wait for each other: {' -> '.join((*cycle, cycle[0]))}"
        return None

    def settle(self, changed: TaskChanged) -> None:
        """Let the change take effect: mark what is stale and note who must know."""
        graph = self._graph
        graph.executors = self._executors
        if self._revised:
            # What a rollback restores was consistent: only what was done since then ripples.
            touched = _changed(self._base, self._tasks)
            ripple = {i for i in touched if not _only_checked(self._base.get(i), self._tasks[i])}
            for id_ in sorted(dependants(self._tasks, ripple)):
                task = self._tasks[id_]
                if task.status != "cancelled" and id_ not in touched:
                    self._tasks[id_] = replace(task, stale=self._next)
            told = {
                i
                for i in _changed(graph.tasks, self._tasks)
                if not _only_checked(graph.tasks.get(i), self._tasks.get(i))
            }
            graph.tasks = self._tasks
            graph.revisions.append(dict(self._tasks))
            graph.reasons.append(changed.reason)
            self._notify(told, changed)
        for key in self._heeded:
            graph.notices.pop(key, None)
        graph.notices = {
            k: n for k, n in graph.notices.items() if graph.executors.get(k[0]) == k[1]
        }

    def _notify(self, told: set[str], changed: TaskChanged) -> None:
        because = f" ({changed.reason})" if changed.reason else ""
        for task, executor in sorted(self._executors.items()):
            now = self._tasks.get(task)
            if now is None:
                why = "the task is no more"
            elif task not in told:
                continue
            elif now.status == "cancelled":
                why = "the task is cancelled"
            elif now.stale == self._next:
                why = "what the task depends on changed"
            else:
                why = "the task changed"
            self._graph.notices[task, executor] = Notice(
                graph=self._name,
                task=task,
                executor=executor,
                revision=self._next,
                why=why + because,
            )

    def _put(self, act: Put) -> str | None:
        self._revised = True
        values = tuple(sorted(act.values.items()))
        after = tuple(sorted(set(act.after)))
        old = self._tasks.get(act.task)
        same = old is not None and (old.intent, old.values, old.after) == (
            act.intent,
            values,
            after,
        )
        if old is not None and same and old.status != "cancelled" and not old.stale:
            return None
        self._tasks[act.task] = Task(act.task, act.intent, values, after, "open", self._next)
        return None

    def _check(self, act: Check) -> str | None:
        task = self._tasks.get(act.task)
        if task is None or task.status == "cancelled":
            return f"there is no task {act.task} to check"
        unmet = [n for n in task.after if not self._is_good(n)]
        if unmet:
            return f"{act.task} waits for {unmet[0]}, which is not checked"
        self._revised = True
        if task.status != "checked" or task.stale:
            checked = replace(task, status="checked", changed_in=self._next, stale=0)
            self._tasks[act.task] = checked
        return None

    def _cancel(self, act: Cancel) -> str | None:
        if act.task not in self._tasks:
            return f"there is no task {act.task} to cancel"
        self._revised = True
        off = {act.task} | (dependants(self._tasks, {act.task}) if act.below else set())
        for id_ in sorted(off):
            if self._tasks[id_].status != "cancelled":
                self._tasks[id_] = replace(
                    self._tasks[id_], status="cancelled", changed_in=self._next, stale=0
                )
        return None

    def _restore(self, act: Restore) -> str | None:
        if not 0 <= act.revision <= self._graph.revision:
            return f"there is no revision {act.revision}"
        self._revised = True
        self._base = self._graph.revisions[act.revision]
        self._tasks = dict(self._base)
        return None

    def _claim(self, act: Claim) -> str | None:
        task = self._tasks.get(act.task)
        if act.executor is None:
            self._executors.pop(act.task, None)
            return None
        if task is None or task.status == "cancelled":
            return f"there is no task {act.task} to carry out"
        self._executors[act.task] = act.executor
        return None

    def _heed(self, act: Heed) -> str | None:
        self._heeded.append((act.task, act.executor))
        return None

    def _is_good(self, id_: str) -> bool:
        task = self._tasks.get(id_)
        return task is not None and task.status == "checked" and not task.stale


def _changed(before: Mapping[str, Task], after: Mapping[str, Task]) -> set[str]:
    """Tasks of `after` that are new or other than before."""
    return {id_ for id_, task in after.items() if _content(before.get(id_)) != _content(task)}


def _content(task: Task | None) -> tuple[object, ...] | None:
    if task is None:
        return None
    return (task.intent, task.values, task.after, task.status, task.stale)


def _only_checked(old: Task | None, new: Task | None) -> bool:
    return (
        old is not None
        and new is not None
        and new.status == "checked"
        and (old.intent, old.values, old.after) == (new.intent, new.values, new.after)
        and old.status == "open"
    )


_ACTS: dict[str, Callable[[Draft, Any], str | None]] = {
    "put": Draft._put,
    "check": Draft._check,
    "cancel": Draft._cancel,
    "restore": Draft._restore,
    "claim": Draft._claim,
    "heed": Draft._heed,
}
