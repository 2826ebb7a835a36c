"""The public JSON under /api/v1: campaigns, donations, trails, the journal as published, papers, the chain.

Reading only, from one snapshot each; writing is in the modules that this one includes. A route is its types: what it
takes, what it answers and which problems it sends stand in its declaration, and OpenAPI says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from starlette.requests import Request
from starlette.responses import Response

from api.data.acts import acts_routes
from api.data.answers import Page, PublishedEntry
from api.data.confirmations import confirmations_routes
from api.data.documented import (
    DEFAULT_LIMIT,
    JSON,
    Cursor,
    Limit,
    NumberCursor,
    Slug,
)
from api.data.lookups import lookups_routes
from api.data.paging import link_header, page_of
from api.data.papers import papers_routes
from api.data.people import people_routes
from api.data.periods import periods_routes
from api.data.reading import json_of, read_route
from api.data.reconciling import reconciling_routes
from api.data.stock import stock_routes
from api.data.unknown import unknown_routes
from api.pages.routes import checked_key, is_public_key, no_private_key
from api.ports import Ports
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.core.chain import Outpoint
from ledger.core.errors import NotFound, Refused
from ledger.core.pasted import pasted_key
from ledger.views.campaign import CampaignCard, CampaignReport, DonationRow
from ledger.views.chain_status import ChainStatus
from ledger.views.flow import Flow
from ledger.views.openings import is_opening_key
from ledger.views.other_gifts import is_gift_key
from ledger.views.trail import Donations, DonationTrail, Paper

Key = Annotated[str, InPath(description="A transaction id, an outpoint, an address or a claim code.")]
OutpointKey = Annotated[
    str,
    InPath(description="`TXID:VOUT`, or `contribution:CAMPAIGN:NUMBER`, or `in-kind:CAMPAIGN:NUMBER`."),
]


def data_routes(router: APIRouter, ports: Ports, answers: ReadyAnswers) -> None:
    views = ports.views

    def reading(path: str, tag: str, model: Any, name: str, *statuses: int) -> Callable[[Any], Any]:
        return read_route(router, path, tag, model, name, *statuses)

    def answered(request: Request, render: Callable[[Any, int], Rendered]) -> Response:
        return answers.answer(request, render)

    @reading("/campaigns", "Campaigns", Page[CampaignCard], "campaigns")
    def campaigns(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None) -> Response:
        """All campaigns, newest call first."""

        def render(tx: Any, now: int) -> Rendered:
            return page_of(request, Page[CampaignCard], views.campaign_cards(tx), limit, cursor, Reads())

        return answered(request, render)

    @reading("/campaigns/{slug}", "Campaigns", CampaignReport, "campaign", 404)
    def campaign(request: Request, slug: Slug) -> Response:
        """One campaign with totals that tie, withheld and unexplained rows, and the state of its books."""
        reads = Reads(frozenset({slug}), chain=True, look=True)
        return answered(request, lambda tx, now: json_of(views.campaign_report(tx, slug, now=now), reads))

    @reading("/campaigns/{slug}/donations", "Campaigns", Page[DonationRow], "donations", 404)
    def donations(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Response:
        """Donations by outpoint, each once, with status and confirmations."""

        def render(tx: Any, now: int) -> Rendered:
            rows, following = views.donation_rows(tx, slug, after=cursor or None, limit=limit)
            page = Page[DonationRow](items=tuple(rows), next=following)
            reads = Reads(frozenset({slug}), chain=True)
            return json_of(page, reads, link_header(request, following, limit))

        return answered(request, render)

    @reading("/campaigns/{slug}/trail", "Campaigns", Flow, "flow", 404)
    def trail(request: Request, slug: Slug) -> Response:
        """The flow as nodes and links: what came in, what it became, what left and where."""
        reads = Reads(frozenset({slug}))
        return answered(request, lambda tx, now: json_of(views.campaign_flow(tx, slug), reads))

    @reading("/campaigns/{slug}/entries", "Campaigns", Page[PublishedEntry], "entries", 404)
    def entries(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """The journal as published: each entry's own canonical bytes, unchanged."""

        def render(tx: Any, now: int) -> Rendered:
            rows, following = views.entry_rows(tx, slug, after=cursor or 0, limit=limit)
            after = None if following is None else str(following)
            end = b"null" if after is None else f'"{after}"'.encode()
            body = b'{"items":[' + b",".join(rows) + b'],"next":' + end + b"}"
            links = link_header(request, after, limit)
            return Rendered(body, JSON, links, reads=Reads(frozenset({slug})))

        return answered(request, render)

    @reading("/campaigns/{slug}/evidence", "Campaigns", Page[Paper], "evidence", 404)
    def evidence(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """Papers by the SHA-256 of their bytes, with their access; sealed ones by hash only."""

        def render(tx: Any, now: int) -> Rendered:
            rows, following = views.paper_rows(tx, slug, after=cursor, limit=limit)
            after = None if following is None else str(following)
            page = Page[Paper](items=tuple(rows), next=after)
            return json_of(page, Reads(frozenset({slug})), link_header(request, after, limit))

        return answered(request, render)

    @reading("/donations/{key}", "Donations", Donations, "donation", 404)
    def donation(request: Request, key: Key) -> Response:
        """Donations of a transaction id, an outpoint, an address or a claim code."""
        key = checked_key(key)

        def render(tx: Any, now: int) -> Rendered:
            trails = views.donation_trails(tx, key)
            private = not is_public_key(key, {item.address for item in trails})
            answer = Donations(
                key=None if private else key, donations=tuple(trail.as_donation() for trail in trails)
            )
            reads = Reads(frozenset(trail.campaign for trail in trails), chain=True)
            return json_of(answer, reads, private=private)

        try:
            return answered(request, render)
        except NotFound:
            no_private_key(key)
            raise

    @reading("/donations/{outpoint}/trail", "Donations", DonationTrail, "donation_trail", 404)
    def donation_trail(request: Request, outpoint: OutpointKey) -> Response:
        """One donation's steps with evidence, its exact intervals, and its thread through the flow."""
        wanted = pasted_key(outpoint)
        if not is_gift_key(wanted) and not is_opening_key(wanted):
            try:
                wanted = str(Outpoint.parse(wanted))
            except ValueError:
                raise Refused.field(
                    "outpoint",
                    "write it as TXID:VOUT, 64 hexadecimal digits, a colon and a number; a gift that is no coin as "
                    "contribution:CAMPAIGN:NUMBER or in-kind:CAMPAIGN:NUMBER",
                ) from None

        def render(tx: Any, now: int) -> Rendered:
            for item in views.donation_trails(tx, wanted):
                if wanted in {item.key, item.key.replace(f":{item.campaign}:", ":")}:
                    return json_of(item, Reads(frozenset({item.campaign}), chain=True))
            raise NotFound("No donation has this outpoint.")

        return answered(request, render)

    @reading("/chain", "Chain", ChainStatus, "chain")
    def chain(request: Request) -> Response:
        """The tip, how far the books are behind it, and the health of each source."""
        reads = Reads(frozenset(), chain=True, look=True)
        return answered(request, lambda tx, now: json_of(views.chain_status(tx, now=now), reads))

    lookups_routes(router, ports)
    reconciling_routes(router, ports, answers)
    periods_routes(router, answers)
    stock_routes(router, answers)
    confirmations_routes(router, ports, answers)
    # Who reads needs no token, and comes first; then what the desk does.
    acts_routes(router, ports)
    papers_routes(router, ports)
    people_routes(router, ports, answers)

    unknown_routes(router, ports)
