"""Papers as people see them: by their hash, with a title and what they show. It reads no bytes of a paper."""

from __future__ import annotations

from typing import Any

from ledger.rules.books import Books
from ledger.views.trail import Access, Paper


def papers_about(books: Books, campaign: str, about: str, number: str) -> tuple[Paper, ...]:
    """Papers attached to a fact, by title."""
    found = [
        paper_of(d)
        for _, d in books.documents.all("evidence", campaign)
        if d["facts"]["about"] == about and d["facts"].get("number", "") == number and not d.get("reversed")
    ]
    return tuple(sorted(found, key=lambda paper: paper.title))


def paper_of(document: dict[str, Any]) -> Paper:
    facts = document["facts"]
    return Paper(
        facts["sha256"],
        facts["title"],
        facts["paper"],
        facts["date"],
        facts["shows"],
        Access(facts["access"]),
        document["seq"],
    )
