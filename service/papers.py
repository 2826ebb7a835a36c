"""How the bytes of a paper are taken out: of the database, its write-ahead log, and the backups kept beside it.

The entries that name it stand, and say its hash; the audit log says who took the bytes out. What was taken out, by
whatever command or request, is listed in a file by its hash: a backup that is put back is told of it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ledger.core.errors import LedgerError
from ledger.recording.papers import remove_paper
from ledger.recording.users import actor_named
from ledger.store.database import Store
from ledger.store.forgetting import empty_log, remove_in_copy
from service.backups import copies_in
from service.hash_lists import list_hashes, listed
from service.logs import warn

LIST = "removed-papers.txt"
"""The hash of a removed paper a line, in the data folder and in the folder of backups."""


def take_out(
    store: Store, folder: Path, copies: Path | None, sha256: str, user: str, *, now: int
) -> tuple[bool, list[str]]:
    """(whether the log still holds the bytes since somebody reads, names of backups that could not be written).

    Raises NotAllowed for who is no admin, NotFound where no bytes are kept.
    """
    with store.write() as tx:
        remove_paper(tx, actor_named(tx, user, now=now), sha256, now=now)
    in_log = store.file is not None and not empty_log(store.file)
    return in_log, clean_copies(store, folder, copies)


def clean_copies(store: Store, folder: Path, copies: Path | None) -> list[str]:
    """List all papers that are removed, and take them out of the kept backups; names of those that still hold one.

    A paper that is sealed is removed too, by a request as well, so the daily work does this again.
    """
    with store.read() as tx:
        removed = tx.papers.removed()
    if not removed:
        return []
    for place in filter(None, (folder, copies)):
        if place.is_dir():
            list_hashes(place / LIST, removed)
    holding = []
    for copy in copies_in(copies) if copies is not None else ():
        try:
            for sha256 in removed:
                remove_in_copy(copy, sha256)
        except (LedgerError, OSError) as failure:
            warn("paper still in a backup", file=str(copy), why=str(failure))
            holding.append(copy.name)
    return holding


def removed_papers(*places: Path) -> Collection[str]:
    """The papers that lists in these folders, or files, name."""
    return listed(LIST, *places)
