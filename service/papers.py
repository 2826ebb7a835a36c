"""How the bytes of a paper are taken out: of the database, its write-ahead log, and the backups kept beside it.

The entries that name it stand, and say its hash; the audit log says who took the bytes out.
"""

from __future__ import annotations

from pathlib import Path

from ledger.core.errors import LedgerError
from ledger.recording.papers import remove_paper
from ledger.recording.users import actor_named
from ledger.store.database import Store
from ledger.store.forgetting import empty_log, remove_in_copy
from service.backups import copies_in
from service.logs import warn


def take_out(
    store: Store, copies: Path | None, sha256: str, user: str, *, now: int
) -> tuple[bool, list[str]]:
    """(whether the log still holds the bytes since somebody reads, names of backups that could not be written).

    Raises NotAllowed for who is no admin, NotFound where no bytes are kept.
    """
    with store.write() as tx:
        remove_paper(tx, actor_named(tx, user, now=now), sha256, now=now)
    in_log = store.file is not None and not empty_log(store.file)
    holding = []
    for copy in copies_in(copies) if copies is not None else ():
        try:
            remove_in_copy(copy, sha256)
        except (LedgerError, OSError) as failure:
            warn("paper still in a backup", file=str(copy), why=str(failure))
            holding.append(copy.name)
    return in_log, holding
