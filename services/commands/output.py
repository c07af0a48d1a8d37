"""What commands print: JSON for programs, sentences and tables for people, one sentence for mistakes."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_T = TypeVar("_T")
# Characters: of a line where there is no terminal, between columns, and of a column that reads well.
_PIPE = 160
_GAP = 2
_READABLE = 16


def print_json(value: Any) -> None:
    """Print one JSON object, last on standard output; nouns in it as they are stored."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_stored))


def _stored(noun: Any) -> Any:
    return noun.model_dump(mode="json")


def warn(sentence: str) -> None:
    """Say something that is not the answer, on standard error."""
    click.echo(f"retinue: {sentence}", err=True)


@contextlib.contextmanager
def stages(doing: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done, until the block is left; nothing anywhere else.

    It goes to standard error, so that whatever a command answers stays alone on standard output.

    Args:
        doing: What all of it is, such as "report".

    Yields:
        To be told what is done next.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(file=sys.stderr).status(doing) as status:
        yield lambda what: status.update(Text(f"{doing}: {what}"))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "", wide: int = -1
) -> None:
    """Print a table that fits the terminal; column `wide` takes the room that is left.

    Where a terminal is too narrow for whole words side by side, the cells of a row stand below
    each other.
    """
    from rich.console import Console
    from rich.text import Text

    # A file or a pipe has no width: long lines are better there than wrapped ones.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE)
    # Plain strings would be searched for markup: "pip install 'retinue[vllm]'" has some.
    cells = [[cell if isinstance(cell, Text) else Text(str(cell)) for cell in row] for row in rows]
    last = wide % len(columns)
    if _least(columns, cells, last) > console.width:
        _print_stacked(console, columns, cells, title)
    else:
        console.print(_table(columns, cells, title, last))


def print_listed(label: str, items: Iterable[str]) -> None:
    """Print "label  one, two, three", wrapped to the terminal below its beginning."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE
    lead = f"{label}  "
    text = ", ".join(items) or "-"
    click.echo(textwrap.fill(text, width, initial_indent=lead, subsequent_indent=" " * len(lead)))


def _table(columns: Sequence[str], cells: list[list[Text]], title: str, last: int) -> Table:
    from rich.table import Table

    table: Table = Table(box=None, title=title or None, title_justify="left", pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(
            column, header_style="bold", overflow="fold", ratio=1 if index == last else None
        )
    for row in cells:
        table.add_row(*row)
    return table


def _least(columns: Sequence[str], cells: list[list[Text]], last: int) -> int:
    """The width below which words would be broken, or the wide column be a tower of single ones."""
    total = _GAP * (len(columns) - 1)
    for index, column in enumerate(columns):
        texts = [column, *(row[index].plain for row in cells)]
        words = max((len(word) for text in texts for word in text.split()), default=0)
        whole = max(map(len, texts)) if index == last else 0
        total += max(words, min(whole, _READABLE))
    return total


def _print_stacked(
    console: Console, columns: Sequence[str], cells: list[list[Text]], title: str
) -> None:
    from rich.padding import Padding
    from rich.text import Text

    if title:
        console.print(title, style="italic")
    for row in cells:
        # What stands in the first columns without a heading is a mark: it goes with the name.
        head = next((index for index, column in enumerate(columns) if column), 0)
        name = Text(" ").join(cell for cell in row[: head + 1] if cell.plain)
        name.stylize("bold")
        console.print(name)
        for column, cell in zip(columns[head + 1 :], row[head + 1 :], strict=True):
            if cell.plain:
                line = Text.assemble((f"{column}: " if column else "", "dim"), cell)
                console.print(Padding(line, (0, 0, 0, 2)))


@dataclass(frozen=True)
class Rows:
    """A table as `print_table` shows it; column `wide` takes the room that is left."""

    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    wide: int = -1


class Output:
    """An answer, and how it is shown.

    Args:
        data: Nouns and plain data, as `--json` prints them.
        shown: The sentences and tables that say the same, one below the other.
        code: What the command exits with.
    """

    def __init__(self, data: object, *shown: str | Rows, code: int = 0) -> None:
        self.data = data
        self.shown = shown
        self.code = code

    def show(self, as_json: bool) -> None:
        """Print it."""
        if as_json:
            print_json(self.data)
            return
        for part in self.shown:
            if isinstance(part, Rows):
                print_table(part.columns, part.rows, wide=part.wide)
            else:
                click.echo(part)


def listed(
    key: str,
    found: Sequence[_T],
    columns: Sequence[str],
    row: Callable[[_T], Sequence[object]],
    none: str = "",
) -> Output:
    """The answer that is a list of things of one kind: a row each, or a sentence where there are none.

    Args:
        key: What the list is called in JSON.
        found: The things.
        columns: What is told of each.
        row: Tells it.
        none: Said instead of an empty table; an empty table where it is empty.
    """
    if not found and none:
        return Output({key: found}, none)
    return Output({key: found}, Rows(columns, [row(one) for one in found]))
