"""How a measurement of understanding is printed: figures, groups, misses, and progress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from services.commands.output import print_table
from services.lab.memory.speed import Told
from services.lab.wishes.contracts import Figures, Outcome, Row, Share, Table
from services.lab.wishes.parts import OnWish

if TYPE_CHECKING:
    from rich.progress import TaskID


@contextmanager
def watching() -> Iterator[OnWish]:
    """A line on standard error that says which wish is being put to which configuration."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks = {}

        def on_wish(title: str, number: int, total: int, _wish: object) -> None:
            if title not in tasks:
                tasks[title] = progress.add_task(title, total=total)
            progress.update(tasks[title], completed=number)

        yield on_wish


@contextmanager
def steps() -> Iterator[Told]:
    """Bars on standard error that say what is being measured; a line each where it is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    seen: set[str] = set()
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def told(title: str, done: int, total: int) -> None:
            if title not in seen and not console.is_terminal:
                click.echo(title, err=True)
            seen.add(title)
            if title not in tasks:
                tasks[title] = progress.add_task(title, total=total)
            progress.update(tasks[title], completed=done)

        yield told


def show(table: Table, verbose: bool = False) -> None:
    """Print the tables; with `verbose` every miss."""
    print_table(
        (
            "understood by",
            "exact goals",
            "95 %",
            "wrong goal",
            "over-cautious",
            "declined",
            "moved wrongly",
            "right kind",
            "p50 s",
            "p95 s",
            "max s",
            "calls",
            "adds",
        ),
        [_line(row, table.added.get(row.name)) for row in table.rows],
        title=f"{table.wishes} wishes, split {table.split}",
        wide=0,
    )
    _groups("world", table.rows, {row.name: row.by_world for row in table.rows})
    _groups("kind of wish", table.rows, {row.name: row.by_tag for row in table.rows})
    for row in table.rows:
        ways = ", ".join(f"{way} {_of(share)}" for way, share in row.ways.items())
        click.echo(f"\n{row.title}: exact of those understood by {ways or 'nothing'}")
        if verbose:
            _misses(row)


def missed(outcome: Outcome) -> bool:
    """Whether this outcome is not what was expected."""
    if outcome.wish.expected == "understood":
        return not outcome.exact
    return outcome.answered == "understood"


def _line(row: Row, adds: float | None) -> tuple[str, ...]:
    whole = row.whole
    return (
        row.title,
        f"{whole.exact.share:.3f} ({_of(whole.exact)})",
        f"{whole.exact.low:.3f}-{whole.exact.high:.3f}",
        _of(whole.wrong_goal),
        _of(whole.over_caution),
        f"{whole.declined.share:.3f} ({_of(whole.declined)})",
        _of(whole.wrong_motion),
        _of(whole.kind),
        f"{whole.p50_s:.3f}",
        f"{whole.p95_s:.3f}",
        f"{whole.max_s:.3f}",
        str(row.calls),
        "" if adds is None else f"{adds:+.3f}",
    )


def _groups(what: str, rows: tuple[Row, ...], groups: Mapping[str, Mapping[str, Figures]]) -> None:
    names = sorted({name for group in groups.values() for name in group})
    columns = [what]
    for row in rows:
        columns += [f"exact, {row.title}", "declined"]
    lines = []
    for name in names:
        line = [name]
        for row in rows:
            of_group = groups[row.name][name]
            line += [_of(of_group.exact), _of(of_group.declined)]
        lines.append(line)
    click.echo()
    print_table(columns, lines, wide=0)


def _misses(row: Row) -> None:
    for outcome in row.outcomes:
        if not missed(outcome):
            continue
        wish = outcome.wish
        click.echo(f"\n{wish.id}  {', '.join(wish.tags)}")
        for earlier in wish.before:
            click.echo(f"  before    {earlier}")
        click.echo(f"  said      {wish.text}")
        for answer in wish.answers:
            click.echo(f"  answered  {answer}")
        readings = [" & ".join(_brief(c.model_dump()) for c in r) for r in wish.readings]
        click.echo(f"  expected  {' | '.join(readings) or wish.expected}")
        got = " & ".join(_brief(c.model_dump()) for c in outcome.conditions)
        click.echo(f"  got       {outcome.answered}: {got or outcome.words}")


def _brief(condition: dict[str, object]) -> str:
    """A condition on one line, without what it leaves open."""
    kept = {k: v for k, v in condition.items() if v not in (None, (), {}, False) or k == "value"}
    kind = kept.pop("kind")
    what = kept.pop("what", None)
    if isinstance(what, dict):
        kept = {k: v for k, v in what.items() if v not in (None, (), {})} | kept
    return f"{kind}({', '.join(f'{k}={_plain(v)}' for k, v in kept.items())})"


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(str(item) for item in value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {v}" for k, v in value.items()) + "}"
    return str(value)


def _of(share: Share) -> str:
    return f"{share.good}/{share.n}" if share.n else "-"
