"""Conversions: coins given for money at an exchange. A settled outgoing transaction is explained whole, or coins are
sold of what deposits brought there.

The fee is parted first, in proportion, in its own asset; what goes on is last (docs/rules.md, T7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, SpendRef
from ledger.core.frozen import Amount
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import HoldCause, HoldName, conversion_use
from ledger.model.columns import OF_ENTRY
from ledger.model.conversions import ConversionFillRow, ConversionRow, ConversionSaleRow
from ledger.model.proposals import COUNTS
from ledger.model.screening import PayeeKind
from ledger.model.spends import ExplainedBy
from ledger.rules.asked import Asked, Party
from ledger.rules.at_exchange import exchange_account, require_at, taken_at, unowned_at
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign, require_need
from ledger.rules.explaining import explained, left_open, require_to_explain, waiting
from ledger.rules.gifts import money_line
from ledger.rules.rates import SATS
from ledger.rules.restrictions import Taking, cut, units_of
from ledger.rules.spec import Context, Explains
from ledger.rules.spends import (
    carried,
    fee_share,
    require_purpose,
    require_released,
    require_unexplained,
    unowned,
)
from ledger.rules.unusual import unusual_sale
from ledger.rules.valuations import unfold_converted
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One partial execution at the exchange: `sold` sats for `proceeds` minor units, after its `fee`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    sold: Positive
    proceeds: Positive
    fee: Count = 0

    @property
    def gross(self) -> int:
        return self.proceeds + self.fee


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """`sold` sats became `proceeds` minor units of `currency` at the bank, after `exchange_fee`.

    Without a `txid` and a network fee they are sold of what lies at the exchange, deposit after deposit; `reference`
    is what the exchange calls the sale. What restricted coins fetch is restricted alike. `need`: of a transaction only
    in an explanation given before its coins settle; coins restricted to that need are taken first then.
    `fills`: in the exchange's order, where it sold in parts; they sum to the totals. `quote`: the price of one
    bitcoin that was quoted before, minor units; slippage is shown against it and not booked (docs/rules.md, 11).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    txid: SpendRef | None = None
    sold: Positive
    network_fee: Count = 0
    currency: Currency
    proceeds: Positive
    exchange_fee: Count = 0
    exchange: Name
    bank: Name
    fills: Annotated[tuple[Fill, ...], Field(min_length=1, max_length=500)] | None = None
    quote: Positive | None = None
    need: Number | None = None
    reference: Number | None = None
    date: Date


class Sold(NamedTuple):
    """What one use of a conversion sold: sats, for minor units after the exchange's fee; `use` names it."""

    use: str
    sold: int
    proceeds: int
    fee: int


@dataclass(frozen=True, slots=True)
class SoldApart:
    """What each use sold, where a fill sold coins of several restrictions; else the fills say it."""

    sold: tuple[Sold, ...]


_FILLS = (
    select(ConversionFillRow)
    .where(col(ConversionFillRow.conversion_entry) == OF_ENTRY)
    .order_by(col(ConversionFillRow.n))
)


def fills_of(session: Session, conversion: ConversionRow) -> tuple[tuple[int, Fill], ...]:
    """What the exchange says that it sold, in its order: each fill by its number from 1, or all of it as number 0."""
    rows = session.exec(_FILLS, params={"of_entry": conversion.entry})
    fills = tuple((row.n, Fill(sold=row.sold, proceeds=row.proceeds, fee=row.fee)) for row in rows)
    if fills:
        return fills
    whole = Fill(sold=conversion.sold, proceeds=conversion.proceeds, fee=conversion.exchange_fee)
    return ((0, whole),)


def _sold_by_fill(session: Session, conversion: ConversionRow) -> tuple[Sold, ...]:
    """One use a fill: what is sold where no fill is cut between restrictions."""
    return tuple(
        Sold(
            str(conversion_use(conversion.campaign, conversion.number, n)), fill.sold, fill.proceeds, fill.fee
        )
        for n, fill in fills_of(session, conversion)
    )


def slippage(conversion: ConversionRow) -> int | None:
    """By how much the coins fetched less than was quoted (negative: more), minor units; None without a quote."""
    if conversion.quote is None:
        return None
    return conversion.sold * conversion.quote // SATS - conversion.proceeds - conversion.exchange_fee


def terms_of(conversion: ConversionRow) -> dict[str, Amount]:
    """What a conversion's page says of it in amounts: a bitcoin's rate before the exchange's fee, and the distance to
    the quote. Both are of the gross, so that neither hides a fee.
    """
    gross = conversion.proceeds + conversion.exchange_fee
    terms = {"rate": gross * SATS // conversion.sold}
    lost = slippage(conversion)
    if lost is not None:
        terms["slippage" if lost >= 0 else "above_quote"] = abs(lost)
    return {name: Amount.of(conversion.currency, minor) for name, minor in terms.items()}


def _require_fills_tie(facts: Conversion) -> None:
    """Refused where the fills do not sum to the totals."""
    if facts.fills is None:
        return
    sums = {
        "sold": sum(fill.sold for fill in facts.fills),
        "proceeds": sum(fill.proceeds for fill in facts.fills),
        "exchange_fee": sum(fill.fee for fill in facts.fills),
    }
    for field, summed in sums.items():
        total = getattr(facts, field)
        if summed != total:
            raise Refused.field(
                field,
                "is {total} and the fills sum to {sum}; give every fill, or the total of them",
                total=total,
                sum=summed,
            )


def _uses(
    books: Books, conversion: ConversionRow, takings: Sequence[Taking], fee: int
) -> tuple[tuple[Use, ...], tuple[Sold, ...]]:
    """One use a fill: the coins and the network fee are cut at the floors of what was sold up to each.

    A fill that sold coins of several restrictions is cut again between them, at the floors of one use, so that
    nobody's share depends on who else's coins are restricted.
    """
    units = units_of(takings)
    uses, parts_sold = [], []
    sold = low = paid = 0
    at: dict[str, int] = {}
    for n, fill in fills_of(books.session, conversion):
        sold += fill.sold
        fees = fee * sold // conversion.sold
        high = (units - fee) * sold // conversion.sold + fees
        for taking, start, first, last in _cuts(takings, low, high):
            line = money_line(conversion.campaign, conversion.currency, taking.restriction)
            begin = at.get(line, books.lines.length(line))
            before = _below(fill, high - low, fees - paid, first - low)
            after = _below(fill, high - low, fees - paid, last - low)
            if last == high:
                after = (after[0], after[1], fill.sold, fill.proceeds, fill.gross)
            charge, share, coins, out, gross = (b - a for a, b in zip(before, after, strict=True))
            parts = (Part(PartKind.FEE, charge, charge), Part(PartKind.ON, share, out, line, begin))
            name = str(conversion_use(conversion.campaign, conversion.number, n, taking.restriction))
            pieces = cut(taking, first - start, last - start)
            uses.append(Use(name, taking.line, pieces, last - first, parts))
            parts_sold.append(Sold(name, coins, out, gross - out))
            at[line] = begin + out
        low, paid = high, fees
    return tuple(uses), tuple(parts_sold)


def _below(fill: Fill, units: int, fee: int, count: int) -> tuple[int, int, int, int, int]:
    """Below a count of a fill's units: its fee, what goes on, coins sold, proceeds, and proceeds before fees."""
    charged = fee * count // units if units else 0
    share, whole = count - charged, units - fee
    if not whole:
        return charged, share, 0, 0, 0
    sold, proceeds, gross = (total * share // whole for total in (fill.sold, fill.proceeds, fill.gross))
    return charged, share, sold, proceeds, gross


def _cuts(takings: Sequence[Taking], low: int, high: int) -> list[tuple[Taking, int, int, int]]:
    """(taking, count at which it begins, first and last count) of what lies in `low..high`; never empty."""
    cuts, start = [], 0
    for taking in takings:
        end = start + taking.units
        first, last = max(low, start), min(high, end)
        if first < last or (low == high and start <= low < end):
            cuts.append((taking, start, first, last))
        start = end
    return cuts or [(takings[-1], start - takings[-1].units, low, high)]


def _early(context: Context, facts: Conversion) -> None:
    if facts.currency == "BTC":
        raise Refused.field("currency", "a conversion ends in another currency than BTC")
    if facts.need is not None:
        require_need(context.books.session, context.campaign, facts.need, "need")
    _require_fills_tie(facts)
    if facts.txid is None and facts.network_fee:
        raise Refused.field(
            "network_fee",
            "is of a transaction; coins that lie at the exchange are sold without one, leave it out",
        )
    if facts.reference is not None:
        _require_new_reference(context, facts, facts.reference)


def _require_new_reference(context: Context, facts: Conversion, reference: str) -> None:
    """Refused where another conversion tells of the same sale already."""
    other = context.books.session.exec(
        select(ConversionRow.number).where(
            ConversionRow.campaign == context.campaign,
            ConversionRow.exchange == facts.exchange,
            ConversionRow.reference == reference,
            ConversionRow.number != facts.number,
            col(ConversionRow.status).in_(COUNTS),
        )
    ).first()
    if other is not None:
        raise Refused.field(
            "reference", "is that of conversion {other}, which tells of this sale already", other=other
        )


def _hold(context: Context, facts: Conversion) -> Posting[None]:
    require_campaign(context)
    _early(context, facts)
    hold = str(HoldName(HoldCause.CONVERSION, facts.number))
    if facts.txid is None:
        takings = taken_at(context.books, context.campaign, facts.exchange, facts.sold, "sold", facts.need)
        return holding(takings, hold)
    total = facts.sold + facts.network_fee
    spend = require_to_explain(context, facts.txid, total, "sold")
    require_released(context, spend)
    require_purpose(spend, facts.need)
    return holding(carried(context.books, context.campaign, facts.txid), hold)


def _transfers(conversion: ConversionRow) -> tuple[Transfer, ...]:
    """Coins to the exchange and money from it to the bank, each with its fee apart."""
    campaign, currency = conversion.campaign, conversion.currency
    source = account(AccountClass.UNEXPLAINED, campaign)
    if conversion.txid is None:
        source = exchange_account(campaign, conversion.exchange)
    trading = account(AccountClass.TRADING, campaign)
    transfers = [Transfer(trading, source, "BTC", conversion.sold)]
    if conversion.network_fee:
        fees = account(AccountClass.FEES, campaign, "network")
        transfers.append(Transfer(fees, source, "BTC", conversion.network_fee))
    bank = account(AccountClass.BANK, campaign, conversion.bank)
    transfers.append(Transfer(bank, trading, currency, conversion.proceeds))
    if conversion.exchange_fee:
        fees = account(AccountClass.FEES, campaign, "exchange")
        transfers.append(Transfer(fees, trading, currency, conversion.exchange_fee))
    return tuple(transfers)


def _effect(context: Context, conversion: ConversionRow, _decision: Decision) -> Posting[SoldApart | None]:
    session, total = context.books.session, conversion.sold + conversion.network_fee
    if conversion.txid is None:
        require_at(context.books, conversion.campaign, conversion.exchange, conversion.sold)
        takings = held_takings(session, conversion) or unowned_at(conversion.campaign, conversion.exchange)
    else:
        require_released(context, require_unexplained(context, conversion.txid, total, "sold"))
        takings = held_takings(session, conversion) or unowned(conversion.txid)
    fee = fee_share(conversion.network_fee, total, units_of(takings))
    uses, sold = _uses(context.books, conversion, takings, fee)
    apart = None if sold == _sold_by_fill(session, conversion) else SoldApart(sold)
    return Posting(_transfers(conversion), (*release_of(session, conversion), *uses), apart)


def _row(_books: Books, entry: Entry[Conversion, None]) -> ConversionRow:
    facts = entry.facts
    return ConversionRow(
        **proposed(entry, facts.number, facts.date),
        txid=facts.txid,
        sold=facts.sold,
        network_fee=facts.network_fee,
        currency=facts.currency,
        proceeds=facts.proceeds,
        exchange_fee=facts.exchange_fee,
        exchange=facts.exchange,
        bank=facts.bank,
        quote=facts.quote,
        need=facts.need,
        reference=facts.reference,
    )


_wait = waiting(ExplainedBy.CONVERSION)
_explain = explained(ExplainedBy.CONVERSION)


def _kept(books: Books, conversion: ConversionRow, entry: Entry[Conversion, None]) -> None:
    _wait(books, conversion, entry)
    for n, fill in enumerate(entry.facts.fills or (), start=1):
        books.session.add(
            ConversionFillRow(
                conversion_entry=conversion.entry, n=n, sold=fill.sold, proceeds=fill.proceeds, fee=fill.fee
            )
        )


def _approved(books: Books, conversion: ConversionRow, entry: Entry[Decision, SoldApart | None]) -> None:
    _explain(books, conversion, entry)
    apart = entry.notes
    sold = _sold_by_fill(books.session, conversion) if apart is None else apart.sold
    for n, sale in enumerate(sold, start=1):
        books.session.add(ConversionSaleRow(conversion_entry=conversion.entry, n=n, **sale._asdict()))


def _reversed(books: Books, conversion: ConversionRow, entry: Entry[Decision, SoldApart | None]) -> None:
    """The transaction waits for an explanation again, and the values that rest on what it fetched are none."""
    left_open(books, conversion, entry)
    assert conversion.reversed_by is not None
    unfold_converted(books, conversion.campaign, conversion.number, conversion.reversed_by)


def _asks(_session: Session, conversion: ConversionRow) -> Asked:
    sats = conversion.sold + conversion.network_fee
    party = Party(PayeeKind.EXCHANGE, conversion.exchange)
    return Asked("BTC", sats, party=party, txid=conversion.txid)


def _explains(facts: Conversion) -> Explains | None:
    return (
        None if facts.txid is None else Explains(facts.txid, facts.sold + facts.network_fee, need=facts.need)
    )


CONVERSIONS: Workflow[Conversion, ConversionRow, SoldApart | None, None] = Workflow(
    noun="conversion",
    facts=Conversion,
    row=ConversionRow,
    doc="Record that a transaction, or an exchange where coins lie, sold them for money; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=SoldApart,
    kept=_kept,
    approved=_approved,
    rejected=left_open,
    reversed=_reversed,
    explains=_explains,
    early=_early,
    doubts=unusual_sale,
    about=lambda _session, conversion: ("BTC", conversion.sold + conversion.network_fee),
    asks=_asks,
)
KINDS = CONVERSIONS.kinds()
