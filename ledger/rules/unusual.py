"""What of money that leaves is unusual, by a plain rule (docs/rules.md, 20): a fee too large, or a rate that is off.

It refuses nothing: what is unusual is a question (`questions`), which somebody else than the author answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from statistics import median_low

from sqlalchemy import ColumnElement, Text, and_, bindparam, union_all
from sqlalchemy import select as select_columns
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.model.bank_money import BankFeeRow, ExchangeRow
from ledger.model.columns import OF_ENTRY, table_of
from ledger.model.conversions import ConversionRow
from ledger.model.exchange_coins import CustodyFeeRow, WithdrawalRow
from ledger.model.gift_returns import GiftReturnRow
from ledger.model.gifts import ContributionRow
from ledger.model.loans import LoanRow, RepaymentRow
from ledger.model.moves import MoveRow
from ledger.model.orders import OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS
from ledger.model.questions import Doubt
from ledger.rules.at_exchange import exchange_account
from ledger.rules.books import Books
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


Sent = PaymentRow | MoveRow | LoanRow | RepaymentRow | GiftReturnRow
"""What a bank sends, and takes a fee for beside the amount."""

_SENT = (
    (table_of(PaymentRow), "bank"),
    (table_of(MoveRow), "from_bank"),
    (table_of(LoanRow), "bank"),
    (table_of(RepaymentRow), "bank"),
    (table_of(GiftReturnRow), "bank"),
)
"""The column that names the bank which sent it."""
_FEES_FOR_SENDING = union_all(
    *(
        select_columns(table.c.entry, table.c.fee).where(
            table.c[bank] == bindparam("of_bank", type_=Text),
            table.c.asset == bindparam("of_asset", type_=Text),
            table.c.status.in_(COUNTS),
            table.c.fee > 0,
            table.c.entry < OF_ENTRY,
        )
        for table, bank in _SENT
    )
).subquery()
_LAST_FOR_SENDING = (
    select_columns(_FEES_FOR_SENDING.c.fee).order_by(_FEES_FOR_SENDING.c.entry.desc()).limit(LAST)
)


def unusual_fee(books: Books, sent: Sent) -> Iterator[Doubtful]:
    """Whether a bank's fee for sending money is one to look at, beside the last ones for whatever it sent.

    Of coins the chain says amount and fee.
    """
    bank = sent.from_bank if isinstance(sent, MoveRow) else sent.bank
    if bank is None:
        return
    of = {"of_bank": bank, "of_asset": sent.asset, "of_entry": sent.entry}

    def last() -> Sequence[int]:
        return books.session.connection().scalars(_LAST_FOR_SENDING, of).all()

    if _is_large(sent.fee, sent.amount, last):
        yield Doubtful(Doubt.FEE)


def unusual_payment(books: Books, payment: PaymentRow) -> Iterator[Doubtful]:
    """What of a payment from a bank somebody has to look at."""
    yield from unusual_fee(books, payment)
    if payment.bank is not None:
        yield from _unusual_rate(books.session, payment)


def unusual_gift(session: Session, gift: ContributionRow) -> Iterator[Doubtful]:
    """Whether what banks kept of a gift on its way is a sum to look at."""
    kept = ContributionRow
    of_bank = and_(col(kept.bank) == gift.bank, col(kept.currency) == gift.currency)
    stands = col(kept.reversed_by).is_(None)
    last = _last_of(session, col(kept.fee), col(kept.entry), gift.entry, and_(of_bank, stands))
    if _is_large(gift.fee, gift.amount, last):
        yield Doubtful(Doubt.FEE)


def unusual_withdrawal(books: Books, row: WithdrawalRow) -> Iterator[Doubtful]:
    """Whether what an exchange took for sending coins back is a sum to look at."""
    sent = WithdrawalRow
    counts = and_(col(sent.exchange) == row.exchange, col(sent.status).in_(COUNTS))
    last = _last_of(books.session, col(sent.fee), col(sent.entry), row.entry, counts)
    if _is_large(row.fee, row.amount, last):
        yield Doubtful(Doubt.FEE)


def unusual_keeping(books: Books, row: BankFeeRow | CustodyFeeRow) -> Iterator[Doubtful]:
    """Whether what a bank or an exchange took of what lies there is a sum to look at, or what a cash box lacks."""
    taken = type(row)
    if isinstance(row, CustodyFeeRow):
        there = books.net(exchange_account(row.campaign, row.exchange), "BTC")
        there_too: ColumnElement[bool] = col(CustodyFeeRow.exchange) == row.exchange
    else:
        there = books.net(account(AccountClass.BANK, row.campaign, row.bank), row.currency)
        of_bank = and_(col(BankFeeRow.bank) == row.bank, col(BankFeeRow.currency) == row.currency)
        there_too = and_(of_bank, col(BankFeeRow.cause) == row.cause)
    counts = and_(there_too, col(taken.status).in_(COUNTS))
    last = _last_of(books.session, col(taken.amount), col(taken.entry), row.entry, counts)
    if _is_large(row.amount, there, last):
        yield Doubtful(Doubt.FEE)


def unusual_sale(books: Books, row: ConversionRow) -> Iterator[Doubtful]:
    """What of a sale of coins somebody has to look at: the exchange's fee, and what they fetched before it.

    A fee grows with what is sold: it is large beside the last ones where its share of the proceeds is too.
    """
    session, gross = books.session, row.proceeds + row.exchange_fee

    def last() -> Sequence[int]:
        rows = session.exec(
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
        shares = [Fraction(fee, fee + proceeds) for fee, proceeds in rows]
        large = bool(shares) and Fraction(row.exchange_fee, gross) > TIMES * median_low(shares)
        return [fee for fee, _ in rows] if large else []

    if _is_large(row.exchange_fee, gross, last):
        yield Doubtful(Doubt.FEE)
    campaign = campaign_of(session, row.campaign)
    worthy = [
        row.sold * price // SATS
        for price in prices_of_day(session, campaign, row.currency, row.document_date)
    ]
    if worthy and all(_is_off(gross, each, campaign.tolerance_permille) for each in worthy):
        yield Doubtful(Doubt.RATE)


def unusual_exchange(books: Books, row: ExchangeRow) -> Iterator[Doubtful]:
    """What of an exchange of money at banks somebody has to look at: its fee, and the rate of the two amounts."""
    session = books.session
    sold = ExchangeRow
    of_bank = and_(col(sold.bank) == row.bank, col(sold.currency) == row.currency)
    counts = and_(of_bank, col(sold.status).in_(COUNTS))
    if _is_large(row.fee, row.sold, _last_of(session, col(sold.fee), col(sold.entry), row.entry, counts)):
        yield Doubtful(Doubt.FEE)
    worthy = rate_of_pair(session, row.campaign, row.currency, row.sold, row.into, row.document_date)
    tolerance = campaign_of(session, row.campaign).tolerance_permille
    if worthy is None:
        yield Doubtful(Doubt.NO_RATE)
    elif _is_off(row.bought, worthy, tolerance):
        yield Doubtful(Doubt.RATE)


def _last_of(
    session: Session, fee: Mapped[int], entry: Mapped[int], before: int, of: ColumnElement[bool]
) -> Callable[[], Sequence[int]]:
    """The question of the last fees of a table before an entry, the newest first."""
    last = select(fee).where(fee > 0, entry < before, of).order_by(entry.desc()).limit(LAST)
    return lambda: session.exec(last).all()


def _is_large(fee: int, amount: int, last: Callable[[], Sequence[int]]) -> bool:
    """Is a fee large for its amount, or beside the last ones? Those are asked for only where it turns on them."""
    if fee * 100 > amount * FEE_PERCENT:
        return True
    before = last() if fee else ()
    return len(before) >= ENOUGH and fee > TIMES * median_low(before)


def _unusual_rate(session: Session, payment: PaymentRow) -> Iterator[Doubtful]:
    """Whether a payment in another currency discharges what that is not worth by the rate of its day, or none says."""
    order = session.get_one(OrderRow, payment.order_entry)
    if payment.asset == order.currency:
        return
    paid = payment.amount + payment.withheld
    worthy = worth(session, payment.campaign, payment.asset, paid, order.currency, payment.document_date)
    tolerance = campaign_of(session, payment.campaign).tolerance_permille
    if worthy is None:
        yield Doubtful(Doubt.NO_RATE)
    elif _is_off(payment.discharges, worthy, tolerance):
        yield Doubtful(Doubt.RATE)


def _is_off(amount: int, worthy: int, permille: int) -> bool:
    """Is an amount further than that from what it is worth? A minor unit either way is rounding."""
    return abs(amount - worthy) * 1000 > worthy * permille + 1000
