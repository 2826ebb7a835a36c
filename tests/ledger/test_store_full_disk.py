"""A disk that is full or broken: one clear sentence, nothing acknowledged lost, reading goes on, and so does writing
once there is room again.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import ResourceClosedError

from ledger.checks.run import run_checks
from ledger.core.errors import StorageFailed
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.store import engine
from ledger.store.database import Store
from ledger.store.failures import storage_failure
from tests.tools.disk_vfs import DiskVfs, disk_vfs, failing
from tests.tools.ledgers import SLUG, Ledger, QuietLedger
from tests.tools.postgresql_server import drop_postgresql, fresh_postgresql
from tests.tools.store_places import entry, filled, fresh_url, outside, place, small_disk

pytestmark = pytest.mark.durable


@pytest.fixture
def vfs(monkeypatch: pytest.MonkeyPatch) -> Iterator[DiskVfs]:
    """The file system that fails, and checkpoints after every few pages."""
    prepare = engine._prepare_sqlite

    def prepared(connection: Any, record: Any) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA wal_autocheckpoint = 15")

    monkeypatch.setattr(engine, "_prepare_sqlite", prepared)
    made = disk_vfs()
    yield made
    assert made.troubles == []


def give(ledger: Ledger, number: int) -> bool:
    """Record a contribution of the bank; whether it was recorded already."""
    return ledger.do(
        "recorder", "contribution", "add", number=f"K-{number}", bank="B", currency="USD",
        amount=1000 + number, date="2023-11-20",
    ).already  # fmt: skip


def entries(store: Store) -> int:
    with store.read() as reading:
        return reading.journal.count()


class From:
    """The disk fails from its n-th write or sync on, until it is mended."""

    def __init__(self, after: int, code: int, what: tuple[str, ...], ends: str = "") -> None:
        self.left, self.code, self.what, self.ends = after, code, what, ends
        self.struck = False

    def __call__(self, what: str, path: str) -> int:
        if what not in self.what or not path.endswith(self.ends):
            return 0
        self.left -= 1
        self.struck |= self.left < 0
        return self.code if self.left < 0 else 0


WRITES = ("create", "write", "truncate")
FAULTS = [
    pytest.param(sqlite3.SQLITE_FULL, WRITES, "its disk is full", id="full"),
    pytest.param(sqlite3.SQLITE_IOERR_WRITE, WRITES, "its disk failed", id="write"),
    pytest.param(sqlite3.SQLITE_IOERR_FSYNC, ("sync",), "its disk failed", id="sync"),
]


@pytest.mark.parametrize(("code", "what", "sentence"), FAULTS)
def test_wherever_the_disk_fails_nothing_told_is_lost_and_it_goes_on(
    code: int, what: tuple[str, ...], sentence: str, vfs: DiskVfs, tmp_path: Path
) -> None:
    """At each write or sync in turn: the refusal is a sentence, reading works, and the same again is recorded once."""
    ledger = QuietLedger.new(tmp_path)
    number = 0
    for after in range(14):
        told = entries(ledger.store)
        fault = From(after, code, what)
        refusal = None
        with failing(vfs, fault):
            for _ in range(20):
                number += 1
                try:
                    give(ledger, number)
                except StorageFailed as failure:
                    refusal = failure
                    break
                told += 1
            assert fault.struck
            if refusal is not None:
                assert str(refusal).startswith(f"database: {sentence}")
                assert refusal.full == (code == sqlite3.SQLITE_FULL)
                with pytest.raises(StorageFailed):
                    give(ledger, number)
            assert entries(ledger.store) == told
        give(ledger, number)
        assert entries(ledger.store) == told + (refusal is not None)
    with ledger.store.read() as reading:
        assert run_checks(reading) == []
        assert rebuild(reading) == []
    ledger.store.close()


def test_a_sync_that_fails_at_commit_leaves_open_what_was_kept_and_says_so(
    vfs: DiskVfs, tmp_path: Path
) -> None:
    """Opened again, the entry may be there: told again it is one entry."""
    ledger = QuietLedger.new(tmp_path)
    before = entries(ledger.store)
    with (
        failing(vfs, From(0, sqlite3.SQLITE_IOERR_FSYNC, ("sync",))),
        pytest.raises(StorageFailed, match="whether this was written is not known: tell it again"),
    ):
        give(ledger, 1)
    again = Ledger(Store.open(f"sqlite:///{tmp_path / 'ledger.db'}"), ledger.now, actors=ledger.actors)
    give(again, 1)
    assert give(again, 1)
    assert entries(again.store) == before + 1
    ledger.store.close()
    again.store.close()


def test_a_checkpoint_that_fails_costs_no_entry(vfs: DiskVfs, tmp_path: Path) -> None:
    """While only the database's own file cannot be written, entries are kept in the log beside it."""
    ledger = QuietLedger.new(tmp_path)
    before = entries(ledger.store)
    fault = From(0, sqlite3.SQLITE_FULL, WRITES, "ledger.db")
    with failing(vfs, fault):
        for number in range(8):
            give(ledger, number)
        assert fault.struck
        assert entries(ledger.store) == before + 8
    give(ledger, 9)
    ledger.audit = Ledger.audit.__get__(ledger)  # type: ignore[method-assign]
    ledger.audit()
    ledger.store.close()
    assert entries(Store.open(f"sqlite:///{tmp_path / 'ledger.db'}")) == before + 9


def test_writers_who_come_at_once_are_all_told_that_the_disk_is_full(vfs: DiskVfs, tmp_path: Path) -> None:
    """Whoever had an answer finds the entry, whoever was refused does not; afterwards all are taken."""
    ledger = QuietLedger.new(tmp_path)
    answered, refused = set[str](), dict[str, StorageFailed]()

    def give_all(who: int) -> None:
        for turn in range(8):
            number = f"T-{who}-{turn}"
            facts = {"number": number, "bank": "B", "currency": "USD", "amount": 5, "date": "2023-11-14"}

            try:
                with ledger.store.write() as writing:
                    act(
                        writing, ledger.actors["recorder"], SLUG, "contribution", "add", facts,
                        now=ledger.now,
                    )  # fmt: skip
                answered.add(number)
            except StorageFailed as failure:
                refused[number] = failure

    def all_at_once() -> None:
        writers = [threading.Thread(target=give_all, args=(who,)) for who in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

    def there() -> set[str]:
        with ledger.store.read() as reading:
            return {row.key.rpartition(":")[2] for row in reading.journal.rows(kind="contribution")}

    with failing(vfs, From(250, sqlite3.SQLITE_FULL, WRITES)):
        all_at_once()
    assert answered
    assert refused
    assert all(failure.full for failure in refused.values())
    assert there() == answered
    all_at_once()
    assert there() == answered == {f"T-{who}-{turn}" for who in range(4) for turn in range(8)}
    with ledger.store.read() as reading:
        assert run_checks(reading) == []
        assert rebuild(reading) == []
    ledger.store.close()


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_copy_that_finds_no_room_leaves_nothing(verb: str, vfs: DiskVfs, tmp_path: Path) -> None:
    """It says so, and the same command works when there is room."""
    ledger = QuietLedger.new(tmp_path)
    kept, new = tmp_path / "kept.db", tmp_path / "new.db"
    ledger.store.backup(kept)

    def copy() -> None:
        if verb == "backup":
            ledger.store.backup(new)
        else:
            Store.restore(kept, new)

    before = sorted(path.name for path in tmp_path.iterdir())
    for after in (0, 1, 5, 20):
        with (
            failing(vfs, From(after, sqlite3.SQLITE_FULL, WRITES, ".part")),
            pytest.raises(StorageFailed, match=f"^{verb}: database: its disk is full") as refusal,
        ):
            copy()
        assert refusal.value.full
        assert sorted(path.name for path in tmp_path.iterdir()) == before
    copy()
    copied = Store.open(f"sqlite:///{new}")
    assert entries(copied) == entries(ledger.store)
    copied.close()
    ledger.store.close()


@pytest.mark.parametrize("raised", [ResourceClosedError("This Connection is closed"), NotImplementedError()])
def test_a_server_that_goes_while_it_is_first_asked_is_told_as_that(
    raised: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does when it is started again: these are what SQLAlchemy and psycopg raise then, seen at a real one."""
    store, url = filled(place(tmp_path)), place(tmp_path)

    def goes(_: Engine) -> Connection:
        raise raised

    monkeypatch.setattr(Engine, "connect", goes)
    for asked in (lambda: entries(store), lambda: Store.open(url)):
        with pytest.raises(StorageFailed, match="its server ended the connection; try again"):
            asked()


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_server_that_ended_the_connection_is_asked_again(kind: str, tmp_path: Path) -> None:
    """What was under way fails with a sentence and is undone; the next transaction has a fresh connection."""
    url = fresh_url(kind, tmp_path)
    store = filled(url)

    def cut() -> None:
        with outside(url) as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    assert entries(store) == 3
    cut()
    assert entries(store) == 3
    with store.write() as writing:
        writing.journal.append(entry(4))

    def broken_off(*after: int) -> None:
        with store.write() as writing:
            writing.journal.append(entry(5))
            assert writing.journal.count() == 5  # it is written, and waits for its commit
            cut()
            for seq in after:
                writing.journal.append(entry(seq))

    for after in ((6,), ()):
        with pytest.raises(StorageFailed, match="nothing was written"):
            broken_off(*after)

    @event.listens_for(Engine, "before_cursor_execute")
    def cut_at_commit(_: Connection, __: Any, statement: str, *___: Any) -> None:
        if statement == "COMMIT":
            cut()

    try:
        with pytest.raises(StorageFailed, match="not known"), store.write() as writing:
            writing.journal.append(entry(5))
    finally:
        event.remove(Engine, "before_cursor_execute", cut_at_commit)
    assert entries(store) == 4
    with pytest.raises(StorageFailed, match="nothing was written"), store.write():
        raise psycopg.OperationalError  # as the driver does where it waits for answers, and no statement is asked
    drop_postgresql(url)
    with pytest.raises(StorageFailed) as away:
        entries(store)
    assert str(away.value) == "database: its server cannot be reached; try again when it is there", (
        "its own words are for who configures it, not for visitors"
    )
    store.close()


@pytest.mark.postgresql
def test_a_server_whose_disk_is_full_loses_nothing() -> None:
    """Refused in a sentence, and read meanwhile; taken again as soon as there is room."""
    with small_disk(40_000) as folder:
        url = fresh_postgresql(folder)
        store = filled(url)

        def keep(number: int) -> None:
            paper = random.Random(number).randbytes(1_000_000)
            with store.write() as writing:
                writing.papers.save("application/pdf", paper, hashlib.sha256(paper).hexdigest())
                writing.journal.append(entry(writing.journal.count() + 1))

        def keep_all(numbers: range) -> None:
            for number in numbers:
                keep(number)

        assert entries(store)  # a reader is connected: the server lets nobody new in when its disk is full
        (folder / "filler").write_bytes(b"\0" * 8_000_000)
        with pytest.raises(StorageFailed, match="its disk is full") as refusal:
            keep_all(range(60))
        assert refusal.value.full
        told = entries(store)
        with pytest.raises(StorageFailed, match="its disk is full"):
            keep(100)
        assert entries(store) == told
        (folder / "filler").unlink()
        keep(100)
        assert entries(store) == told + 1
        store.close()
        drop_postgresql(url, disk=True)


@pytest.mark.parametrize(
    ("failure", "words", "full"),
    [
        (psycopg.errors.DiskFull(), "its disk is full", True),
        (psycopg.errors.IoError(), "disk failed", False),
        (psycopg.errors.TooManyConnections(), "no connection left", False),
        (psycopg.errors.CannotConnectNow(), "ended the connection", False),
        (psycopg.errors.IdleInTransactionSessionTimeout(), "ended the connection", False),
        (psycopg.errors.DeadlockDetected(), "undid this transaction", False),
        (psycopg.errors.ConfigurationLimitExceeded(), "reached a limit", False),
        (psycopg.errors.SystemError(), "reached a limit or failed", False),
        (psycopg.errors.LockNotAvailable(), "another process has been writing", False),
        (psycopg.errors.ReadOnlySqlTransaction(), "takes no writes", False),
        (psycopg.OperationalError(), "cannot be reached", False),
    ],
)
def test_what_the_server_says_is_told_in_a_sentence(failure: Exception, words: str, full: bool) -> None:
    told = storage_failure(failure)
    assert told is not None
    assert words in str(told)
    assert told.full == full


def test_a_server_that_is_not_there_is_told_with_its_own_words(tmp_path: Path) -> None:
    """Who configures it reads why, and no password."""
    with pytest.raises(StorageFailed, match=r"cannot be reached; .*No such file") as refusal:
        Store.open(f"postgresql+psycopg://aidtrail:secret@/ledger?host={tmp_path}")
    assert "secret" not in str(refusal.value)


def test_a_mistake_of_the_program_stays_one() -> None:
    """It is not excused by the weather."""
    assert storage_failure(psycopg.errors.UndefinedColumn()) is None
    assert storage_failure(ValueError()) is None
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.Error) as failure:
        connection.execute("SELECT nothing")
    assert storage_failure(failure.value) is None
