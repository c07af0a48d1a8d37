"""`retinue memory pull|push`: logs of several hosts become one."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl, quote, urlencode

from brain.language.words.plural import counted, were
from services.commands.memory.asking import Writing, opened, writing
from services.commands.output import Output

if TYPE_CHECKING:
    from stem_memory.sync.replica import Replica

_SCHEMES = ("postgresql://", "postgres://")
# Options of an address that say which log it is; others may be secret.
_PLACE = ("host", "port", "dbname", "schema")

Host = Annotated[
    str | None,
    "--host NAME: What who gives is called where it is taken in; always the same for one memory. "
    "[default: host and path]",
]


def pull(run: Writing, peer: str, host: Host = None) -> Output:
    """Take in all that a PEER has and this memory has not.

    A PEER is a run folder, a memory.db, or a PostgreSQL address (postgresql://host/db?schema=stem).
    What was pulled before is not read again. Two hosts that pull from one another hold the same
    events, and merge them in the same order. What is personal stays sealed with the keys of the
    host that recorded it.
    """
    from stem_memory.sync.exchange import merged_state
    from stem_memory.sync.exchange import pull as take
    from stem_memory.sync.replica import SqliteReplica

    ours = SqliteReplica(run.store)
    with _peer(peer, write=False) as theirs:
        new = take(ours, theirs, host or _name(peer))
    return _exchanged(new, run.store.position(), merged_state(ours).digest(), "here")


def push(run: Path, peer: str, host: Host = None) -> Output:
    """Give a PEER all that this memory has and it has not. See pull for what a PEER is.

    HOST is then what this memory is called there.
    """
    from stem_memory.sync.exchange import merged_state
    from stem_memory.sync.exchange import push as give
    from stem_memory.sync.replica import SqliteReplica

    with opened(run) as memory, _peer(peer, write=True) as theirs:
        new = give(SqliteReplica(memory.store), theirs, host or _name(str(run)))
        return _exchanged(new, None, merged_state(theirs).digest(), "there")


def _exchanged(new: int, total: int | None, digest: str, where: str) -> Output:
    return Output(
        {"new": new, "events": total, "merged_sha256": digest},
        f"{counted(new, 'event')} {were(new)} new {where}",
        f"merged_sha256 {digest}",
    )


def _name(peer: str) -> str:
    """What a memory is called unless somebody says otherwise; nothing secret is in it."""
    if not peer.startswith(_SCHEMES):
        return f"{socket.gethostname()}:{Path(peer).resolve()}"
    base, options = _parts(peer)
    where = [f"{key}={options[key]}" for key in _PLACE if key in options]
    return "?".join(filter(None, (re.sub(r"//[^/@]*@", "//", base), "&".join(where))))


def _parts(address: str) -> tuple[str, dict[str, str]]:
    """An address without its options, and the options."""
    base, _, query = address.partition("?")
    # PostgreSQL reads a plus as a plus; forms, for which this function is made, as a space.
    return base, dict(parse_qsl(query.replace("+", "%2B")))


@contextlib.contextmanager
def _peer(peer: str, write: bool) -> Iterator[Replica]:
    """The peer's log, wherever it is."""
    from stem_memory.sync.replica import SqliteReplica

    if peer.startswith(_SCHEMES):
        with _database(peer) as replica:
            yield replica
    elif write:
        with writing(Path(peer)) as memory:
            yield SqliteReplica(memory.store)
    else:
        with opened(Path(peer)) as memory:
            yield SqliteReplica(memory.store)


@contextlib.contextmanager
def _database(address: str) -> Iterator[Replica]:
    from services.errors import UserError

    try:
        from stem_memory.sync.postgres import PostgresStore
    except ImportError:
        raise UserError(
            "a PostgreSQL peer needs psycopg; install it with: pip install 'retinue[postgres]'"
        ) from None
    base, options = _parts(address)
    schema = options.pop("schema", "stem")
    plain = f"{base}?{urlencode(options, quote_via=quote)}" if options else base
    store = PostgresStore(plain, lambda: 0, schema)
    try:
        yield store
    finally:
        store.close()
