"""A database that was migrated is the database that is declared, to the last condition, on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Integer, LargeBinary, Text

from ledger.model.columns import Flag, Word
from ledger.model.tables import METADATA
from ledger.store.database import Store
from ledger.store.guards import Dialect
from tests.tools.schemas import declared, described, make, unlike
from tests.tools.store_places import BOTH, fresh_url, outside

REMEDY = "until the first release: .venv/bin/python -m tests.tools.first_migration; then: add a migration"


def _described(url: str) -> dict[str, str]:
    with outside(url) as connection:
        return described(connection)


@cache
def _declared(kind: str) -> dict[str, str]:
    """The database that is declared, as it tells of itself; made once."""
    with TemporaryDirectory() as folder:
        return _made(kind, Path(folder), declared(Dialect(kind)))


def _made(kind: str, folder: Path, statements: Sequence[str], name: str = "ledger.db") -> dict[str, str]:
    url = fresh_url(kind, folder, name)
    with outside(url) as connection:
        make(connection, statements)
    return _described(url)


@pytest.mark.parametrize("kind", BOTH)
def test_a_migrated_database_is_the_one_that_is_declared(kind: str, tmp_path: Path) -> None:
    """Tables, columns, types, keys, conditions, indexes, guards: nothing more, nothing less, nothing else."""
    url = fresh_url(kind, tmp_path, "migrated.db")
    Store.create(url).close()
    assert not unlike(_described(url), _declared(kind)), REMEDY


def test_each_column_of_each_table_is_compared() -> None:
    """What is described is not less than what is declared."""
    assert len(_declared("sqlite")) == len(declared(Dialect.SQLITE))


def _once(pattern: str, new: str) -> Callable[[str], str]:
    return lambda statement: re.sub(pattern, new, statement, count=1)


BOTH_CHANGES = {
    "a condition is gone": _once(r",\s+CHECK \(.*\)", ""),
    "a condition knows another word": _once(r"(CHECK \(\w+ IN \(')", r"\1x"),
    "a column may be empty": _once(r"(used \w+) NOT NULL", r"\1"),
    "a key is gone": _once(r",\s+FOREIGN KEY.*?(?=,?\n)", ""),
    "a number is not unique": _once(r",\s+UNIQUE \(.*\)", ""),
    "an index holds some rows only": _once(
        r"(CREATE INDEX \w+ ON \w+ \((\w+).*\))", r"\1 WHERE \2 IS NOT NULL"
    ),
    "an index is unique": _once("CREATE INDEX", "CREATE UNIQUE INDEX"),
    "a guard refuses less": _once(r"(FROM entries WHERE key = NEW.key)", r"\1 AND 1=0"),
}
CHANGES = [
    *((kind, name, change) for kind in ("sqlite", "postgresql") for name, change in BOTH_CHANGES.items()),
    ("sqlite", "a table takes any type", _once(r",\s+STRICT", "")),
    ("sqlite", "a table has a hidden number", _once(r"WITHOUT ROWID,\s+", "")),
    ("postgresql", "a text is ordered by a locale", _once(r' COLLATE "C"', "")),
    ("postgresql", "a number has 32 bits", _once(r"BIGINT", "INTEGER")),
    ("postgresql", "a guard can be switched off", _once(r"ENABLE ALWAYS", "ENABLE")),
]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        pytest.param(
            kind,
            change,
            id=f"{kind}: {name}",
            marks=[pytest.mark.postgresql] if kind == "postgresql" else [],
        )
        for kind, name, change in CHANGES
    ],
)
def test_a_difference_is_seen_that_no_column_shows(
    kind: str, change: Callable[[str], str], tmp_path: Path
) -> None:
    """One statement, of a table, an index or a guard, says something else."""
    told = declared(Dialect(kind))
    changed = next(n for n, statement in enumerate(told) if change(statement) != statement)
    other = [*told[:changed], change(told[changed]), *told[changed + 1 :]]
    assert unlike(_declared(kind), _made(kind, tmp_path, other))


@pytest.mark.parametrize("kind", BOTH)
def test_a_guard_that_is_missing_is_seen(kind: str, tmp_path: Path) -> None:
    told = declared(Dialect(kind))
    trigger = max(n for n, statement in enumerate(told) if statement.startswith("CREATE TRIGGER"))
    assert unlike(_declared(kind), _made(kind, tmp_path, told[:trigger]))


def test_a_column_holds_one_value() -> None:
    """No list, no dictionary: what is several is rows of a table of its own.

    `drafts` keep the bytes of facts as they were told, as the journal does (docs/architecture.md).
    """
    for table in METADATA.sorted_tables:
        for column in table.columns:
            assert isinstance(column.type, Integer | Text | LargeBinary | Flag | Word), column


def test_a_row_that_names_an_order_or_a_lot_names_one_that_is_there() -> None:
    """Whoever browses the tables can follow it, and the database refuses another. Lines begin before their lots."""
    kept = {table.name: table for table in METADATA.sorted_tables}
    wanted = {
        name: ({"campaign", "product", "lot"}, "lots")
        for name, table in kept.items()
        if {"campaign", "product", "lot"} <= set(table.columns.keys()) and name not in {"lots", "lines"}
    }
    orders = {
        name: ({"campaign", "order_number"}, "purchase_orders")
        for name, table in kept.items()
        if "order_number" in table.columns
    }
    assert {"receipts", "over_decisions"} <= set(orders)
    for name, (columns, named) in [
        *wanted.items(),
        *orders.items(),
        ("lots", ({"campaign", "product"}, "products")),
    ]:
        keys = [(set(key.column_keys), key.referred_table.name) for key in kept[name].foreign_key_constraints]
        assert (columns, named) in keys, f"{name} does not say which of {named} it is about"
