"""Reconciliation over JSON: does every asset tie, and what waits for a decision; figures and papers, no names.

A token of the desk also sees drafts and suggestions. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.data import shapes
from api.data.acts import token_of
from api.data.examples import EXAMPLES
from api.ports import Ports
from api.problems import Problem
from api.rendered import Rendered, RenderedAnswers
from ledger.core.errors import Refused
from ledger.views.bank_state import BankState, bank_states
from ledger.views.conservation import Conservation, ConservationTable, Tie, conservation
from ledger.views.decisions import decisions, public_decisions
from ledger.views.matter import DecisionWanted
from ledger.views.reconcile import books_state

_JSON = "application/json"
_BLOCK = {
    "name": "block",
    "in": "query",
    "description": "As the books stood when this block had settled; else now.",
    "schema": {"type": "integer", "minimum": 0},
}


def reconciling_router(ports: Ports, answers: RenderedAnswers) -> APIRouter:
    router = APIRouter()

    def reading(path: str, example: str, more: dict[str, Any]) -> Callable[[Any], Any]:
        problem = {"application/problem+json": {"example": EXAMPLES["problem"]}}
        said = {
            "200": {"description": "The answer", "content": {_JSON: {"example": EXAMPLES[example]}}},
            "404": {"description": "There is no such campaign", "content": problem},
            "422": {"description": "Refused, with the fields", "content": problem},
        }

        def add(endpoint: Any) -> Any:
            extra = {"responses": said} | more
            router.get(path, tags=["Campaigns"], openapi_extra=extra, response_class=Response)(endpoint)
            router.head(path, include_in_schema=False, response_class=Response)(endpoint)
            return endpoint

        return add

    @reading("/campaigns/{slug}/reconciliation", "reconciliation", {"parameters": [_BLOCK]})
    def reconciliation(request: Request, slug: str) -> Response:
        """Conservation of every asset, per order item, lot and line, and by how much anything does not tie."""
        block = _block_of(request)

        def render(tx: Any, now: int) -> Rendered:
            state = books_state(tx, slug, now=now)
            body = {
                "books": shapes.books(state),
                "conservation": told_conservation(conservation(tx, slug, block=block)),
                "banks": [_bank(bank) for bank in bank_states(tx, slug)],
                "open": sum(
                    row.count for row in public_decisions(decisions(tx, slug, now=now, suggest=False))
                ),
            }
            return Rendered(shapes.dumps(body), _JSON)

        return answers.answer(request, f"{request.url.path}?block={block}"[:600], render)

    @reading("/campaigns/{slug}/decisions", "decisions", {"security": [{}, {"token": []}]})
    def waiting(request: Request, slug: str) -> Response:
        """What waits for a person, the oldest first. With a token also refused drafts and suggestions."""
        token = token_of(request) if "authorization" in request.headers else None

        def render(tx: Any, now: int) -> Rendered:
            if token is not None and ports.desk.actor_of_token(tx, token) is None:
                raise Problem(401, "This token is not known, or is revoked.")
            rows = decisions(tx, slug, now=now)
            shown = rows if token is not None else public_decisions(rows)
            body = shapes.page([told_decision(row, desk=token is not None) for row in shown], None)
            return Rendered(shapes.dumps(body), _JSON, private=token is not None)

        asked = f"{request.url.path}{'' if token is None else '?desk'}"
        return answers.answer(request, asked[:600], render)

    return router


def _block_of(request: Request) -> int | None:
    text = request.query_params.get("block")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused.field("block", "write the height of a block, a whole number")
    return int(text)


def told_conservation(report: Conservation) -> dict[str, Any]:
    """The report as data, each figure as an amount of its asset."""
    return {
        "block": report.block,
        "seq": report.seq,
        "now": report.now,
        "holds": report.holds,
        "tables": [_table(table) for table in report.tables],
        "ties": [_tie(tie) for tie in report.ties],
    }


def _table(table: ConservationTable) -> dict[str, Any]:
    return {
        "asset": table.asset,
        "rows": [
            {"side": row.side.value, "key": row.key, "amount": shapes.amount(table.asset, row.minor)}
            for row in table.rows
        ],
        "came": shapes.amount(table.asset, table.came),
        "went": shapes.amount(table.asset, table.went),
        "difference": shapes.amount(table.asset, table.difference),
    }


def _tie(tie: Tie) -> dict[str, Any]:
    return {
        "what": tie.what,
        "subject": tie.subject,
        "total": shapes.amount(tie.asset, tie.total),
        "parts": {name: shapes.amount(tie.asset, units) for name, units in tie.parts},
        "difference": shapes.amount(tie.asset, tie.difference),
    }


def _bank(state: BankState) -> dict[str, Any]:
    told: dict[str, Any] = {
        "bank": state.bank,
        "last": state.last,
        "reconciled": state.reconciled,
        "unmatched_lines": state.unmatched_lines,
    }
    for name in ("opening", "closing", "books", "unmatched", "aside", "outstanding", "difference"):
        told[name] = shapes.amount(state.currency, getattr(state, name))
    return told


def told_decision(row: DecisionWanted, *, desk: bool) -> dict[str, Any]:
    """One matter as data; suggestions only for the desk."""
    told: dict[str, Any] = {
        "matter": row.matter.value,
        "subject": row.subject,
        "count": row.count,
        "since": row.since,
        "amount": shapes.amount_or_none(row.asset, row.minor),
        "what_to_do": row.what_to_do,
    }
    if desk:
        told["suggestions"] = [shapes.plain(found) for found in row.suggestions]
    return told
