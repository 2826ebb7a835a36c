"""Papers: the bytes of evidence under their SHA-256. It does not know which entry names them."""

from __future__ import annotations

import hashlib

from sqlmodel import Session, col, delete, select

from ledger.core.errors import Damaged
from ledger.model.columns import table_of
from ledger.model.desk import AuditRow
from ledger.model.evidence import Treatment, in_order
from ledger.model.operation import PaperRow, PaperTreatmentRow, SealedPaperRow

REMOVED = "paper removed"
"""How the audit log names that a paper's bytes were deleted."""


class Papers:
    """Reading papers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def load(self, sha256: str) -> tuple[str, bytes] | None:
        """(media type, bytes) of a paper; raises Damaged where the bytes are not those of its name any more."""
        row = self._session.get(PaperRow, sha256)
        if row is None:
            return None
        if hashlib.sha256(row.data).hexdigest() != sha256:
            raise Damaged.field(
                "paper", "the kept bytes are not those of {sha256}; restore a backup", sha256=sha256
            )
        return row.media_type, row.data

    def is_kept(self, sha256: str) -> bool:
        """Are there bytes of this name, whatever they are?"""
        return (
            self._session.exec(select(PaperRow.sha256).where(PaperRow.sha256 == sha256)).first() is not None
        )

    def treatments(self, sha256: str) -> tuple[Treatment, ...]:
        """What was done to a paper before it was kept."""
        rows = self._session.exec(select(PaperTreatmentRow).where(PaperTreatmentRow.sha256 == sha256))
        return in_order({row.treatment for row in rows})

    def removed(self) -> tuple[str, ...]:
        """The papers whose bytes were taken out and are not here again, by their hashes."""
        query = select(AuditRow.subject).where(
            AuditRow.action == REMOVED, col(AuditRow.subject).not_in(select(PaperRow.sha256))
        )
        return tuple(self._session.exec(query.distinct().order_by(AuditRow.subject)).all())

    def opened(self, sealed: str) -> SealedPaperRow | None:
        """What opens the salted hash of a sealed paper."""
        return self._session.get(SealedPaperRow, sealed)


class PapersWriting(Papers):
    """Keeping papers."""

    def save(self, media_type: str, data: bytes, original: str, done: tuple[Treatment, ...] = ()) -> str:
        """Keep a paper; returns its SHA-256. `original` is that of what was given. The same again changes nothing."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.is_kept(sha256):
            row = PaperRow(sha256=sha256, media_type=media_type, original=original, data=data)
            self._session.add(row)
            self._session.flush()
            self._session.add_all(PaperTreatmentRow(sha256=sha256, treatment=one) for one in set(done))
            self._session.flush()
            self._session.expunge(row)  # what is served is what the database has
        return sha256

    def save_sealed(self, sealed: str, salt: bytes, lies: str) -> None:
        """Keep what opens the salted hash of a sealed paper, or another note of where the original lies."""
        self._session.merge(SealedPaperRow(sealed=sealed, salt=salt, lies=lies))
        self._session.flush()

    def remove(self, sha256: str) -> bool:
        """Delete a paper's bytes, off the pages of the file too; False where there are none.

        The guards of the tables let only those go of which the audit log's newest line says `REMOVED`.
        """
        if not self.is_kept(sha256):
            return False
        connection = self._session.connection()
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        for table in (table_of(PaperTreatmentRow), table_of(PaperRow)):
            connection.execute(delete(table).where(table.c.sha256 == sha256))
        if sqlite:
            connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        return True
