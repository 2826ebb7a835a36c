"""Checks of what lies beside the journal: papers are what entries name, openings open. They mend nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Text, bindparam
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from ledger.checks.finding import Finding
from ledger.core.media_types import media_type_of
from ledger.model.columns import table_of
from ledger.model.desk import OpeningRow
from ledger.model.evidence import Access, EvidenceRow
from ledger.model.operation import PaperRow
from ledger.recording.papers import kept_though_sealed
from ledger.store.transaction import Reading

_PAPERS = table_of(PaperRow).c
_KEPT = select_columns(_PAPERS.sha256, _PAPERS.media_type, _PAPERS.original).order_by(_PAPERS.sha256)
_BYTES = select_columns(_PAPERS.data).where(_PAPERS.sha256 == bindparam("of_paper", type_=Text))


def papers_hash(tx: Reading) -> Iterator[Finding]:
    """The kept bytes of each paper hash to its name, are what it is said to be, and came from what its entries say."""
    connection = tx.session.connection()
    for sha256, media_type, original in connection.execute(_KEPT).all():
        data = connection.execute(_BYTES, {"of_paper": sha256}).scalar_one()
        if hashlib.sha256(data).hexdigest() != sha256:
            yield Finding.of(
                "papers_hash",
                sha256,
                "the kept bytes of paper {sha256} hash to something else; restore it from a backup",
                sha256=sha256,
            )
        elif media_type_of(data) != media_type or _others(tx, sha256, original):
            yield Finding.of(
                "papers_hash",
                sha256,
                "what is noted of paper {sha256} is not what its bytes and its entries say; restore a backup",
                sha256=sha256,
            )


def _others(tx: Reading, sha256: str, original: str) -> bool:
    """Does a standing public entry name another original of this copy?"""
    query = select(EvidenceRow.entry).where(
        EvidenceRow.sha256 == sha256,
        EvidenceRow.access == Access.PUBLIC,
        col(EvidenceRow.reversed_by).is_(None),
        EvidenceRow.original != original,
    )
    return tx.session.exec(query).first() is not None


def sealed_papers_are_not_kept(tx: Reading) -> Iterator[Finding]:
    """Of a paper that a standing entry seals no bytes are here."""
    for entry, sha256 in kept_though_sealed(tx):
        yield Finding.of(
            "sealed_papers_are_not_kept",
            sha256,
            "entry {entry} seals paper {sha256}, and its bytes are kept; `paper remove` takes them out",
            entry=entry,
            sha256=sha256,
        )


_OPENINGS = select(OpeningRow.commitment, OpeningRow.salt, OpeningRow.value).order_by(
    col(OpeningRow.commitment)
)


def openings_open(tx: Reading) -> Iterator[Finding]:
    """Each private value that is kept gives, with its salt, the commitment that entries have."""
    for commitment, salt, value in tx.session.exec(_OPENINGS):
        if hashlib.sha256(salt + value).hexdigest() != commitment:
            yield Finding.of(
                "openings_open",
                commitment,
                "the kept value does not open commitment {commitment}; restore a backup",
                commitment=commitment,
            )
