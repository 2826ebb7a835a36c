"""Files and folders on disk: what is there when this returns is there after a power cut.

It knows no database and overwrites nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

_OTHERS = 0o077
OWNER_ONLY = 0o600
"""Mode of files that hold private words, papers and hashes of tokens, and of copies of them."""


def sync(path: Path) -> None:
    """Wait until the disk has the bytes of a file, or the names in a folder; raises OSError when it fails."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def make_folder(path: Path) -> None:
    """Make a folder and those above it where they are missing, each with its name on disk; raises OSError."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, whatever the mask of the process; raises OSError."""
    os.close(_open_private(str(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY))


def keep_private(path: Path) -> None:
    """Take from everybody but its owner what they may do with a file and those that SQLite lays beside it.

    One that belongs to somebody else stays as it is; a link is followed.
    """
    for end in ("", "-wal", "-shm", "-journal"):
        # By its name: to open and close a database's file would end the locks that this process has on it.
        beside = path.with_name(path.name + end)
        with suppress(OSError):
            mode = S_IMODE(beside.stat().st_mode)
            if mode & _OTHERS:
                beside.chmod(mode & ~_OTHERS)


def _open_private(name: str, flags: int) -> int:
    """A new file that its owner may read and write: the mask of the process takes nothing from it."""
    number = os.open(name, flags, OWNER_ONLY)
    os.fchmod(number, OWNER_ONLY)
    return number


def write_new(path: Path, data: bytes) -> None:
    """Write a file, its owner's alone, that is whole and on disk under its name.

    Raises FileExistsError, or another OSError and then leaves nothing there.
    """
    with open(path, "xb", opener=_open_private) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise
    sync(path.parent)
