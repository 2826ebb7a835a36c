"""The public JSON under /api/v1: campaigns, donations, trails, the journal as published, papers, the chain.

Reading only, from one snapshot each; writing is in the modules that this one includes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.data import shapes
from api.data.acts import acts_router
from api.data.examples import EXAMPLES
from api.data.lookups import lookups_router
from api.data.paging import PARAMETERS, cursor_of, limit_of, link_header, number_cursor_of
from api.data.papers import papers_router
from api.data.periods import periods_router
from api.data.reconciling import reconciling_router
from api.data.stock import stock_router
from api.data.unknown import unknown_router
from api.pages.routes import checked_key, is_public_key
from api.ports import Ports
from api.problems import problem_json
from api.rendered import Rendered, RenderedAnswers
from ledger.core.chain import Outpoint
from ledger.core.errors import NotFound, Refused
from ledger.views.other_gifts import is_gift_key

_JSON = "application/json"


def told(example: str, *, paged: bool = False) -> dict[str, Any]:
    """Documentation of a reading route: the example of its answer, its problems, its paging."""
    problem = {"application/problem+json": {"example": EXAMPLES["problem"]}}
    extra: dict[str, Any] = {
        "responses": {
            "200": {"description": "The answer", "content": {_JSON: {"example": EXAMPLES[example]}}},
            "404": {"description": "Nothing has this name", "content": problem},
            "422": {"description": "Refused, with the fields", "content": problem},
        }
    }
    if paged:
        extra["parameters"] = PARAMETERS
    return extra


def data_router(ports: Ports, answers: RenderedAnswers) -> APIRouter:
    router = APIRouter(prefix="/api/v1")
    views = ports.views

    def reading(path: str, tag: str, example: str, *, paged: bool = False) -> Callable[[Any], Any]:
        def add(endpoint: Any) -> Any:
            extra = told(example, paged=paged)
            router.get(path, tags=[tag], openapi_extra=extra, response_class=Response)(endpoint)
            router.head(path, include_in_schema=False, response_class=Response)(endpoint)
            return endpoint

        return add

    def answered(request: Request, render: Callable[[Any, int], Any]) -> Response:
        def rendered(tx: Any, now: int) -> Rendered:
            made = render(tx, now)
            return made if isinstance(made, Rendered) else Rendered(shapes.dumps(made), _JSON)

        asked = f"{request.url.path}?{request.url.query}"
        return answers.answer(request, asked[:600], rendered) if len(asked) <= 600 else _too_long()

    @reading("/campaigns", "Campaigns", "campaigns")
    def campaigns(request: Request) -> Response:
        """All campaigns, newest call first as the ledger gives them."""
        return answered(
            request, lambda tx, now: shapes.page([shapes.card(c) for c in views.campaign_cards(tx)], None)
        )

    @reading("/campaigns/{slug}", "Campaigns", "campaign")
    def campaign(request: Request, slug: str) -> Response:
        """One campaign with totals that tie, withheld and unexplained rows, and the state of its books."""
        return answered(request, lambda tx, now: shapes.campaign(views.campaign_report(tx, slug, now=now)))

    @reading("/campaigns/{slug}/donations", "Campaigns", "donations", paged=True)
    def donations(request: Request, slug: str) -> Response:
        """Donations by outpoint, each once, with status and confirmations."""
        limit, cursor = limit_of(request), cursor_of(request)

        def render(tx: Any, now: int) -> Rendered:
            rows, following = views.donation_rows(tx, slug, after=cursor, limit=limit)
            return _paged(request, [shapes.donation_row(row) for row in rows], following, limit)

        return answered(request, render)

    @reading("/campaigns/{slug}/trail", "Campaigns", "trail")
    def trail(request: Request, slug: str) -> Response:
        """The flow as nodes and links: what came in, what it became, what left and where."""
        return answered(request, lambda tx, now: shapes.flow(views.campaign_report(tx, slug, now=now).flow))

    @reading("/campaigns/{slug}/entries", "Campaigns", "entries", paged=True)
    def entries(request: Request, slug: str) -> Response:
        """The journal as published: each entry's own canonical bytes, unchanged."""
        limit, cursor = limit_of(request), number_cursor_of(request)

        def render(tx: Any, now: int) -> Rendered:
            rows, following = views.entry_rows(tx, slug, after=cursor, limit=limit)
            after = None if following is None else str(following)
            body = b'{"items":[' + b",".join(rows) + b'],"next":' + shapes.dumps(after) + b"}"
            return Rendered(body, _JSON, link_header(request, after, limit))

        return answered(request, render)

    @reading("/campaigns/{slug}/evidence", "Campaigns", "evidence", paged=True)
    def evidence(request: Request, slug: str) -> Response:
        """Papers by the SHA-256 of their bytes, with their access; sealed ones by hash only."""
        limit, cursor = limit_of(request), number_cursor_of(request) or None

        def render(tx: Any, now: int) -> Rendered:
            rows, following = views.paper_rows(tx, slug, after=cursor, limit=limit)
            after = None if following is None else str(following)
            return _paged(request, [shapes.paper(row) for row in rows], after, limit)

        return answered(request, render)

    @reading("/donations/{key}", "Donations", "donation")
    def donation(request: Request, key: str) -> Response:
        """Donations of a transaction id, an outpoint, an address or a claim code."""
        key = checked_key(key)

        def render(tx: Any, now: int) -> Rendered:
            trails = views.donation_trails(tx, key, now=now)
            private = not is_public_key(key, {item.address for item in trails})
            body = {"key": None if private else key, "donations": [shapes.donation(item) for item in trails]}
            return Rendered(shapes.dumps(body), _JSON, private=private)

        return answered(request, render)

    @reading("/donations/{outpoint}/trail", "Donations", "donation_trail")
    def donation_trail(request: Request, outpoint: str) -> Response:
        """One donation's steps with evidence, its exact intervals, and its thread through the flow.

        Named by outpoint, or as `contribution:CAMPAIGN:NUMBER` and `in-kind:CAMPAIGN:NUMBER`.
        """
        wanted = outpoint[:200]
        if not is_gift_key(wanted):
            try:
                wanted = str(Outpoint.parse(wanted))
            except ValueError as error:
                raise Refused.field("outpoint", str(error).removeprefix("outpoint: ")) from None

        def render(tx: Any, now: int) -> Any:
            for item in views.donation_trails(tx, wanted, now=now):
                if wanted in {item.key, item.key.replace(f":{item.campaign}:", ":")}:
                    return shapes.donation_trail(item)
            raise NotFound("No donation has this outpoint.")

        return answered(request, render)

    @reading("/chain", "Chain", "chain")
    def chain(request: Request) -> Response:
        """The tip, how far the books are behind it, and the health of each source."""
        return answered(request, lambda tx, now: shapes.plain(views.chain_status(tx, now=now)))

    router.include_router(acts_router(ports))
    router.include_router(lookups_router(ports))
    router.include_router(reconciling_router(ports, answers))
    router.include_router(periods_router(answers))
    router.include_router(stock_router(ports, answers))
    router.include_router(papers_router(ports))

    router.include_router(unknown_router(ports))
    return router


def _paged(request: Request, items: list[Any], following: str | None, limit: int) -> Rendered:
    body = shapes.dumps(shapes.page(items, following))
    return Rendered(body, _JSON, link_header(request, following, limit))


def _too_long() -> Response:
    return problem_json(422, "The address is longer than any that this service gives.")
