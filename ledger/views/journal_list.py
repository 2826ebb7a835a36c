"""The journal of a campaign as people leaf through it: an entry a row, the newest first."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlmodel import Session, col

from ledger.core.frozen import Frozen
from ledger.model.journal import EntryRow


class EntryInList(Frozen):
    """An entry by its number, kind and hash; its bytes are published beside."""

    seq: int
    """Its number."""
    kind: str
    """What it records, as `receipt`."""
    date: str
    """Its accounting day."""
    recorded_at: str
    """When it was recorded, RFC 3339."""
    hash: str
    """SHA-256 that chains its bytes to the entry before."""


def newest_entries(
    session: Session, campaign: str, *, search: str, before: int | None, limit: int
) -> tuple[list[EntryInList], bool]:
    """Entries of a campaign below the number `before`, the newest first, and whether there are more.

    `search` is an entry's number or a part of its kind.
    """
    rows = select(
        col(EntryRow.seq),
        col(EntryRow.kind),
        col(EntryRow.date),
        col(EntryRow.recorded_at),
        col(EntryRow.hash),
    ).where(col(EntryRow.campaign) == campaign)
    if before is not None:
        rows = rows.where(col(EntryRow.seq) < before)
    if search:
        numbered = col(EntryRow.seq) == (int(search) if search.isdecimal() and len(search) < 16 else -1)
        rows = rows.where(or_(numbered, col(EntryRow.kind).icontains(search, autoescape=True)))
    rows_read = session.connection().execute(rows.order_by(col(EntryRow.seq).desc()).limit(limit + 1)).all()
    entries = [
        EntryInList(seq=seq, kind=kind, date=date, recorded_at=recorded_at, hash=made)
        for seq, kind, date, recorded_at, made in rows_read[:limit]
    ]
    return entries, len(rows_read) > limit
