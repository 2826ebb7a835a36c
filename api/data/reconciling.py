"""Reconciliation over JSON: does every asset tie, and what waits for a decision; figures and papers, no names.

A token of the desk also sees drafts and suggestions. Nothing here writes.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import actor_of, token_of
from api.data.answers import Decision, Page, Reconciliation
from api.data.documented import DEFAULT_LIMIT, Limit, NumberCursor, Slug, secured
from api.data.paging import page_of
from api.data.reading import json_of, read_route
from api.ports import Ports
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.core.roles import READERS, SCREENERS, Scope
from ledger.core.times import rfc3339
from ledger.rules.books import Books
from ledger.views.bank_state import bank_states
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions, public_decisions
from ledger.views.readings import CampaignReadings
from ledger.views.reconcile import books_state
from ledger.views.screening import ScreeningReport, screening_report

Height = Annotated[
    int | None,
    Query(description="As the books stood when this block had settled; else now.", ge=0, lt=10**9),
]


def reconciling_routes(router: APIRouter, ports: Ports, answers: ReadyAnswers) -> None:
    path = "/campaigns/{slug}/reconciliation"

    @read_route(router, path, "Campaigns", Reconciliation, "reconciliation", 404)
    def reconciliation(request: Request, slug: Slug, block: Height = None) -> Response:
        """Conservation of every asset, per order item, lot and line, and by how much anything does not tie."""

        def render(tx: Any, now: int) -> Rendered:
            books = Books(tx)
            of = CampaignReadings(tx, books, slug, rfc3339(now)[:10])
            waiting = public_decisions(decisions(tx, slug, now=now, suggest=False, readings=of))
            return json_of(
                Reconciliation(
                    books=books_state(tx, slug, now=now, waiting=waiting),
                    conservation=conservation(tx, slug, block=block),
                    banks=bank_states(books, of.banks),
                    open=sum(row.count for row in waiting),
                ),
                Reads(frozenset({slug}), chain=True, look=True),
            )

        return answers.answer(request, render)

    path = "/campaigns/{slug}/decisions"
    security = [{}, *secured(Scope.READ)]

    @read_route(router, path, "Campaigns", Page[Decision], "decisions", 401, 403, 404, security=security)
    def waiting(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """What waits for a person, the oldest first. With a token also refused drafts and suggestions."""
        token = token_of(request) if "authorization" in request.headers else None

        def render(tx: Any, now: int) -> Rendered:
            if token is not None:
                actor_of(ports, tx, token).require("inbox", Scope.READ, READERS, slug)
            rows = decisions(tx, slug, now=now)
            shown = rows if token is not None else public_decisions(rows)
            return page_of(
                request,
                Page[Decision],
                map(Decision.of, shown),
                limit,
                cursor,
                Reads(frozenset({slug}), chain=True),
                private=token is not None,
            )

        return answers.answer(request, render)

    path = "/campaigns/{slug}/screening"
    security = secured(Scope.READ)

    @read_route(router, path, "Campaigns", ScreeningReport, "screening", 401, 403, 404, security=security)
    def screening(request: Request, slug: Slug) -> Response:
        """Senders of coins and payees beside the lists of sanctioned addresses and people. With a token only."""
        token = token_of(request)

        def render(tx: Any, now: int) -> Rendered:
            actor_of(ports, tx, token).require("screening state", Scope.READ, SCREENERS, slug)
            report = screening_report(tx.session, slug)
            return json_of(report, Reads(frozenset({slug}), chain=True), private=True)

        return answers.answer(request, render)
