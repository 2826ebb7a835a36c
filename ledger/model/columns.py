"""How columns are declared, once for SQLite (STRICT) and PostgreSQL: numbers of 64 bits, text by bytes, enums as words.

The floor above the words: every table of the ledger is declared with these and no table validates anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Dialect,
    Insert,
    Integer,
    Text,
    TypeDecorator,
    bindparam,
    delete,
    insert,
    inspect,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import registry
from sqlmodel import Session, SQLModel
from sqlmodel.sql.expression import SelectOfScalar

S = TypeVar("S", bound=StrEnum)
R = TypeVar("R", bound=SQLModel)

LONG: Any = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both: a plain integer is 32 on PostgreSQL, and STRICT tables know no BIGINT."""

TEXT: Any = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared and ordered by UTF-8 bytes on both, whatever the locale of a PostgreSQL cluster is."""

STRICT = {"sqlite_strict": True}
KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""For tables whose key is no integer: without a hidden rowid there is none to clash on."""

NO_SEQUENCE = {"autoincrement": False}
"""`sa_column_kwargs` of a whole number that is a key: it comes from a fact or an entry, never from a sequence."""


UNCOUNTED = {"uncounted": True}
"""`execution_options` of a statement that changes rows which are there: nobody asks how many, nobody waits for it."""

OF_CAMPAIGN = bindparam("of_campaign", type_=Text)
"""The campaign that a statement is asked about: statements that are made once, for the answers of all campaigns."""


OF_ENTRY = bindparam("of_entry", type_=BigInteger)
"""The entry that one is asked about."""


class Table(SQLModel, registry=registry()):
    """A metadata of our own, so that no other library's tables are made with ours."""


class Flag(TypeDecorator[bool]):
    """Yes or no, kept as 1 or 0: STRICT tables know no BOOLEAN."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


FLAG: Any = Flag()


class Word(TypeDecorator[S], Generic[S]):
    """An enum, kept as its word in a TEXT column; `one_of` says in the database which words there are."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[S]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: S | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> S | None:
        return None if value is None else self.kind(value)


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """The condition that a column holds a word of an enum, or nothing."""
    words = ", ".join(f"'{word.value}'" for word in kind)
    return CheckConstraint(f"{column} IN ({words})")


def table_of(row: type[Table]) -> SqlTable:
    """The table that a class declares, for statements of SQLAlchemy Core."""
    table: SqlTable = inspect(row).local_table
    return table


@cache
def _upsert(dialect: str, row: type[Table], adds: bool) -> Insert:
    table = table_of(row)
    made_for: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](table)
    keys = [column.name for column in table.primary_key.columns]
    others = {
        column.name: column + made_for.excluded[column.name] if adds else made_for.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    made: Insert = made_for.on_conflict_do_update(index_elements=keys, set_=others)
    return made


def upsert(session: Session, row: type[Table]) -> Insert:
    """Core's statement that adds a row, or writes all its columns over the one with the same primary key."""
    return _upsert(session.connection().dialect.name, row, False)


def accumulate(session: Session, row: type[Table]) -> Insert:
    """Core's statement that adds a row, or its numbers to those of the one with the same primary key."""
    return _upsert(session.connection().dialect.name, row, True)


def replace_all(session: Session, row: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a small table whole, by Core: these rows, and no others."""
    connection, table = session.connection(), table_of(row)
    connection.execute(delete(table))
    if rows:
        connection.execute(insert(table), list(rows))


def as_written(query: SelectOfScalar[R]) -> SelectOfScalar[R]:
    """Rows of a table that Core writes, as it has them now, also where this session read them before."""
    return query.execution_options(populate_existing=True)
