"""Papers: the bytes of evidence under their SHA-256. It does not know which entry names them."""

from __future__ import annotations

import hashlib

from ledger.core.errors import Conflict
from ledger.store.session import Session


class Evidence:
    """Reading papers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def load(self, sha256: str) -> tuple[str, bytes] | None:
        """(media type, bytes) of a paper."""
        row = self._session.one("SELECT media_type, data FROM evidence WHERE sha256 = ?", (sha256,))
        return None if row is None else (row[0], row[1])


class EvidenceWriting(Evidence):
    """Keeping papers."""

    def save(self, sha256: str, media_type: str, data: bytes) -> None:
        """Keep a paper; the same again changes nothing. Raises Conflict when the bytes have another hash."""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Conflict(f"evidence: the {len(data)} bytes do not have the SHA-256 that names them")
        if self.load(sha256) is None:
            self._session.run(
                "INSERT INTO evidence (sha256, media_type, data) VALUES (?, ?, ?)", (sha256, media_type, data)
            )
