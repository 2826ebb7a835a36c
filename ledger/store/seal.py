"""The seal of a backup: what its bytes hash to, behind the last page of its file, where SQLite does not look.

Checks know what entries, papers and headers hash to; the rest of a database, like users and addresses, nobody could
tell from what a disk made of it. A file that is opened and written as a database is sealed no more.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ledger.store.disk import sync

_MARK = b"aidtrail sealed "
_AT_ONCE = 1 << 20


def end_of_pages(file: Path) -> int:
    """How long a database file is by its own head, in bytes (https://sqlite.org/fileformat.html, 1.3)."""
    with file.open("rb") as opened:
        head = opened.read(100)
    page = int.from_bytes(head[16:18])
    return (page if page > 1 else 65_536) * int.from_bytes(head[28:32])


def seal(file: Path) -> None:
    """Write the seal of a database file that nobody has open, in place of one that it has; raises OSError."""
    end = end_of_pages(file)
    written = _MARK + _digest(file, end)
    os.truncate(file, end)
    with file.open("ab") as opened:
        opened.write(written)
    sync(file)


def is_as_sealed(file: Path) -> bool | None:
    """Are the bytes of a file those that were sealed? None where it has no seal; raises OSError."""
    end = end_of_pages(file)
    with file.open("rb") as opened:
        opened.seek(end)
        written = opened.read(len(_MARK) + hashlib.sha256().digest_size + 1)
    return None if not written else written == _MARK + _digest(file, end)


def _digest(file: Path, end: int) -> bytes:
    """SHA-256 of the first `end` bytes."""
    made, left = hashlib.sha256(), end
    with file.open("rb") as opened:
        while left and (some := opened.read(min(left, _AT_ONCE))):
            made.update(some)
            left -= len(some)
    return made.digest()
