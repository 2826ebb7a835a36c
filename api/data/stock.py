"""Things over JSON: what lies where, the card of a lot at a place, who has a lot and whose gifts it was, what is lost,
what is still to be paid for them, and what was there before the books begin.

All of it is public and computed; nothing here writes.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.data.answers import Page
from api.data.documented import DEFAULT_LIMIT, Limit, Named, NumberCursor, Slug
from api.data.paging import page_of
from api.data.reading import read_route
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.core.times import rfc3339
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.order_papers import OrderPapers
from ledger.views.bank_accounts import BankAccount, bank_accounts
from ledger.views.known_names import NameRecord, known_names
from ledger.views.losses import LossRow, loss_rows
from ledger.views.openings import BroughtIn, brought_in
from ledger.views.payables import PayableRow, payable_rows
from ledger.views.stock import CardRow, LotTrace, StockRow, lot_traces, stock_card, stock_rows

_TAG = "Things"


def stock_routes(router: APIRouter, answers: ReadyAnswers) -> None:

    @read_route(router, "/campaigns/{slug}/stock", _TAG, Page[StockRow], "stock", 404)
    def stock(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """What lies in stock, by place and lot, with its last day of use; surplus and recalled lots are marked."""

        def render(tx: Any, now: int) -> Rendered:
            rows = stock_rows(_books(tx, slug), slug, rfc3339(now)[:10])
            return page_of(request, Page[StockRow], rows, limit, cursor, Reads(frozenset({slug})))

        return answers.answer(request, render)

    path = "/campaigns/{slug}/stock/{place}/{product}/{lot}"

    @read_route(router, path, _TAG, Page[CardRow], "stock_card", 404)
    def card(
        request: Request,
        slug: Slug,
        place: Named,
        product: Named,
        lot: Named,
        limit: Limit = DEFAULT_LIMIT,
        cursor: NumberCursor = None,
    ) -> Response:
        """The stock card of a lot at a place: each document that brought pieces in or took them out."""

        def render(tx: Any, now: int) -> Rendered:
            rows = stock_card(tx, slug, place, product, lot)
            return page_of(request, Page[CardRow], rows, limit, cursor, Reads(frozenset({slug})))

        return answers.answer(request, render)

    @read_route(router, "/campaigns/{slug}/lots/{lot}", _TAG, Page[LotTrace], "lots", 404)
    def lots(
        request: Request, slug: Slug, lot: Named, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """Every lot of this name: where it came from, who has it, and whose gifts it was. What a recall asks."""

        def render(tx: Any, now: int) -> Rendered:
            rows = lot_traces(_books(tx, slug), slug, lot)
            # A maker's lot is one: it says which other campaigns it came to, and what these say of it.
            return page_of(request, Page[LotTrace], rows, limit, cursor, Reads())

        return answers.answer(request, render)

    @read_route(router, "/names", _TAG, Page[NameRecord], "names")
    def names(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None) -> Response:
        """Suppliers, partners, places, recipients, banks and exchanges that facts name, with codes to call them by."""

        def render(tx: Any, _now: int) -> Rendered:
            return page_of(request, Page[NameRecord], known_names(tx.session), limit, cursor, Reads())

        return answers.answer(request, render)

    @read_route(router, "/campaigns/{slug}/banks", _TAG, Page[BankAccount], "banks", 404)
    def banks(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """Banks, cash boxes, wallets and advances: whose money lies there, and how soon statements tell of it."""

        def render(tx: Any, _now: int) -> Rendered:
            rows = tuple(bank_accounts(tx.session, slug))
            return page_of(request, Page[BankAccount], rows, limit, cursor, Reads(frozenset({slug})))

        return answers.answer(request, render)

    @read_route(router, "/campaigns/{slug}/losses", _TAG, Page[LossRow], "losses", 404)
    def losses(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """What did not arrive or is no more: cause, place, count, and the number of its report."""

        def render(tx: Any, now: int) -> Rendered:
            rows = tuple(loss_rows(_books(tx, slug).session, slug))
            return page_of(request, Page[LossRow], rows, limit, cursor, Reads(frozenset({slug})))

        return answers.answer(request, render)

    @read_route(router, "/campaigns/{slug}/payables", _TAG, Page[PayableRow], "payables", 404)
    def payables(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """What suppliers billed and were not paid, by when it is due; and what was received and is not yet billed."""

        def render(tx: Any, now: int) -> Rendered:
            rows = payable_rows(OrderPapers(_books(tx, slug), slug), rfc3339(now)[:10])
            return page_of(request, Page[PayableRow], rows, limit, cursor, Reads(frozenset({slug})))

        return answers.answer(request, render)

    @read_route(router, "/campaigns/{slug}/openings", _TAG, Page[BroughtIn], "openings", 404)
    def openings(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """What stood when the books of a campaign began, row by row, with what of it does not tie."""

        def render(tx: Any, _now: int) -> Rendered:
            _books(tx, slug)
            return page_of(
                request, Page[BroughtIn], brought_in(tx, slug), limit, cursor, Reads(frozenset({slug}))
            )

        return answers.answer(request, render)


def _books(tx: Any, slug: str) -> Books:
    """The books; raises NotFound for an unknown campaign."""
    campaign_of(tx.session, slug)
    return Books(tx)
