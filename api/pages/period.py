"""The page of a closed period: its trial balance, asset by asset, as the closing froze it.

It adds up nothing but what is not shown row by row, so that every table ties; it closes and opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.pages import sentences
from api.pages.contexts import Frame
from api.pages.figures import exact
from api.pages.parts import ROWS
from api.pages.render import PageRenderer
from api.pages.sentences import Sentence
from api.pages.sentences import controls as say
from api.rendered import Rendered, RenderedAnswers
from ledger.core.errors import NotFound
from ledger.core.money import is_money
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.trial_balance import TrialBalance, TrialRow, trial_balances

_TABLES = 12
"""Most assets of a first view, money first."""
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, or all that are not shown: figures in words, debit and credit empty where there is none."""

    account: str
    opening: str
    change: str
    debit: str
    credit: str


@dataclass(frozen=True, slots=True)
class BalanceTable:
    """One asset; `debit` and `credit` are equal."""

    heading: str
    rows: tuple[AccountRow, ...]
    debit: str
    credit: str


@dataclass(frozen=True, slots=True)
class PeriodPage:
    frame: Frame
    slug: str
    campaign: str
    number: str
    sentence: Sentence
    lead: str
    tables: tuple[BalanceTable, ...]
    hidden: str


def period_router(pages: PageRenderer, answers: RenderedAnswers) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/c/{slug}/periods/{number}", methods=["GET", "HEAD"])
    def period(request: Request, slug: str, number: str) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            books = Books(tx)
            for found in trial_balances(tx.session, slug):
                if found.number == number:
                    title = campaign_of(books.session, slug).title
                    demonstration = tx.progress.load("demonstration") == "yes"
                    frame = pages.frame(say.period_title(found), demonstration=demonstration)
                    return Rendered(pages.page("period.html", period_page(frame, slug, title, found)), _HTML)
            raise NotFound("No period of this number was closed.")

        return answers.answer(request, request.url.path[:600], render)

    return router


def period_page(frame: Frame, slug: str, title: str, period: TrialBalance) -> PeriodPage:
    """The context of a period's page."""
    by_asset = sorted(period.rows, key=lambda row: (not is_money(row.asset), row.asset, row.account))
    tables = [_table(asset, tuple(rows)) for asset, rows in groupby(by_asset, key=lambda row: row.asset)]
    return PeriodPage(
        frame=frame,
        slug=slug,
        campaign=title,
        number=period.number,
        sentence=say.period_sentence(period),
        lead=say.period_lead(period),
        tables=tuple(tables[:_TABLES]),
        hidden=say.more_assets(len(tables) - _TABLES),
    )


def _table(asset: str, rows: tuple[TrialRow, ...]) -> BalanceTable:
    shown = rows if len(rows) <= ROWS else rows[: ROWS - 1]
    told = [_row(row.account, asset, [row]) for row in shown]
    if len(rows) > len(shown):
        rest = rows[len(shown) :]
        told.append(_row(say.more_accounts(len(rest)), asset, rest))
    return BalanceTable(
        asset.replace("#", ", ") if not is_money(asset) else sentences.sum_heading(asset, ""),
        tuple(told),
        exact(asset, sum(max(row.closing, 0) for row in rows)),
        exact(asset, -sum(min(row.closing, 0) for row in rows)),
    )


def _row(account: str, asset: str, rows: Sequence[TrialRow]) -> AccountRow:
    debit = sum(max(row.closing, 0) for row in rows)
    credit = -sum(min(row.closing, 0) for row in rows)
    return AccountRow(
        account,
        exact(asset, sum(row.opening for row in rows)),
        exact(asset, sum(row.change for row in rows)),
        exact(asset, debit) if debit else "",
        exact(asset, credit) if credit else "",
    )
