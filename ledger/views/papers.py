"""Papers as people see them: by their hash, with a title and what they show; bytes of those that are served."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Text, bindparam
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, or_, select, tuple_

from ledger.model.columns import OF_CAMPAIGN, Word, table_of
from ledger.model.evidence import About, Access, EvidenceRow, EvidenceTreatmentRow, Treatment, in_order
from ledger.model.keys import OfKeys
from ledger.model.operation import PaperRow
from ledger.rules.evidence import papers_everywhere
from ledger.store.transaction import Reading
from ledger.views.trail import Paper

_STANDING = (
    select(EvidenceRow)
    .where(col(EvidenceRow.campaign) == OF_CAMPAIGN, col(EvidenceRow.reversed_by).is_(None))
    .order_by(col(EvidenceRow.date), col(EvidenceRow.title), col(EvidenceRow.sha256), col(EvidenceRow.entry))
)


def standing_evidence(session: Session, campaign: str) -> Sequence[EvidenceRow]:
    """All papers of a campaign that are not reversed, by day and title."""
    return session.exec(_STANDING, params={"of_campaign": campaign}).all()


_WITH_KEPT = (
    select(EvidenceRow, PaperRow.sha256)
    .join(PaperRow, col(PaperRow.sha256) == col(EvidenceRow.sha256), isouter=True)
    .where(col(EvidenceRow.campaign) == OF_CAMPAIGN, col(EvidenceRow.reversed_by).is_(None))
)
"""(paper that stands, its hash where its bytes are kept here) of a campaign."""
_ABOUT = _WITH_KEPT.where(
    col(EvidenceRow.about) == bindparam("of_about", type_=Word(About)),
    col(EvidenceRow.number) == bindparam("of_number", type_=Text),
).order_by(col(EvidenceRow.title), col(EvidenceRow.sha256))


def papers_about(session: Session, campaign: str, about: About, number: str) -> tuple[Paper, ...]:
    """Papers attached to a fact, by title."""
    asked = {"of_campaign": campaign, "of_about": about, "of_number": number}
    rows = session.exec(_ABOUT, params=asked)
    return tuple(_shown_with_kept(session, rows.all()))


def papers_of_gift(
    session: Session, campaign: str, about: About, number: str, sha256: str | None
) -> tuple[Paper, ...]:
    """Papers attached to a gift, and the one that it names itself; each once."""
    attached = (col(EvidenceRow.about) == about) & (col(EvidenceRow.number) == number)
    rows = session.exec(
        _WITH_KEPT.where(or_(attached, col(EvidenceRow.sha256) == sha256)).order_by(
            col(EvidenceRow.sha256), col(EvidenceRow.about), col(EvidenceRow.number)
        ),
        params={"of_campaign": campaign},
    )
    return tuple({paper.sha256: paper for paper in _shown_with_kept(session, rows.all())}.values())


def paper_page(
    session: Session, campaign: str, *, after: int | None, limit: int
) -> tuple[list[Paper], int | None]:
    """Papers of a campaign by the hash of their bytes, those beyond the entry `after`; and where the page ends."""
    rows = _WITH_KEPT.order_by(col(EvidenceRow.sha256), col(EvidenceRow.entry)).limit(limit + 1)
    last = None if after is None else session.get(EvidenceRow, after)
    if last is not None:
        rows = rows.where(
            tuple_(col(EvidenceRow.sha256), col(EvidenceRow.entry)) > tuple_(last.sha256, last.entry)
        )
    rows_read = session.exec(rows, params={"of_campaign": campaign}).all()
    page = rows_read[:limit]
    return _shown_with_kept(session, page), page[-1][0].entry if len(rows_read) > limit else None


def newest_papers(
    session: Session, campaign: str, *, access: Access | None, search: str, start: int, limit: int
) -> tuple[list[Paper], bool]:
    """Papers of a campaign from the `start`th on, the newest first, and whether there are more.

    `search` is a part of the title or of what it shows, or the beginning of the hash.
    """
    rows = _WITH_KEPT
    if access is not None:
        rows = rows.where(EvidenceRow.access == access)
    if search:
        words = (col(EvidenceRow.title), col(EvidenceRow.shows), col(EvidenceRow.paper))
        conditions = [word.icontains(search, autoescape=True) for word in words]
        begun = col(EvidenceRow.sha256).between(search.lower(), f"{search.lower()}g")
        rows = rows.where(or_(*conditions, begun))
    order = (col(EvidenceRow.date).desc(), col(EvidenceRow.entry).desc())
    some = rows.order_by(*order).offset(start).limit(limit + 1)
    rows_read = session.exec(some, params={"of_campaign": campaign}).all()
    return _shown_with_kept(session, rows_read[:limit]), len(rows_read) > limit


def shown_papers(session: Session, rows: Sequence[EvidenceRow]) -> tuple[Paper, ...]:
    """Papers as they are told, each with whether its bytes are kept here."""
    wanted = {row.sha256 for row in rows}
    kept = set(session.exec(select(PaperRow.sha256).where(col(PaperRow.sha256).in_(wanted))).all())
    return tuple(
        _shown_with_kept(session, [(row, row.sha256 if row.sha256 in kept else None) for row in rows])
    )


_DONE = table_of(EvidenceTreatmentRow).c
_TREATMENTS = OfKeys(lambda wanted: sql_select(_DONE.entry, _DONE.treatment).where(wanted), _DONE.entry)


def _shown_with_kept(session: Session, rows: Sequence[tuple[EvidenceRow, str | None]]) -> list[Paper]:
    """Papers as they are told; each row comes with its hash where its bytes are kept here."""
    done: dict[int, set[Treatment]] = defaultdict(set)
    for entry, treatment in _TREATMENTS.ask(session.connection(), [(row.entry,) for row, _ in rows]):
        done[entry].add(treatment)
    return [_paper_of(row, kept is not None, in_order(done[row.entry])) for row, kept in rows]


def _paper_of(row: EvidenceRow, is_kept: bool, done: tuple[Treatment, ...]) -> Paper:
    return Paper(
        sha256=row.sha256,
        original=row.original,
        done=done,
        title=row.title,
        kind=row.paper,
        date=row.date,
        shows=row.shows,
        access=row.access,
        entry=row.entry,
        waits=row.waits,
        kept=is_kept and row.access is not Access.SEALED,
    )


def served_paper(tx: Reading, sha256: str) -> tuple[str, bytes] | None:
    """(media type, bytes) of a paper that anybody may read: a standing entry names it and none seals it.

    None where there is no such paper; raises Damaged where the kept bytes are others.
    """
    named = papers_everywhere(tx.session, sha256)
    if not named or any(row.access is Access.SEALED for row in named):
        return None
    return tx.papers.load(sha256)
