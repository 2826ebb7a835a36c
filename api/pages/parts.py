"""Parts that several pages share: the books strip, the picture with its table, papers, lines of donations.

Plain functions from the ledger's views to contexts; no HTML but the ready drawings.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from api.flow import tall as flow_tall
from api.flow import wide as flow_wide
from api.flow.words import words_of
from api.pages import sentences as say
from api.pages.contexts import DonationLine, FlowRow, PaperLink, PaperRow, Picture, Strip
from api.pages.figures import exact, short_hash, with_asset
from ledger.model.evidence import Access
from ledger.views.campaign import Books, DonationRow
from ledger.views.flow import Flow, StageKind, Thread
from ledger.views.trail import DonationStatus, Paper

ROWS = 25
"""Most rows of any list in a first view."""


def strip(books: Books) -> Strip:
    wrong = bool(books.difference or books.unexplained or books.shortfall)
    # What only waits for a person is no alarm; what the chain contradicts is one.
    waits = books.block is None or (not books.reconciled and not wrong)
    settled = "ties" if books.reconciled else "broken"
    return Strip("waits" if waits else settled, say.books_facts(books), say.books_notes(books))


def picture(flow: Flow, thread: Thread | None) -> Picture | None:
    """Both drawings and their table; None while nothing has arrived."""
    if not flow.stages or not any(stage.units for stage in flow.stages):
        return None
    if thread is not None and not thread.points:
        thread = None
    words = words_of(flow, thread)
    rows, hidden = _rows(flow, thread)
    return Picture(
        caption=say.FLOW_CAPTION if thread is None else say.THREAD_CAPTION,
        wide=Markup(flow_wide.drawn(flow, words, thread, "w")),  # noqa: S704 - built and escaped by us
        tall=Markup(flow_tall.drawn(flow, words, thread, "t")),  # noqa: S704
        head=say.FLOW_TABLE_HEAD,
        rows=rows,
        hidden_rows=hidden,
        has_yours=thread is not None,
    )


_OF_MONEY = {StageKind.DONATED, StageKind.CONVERTED}
"""Stages whose bars are told apart where some of the money is restricted to a need."""


def _rows(flow: Flow, thread: Thread | None) -> tuple[tuple[FlowRow, ...], int]:
    general = words_of(flow, None)
    yours = words_of(flow, thread) if thread else None
    rows: list[FlowRow] = []
    hidden = 0
    held: dict[str, int] = {}
    for point in thread.points if thread else ():
        held[point.bar] = held.get(point.bar, 0) + (point.end - point.start if point.left is None else 0)
    for index, stage in enumerate(flow.stages):
        head = general.heads[index]
        stays = tuple(f"{foot.figure} {foot.word}" for foot in general.feet[index] if not foot.bad)
        lost = tuple(f"{foot.figure} {foot.word}" for foot in general.feet[index] if foot.bad)
        mine = yours.heads[index].figure if yours else ""
        rows.append(FlowRow(head.label, mine, f"{head.figure}, {head.detail}", stays, lost, False))
        if stage.kind is StageKind.DISTRIBUTED or (stage.kind in _OF_MONEY and len(stage.bars) > 1):
            for bar in stage.bars[:ROWS]:
                part = with_asset(bar.asset, held.get(bar.key, 0)) if yours else ""
                rows.append(FlowRow(bar.label, part, with_asset(bar.asset, bar.units), (), (), True))
            hidden += max(0, len(stage.bars) - ROWS)
    return tuple(rows), hidden


def groups_of_four(address: str) -> tuple[str, ...]:
    """An address as people compare it; nothing for an empty one."""
    return tuple(address[i : i + 4] for i in range(0, len(address), 4))


def paper_href(paper: Paper) -> str:
    return "" if paper.access is Access.SEALED else f"/papers/{quote(paper.sha256, safe='')}"


def paper_rows(papers: Sequence[Paper]) -> tuple[PaperRow, ...]:
    return tuple(
        PaperRow(
            title=paper.title,
            href=paper_href(paper),
            date=say.booked(paper.date, ""),
            shows=paper.shows or "–",
            access=paper.access.value.capitalize(),
            sha256=paper.sha256,
            short=short_hash(paper.sha256),
        )
        for paper in papers
    )


def paper_links(papers: Sequence[Paper]) -> tuple[PaperLink, ...]:
    return tuple(PaperLink(paper.title, paper_href(paper), paper.access.value) for paper in papers[:4])


def donation_line(row: DonationRow) -> DonationLine:
    return DonationLine(
        href=f"/d/{quote(row.key, safe=':')}",
        outpoint=short_hash(row.outpoint) if row.outpoint else row.gift.rpartition(":")[2],
        at=say.booked(row.at, row.happened) + (", late" if row.late else ""),
        amount=say.gift_amount(row.asset, row.minor, row.unit),
        value="" if row.value is None else f"{exact(row.currency, row.value)} {row.currency}",
        status=row.status.value,
        word=say.outcome_word(row.outcome) or say.status_word(DonationStatus(row.status)),
    )
