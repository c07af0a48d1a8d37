"""Task memory in the log: tasks as nodes of revisable graphs, and what can be done to one.

After the Task Memory Engine (Y. Ye, "Task Memory Engine: Spatial Memory for Robust Multi-Step LLM
Agents", 2025), with what it leaves open: cycles are refused, a rollback restores what was, and
whoever carries out a stale task is told.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.facts import Value
from devices.noun import Noun

TaskStatus = Literal["open", "checked", "cancelled"]


class Put(Noun):
    """A task is new or changed: what it is, its values, and the tasks it depends on."""

    act: Literal["put"] = "put"
    task: str
    intent: str
    values: dict[str, Value] = {}
    after: tuple[str, ...] = ()


class Check(Noun):
    """The task is done and stands."""

    act: Literal["check"] = "check"
    task: str


class Cancel(Noun):
    """The task is off; with `below`, so is everything that depends on it."""

    act: Literal["cancel"] = "cancel"
    task: str
    below: bool = True


class Restore(Noun):
    """The whole graph is again what it was after its revision `revision` (0: empty)."""

    act: Literal["restore"] = "restore"
    revision: int


class Claim(Noun):
    """Somebody carries the task out from now on (None: nobody does)."""

    act: Literal["claim"] = "claim"
    task: str
    executor: str | None


class Heed(Noun):
    """The executor knows that the task is stale and works on what it is now."""

    act: Literal["heed"] = "heed"
    task: str
    executor: str


TaskAct = Annotated[Put | Check | Cancel | Restore | Claim | Heed, Field(discriminator="act")]


class TaskChanged(Noun):
    """A change of one task graph. Changes of one event hold together or not at all."""

    kind: Literal["task_changed"] = "task_changed"
    graph: str
    by: str
    changes: tuple[TaskAct, ...]
    reason: str = ""
