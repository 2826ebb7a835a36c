"""Files and folders that the program makes have their names on disk, or are not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.core.errors import LedgerError
from ledger.store.database import Store
from ledger.store.disk import make_folder, write_new


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], set[str]]:
    """Names, below the test's folder, of what was synced so far."""
    fsync, seen = os.fsync, list[os.stat_result]()

    def noted(number: int) -> None:
        fsync(number)
        seen.append(os.fstat(number))

    monkeypatch.setattr(os, "fsync", noted)

    def names() -> set[str]:
        there = (tmp_path, *tmp_path.rglob("*"))
        return {
            str(path.relative_to(tmp_path))
            for path in there
            if any(os.path.samestat(path.stat(), one) for one in seen)
        }

    return names


def test_every_folder_made_is_named_on_disk_in_the_one_above(
    synced: Callable[[], set[str]], tmp_path: Path
) -> None:
    """From the first that was missing on down; what is there already is left alone."""
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    assert synced() == {".", "a", "a/b"}
    make_folder(tmp_path / "a" / "b")
    assert synced() == {".", "a", "a/b"}


def test_a_new_file_is_on_disk_with_its_name_and_overwrites_nothing(
    synced: Callable[[], set[str]], tmp_path: Path
) -> None:
    write_new(tmp_path / "file", b"all of it")
    assert synced() == {".", "file"}
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "file", b"other")
    assert (tmp_path / "file").read_bytes() == b"all of it"


def test_database_backup_and_written_files_are_their_owners_alone(tmp_path: Path) -> None:
    """Whatever the mask lets others read: the log and the index beside the database too, and what is put back."""
    mask = os.umask(0o022)
    try:
        write_new(tmp_path / "aidtrail.toml", b"[site]")
        store = Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}")
        with store.write() as tx:
            tx.progress.save("network", "regtest")
        store.backup(tmp_path / "copy.db")
        there = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        store.close()
        Store.restore(tmp_path / "copy.db", tmp_path / "back.db")
    finally:
        os.umask(mask)
    names = {"aidtrail.toml", "aidtrail.db", "aidtrail.db-wal", "aidtrail.db-shm", "copy.db"}
    assert there == dict.fromkeys(names, 0o600)
    assert (tmp_path / "back.db").stat().st_mode & 0o777 == 0o600


def test_a_mask_takes_nothing_from_the_owner_and_a_link_gives_nothing_to_others(tmp_path: Path) -> None:
    """A mask of 0777 would leave a database that nobody opens; one that was copied by hand is its owner's again."""
    mask = os.umask(0o777)
    try:
        write_new(tmp_path / "aidtrail.toml", b"[site]")
        Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}").close()
    finally:
        os.umask(mask)
    database = tmp_path / "aidtrail.db"
    assert {path.stat().st_mode & 0o777 for path in (database, tmp_path / "aidtrail.toml")} == {0o600}
    database.chmod(0o664)
    (tmp_path / "link.db").symlink_to(database)
    store = Store.open(f"sqlite:///{tmp_path / 'link.db'}")
    assert database.stat().st_mode & 0o777 == 0o600
    with pytest.raises(LedgerError, match="exists"):
        store.backup(tmp_path / "link.db")
    (tmp_path / "nowhere.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(LedgerError, match="exists"):
        store.backup(tmp_path / "nowhere.db")
    assert not (tmp_path / "elsewhere.db").exists()
    store.close()


def test_a_file_that_cannot_be_synced_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_new(tmp_path / "file", b"all of it")
    assert list(tmp_path.iterdir()) == []
