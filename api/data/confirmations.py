"""Two-key delivery over JSON: making a link for the other side, and both counts of every confirmed delivery.

The code of a link is told once, to who made it; it is never logged and never told again.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import actor_of, require_token
from api.data.acts import body_of, schema_of, unkept
from api.data.answers import ConfirmationLink, Page
from api.data.documented import DEFAULT_LIMIT, JSON, Limit, NumberCursor, Slug, answer, problems, secured
from api.data.paging import page_of
from api.data.reading import read_route
from api.pages.qr import qr_of
from api.ports import Ports
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.core.roles import Scope
from ledger.recording.confirming import LinkWanted, make_link
from ledger.views.two_keys import DeliveryCount, delivery_counts


def confirmations_routes(router: APIRouter, ports: Ports, answers: ReadyAnswers) -> None:

    @read_route(
        router, "/campaigns/{slug}/confirmations", "Things", Page[DeliveryCount], "confirmations", 404
    )
    def counts(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """Every confirmed delivery: the sender's count beside the other side's, and the gap that nothing explains."""

        def render(tx: Any, now: int) -> Rendered:
            rows = delivery_counts(tx.session, slug)
            return page_of(request, Page[DeliveryCount], rows, limit, cursor, Reads(frozenset({slug})))

        return answers.answer(request, render)

    @router.post(
        "/campaigns/{slug}/confirmations/link",
        tags=["Desk"],
        status_code=201,
        response_model=ConfirmationLink,
        responses={
            **answer("confirmation_link", "The link is made.", status=201),
            **problems(401, 403, 404, 409, 413, 422, 507),
        },
        openapi_extra={
            "security": secured(Scope.RECORD),
            "requestBody": {"required": True, "content": {JSON: {"schema": schema_of(LinkWanted)}}},
        },
    )
    async def link(request: Request, slug: Slug) -> Response:
        """A one-time link by which the consignee or recipient counts what came; shown once, with its QR code."""
        token = await require_token(request, ports)
        body = await body_of(request)
        return await run_in_threadpool(_made, ports, token, slug, body)


def _made(ports: Ports, token: str, slug: str, body: Any) -> Response:
    with ports.store.write() as tx:
        made = make_link(tx, actor_of(ports, tx, token), slug, body, now=ports.clock())
    url = f"{ports.settings.base_url}/confirm/{made.code}"
    link = ConfirmationLink(code=made.code, url=url, expires_at=made.expires_at, qr=qr_of(url))
    return unkept(link, 201)
