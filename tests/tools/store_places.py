"""Databases for tests of the store: the same promises are kept on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from ledger.store.database import Store
from ledger.store.journal import JournalRow
from ledger.store.observations import Observation
from tests.tools.postgresql_server import copied_postgresql, drop_postgresql, fresh_postgresql

BOTH = (
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
)


USUAL = os.environ.get("AIDTRAIL_TEST_DATABASE", "sqlite")
"""What a test takes that names no database, unless its file is `on_both`: `sqlite`, or `postgresql`."""
_now = USUAL
_AT: dict[Path, str] = {}
"""The databases of PostgreSQL by the file that each would be in SQLite."""
_KEPT: set[Path] = set()
"""Those that others are copied from until the process ends."""


def usual() -> str:
    """Which database a test takes now that names none."""
    return _now


@contextmanager
def usually(kind: str) -> Iterator[None]:
    """Within the block, tests that name no database take one of this kind."""
    global _now
    before, _now = _now, kind
    try:
        yield
    finally:
        _now = before


def place(folder: Path, name: str = "ledger.db") -> str:
    """The URL of the usual database of that name in a folder: always the same one, empty at first."""
    if _now == "sqlite":
        return f"sqlite:///{folder / name}"
    if folder / name not in _AT:
        _AT[folder / name] = copied_postgresql(_empty())
    return _AT[folder / name]


def configure(folder: Path) -> None:
    """Write the configuration by which commands find the database at `place`."""
    (folder / "aidtrail.toml").write_text(f'[database]\nurl = "{place(folder)}"\n')


def keep_place(folder: Path, name: str = "ledger.db") -> None:
    """The database of a folder is there for all tests of this process."""
    _KEPT.add(folder / name)


def copy_place(old: Path, new: Path, name: str = "ledger.db") -> None:
    """Copy the database of one folder, which nobody has open, to another folder."""
    if _now == "sqlite":
        shutil.copyfile(old / name, new / name)
    else:
        _AT[new / name] = copied_postgresql(_AT[old / name])


@contextmanager
def dropped_afterwards() -> Iterator[None]:
    """The databases that are made in the block go with it; a folder's files go by themselves."""
    before = set(_AT)
    yield
    for made in set(_AT) - before - _KEPT:
        drop_postgresql(_AT.pop(made))


@cache
def _empty() -> str:
    """A database of a ledger that holds nothing, made once a process: all others are copies of it."""
    url = fresh_postgresql()
    Store.create(url).close()
    return url


def fresh_url(kind: str, folder: Path, name: str = "ledger.db") -> str:
    return f"sqlite:///{folder / name}" if kind == "sqlite" else fresh_postgresql()


@contextmanager
def outside(url: str) -> Iterator[Any]:
    """A plain connection that knows nothing of the store; each statement is committed at once."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """A file system of that size in memory; skips the test where none may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="aidtrail-disk-"))
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(folder)]
    try:
        mounted = shutil.which("mount") and subprocess.run(words, capture_output=True, check=False)
        if not mounted or mounted.returncode != 0:
            pytest.skip("no small disk can be mounted here (it takes root, and a machine that allows it)")
        try:
            yield folder
        finally:
            # Lazily: what failed on it may be remembered by an exception that is still told about.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    finally:
        folder.rmdir()


_DAYS = ("2026-01-01", "2026-01-01", None)


def entry(seq: int, key: str | None = None, transfers: int = 2, data: bytes | None = None) -> JournalRow:
    data = data if data is not None else b'{"seq":%d}' % seq
    moved = [("wallet/main", f"gifts/{n}", "BTC", 1000 + n) for n in range(transfers)]
    told = hashlib.sha256(data).hexdigest()
    kind = "donation" if seq % 2 else "spend"
    return JournalRow(
        seq, key or f"k:{seq}", kind, f"c{seq % 3}", "2026-01-01T00:00:00Z", *_DAYS, data, told, moved
    )


def seen(subject: str) -> Observation:
    return Observation("2026-01-01T00:00:00Z", "explorer", "tip", subject, subject.encode())


def filled(url: str, entries: int = 3, *, authors: bool = False) -> Store:
    """A new database with entries, observations, two users and lines of audit; `authors`: who recorded them."""
    store = Store.create(url)
    with store.write() as tx:
        users = [tx.desk.add_user(name, "2026-01-01T00:00:00Z") for name in ("ada", "ben")]
        for seq in range(1, entries + 1):
            tx.journal.append(entry(seq))
            tx.observations.append([seen(f"s{seq}")])
            tx.desk.audit("2026-01-01T00:00:00Z", None, "did", f"s{seq}")
            if authors:
                tx.desk.note_author(seq, users[0])
            tx.progress.save(f"key{seq}", str(seq))
    return store
