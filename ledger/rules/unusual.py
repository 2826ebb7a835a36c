"""What of a payment or a sale is unusual, by a plain rule (docs/rules.md, 20): a fee too large, or a rate that is off.

It refuses nothing: what is unusual is a question (`questions`), which somebody else than the author answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from statistics import median_low

from sqlmodel import Session, col, select

from ledger.model.bank_money import ExchangeRow
from ledger.model.conversions import ConversionRow
from ledger.model.orders import OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS
from ledger.model.questions import Doubt
from ledger.rules.campaigns import campaign_of
from ledger.rules.doubts import Doubtful
from ledger.rules.exchange_rates import rate_of_pair, worth
from ledger.rules.rates import SATS, prices_of_day

FEE_PERCENT = 5
"""A fee above so much of the amount is unusual."""
TIMES = 3
"""And so is one above so many times the median of what the bank or the exchange took the last times."""
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


def unusual_sale(session: Session, row: ConversionRow) -> Iterator[Doubtful]:
    """What of a sale of coins somebody has to look at: the exchange's fee, and what they fetched before it.

    A fee grows with what is sold: it is large beside the last ones where its share of the proceeds is too.
    """
    gross = row.proceeds + row.exchange_fee

    def last() -> Sequence[int]:
        found = session.exec(
            select(ConversionRow.exchange_fee, ConversionRow.proceeds)
            .where(
                ConversionRow.exchange == row.exchange,
                ConversionRow.currency == row.currency,
                col(ConversionRow.status).in_(COUNTS),
                ConversionRow.exchange_fee > 0,
                ConversionRow.entry < row.entry,
            )
            .order_by(col(ConversionRow.entry).desc())
            .limit(LAST)
        ).all()
        shares = [Fraction(fee, fee + proceeds) for fee, proceeds in found]
        large = bool(shares) and Fraction(row.exchange_fee, gross) > TIMES * median_low(shares)
        return [fee for fee, _ in found] if large else []

    if _is_large(row.exchange_fee, gross, last):
        yield Doubtful(Doubt.FEE)
    campaign = campaign_of(session, row.campaign)
    worthy = [
        row.sold * price // SATS
        for price in prices_of_day(session, campaign, row.currency, row.document_date)
    ]
    if worthy and all(_is_off(gross, each, campaign.tolerance_permille) for each in worthy):
        yield Doubtful(Doubt.RATE)


def unusual_exchange(session: Session, row: ExchangeRow) -> Iterator[Doubtful]:
    """What of an exchange of money at banks somebody has to look at: its fee, and the rate of the two amounts."""
    last = select(ExchangeRow.fee).where(
        ExchangeRow.bank == row.bank,
        ExchangeRow.currency == row.currency,
        col(ExchangeRow.status).in_(COUNTS),
        ExchangeRow.fee > 0,
        ExchangeRow.entry < row.entry,
    )
    newest = last.order_by(col(ExchangeRow.entry).desc()).limit(LAST)
    if _is_large(row.fee, row.sold, lambda: session.exec(newest).all()):
        yield Doubtful(Doubt.FEE)
    worthy = rate_of_pair(session, row.campaign, row.currency, row.sold, row.into, row.document_date)
    tolerance = campaign_of(session, row.campaign).tolerance_permille
    if worthy is not None and _is_off(row.bought, worthy, tolerance):
        yield Doubtful(Doubt.RATE)


def _unusual_fee(session: Session, payment: PaymentRow) -> bool:
    last = select(PaymentRow.fee).where(
        PaymentRow.bank == payment.bank,
        PaymentRow.asset == payment.asset,
        col(PaymentRow.status).in_(COUNTS),
        PaymentRow.fee > 0,
        PaymentRow.entry < payment.entry,
    )
    newest = last.order_by(col(PaymentRow.entry).desc()).limit(LAST)
    return _is_large(payment.fee, payment.amount, lambda: session.exec(newest).all())


def _is_large(fee: int, amount: int, last: Callable[[], Sequence[int]]) -> bool:
    """Is a fee large for its amount, or beside the last ones? Those are asked for only where it turns on them."""
    if fee * 100 > amount * FEE_PERCENT:
        return True
    before = last() if fee else ()
    return len(before) >= ENOUGH and fee > TIMES * median_low(before)


def _unusual_rate(session: Session, payment: PaymentRow) -> bool:
    """Does a payment in another currency discharge what that is not worth, by the rate of its day?"""
    order = session.get_one(OrderRow, payment.order_entry)
    if payment.asset == order.currency:
        return False
    paid = payment.amount + payment.withheld
    worthy = worth(session, payment.campaign, payment.asset, paid, order.currency, payment.document_date)
    if worthy is None:
        return False
    return _is_off(payment.discharges, worthy, campaign_of(session, payment.campaign).tolerance_permille)


def _is_off(amount: int, worthy: int, permille: int) -> bool:
    """Is an amount further than that from what it is worth? A minor unit either way is rounding."""
    return abs(amount - worthy) * 1000 > worthy * permille + 1000
