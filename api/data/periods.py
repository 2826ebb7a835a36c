"""Closed periods over JSON: their days, the entry that froze each, and the trial balance at its end. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.data import shapes
from api.data.examples import EXAMPLES
from api.rendered import Rendered, RenderedAnswers
from ledger.core.errors import NotFound
from ledger.rules.trial_balance import TrialBalance, trial_balances

_JSON = "application/json"


def periods_router(answers: RenderedAnswers) -> APIRouter:
    router = APIRouter()

    def reading(path: str, example: str) -> Callable[[Any], Any]:
        problem = {"application/problem+json": {"example": EXAMPLES["problem"]}}
        said = {
            "200": {"description": "The answer", "content": {_JSON: {"example": EXAMPLES[example]}}},
            "404": {"description": "There is no such campaign or closed period", "content": problem},
        }

        def add(endpoint: Any) -> Any:
            extra = {"responses": said}
            router.get(path, tags=["Campaigns"], openapi_extra=extra, response_class=Response)(endpoint)
            router.head(path, include_in_schema=False, response_class=Response)(endpoint)
            return endpoint

        return add

    @reading("/campaigns/{slug}/periods", "periods")
    def periods(request: Request, slug: str) -> Response:
        """Periods that were closed, by their last day, those that were opened again included."""

        def render(tx: Any, now: int) -> Rendered:
            rows = [_period(period) for period in trial_balances(tx.session, slug)]
            return Rendered(shapes.dumps(shapes.page(rows, None)), _JSON)

        return answers.answer(request, request.url.path[:600], render)

    @reading("/campaigns/{slug}/periods/{number}", "period")
    def period(request: Request, slug: str, number: str) -> Response:
        """The trial balance of a closed period: every account in every asset, above zero what it holds."""

        def render(tx: Any, now: int) -> Rendered:
            for found in trial_balances(tx.session, slug):
                if found.number == number:
                    return Rendered(shapes.dumps(_period(found) | {"rows": _rows(found)}), _JSON)
            raise NotFound("No period of this number was closed.")

        return answers.answer(request, request.url.path[:600], render)

    return router


def _period(period: TrialBalance) -> dict[str, Any]:
    told = asdict(period)
    del told["rows"]
    return told


def _rows(period: TrialBalance) -> list[dict[str, Any]]:
    return [
        {
            "account": row.account,
            "opening": shapes.amount(row.asset, row.opening),
            "change": shapes.amount(row.asset, row.change),
            "closing": shapes.amount(row.asset, row.closing),
        }
        for row in period.rows
    ]
