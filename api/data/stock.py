"""Things over JSON: what lies where, the card of a lot at a place, who has a lot and whose gifts it was, what is lost.

All of it is public and computed; nothing here writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.data import shapes
from api.data.examples import EXAMPLES
from api.ports import Ports
from api.rendered import Rendered, RenderedAnswers
from ledger.core.times import rfc3339
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.views.losses import LossRow, loss_rows
from ledger.views.stock import GiftShare, LotTrace, StockRow, lot_traces, stock_card, stock_rows

_JSON = "application/json"
_MOST = 600


def stock_router(ports: Ports, answers: RenderedAnswers) -> APIRouter:
    router = APIRouter()

    def reading(path: str, example: str) -> Callable[[Any], Any]:
        problem = {"application/problem+json": {"example": EXAMPLES["problem"]}}
        said = {
            "200": {"description": "The answer", "content": {_JSON: {"example": EXAMPLES[example]}}},
            "404": {"description": "Nothing has this name", "content": problem},
        }

        def add(endpoint: Any) -> Any:
            extra = {"responses": said}
            router.get(path, tags=["Things"], openapi_extra=extra, response_class=Response)(endpoint)
            router.head(path, include_in_schema=False, response_class=Response)(endpoint)
            return endpoint

        return add

    def answered(request: Request, slug: str, rows: Callable[[Any, Books, str], list[Any]]) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            books = Books(tx)
            campaign_of(books.session, slug)
            return Rendered(shapes.dumps(shapes.page(rows(tx, books, rfc3339(now)[:10]), None)), _JSON)

        # What is expired changes at midnight, with no entry to say so.
        today = rfc3339(ports.clock())[:10]
        return answers.answer(request, f"{request.url.path}?{today}"[:_MOST], render)

    @reading("/campaigns/{slug}/stock", "stock")
    def stock(request: Request, slug: str) -> Response:
        """What lies in stock, by place and lot, with its last day of use; surplus and recalled lots are marked."""
        return answered(request, slug, lambda _, books, day: [_row(r, day) for r in stock_rows(books, slug)])

    @reading("/campaigns/{slug}/stock/{place}/{product}/{lot}", "stock_card")
    def card(request: Request, slug: str, place: str, product: str, lot: str) -> Response:
        """The stock card of a lot at a place: each document that brought pieces in or took them out."""
        return answered(
            request,
            slug,
            lambda tx, _, __: [shapes.plain(r) for r in stock_card(tx, slug, place, product, lot)],
        )

    @reading("/campaigns/{slug}/lots/{lot}", "lots")
    def lots(request: Request, slug: str, lot: str) -> Response:
        """Every lot of this name: where it came from, who has it, and whose gifts it was. What a recall asks."""
        return answered(request, slug, lambda _, books, __: [_trace(t) for t in lot_traces(books, slug, lot)])

    @reading("/campaigns/{slug}/losses", "losses")
    def losses(request: Request, slug: str) -> Response:
        """What did not arrive or is no more: cause, place, count, and the number of its report."""
        return answered(request, slug, lambda _, books, __: [_loss(row) for row in loss_rows(books, slug)])

    return router


def _row(row: StockRow, today: str) -> dict[str, Any]:
    told: dict[str, Any] = shapes.plain(row)
    return told | {"expired": row.is_expired(today)}


def _loss(row: LossRow) -> dict[str, Any]:
    told: dict[str, Any] = shapes.plain(row)
    return told | {"happened": row.happened or None}


def _trace(trace: LotTrace) -> dict[str, Any]:
    told: dict[str, Any] = shapes.plain(trace)
    return told | {"gifts": [_share(share) for share in trace.gifts]}


def _share(share: GiftShare) -> dict[str, Any]:
    return {
        "gift": share.gift or None,
        "amount": shapes.amount(share.asset, share.units),
        "pieces": shapes.integer(share.pieces),
    }
