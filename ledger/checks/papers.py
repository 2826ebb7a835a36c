"""Checks of papers: kept bytes are those that entries name, and none of what is sealed. It mends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import col, select

from ledger.checks.finding import Finding
from ledger.model.evidence import Access, EvidenceRow
from ledger.model.operation import PaperRow
from ledger.store.transaction import Reading


def papers_hash(tx: Reading) -> Iterator[Finding]:
    """The kept bytes of each paper hash to its name."""
    for sha256 in tx.papers.damaged():
        yield Finding.of(
            "papers_hash",
            sha256,
            "the kept bytes of paper {sha256} hash to something else; restore it from a backup",
            sha256=sha256,
        )


def sealed_papers_are_not_kept(tx: Reading) -> Iterator[Finding]:
    """Of a paper that a standing entry seals no bytes are here."""
    kept = (
        select(EvidenceRow.entry, EvidenceRow.sha256)
        .join(PaperRow, col(PaperRow.sha256) == col(EvidenceRow.sha256))
        .where(EvidenceRow.access == Access.SEALED, col(EvidenceRow.reversed_by).is_(None))
        .order_by(col(EvidenceRow.entry))
    )
    for entry, sha256 in tx.session.exec(kept).all():
        yield Finding.of(
            "sealed_papers_are_not_kept",
            sha256,
            "entry {entry} seals paper {sha256}, and its bytes are kept; `paper remove` takes them out",
            entry=entry,
            sha256=sha256,
        )
