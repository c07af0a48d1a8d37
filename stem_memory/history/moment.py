"""The whole world at one moment, as known at one position of the log.

Finding which facts hold takes no look at the facts themselves: what is still so is found in a
partial index, what is over in an R*Tree whose boxes are intervals of valid time by intervals of
the log's positions. Guttman, "R-trees", SIGMOD 1984; Beckmann et al., "The R*-tree", SIGMOD 1990.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stem_memory.history.facts import Fact, fact_of
from stem_memory.history.row import FACT_COLUMNS, FOREVER, NEVER, Connection, Row, tick

# The R*Tree holds whole seconds. What begins or ends within the very second asked for is looked at
# exactly; everything else its seconds decide. One text with all ids is made and read several times
# as fast as a row for each.
_FOUND = (
    "SELECT group_concat(id) FROM ("
    f"SELECT id FROM fact WHERE vt = 1e18 AND tt = {NEVER} AND vf <= :t AND tf <= :at "
    "UNION ALL "
    "SELECT id FROM fact_span WHERE v0 < :s AND v1 > :s AND p0 <= :p AND p1 > :p "
    "UNION ALL "
    "SELECT id FROM fact WHERE vf <= :t AND vt > :t AND id IN "
    "(SELECT id FROM fact_span WHERE v0 = :s AND v1 >= :s AND p0 <= :p AND p1 > :p "
    "UNION ALL SELECT id FROM fact_span WHERE v0 < :s AND v1 = :s AND p0 <= :p AND p1 > :p))"
)


class Moment:
    """Every fact that held at `t` seconds, as known at `position` (None: now).

    Which ones is known at once; each is read when it is asked for.
    """

    def __init__(self, connection: Connection, t: float, position: int | None = None) -> None:
        self._connection = connection
        at = NEVER - 1 if position is None else position
        given = {"t": t, "at": at, "s": tick(t), "p": min(at, tick(FOREVER) - 1)}
        found: str | None = connection.execute(_FOUND, given).fetchone()[0]
        self.ids: NDArray[np.int64] = np.fromstring(found or "", dtype=np.int64, sep=",")

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Fact]:
        """The facts, by thing and attribute."""
        return iter(sorted(self._read(self.ids), key=lambda fact: (fact.thing, fact.attr)))

    def besides(self, other: Moment) -> tuple[Fact, ...]:
        """The facts that are not the very same row of history in the other moment."""
        return self._read(np.setdiff1d(self.ids, other.ids, assume_unique=True))

    def _read(self, ids: NDArray[np.int64]) -> tuple[Fact, ...]:
        rows = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact "
            "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            (json.dumps(ids.tolist()),),
        )
        return tuple(fact_of(Row(*row)) for row in rows)
