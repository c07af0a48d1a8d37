"""Search by meaning: every sentence of memory as a vector, in a cache beside the store.

The only file that imports `sqlite_vec`. The cache may be thrown away at any time: it is filled from
the store when it is asked, for one embedder, and each sentence is embedded once however often it
was said. Distances are exact, no approximation, so the same question has the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stem_memory.answers.words import Hit, shown
from stem_memory.errors import MemoryFault
from stem_memory.log.migrations import open_cache

if TYPE_CHECKING:
    from stem_memory.log.store import EventStore

# Texts to unit vectors, as `brain.model.Embedder.embed` does.
Embed = Callable[[Sequence[str]], list[list[float]]]
_BATCH = 64
_FORMAT = 2


class MeaningUnavailable(MemoryFault):
    """What vectors need is not installed."""


class MeaningIndex:
    """The sentences of one store by what they mean.

    Args:
        store: The store; it may be open for reading.
        embed: Turns texts into unit vectors.
        model: The name of the embedder; vectors of another one are thrown away.

    Raises:
        MeaningUnavailable: If sqlite-vec is missing, or this Python's SQLite loads no extensions.
    """

    def __init__(self, store: EventStore, embed: Embed, model: str) -> None:
        try:
            import sqlite_vec
        except ImportError:
            raise MeaningUnavailable(
                "Search by meaning needs sqlite-vec; install it with: "
                "pip install 'retinue[embedded]'"
            ) from None
        self._store = store
        self._embed = embed
        self._db = open_cache(cache_path(store.path), sqlite_vec.loadable_path())
        self._prepare(model)

    def nearest(self, words: str, at_most: int) -> tuple[Hit, ...]:
        """The sentences closest in meaning, closest first; `rank` is the cosine distance."""
        self._catch_up()
        wanted = json.dumps(self._embed([words])[0])
        rows = self._db.execute(
            "SELECT text, kind, about, t, event, distance FROM ("
            "SELECT rowid AS found, distance FROM vector WHERE v MATCH ? AND k = ?"
            ") JOIN sentence ON sentence.id = found JOIN line ON line.sentence = found "
            "ORDER BY distance, event DESC, text LIMIT ?",
            (wanted, at_most, at_most),
        )
        return tuple(Hit(*row)._replace(rank=round(row[5], 6)) for row in rows)

    def close(self) -> None:
        """Close the cache. Closing twice is harmless."""
        self._db.close()

    def __enter__(self) -> MeaningIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self, model: str) -> None:
        wide = len(self._embed(["width"])[0])
        made = json.dumps([_FORMAT, model, wide])
        self._db.execute("CREATE TABLE IF NOT EXISTS made (how TEXT, position INTEGER, head TEXT)")
        known = self._db.execute("SELECT how, position, head FROM made").fetchone()
        if known is not None and known[0] == made and self._is_of_this_log(*known[1:]):
            return
        self._db.execute("BEGIN IMMEDIATE")
        for table in ("vector", "line", "sentence"):
            self._db.execute(f"DROP TABLE IF EXISTS {table}")
        self._db.execute("DELETE FROM made")
        self._db.execute("CREATE TABLE sentence (id INTEGER PRIMARY KEY, text TEXT UNIQUE)")
        self._db.execute(
            "CREATE TABLE line (sentence INTEGER, kind TEXT, about TEXT, t REAL, event INTEGER)"
        )
        self._db.execute("CREATE INDEX line_sentence ON line (sentence)")
        self._db.execute(
            f"CREATE VIRTUAL TABLE vector USING vec0(v float[{wide}] distance_metric=cosine)"
        )
        self._db.execute("INSERT INTO made VALUES (?, 0, '')", (made,))
        self._db.execute("COMMIT")

    def _is_of_this_log(self, position: int, head: str) -> bool:
        return self._store.hash_at(position) == head

    def _catch_up(self) -> None:
        done: int = self._db.execute("SELECT position FROM made").fetchone()[0]
        newest = self._store.position()
        if newest <= done:
            return
        found = self._store.connection.execute(
            "SELECT text, kind, about, t, event FROM words WHERE event > ? AND event <= ? "
            "ORDER BY event, rowid",
            (done, newest),
        )
        lines = [(shown(text), *rest) for text, *rest in found]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            texts = list(dict.fromkeys(line[0] for line in lines))
            for start in range(0, len(texts), _BATCH):
                self._add(texts[start : start + _BATCH])
            self._db.executemany(
                "INSERT INTO line SELECT id, ?2, ?3, ?4, ?5 FROM sentence WHERE text = ?1", lines
            )
            self._db.execute(
                "UPDATE made SET position = ?, head = ?", (newest, self._store.hash_at(newest))
            )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _add(self, texts: list[str]) -> None:
        known = {
            text
            for (text,) in self._db.execute(
                "SELECT text FROM sentence WHERE text IN (SELECT value FROM json_each(?))",
                (json.dumps(texts),),
            )
        }
        new = [text for text in texts if text not in known]
        for text, vector in zip(new, self._embed(new) if new else [], strict=True):
            cursor = self._db.execute("INSERT INTO sentence (text) VALUES (?)", (text,))
            self._db.execute(
                "INSERT INTO vector (rowid, v) VALUES (?, ?)",
                (cursor.lastrowid, json.dumps(vector)),
            )


def cache_path(store: Path) -> Path:
    """Where the vectors of a store lie."""
    return store.with_name(store.name + ".vectors")
