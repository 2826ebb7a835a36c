"""Two-key delivery over JSON: making a link for the other side, and both counts of every confirmed delivery.

The code of a link is told once, to who made it; it is never logged and never told again.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.data.acts import body_of, token_of, unkept
from api.data.shapes import dumps
from api.pages.qr import qr_of
from api.ports import Ports
from api.problems import Problem
from ledger.recording.confirming import make_link
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.confirmations import TwoCounts, two_counts

_JSON = "application/json"
_EXAMPLE = {
    "code": "Zk3…", "url": "https://aid.example/confirm/Zk3…", "expires_at": "2020-08-17T10:00:00Z", "qr": "<svg …>",
}  # fmt: skip
_COUNTS = {
    "about": "shipment", "paper": "W-001", "product": "MASK", "lot": "A1", "sent": 89300, "good": 88600,
    "damaged": 0, "books_good": 88700, "explained": 0, "gap": 100, "date": "2020-08-02", "happened": None,
}  # fmt: skip
_WANTED = {
    "type": "object",
    "required": ["about", "paper"],
    "additionalProperties": False,
    "properties": {
        "about": {"enum": ["shipment", "handover"]},
        "paper": {"type": "string", "description": "the waybill, or the handover's number"},
        "days": {"type": "integer", "minimum": 1, "maximum": 90, "default": 14},
    },
}


def confirmations_router(ports: Ports) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/campaigns/{slug}/confirmations/link",
        tags=["Desk"],
        status_code=201,
        response_class=Response,
        openapi_extra={
            "security": [{"token": []}],
            "requestBody": {"required": True, "content": {_JSON: {"schema": _WANTED}}},
            "responses": {"201": {"description": "Made", "content": {_JSON: {"example": _EXAMPLE}}}},
        },
    )
    async def link(request: Request, slug: str) -> Response:
        """A one-time link by which the consignee or recipient counts what came; shown once, with its QR code."""
        token = token_of(request)
        body = await body_of(request)
        return await run_in_threadpool(_made, ports, token, slug, body)

    @router.get(
        "/campaigns/{slug}/confirmations",
        tags=["Public"],
        response_class=Response,
        openapi_extra={
            "responses": {
                "200": {
                    "description": "Both counts, lot by lot",
                    "content": {_JSON: {"example": {"items": [_COUNTS], "next": None}}},
                }
            }
        },
    )
    def counts(slug: str) -> Response:
        """Every confirmed delivery: the sender's count beside the other side's, and the gap that nothing explains.

        `books_good`: what was sent without what arrivals call short, damaged or lost; the gap is that minus `good`,
        and nearer to 0 by what is `explained`.
        """
        with ports.store.read() as tx:
            books = Books(tx)
            campaign_of(books.session, slug)
            rows = two_counts(books, slug)
        body = dumps({"items": [_row(row) for row in rows], "next": None})
        return Response(body, media_type=_JSON, headers={"Cache-Control": "no-cache"})

    return router


def _made(ports: Ports, token: str, slug: str, body: Any) -> Response:
    now = ports.clock()

    def make(tx: Any) -> Any:
        actor = ports.desk.actor_of_token(tx, token)
        if actor is None:
            raise Problem(401, "This token is not known, or is revoked.")
        return make_link(tx, actor, slug, body, now=now)

    with ports.store.write() as tx:
        made = make(tx)
    url = f"{ports.settings.base_url}/confirm/{made.code}"
    return unkept({"code": made.code, "url": url, "expires_at": made.expires_at, "qr": qr_of(url)})


def _row(row: TwoCounts) -> dict[str, Any]:
    return {
        "about": row.about,
        "paper": row.paper,
        "product": row.product,
        "lot": row.lot,
        "sent": row.sent,
        "good": row.good,
        "damaged": row.damaged,
        "books_good": row.books_good,
        "explained": row.explained,
        "gap": row.gap,
        "date": row.date,
        "happened": row.happened or None,
    }
