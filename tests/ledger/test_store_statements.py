"""Whatever statement is told to the database, by whatever program: no acknowledged row is changed or removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, delete, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ledger.model.desk import AuditRow
from ledger.model.journal import AuthorRow, EntryRow, ObservationRow, TransferRow
from ledger.store.guards import GUARDS, Dialect, triggers
from tests.tools.statements import GUARDED, Guarded, statements
from tests.tools.store_places import BOTH, filled, fresh_url, outside

MODELS: dict[str, Any] = {
    "entries": EntryRow,
    "transfers": TransferRow,
    "observations": ObservationRow,
    "audit": AuditRow,
    "authors": AuthorRow,
}


@pytest.fixture(scope="module", params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = fresh_url(request.param, tmp_path_factory.mktemp("statements"))
    filled(url, authors=True).close()
    return url


def _rows(connection: Any, only: str | None = None) -> dict[str, list[Any]]:
    found = {}
    for name in [table.name for table in GUARDED if only in {None, table.name}]:
        rows = connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1, 2")
        found[name] = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]
    return found


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def test_every_table_that_is_guarded_has_its_statements() -> None:
    """A new append-only table needs a line in `tests/tools/statements.py`; addresses and papers have their own."""
    own = {"addresses", "papers", "paper_treatments"}
    assert {table.name for table in GUARDED} == {guard.table for guard in GUARDS} - own


@pytest.mark.parametrize("table", GUARDED, ids=lambda table: table.name)
def test_no_statement_changes_or_removes_a_row(url: str, table: Guarded) -> None:
    """Each is refused, or does nothing: all rows are the same bytes afterwards."""
    told = list(statements(table, sqlite=_is_sqlite(url)))
    assert len(told) > 60
    with outside(url) as connection:
        before, all_before = _rows(connection, table.name), _rows(connection)
        for statement in told:
            try:
                connection.exec_driver_sql(statement)
            except DBAPIError:
                connection.rollback()
            assert _rows(connection, table.name) == before, statement
        assert _rows(connection) == all_before


@pytest.mark.parametrize("table", GUARDED, ids=lambda table: table.name)
@pytest.mark.parametrize("kind", BOTH)
def test_without_the_triggers_the_same_statements_would(kind: str, table: Guarded, tmp_path: Path) -> None:
    """Each verb of the generator does change rows where nothing guards them, so that the test above can fail."""
    url = fresh_url(kind, tmp_path)
    filled(url, authors=True).close()
    dialect = Dialect.SQLITE if _is_sqlite(url) else Dialect.POSTGRESQL
    with outside(url) as connection:
        for trigger in triggers(dialect):
            on = "" if _is_sqlite(url) else f" ON {trigger.table}"
            connection.exec_driver_sql(f"DROP TRIGGER {trigger.name}{on}")
        if table.name == "entries":
            # What points at an entry would keep it even then.
            connection.exec_driver_sql("DELETE FROM authors")
            connection.exec_driver_sql("DELETE FROM transfers")
        before = _rows(connection, table.name)
        wanted = {"UPSERT", "UPDATE", "DELETE", "WITH"}
        wanted |= {"INSERT", "REPLACE"} if _is_sqlite(url) else {"TRUNCATE", "MERGE"}
        did: set[str] = set()
        for statement in statements(table, sqlite=_is_sqlite(url)):
            verb = statement.split()[0] if "ON CONFLICT" not in statement else "UPSERT"
            if verb in did:
                continue
            connection.exec_driver_sql("BEGIN")
            try:
                connection.exec_driver_sql(statement)
                if _rows(connection, table.name) != before:
                    did.add(verb)
            except DBAPIError:
                pass
            if _is_sqlite(url) and not connection.connection.dbapi_connection.in_transaction:
                continue  # OR ROLLBACK ended it
            connection.exec_driver_sql("ROLLBACK")
    assert did >= wanted


def _commit(engine: Engine, told: Callable[[Session], object]) -> None:
    with Session(engine) as session:
        told(session)
        session.commit()


@pytest.mark.parametrize("name", MODELS)
def test_no_session_of_an_orm_changes_or_removes_a_row(url: str, name: str) -> None:
    """Flush of a changed or deleted object, merge, bulk writes, and expressions, upserts included."""
    model = MODELS[name]
    changed = {"entries": "kind", "transfers": "debit", "observations": "kind", "audit": "action"}.get(
        name, "user_id"
    )
    other: object = 2 if name == "authors" else "changed"
    dialect = sqlite if _is_sqlite(url) else postgresql
    engine = create_engine(url)

    def loaded(session: Session) -> Any:
        return session.query(model).order_by(text("1, 2")).first()

    def values(session: Session) -> dict[str, Any]:
        there = loaded(session)
        return {c.name: getattr(there, c.name) for c in model.__table__.columns} | {changed: other}

    def flush(session: Session) -> None:
        setattr(loaded(session), changed, other)

    def remove(session: Session) -> None:
        session.delete(loaded(session))

    def merge(session: Session) -> None:
        session.merge(model(**values(session)))

    def add(session: Session) -> None:
        told = values(session)
        session.expunge_all()
        session.add(model(**told))

    def upsert(session: Session) -> None:
        told = values(session)
        key = [column.name for column in model.__table__.primary_key]
        session.execute(
            dialect.insert(model)
            .values(told)
            .on_conflict_do_update(index_elements=key, set_={changed: other})
        )

    ways: dict[str, Callable[[Session], object]] = {
        "flush": flush,
        "delete": remove,
        "merge": merge,
        "add": add,
        "upsert": upsert,
        "query.delete": lambda session: session.query(model).delete(),
        "query.update": lambda session: session.query(model).update({changed: other}),
        "delete()": lambda session: session.execute(delete(model)),
        "update()": lambda session: session.execute(update(model).values({changed: other})),
        "insert()": lambda session: session.execute(insert(model).values(values(session))),
        "bulk_insert_mappings": lambda session: session.bulk_insert_mappings(model, [values(session)]),
        "bulk_update_mappings": lambda session: session.bulk_update_mappings(model, [values(session)]),
        "bulk_save_objects": lambda session: session.bulk_save_objects([model(**values(session))]),
    }
    if _is_sqlite(url):
        ways["or replace"] = lambda session: session.execute(
            insert(model).prefix_with("OR REPLACE").values(values(session))
        )
    try:
        with outside(url) as connection:
            before = _rows(connection)
            for way, told in ways.items():
                with pytest.raises(DBAPIError, match="append-only"):
                    _commit(engine, told)
                assert _rows(connection) == before, way
    finally:
        engine.dispose()


def test_copy_brings_no_row_in_anothers_place(tmp_path: Path) -> None:
    """COPY … FROM of PostgreSQL passes the triggers like any insert."""
    url = fresh_url("postgresql", tmp_path)
    filled(url, authors=True).close()
    lines = {
        "entries": "2\tnew\tx\tx\tx\tx\t\\N\t\\N\t\\\\x00\tx\t0\n",
        "transfers": "2\t1\tx\ty\tBTC\t5\n",
        "observations": "2\tx\tx\tx\tx\t\\\\x00\n",
        "audit": "2\tx\t\\N\tx\tx\n",
        "authors": "2\t2\n",
    }
    with outside(url) as connection:
        before = _rows(connection)
        raw = connection.connection.dbapi_connection
        for table, line in lines.items():
            with pytest.raises(psycopg.Error, match="append-only"):
                _copy(raw, table, line)
            assert _rows(connection) == before, table


def _copy(connection: Any, table: str, line: str) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        copy.write(line)


def _names(kind: str) -> list[str]:
    dialect = Dialect.SQLITE if kind == "sqlite" else Dialect.POSTGRESQL
    return [trigger.name for trigger in triggers(dialect)]


@pytest.mark.parametrize("kind", BOTH)
def test_check_names_each_trigger_that_is_missing(kind: str, tmp_path: Path) -> None:
    """Dropped one after the other, each is named, and no other one is."""
    url = fresh_url(kind, tmp_path)
    store = filled(url)
    gone: list[str] = []
    with outside(url) as connection:
        for trigger in _names(kind):
            on = "" if kind == "sqlite" else f" ON {trigger.rsplit('_', 1)[0]}"
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}{on}")
            gone.append(trigger)
            assert store.missing_triggers() == gone
    store.close()


STRANGERS = {
    "sqlite": {
        "CREATE TRIGGER forget BEFORE INSERT ON entries BEGIN SELECT RAISE(IGNORE); END":
            "the trigger forget on entries",
        "CREATE TRIGGER more AFTER INSERT ON progress BEGIN SELECT 1; END": "the trigger more on progress",
    },
    "postgresql": {
        "CREATE TRIGGER forget BEFORE DELETE ON entries FOR EACH ROW EXECUTE FUNCTION entries_delete()":
            "the trigger forget on entries",
        "CREATE RULE forget AS ON INSERT TO entries DO INSTEAD NOTHING": "the rule forget on entries",
        "CREATE TABLE more () INHERITS (transfers)": "the table more under transfers",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", BOTH)
def test_check_names_what_stands_on_the_tables_and_was_not_made_here(kind: str, tmp_path: Path) -> None:
    """A trigger or a rule could forget an entry, and a table below one could add to it, without an error."""
    url = fresh_url(kind, tmp_path)
    store = filled(url)
    assert store.strangers() == []
    with outside(url) as connection:
        for statement in STRANGERS[kind]:
            connection.exec_driver_sql(statement)
    assert sorted(map(str, store.strangers())) == sorted(STRANGERS[kind].values())
    assert store.missing_triggers() == []
    store.close()


@pytest.mark.parametrize("kind", BOTH)
def test_check_names_each_trigger_that_says_something_else(kind: str, tmp_path: Path) -> None:
    """One that was made again with another body, or with a condition that never holds, is none."""
    url = fresh_url(kind, tmp_path)
    store = filled(url)
    with outside(url) as connection:
        for trigger in _names(kind):
            table, event = trigger.rsplit("_", 1)
            if kind == "sqlite":
                (before,) = connection.exec_driver_sql(
                    f"SELECT sql FROM sqlite_master WHERE name = '{trigger}'"
                ).scalars()
                connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {trigger} BEFORE {event.upper()} ON {table} BEGIN SELECT 1; END"
                )
                undo = [f"DROP TRIGGER {trigger}", before]
            else:
                (before,) = connection.exec_driver_sql(
                    f"SELECT pg_get_functiondef('{trigger}'::regproc)"
                ).scalars()
                connection.exec_driver_sql(
                    f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS "
                    "$guard$BEGIN RETURN NEW; END$guard$"
                )
                undo = [before]
            assert store.missing_triggers() == [trigger]
            for statement in undo:
                connection.exec_driver_sql(statement)
            assert store.missing_triggers() == []
    store.close()


@pytest.mark.parametrize("how", ["DISABLE TRIGGER", "ENABLE TRIGGER", "ENABLE REPLICA TRIGGER"])
def test_check_names_each_trigger_that_is_switched_off(how: str, tmp_path: Path) -> None:
    """On PostgreSQL: off, or not ALWAYS, so that a replication session would pass it."""
    url = fresh_url("postgresql", tmp_path)
    store = filled(url)
    with outside(url) as connection:
        for trigger in _names("postgresql"):
            table = trigger.rsplit("_", 1)[0]
            connection.exec_driver_sql(f"ALTER TABLE {table} {how} {trigger}")
            assert store.missing_triggers() == [trigger]
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
    assert store.missing_triggers() == []
    store.close()


def test_check_names_a_trigger_that_has_a_condition_or_hangs_on_another_table(tmp_path: Path) -> None:
    """On PostgreSQL the function may be whole and the trigger of its name something else."""
    url = fresh_url("postgresql", tmp_path)
    store = filled(url)
    ways = {
        "a condition": "CREATE TRIGGER entries_update BEFORE UPDATE ON entries FOR EACH ROW WHEN (false)",
        "another table": "CREATE TRIGGER entries_update BEFORE UPDATE ON meta FOR EACH ROW",
        "after it": "CREATE TRIGGER entries_update AFTER UPDATE ON entries FOR EACH ROW",
        "one column": "CREATE TRIGGER entries_update BEFORE UPDATE OF kind ON entries FOR EACH ROW",
        "another event": "CREATE TRIGGER entries_update BEFORE DELETE ON entries FOR EACH ROW",
        "the statement": "CREATE TRIGGER entries_update BEFORE UPDATE ON entries FOR EACH STATEMENT",
    }
    with outside(url) as connection:
        for way, statement in ways.items():
            table = "meta" if way == "another table" else "entries"
            connection.exec_driver_sql("DROP TRIGGER entries_update ON entries")
            connection.exec_driver_sql(f"{statement} EXECUTE FUNCTION entries_update()")
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER entries_update")
            assert store.missing_triggers() == ["entries_update"], way
            connection.exec_driver_sql(f"DROP TRIGGER entries_update ON {table}")
            for made in next(
                t for t in triggers(Dialect.POSTGRESQL) if t.name == "entries_update"
            ).statements[1:]:
                connection.exec_driver_sql(made)
            assert store.missing_triggers() == [], way
    store.close()
