"""The lists of a campaign that accountants look for: what waits, what is owed and promised, what was there before,
closed periods. Each is a page, and a file, as the other lists are.
"""

from __future__ import annotations

from urllib.parse import quote

from api.pages import sentences as say
from api.pages.lists import (
    Cell,
    ListOf,
    ListPage,
    ListRequest,
    Row,
    decimal_of,
    figure_cell,
    part_of,
    searched,
    text_cell,
)
from api.pages.messages import Piece
from api.pages.sentences import fixed
from api.pages.sentences import lists as words
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.views.campaign import PublicOpenItem
from ledger.views.controls import PeriodRow, period_rows
from ledger.views.decisions import decisions, public_decisions
from ledger.views.openings import standing
from ledger.views.queries import pledge_rows
from ledger.views.readings import CampaignReadings


def _waiting(wanted: ListRequest) -> ListPage:
    campaign_of(wanted.tx.session, wanted.slug)
    today = wanted.today
    rows = [
        _open_item(
            PublicOpenItem(
                kind=row.kind.value, subject=row.subject, since=row.since, amount=row.amount, to_do=row.to_do
            ),
            today,
        )
        for row in reversed(
            public_decisions(decisions(wanted.tx, wanted.slug, now=wanted.now, suggest=False))
        )
    ]
    return part_of(searched(rows, wanted.asked.search), wanted)


def _open_item(row: PublicOpenItem, today: str) -> Row:
    to_do = say.public_to_do(row.to_do)
    return Row(
        (
            text_cell(say.kind_title(row.kind)),
            text_cell(say.which(row)),
            figure_cell("" if row.amount is None else say.gift_amount(row.amount, "")),
            text_cell(say.waits_since(row, today)),
            text_cell(to_do),
        ),
        (row.kind, str(row.subject), *decimal_of(row.amount), row.since, to_do),
    )


def _readings(wanted: ListRequest) -> CampaignReadings:
    """What a list is made of, and no more of the campaign than it asks for; raises NotFound."""
    campaign = campaign_of(wanted.tx.session, wanted.slug)
    return CampaignReadings(wanted.tx, Books(wanted.tx), campaign.slug, wanted.today)


def _payables(wanted: ListRequest) -> ListPage:
    payables = _readings(wanted).payables
    rows = [
        Row(
            (
                text_cell(say.order_billed(row)),
                text_cell(row.supplier),
                figure_cell(say.gift_amount(row.payable, "")),
                figure_cell(say.gift_amount(row.received, "")),
                text_cell(say.payable_due(row)),
            ),
            (
                *(row.order, row.invoice, row.supplier, *decimal_of(row.payable), *decimal_of(row.received)),
                *(row.since, row.due or "", "yes" if row.overdue else "no"),
            ),
        )
        for row in sorted(payables, key=lambda row: (row.since, row.order, row.invoice), reverse=True)
        if not wanted.asked.show or row.overdue
    ]
    return part_of(searched(rows, wanted.asked.search), wanted)


def _pledges(wanted: ListRequest) -> ListPage:
    pledges = pledge_rows(_readings(wanted))
    rows = [
        Row(
            (
                text_cell(row.number),
                text_cell(say.booked(row.date, row.happened)),
                figure_cell(say.gift_amount(row.promised, "")),
                text_cell(say.pledge_status(row)),
                text_cell(say.pledge_came(row)),
            ),
            (
                *(row.number, row.date, *decimal_of(row.promised), row.status.value, decimal_of(row.paid)[0]),
                *(decimal_of(row.lapsed)[0], decimal_of(row.open)[0], row.due or ""),
            ),
        )
        for row in sorted(pledges, key=lambda row: (row.date, row.number), reverse=True)
    ]
    return part_of(searched(rows, wanted.asked.search), wanted)


def _opening(wanted: ListRequest) -> ListPage:
    campaign_of(wanted.tx.session, wanted.slug)
    opening = standing(wanted.tx, wanted.slug)
    rows = [
        Row(
            (
                text_cell(say.brought_what(row)),
                figure_cell(say.brought_amount(row)),
                text_cell(row.place),
                text_cell(say.brought_counts(row)),
            ),
            (
                *(row.kind.value, row.what, row.place, *decimal_of(row.amount), row.detail),
                "yes" if row.counts else "no",
            ),
        )
        for row in (opening.rows if opening else ())
    ]
    return part_of(searched(rows, wanted.asked.search), wanted)


def _periods(wanted: ListRequest) -> ListPage:
    rows = [_period(wanted.slug, row) for row in period_rows(wanted.tx.session, wanted.slug)]
    return part_of(searched(rows, wanted.asked.search), wanted)


def _period(slug: str, row: PeriodRow) -> Row:
    path = f"/c/{slug}/periods/{quote(row.number, safe='')}"
    return Row(
        (
            text_cell(row.number),
            text_cell(say.period(row.first, row.last)),
            text_cell(say.period_closed(row)),
            Cell((Piece(str(fixed.TRIAL_BALANCE), href=path),)),
        ),
        (row.number, row.first, row.last, row.closed_on, str(row.seq), str(row.reopened or "")),
    )


ACCOUNT_LISTS = (
    ListOf(
        "waiting", fixed.WAITS, words.WAITING_NOTE, words.WAITING_HINT,
        (
            (fixed.WHAT, False), (fixed.WHICH, False), (fixed.AMOUNT, True), (fixed.SINCE, False),
            (fixed.TO_DO, False),
        ),
        ("kind", "subject", "amount", "asset", "since", "to_do"), {}, _waiting, "decisions", chain=True,
    ),
    ListOf(
        "payables", fixed.STILL_TO_PAY, words.PAYABLES_NOTE, words.PAYABLE_HINT,
        (
            (fixed.ORDER, False), (fixed.TO, False), (fixed.PAYABLE, True), (fixed.RECEIVED_UNPAID, True),
            (fixed.DUE, False),
        ),
        (
            "order", "invoice", "supplier", "payable", "currency", "received_unpaid", "received_currency", "since",
            "due", "overdue",
        ),
        {"": str(words.ALL), "overdue": str(words.OVERDUE)}, _payables, "payables",
    ),
    ListOf(
        "pledges", fixed.PROMISED, words.PLEDGES_NOTE, words.PLEDGE_HINT,
        (
            (fixed.PLEDGE, False), (fixed.DATE, False), (fixed.PROMISED, True), (fixed.STATE, False),
            (fixed.CAME_OF_IT, False),
        ),
        ("number", "date", "promised", "asset", "status", "paid", "lapsed", "open", "due"), {}, _pledges, "",
    ),
    ListOf(
        "opening", words.OPENING, words.OPENING_NOTE, words.OPENING_HINT,
        ((fixed.WHAT, False), (fixed.AMOUNT, True), (fixed.WHERE, False), (fixed.IN_SUMS, False)),
        ("kind", "what", "place", "amount", "asset", "detail", "counts"), {}, _opening, "openings",
    ),
    ListOf(
        "periods", fixed.CLOSED_PERIODS, words.PERIODS_NOTE, words.PERIOD_HINT,
        ((fixed.PERIOD, False), (words.DAYS, False), (fixed.STATE, False), (fixed.BALANCES, False)),
        ("number", "first", "last", "closed_on", "entry", "reopened_by"), {}, _periods, "periods",
    ),
)  # fmt: skip
"""Lists behind the page of the accounts."""
