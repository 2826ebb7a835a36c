"""Lines that a bank notified and no statement with balances covers yet: they prove nothing of its balance.

A statement covers the days from its first to its last (docs/rules.md, 14).
"""

from __future__ import annotations

from sqlalchemy import case
from sqlmodel import Session, col, exists, func, select

from ledger.model.bank import BankLineRow, BankStatementRow, Direction
from ledger.model.columns import OF_CAMPAIGN

_line, _statement = BankLineRow, BankStatementRow
_covered = exists().where(
    col(_statement.campaign) == col(_line.campaign),
    col(_statement.bank) == col(_line.bank),
    col(_statement.currency) == col(_line.currency),
    col(_statement.reversed_by).is_(None),
    col(_statement.first) <= col(_line.booked),
    col(_statement.last) >= col(_line.booked),
)
_sign = case((col(_line.direction) == Direction.IN, 1), else_=-1)
_NOTIFIED = (
    select(_line.bank, _line.currency, func.sum(_sign * col(_line.amount)))
    .where(col(_line.campaign) == OF_CAMPAIGN, col(_line.reversed_by).is_(None), ~_covered)
    .group_by(col(_line.bank), col(_line.currency))
)


def notified_sums(session: Session, campaign: str) -> dict[tuple[str, str], int]:
    """What came in on them less what went out, minor units, by bank and currency."""
    rows = session.exec(_NOTIFIED, params={"of_campaign": campaign})
    return {(bank, currency): int(minor) for bank, currency, minor in rows}
