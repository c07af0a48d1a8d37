"""Behaviour trees: the builders that skills are put together with, on top of py_trees.

Trees are as in M. Colledanchise and P. Ögren, "Behavior Trees in Robotics and AI" (2018): leaves
act or check, inner nodes decide what comes next. Composites remember which child runs. Time comes
from the caller, so a tree replays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import py_trees

from cerebellum.context import Context
from cerebellum.skill import Status
from devices.contracts import Command, Receipt

Node = py_trees.behaviour.Behaviour
_Status = py_trees.common.Status
_ENDED = {_Status.SUCCESS: Status.SUCCEEDED, _Status.FAILURE: Status.FAILED}


class Tree:
    """A behaviour tree as a Skill."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def start(self) -> None:
        """Nothing to do: the first tick enters the tree."""

    def tick(self) -> Status:
        """Tick the tree once."""
        self._root.tick_once()
        return _ENDED.get(self._root.status, Status.RUNNING)

    def halt(self) -> None:
        """Leave every node that runs; commands under way are recalled."""
        self._root.stop(_Status.INVALID)

    def __str__(self) -> str:
        return str(py_trees.display.ascii_tree(self._root))


class _Check(Node):
    def __init__(self, name: str, test: Callable[[], bool]) -> None:
        super().__init__(name)
        self._test = test

    def update(self) -> _Status:
        return _Status.SUCCESS if self._test() else _Status.FAILURE


class _Await(Node):
    def __init__(self, name: str, test: Callable[[], bool]) -> None:
        super().__init__(name)
        self._test = test

    def update(self) -> _Status:
        return _Status.SUCCESS if self._test() else _Status.RUNNING


class _Act(Node):
    """Posts commands one after another and waits for the receipt of each."""

    def __init__(
        self,
        name: str,
        context: Context,
        commands: Callable[[], Sequence[Command]],
        on_failure: Callable[[Receipt], None] | None,
    ) -> None:
        super().__init__(name)
        self._context = context
        self._commands = commands
        self._on_failure = on_failure
        self._left: list[Command] = []
        self._under_way: str | None = None

    def initialise(self) -> None:
        self._left = list(self._commands())
        self._under_way = None
        self._post()

    def update(self) -> _Status:
        while self._under_way is not None:
            receipt = self._context.receipt(self._under_way)
            if receipt is None:
                return _Status.RUNNING
            if receipt.outcome != "done":
                self._under_way = None
                self._context.give_up(receipt.reason or receipt.outcome, receipt.detail)
                if self._on_failure is not None:
                    self._on_failure(receipt)
                return _Status.FAILURE
            self._post()
        return _Status.SUCCESS

    def terminate(self, new_status: _Status) -> None:
        if new_status == _Status.INVALID and self._under_way is not None:
            self._under_way = None
            self._context.recall()

    def _post(self) -> None:
        self._under_way = None
        if self._left:
            command = self._left.pop(0)
            self._under_way = command.id
            self._context.post(command)


class _Timeout(py_trees.decorators.Decorator):
    """Like py_trees' own, but on the caller's clock."""

    def __init__(
        self, name: str, child: Node, context: Context, seconds: float, reason: str
    ) -> None:
        super().__init__(name=name, child=child)
        self._context = context
        self._seconds = seconds
        self._reason = reason
        self._ends = 0.0

    def initialise(self) -> None:
        self._ends = self._context.now + self._seconds

    def update(self) -> _Status:
        if self.decorated.status != _Status.RUNNING:
            return self.decorated.status
        if not self._context.senses.is_past(self._ends):
            self._context.wake_at(self._ends)
            return _Status.RUNNING
        self._context.give_up(self._reason, f"nothing happened within {self._seconds:g} s")
        return _Status.FAILURE


def check(name: str, test: Callable[[], bool]) -> Node:
    """A leaf that succeeds or fails at once, as the test says."""
    return _Check(name, test)


def wait_until(name: str, test: Callable[[], bool]) -> Node:
    """A leaf that runs until the test holds; put a `timeout` around it."""
    return _Await(name, test)


def act(
    name: str,
    context: Context,
    commands: Callable[[], Sequence[Command]],
    on_failure: Callable[[Receipt], None] | None = None,
) -> Node:
    """A leaf that has the body do commands one after another, asked for when the leaf is entered.

    It fails with the reason of the first receipt that is not "done", after `on_failure` saw it.
    Leaving it early recalls the command under way.
    """
    return _Act(name, context, commands, on_failure)


def sequence(name: str, *children: Node) -> Node:
    """All children in order; fails with the first that fails."""
    return py_trees.composites.Sequence(name=name, memory=True, children=list(children))


def fallback(name: str, *children: Node) -> Node:
    """The children in order until one succeeds; fails if all fail."""
    return py_trees.composites.Selector(name=name, memory=True, children=list(children))


def retry(
    name: str,
    attempt: Callable[[], Node],
    *,
    times: int,
    again: Callable[[], bool],
    between: Callable[[int], Node],
) -> Node:
    """The attempt, then up to `times` more, each after `between(k)`, while `again` says so."""
    more = [
        sequence(f"{name} {k}", check("worth another try", again), between(k), attempt())
        for k in range(1, times + 1)
    ]
    return fallback(name, attempt(), *more)


def timeout(name: str, child: Node, context: Context, seconds: float, reason: str) -> Node:
    """The child, but failing with `reason` when it runs longer than `seconds` of the body's time."""
    return _Timeout(name, child, context, seconds, reason)
