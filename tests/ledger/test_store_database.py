"""The database is ours or it is left alone; it lacks nothing that guards it; a backup is the whole of it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from ledger.core.errors import ForeignDatabase, LedgerError
from ledger.model.tables import METADATA
from ledger.store import database
from ledger.store.database import Store
from ledger.store.guards import Dialect, triggers
from ledger.store.versions import NEWEST
from tests.tools.store_places import BOTH, entry, filled, fresh_url, outside, seen


@pytest.mark.parametrize("kind", BOTH)
def test_another_programs_database_is_refused_and_left_alone(kind: str, tmp_path: Path) -> None:
    """Neither create nor open touches tables that are not ours."""
    url = fresh_url(kind, tmp_path)
    with outside(url) as connection:
        connection.exec_driver_sql("CREATE TABLE meta (name TEXT, value TEXT)")
        connection.exec_driver_sql("INSERT INTO meta VALUES ('program', 'other')")
    for opening in (Store.create, Store.open):
        with pytest.raises(ForeignDatabase, match="another program"):
            opening(url)
    with outside(url) as connection:
        assert [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM meta")] == [
            ("program", "other")
        ]
        if kind == "sqlite":
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A text file under the database's name keeps its bytes."""
    path = tmp_path / "ledger.db"
    path.write_bytes(b"donations of May\n" * 100)
    for opening in (Store.create, Store.open):
        with pytest.raises(ForeignDatabase):
            opening(f"sqlite:///{path}")
    assert path.read_bytes() == b"donations of May\n" * 100


@pytest.mark.parametrize("kind", BOTH)
def test_a_newer_version_is_refused(kind: str, tmp_path: Path) -> None:
    """A database of a later program is not written by this one."""
    url = fresh_url(kind, tmp_path)
    filled(url).close()
    with outside(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for opening in (Store.create, Store.open):
        with pytest.raises(ForeignDatabase, match="version 9999"):
            opening(url)


@pytest.mark.parametrize("kind", BOTH)
def test_opening_makes_nothing(kind: str, tmp_path: Path) -> None:
    """An empty or absent database is named as such, not filled by `open`."""
    url = fresh_url(kind, tmp_path)
    with pytest.raises(FileNotFoundError if kind == "sqlite" else ForeignDatabase):
        Store.open(url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", "sqlite://", "sqlite:///:memory:"])
def test_a_url_of_another_kind_is_refused_with_a_remedy(url: str) -> None:
    """Only a SQLite file or PostgreSQL through psycopg."""
    with pytest.raises(LedgerError, match="sqlite:///PATH"):
        Store.create(url)


@pytest.mark.parametrize("kind", BOTH)
def test_a_missing_or_hollow_trigger_is_named(kind: str, tmp_path: Path) -> None:
    """Dropped, switched off, or emptied: each is named, and nothing else is."""
    url = fresh_url(kind, tmp_path)
    store = filled(url)
    assert store.missing_triggers() == []
    on = "" if kind == "sqlite" else " ON entries"
    with outside(url) as connection:
        connection.exec_driver_sql(f"DROP TRIGGER entries_delete{on}")
        if kind == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER audit_update")
            connection.exec_driver_sql(
                "CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT 1; END"
            )
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER audit_update")
            connection.exec_driver_sql(
                "CREATE OR REPLACE FUNCTION transfers_insert() RETURNS trigger LANGUAGE plpgsql"
                " AS $$BEGIN RETURN NEW; END$$"
            )
    missing = ["entries_delete", "audit_update"]
    assert sorted(store.missing_triggers()) == sorted(missing + (["transfers_insert"] if on else []))
    store.close()


def test_each_dialect_guards_the_same_tables() -> None:
    """PostgreSQL has a TRUNCATE trigger more a table, and nothing less."""
    lite = {trigger.name for trigger in triggers(Dialect.SQLITE)}
    full = {trigger.name for trigger in triggers(Dialect.POSTGRESQL)}
    assert full - lite == {name.replace("_delete", "_truncate") for name in lite if name.endswith("_delete")}
    assert lite <= full


def test_every_table_is_strict_and_without_a_hidden_number(tmp_path: Path) -> None:
    """SQLite refuses a value of another type, and no table has a rowid that is not its key."""
    path = tmp_path / "ledger.db"
    Store.create(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as raw:
        found = {
            row[1]: (row[4], row[5]) for row in raw.execute("PRAGMA table_list") if row[1][:7] != "sqlite_"
        }
        assert set(found) == {*METADATA.tables, "alembic_version"}
        del found["alembic_version"]  # the library's own
        for table, (without_rowid, strict) in found.items():
            keys = [(r[1], r[2]) for r in raw.execute(f"PRAGMA table_info({table})") if r[5]]
            assert strict == 1, table
            assert without_rowid == 1 or (len(keys) == 1 and keys[0][1] == "INTEGER"), table
        with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT"):
            raw.execute("INSERT INTO headers VALUES (1, 'text')")


def test_whole_numbers_have_64_bits_on_postgresql() -> None:
    """No column is a 32-bit integer."""
    for table in METADATA.tables.values():
        for column in table.columns:
            if column.type.python_type is int:
                assert str(column.type) == "BIGINT", column


@pytest.mark.parametrize("kind", BOTH)
def test_a_reading_transaction_cannot_write(kind: str, tmp_path: Path) -> None:
    """The database itself refuses, not only the types."""
    store = filled(fresh_url(kind, tmp_path))
    for sql in ("UPDATE progress SET value = 'x'", "DELETE FROM gifts"):
        with pytest.raises(Exception, match=r"readonly|read-only"), store.read() as tx:
            tx.session.connection().exec_driver_sql(sql)
    store.close()


def test_hundreds_of_statements_are_planned_once_a_connection(tmp_path: Path) -> None:
    """SQLite asks its authorizer whenever it plans a statement: not for any of those that were asked before."""
    store, planned = filled(fresh_url("sqlite", tmp_path)), list[int]()

    def allowed(action: int, *_: str | None) -> int:
        planned.append(action)
        return sqlite3.SQLITE_OK

    with store.read() as tx:
        connection = tx.session.connection()
        driver: Any = connection.connection.dbapi_connection
        driver.set_authorizer(allowed)
        for asked_again in (False, True):
            planned.clear()
            for number in range(500):
                connection.exec_driver_sql(f"SELECT seq + {number} FROM entries").all()
            assert (planned == []) is asked_again
    store.close()


def test_a_thread_that_writes_already_is_told_so(tmp_path: Path) -> None:
    """A nested write raises at once instead of waiting for itself."""
    store = filled(fresh_url("sqlite", tmp_path))
    with store.write() as tx:
        with pytest.raises(LedgerError, match="writes already"), store.write():
            pass
        tx.progress.save("still", "writing")
    with store.read() as tx:
        assert tx.progress.load("still") == "writing"
    store.close()


class _Later:
    """Migrations of a later program: the same, and one step more."""

    def __init__(self, step: Callable[[Connection], object]) -> None:
        self.step = step
        self.done = 0

    def migrate(self, connection: Connection) -> None:
        self.step(connection)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
        self.done += 1


@pytest.mark.parametrize("kind", BOTH)
def test_an_older_database_is_migrated_with_all_its_rows(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that this program knows how to raise is raised on opening, once."""
    url = fresh_url(kind, tmp_path)
    filled(url).close()
    later = _Later(
        lambda connection: connection.exec_driver_sql("CREATE TABLE added (n INTEGER PRIMARY KEY)")
    )
    monkeypatch.setattr(database, "load_migrations", lambda: later)
    monkeypatch.setattr(database, "NEWEST", "0002")
    for _ in range(2):
        store = Store.open(url)
        with store.read() as tx:
            assert [row.seq for row in tx.journal.rows()] == [1, 2, 3]
        store.close()
    assert later.done == 1


@pytest.mark.parametrize("kind", BOTH)
def test_a_migration_that_loses_a_trigger_changes_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step ends by asserting all triggers; a step that fails that is undone as a whole."""
    url = fresh_url(kind, tmp_path)
    filled(url).close()

    def careless(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE added (n INTEGER PRIMARY KEY)")
        on = "" if kind == "sqlite" else " ON entries"
        connection.exec_driver_sql(f"DROP TRIGGER entries_update{on}")

    with monkeypatch.context() as patch:
        patch.setattr(database, "load_migrations", lambda: _Later(careless))
        patch.setattr(database, "NEWEST", "0002")
        with pytest.raises(LedgerError, match="entries_update"):
            Store.open(url)
    store = Store.open(url)
    assert store.missing_triggers() == []
    store.close()
    with outside(url) as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == NEWEST


def test_a_backup_while_writing_is_one_moment_of_the_ledger(tmp_path: Path) -> None:
    """Entry, observation and progress of each transaction are all in the copy, or none is."""
    store = filled(fresh_url("sqlite", tmp_path), entries=3)
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        seq = 3
        try:
            while not stop.is_set() or seq < 10:
                seq += 1
                with store.write() as tx:
                    tx.journal.append(entry(seq))
                    tx.observations.append([seen(f"s{seq}")])
                    tx.progress.save(f"key{seq}", str(seq))
        except BaseException as failure:
            failures.append(failure)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        store.backup(tmp_path / f"backup{number}.db")
    stop.set()
    writer.join()
    assert failures == []
    store.close()
    for number in range(5):
        copy = tmp_path / f"copy{number}.db"
        Store.restore(tmp_path / f"backup{number}.db", copy)
        restored = Store.open(f"sqlite:///{copy}")
        assert restored.missing_triggers() == []
        with restored.read() as tx:
            count = tx.journal.count()
            assert count >= 3
            assert tx.observations.head() == count
            assert [tx.progress.load(f"key{seq}") for seq in (count, count + 1)] == [str(count), None]
        with restored.write() as tx:
            tx.journal.append(entry(count + 1))
        restored.close()


def test_a_backup_needs_no_open_connection_and_overwrites_nothing(tmp_path: Path) -> None:
    """The first backup after opening works; a second to the same name is refused and leaves the first."""
    filled(fresh_url("sqlite", tmp_path)).close()
    store = Store.open(fresh_url("sqlite", tmp_path))
    store.backup(tmp_path / "b.db")
    before = (tmp_path / "b.db").read_bytes()
    with pytest.raises(LedgerError, match="exists"):
        store.backup(tmp_path / "b.db")
    assert (tmp_path / "b.db").read_bytes() == before
    store.close()
    assert not list(tmp_path.glob(".b.db*"))


def test_restore_overwrites_nothing_and_takes_only_ours(tmp_path: Path) -> None:
    """A ledger that exists, another program's file, a text file and no file are refused."""
    store = filled(fresh_url("sqlite", tmp_path))
    store.backup(tmp_path / "b.db")
    store.close()
    with pytest.raises(LedgerError, match="exists"):
        Store.restore(tmp_path / "b.db", tmp_path / "ledger.db")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE t (x)")
        other.commit()
    (tmp_path / "text.db").write_text("not a database, though it is long enough to be read as one" * 20)
    for name in ("other.db", "text.db"):
        with pytest.raises(ForeignDatabase):
            Store.restore(tmp_path / name, tmp_path / "new.db")
    with pytest.raises(LedgerError, match="no file"):
        Store.restore(tmp_path / "absent.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
    assert not (tmp_path / "absent.db").exists()
