"""The whole world at one moment, as known at one position of the log.

Finding which facts hold takes no look at the facts themselves: what is still so is found in a
partial index, what is over in an R*Tree whose boxes are intervals of valid time by intervals of
the log's positions. Guttman, "R-trees", SIGMOD 1984; Beckmann et al., "The R*-tree", SIGMOD 1990.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from stem_memory.fact_index import FACT_COLUMNS, FOREVER, NEVER, Connection, Row, tick
from stem_memory.facts import Fact, fact_of

# The R*Tree holds whole seconds. What begins or ends within the very second asked for is looked at
# exactly; everything else its seconds decide.
_FOUND = (
    f"SELECT id FROM fact WHERE vt = {FOREVER} AND tt = {NEVER} AND vf <= :t AND tf <= :at "
    "UNION ALL "
    "SELECT id FROM fact_span WHERE v0 < :s AND v1 > :s AND p0 <= :p AND p1 > :p "
    "UNION ALL "
    "SELECT id FROM fact WHERE vf <= :t AND vt > :t AND id IN "
    "(SELECT id FROM fact_span WHERE v0 = :s AND v1 >= :s AND p0 <= :p AND p1 > :p "
    "UNION ALL SELECT id FROM fact_span WHERE v0 < :s AND v1 = :s AND p0 <= :p AND p1 > :p)"
)


class Moment:
    """Every fact that held at `t` seconds, as known at `position` (None: now).

    Which ones is known at once; each is read when it is asked for.
    """

    def __init__(self, connection: Connection, t: float, position: int | None = None) -> None:
        self._connection = connection
        at = NEVER - 1 if position is None else position
        given = {"t": t, "at": at, "s": tick(t), "p": min(at, tick(FOREVER) - 1)}
        self.ids = frozenset(row[0] for row in connection.execute(_FOUND, given).fetchall())

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Fact]:
        """The facts, by thing and attribute."""
        return iter(sorted(self.read(self.ids), key=lambda fact: (fact.thing, fact.attr)))

    def read(self, ids: frozenset[int]) -> tuple[Fact, ...]:
        """Some of the facts, in the order they were written."""
        rows = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact "
            "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            (json.dumps(sorted(ids)),),
        )
        return tuple(fact_of(Row(*row)) for row in rows)
