"""Conversions: coins given for money at an exchange. One settled outgoing transaction is explained whole.

The fee is parted first, in proportion, in its own asset; what goes on is last (DESIGN, Tracing, rule 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from ledger.accounts import AccountClass, account
from ledger.books import Books
from ledger.entry import Entry, Posting, Transfer
from ledger.errors import Refused
from ledger.facts import STRICT, Count, Currency, Date, Name, Number, Positive, SpendRef
from ledger.kinds.approvals import (
    Decision,
    approval,
    fold_decided,
    fold_pending,
    held,
    hold_note,
    rejection,
    release_of,
    require_pending,
)
from ledger.kinds.gifts import money_line
from ledger.kinds.rates import SATS
from ledger.kinds.spec import RECORDERS, Context, Kind, numbered, require_campaign
from ledger.kinds.spends import lender_of, mark_spend, require_unexplained, spent_line
from ledger.lines import Part, PartKind, Piece, Use


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

    `fills`: in the exchange's order, where it sold in parts; they sum to the totals. `quote`: the price of one
    bitcoin that was quoted before, minor units; slippage is shown against it and not booked (RULES 11).
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
    date: Date


@dataclass(frozen=True, slots=True)
class Sold:
    """What one use of a conversion sold, minor units; `use` names it."""

    use: str
    sold: int
    proceeds: int
    fee: int

    @property
    def gross(self) -> int:
        return self.proceeds + self.fee


def sold_in(campaign: str, facts: Mapping[str, Any]) -> tuple[Sold, ...]:
    """The uses that a conversion is: one a fill, in the exchange's order, or one for all."""
    use = f"conversion:{campaign}:{facts['number']}"
    fills = facts.get("fills")
    if fills is None:
        return (Sold(use, facts["sold"], facts["proceeds"], facts["exchange_fee"]),)
    return tuple(
        Sold(f"{use}:{n}", fill["sold"], fill["proceeds"], fill["fee"])
        for n, fill in enumerate(fills, start=1)
    )


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


def explained_pieces(context: Context, txid: str) -> tuple[Piece, ...]:
    """The units that the spend carried away and nobody used yet."""
    line = spent_line(txid)
    return context.books.lines.lowest_free(line, context.books.lines.length(line))


def waits_for_spend(books: Books, campaign: str, facts: Any) -> str | None:
    """The txid, while its spend has not settled: the explanation waits as a draft (DESIGN section 4)."""
    txid = facts.txid
    # A part is named once it is recorded; there is nothing to wait for.
    if txid is None or ":" in txid or lender_of(books.documents, campaign, txid) is not None:
        return None
    return None if books.documents.find("spend", campaign, txid) is not None else str(txid)


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


def _uses(context: Context, facts: Mapping[str, Any], pieces: tuple[Piece, ...], fee: int) -> tuple[Use, ...]:
    """One use a fill: the coins and the network fee are cut at the floors of what was sold up to each."""
    units = sum(end - start for start, end in pieces)
    line = money_line(context.campaign, facts["currency"])
    at = context.books.lines.length(line)
    whole = Use("", spent_line(facts["txid"]), pieces, units, ())
    uses, sold, low, paid = [], 0, 0, 0
    for fill in sold_in(context.campaign, facts):
        sold += fill.sold
        fees = fee * sold // facts["sold"]
        high = (units - fee) * sold // facts["sold"] + fees
        parts = (
            Part(PartKind.FEE, fees - paid, fees - paid),
            Part(PartKind.ON, high - low - (fees - paid), fill.proceeds, line, at),
        )
        uses.append(Use(fill.use, whole.line, tuple(whole.pieces_between(low, high)), high - low, parts))
        at, low, paid = at + fill.proceeds, high, fees
    return tuple(uses)


def _post(context: Context, facts: Conversion) -> Posting:
    require_campaign(context)
    if facts.currency == "BTC":
        raise Refused.field("currency", "a conversion ends in another currency than BTC")
    _require_fills_tie(facts)
    total = facts.sold + facts.network_fee
    spend = require_unexplained(context, facts.txid, total, "sold")
    if spend["pending"] is not None:
        raise Refused.field("txid", f"{spend['pending']} already waits to explain this transaction")
    pieces = explained_pieces(context, facts.txid)
    if not pieces:
        return Posting()
    line = spent_line(facts.txid)
    return Posting((), (held(line, pieces, f"conversion:{facts.number}"),), hold_note(line, pieces))


def _fold(books: Books, entry: Entry) -> None:
    fold_pending("conversion")(books, entry)
    mark_spend(books, entry.campaign, entry.facts["txid"], pending=f"conversion {entry.facts['number']}")


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "conversion", decision.number)
    facts = document["facts"]
    campaign, currency = context.campaign, facts["currency"]
    total = facts["sold"] + facts["network_fee"]
    require_unexplained(context, facts["txid"], total, "sold")
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
    release = release_of(document)
    pieces = release[0].pieces if release else ()
    units = sum(end - start for start, end in pieces)
    if not units:
        return Posting(tuple(transfers), release)
    fee = fee_share(facts["network_fee"], total, units)
    return Posting(tuple(transfers), (*release, *_uses(context, facts, pieces, fee)))


def _fold_approved(books: Books, entry: Entry) -> None:
    fold_decided("conversion", "approved")(books, entry)
    document = books.documents.require("conversion", entry.campaign, str(entry.facts["number"]))
    mark_spend(
        books,
        entry.campaign,
        document["facts"]["txid"],
        pending=None,
        explained=f"conversion {entry.facts['number']}",
        explained_at=entry.at,
    )


def _fold_rejected(books: Books, entry: Entry) -> None:
    fold_decided("conversion", "rejected")(books, entry)
    document = books.documents.require("conversion", entry.campaign, str(entry.facts["number"]))
    mark_spend(books, entry.campaign, document["facts"]["txid"], pending=None)


CONVERSION = Kind(
    name="conversion",
    noun="conversion",
    verb="add",
    facts=Conversion,
    doc="Record that a transaction sold coins for money; it waits for another person's approval.",
    roles=RECORDERS,
    key=numbered("conversion"),
    post=_post,
    fold=_fold,
    waits_for=waits_for_spend,
)
KINDS = (
    CONVERSION,
    approval("conversion", _post_approved, _fold_approved),
    rejection("conversion", _fold_rejected),
)
