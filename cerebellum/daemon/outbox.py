"""What a device must not forget: which requests it took on, and results that the site does not have yet."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter
from sqlite_utils import Database

from devices.skill import Cancelled, Failed, SkillEvent, Succeeded

_EVENT: TypeAdapter[SkillEvent] = TypeAdapter(SkillEvent)
# So many finished requests are remembered, so that none of them is carried out again.
_REMEMBERED = 4096
# `is_over`: 0 it is carried out, 1 it has a result, 2 the site has that. Numbers are never used again.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, token INTEGER, is_over INTEGER)",
    "CREATE TABLE IF NOT EXISTS results "
    "(seq INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT UNIQUE, event TEXT)",
)


def is_result(event: SkillEvent) -> bool:
    """Whether the request is over with it."""
    return isinstance(event, Succeeded | Failed | Cancelled)


class Outbox:
    """A small database beside the body. Every call that changes it returns once that is on the disk.

    Args:
        path: Its file; ":memory:" forgets.
    """

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        self._db = Database(str(path))
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        for table in _TABLES:
            self._db.execute(table)

    def accept(self, request: str, token: int) -> Literal["new", "known", "stale"]:
        """Take a request on. One that is older than what was taken on before comes from a site that
        is none any more.
        """
        if self._one("SELECT 1 FROM requests WHERE id = ?", request) is not None:
            return "known"
        if token <= (self._one("SELECT max(token) FROM requests") or 0):
            return "stale"
        with self._db.conn:
            self._db.execute("INSERT INTO requests VALUES (?, ?, 0)", [request, token])
            self._db.execute(
                "DELETE FROM requests WHERE is_over = 2 AND token < "
                "(SELECT token FROM requests ORDER BY token DESC LIMIT 1 OFFSET ?)",
                [_REMEMBERED],
            )
        return "new"

    def put(self, event: SkillEvent) -> int:
        """Keep a result until the site has it; returns its number, which only grows.

        A request has one result: another one later changes nothing, and the first one's number is
        returned (0: the site has it).
        """
        before = self._one("SELECT seq FROM results WHERE request = ?", event.request)
        if before is not None:
            return before
        if self._one("SELECT is_over FROM requests WHERE id = ?", event.request) == 2:
            return 0
        with self._db.conn:
            seq = self._db.execute(
                "INSERT INTO results (request, event) VALUES (?, ?)",
                [event.request, _EVENT.dump_json(event).decode()],
            ).lastrowid
            self._db.execute("UPDATE requests SET is_over = 1 WHERE id = ?", [event.request])
        return int(seq or 0)

    def kept(self, seq: int) -> None:
        """The site has the result of this number."""
        with self._db.conn:
            self._db.execute(
                "UPDATE requests SET is_over = 2 WHERE id = "
                "(SELECT request FROM results WHERE seq = ?)",
                [seq],
            )
            self._db.execute("DELETE FROM results WHERE seq = ?", [seq])

    def results(self) -> tuple[tuple[int, SkillEvent], ...]:
        """Every result that the site does not have, oldest first."""
        rows = self._db.execute("SELECT seq, event FROM results ORDER BY seq").fetchall()
        return tuple((seq, _EVENT.validate_json(text)) for seq, text in rows)

    def carried(self) -> tuple[str, ...]:
        """Every request that was taken on and whose result the site does not have."""
        rows = self._db.execute("SELECT id FROM requests WHERE is_over < 2 ORDER BY token")
        return tuple(row[0] for row in rows.fetchall())

    def broken_off(self) -> tuple[str, ...]:
        """Every request that was taken on and has no result: right after a start, what was lost."""
        rows = self._db.execute("SELECT id FROM requests WHERE is_over = 0 ORDER BY token")
        return tuple(row[0] for row in rows.fetchall())

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _one(self, sql: str, *values: object) -> int | None:
        row = self._db.execute(sql, list(values)).fetchone()
        return None if row is None else row[0]
