"""Nothing that was written to the journal, the observations or the audit log can be changed or removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from ledger.core.errors import Conflict, LedgerError
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.store.journal import JournalRow
from ledger.store.transaction import Writing
from tests.tools.store_places import BOTH, entry, filled, fresh_url, outside

TABLES = ("entries", "transfers", "observations", "audit")

ENTRY = "kind, campaign, recorded_at, data, hash, transfers"
VALUES = "'x', 'x', 'x', '', 'x', 0"
SEEN = "at, source, kind, subject, data"
MOVED = "debit, credit, asset, amount"

CLASHES = {
    "entries.seq": f"(seq, key, {ENTRY}) VALUES (2, 'new', {VALUES})",
    "entries.key": f"(seq, key, {ENTRY}) VALUES (4, 'k:2', {VALUES})",
    "entries.gap": f"(seq, key, {ENTRY}) VALUES (9, 'new', {VALUES})",
    "entries.zero": f"(seq, key, {ENTRY}) VALUES (0, 'new', {VALUES})",
    "transfers.seq": f"(seq, n, {MOVED}) VALUES (3, 2, 'x', 'y', 'BTC', 5)",
    "transfers.old": f"(seq, n, {MOVED}) VALUES (1, 3, 'x', 'y', 'BTC', 5)",
    "transfers.more": f"(seq, n, {MOVED}) VALUES (3, 3, 'x', 'y', 'BTC', 5)",
    "observations.n": f"(n, {SEEN}) VALUES (2, 'x', 'x', 'x', 'x', '')",
    "observations.gap": f"(n, {SEEN}) VALUES (9, 'x', 'x', 'x', 'x', '')",
    "audit.n": "(n, at, action, subject) VALUES (2, 'x', 'x', 'x')",
    "audit.gap": "(n, at, action, subject) VALUES (9, 'x', 'x', 'x')",
}


def _clash(name: str) -> tuple[str, str]:
    table = name.split(".")[0]
    return table, CLASHES[name].replace("''", "x'00'")


def _all(connection: Any) -> dict[str, list[Any]]:
    return {
        table: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table in TABLES
    }


def _refused(url: str, sql: str) -> None:
    with outside(url) as connection:
        before = _all(connection)
        with pytest.raises(DBAPIError, match="append-only"):
            connection.exec_driver_sql(sql)
        assert _all(connection) == before


@pytest.fixture(scope="module", params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = fresh_url(request.param, tmp_path_factory.mktemp("append"))
    filled(url).close()
    return url


def _for(url: str, sql: str) -> str:
    return sql if url.startswith("sqlite") else sql.replace("x'00'", "'\\x00'")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
def test_rows_are_not_changed_and_not_removed(url: str, table: str, verb: str) -> None:
    """UPDATE, DELETE and TRUNCATE of any row are refused, a change to the same value included."""
    column = {"entries": "data", "transfers": "amount", "observations": "data", "audit": "subject"}[table]
    if verb == "TRUNCATE" and url.startswith("sqlite"):
        verb = "DELETE"
    _refused(
        url,
        {
            "UPDATE": f"UPDATE {table} SET {column} = {column}",
            "DELETE": f"DELETE FROM {table}",
            "TRUNCATE": f"TRUNCATE {table} CASCADE",
        }[verb],
    )


@pytest.mark.parametrize("name", CLASHES)
def test_a_row_out_of_turn_or_in_anothers_place_is_refused(url: str, name: str) -> None:
    """A plain INSERT under a number or a key that exists, or one that is not the next, is refused."""
    table, values = _clash(name)
    _refused(url, _for(url, f"INSERT INTO {table} {values}"))


@pytest.mark.parametrize("name", CLASHES)
@pytest.mark.parametrize("policy", ["REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK"])
def test_no_conflict_policy_of_sqlite_replaces_a_row(tmp_path: Path, name: str, policy: str) -> None:
    """INSERT OR REPLACE and its kin are refused on each unique key."""
    url = fresh_url("sqlite", tmp_path)
    filled(url).close()
    table, values = _clash(name)
    _refused(url, f"INSERT OR {policy} INTO {table} {values}")


@pytest.mark.parametrize("name", [name for name in CLASHES if name.split(".")[1] in {"seq", "n", "key"}])
def test_an_upsert_changes_nothing(url: str, name: str) -> None:
    """INSERT … ON CONFLICT DO UPDATE is refused on each unique key."""
    table, values = _clash(name)
    key = {"entries": "(seq)", "transfers": "(seq, n)", "observations": "(n)", "audit": "(n)"}[table]
    key = "(key)" if name == "entries.key" else key
    column = {"entries": "kind", "transfers": "debit", "observations": "kind", "audit": "action"}[table]
    sql = f"INSERT INTO {table} {values} ON CONFLICT {key} DO UPDATE SET {column} = 'changed'"
    _refused(url, _for(url, sql))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("word", ["rowid", "_rowid_", "oid"])
def test_no_hidden_rowid_is_a_back_door(tmp_path: Path, table: str, word: str) -> None:
    """Replacing by rowid fails on SQLite: the table has none, or it is the number that is guarded."""
    url = fresh_url("sqlite", tmp_path)
    filled(url).close()
    columns, values = {
        "entries": (f"key, {ENTRY}", f"'new', {VALUES}"),
        "transfers": (f"seq, n, {MOVED}", "3, 9, 'x', 'y', 'BTC', 5"),
        "observations": (SEEN, "'x', 'x', 'x', 'x', ''"),
        "audit": ("at, action, subject", "'x', 'x', 'x'"),
    }[table]
    values = values.replace("''", "x'00'")
    with outside(url) as connection:
        before = _all(connection)
        with pytest.raises(DBAPIError, match=r"append-only|no column named"):
            connection.exec_driver_sql(f"REPLACE INTO {table} ({word}, {columns}) VALUES (1, {values})")
        with pytest.raises(DBAPIError, match=r"append-only|no such column"):
            connection.exec_driver_sql(f"UPDATE OR REPLACE {table} SET {word} = 1 WHERE {word} = 2")
        assert _all(connection) == before


def test_an_entry_without_a_number_is_refused(tmp_path: Path) -> None:
    """SQLite does not choose a number by itself."""
    url = fresh_url("sqlite", tmp_path)
    filled(url).close()
    _refused(url, f"INSERT INTO entries (key, {ENTRY}) VALUES ('new', {VALUES})".replace("''", "x'00'"))


@pytest.mark.parametrize("kind", BOTH)
def test_triggers_hold_even_for_a_replication_session(kind: str, tmp_path: Path) -> None:
    """PostgreSQL's session_replication_role switches ordinary triggers off, not these."""
    if kind == "sqlite":
        url = fresh_url(kind, tmp_path)
        setting = "PRAGMA recursive_triggers = OFF"
    else:
        url = fresh_url(kind, tmp_path)
        setting = "SET session_replication_role = replica"
    filled(url).close()
    with outside(url) as connection:
        connection.exec_driver_sql(setting)
        with pytest.raises(DBAPIError, match="append-only"):
            connection.exec_driver_sql("DELETE FROM entries")


@pytest.mark.parametrize("kind", BOTH)
def test_a_refused_entry_leaves_nothing_even_when_the_refusal_is_swallowed(kind: str, tmp_path: Path) -> None:
    """A transaction in which a statement failed cannot be committed half."""
    store = filled(fresh_url(kind, tmp_path))

    def swallow() -> None:
        with store.write() as tx:
            tx.progress.save("half", "1")
            with pytest.raises(Conflict, match="key is recorded already"):
                append(tx, entry(4, key="k:2"))

    with pytest.raises(LedgerError, match="failed"):
        swallow()
    with store.read() as tx:
        assert tx.journal.count() == 3
        assert tx.progress.load("half") is None
    store.close()


@pytest.mark.parametrize("kind", BOTH)
def test_bytes_that_do_not_hash_to_their_name_are_refused(kind: str, tmp_path: Path) -> None:
    """The journal takes only bytes with their own SHA-256."""
    store = Store.create(fresh_url(kind, tmp_path))
    row = entry(1)
    wrong = type(row)(
        1, row.key, row.kind, row.campaign, row.recorded_at, "", None, None, b"other", row.hash, ()
    )
    with pytest.raises(Conflict, match="SHA-256"), store.write() as tx:
        tx.journal.append(wrong)
    with store.read() as tx:
        assert tx.journal.head() is None
    store.close()


@pytest.mark.parametrize("amount", [0, -1, 2**53])
@pytest.mark.parametrize("kind", BOTH)
def test_an_amount_out_of_bounds_is_refused_by_the_database(kind: str, amount: int, tmp_path: Path) -> None:
    """A transfer is from 1 to 2^53-1 minor units."""
    store = Store.create(fresh_url(kind, tmp_path))
    row = entry(1)
    wrong = type(row)(
        1,
        row.key,
        row.kind,
        row.campaign,
        row.recorded_at,
        "",
        None,
        None,
        row.data,
        row.hash,
        [("a", "b", "BTC", amount)],
    )
    with pytest.raises(Conflict), store.write() as tx:
        tx.journal.append(wrong)
    with store.read() as tx:
        assert tx.journal.head() is None
    store.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE addresses SET given_at = NULL",
        "UPDATE addresses SET given_at = 'later', claim = 'other'",
        "UPDATE addresses SET address = 'bc1other'",
        "DELETE FROM addresses",
    ],
)
@pytest.mark.parametrize("kind", BOTH)
def test_what_was_given_out_stays_given_out(kind: str, sql: str, tmp_path: Path) -> None:
    """No statement frees an address, gives it to another claim, or swaps it."""
    url = fresh_url(kind, tmp_path)
    store = Store.create(url)
    with store.write() as tx:
        tx.addresses.add([Address(b"\x01", "bc1a", "c", "receive", 0, "list")])
        tx.addresses.give_out("c", "2026-01-01T00:00:00Z", "claim")
    store.close()
    with outside(url) as connection, pytest.raises(DBAPIError, match="given out once"):
        connection.exec_driver_sql(sql)


def append(tx: Writing, *rows: JournalRow) -> None:
    """Until the database has answered: PostgreSQL's refusal comes with the next question."""
    for row in rows:
        tx.journal.append(row)
    tx.journal.count()


@pytest.mark.postgresql
def test_a_server_that_refused_is_asked_on_over_the_same_connection(tmp_path: Path) -> None:
    """Also where something else went wrong before its refusal was heard."""
    store = filled(fresh_url("postgresql", tmp_path))

    def server_process() -> int:
        with store.write() as tx:
            return int(tx.session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one())

    def fail() -> None:
        with store.write() as tx:
            tx.journal.append(entry(4, key="k:2"))
            raise ValueError("of ours")

    before = server_process()
    for others in ((), (entry(5),)):
        with pytest.raises(Conflict, match="key is recorded already"), store.write() as tx:
            append(tx, entry(4, key="k:2"), *others)
    with pytest.raises((ValueError, Conflict)):  # its refusal may be there already
        fail()
    assert server_process() == before
    store.close()


@pytest.mark.parametrize("kind", BOTH)
def test_a_part_that_fails_is_undone_and_the_rest_is_kept(kind: str, tmp_path: Path) -> None:
    """Whatever was written first in it, and whether it was the database that refused or this program."""
    store = filled(fresh_url(kind, tmp_path))

    def fail(tx: Writing, *rows: JournalRow) -> None:
        with tx.part():
            append(tx, *rows)
            raise ValueError("of ours")

    with store.write() as tx:
        append(tx, entry(4))
        with pytest.raises(ValueError, match="of ours"):
            fail(tx, entry(5))
        with pytest.raises(Conflict, match="key is recorded already"):
            fail(tx, entry(5), entry(6, key="k:1"), entry(7))
        append(tx, entry(5))
    with store.read() as reading:
        assert reading.journal.count() == 5
    store.close()
