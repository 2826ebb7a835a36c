"""What of a payment is unusual, by a plain rule: a fee that is too large, a rate that is off (docs/rules.md, 20).

It refuses nothing: what is unusual is a question (`questions`), which somebody else than the author answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median_low

from sqlmodel import Session, col, select

from ledger.model.orders import OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS
from ledger.model.questions import Doubt
from ledger.rules.campaigns import campaign_of
from ledger.rules.doubts import Doubtful
from ledger.rules.exchange_rates import worth

FEE_PERCENT = 5
"""A fee above so much of the amount is unusual."""
TIMES = 3
"""And so is one above so many times the median of what the bank took the last times."""
LAST = 10
ENOUGH = 3
"""Of so many fees at the most, and not of fewer."""


def unusual(session: Session, payment: PaymentRow) -> Iterator[Doubtful]:
    """What of a payment from a bank somebody has to look at; of coins the chain says amount and fee."""
    if payment.bank is None:
        return
    if _unusual_fee(session, payment):
        yield Doubtful(Doubt.FEE)
    if _unusual_rate(session, payment):
        yield Doubtful(Doubt.RATE)


def _unusual_fee(session: Session, payment: PaymentRow) -> bool:
    if payment.fee * 100 > payment.amount * FEE_PERCENT:
        return True
    if not payment.fee:
        return False
    last = session.exec(
        select(PaymentRow.fee)
        .where(
            PaymentRow.bank == payment.bank,
            PaymentRow.asset == payment.asset,
            col(PaymentRow.status).in_(COUNTS),
            PaymentRow.fee > 0,
            PaymentRow.entry < payment.entry,
        )
        .order_by(col(PaymentRow.entry).desc())
        .limit(LAST)
    ).all()
    return len(last) >= ENOUGH and payment.fee > TIMES * median_low(last)


def _unusual_rate(session: Session, payment: PaymentRow) -> bool:
    """Does a payment in another currency discharge what that is not worth, by the rate of its day?"""
    order = session.get_one(OrderRow, payment.order_entry)
    if payment.asset == order.currency:
        return False
    paid = payment.amount + payment.withheld
    worthy = worth(session, payment.campaign, payment.asset, paid, order.currency, payment.told_on)
    if worthy is None:
        return False
    permille = campaign_of(session, payment.campaign).tolerance_permille
    # A minor unit either way is rounding.
    return abs(payment.discharges - worthy) * 1000 > worthy * permille + 1000
