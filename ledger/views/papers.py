"""Papers as people see them: by their hash, with a title and what they show. It reads no bytes of a paper."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select, tuple_

from ledger.model.evidence import About, EvidenceRow
from ledger.views.trail import Paper


def standing_evidence(session: Session, campaign: str) -> Sequence[EvidenceRow]:
    """All papers of a campaign that are not reversed, by day and title."""
    return session.exec(
        select(EvidenceRow)
        .where(EvidenceRow.campaign == campaign, col(EvidenceRow.reversed_by).is_(None))
        .order_by(
            col(EvidenceRow.date), col(EvidenceRow.title), col(EvidenceRow.sha256), col(EvidenceRow.entry)
        )
    ).all()


def papers_about(session: Session, campaign: str, about: About, number: str) -> tuple[Paper, ...]:
    """Papers attached to a fact, by title."""
    found = session.exec(
        select(EvidenceRow)
        .where(
            EvidenceRow.campaign == campaign,
            EvidenceRow.about == about,
            EvidenceRow.number == number,
            col(EvidenceRow.reversed_by).is_(None),
        )
        .order_by(col(EvidenceRow.title), col(EvidenceRow.sha256))
    )
    return tuple(paper_of(row) for row in found.all())


def papers_of_gift(
    session: Session, campaign: str, about: About, number: str, sha256: str | None
) -> tuple[Paper, ...]:
    """Papers attached to a gift, and the one that it names itself; each once."""
    attached = (col(EvidenceRow.about) == about) & (col(EvidenceRow.number) == number)
    found = session.exec(
        select(EvidenceRow)
        .where(
            EvidenceRow.campaign == campaign,
            or_(attached, col(EvidenceRow.sha256) == sha256),
            col(EvidenceRow.reversed_by).is_(None),
        )
        .order_by(col(EvidenceRow.sha256), col(EvidenceRow.about), col(EvidenceRow.number))
    )
    return tuple({row.sha256: paper_of(row) for row in found.all()}.values())


def paper_page(
    session: Session, campaign: str, *, after: int | None, limit: int
) -> tuple[list[Paper], int | None]:
    """Papers of a campaign by the hash of their bytes, those beyond the entry `after`; and where the page ends."""
    rows = (
        select(EvidenceRow)
        .where(EvidenceRow.campaign == campaign, col(EvidenceRow.reversed_by).is_(None))
        .order_by(col(EvidenceRow.sha256), col(EvidenceRow.entry))
        .limit(limit + 1)
    )
    last = None if after is None else session.get(EvidenceRow, after)
    if last is not None:
        rows = rows.where(
            tuple_(col(EvidenceRow.sha256), col(EvidenceRow.entry)) > tuple_(last.sha256, last.entry)
        )
    found = session.exec(rows).all()
    page = found[:limit]
    return [paper_of(row) for row in page], page[-1].entry if len(found) > limit else None


def paper_of(row: EvidenceRow) -> Paper:
    return Paper(
        sha256=row.sha256,
        title=row.title,
        kind=row.paper,
        date=row.date,
        shows=row.shows,
        access=row.access,
        entry=row.entry,
    )
