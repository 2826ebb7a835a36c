"""What several questions about a campaign's banks rest on, read when it is first asked for, and once.

The inbox, the state of each bank and the list of what is missing ask for the same statements and sums. For one answer
only: what changes afterwards is not seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from ledger.model.bank import AsideRow, BankLineRow, BankStatementRow, Direction
from ledger.model.columns import OF_CAMPAIGN
from ledger.rules.bank import statements_of
from ledger.rules.bank_asides import asides_of
from ledger.views.bank_notified import notified_sums
from ledger.views.bank_open import BankCurrency, OpenBank, open_banks


@dataclass(frozen=True, slots=True)
class LineSums:
    """Sums of the lines of a bank in one currency, minor units, below zero where money went out."""

    all: int = 0
    aside: int = 0
    left: int = 0  # neither matched nor set aside
    left_lines: int = 0


_sign = case((col(BankLineRow.direction) == Direction.IN, 1), else_=-1)
_is_aside = col(BankLineRow.aside_by).is_not(None)
_left = case((_is_aside, 0), else_=col(BankLineRow.amount) - col(BankLineRow.matched))
_lines = (col(BankLineRow.campaign) == OF_CAMPAIGN, col(BankLineRow.reversed_by).is_(None))
_LINE_AMOUNTS = (
    select(
        BankLineRow.bank,
        BankLineRow.currency,
        func.sum(_sign * col(BankLineRow.amount)),
        func.sum(case((_is_aside, _sign * col(BankLineRow.amount)), else_=0)),
    )
    .where(*_lines)
    .group_by(col(BankLineRow.bank), col(BankLineRow.currency))
)
_OPEN_AMOUNTS = (
    select(BankLineRow.bank, BankLineRow.currency, func.sum(_sign * _left), func.count())
    .where(*_lines, _left > 0)
    .group_by(col(BankLineRow.bank), col(BankLineRow.currency))
)


class BankReadings:
    """Of one campaign, on the day `today` (ISO date)."""

    def __init__(self, session: Session, campaign: str, today: str) -> None:
        self.session = session
        self.campaign = campaign
        self.today = today

    @cached_property
    def statements(self) -> Mapping[BankCurrency, Sequence[BankStatementRow]]:
        """By bank and currency, in order; by last day, those of one day as they were recorded."""
        by_bank: dict[BankCurrency, list[BankStatementRow]] = defaultdict(list)
        for statement in statements_of(self.session, self.campaign):
            by_bank[statement.bank, statement.currency].append(statement)
        return dict(by_bank)

    @cached_property
    def line_sums(self) -> Mapping[BankCurrency, LineSums]:
        """By bank and currency; none where there is no statement."""
        if not self.statements:
            return {}
        asked = {"of_campaign": self.campaign}
        open_amounts = self.session.exec(_OPEN_AMOUNTS, params=asked)
        waiting = {(bank, currency): (int(minor), lines) for bank, currency, minor, lines in open_amounts}
        return {
            (bank, currency): LineSums(int(whole), int(aside), *waiting.get((bank, currency), (0, 0)))
            for bank, currency, whole, aside in self.session.exec(_LINE_AMOUNTS, params=asked)
        }

    @cached_property
    def notified(self) -> Mapping[BankCurrency, int]:
        """What no statement covers yet, minor units; none where there is no statement."""
        return notified_sums(self.session, self.campaign) if self.statements else {}

    @cached_property
    def asides(self) -> Sequence[AsideRow]:
        """What stands as set aside, by number."""
        return asides_of(self.session, self.campaign)

    @cached_property
    def open(self) -> tuple[OpenBank, ...]:
        """What keeps each bank from being reconciled, by name."""
        return open_banks(self.session, self.campaign, self.today, self.statements, self.asides)
