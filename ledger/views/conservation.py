"""Conservation: what came in of each asset and where it is now, at a block or today, from the accounts.

It never mends anything; where the two sides differ it says by how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypedDict

from sqlalchemy import func
from sqlmodel import col, select

from ledger.core.accounts import NEVER_NEGATIVE, AccountClass, account
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import NotFound, Refused
from ledger.core.frozen import Amount, Frozen, made_of
from ledger.core.lines import UnitState, units_in
from ledger.core.money import is_money
from ledger.core.names import FREE, ExchangeLine, line_named
from ledger.model.orders import RefundRow
from ledger.model.proposals import ProposalStatus
from ledger.recording.record import fold
from ledger.rules.bank_money import at_banks
from ledger.rules.block_holds import blocked_intervals, held_by_block
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs, find_campaign
from ledger.rules.charge_backs import shortfall_at_banks
from ledger.rules.goods import MADE_LOTS, noted_of_lots
from ledger.rules.order_papers import OrderPapers
from ledger.rules.settled import settled_block
from ledger.rules.tax_payments import tax_owed
from ledger.store.scratch import Scratch, scratch
from ledger.store.transaction import Reading
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_sums
from ledger.views.chain_coins import coins_in_books, coins_on_chain


class Side(StrEnum):
    """Where a row stands: what came, where it is or went, and promises that move nothing."""

    CAME = "came"
    WENT = "went"
    BOUND = "bound"


_WORDS: Mapping[AccountClass, tuple[str, str]] = {
    AccountClass.WALLET: ("in_hand_wallet", "in_hand_wallet"),
    AccountClass.BANK: ("in_hand_bank", "in_hand_bank"),
    AccountClass.EXCHANGE: ("at_exchange", "at_exchange"),
    AccountClass.DUST: ("dust_apart", "dust_apart"),
    AccountClass.UNDECIDED: ("undecided", "undecided"),
    AccountClass.BLOCKED: ("in_hand_blocked", "in_hand_blocked"),
    AccountClass.DUST_GIFTS: ("dust_received", "dust_returned"),
    AccountClass.EXCESS: ("other_coins", "other_coins"),
    AccountClass.UNDONE: ("shortfall", "undone_spends"),
    AccountClass.TRADING: ("conversion_proceeds", "converted"),
    AccountClass.SUPPLIER: ("from_suppliers", "spent"),
    AccountClass.INDEMNITIES: ("from_carriers_and_insurers", "from_carriers_and_insurers"),
    AccountClass.GIVEN_BACK: ("returned", "returned"),
    AccountClass.NOTED: ("noted", "noted"),
}
"""What a class is called on either side; every other class goes by its own name, so that none vanishes."""
_PROMISES = frozenset({AccountClass.COMMITMENTS, AccountClass.ENCUMBERED, AccountClass.CLAIMS})


class ConservationRow(Frozen):
    """A row of a table: what came, where it is or went, or what is promised."""

    side: Side
    """Where it stands."""
    key: str
    """The class of account in a word."""
    amount: Amount
    """How much."""


class _TableFields(TypedDict):
    """What the sums of a table are made of."""

    asset: str
    rows: tuple[ConservationRow, ...]


def _on(given: _TableFields, side: Side) -> Amount:
    return Amount.of(given["asset"], sum(row.amount.minor for row in given["rows"] if row.side is side))


def _came(given: _TableFields) -> Amount:
    return _on(given, Side.CAME)


def _went(given: _TableFields) -> Amount:
    return _on(given, Side.WENT)


class ConservationTable(Frozen):
    """One asset: what came is what went."""

    asset: str
    """Which asset."""
    rows: tuple[ConservationRow, ...]
    """What came and what went, a class of account each."""
    came: Amount = made_of(_came)
    """All that came."""
    went: Amount = made_of(_went)
    """All that is somewhere or went."""
    difference: Amount
    """Debits less credits; 0 where it ties."""


class TiePart(Frozen):
    """An addend of an equation."""

    key: str
    """What it is, in a word."""
    amount: Amount
    """How much."""
    restriction: str = ""
    """Of free or held money: the need that it is given for; empty: any."""


class _TieFields(TypedDict):
    """What the difference of an equation is made of."""

    total: Amount
    parts: tuple[TiePart, ...]


def _off(given: _TieFields) -> Amount:
    parts, total = given["parts"], given["total"]
    return Amount.of(total.asset, sum(part.amount.minor for part in parts) - total.minor)


class Tied(StrEnum):
    """What an equation is about."""

    ORDER = "order"
    LOT = "lot"
    LINE = "line"
    COINS = "coins"
    BANK = "bank"


class Tie(Frozen):
    """One equation of an order's item, a lot, a line, a wallet or a bank: the parts sum to the total."""

    what: Tied
    """What it is about."""
    subject: str
    """Which one; empty: all coins."""
    total: Amount
    """What the parts have to sum to."""
    parts: tuple[TiePart, ...]
    """The addends."""
    difference: Amount = made_of(_off)
    """Parts less total; 0 where it ties."""

    @classmethod
    def of(cls, what: Tied, subject: str, asset: str, total: int, parts: Iterable[tuple[str, int]]) -> Tie:
        """The equation in whole units of `asset`."""
        return Tie(
            what=what,
            subject=subject,
            total=Amount.of(asset, total),
            parts=tuple(TiePart(key=name, amount=Amount.of(asset, units)) for name, units in parts),
        )


class _ReportFields(TypedDict):
    """What the judgement of a report is made of."""

    tables: tuple[ConservationTable, ...]
    ties: tuple[Tie, ...]


def _ties(given: _ReportFields) -> bool:
    differences = [
        *(table.difference for table in given["tables"]),
        *(tie.difference for tie in given["ties"]),
    ]
    return not any(off.minor for off in differences)


class Conservation(Frozen):
    """What came in of each asset and where it is, at a block or now."""

    campaign: str | None
    """Short name; null: of all campaigns."""
    block: int | None
    """The settled block that the books are shown at."""
    seq: int
    """Number of the last entry that is counted."""
    now: bool
    """Is it the newest state there is?"""
    tables: tuple[ConservationTable, ...]
    """An asset each."""
    ties: tuple[Tie, ...]
    """Equations of orders, lots, lines, wallets and banks."""
    holds: bool = made_of(_ties)
    """Does every table and every equation tie?"""


def conservation(tx: Reading, campaign: str | None = None, *, block: int | None = None) -> Conservation:
    """The report of one campaign or of all, now or as the books stood when `block` had settled.

    Raises NotFound for an unknown campaign, Refused for a block that has not settled.
    """
    head = tx.journal.head()
    settled = settled_block(tx)
    if block is None or block == settled:
        return _conservation(tx, Books(tx), campaign, settled, 0 if head is None else head[0], now=True)
    if settled is None or not 0 <= block < settled:
        if settled is None:
            raise Refused.field("block", "is no settled block; none has settled yet")
        raise Refused.field("block", "is no settled block; the newest one is {settled}", settled=settled)
    with scratch() as made:
        return _conservation(tx, Books(made), campaign, block, _fold_up_to(tx, made, block), now=False)


def _conservation(
    tx: Reading, books: Books, campaign: str | None, block: int | None, seq: int, *, now: bool
) -> Conservation:
    if campaign is not None and find_campaign(books.session, campaign) is None:
        raise NotFound.field(
            "campaign", "there is no campaign {campaign} at this block", campaign=campaign[:60]
        )
    ties = [*_orders(books, campaign), *_lots(books, campaign), *_lines(books, campaign)]
    if now and block is not None:
        chain, held = coins_on_chain(tx, campaign), coins_in_books(tx, campaign)
        ties.append(
            Tie.of(
                what=Tied.COINS,
                subject="",
                asset="BTC",
                total=chain or 0,
                parts=(("in_books", held),),
            )
        )
    if now:
        ties += _banks(tx, books, campaign)
    return Conservation(
        campaign=campaign,
        block=block,
        seq=seq,
        now=now,
        tables=_tables(books, campaign),
        ties=tuple(ties),
    )


def _fold_up_to(tx: Reading, made: Scratch, block: int) -> int:
    """Fold what was recorded before anything above `block` into empty tables; the number of the last entry."""
    books, seq = Books(made), 0
    for row in tx.journal.rows():
        entry = entry_from_bytes(row.data)
        height = entry.facts.get("height")
        if isinstance(height, int) and height > block:
            break
        made.keep((row,))
        fold(books, entry)
        seq = entry.seq
    return seq


def _tables(books: Books, campaign: str | None) -> tuple[ConservationTable, ...]:
    sums: dict[str, dict[tuple[Side, str], int]] = defaultdict(lambda: defaultdict(int))
    differences: dict[str, int] = defaultdict(int)
    for balance in books.balances(campaign=campaign):
        net, asset = balance.net, balance.asset
        differences[asset] += net
        if net:
            side, key = _row_of(balance.account.kind, net)
            sums[asset][side, key] += -net if side is Side.CAME else net
    for asset, amount in _refunds(books, campaign):
        # In another currency than the order was paid in, what its supplier paid back is all that came from it.
        sums[asset][Side.CAME, "refunds"] += amount
        back = min(amount, sums[asset][Side.CAME, "from_suppliers"])
        sums[asset][Side.CAME, "from_suppliers"] -= back
        sums[asset][Side.WENT, "spent"] += amount - back
    for asset, place, units in _blocked_on_lines(books, campaign):
        sums[asset][Side.WENT, place] -= units
        sums[asset][Side.WENT, "in_hand_blocked"] += units
    order = {side: place for place, side in enumerate(Side)}
    return tuple(
        ConservationTable(
            asset=asset,
            rows=tuple(
                ConservationRow(side=side, key=key, amount=Amount.of(asset, minor))
                for (side, key), minor in sorted(
                    sums[asset].items(), key=lambda row: (order[row[0][0]], row[0][1])
                )
                if minor
            ),
            difference=Amount.of(asset, differences[asset]),
        )
        for asset in sorted(differences, key=lambda name: (not is_money(name), name))
    )


def _refunds(books: Books, campaign: str | None) -> list[tuple[str, int]]:
    """(asset, minor units) of what suppliers paid back: it came again, and what was spent stays whole."""
    query = select(RefundRow.asset, func.sum(RefundRow.amount)).where(
        RefundRow.status == ProposalStatus.APPROVED, col(RefundRow.claim).is_(None)
    )
    if campaign is not None:
        query = query.where(RefundRow.campaign == campaign)
    rows = books.session.exec(query.group_by(col(RefundRow.asset)))
    return [(asset, int(amount)) for asset, amount in rows if amount]


def _blocked_on_lines(books: Books, campaign: str | None) -> list[tuple[str, str, int]]:
    """(asset, the row that they are in, units) of gifts that were blocked after they had settled."""
    blocked = []
    for slug in campaign_slugs(books.session):
        for _, line, start, end in blocked_intervals(books, slug) if campaign in {None, slug} else ():
            units = units_in(held_by_block(books.lines, line, start, end))
            if units:
                blocked.append((line_named(line).asset, _place_of(line), units))
    return blocked


def conserved_as(kind: AccountClass) -> tuple[str, str]:
    """What a class is called among what came, and among what is held or went."""
    return _WORDS.get(kind, (kind.value, kind.value))


def _place_of(line: str) -> str:
    """The row that units of a line of money are in."""
    name = line_named(line)
    if isinstance(name, ExchangeLine):
        return "at_exchange"
    return "in_hand_wallet" if name.asset == "BTC" else "in_hand_bank"


def _row_of(kind: AccountClass, net: int) -> tuple[Side, str]:
    """Side and word of a balance; classes that are never negative stand among what is held, whatever they say."""
    came, went = conserved_as(kind)
    if kind in _PROMISES:
        return Side.BOUND, went
    if net < 0 and kind not in NEVER_NEGATIVE:
        return Side.CAME, came
    return Side.WENT, went


def _orders(books: Books, campaign: str | None) -> list[Tie]:
    """Per item: ordered = good + damaged + short + rejected - replaced + bought + cancelled + open."""
    ties: list[Tie] = []
    for slug in campaign_slugs(books.session):
        if campaign is not None and slug != campaign:
            continue
        counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        papers = OrderPapers(books, slug)
        for of, came in papers.received.items():
            counts[of] |= {"good": came.good, "damaged": came.damaged, "short": came.short}
            counts[of] |= {"rejected": came.rejected, "replaced": -came.replaced, "before": came.before}
        for of, units in papers.bought.items():
            counts[of]["bought"] = units
        for order in papers.bound:
            for item in papers.items(order):
                row = counts[order.number, item.item]
                for kind in (AccountClass.CANCELLED, AccountClass.OPEN):
                    row[kind.value] = books.net(account(kind, slug, order.number, item.item), item.product)
                parts = tuple((name, units) for name, units in row.items() if units)
                ties.append(
                    Tie.of(
                        what=Tied.ORDER,
                        subject=f"{order.number}/{item.item}",
                        asset=item.product,
                        total=item.quantity,
                        parts=parts,
                    )
                )
    return ties


def _lots(books: Books, campaign: str | None) -> list[Tie]:
    """Per lot: what its delivery note says = what all places hold of it and what left them."""
    places: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for balance in books.balances():
        kind, asset = balance.account.kind, balance.asset
        if "#" in asset and kind not in MADE_LOTS and balance.net:
            places[balance.account.campaign, asset][kind.value] += balance.net
    return [
        Tie.of(
            what=Tied.LOT,
            subject=f"{slug}/{asset}",
            asset=asset,
            total=noted,
            parts=tuple(sorted(places[slug, asset].items())),
        )
        for (slug, asset), noted in noted_of_lots(books.session, campaign).items()
    ]


def _banks(tx: Reading, books: Books, campaign: str | None) -> list[Tie]:
    """Per bank: what the newest statement closes with = books + what only one of the two knows."""
    ties: list[Tie] = []
    for slug in campaign_slugs(books.session):
        if campaign not in {None, slug}:
            continue
        for bank in bank_sums(books, BankReadings(tx.session, slug, "")):
            parts = {
                "before_statements": bank.opening,
                "in_books": bank.books,
                "on_statements_only": bank.unmatched,
                "set_aside": bank.aside,
                "in_books_only": -bank.outstanding,
                "notified_only": -bank.notified,
            }
            nonzero = tuple((name, minor) for name, minor in parts.items() if minor)
            ties.append(
                Tie.of(
                    what=Tied.BANK,
                    subject=f"{slug}/{bank.bank}",
                    asset=bank.currency,
                    total=bank.closing,
                    parts=nonzero,
                )
            )
    return ties


def _lines(books: Books, campaign: str | None) -> list[Tie]:
    """Per currency: what lies in banks is what is free or held on the money lines, restricted money apart."""
    ties: list[Tie] = []
    on_lines: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for name in books.lines.money(campaign):
        slug, need, asset = name.campaign, name.restriction, name.asset
        if asset == "BTC":
            continue
        for span in books.lines.spans(str(name)):
            if span.state in {UnitState.FREE, UnitState.HELD}:
                key = span.state.value, "" if need == FREE else need
                on_lines[slug, asset][key] += span.end - span.start
    for (slug, asset), states in on_lines.items():
        held = at_banks(books, slug, asset) + shortfall_at_banks(books.session, slug, asset)
        held -= tax_owed(books, slug, asset)
        parts = tuple(
            TiePart(key=state, amount=Amount.of(asset, units), restriction=need)
            for (state, need), units in sorted(states.items())
        )
        ties.append(Tie(what=Tied.LINE, subject=f"{slug}/{asset}", total=Amount.of(asset, held), parts=parts))
    return ties
