"""Closed periods over JSON: their days, the entry that froze each, and the trial balance at its end. Reads only."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.data.answers import Page
from api.data.documented import DEFAULT_LIMIT, Limit, Named, NumberCursor, Slug
from api.data.paging import page_of
from api.data.reading import json_of, read_route
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.views.controls import ClosedPeriod, PeriodRow, closed_period, period_rows


def periods_routes(router: APIRouter, answers: ReadyAnswers) -> None:

    @read_route(router, "/campaigns/{slug}/periods", "Campaigns", Page[PeriodRow], "periods", 404)
    def periods(
        request: Request, slug: Slug, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """Periods that were closed, the newest first, those that were opened again included."""

        def render(tx: Any, now: int) -> Rendered:
            return page_of(
                request,
                Page[PeriodRow],
                period_rows(tx.session, slug),
                limit,
                cursor,
                Reads(frozenset({slug})),
            )

        return answers.answer(request, render)

    @read_route(router, "/campaigns/{slug}/periods/{number}", "Campaigns", ClosedPeriod, "period", 404)
    def period(request: Request, slug: Slug, number: Named) -> Response:
        """The trial balance of a closed period: every account in every asset, above zero what it holds."""

        def render(tx: Any, now: int) -> Rendered:
            return json_of(closed_period(tx.session, slug, number), Reads(frozenset({slug})))

        return answers.answer(request, render)
