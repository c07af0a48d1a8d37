"""`retinue memory pull|push`: logs of several hosts become one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.commands.asking import opened, run_argument, writing
from services.commands.output import json_option, print_json

if TYPE_CHECKING:
    from stem_memory.sync.replica import Replica

_SCHEMES = ("postgresql://", "postgres://")

host_option = click.option(
    "--host",
    metavar="NAME",
    help="What the peer is called here; always the same for one peer. [default: its path]",
)


@click.command()
@run_argument
@click.argument("peer")
@host_option
@json_option
def pull(run: Path, peer: str, host: str | None, as_json: bool) -> None:
    """Take in all that a PEER has and this memory has not.

    A PEER is a run folder, a memory.db, or a PostgreSQL address (postgresql://host/db?schema=stem).
    What was pulled before is not read again. Two hosts that pull from one another hold the same
    events, and merge them in the same order.
    """
    from stem_memory.sync.exchange import merged_state
    from stem_memory.sync.exchange import pull as take
    from stem_memory.sync.replica import SqliteReplica

    with writing(run) as store, _peer(peer, write=False) as theirs:
        ours = SqliteReplica(store)
        new = take(ours, theirs, host or _name(peer))
        digest = merged_state(ours).digest()
        total = store.position()
    _tell(new, total, digest, "here", as_json)


@click.command()
@run_argument
@click.argument("peer")
@host_option
@json_option
def push(run: Path, peer: str, host: str | None, as_json: bool) -> None:
    """Give a PEER all that this memory has and it has not. See pull for what a PEER is.

    HOST is then what this memory is called there.
    """
    from stem_memory.sync.exchange import merged_state
    from stem_memory.sync.exchange import push as give
    from stem_memory.sync.replica import SqliteReplica

    with opened(run) as store, _peer(peer, write=True) as theirs:
        new = give(SqliteReplica(store), theirs, host or _name(str(run)))
        digest = merged_state(theirs).digest()
    _tell(new, None, digest, "there", as_json)


def _tell(new: int, total: int | None, digest: str, where: str, as_json: bool) -> None:
    if as_json:
        print_json({"new": new, "events": total, "merged_sha256": digest})
    else:
        click.echo(f"{new} events were new {where}")
        click.echo(f"merged_sha256 {digest}")


def _name(peer: str) -> str:
    return peer if peer.startswith(_SCHEMES) else str(Path(peer).resolve())


@contextlib.contextmanager
def _peer(peer: str, write: bool) -> Iterator[Replica]:
    """The peer's log, wherever it is."""
    from stem_memory.sync.replica import SqliteReplica

    if peer.startswith(_SCHEMES):
        with _database(peer) as replica:
            yield replica
    elif write:
        with writing(Path(peer)) as store:
            yield SqliteReplica(store)
    else:
        with opened(Path(peer)) as store:
            yield SqliteReplica(store)


@contextlib.contextmanager
def _database(address: str) -> Iterator[Replica]:
    from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

    from services.errors import UserError

    try:
        from stem_memory.sync.postgres import PostgresStore
    except ImportError:
        raise UserError(
            "a PostgreSQL peer needs psycopg; install it with: pip install 'retinue[postgres]'"
        ) from None
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query))
    schema = options.pop("schema", "stem")
    plain = urlunsplit(parts._replace(query=urlencode(options)))
    store = PostgresStore(plain, lambda: 0, schema)
    try:
        yield store
    finally:
        store.close()
