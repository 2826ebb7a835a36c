"""Lists of hashes in files beside a database: what was forgotten or removed, told to backups that are put back.

A hash says nothing of what it is of. Lists only grow.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ledger.store.disk import sync

_DIGITS = 64


def listed(name: str, *places: Path) -> frozenset[str]:
    """The hashes that the lists of this name in these folders have, or these files."""
    hashes: set[str] = set()
    for place in places:
        path = place / name if place.is_dir() else place
        if path.is_file():
            hashes.update(line for line in path.read_text(encoding="ascii").split() if len(line) == _DIGITS)
    return frozenset(hashes)


def list_hashes(path: Path, hashes: Iterable[str]) -> None:
    """Add to a list what it has not yet; raises OSError."""
    known = listed(path.name, path)
    with path.open("a", encoding="ascii") as file:
        file.writelines(f"{one}\n" for one in hashes if one not in known)
    sync(path)
