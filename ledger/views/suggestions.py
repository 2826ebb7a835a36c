"""Suggestions: what may have taken coins that left unexplained, ranked by transaction, amount, time and address.

Pure: the same books give the same list in the same order, and nothing is ever explained by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import col, func, select

from ledger.core.chain import Outpoint
from ledger.core.frozen import Frozen
from ledger.core.names import spend_named
from ledger.core.telling import Telling
from ledger.core.times import rfc3339, unix_seconds
from ledger.core.wording import Figure
from ledger.model.conversions import ConversionRow
from ledger.model.exchange_coins import DepositRow
from ledger.model.orders import InvoiceRow, OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.model.spends import SpendRow
from ledger.recording import drafts
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.observing import Observed, WatchedTx
from ledger.rules.rates import SATS, divided_half_even, newest_price
from ledger.store.transaction import Reading

NEAR_PERMILLE = 50
"""An amount further away than this is no suggestion, unless the transaction itself is named."""
NEAR_DAYS = 14
NAMED, AMOUNT, TIME, ADDRESS = 100, 60, 20, 20
"""Points: for naming the transaction, or at most for amount, time and address together."""
RATES_LOOKED_AT = 20
"""Rates at most, the newest first, of which the first that its sources agree on is taken."""
SHOWN = 5


class Why(StrEnum):
    """Why a record may explain an open item."""

    SAME_AMOUNT = "same_amount"
    AMOUNT_AWAY = "amount_away"
    ANOTHER_AMOUNT = "another_amount"
    SAME_DAY = "same_day"
    DAYS_APART = "days_apart"
    DRAFT = "draft"
    DRAFT_OF_IT = "draft_of_it"
    WAITS_FOR_APPROVAL = "waits_for_approval"
    ALL_OURS = "all_ours"
    RECORD_MOVE = "record_move"
    OPEN_INVOICE = "open_invoice"
    SAME_ADDRESS = "same_address"
    ENTRY = "entry"
    NAMED_IN_TEXT = "named_in_text"
    COMBINED = "combined"
    OWN_REFERENCE = "own_reference"
    RECORD_GIFT = "record_gift"


class Suggestion(Frozen):
    """A record that may explain an open item."""

    kind: str
    """The noun of what may explain it, as `conversion`; or `entry`, or `entries` that do together."""
    reference: str
    """Its number; of several, their numbers."""
    campaign: str
    """Short name of its campaign."""
    score: int
    """How likely, of 100 at most."""
    minor: int | None
    """Minor units of the item's asset that it would explain."""
    why: tuple[Telling, ...]
    """The reasons, each as a word and values."""


@dataclass(frozen=True, slots=True)
class _Left:
    """The coins that left: sats for good, when (Unix seconds), and the scripts that they lay on."""

    ref: str
    sats: int
    at: int
    scripts: frozenset[str]

    @property
    def txid(self) -> str:
        return spend_named(self.ref).txid


def suggestions(tx: Reading, campaign: str, ref: str, sats: int) -> tuple[Suggestion, ...]:
    """The best few for the spend `ref` (a txid, perhaps with its part) that took `sats`, best first."""
    if sats <= 0:
        return ()
    observed = Observed(tx.session)
    seen = observed.tx(spend_named(ref).txid)
    at = 0 if seen is None else seen.block_time or unix_seconds(seen.first_at)
    left = _Left(ref, sats, at, _scripts(observed, seen))
    books = Books(tx)
    candidates = [
        *_own_move(observed, campaign, left, seen),
        *_drafts(tx, campaign, left),
        *_pending(books, campaign, left),
        *_invoices(books, campaign, left),
        *_same_address(books, observed, campaign, left),
    ]
    return tuple(sorted(candidates, key=lambda s: (-s.score, s.kind, s.reference))[:SHOWN])


def _scripts(observed: Observed, seen: WatchedTx | None) -> frozenset[str]:
    """Our scripts that the transaction spent from."""
    scripts = set()
    for spent in () if seen is None else seen.inputs:
        outpoint = Outpoint.parse(spent)
        before = observed.tx(outpoint.txid)
        scripts |= {o.script for o in (before.outputs if before else ()) if o.vout == outpoint.vout}
    return frozenset(scripts)


def _by_amount(left: _Left, sats: int | None) -> tuple[int, Telling] | None:
    """Points for an amount near what left, and why; None where it is too far."""
    if not sats:
        return None
    away = abs(sats - left.sats) * 1000 // left.sats
    if away > NEAR_PERMILLE:
        return None
    why = Telling(Why.SAME_AMOUNT)
    if sats != left.sats:
        why = Telling(Why.AMOUNT_AWAY, {"away": Figure("BTC", sats - left.sats)})
    return AMOUNT - AMOUNT * away // (NEAR_PERMILLE + 1), why


def _by_time(left: _Left, date: str) -> tuple[int, Telling]:
    """Points for a date near the day on which the coins left."""
    days = abs(unix_seconds(f"{date}T00:00:00Z") // 86_400 - left.at // 86_400)
    return max(0, TIME - TIME * days // (NEAR_DAYS + 1)), days_apart(days)


def days_apart(days: int) -> Telling:
    """How far two days are from each other."""
    return Telling(Why.DAYS_APART, {"n": days}) if days else Telling(Why.SAME_DAY)


def _suggested(
    kind: str, reference: str, campaign: str, left: _Left, sats: int | None, date: str, more: Why
) -> Suggestion | None:
    amount = _by_amount(left, sats)
    if amount is None:
        return None
    time = _by_time(left, date)
    return Suggestion(
        kind=kind,
        reference=reference,
        campaign=campaign,
        score=amount[0] + time[0],
        minor=sats,
        why=(Telling(more), amount[1], time[1]),
    )


def _drafts(tx: Reading, campaign: str, left: _Left) -> Iterator[Suggestion]:
    """Explanations given before their spend settled, and those that were refused then."""
    for draft in tx.desk.drafts():
        if draft.campaign != campaign:
            continue
        facts = drafts.read(draft)
        reference, sats = facts.number, facts.explains.sats
        if draft.waits_for == left.ref:
            near = _by_amount(left, sats) or (0, Telling(Why.ANOTHER_AMOUNT))
            why = (Telling(Why.DRAFT_OF_IT), near[1])
            yield Suggestion(
                kind=draft.kind, reference=reference, campaign=campaign, score=NAMED, minor=sats, why=why
            )
            continue
        suggested = _suggested(
            draft.kind, reference, campaign, left, sats, facts.date or draft.at[:10], Why.DRAFT
        )
        if suggested is not None:
            yield suggested


def _pending(books: Books, campaign: str, left: _Left) -> Iterator[Suggestion]:
    """Recorded conversions, deposits and payments that wait for approval."""
    sold = select(ConversionRow).where(
        ConversionRow.campaign == campaign,
        ConversionRow.status == ProposalStatus.PENDING,
        ConversionRow.txid == left.ref,
    )
    for conversion in books.session.exec(sold):
        sats = conversion.sold + conversion.network_fee
        yield _named("conversion", conversion.number, campaign, sats)
    brought = select(DepositRow).where(
        DepositRow.campaign == campaign,
        DepositRow.status == ProposalStatus.PENDING,
        DepositRow.txid == left.ref,
    )
    for deposit in books.session.exec(brought):
        yield _named("deposit", deposit.number, campaign, deposit.amount + deposit.network_fee)
    paid = select(PaymentRow).where(
        PaymentRow.campaign == campaign,
        PaymentRow.status == ProposalStatus.PENDING,
        PaymentRow.txid == left.ref,
    )
    for payment in books.session.exec(paid):
        yield _named("payment", payment.number, campaign, payment.amount + payment.fee)


def _named(kind: str, number: str, campaign: str, sats: int) -> Suggestion:
    why = (Telling(Why.WAITS_FOR_APPROVAL),)
    return Suggestion(kind=kind, reference=number, campaign=campaign, score=NAMED, minor=sats, why=why)


def _own_move(observed: Observed, campaign: str, left: _Left, seen: WatchedTx | None) -> Iterator[Suggestion]:
    """The network fee of coins moved between own addresses, where all is ours that it spent and that it paid."""
    spent = [observed.coin_to_be(outpoint) for outpoint in seen.inputs] if seen else []
    if seen is None or seen.others or not seen.outputs or not all(spent):
        return
    coins = [coin for coin in spent if coin is not None]
    put_in, back = sum(coin.sats for coin in coins), sum(output.sats for output in seen.outputs)
    places = {coin.campaign for coin in coins} | {output.campaign for output in seen.outputs}
    if places != {campaign} or put_in - back != left.sats:
        return
    why = (
        Telling(Why.ALL_OURS),
        Telling(Why.RECORD_MOVE, {"fee": str(left.sats), "txid": left.ref, "date": rfc3339(left.at)[:10]}),
    )
    yield Suggestion(
        kind="move",
        reference=left.ref,
        campaign=campaign,
        score=NAMED,
        minor=left.sats,
        why=why,
    )


def _price_at(books: Books, campaign: str, currency: str, day: str) -> int | None:
    """Minor units for one bitcoin by the newest agreed rate of that day or before."""
    row = campaign_of(books.session, campaign)
    price = newest_price(books.session, row, currency, day, among=RATES_LOOKED_AT)
    return None if price is None else price.price


def _invoices(books: Books, campaign: str, left: _Left) -> Iterator[Suggestion]:
    """Supplier invoices that are not paid yet, in coins by the day's rate."""
    asked = (PaymentRow.campaign == campaign, col(PaymentRow.status).in_(COUNTS))
    by_invoice = select(PaymentRow.invoice_entry, func.sum(PaymentRow.discharges)).where(*asked)
    paid = dict(books.session.exec(by_invoice.group_by(col(PaymentRow.invoice_entry))).all())
    day = rfc3339(left.at)[:10]
    prices: dict[str, int | None] = {}
    standing = (
        select(InvoiceRow, OrderRow.currency)
        .join(OrderRow, col(OrderRow.entry) == InvoiceRow.order_entry)
        .where(InvoiceRow.campaign == campaign, col(InvoiceRow.reversed_by).is_(None))
        .order_by(col(InvoiceRow.number))
    )
    for invoice, currency in books.session.exec(standing):
        open_amount = invoice.amount - int(paid.get(invoice.entry, 0))
        if open_amount <= 0:
            continue
        if currency not in prices:
            prices[currency] = SATS if currency == "BTC" else _price_at(books, campaign, currency, day)
        price = prices[currency]
        sats = divided_half_even(open_amount * SATS, price) if price else None
        suggested = _suggested(
            "invoice", invoice.number, campaign, left, sats, invoice.date, Why.OPEN_INVOICE
        )
        if suggested is not None:
            yield suggested


def _same_address(books: Books, observed: Observed, campaign: str, left: _Left) -> Iterator[Suggestion]:
    """Explained spends whose coins lay on one of the same addresses: likely the same use again."""
    if not left.scripts:
        return
    explained = select(SpendRow).where(
        SpendRow.campaign == campaign, col(SpendRow.explained_at).is_not(None), SpendRow.txid != left.txid
    )
    for spend in books.session.exec(explained.order_by(col(SpendRow.ref))):
        if left.scripts & _scripts(observed, observed.tx(spend.txid)):
            day = _by_time(left, spend.date)
            why = (Telling(Why.SAME_ADDRESS, {"by": str(spend.explained_by)}), day[1])
            yield Suggestion(
                kind="spend",
                reference=spend.ref,
                campaign=campaign,
                score=ADDRESS + day[0],
                minor=spend.out,
                why=why,
            )
