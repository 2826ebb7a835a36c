"""What came to a campaign's money beside settled coins: sums that pages tell, and coins on a line that are no gifts.

Above the nouns that it counts. It reads a row a currency, a top-up or a loan, and none a gift.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Select, Text, bindparam, func, literal, or_, select, union_all
from sqlmodel import Session, col

from ledger.core.accounts import AccountClass
from ledger.core.names import FREE, GiftKind, GiftName, GoodsLine, MoneyLine
from ledger.model.bank_money import ExchangeRow, InterestRow
from ledger.model.columns import OF_CAMPAIGN, table_of
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


_CONTRIBUTED = (
    select(
        col(ContributionRow.currency),
        func.count(),
        func.sum(ContributionRow.amount - ContributionRow.charged_back),
    )
    .where(
        col(ContributionRow.campaign) == OF_CAMPAIGN,
        col(ContributionRow.reversed_by).is_(None),
        col(ContributionRow.charged_back) < col(ContributionRow.amount),
    )
    .group_by(col(ContributionRow.currency))
    .order_by(col(ContributionRow.currency))
)


def contributed(session: Session, campaign: str) -> dict[str, Contributed]:
    """The gifts of a campaign to its banks that count, by currency."""
    rows = session.connection().execute(_CONTRIBUTED, {"of_campaign": campaign})
    return {asset: Contributed(int(n), int(minor)) for asset, n, minor in rows}


_BROUGHT = [
    select(func.count()).where(
        col(row.campaign) == OF_CAMPAIGN,
        brought == bindparam("of_currency", type_=Text),
        col(row.status) == ProposalStatus.APPROVED,
    )
    for row, brought in ((ConversionRow, col(ConversionRow.currency)), (ExchangeRow, col(ExchangeRow.into)))
]


def count_conversions(session: Session, campaign: str, currency: str) -> int:
    """How many approved conversions brought money of a currency: of coins, and of other money."""
    connection, asked = session.connection(), {"of_campaign": campaign, "of_currency": currency}
    return sum(int(connection.execute(counted, asked).scalar_one()) for counted in _BROUGHT)


class Refunded(NamedTuple):
    """What was paid back in one asset: how often, how much by suppliers for each order, and by others on claims."""

    refunds: int
    by_order: dict[int, int]
    by_claims: int


_REFUNDED = (
    select(
        col(RefundRow.order_entry),
        col(RefundRow.claim).is_not(None),
        func.count(),
        func.sum(RefundRow.amount),
    )
    .where(
        col(RefundRow.campaign) == OF_CAMPAIGN,
        col(RefundRow.asset) == bindparam("of_asset", type_=Text),
        col(RefundRow.amount) > 0,
        col(RefundRow.status) == ProposalStatus.APPROVED,
    )
    .group_by(col(RefundRow.order_entry), col(RefundRow.claim).is_not(None))
)


def refunded(session: Session, campaign: str, asset: str) -> Refunded:
    """Approved refunds that brought some of an asset; orders by their entry."""
    refunds, by_order, by_claims = 0, dict[int, int](), 0
    rows = session.connection().execute(_REFUNDED, {"of_campaign": campaign, "of_asset": asset})
    for order, claimed, n, minor in rows:
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


_EXCHANGED = (
    select(col(ExchangeRow.currency), func.sum(ExchangeRow.sold), func.sum(ExchangeRow.fee))
    .where(col(ExchangeRow.campaign) == OF_CAMPAIGN, col(ExchangeRow.status) == ProposalStatus.APPROVED)
    .group_by(col(ExchangeRow.currency))
)


def exchanged(session: Session, campaign: str) -> dict[str, Exchanged]:
    """Approved exchanges of a campaign, by the currency that they sold."""
    rows = session.connection().execute(_EXCHANGED, {"of_campaign": campaign})
    return {asset: Exchanged(int(sold), int(fees)) for asset, sold, fees in rows}


_LOANS_AND_INTEREST = union_all(
    select(
        literal(GiftKind.LOAN.value), col(LoanRow.campaign), col(LoanRow.number), col(LoanRow.asset)
    ).where(or_(col(LoanRow.borrower) == OF_CAMPAIGN, col(LoanRow.campaign) == OF_CAMPAIGN)),
    select(
        literal(GiftKind.INTEREST.value), literal(""), col(InterestRow.number), col(InterestRow.currency)
    ).where(col(InterestRow.campaign) == OF_CAMPAIGN),
)
_line = bindparam("of_line", type_=Text)
_COINS = select(_GIFTS.c.line_start, _GIFTS.c.line_end).where(
    _GIFTS.c.line == _line, _GIFTS.c.counts_as.in_((CountsAs.TOP_UP, CountsAs.CHANGE))
)
_NAMED = select(_SOURCES.c.start, _SOURCES.c.stop).where(
    _SOURCES.c.line == _line, _SOURCES.c.gift.in_(bindparam("of_gifts", expanding=True, type_=Text))
)


class NotGifts:
    """Units of lines that no use brought and no donor gave: top-ups, own coins, interest, what was borrowed.

    What was there before the books begin is told apart: it may have been given, and by whom is not known here.
    """

    def __init__(self, books: Books, campaign: str) -> None:
        self._session = books.session
        apart = (AccountClass.TOP_UPS, AccountClass.OWN_COINS)
        self._apart = net_of_kinds(books.session, apart, "BTC", campaign) != 0
        self._named: dict[str, list[str]] = {}
        named = self._session.connection().execute(_LOANS_AND_INTEREST, {"of_campaign": campaign})
        for kind, lender, number, asset in named:
            self._named.setdefault(asset, []).append(str(GiftName(GiftKind(kind), number, lender)))
        self._opened = [opening_gift(row.number) for row in openings_of(books.session, campaign)]

    def on(self, line: MoneyLine) -> list[tuple[int, int]]:
        """(start, end) of such units of a line."""
        intervals: list[tuple[int, int]] = []
        if line.asset == "BTC" and self._apart:
            intervals += self._asked(_COINS, {"of_line": str(line)})
        named = self._named.get(line.asset) if line.restriction == FREE else None
        if named:
            intervals += self._asked(_NAMED, {"of_line": str(line), "of_gifts": named})
        return intervals

    def before(self, line: MoneyLine | GoodsLine) -> list[tuple[int, int]]:
        """(start, end) of units of a line that were there before the books begin (docs/rules.md, 31)."""
        if not self._opened:
            return []
        return self._asked(_NAMED, {"of_line": str(line), "of_gifts": self._opened})

    def _asked(self, query: Select[int, int], of: Mapping[str, str | list[str]]) -> list[tuple[int, int]]:
        return [(start, end) for start, end in self._session.connection().execute(query, of)]
