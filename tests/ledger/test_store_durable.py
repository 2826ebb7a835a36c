"""An entry that was answered is on a disk: how the databases are opened, and what of a server's settings is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.store.database import Store
from tests.tools.store_places import filled, fresh_url, outside

pytestmark = pytest.mark.durable


def test_sqlite_is_opened_durable(tmp_path: Path) -> None:
    """The writing connection uses WAL, synchronous=FULL and foreign keys."""
    store = filled(fresh_url("sqlite", tmp_path))
    with store.write() as tx:
        told = tx.session.connection().exec_driver_sql
        assert told("PRAGMA journal_mode").scalar() == "wal"
        assert told("PRAGMA synchronous").scalar() == 2
        assert told("PRAGMA foreign_keys").scalar() == 1
        assert told("PRAGMA busy_timeout").scalar() == 30_000
    store.close()


def test_postgresql_answers_when_an_entry_is_on_its_disk(tmp_path: Path) -> None:
    """Also where its administrator let it answer before; what promises more than that stays."""
    url = fresh_url("postgresql", tmp_path)
    filled(url).close()
    name = url.split("?")[0].rsplit("/", 1)[1]
    for told, kept in (("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")):
        with outside(url) as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = {told}")
        store = Store.open(url)
        with store.write() as tx:
            assert tx.session.connection().exec_driver_sql("SHOW synchronous_commit").scalar() == kept
        store.close()


def test_what_a_power_cut_could_take_from_a_server_is_named(tmp_path: Path) -> None:
    """The server of the tests syncs nothing, so that they are quick; of SQLite the store sets all itself."""
    with_server, alone = filled(fresh_url("postgresql", tmp_path)), filled(fresh_url("sqlite", tmp_path))
    assert with_server.losses_at_power_cut() == ["fsync"]
    assert alone.losses_at_power_cut() == []
    with_server.close()
    alone.close()
