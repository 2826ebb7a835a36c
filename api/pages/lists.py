"""The lists of a campaign as pages: donations, papers, deliveries, losses and the journal, and each as a CSV file.

25 rows a page, the newest first, with one choice, a search and a link to what is older. A list never ends in data for
programs. What a page shows is what its file holds, as whole values.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.pages import sentences as say
from api.pages.figures import short_hash
from api.pages.messages import COMMAS, Message, Piece, Sentence, listed
from api.pages.parts import ROWS
from api.pages.render import PageRenderer
from api.pages.sentences import fixed
from api.pages.sentences import lists as words
from api.ports import Ports
from api.problems import Problem
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.core.frozen import Amount
from ledger.core.money import decimal_text
from ledger.core.times import rfc3339
from ledger.model.evidence import Access
from ledger.rules.campaigns import campaign_of
from ledger.views.campaign import CampaignHead, DonationRow
from ledger.views.gift_list import GiftsWanted, GivenBy
from ledger.views.journal_list import newest_entries
from ledger.views.losses import loss_rows
from ledger.views.papers import newest_papers
from ledger.views.trail import DonationStatus
from ledger.views.two_keys import DeliveryCount, Unconfirmed, deliveries

CSV_ROWS = 10_000
"""Most rows of a file; what is older is on the pages."""
_LONGEST = 200
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula begins so."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a column: marked words, or a chip of a status. `figure`: at the end of the column."""

    said: Sentence
    figure: bool = False
    chip: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a page, and the same as plain values of a file."""

    cells: tuple[Cell, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows from a place on, and the place after them; `None` where the list ends."""

    rows: list[Row]
    following: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of a list is asked for: a choice and a search (empty: all), and the place that it begins at."""

    show: str
    search: str
    before: str | None

    @property
    def start(self) -> int:
        """The place as a number, of lists that are counted; raises Problem."""
        if self.before is None:
            return 0
        if not (self.before.isascii() and self.before.isdigit() and len(self.before) < 10):
            raise Problem(422, "Use the link that the page before gives.")
        return int(self.before)


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a page of a campaign's list is made of: what is asked for, how many rows, and when (Unix seconds)."""

    ports: Ports
    tx: Any
    slug: str
    asked: Asked
    limit: int
    now: int

    @property
    def today(self) -> str:
        return rfc3339(self.now)[:10]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list: what it is called, its columns with the names that a file gives them, its choices, and who finds rows.

    `data` is the last part of its path for programs, empty where it is a part of the campaign's; `chain`: does it tell
    what changes with each block?
    """

    name: str
    title: Message
    note: Message
    hint: Message
    columns: tuple[tuple[Message, bool], ...]
    values: tuple[str, ...]
    choices: Mapping[str, str]
    find: Callable[[ListRequest], ListPage]
    data: str
    chain: bool = False


def text_cell(text: str) -> Cell:
    """Words; a dash for none."""
    return Cell((Piece(text or "–"),))


def figure_cell(text: str) -> Cell:
    """A figure; a dash for none."""
    return Cell((Piece(text or "–"),), figure=True)


def decimal_of(amount: Amount | None) -> tuple[str, str]:
    """(digits, asset) of a file: money in its unit, pieces as they are counted."""
    if amount is None:
        return "", ""
    return decimal_text(amount.asset, amount.minor), amount.asset


# ── donations ────────────────────────────────────────────────────────────────────────────────────────────

_BY = {"coin": GivenBy.COIN, "bank": GivenBy.BANK, "kind": GivenBy.KIND}


def _donations(wanted: ListRequest) -> ListPage:
    asked = wanted.asked
    by = _BY.get(asked.show, GivenBy.COIN)
    status = None if asked.show in _BY or not asked.show else DonationStatus(asked.show)
    gifts = GiftsWanted(by, status, asked.search)
    rows, following = wanted.ports.views.newest_gifts(
        wanted.tx, wanted.slug, gifts, before=asked.before, limit=wanted.limit
    )
    return ListPage([_donation(row) for row in rows], following)


def _donation(row: DonationRow) -> Row:
    named = short_hash(row.outpoint) if row.outpoint else row.key.rpartition(":")[2]
    outcome = say.outcome_word(row.outcome)
    value = "–" if row.value is None else say.gift_amount(row.value, "")
    return Row(
        (
            Cell((Piece(named, href=f"/d/{quote(row.key, safe=':')}"),)),
            text_cell(say.gift_day(say.booked(row.at, row.happened), row.late)),
            figure_cell(say.gift_amount(row.amount, row.unit)),
            figure_cell(value),
            Cell((Piece(outcome or say.status_word(row.status)),), chip=row.status.value),
        ),
        (
            row.key,
            row.at,
            *decimal_of(row.amount),
            *decimal_of(row.value),
            row.status.value,
            row.outcome or "",
            row.address or "",
            "" if row.block_height is None else str(row.block_height),
            row.restriction or "",
        ),
    )


# ── papers ───────────────────────────────────────────────────────────────────────────────────────────────


def _papers(wanted: ListRequest) -> ListPage:
    asked = wanted.asked
    access = Access(asked.show) if asked.show else None
    papers, more = newest_papers(
        wanted.tx.session,
        wanted.slug,
        access=access,
        search=asked.search,
        start=asked.start,
        limit=wanted.limit,
    )
    rows = [
        Row(
            (
                Cell((Piece(paper.title, href=paper.href or ""),)),
                text_cell(say.booked(paper.date)),
                text_cell(paper.shows),
                text_cell(say.access_word(paper)),
                Cell((Piece(short_hash(paper.sha256), "code", title=paper.sha256),)),
            ),
            (paper.title, paper.kind, paper.date, paper.shows, paper.access.value, paper.sha256),
        )
        for paper in papers
    ]
    return ListPage(rows, str(asked.start + wanted.limit) if more else None)


# ── deliveries and losses ────────────────────────────────────────────────────────────────────────────────


def _deliveries(wanted: ListRequest) -> ListPage:
    campaign_of(wanted.tx.session, wanted.slug)
    shown = deliveries(wanted.tx.session, wanted.slug, wanted.today)
    counted = [row for row in shown.counts if wanted.asked.show in {"", "gap" if row.gap else "agreed"}]
    uncounted = shown.unconfirmed if wanted.asked.show in {"", "uncounted"} else ()
    rows: list[DeliveryCount | Unconfirmed] = [*counted, *uncounted]
    rows.sort(key=lambda row: (row.date, row.paper), reverse=True)
    made = [_delivery(say.delivery(shown, row.about, row.paper), row) for row in rows]
    return part_of(searched(made, wanted.asked.search), wanted)


def _delivery(named: str, row: DeliveryCount | Unconfirmed) -> Row:
    if isinstance(row, Unconfirmed):
        cells = (
            text_cell(named),
            text_cell(""),
            figure_cell(say.pieces(row.sent)),
            text_cell(say.not_counted()),
            text_cell(""),
            text_cell(say.booked(row.date)),
        )
        return Row(cells, (row.about.value, row.paper, "", "", say.pieces(row.sent), "", "", "", row.date))
    cells = (
        text_cell(named),
        text_cell(say.lot(row.product, row.lot)),
        figure_cell(say.number_of(row.sent, "")),
        text_cell(say.counted(row)),
        text_cell(say.gap(row)),
        text_cell(say.booked(row.date, row.happened)),
    )
    counts = (str(row.sent), str(row.good), str(row.damaged), str(row.gap))
    return Row(cells, (row.about.value, row.paper, row.product, row.lot, *counts, row.date))


def _losses(wanted: ListRequest) -> ListPage:
    campaign_of(wanted.tx.session, wanted.slug)
    rows = [
        Row(
            (
                text_cell(say.lot(row.product, row.lot)),
                figure_cell(say.pieces_lost(row)),
                text_cell(row.place),
                text_cell(say.cause(row.cause)),
                text_cell(row.report),
                text_cell(say.booked(row.date, row.happened)),
            ),
            (
                *(
                    str(row.document),
                    row.product,
                    row.lot,
                    str(row.pieces),
                    str(row.found),
                    row.place,
                    row.cause,
                ),
                *(row.report, row.reason, row.happened or row.date),
            ),
        )
        for row in reversed(loss_rows(wanted.tx.session, wanted.slug))
    ]
    return part_of(searched(rows, wanted.asked.search), wanted)


def searched(rows: Iterable[Row], search: str) -> list[Row]:
    """Those of some rows in whose values a text stands, whatever its case."""
    text = search.lower()
    return [row for row in rows if any(text in value.lower() for value in row.values)]


def part_of(rows: list[Row], wanted: ListRequest) -> ListPage:
    """So many of some rows, from the place on that is asked for."""
    asked, end = wanted.asked, wanted.asked.start + wanted.limit
    return ListPage(rows[asked.start : end], str(end) if len(rows) > end else None)


# ── the journal ──────────────────────────────────────────────────────────────────────────────────────────


def _entries(wanted: ListRequest) -> ListPage:
    campaign_of(wanted.tx.session, wanted.slug)
    before = None if wanted.asked.before is None else wanted.asked.start
    entries, more = newest_entries(
        wanted.tx.session, wanted.slug, search=wanted.asked.search, before=before, limit=wanted.limit
    )
    rows = [
        Row(
            (
                Cell(
                    (
                        Piece(
                            str(row.seq),
                            href=f"/api/v1/campaigns/{wanted.slug}/entries?limit=1&cursor={row.seq - 1}",
                        ),
                    )
                ),
                text_cell(row.kind),
                text_cell(say.booked(row.date)),
                text_cell(say.time(row.recorded_at)),
                Cell((Piece(short_hash(row.hash), "code", title=row.hash),)),
            ),
            (str(row.seq), row.kind, row.date, row.recorded_at, row.hash),
        )
        for row in entries
    ]
    return ListPage(rows, str(entries[-1].seq) if more else None)


_STATUSES = [status for status in DonationStatus if status is not DonationStatus.REVERSED]
LISTS = (
    ListOf(
        "donations", words.DONATIONS, words.DONATIONS_NOTE, words.DONATION_HINT,
        (
            (fixed.DONATION, False), (fixed.DATE, False), (fixed.AMOUNT, True), (fixed.VALUE_THEN, True),
            (fixed.STATUS, False),
        ),
        (
            "key", "at", "amount", "asset", "value", "value_asset", "status", "outcome", "address", "block_height",
            "restriction",
        ),
        {
            "": str(words.IN_COINS), **{status.value: say.status_word(status) for status in _STATUSES},
            "bank": str(words.BY_BANK), "kind": str(words.IN_KIND),
        },
        _donations, "donations", chain=True,
    ),
    ListOf(
        "papers", words.PAPERS, words.PAPERS_NOTE, words.PAPER_HINT,
        (
            (fixed.PAPER, False), (fixed.DATE, False), (fixed.SHOWS, False), (fixed.ACCESS, False),
            (fixed.SHA_256, False),
        ),
        ("title", "kind", "date", "shows", "access", "sha256"),
        {
            "": str(words.ALL), "public": str(words.PUBLIC), "redacted": str(words.REDACTED),
            "sealed": str(words.SEALED),
        },
        _papers, "evidence",
    ),
    ListOf(
        "deliveries", words.DELIVERIES, words.DELIVERIES_NOTE, words.LOT_HINT,
        (
            (fixed.DELIVERY, False), (fixed.LOT, False), (fixed.SENT, True), (fixed.COUNTED_THERE, False),
            (fixed.GAP, False), (fixed.DATE, False),
        ),
        ("about", "paper", "product", "lot", "sent", "good", "damaged", "gap", "date"),
        {
            "": str(words.ALL), "gap": str(words.GAPS), "uncounted": str(words.UNCOUNTED),
            "agreed": str(words.AGREED),
        },
        _deliveries, "confirmations",
    ),
    ListOf(
        "losses", words.LOSSES, words.LOSSES_NOTE, words.LOT_HINT,
        (
            (fixed.LOT, False), (fixed.PIECES, True), (fixed.WHERE, False), (fixed.WHY, False),
            (fixed.REPORT, False), (fixed.DATE, False),
        ),
        (
            "document", "product", "lot", "pieces", "found_again", "place", "cause", "report", "reason", "date",
        ),
        {}, _losses, "losses",
    ),
    ListOf(
        "entries", words.ENTRIES, words.ENTRIES_NOTE, words.ENTRY_HINT,
        (
            (words.NUMBER, False), (words.KIND, False), (fixed.DATE, False), (words.RECORDED, False),
            (words.HASH, False),
        ),
        ("seq", "kind", "date", "recorded_at", "hash"),
        {}, _entries, "entries",
    ),
)  # fmt: skip
"""What a campaign has lists of; each at `/c/{slug}/{name}`, and as a file at `/c/{slug}/{name}.csv`."""

Show = Annotated[str, Query(max_length=20)]
Search = Annotated[str, Query(max_length=_LONGEST)]
Before = Annotated[str | None, Query(max_length=110)]


def lists_routes(
    router: APIRouter, ports: Ports, pages: PageRenderer, answers: ReadyAnswers, lists: Sequence[ListOf]
) -> None:
    for list_of in lists:
        _list_routes(router, ports, pages, answers, list_of)


def _list_routes(
    router: APIRouter, ports: Ports, pages: PageRenderer, answers: ReadyAnswers, list_of: ListOf
) -> None:

    def reads(slug: str, asked: Asked) -> Reads | None:
        """What is searched for or far down is asked too seldom to be kept."""
        return None if asked.search or asked.before else Reads(frozenset({slug}), chain=list_of.chain)

    @router.api_route(f"/c/{{slug}}/{list_of.name}", methods=["GET", "HEAD"])
    def page(request: Request, slug: str, show: Show = "", q: Search = "", before: Before = None) -> Response:
        asked = _asked(list_of, show, q, before)

        def render(tx: Any, now: int) -> Rendered:
            head = ports.views.campaign_head(tx, slug)
            rows = list_of.find(ListRequest(ports, tx, slug, asked, ROWS, now))
            return Rendered(
                _page(pages.of(request), list_of, head, asked, rows),
                "text/html; charset=utf-8",
                reads=reads(slug, asked),
            )

        return answers.answer(request, render)

    @router.api_route(f"/c/{{slug}}/{list_of.name}.csv", methods=["GET", "HEAD"])
    def file(request: Request, slug: str, show: Show = "", q: Search = "") -> Response:
        asked = _asked(list_of, show, q, None)

        def render(tx: Any, now: int) -> Rendered:
            rows = list_of.find(ListRequest(ports, tx, slug, asked, CSV_ROWS, now))
            headers = {"Content-Disposition": f'attachment; filename="{slug}-{list_of.name}.csv"'}
            body = csv_of(list_of.values, [row.values for row in rows.rows])
            return Rendered(body, "text/csv; charset=utf-8", headers, reads=None)

        return answers.answer(request, render)


def _asked(list_of: ListOf, show: str, search: str, before: str | None) -> Asked:
    if show and show not in list_of.choices:
        raise Problem(422, "This list has no such choice. Choose one that the page shows.")
    return Asked(show, search.strip(), before or None)


def csv_of(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """RFC 4180 in UTF-8; what a spreadsheet would compute is written as text, behind an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for row in rows:
        writer.writerow(
            [f"'{value}" if value.startswith(_FORMULA) and not _is_number(value) else value for value in row]
        )
    return out.getvalue().encode()


def _is_number(value: str) -> bool:
    return value.removeprefix("-").replace(".", "", 1).isdecimal()


def _page(pages: PageRenderer, list_of: ListOf, head: CampaignHead, asked: Asked, rows: ListPage) -> bytes:
    path = f"/c/{head.slug}/{list_of.name}"
    chosen = {name: value for name, value in (("show", asked.show), ("q", asked.search)) if value}
    older = {**chosen, "before": rows.following or ""}
    narrowed = f"?{urlencode(chosen)}" if chosen else ""
    return pages.page(
        "list.html",
        pages.frame(
            listed([str(list_of.title), head.title], COMMAS),
            demonstration=head.demonstration,
            facts=head.sources_of_facts,
            journal=head.journal,
        ),
        words=words,
        told=list_of,
        head=head,
        asked=asked,
        columns=list_of.columns,
        found=rows.rows,
        path=path,
        newest=f"{path}{narrowed}" if asked.before else "",
        older=f"{path}?{urlencode(older)}" if rows.following else "",
        csv=f"{path}.csv{narrowed}",
        # Every row rests on an entry, or on a payment that has none yet.
        most=CSV_ROWS if rows.following and head.journal.seq > CSV_ROWS else 0,
        data=f"/api/v1/campaigns/{head.slug}/{list_of.data}".removesuffix("/"),
    )
