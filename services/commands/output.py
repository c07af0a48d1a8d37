"""How commands print: JSON for programs, tables for people, one sentence for mistakes."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of text."
)


def print_json(value: Any) -> None:
    """Print one JSON object, last on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False))


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
    """Print a table that fits the terminal; column `wide` takes the room that is left."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table: Table = Table(box=None, title=title or None, title_justify="left", pad_edge=False)
    last = wide % len(columns)
    for index, column in enumerate(columns):
        table.add_column(
            column, header_style="bold", overflow="fold", ratio=1 if index == last else None
        )
    for row in rows:
        # Plain strings would be searched for markup: "pip install 'retinue[vllm]'" has some.
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    # A file or a pipe has no width: long lines are better there than wrapped ones.
    width = None if sys.stdout.isatty() else 160
    Console(highlight=False, width=width).print(table)
