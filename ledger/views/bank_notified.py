"""Lines that a bank notified and no statement with balances covers yet: they prove nothing of its balance.

A statement covers the days from its first to its last (docs/rules.md, 14).
"""

from __future__ import annotations

from sqlalchemy import case
from sqlmodel import Session, col, exists, func, select

from ledger.model.bank import BankLineRow, BankStatementRow, Direction


def notified_sums(session: Session, campaign: str) -> dict[tuple[str, str], int]:
    """What came in on them less what went out, minor units, by bank and currency."""
    line, statement = BankLineRow, BankStatementRow
    covered = exists().where(
        col(statement.campaign) == col(line.campaign),
        col(statement.bank) == col(line.bank),
        col(statement.currency) == col(line.currency),
        col(statement.reversed_by).is_(None),
        col(statement.first) <= col(line.booked),
        col(statement.last) >= col(line.booked),
    )
    sign = case((col(line.direction) == Direction.IN, 1), else_=-1)
    rows = session.exec(
        select(line.bank, line.currency, func.sum(sign * col(line.amount)))
        .where(line.campaign == campaign, col(line.reversed_by).is_(None), ~covered)
        .group_by(col(line.bank), col(line.currency))
    )
    return {(bank, currency): int(minor) for bank, currency, minor in rows}
