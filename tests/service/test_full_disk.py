"""The program on a disk that is full, broken or may not be written: commands, API and looks say so and go on."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.checks.run import run_checks
from ledger.core.errors import StorageFailed
from ledger.core.media_types import media_type_of
from ledger.recording.users import add_token
from ledger.store.database import Store
from service.paper_files.treating import treated
from service.wiring import build, not_ready
from tests.tools.demo_data import Ran, run_command
from tests.tools.disk_vfs import DiskVfs, disk_vfs, failing
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.kill_driver import config_of
from tests.tools.ledgers import SLUG, QuietLedger
from tests.tools.store_places import small_disk

pytestmark = pytest.mark.durable

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
API = f"/api/v1/campaigns/{SLUG}"
GIFT = {"number": "K-1", "bank": "B", "currency": "USD", "amount": 1000, "date": "2023-11-14"}
PAPER = b"A letter.\n"


def out_of_space(what: str, path: str) -> int:
    return sqlite3.SQLITE_FULL if what in ("create", "write", "truncate") else 0


def broken(what: str, path: str) -> int:
    return sqlite3.SQLITE_IOERR_WRITE if what == "write" else 0


@pytest.fixture
def vfs() -> Iterator[DiskVfs]:
    made = disk_vfs()
    yield made
    assert made.troubles == []


def entries(store: Store) -> int:
    with store.read() as reading:
        return reading.journal.count()


def gift(home: Path, number: int) -> Ran:
    sets = [f"--set={name}={value}" for name, value in (GIFT | {"number": f"K-{number}"}).items()]
    return run_command(["contribution", "add", "--as", "recorder", "--data", ".", *sets], home)


def test_the_api_answers_507_when_the_disk_is_full_and_goes_on_reading(vfs: DiskVfs, tmp_path: Path) -> None:
    """Facts, intentions and papers are refused with a problem and Retry-After; pages are read; then all is taken."""
    ledger = QuietLedger.new(tmp_path)
    with ledger.store.write() as writing:
        token = add_token(writing, "recorder", "t", now=ledger.now, by=None)
    told = entries(ledger.store)
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list, treated=treated)
    site = TestClient(create_app(ports), raise_server_exceptions=False)
    site.headers["authorization"] = f"Bearer {token}"
    digest = hashlib.sha256(PAPER).hexdigest()

    def all_writes() -> list[int]:
        paper = {"content-type": "text/plain"}
        answers = [
            site.post(f"{API}/contributions", json=GIFT),
            site.post(f"{API}/intentions"),
            site.put(f"/api/v1/papers/{digest}", content=PAPER, headers=paper),
        ]
        for answer in answers:
            if answer.status_code >= 500:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"] == "60"
                assert answer.json()["detail"].startswith("database: its disk ")
                assert answer.json()["type"] in ("/docs#disk-full", "/docs#not-ready")
        return [answer.status_code for answer in answers]

    for fault, status in ((out_of_space, 507), (broken, 503)):
        with failing(vfs, fault):
            assert all_writes() == [status] * 3
            for path in (f"/c/{SLUG}", f"{API}/entries", "/", "/healthz"):
                assert site.get(path).status_code == 200, path
        assert entries(ledger.store) == told
    assert all_writes() == [201] * 3
    assert entries(ledger.store) == told + 1
    with ledger.store.read() as reading:
        assert run_checks(reading) == []
    ledger.store.close()


def test_commands_on_a_full_disk_say_so_and_exit_69(vfs: DiskVfs, tmp_path: Path) -> None:
    """No trace, nothing half-written, no copy left; afterwards the same command is taken."""
    ledger = QuietLedger.new(tmp_path)
    ledger.store.close()
    (tmp_path / "ledger.db").rename(tmp_path / "aidtrail.db")
    assert gift(tmp_path, 1).code == 0
    assert run_command(["backup", "kept.db", "--data", "."], tmp_path).code == 0
    before = sorted(path.name for path in tmp_path.rglob("*"))
    writing = (
        ["user", "add", "ada", "--role", "admin", "--data", "."],
        ["backup", "new.db", "--data", "."],
        ["restore", "kept.db", "--data", "new"],
        ["init", "--address", ADDRESS, "--source", "http://127.0.0.1:1", "--data", "made"],
    )
    with failing(vfs, out_of_space):
        for ran in (gift(tmp_path, 2), *(run_command(words, tmp_path) for words in writing)):
            assert ran.code == 69, ran.err
            said = [line for line in ran.err.splitlines() if "using the data" not in line]
            assert len(said) == 1
            assert "disk is full; free some space" in said[0] or "cannot be opened" in said[0]
    assert [name for name in sorted(path.name for path in tmp_path.rglob("*")) if name not in before] == [
        "made",
        "new",
    ]
    assert gift(tmp_path, 2).code == 0
    for words in writing:
        assert run_command(words, tmp_path).code == 0, words
    assert run_command(["check", "--data", "."], tmp_path).code == 0


def test_a_look_that_finds_no_room_is_made_again(vfs: DiskVfs, tmp_path: Path) -> None:
    """Readiness names it meanwhile; the same blocks are taken in once there is room, each gift once."""
    ledger = QuietLedger.new(tmp_path)
    chain = FakeChain()
    chain.send(transaction([(script_no(0), 50_000)], [outpoint_no(1)]))
    chain.mine(8)
    with EsploraServer(chain) as server:
        (wallet,) = (config := config_of(server.url)).wallets
        config = replace(config, wallets=(replace(wallet, campaign=SLUG),))
        service = build(ledger.store, config, lambda: chain.now, {}, tmp_path)
        with failing(vfs, out_of_space):
            assert service.jobs.look() is None
            assert "its disk is full" in str(service.jobs.trouble)
            assert any(
                "could not be written" in line
                for line in not_ready(ledger.store, service.jobs, lambda: chain.now)
            )
            service.jobs.leader.release()
        for _ in range(5):
            service.jobs.look()
            assert service.jobs.trouble is None
        with failing(vfs, out_of_space):
            service.close()
    assert service.jobs.unwritable is None
    assert ledger.kinds().count("donation") == 1
    with ledger.store.read() as reading:
        assert run_checks(reading) == []
    ledger.store.close()


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass


def test_a_disk_that_really_is_full_loses_nothing(tmp_path: Path) -> None:
    """Filled by entries and papers to the last page: refused in a sentence, read, freed, gone on, and all is there."""
    with small_disk(6_000) as folder:
        ledger = QuietLedger.new(folder)
        filler = folder / "filler"
        filler.write_bytes(b"\0" * 3_500_000)  # once it is gone there is room for the log beside, written out
        told: list[str] = []
        refused = None
        for number in range(100):
            paper = os.urandom(30_000)
            try:
                with ledger.store.write() as writing:
                    digest = hashlib.sha256(paper).hexdigest()
                    writing.papers.save(media_type_of(paper), paper, digest)
                told.append(digest)
                ledger.do("recorder", "contribution", "add", **(GIFT | {"number": f"K-{number}"}))
            except StorageFailed as failure:
                refused = failure
                break
        assert refused is not None
        assert refused.full
        fill(folder / "rest")
        before = entries(ledger.store)
        with pytest.raises(StorageFailed, match="disk is full"):
            ledger.do("recorder", "contribution", "add", **(GIFT | {"number": "full"}))
        with pytest.raises((StorageFailed, OSError)):
            ledger.store.backup(folder / "copy.db")
        assert not list(folder.glob("*copy*"))
        assert entries(ledger.store) == before
        ledger.store.close()
        assert not [p.name for p in folder.iterdir() if p.name.endswith(".part")]
        (folder / "ledger.db").rename(folder / "aidtrail.db")
        for end in ("-wal", "-shm"):
            if (folder / f"ledger.db{end}").exists():
                (folder / f"ledger.db{end}").rename(folder / f"aidtrail.db{end}")
        assert gift(folder, 1_000).code == 69
        checked = run_command(["check", "--data", "."], folder)
        assert checked.code in (0, 69), checked.err
        filler.unlink()
        (folder / "rest").unlink()
        assert gift(folder, 1_000).code == 0
        assert run_command(["check", "--data", "."], folder).code == 0
        assert run_command(["rebuild", "--compare", "--data", "."], folder).code == 0
        store = Store.open(f"sqlite:///{folder / 'aidtrail.db'}")
        assert entries(store) == before + 1
        with store.read() as reading:
            assert all(reading.papers.load(digest) for digest in told)
        store.close()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, which may write everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_database_that_may_not_be_written_is_told_in_a_sentence() -> None:
    """Its file, or its folder: exit 69, no trace, and the ledger is as it was."""
    folder = Path(tempfile.mkdtemp(prefix="aidtrail-rights-"))
    try:
        ledger = QuietLedger.new(folder)
        ledger.store.close()
        (folder / "ledger.db").rename(folder / "aidtrail.db")
        size = (folder / "aidtrail.db").stat().st_size
        for file_mode, folder_mode in ((0o444, 0o777), (0o666, 0o555), (0o000, 0o777)):
            (folder / "aidtrail.db").chmod(file_mode)
            folder.chmod(folder_mode)
            with as_nobody():
                ran = gift(folder, 1)
            folder.chmod(0o777)
            (folder / "aidtrail.db").chmod(0o666)
            assert ran.code == 69, (oct(file_mode), oct(folder_mode), ran.err)
            assert "may not" in ran.err or "allow them to be written" in ran.err
            assert "Traceback" not in ran.err
        assert (folder / "aidtrail.db").stat().st_size == size
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_answer_that_cannot_be_printed_says_that_the_work_is_done(tmp_path: Path) -> None:
    """The entry is recorded, the exit code is 69, and no trace follows."""
    ledger = QuietLedger.new(tmp_path)
    before = entries(ledger.store)
    ledger.store.close()
    (tmp_path / "ledger.db").rename(tmp_path / "aidtrail.db")
    sets = [f"--set={name}={value}" for name, value in GIFT.items()]
    words = ["contribution", "add", "--as", "recorder", "--data", str(tmp_path), *sets]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "service.cli", *words],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ran.returncode == 69
    assert "it is done, and its answer could not be printed (No space left on device)" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr
    store = Store.open(f"sqlite:///{tmp_path / 'aidtrail.db'}")
    assert entries(store) == before + 1
    store.close()
