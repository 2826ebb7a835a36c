"""What of a campaign's coins lies at exchanges: deposit after deposit, until it is sold (docs/rules.md, 11).

It reads what was approved and what waits, and moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.names import FREE, ExchangeLine
from ledger.model.conversions import ConversionRow
from ledger.model.exchange_coins import DepositRow
from ledger.model.proposals import ProposalStatus
from ledger.model.spends import SpendRow
from ledger.rules.books import Books
from ledger.rules.restrictions import Taking


class Lying(NamedTuple):
    """What of a deposit is not sold yet, sats: an exchange sells the first deposit first."""

    deposit: DepositRow
    sats: int


def exchange_account(campaign: str, exchange: str) -> str:
    """Where coins lie at an exchange."""
    return account(AccountClass.EXCHANGE, campaign, exchange)


def exchange_line(campaign: str, exchange: str, restriction: str = FREE) -> str:
    """The units of one restriction that lie at an exchange."""
    return str(ExchangeLine(campaign, exchange, restriction))


def unowned_at(campaign: str, exchange: str) -> tuple[Taking, ...]:
    """Coins at an exchange that no gift stands behind: they fetch money all the same, and it has no owner then."""
    return (Taking(FREE, exchange_line(campaign, exchange), ()),)


def deposits_of(
    session: Session, campaign: str, exchange: str | None = None
) -> Sequence[tuple[DepositRow, bool]]:
    """(deposit, is its transaction on the chain?) of what stands, the first one first."""
    query = (
        select(DepositRow, SpendRow.live)
        .join(
            SpendRow, (col(SpendRow.campaign) == DepositRow.campaign) & (col(SpendRow.ref) == DepositRow.txid)
        )
        .where(DepositRow.campaign == campaign, DepositRow.status == ProposalStatus.APPROVED)
        .order_by(col(DepositRow.decided_by))
    )
    if exchange is not None:
        query = query.where(DepositRow.exchange == exchange)
    return session.exec(query).all()


def coins_at(books: Books, campaign: str, exchange: str) -> int:
    """Sats that lie at an exchange: none of a deposit that a reorganisation undid, which is in the wallet again."""
    rows = deposits_of(books.session, campaign, exchange)
    undone = sum(row.amount for row, live in rows if not live)
    return max(0, books.net(exchange_account(campaign, exchange), "BTC") - undone)


def promised(session: Session, campaign: str, exchange: str) -> int:
    """Sats at an exchange that are told as sold and wait for an approval."""
    query = select(func.coalesce(func.sum(ConversionRow.sold), 0)).where(
        ConversionRow.campaign == campaign,
        ConversionRow.exchange == exchange,
        col(ConversionRow.txid).is_(None),
        ConversionRow.status == ProposalStatus.PENDING,
    )
    return int(session.exec(query).one())


def drawn(books: Books, campaign: str, exchange: str, sats: int, order: Sequence[str]) -> tuple[Taking, ...]:
    """The lowest free units for `sats` of what lies at an exchange, one restriction after the other.

    Where coins lie there that no gift stands behind, they are taken in proportion beside the others.
    """
    lines = books.lines
    at = [(restriction, exchange_line(campaign, exchange, restriction)) for restriction in order]
    there = [(restriction, line) for restriction, line in at if lines.exists(line)]
    free = sum(lines.free_units(line) for _, line in there)
    whole = books.net(exchange_account(campaign, exchange), "BTC") - promised(
        books.session, campaign, exchange
    )
    units = free * sats // whole if whole else 0
    found = []
    for restriction, line in there:
        pieces = lines.lowest_free(line, units) if units else ()
        if pieces:
            found.append(Taking(restriction, line, pieces))
            units -= found[-1].units
    return tuple(found)


def lying_at_exchanges(books: Books, campaign: str) -> Iterator[Lying]:
    """What of each deposit is not sold yet, the first one first."""
    rows = [row for row, live in deposits_of(books.session, campaign) if live]
    left = {exchange: coins_at(books, campaign, exchange) for exchange in {row.exchange for row in rows}}
    found = []
    for row in reversed(rows):
        sats = min(row.amount, left[row.exchange])
        left[row.exchange] -= sats
        found += [Lying(row, sats)] if sats else []
    return reversed(found)
