"""Which roles stand behind entries: who recorded what a trail tells, and who else approved it.

Entries name roles, never people, so nothing here does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from ledger.core.entry import entry_from_bytes
from ledger.core.frozen import Frozen
from ledger.core.names import approval_key
from ledger.core.roles import Role
from ledger.model.journal import EntryRow


class RecordedBy(Frozen):
    """The roles behind an entry."""

    role: Role
    """Who recorded it."""
    approved_by: Role | None
    """Who approved it, another person than who recorded it; null where nobody has to, or did not yet."""


def recorded_by(session: Session, entries: Collection[int]) -> Mapping[int, RecordedBy]:
    """The roles behind entries, by their numbers."""
    wanted = select(EntryRow).where(col(EntryRow.seq).in_(sorted(entries)))
    rows = {row.seq: (row.key, entry_from_bytes(row.data).role) for row in session.exec(wanted)}
    keys = sorted(approval_key(key) for key, _ in rows.values())
    approvals = select(EntryRow).where(col(EntryRow.key).in_(keys))
    approved = {row.key: entry_from_bytes(row.data).role for row in session.exec(approvals)}
    return {
        seq: RecordedBy(role=role, approved_by=approved.get(approval_key(key)))
        for seq, (key, role) in rows.items()
    }
