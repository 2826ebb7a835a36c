"""Conversions: coins given for money at an exchange. One settled outgoing transaction is explained whole.

The fee is parted first, in proportion, in its own asset; what goes on is last (docs/rules.md, T7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, SpendRef
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import FREE, HoldCause, HoldName, conversion_use
from ledger.rules.approvals import approval, held_takings, holding, rejection, release_of, require_pending
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign, require_need
from ledger.rules.explaining import (
    fold_explained,
    fold_left_open,
    fold_waiting,
    require_to_explain,
    unexplained_again,
    waits_for_spend,
)
from ledger.rules.gifts import money_line
from ledger.rules.rates import SATS
from ledger.rules.restrictions import Taking, cut, units_of
from ledger.rules.sold import Sold, fills_of
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.spends import carried, require_purpose, require_released, require_unexplained, spent_line
from ledger.rules.valuations import unfold_converted
from ledger.rules.workflow import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One partial execution at the exchange: `sold` sats for `proceeds` minor units, after its `fee`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    sold: Positive
    proceeds: Positive
    fee: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """`sold` sats became `proceeds` minor units of `currency` at the bank, after `exchange_fee`.

    What restricted coins fetch is restricted alike. `need`: only in an explanation given before the coins
    settle; coins restricted to that need are taken first then.
    `fills`: in the exchange's order, where it sold in parts; they sum to the totals. `quote`: the price of one
    bitcoin that was quoted before, minor units; slippage is shown against it and not booked (docs/rules.md, 11).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    txid: SpendRef
    sold: Positive
    network_fee: Count
    currency: Currency
    proceeds: Positive
    exchange_fee: Count = 0
    exchange: Name
    bank: Name
    fills: Annotated[tuple[Fill, ...], Field(min_length=1, max_length=500)] | None = None
    quote: Positive | None = None
    need: Number | None = None
    date: Date


def slippage(facts: Mapping[str, Any]) -> int | None:
    """By how much the coins fetched less than was quoted (negative: more), minor units; None without a quote."""
    if "quote" not in facts:
        return None
    return int(facts["sold"] * facts["quote"] // SATS - facts["proceeds"] - facts["exchange_fee"])


def terms_of(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a conversion's page says of it: the rate after fees, the fills, and the distance to the quote."""
    told = [("rate", str(facts["proceeds"] * SATS // facts["sold"])), ("currency", str(facts["currency"]))]
    if "fills" in facts:
        told.append(("fills", str(len(facts["fills"]))))
    lost = slippage(facts)
    if lost is not None:
        told.append(("slippage", str(lost)) if lost >= 0 else ("above_quote", str(-lost)))
    return told


def fee_share(fee: int, out: int, units: int) -> int:
    """The fee's part of the units that a spend took from the line, which may be fewer than what left."""
    return fee * units // out if out else 0


def _require_fills_tie(facts: Conversion) -> None:
    """Refused where the fills do not sum to the totals."""
    if facts.fills is None:
        return
    sums = {
        "sold": sum(fill.sold for fill in facts.fills),
        "proceeds": sum(fill.proceeds for fill in facts.fills),
        "exchange_fee": sum(fill.fee for fill in facts.fills),
    }
    for field, told in sums.items():
        total = getattr(facts, field)
        if told != total:
            raise Refused.field(
                field, f"is {total} and the fills sum to {told}; give every fill, or the total of them"
            )


def _uses(
    context: Context, facts: Mapping[str, Any], takings: Sequence[Taking], fee: int
) -> tuple[tuple[Use, ...], tuple[Sold, ...]]:
    """One use a fill: the coins and the network fee are cut at the floors of what was sold up to each.

    A fill that sold coins of several restrictions is cut again between them, at the floors of one use, so that
    nobody's share depends on who else's coins are restricted.
    """
    units = units_of(takings)
    uses, parts_sold = [], []
    sold = low = paid = 0
    at: dict[str, int] = {}
    for n, fill in enumerate(fills_of(context.campaign, facts), start=1):
        sold += fill.sold
        fees = fee * sold // facts["sold"]
        high = (units - fee) * sold // facts["sold"] + fees
        for taking, start, first, last in _cuts(takings, low, high):
            line = money_line(context.campaign, facts["currency"], taking.restriction)
            begin = at.get(line, context.books.lines.length(line))
            before = _below(fill, high - low, fees - paid, first - low)
            after = _below(fill, high - low, fees - paid, last - low)
            if last == high:
                after = (after[0], after[1], fill.sold, fill.proceeds, fill.gross)
            charge, share, coins, out, gross = (b - a for a, b in zip(before, after, strict=True))
            parts = (Part(PartKind.FEE, charge, charge), Part(PartKind.ON, share, out, line, begin))
            name = conversion_use(
                context.campaign, facts["number"], n if "fills" in facts else 0, taking.restriction
            )
            pieces = cut(taking, first - start, last - start)
            uses.append(Use(str(name), taking.line, pieces, last - first, parts))
            parts_sold.append(Sold(str(name), coins, out, gross - out))
            at[line] = begin + out
        low, paid = high, fees
    return tuple(uses), tuple(parts_sold)


def _below(fill: Sold, units: int, fee: int, count: int) -> tuple[int, int, int, int, int]:
    """Below a count of a fill's units: its fee, what goes on, coins sold, proceeds, and proceeds before fees."""
    charged = fee * count // units if units else 0
    share, whole = count - charged, units - fee
    if not whole:
        return charged, share, 0, 0, 0
    sold, proceeds, gross = (total * share // whole for total in (fill.sold, fill.proceeds, fill.gross))
    return charged, share, sold, proceeds, gross


def _cuts(takings: Sequence[Taking], low: int, high: int) -> list[tuple[Taking, int, int, int]]:
    """(taking, count at which it begins, first and last count) of what lies in `low..high`; never empty."""
    found, start = [], 0
    for taking in takings:
        end = start + taking.units
        first, last = max(low, start), min(high, end)
        if first < last or (low == high and start <= low < end):
            found.append((taking, start, first, last))
        start = end
    return found or [(takings[-1], start - takings[-1].units, low, high)]


def _early(context: Context, facts: Conversion) -> None:
    if facts.currency == "BTC":
        raise Refused.field("currency", "a conversion ends in another currency than BTC")
    if facts.need is not None:
        require_need(context.books.session, context.campaign, facts.need, "need")
    _require_fills_tie(facts)


def _post(context: Context, facts: Conversion) -> Posting:
    require_campaign(context)
    _early(context, facts)
    total = facts.sold + facts.network_fee
    spend = require_to_explain(context, facts.txid, total, "sold")
    require_released(context, spend)
    require_purpose(spend, facts.need)
    return holding(
        carried(context.books, context.campaign, facts.txid),
        str(HoldName(HoldCause.CONVERSION, facts.number)),
    )


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "conversion", decision.number)
    facts = document["facts"]
    campaign, currency = context.campaign, facts["currency"]
    total = facts["sold"] + facts["network_fee"]
    require_released(context, require_unexplained(context, facts["txid"], total, "sold"))
    unexplained = account(AccountClass.UNEXPLAINED, campaign)
    trading = account(AccountClass.TRADING, campaign)
    transfers = [Transfer(trading, unexplained, "BTC", facts["sold"])]
    if facts["network_fee"]:
        fees = account(AccountClass.FEES, campaign, "network")
        transfers.append(Transfer(fees, unexplained, "BTC", facts["network_fee"]))
    bank = account(AccountClass.BANK, campaign, facts["bank"])
    transfers.append(Transfer(bank, trading, currency, facts["proceeds"]))
    if facts["exchange_fee"]:
        fees = account(AccountClass.FEES, campaign, "exchange")
        transfers.append(Transfer(fees, trading, currency, facts["exchange_fee"]))
    takings = held_takings(document)
    fee = fee_share(facts["network_fee"], total, units_of(takings))
    # Coins that no gift stands behind fetch money all the same; it has no owner then.
    uses, sold = _uses(context, facts, takings or (Taking(FREE, spent_line(facts["txid"]), ()),), fee)
    told = [[row.use, row.sold, row.proceeds, row.fee] for row in sold]
    notes = {} if sold == fills_of(campaign, facts) else {"sold": told}
    return Posting(tuple(transfers), (*release_of(document), *uses), notes)


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """The transaction waits for an explanation again, and the values that rest on what it fetched are none."""
    unexplained_again("conversion")(books, entry, seq)
    unfold_converted(books, entry.campaign, str(entry.facts["number"]), seq)


CONVERSION = Kind(
    name="conversion",
    noun="conversion",
    verb="add",
    facts=Conversion,
    doc="Record that a transaction sold coins for money; it waits for another person's approval.",
    roles=RECORDERS,
    key=numbered("conversion"),
    post=_post,
    fold=fold_waiting("conversion"),
    waits_for=waits_for_spend,
    early=_early,
)
KINDS = (
    CONVERSION,
    approval("conversion", _post_approved, fold_explained("conversion"), Undoing(_unfold)),
    rejection("conversion", fold_left_open("conversion")),
)
