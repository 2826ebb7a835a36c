"""What came to a campaign's money beside settled coins: sums that pages tell, and coins on a line that are no gifts.

Above the nouns that it counts. It reads a row a currency, a top-up or a loan, and none a gift.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Select, func, literal, or_, select, union_all
from sqlmodel import Session, col

from ledger.core.accounts import AccountClass
from ledger.core.names import FREE, GiftKind, GiftName, GoodsLine, MoneyLine
from ledger.model.bank_money import ExchangeRow, InterestRow
from ledger.model.columns import table_of
from ledger.model.conversions import ConversionRow
from ledger.model.gifts import ContributionRow, CountsAs, GiftRow
from ledger.model.lines import SourceRow
from ledger.model.loans import LoanRow
from ledger.model.orders import RefundRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.balances import net_of_kinds
from ledger.rules.books import Books
from ledger.rules.openings import opening_gift, openings_of

_GIFTS, _SOURCES = table_of(GiftRow), table_of(SourceRow)


class Contributed(NamedTuple):
    """Gifts to banks in one currency that count: how many, and their minor units, what was given back included.

    What a bank took back counts nowhere, and a gift of which it took all is none (docs/rules.md, 26).
    """

    gifts: int = 0
    minor: int = 0


def contributed(session: Session, campaign: str) -> dict[str, Contributed]:
    """The gifts of a campaign to its banks that count, by currency."""
    row = ContributionRow
    query = (
        select(col(row.currency), func.count(), func.sum(row.amount - row.charged_back))
        .where(
            col(row.campaign) == campaign,
            col(row.reversed_by).is_(None),
            col(row.charged_back) < col(row.amount),
        )
        .group_by(col(row.currency))
        .order_by(col(row.currency))
    )
    return {asset: Contributed(int(n), int(minor)) for asset, n, minor in session.connection().execute(query)}


def count_conversions(session: Session, campaign: str, currency: str) -> int:
    """How many approved conversions brought money of a currency: of coins, and of other money."""
    counted = 0
    for row, brought in ((ConversionRow, col(ConversionRow.currency)), (ExchangeRow, col(ExchangeRow.into))):
        query = select(func.count()).where(
            col(row.campaign) == campaign, brought == currency, col(row.status) == ProposalStatus.APPROVED
        )
        counted += int(session.connection().execute(query).scalar_one())
    return counted


class Refunded(NamedTuple):
    """What was paid back in one asset: how often, how much by suppliers for each order, and by others on claims."""

    refunds: int
    by_order: dict[int, int]
    by_claims: int


def refunded(session: Session, campaign: str, asset: str) -> Refunded:
    """Approved refunds that brought some of an asset; orders by their entry."""
    row = RefundRow
    query = (
        select(col(row.order_entry), col(row.claim).is_not(None), func.count(), func.sum(row.amount))
        .where(
            col(row.campaign) == campaign,
            col(row.asset) == asset,
            col(row.amount) > 0,
            col(row.status) == ProposalStatus.APPROVED,
        )
        .group_by(col(row.order_entry), col(row.claim).is_not(None))
    )
    refunds, by_order, by_claims = 0, dict[int, int](), 0
    for order, claimed, n, minor in session.connection().execute(query):
        refunds += int(n)
        if claimed:
            by_claims += int(minor)
        else:
            by_order[order] = int(minor)
    return Refunded(refunds, by_order, by_claims)


def count_refunds(session: Session, campaign: str, asset: str) -> int:
    """How many approved refunds brought some of an asset."""
    return refunded(session, campaign, asset).refunds


class Exchanged(NamedTuple):
    """What exchanges at banks did in one currency: what they sold of it, and the fees that they charged in it."""

    sold: int = 0
    fees: int = 0


def exchanged(session: Session, campaign: str) -> dict[str, Exchanged]:
    """Approved exchanges of a campaign, by the currency that they sold."""
    row = ExchangeRow
    query = (
        select(col(row.currency), func.sum(row.sold), func.sum(row.fee))
        .where(col(row.campaign) == campaign, col(row.status) == ProposalStatus.APPROVED)
        .group_by(col(row.currency))
    )
    return {
        asset: Exchanged(int(sold), int(fees)) for asset, sold, fees in session.connection().execute(query)
    }


class NotGifts:
    """Units of lines that no use brought and no donor gave: top-ups, own coins, interest, what was borrowed.

    What was there before the books begin is told apart: it may have been given, and by whom is not known here.
    """

    def __init__(self, books: Books, campaign: str) -> None:
        self._session = books.session
        apart = (AccountClass.TOP_UPS, AccountClass.OWN_COINS)
        self._apart = net_of_kinds(books.session, apart, "BTC", campaign) != 0
        loans = select(
            literal(GiftKind.LOAN.value), col(LoanRow.campaign), col(LoanRow.number), col(LoanRow.asset)
        ).where(or_(col(LoanRow.borrower) == campaign, col(LoanRow.campaign) == campaign))
        paid = select(
            literal(GiftKind.INTEREST.value), literal(""), col(InterestRow.number), col(InterestRow.currency)
        ).where(col(InterestRow.campaign) == campaign)
        self._named: dict[str, list[str]] = {}
        for kind, lender, number, asset in books.session.connection().execute(union_all(loans, paid)):
            self._named.setdefault(asset, []).append(str(GiftName(GiftKind(kind), number, lender)))
        self._opened = [opening_gift(row.number) for row in openings_of(books.session, campaign)]

    def on(self, line: MoneyLine) -> list[tuple[int, int]]:
        """(start, end) of such units of a line."""
        found: list[tuple[int, int]] = []
        if line.asset == "BTC" and self._apart:
            gift = _GIFTS.c
            coins = gift.counts_as.in_((CountsAs.TOP_UP, CountsAs.CHANGE))
            found += self._asked(select(gift.line_start, gift.line_end).where(gift.line == str(line), coins))
        named = self._named.get(line.asset) if line.restriction == FREE else None
        if named:
            source = _SOURCES.c
            theirs = source.gift.in_(named)
            found += self._asked(select(source.start, source.stop).where(source.line == str(line), theirs))
        return found

    def before(self, line: MoneyLine | GoodsLine) -> list[tuple[int, int]]:
        """(start, end) of units of a line that were there before the books begin (docs/rules.md, 31)."""
        if not self._opened:
            return []
        source = _SOURCES.c
        theirs = source.gift.in_(self._opened)
        return self._asked(select(source.start, source.stop).where(source.line == str(line), theirs))

    def _asked(self, query: Select[int, int]) -> list[tuple[int, int]]:
        return [(start, end) for start, end in self._session.connection().execute(query)]
