"""What a command answers: data for programs, and the same as sentences and tables for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

from services.commands.output import print_json, print_table

_T = TypeVar("_T")


@dataclass(frozen=True)
class Table:
    """Rows under columns, as `print_table` shows them; column `wide` takes the room that is left."""

    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    wide: int = -1


class Answer:
    """An answer, and how it is shown.

    Args:
        data: Nouns and plain data, as `--json` prints them.
        shown: The sentences and tables that say the same, one below the other.
        code: What the command exits with.
    """

    def __init__(self, data: object, *shown: str | Table, code: int = 0) -> None:
        self.data = data
        self.shown = shown
        self.code = code

    def show(self, as_json: bool) -> None:
        """Print it."""
        if as_json:
            print_json(self.data)
            return
        for part in self.shown:
            if isinstance(part, Table):
                print_table(part.columns, part.rows, wide=part.wide)
            else:
                click.echo(part)


def listed(
    key: str,
    found: Sequence[_T],
    columns: Sequence[str],
    row: Callable[[_T], Sequence[object]],
    none: str = "",
) -> Answer:
    """The answer that is a list of things of one kind: a row each, or a sentence where there are none.

    Args:
        key: What the list is called in JSON.
        found: The things.
        columns: What is told of each.
        row: Tells it.
        none: Said instead of an empty table; an empty table where it is empty.
    """
    if not found and none:
        return Answer({key: found}, none)
    return Answer({key: found}, Table(columns, [row(one) for one in found]))
