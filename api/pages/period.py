"""The page of a closed period: its trial balance, asset by asset, as the closing froze it.

It adds up nothing but what is not shown row by row, so that every table ties; it closes and opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from api.pages import sentences
from api.pages.parts import ROWS
from api.pages.render import PageRenderer
from api.pages.sentences import controls as say
from api.pages.sentences.accounts import account_label
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.views.campaign import CampaignHead
from ledger.views.controls import AccountBalance, ClosedPeriod

_TABLES = 12
"""Most assets of a first view, money first."""


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """An account, or all that are not shown: those may have debits and credits both."""

    account: str
    opening: Amount
    change: Amount
    debit: Amount
    credit: Amount


@dataclass(frozen=True, slots=True)
class BalanceTable:
    """One asset; `debit` and `credit` are equal."""

    heading: str
    rows: tuple[BalanceRow, ...]
    debit: Amount
    credit: Amount


def period_page(pages: PageRenderer, head: CampaignHead, period: ClosedPeriod) -> bytes:
    """The page of a closed period of a campaign."""
    by_asset = sorted(
        period.rows, key=lambda row: (not is_money(row.closing.asset), row.closing.asset, row.account)
    )
    tables = [
        _table(asset, period.campaign, tuple(rows))
        for asset, rows in groupby(by_asset, lambda row: row.closing.asset)
    ]
    return pages.page(
        "period.html",
        pages.frame(say.period_title(period), demonstration=head.demonstration),
        period=period,
        campaign=head.title,
        sentence=say.period_sentence(period),
        lead=say.period_lead(period),
        tables=tables[:_TABLES],
        hidden=say.more_assets(len(tables) - _TABLES),
    )


def _table(asset: str, campaign: str, rows: Sequence[AccountBalance]) -> BalanceTable:
    most = len(rows) if len(rows) <= ROWS else ROWS - 1
    shown = [_row(account_label(row.account, campaign), asset, [row]) for row in rows[:most]]
    if rest := rows[most:]:
        shown.append(_row(say.more_accounts(len(rest)), asset, rest))
    whole = _row("", asset, rows)
    return BalanceTable(sentences.asset_heading(asset), tuple(shown), whole.debit, whole.credit)


def _row(account: str, asset: str, rows: Sequence[AccountBalance]) -> BalanceRow:
    return BalanceRow(
        account,
        opening=Amount.of(asset, sum(row.opening.minor for row in rows)),
        change=Amount.of(asset, sum(row.change.minor for row in rows)),
        debit=Amount.of(asset, sum(max(row.closing.minor, 0) for row in rows)),
        credit=Amount.of(asset, -sum(min(row.closing.minor, 0) for row in rows)),
    )
