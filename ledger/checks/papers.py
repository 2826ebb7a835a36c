"""Checks of papers: kept bytes are those that entries name, and none of what is sealed. It mends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.checks.finding import Finding
from ledger.recording.papers import kept_though_sealed
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
    for entry, sha256 in kept_though_sealed(tx):
        yield Finding.of(
            "sealed_papers_are_not_kept",
            sha256,
            "entry {entry} seals paper {sha256}, and its bytes are kept; `paper remove` takes them out",
            entry=entry,
            sha256=sha256,
        )
