"""Every sort of statement that could change or remove a row of an append-only table, made by combination.

Nothing here runs one, and none of them is a legal next row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

POLICIES = ("", " OR REPLACE", " OR IGNORE", " OR ABORT", " OR FAIL", " OR ROLLBACK")
HIDDEN = ("rowid", "_rowid_", "oid")


@dataclass(frozen=True)
class Guarded:
    """An append-only table: its columns with a value that differs from what is there, and its unique keys.

    `row` holds the key values of a row that exists; `place` names it for a WHERE.
    """

    name: str
    values: dict[str, str]
    keys: tuple[tuple[str, ...], ...]
    row: dict[str, str]
    place: str
    rowid: bool  # is there a hidden one to clash on?


GUARDED = (
    Guarded(
        "entries",
        {
            "seq": "77", "key": "'new'", "kind": "'x'", "campaign": "'x'", "recorded_at": "'x'", "date": "'x'",
            "data": "x'00'", "hash": "'x'", "transfers": "0",
        },
        (("seq",), ("key",)),
        {"seq": "2", "key": "'k:2'"},
        "seq = 2",
        rowid=True,
    ),
    Guarded(
        "transfers",
        {"seq": "77", "n": "1", "debit": "'x'", "credit": "'y'", "asset": "'BTC'", "amount": "5"},
        (("seq", "n"),),
        {"seq": "2", "n": "1"},
        "seq = 2 AND n = 1",
        rowid=False,
    ),
    Guarded(
        "observations",
        {"n": "77", "at": "'x'", "source": "'x'", "kind": "'x'", "subject": "'x'", "data": "x'00'"},
        (("n",),),
        {"n": "2"},
        "n = 2",
        rowid=True,
    ),
    Guarded(
        "audit",
        {"n": "77", "at": "'x'", "user_id": "NULL", "action": "'x'", "subject": "'x'"},
        (("n",),),
        {"n": "2"},
        "n = 2",
        rowid=True,
    ),
    Guarded("authors", {"seq": "77", "user_id": "2"}, (("seq",),), {"seq": "2"}, "seq = 2", rowid=True),
)  # fmt: skip


def statements(table: Guarded, *, sqlite: bool) -> Iterator[str]:
    """All of them, in the words of one of the two databases."""
    made = [*_inserts(table, sqlite=sqlite), *_updates(table, sqlite=sqlite), *_deletes(table)]
    made += _of_sqlite(table) if sqlite else _of_postgresql(table)
    for statement in dict.fromkeys(made):
        yield statement if sqlite else statement.replace("x'00'", "'\\x00'::bytea")


def _clashing(table: Guarded) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """(a unique key, a row that is another one but for that key)."""
    for key in table.keys:
        yield key, table.values | {name: table.row[name] for name in key}
    yield table.keys[0], table.values | table.row


def _inserts(table: Guarded, *, sqlite: bool) -> Iterator[str]:
    """INSERT in its forms, with each policy and each sort of upsert, on each unique key."""
    changed = next(name for name in table.values if name not in table.row)
    for key, row in _clashing(table):
        columns, values = ", ".join(row), ", ".join(row.values())
        target = ", ".join(key)
        copied = ", ".join(
            value if name == changed else (name if name in table.row else value)
            for name, value in row.items()
        )
        sources = (
            f"({columns}) VALUES ({values})",
            f"({columns}) VALUES ({values}), ({values})",
            f"({columns}) SELECT {values}",
            f"({columns}) SELECT {copied} FROM {table.name} WHERE {table.place}",
        )
        set_it = f"SET {changed} = {table.values[changed]}"
        upserts = (
            "",
            " ON CONFLICT DO NOTHING",
            f" ON CONFLICT ({target}) DO NOTHING",
            f" ON CONFLICT ({target}) DO UPDATE {set_it}",
            f" ON CONFLICT ({target}) DO UPDATE SET {changed} = excluded.{changed}",
            f" ON CONFLICT ({target}) DO UPDATE SET {key[0]} = 99",
        )
        for source in sources:
            for policy in POLICIES if sqlite else ("",):
                yield f"INSERT{policy} INTO {table.name} {source}"
            if sqlite:
                yield f"REPLACE INTO {table.name} {source}"
            for upsert in upserts:
                # SQLite reads ON after a bare SELECT as a join's; a WHERE ends it.
                ends = " WHERE true" if "SELECT" in source and "WHERE" not in source else ""
                yield f"INSERT INTO {table.name} {source}{ends}{upsert}"
                yield f"INSERT INTO {table.name} {source}{ends}{upsert} RETURNING *"
        yield f"WITH row AS (SELECT {values}) INSERT INTO {table.name} ({columns}) SELECT * FROM row"


def _updates(table: Guarded, *, sqlite: bool) -> Iterator[str]:
    """UPDATE of each column, of one row and of all, to another value and to the same, from another table as well."""
    for name, value in table.values.items():
        for policy in POLICIES if sqlite else ("",):
            yield f"UPDATE{policy} {table.name} SET {name} = {value} WHERE {table.place}"
        yield f"UPDATE {table.name} SET {name} = {name}"
        yield f"UPDATE {table.name} SET {name} = {value} WHERE {table.place} RETURNING *"
        yield f"UPDATE {table.name} SET {name} = other.value FROM (SELECT {value} AS value) AS other"
        yield f"WITH row AS (SELECT {value} AS value) UPDATE {table.name} SET {name} = (SELECT value FROM row)"
    for name in table.row:
        yield f"UPDATE {table.name} SET {name} = {name} WHERE {table.place}"


def _deletes(table: Guarded) -> Iterator[str]:
    yield f"DELETE FROM {table.name}"
    yield f"DELETE FROM {table.name} WHERE {table.place}"
    yield f"DELETE FROM {table.name} WHERE {table.place} RETURNING *"
    first = table.keys[0][0]
    found = f"{first} IN (SELECT number FROM gone)"
    yield f"WITH gone AS (SELECT 2 AS number) DELETE FROM {table.name} WHERE {found}"


def _of_sqlite(table: Guarded) -> Iterator[str]:
    """By the hidden rowid, under each of its names."""
    if not table.rowid:
        return
    plain = {name: value for name, value in table.values.items() if name not in {"seq", "n"}}
    columns, values = ", ".join(plain), ", ".join(plain.values())
    for word in HIDDEN:
        for verb in (*(f"INSERT{policy}" for policy in POLICIES), "REPLACE"):
            yield f"{verb} INTO {table.name} ({word}, {columns}) VALUES (2, {values})"
        for policy in POLICIES:
            yield f"UPDATE{policy} {table.name} SET {word} = 1 WHERE {word} = 2"
            yield f"UPDATE{policy} {table.name} SET {word} = 99 WHERE {word} = 2"
        yield f"DELETE FROM {table.name} WHERE {word} = 2"
    yield f"REPLACE INTO {table.name} ({columns}) VALUES ({values})"


def _of_postgresql(table: Guarded) -> Iterator[str]:
    """TRUNCATE, MERGE, by ctid, in a CTE that writes, and with rules for identity columns set aside."""
    for more in ("", " CASCADE", " RESTART IDENTITY CASCADE", " CONTINUE IDENTITY"):
        yield f"TRUNCATE {table.name}{more}"
        yield f"TRUNCATE TABLE ONLY {table.name}{more}"
    yield f"TRUNCATE {', '.join(other.name for other in GUARDED)} CASCADE"
    changed = next(name for name in table.values if name not in table.row)
    value = table.values[changed]
    ctid = f"ctid = (SELECT ctid FROM {table.name} WHERE {table.place})"
    yield f"UPDATE {table.name} SET {changed} = {value} WHERE {ctid}"
    yield f"DELETE FROM {table.name} WHERE {ctid}"
    yield f"DELETE FROM {table.name} USING meta WHERE {table.place}"
    yield f"WITH gone AS (DELETE FROM {table.name} WHERE {table.place} RETURNING *) SELECT * FROM gone"
    yield f"WITH new AS (UPDATE {table.name} SET {changed} = {value} RETURNING *) SELECT * FROM new"
    key = table.keys[0][0]
    merge = f"MERGE INTO {table.name} AS t USING (SELECT 2 AS number) AS s ON t.{key} = s.number"
    yield f"{merge} WHEN MATCHED THEN UPDATE SET {changed} = {value}"
    yield f"{merge} WHEN MATCHED THEN DELETE"
    for _, row in _clashing(table):
        columns, values = ", ".join(row), ", ".join(row.values())
        yield f"INSERT INTO {table.name} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values})"
        yield f"{merge} + 1000 WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})"
