"""What a database is made of: the statements that the declarations give, and what a database says it holds.

Alembic's own comparison sees neither STRICT nor conditions, nor a trigger; this sees all that the database knows.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, create_mock_engine
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.ddl import ExecutableDDLElement

from ledger.model.tables import METADATA
from ledger.store.guards import Dialect, triggers

_URLS = {Dialect.SQLITE: "sqlite://", Dialect.POSTGRESQL: "postgresql+psycopg://"}


def declared(dialect: Dialect) -> list[str]:
    """The statements that make every table that is declared, its indexes and its guards, parents first."""
    made: list[ExecutableDDLElement] = []
    for table in METADATA.sorted_tables:
        made.append(CreateTable(table))
        made += [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
    engine = create_mock_engine(_URLS[dialect], lambda *_, **__: None)
    texts = [str(statement.compile(dialect=engine.dialect)).strip() for statement in made]
    return [
        *("\n".join(line.rstrip().replace("\t", "    ") for line in text.splitlines()) for text in texts),
        *(statement for trigger in triggers(dialect) for statement in trigger.statements),
    ]


def make(connection: Connection, statements: Iterable[str]) -> None:
    """All of them in one transaction: each by itself would be read back and written out before the next."""
    connection.exec_driver_sql("BEGIN")
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("COMMIT")


def described(connection: Connection) -> dict[str, str]:
    """Everything that stands in a database by its kind and name, but for the table that Alembic keeps."""
    questions = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    found: dict[str, str] = {}
    for question in questions:
        for name, *words in connection.exec_driver_sql(question):
            assert name not in found, name
            found[name] = " ".join(" ".join(map(str, words)).split())
    return {name: told for name, told in found.items() if "alembic_version" not in name}


def unlike(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """What only one of them has, or what each of them tells otherwise."""
    return [
        f"{name}: {one.get(name)} | {other.get(name)}"
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]


_SQLITE = ("SELECT type || ' ' || name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",)

_OURS = "current_schema()::regnamespace"
_POSTGRESQL = (
    "SELECT 'relation ' || relname, relkind, relpersistence, relrowsecurity, reloptions FROM pg_class"
    f" WHERE relnamespace = {_OURS} AND relkind <> 'i'",
    "SELECT 'column ' || relname || '.' || attname, attnum, format_type(atttypid, atttypmod), attnotnull,"
    " attidentity, attgenerated, attcollation::regcollation, pg_get_expr(adbin, adrelid)"
    " FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
    " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
    f" WHERE relnamespace = {_OURS} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped",
    "SELECT 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(oid), convalidated"
    f" FROM pg_constraint WHERE connamespace = {_OURS}",
    "SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "SELECT 'trigger ' || tgname, tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t"
    f" JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND relnamespace = {_OURS}",
    f"SELECT 'function ' || proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = {_OURS}",
)
