"""A power cut loses nothing that was acknowledged: the real store's writes and syncs are written down, then cut off
at any point with what was not synced lost in part, and what is left is opened again.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.checks.run import run_checks
from ledger.recording.desk import Wish, act, request_intention
from ledger.recording.rebuild import rebuild
from ledger.store import engine
from ledger.store.database import Store
from tests.tools.disk_vfs import Event, disk_vfs, recorded
from tests.tools.ledgers import SLUG, QuietLedger, name, tx
from tests.tools.power import Disk
from tests.tools.things import BTC, order, pay, receive

pytestmark = pytest.mark.durable

PAPER = b"%PDF-1.4 " + b"a paper " * 700


def state_of(path: Path) -> str:
    """A hash of every row of every table, read without the store."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        told = hashlib.sha256()
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (table,) in tables.fetchall():
            rows = sorted(map(repr, connection.execute(f"SELECT * FROM {table}")))
            told.update("\n".join([table, *rows, ""]).encode())
    return told.hexdigest()


def work(folder: Path) -> None:
    """A day of all sorts: gifts, a reorganisation, a paper, an address, a sale, an order, its goods and payment."""
    ledger = QuietLedger.new(folder, url=f"sqlite:///{folder}/ledger.db")
    ledger.mine("one", tx("gift", (0, BTC)))
    ledger.bury()
    with ledger.store.write() as writing:
        request_intention(writing, SLUG, Wish(), now=ledger.now)
    with ledger.store.write() as writing:
        writing.papers.save("application/pdf", PAPER, hashlib.sha256(PAPER).hexdigest())
    ledger.mine("sold", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    order(ledger)
    receive(ledger, good=900, damaged=100)
    pay(ledger, 300_000)
    ledger.mine("two", tx("later", (2, 40_000)))
    ledger.bury()
    ledger.reorg(6, ("two again", (tx("later", (2, 40_000)),)), *((f"then {n}", ()) for n in range(6)))
    ledger.store.close()


@contextmanager
def told_states(vfs: Any, monkeypatch: pytest.MonkeyPatch, synchronous: str) -> Iterator[None]:
    """Each acknowledged transaction is told among the events, with the state it left; checkpoints come often."""
    real, prepare = Store.write, engine._prepare_sqlite

    def prepared(connection: Any, record: Any) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA wal_autocheckpoint = 40")
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    @contextmanager
    def told(store: Store) -> Iterator[Any]:
        with real(store) as writing:
            yield writing
        note(store)

    def note(store: Store) -> None:
        path = Path(str(store._writer.url.database))
        vfs.note(Event("told", str(path), other=state_of(path)))

    def created(url: str) -> Store:
        store = Store._opened(url, may_create=True)
        note(store)
        return store

    monkeypatch.setattr(engine, "_prepare_sqlite", prepared)
    monkeypatch.setattr(Store, "write", told)
    monkeypatch.setattr(Store, "create", created)
    yield


def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str, action: Callable[[Path], None]
) -> list[Event]:
    vfs = disk_vfs()
    folder.mkdir()
    with (
        monkeypatch.context() as patch,
        told_states(vfs, patch, synchronous),
        recorded(vfs, folder, monkeypatch) as events,
    ):
        action(folder)
    return events


def losses(events: list[Event], scratch: Path, cuts: int, seed: int) -> list[str]:
    """What is wrong after power cuts at chance points: nothing, if what was told is there and no more by halves."""
    chance = random.Random(seed)
    states = [event.other for event in events if event.what == "told"]
    points = {*chance.sample(range(len(events)), min(cuts, len(events))), len(events) - 1}
    disk, acknowledged, found = Disk(), 0, list[str]()
    for n, event in enumerate(events):
        disk.take(event)
        acknowledged += event.what == "told"
        if n not in points:
            continue
        folder = scratch / str(n)
        folder.mkdir()
        disk.lose_power(chance, folder)
        path = folder / "ledger.db"
        try:
            # Before anything was told, what is found is taken as new.
            Store._opened(f"sqlite:///{path}", may_create=not acknowledged).close()
            left = state_of(path)
        except Exception as trouble:
            found.append(f"after event {n}: {type(trouble).__name__}: {trouble}")
            continue
        if left not in states[max(acknowledged - 1, 0) : acknowledged + 1]:
            found.append(f"after event {n}: the state is none that was told about then")
    return found


def test_a_power_cut_loses_nothing_that_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    """After a cut at any point the database is, row by row, as last acknowledged, or one transaction further."""
    events = run(tmp_path / "live", monkeypatch, "FULL", work)
    written = {Path(event.path).name for event in events if event.what == "write"}
    assert {"ledger.db", "ledger.db-wal"} <= written, "the work is large enough to be checkpointed"
    assert losses(events, tmp_path, pytestconfig.getoption("--cuts"), seed=1) == []
    left = Store.open(f"sqlite:///{tmp_path / str(len(events) - 1) / 'ledger.db'}")
    with left.read() as reading:
        assert run_checks(reading) == []
        assert rebuild(reading) == []
        assert reading.journal.count() > 10
    left.close()


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_a_weaker_setting_would_be_caught(
    synchronous: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cuts lose entries where commits are not synced: the test above can fail."""
    events = run(tmp_path / "live", monkeypatch, synchronous, work)
    assert losses(events, tmp_path, cuts=30, seed=1) != []


def test_writers_who_come_at_once_are_answered_after_their_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight at once: whoever had an answer before the power was cut finds the entry there."""
    vfs, folder, chance = disk_vfs(), tmp_path / "live", random.Random(3)
    folder.mkdir()
    together = threading.Barrier(8)

    def give(ledger: QuietLedger, who: int) -> None:
        for turn in range(6):
            facts = {
                "number": f"K-{who}-{turn}",
                "bank": "B",
                "currency": "USD",
                "amount": 5,
                "date": "2023-11-14",
            }

            together.wait()
            with ledger.store.write() as writing:
                actor = ledger.actors["recorder"]
                told = act(writing, actor, SLUG, "contribution", "add", facts, now=ledger.now)
            vfs.note(Event("answered", str(folder), other=told.key))

    with recorded(vfs, folder, monkeypatch) as events:
        ledger = QuietLedger.new(folder, url=f"sqlite:///{folder}/ledger.db")
        writers = [threading.Thread(target=give, args=(ledger, who)) for who in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    ledger.store.close()
    answered, disk = set[str](), Disk()
    for n, event in enumerate(events):
        disk.take(event)
        if event.what != "answered":
            continue
        answered.add(event.other)
        found = tmp_path / str(n)
        found.mkdir()
        disk.lose_power(chance, found)
        with closing(sqlite3.connect(found / "ledger.db")) as connection:
            assert answered <= {row[0] for row in connection.execute("SELECT key FROM entries")}
    assert len(answered) == 48


@pytest.mark.parametrize("copy", ["backup", "restore"])
def test_a_copy_that_was_told_is_whole_after_a_power_cut(
    copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name appears with all its bytes or not at all, and stays once the command has returned."""
    source, folder = tmp_path / "source", tmp_path / "live"
    source.mkdir()
    folder.mkdir()
    work(source)
    store = Store.open(f"sqlite:///{source / 'ledger.db'}")
    store.backup(source / "kept.db")
    path = folder / "copy.db"
    with recorded(disk_vfs(), folder, monkeypatch) as events:
        if copy == "backup":
            store.backup(path)
        else:
            Store.restore(source / "kept.db", path)
    store.close()
    whole, chance, disk = state_of(source / "ledger.db"), random.Random(2), Disk()
    assert any(event.what == "link" for event in events)
    for n, event in enumerate(events):
        disk.take(event)
        ends = n == len(events) - 1
        for turn in range(10 if ends or event.what in ("link", "unlink") else n % 9 == 0):
            found = tmp_path / f"cut {n} {turn}"
            found.mkdir()
            disk.lose_power(chance, found)
            assert (found / "copy.db").exists() or not ends
            if (found / "copy.db").exists():
                assert state_of(found / "copy.db") == whole
