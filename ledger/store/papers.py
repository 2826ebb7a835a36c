"""Papers: the bytes of evidence under their SHA-256. It does not know which entry names them."""

from __future__ import annotations

import hashlib

from sqlmodel import Session

from ledger.core.errors import Conflict
from ledger.model.operation import PaperRow


class Papers:
    """Reading papers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def load(self, sha256: str) -> tuple[str, bytes] | None:
        """(media type, bytes) of a paper."""
        row = self._session.get(PaperRow, sha256)
        return None if row is None else (row.media_type, row.data)


class PapersWriting(Papers):
    """Keeping papers."""

    def save(self, sha256: str, media_type: str, data: bytes) -> None:
        """Keep a paper; the same again changes nothing. Raises Conflict when the bytes have another hash."""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Conflict.field(
                "evidence", "the {size} bytes do not have the SHA-256 that names them", size=len(data)
            )
        if self.load(sha256) is None:
            self._session.add(PaperRow(sha256=sha256, media_type=media_type, data=data))
            self._session.flush()
