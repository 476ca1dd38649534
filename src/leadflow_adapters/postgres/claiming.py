"""Claims: which rows are in a worker's hands, in a table beside the rows.

One statement finds the first rows that nobody holds and writes who holds them now. It passes over rows that others are
claiming or writing at this moment (SKIP LOCKED). Of two who have found the same row all the same, because one of them
looked before the other had committed, the second meets the first one's lease under the table's key and leaves it alone.

The table is not logged, and nobody waits for the disk: after a crash of the server no lease is left and every row may be
claimed again, while who held it before is refused, because his token stands nowhere any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from leadflow.ports.store import Claimed, Scan
from leadflow.room import Key
from leadflow.stores.layout import Layout
from leadflow.stores.statements import filtered, table_name
from leadflow_adapters.postgres.shapes import LEASE
from leadflow_adapters.postgres.statements import BEGIN, COMMIT, array
from leadflow_adapters.postgres.wire import Statement, Wire, numbered

_TRIES: Final = 5
_UNAWAITED: Final = "SET LOCAL synchronous_commit TO off"
_OVER: Final = "interval '1 hour'"
"""How long a lease that ran out stays where nobody has claimed its row again; then the row has gone or is not due."""


class Claims:
    """The leases of one schema."""

    def __init__(self, schema: str, layouts: Mapping[str, Layout]) -> None:
        self._schema = schema
        self._layouts = layouts
        self._leases = f'"{schema}".{LEASE.name}'
        held = "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])"
        self._give_back = f"DELETE FROM {self._leases} WHERE (name, id, token) IN ({held})"
        self._count = f"SELECT count(*) FROM {self._leases} WHERE (name, id, token) IN ({held})"
        all_held = "count(*) = cardinality($1::text[])"
        self._end = f"WITH gone AS ({self._give_back} RETURNING 1) SELECT 1 / ({all_held})::int FROM gone"
        self._tidy = f"DELETE FROM {self._leases} WHERE until < clock_timestamp() - {_OVER}"

    def taken(self, wire: Wire, queries: Sequence[Scan], limit: int, lease_us: int) -> tuple[list[Key], Claimed]:
        """What is held from now on: keys whose rows have still to be read, or the rows."""
        token = secrets.randbits(63)
        for _ in range(_TRIES):
            sent = [(BEGIN, ()), (_UNAWAITED, ()), self._statement(queries, limit, lease_us, token), (COMMIT, ())]
            found = wire.ask(sent)[2]
            held = [each for each in found if each[0]]
            if held or not found:
                break
        if not held:
            wire.ask([(self._tidy, ())])
            return [], Claimed()
        if len(queries) > 1:
            keys = [(name, id_) for _, name, id_ in held]
            return keys, Claimed((), dict.fromkeys(keys, token))
        layout = self._layouts[queries[0].table]
        rows = tuple(layout.row(each[1:]) for each in held)
        return [], Claimed(rows, {(layout.table.name, row.id): token for row in rows})

    def given_back(self, wire: Wire, tokens: Mapping[Key, Any]) -> None:
        """Leases end before their time."""
        wire.ask([(self._give_back, _columns(tokens))])

    def ended(self, tokens: Mapping[Key, Any]) -> Statement:
        """What ends leases together with a change, and fails (division by zero) unless all are held still.

        It comes after all writes: who claims holds the row before the lease, too, so that nobody waits in a circle.
        """
        return self._end, _columns(tokens)

    def are_held(self, wire: Wire, tokens: Mapping[Key, Any]) -> bool:
        """Whether all are held still."""
        found: list[tuple[int]] = wire.ask([(self._count, _columns(tokens))])[0]
        return found[0][0] == len(tokens)

    def _statement(self, queries: Sequence[Scan], limit: int, lease_us: int, token: int) -> Statement:
        """One row for each that was found: whether it is held, and its key, or all its columns where there is one query."""
        values: list[Any] = []
        parts = [self._part(number, query, limit, values) for number, query in enumerate(queries)]
        every = " UNION ALL ".join(f"SELECT name, id, place FROM part_{number}" for number in range(len(parts)))
        values += [limit, token, lease_us]
        asked = "SELECT held.id IS NOT NULL, found.name, found.id FROM found"
        if len(queries) == 1:
            columns = ", ".join(f't."{column}"' for column in self._layouts[queries[0].table].columns)
            asked = f"SELECT held.id IS NOT NULL, {columns} FROM found JOIN part_0 AS t USING (id)"
        sql = (
            f"WITH {', '.join(parts)}, found AS ({every} ORDER BY place, name, id LIMIT %s), held AS ("
            f" INSERT INTO {self._leases} (name, id, token, until)"
            " SELECT name, id, %s::bigint, clock_timestamp() + %s::bigint * interval '1 microsecond' FROM found"
            " ON CONFLICT (name, id) DO UPDATE SET token = EXCLUDED.token, until = EXCLUDED.until"
            f" WHERE {LEASE.name}.until <= clock_timestamp() RETURNING name, id)"
            f" {asked} LEFT JOIN held ON held.name = found.name AND held.id = found.id"
            " ORDER BY found.place, found.name, found.id"
        )
        return numbered(sql), values

    def _part(self, number: int, query: Scan, limit: int, values: list[Any]) -> str:
        """The first rows of one query that nobody holds. Names come from our own classes, never from a caller."""
        conditions, given = filtered(query, self._layouts, "%s")
        values += [*given, limit]
        order = query.order.lstrip("-")
        return (
            f'part_{number} AS (SELECT t.*, \'{query.table}\'::text COLLATE "C" AS name, t."{order}" AS place'
            f' FROM "{self._schema}".{table_name(query.table)} AS t WHERE {" AND ".join(conditions)}'
            f" AND NOT EXISTS (SELECT 1 FROM {self._leases} AS l"
            f" WHERE l.name = '{query.table}' AND l.id = t.id AND l.until > clock_timestamp())"
            f' ORDER BY t."{order}", t.id LIMIT %s FOR UPDATE OF t SKIP LOCKED)'
        )


def _columns(tokens: Mapping[Key, Any]) -> list[str]:
    names, ids = [name for name, _ in tokens], [id_ for _, id_ in tokens]
    return [array(names), array(ids), array([str(token) for token in tokens.values()])]
