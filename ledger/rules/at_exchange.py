"""What of a campaign's coins lies at exchanges: deposit after deposit, until it is sold (docs/rules.md, 11).

It reads what was approved and what waits, and moves nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Text, bindparam, literal
from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.errors import Conflict, Refused
from ledger.core.lines import Part, PartKind, Use, units_in
from ledger.core.names import FREE, ExchangeLine, UseCause, money_use
from ledger.core.wording import Figure
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.conversions import ConversionRow
from ledger.model.covers import CoverRow
from ledger.model.exchange_coins import CustodyFeeRow, DepositRow, WithdrawalRow
from ledger.model.gifts import CountsAs, GiftRow, GiftState
from ledger.model.openings import OpenedCoinsRow, OpeningRow
from ledger.model.proposals import ProposalStatus
from ledger.model.spends import SpendRow
from ledger.rules.block_holds import blocked_at_exchanges
from ledger.rules.books import Books
from ledger.rules.covered import STANDS
from ledger.rules.restrictions import Taking, fitting, parted_alike, shares, units_of

SOLD_WITHIN = 30
"""Days after which coins at an exchange are overdue, where what brought them names no day."""
EXCHANGES = "exchanges"
"""What tells coins that lay at exchanges before the books begin from what had gone to where is not known."""
FEE = "fee"
"""What tells the use by which coins bore a fee on their way from the one by which the others went on."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Coins that came to an exchange on the day `since`, to be sold by `until`, and the fact that says so."""

    exchange: str
    amount: int
    since: str
    until: str
    noun: str
    number: str


class Lying(NamedTuple):
    """What of a deposit, or of an opening, is not sold yet, sats: an exchange sells first what came first."""

    brought: Brought
    sats: int


def sold_by(day: str) -> str:
    """The day by which coins that lie at an exchange since a day are to be sold, where nobody says another."""
    return (dt.date.fromisoformat(day) + dt.timedelta(SOLD_WITHIN)).isoformat()


def exchange_account(campaign: str, exchange: str) -> str:
    """Where coins lie at an exchange."""
    return account(AccountClass.EXCHANGE, campaign, exchange)


def before_at_exchanges(campaign: str) -> str:
    """Where coins came from that lay at exchanges before the books begin: told apart from what the chain tells."""
    return account(AccountClass.BEFORE, campaign, EXCHANGES)


def exchange_line(campaign: str, exchange: str, restriction: str = FREE) -> str:
    """The units of one restriction that lie at an exchange."""
    return str(ExchangeLine(campaign, exchange, restriction))


def unowned_at(campaign: str, exchange: str) -> tuple[Taking, ...]:
    """Coins at an exchange that no gift stands behind: they fetch money all the same, and it has no owner then."""
    return (Taking(FREE, exchange_line(campaign, exchange), ()),)


_DEPOSITS = (
    select(DepositRow, SpendRow.live, CoverRow.entry)
    .join(SpendRow, (col(SpendRow.campaign) == DepositRow.campaign) & (col(SpendRow.ref) == DepositRow.txid))
    .join(CoverRow, (col(CoverRow.spend_entry) == SpendRow.entry) & and_(*STANDS), isouter=True)
    .where(col(DepositRow.campaign) == OF_CAMPAIGN, DepositRow.status == ProposalStatus.APPROVED)
    .order_by(col(DepositRow.decided_by))
)
_DEPOSITS_AT = _DEPOSITS.where(col(DepositRow.exchange) == bindparam("of_exchange", type_=Text))


def deposits_of(
    session: Session, campaign: str, exchange: str | None = None
) -> list[tuple[DepositRow, bool]]:
    """(deposit, did its coins come?) of what stands, the first one first.

    They did not where a reorganisation undid the transaction, until it settles again or another one is told to have
    left in its place.
    """
    query = _DEPOSITS if exchange is None else _DEPOSITS_AT
    rows = session.exec(query, params={"of_campaign": campaign, "of_exchange": exchange})
    return [(row, bool(live) or cover is not None) for row, live, cover in rows]


_OPENED = (
    select_columns(
        col(OpenedCoinsRow.exchange),
        col(OpenedCoinsRow.amount),
        col(OpeningRow.document_date),
        col(OpenedCoinsRow.until),
        literal("opening"),
        col(OpeningRow.number),
    )
    .join(OpeningRow, col(OpeningRow.entry) == OpenedCoinsRow.opening_entry)
    .where(col(OpeningRow.campaign) == OF_CAMPAIGN, col(OpeningRow.status) == ProposalStatus.APPROVED)
    .order_by(col(OpenedCoinsRow.n))
)


def opened_at(session: Session, campaign: str) -> list[Brought]:
    """What lay at exchanges before the books begin."""
    return [Brought(*row) for row in session.execute(_OPENED, {"of_campaign": campaign})]


def coins_at(books: Books, campaign: str, exchange: str) -> int:
    """Sats that lie at an exchange: none that a reorganisation has on their way there, or back from there, again."""
    session = books.session
    undone = sum(row.amount for row, live in deposits_of(session, campaign, exchange) if not live)
    lies = books.net(exchange_account(campaign, exchange), "BTC")
    return max(0, lies - undone - coming_back(session, campaign, exchange))


_COMING_BACK = select(func.coalesce(func.sum(GiftRow.sats), 0)).where(
    col(GiftRow.campaign) == OF_CAMPAIGN,
    col(GiftRow.counts_as) == CountsAs.WITHDRAWAL,
    col(GiftRow.came_from) == bindparam("of_exchange", type_=Text),
    col(GiftRow.state) == GiftState.VOIDED,
)


def coming_back(session: Session, campaign: str, exchange: str) -> int:
    """Sats of withdrawals that lost their block."""
    asked = {"of_campaign": campaign, "of_exchange": exchange}
    return int(session.exec(_COMING_BACK, params=asked).one())


def promised(session: Session, campaign: str, exchange: str) -> int:
    """Sats at an exchange that are told as gone from there and wait for an approval."""
    sold = (
        select(func.coalesce(func.sum(ConversionRow.sold), 0)).where(
            ConversionRow.campaign == campaign,
            ConversionRow.exchange == exchange,
            col(ConversionRow.txid).is_(None),
            ConversionRow.status == ProposalStatus.PENDING,
        ),
        select(func.coalesce(func.sum(WithdrawalRow.amount + WithdrawalRow.fee), 0)).where(
            WithdrawalRow.campaign == campaign,
            WithdrawalRow.exchange == exchange,
            WithdrawalRow.status == ProposalStatus.PENDING,
        ),
        select(func.coalesce(func.sum(CustodyFeeRow.amount), 0)).where(
            CustodyFeeRow.campaign == campaign,
            CustodyFeeRow.exchange == exchange,
            CustodyFeeRow.status == ProposalStatus.PENDING,
        ),
    )
    return sum(int(session.exec(query).one()) for query in sold)


def taken_at(
    books: Books, campaign: str, exchange: str, sats: int, field: str, need: str | None = None
) -> tuple[Taking, ...]:
    """The units of coins that leave an exchange; Refused where fewer lie there. `field` names the amount."""
    waiting = promised(books.session, campaign, exchange)
    blocked = blocked_at(books, campaign, exchange)
    left = coins_at(books, campaign, exchange) - waiting - blocked
    if sats > left:
        there = Figure("BTC", max(0, left))
        if blocked:
            raise Refused.field(
                field,
                "is more than the {there} of this campaign that lies at {exchange} still, beside {blocked} of gifts "
                "that are blocked and {waiting} that waits for an approval; two persons release those first "
                "(`release add`)",
                there=there,
                exchange=exchange,
                blocked=Figure("BTC", blocked),
                waiting=Figure("BTC", waiting),
            )
        if waiting:
            raise Refused.field(
                field,
                "is more than the {there} of this campaign that lies at {exchange} still, beside {waiting} that waits "
                "for an approval; record the deposit that brought it first (`deposit add`)",
                there=there,
                exchange=exchange,
                waiting=Figure("BTC", waiting),
            )
        raise Refused.field(
            field,
            "is more than the {there} of this campaign that lies at {exchange} still; record the deposit that brought "
            "it first (`deposit add`)",
            there=there,
            exchange=exchange,
        )
    whole = books.net(exchange_account(campaign, exchange), "BTC") - waiting - blocked
    return _drawn(books, campaign, exchange, sats, whole, _order_at(books, campaign, exchange, need))


def _order_at(books: Books, campaign: str, exchange: str, need: str | None) -> tuple[str, ...]:
    """Every restriction that coins at an exchange have: what fits first, then the others by number."""
    first = fitting(need)
    there = {line.restriction for line in books.lines.at_exchanges(campaign, exchange)}
    return (*first, *sorted(there - set(first)))


def borne_at(books: Books, campaign: str, exchange: str, sats: int) -> tuple[Taking, ...]:
    """The units of `sats` that all coins at an exchange bear alike; Refused where fewer lie there."""
    taken = units_of(taken_at(books, campaign, exchange, sats, "amount"))
    lines = books.lines
    free = [
        Taking(line.restriction, str(line), pieces)
        for line in lines.at_exchanges(campaign, exchange)
        if (pieces := lines.lowest_free(str(line), lines.length(str(line))))
    ]
    takings = []
    for taking, share in zip(free, shares(taken, free), strict=True):
        borne, _ = parted_alike(lines, taking.line, taking.pieces, share)
        takings += [Taking(taking.restriction, taking.line, borne)] if borne else []
    return tuple(takings)


def blocked_at(books: Books, campaign: str, exchange: str) -> int:
    """Sats at an exchange that are of gifts which were blocked since: nothing more of them leaves."""
    blocked = blocked_at_exchanges(books, campaign)
    return sum(sats for (where, _), sats in blocked.items() if where == exchange)


def require_at(books: Books, campaign: str, exchange: str, sats: int) -> None:
    """Conflict where a reorganisation took back since what is told as gone from an exchange."""
    left = coins_at(books, campaign, exchange)
    if sats > left:
        raise Conflict.field(
            "number",
            "{left} lies at {exchange}, and this takes {taken}: a deposit there is undone; approve it when that has "
            "settled again, or reject it",
            left=Figure("BTC", left),
            exchange=exchange,
            taken=Figure("BTC", sats),
        )


def _drawn(
    books: Books, campaign: str, exchange: str, sats: int, whole: int, order: Sequence[str]
) -> tuple[Taking, ...]:
    """The lowest free units for `sats` of the `whole` that lies at an exchange, one restriction after the other.

    Where coins lie there that no gift stands behind, they are taken in proportion beside the others.
    """
    lines = books.lines
    at = [(restriction, exchange_line(campaign, exchange, restriction)) for restriction in order]
    there = [(restriction, line) for restriction, line in at if lines.exists(line)]
    free = sum(lines.free_units(line) for _, line in there)
    units = free * sats // whole if whole else 0
    takings = []
    for restriction, line in there:
        pieces = lines.lowest_free(line, units) if units else ()
        if pieces:
            takings.append(Taking(restriction, line, pieces))
            units -= takings[-1].units
    return tuple(takings)


def lying_at_exchanges(books: Books, campaign: str) -> Iterator[Lying]:
    """What of each deposit, or of an opening before all of them, is not sold yet, the first one first.

    Of gifts that were blocked since nothing is to be sold: it is left out.
    """
    if not any(balance.net for balance in books.balances(AccountClass.EXCHANGE, campaign)):
        return
    rows = opened_at(books.session, campaign)
    rows += [
        Brought(row.exchange, row.amount, row.document_date, row.until, "deposit", row.number)
        for row, live in deposits_of(books.session, campaign)
        if live
    ]
    blocked = blocked_at_exchanges(books, campaign)
    left = {exchange: coins_at(books, campaign, exchange) for exchange in {row.exchange for row in rows}}
    for (exchange, _), sats in blocked.items():
        left[exchange] = max(0, left.get(exchange, 0) - sats)
    lying = []
    for row in reversed(rows):
        apart = blocked[row.exchange, row.number] if row.noun == "deposit" else 0
        sats = min(row.amount - apart, left[row.exchange])
        left[row.exchange] -= sats
        lying += [Lying(row, sats)] if sats else []
    yield from reversed(lying)


def parted_fee(
    books: Books, cause: UseCause, campaign: str, number: str, taking: Taking, fee: int, onward: str
) -> list[Use]:
    """The uses of a taking of coins: `fee` of its units, which all of it bears alike; the others go on unchanged to the
    end of another line.
    """
    borne, on = parted_alike(books.lines, taking.line, taking.pieces, fee)
    uses = []
    if borne:
        fee_id = str(money_use(cause, campaign, number, taking.restriction, FEE))
        uses.append(Use(fee_id, taking.line, borne, fee, (Part(PartKind.FEE, fee, fee),)))
    if on:
        count = units_in(on)
        parts = (Part(PartKind.ON, count, count, onward, books.lines.length(onward)),)
        uses.append(
            Use(str(money_use(cause, campaign, number, taking.restriction)), taking.line, on, count, parts)
        )
    return uses
