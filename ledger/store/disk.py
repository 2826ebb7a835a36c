"""Files and folders on disk: what is there when this returns is there after a power cut.

It knows no database and overwrites nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

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
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def write_new(path: Path, data: bytes) -> None:
    """Write a file, its owner's alone, that is whole and on disk under its name.

    Raises FileExistsError, or another OSError and then leaves nothing there.
    """
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, OWNER_ONLY)) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise
    sync(path.parent)
