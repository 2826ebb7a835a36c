"""Open claims: what was paid for and failed, who owes it, and who follows it until when.

On a supplier the claim is read from receipts, returns, closings and refunds; on a carrier or an insurer somebody opened
it (`carrier_claims`). It ends by what makes it good: a refund, pieces in its place, or a write-off of two people. What
is recorded here is who follows it, and by when (docs/rules.md, 23).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, day_after
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number
from ledger.core.lines import PartKind
from ledger.core.names import Lot
from ledger.core.wording import Wording
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.goods import (
    LotDeliveryRow,
    RecallOutcome,
    RecallOutcomeRow,
    RecallRow,
    ReceiptRow,
    ReturnDirection,
    ReturnLotRow,
    ReturnRow,
)
from ledger.model.orders import ClaimRow, Failure, FollowedClaimRow, OrderItemRow, OrderRow, RefundRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.carrier_claims import claim_left, price_of, require_claim, standing_claims
from ledger.rules.exchange_rates import worth
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import order_line, require_order
from ledger.rules.recall_outcomes import recall_destruction_use
from ledger.rules.receipts import receipt_use
from ledger.rules.rests_on import days_of
from ledger.rules.returns import return_use
from ledger.rules.rows import mark_reversed
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered

DAYS = 14
"""Days after which a claim that nobody follows is overdue: so long carriers by air let damage be claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedClaim:
    """What the supplier of `order` owes, or who a `claim` is on, is followed by `owner`, who says more by `until`.

    `owner`: an organisation, an office or a role, never a person.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number | None = None
    claim: Number | None = None
    owner: Name
    until: Date
    date: Date


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """What `debtor` owes of an order's item because of one fact; `amount` in minor units of `currency`.

    `claim`: the number of a claim on a carrier or an insurer; empty: the supplier owes it. `paper`: the noun and number
    of the fact. `item`, `lot`: none for what never came of a closed order. `pieces`: None where the claim is money,
    what came or was closed no more in whole pieces. `owner`: empty while nobody follows it.
    """

    order: str
    debtor: str
    item: str
    failure: Failure
    lot: str
    paper: Wording
    pieces: int | None
    amount: int
    currency: str
    since: str
    claim: str = ""
    owner: str = ""
    until: str = ""

    def is_overdue(self, today: str) -> bool:
        return self.until < today


_OnOther = tuple[ClaimRow, int]
"""A claim on a carrier or an insurer, and the pieces of it that nothing has made good."""
_FAILED = (
    (Failure.SHORT, PartKind.SHORT),
    (Failure.DAMAGED, PartKind.DAMAGED),
    (Failure.REJECTED, PartKind.REJECTED),
)


@dataclass(frozen=True, slots=True)
class _Fact:
    """Pieces of an order's item that failed by a fact, and the use in which they ended as that."""

    order: str
    item: str
    failure: Failure
    kind: PartKind
    lot: Lot
    paper: Wording
    use: str
    date: str


def open_claims(papers: OrderPapers) -> list[OpenClaim]:
    """All that suppliers, carriers and insurers owe a campaign, have not made good and is pursued, the oldest first.

    `papers`: of all orders of the campaign.
    """
    session, campaign = papers.books.session, papers.campaign
    return [claim for claim in _owed(papers) if not _is_small(session, campaign, claim)]


def claims_below_tolerance(papers: OrderPapers) -> list[OpenClaim]:
    """What is owed and closed by itself, for it is worth less than the campaign's tolerance; the oldest first.

    `papers`: of all orders of the campaign.
    """
    session, campaign = papers.books.session, papers.campaign
    if not campaign_of(session, campaign).claim_tolerance:
        return []
    return [claim for claim in _owed(papers) if _is_small(session, campaign, claim)]


def _is_small(session: Session, campaign: str, claim: OpenClaim) -> bool:
    """Is a claim below the campaign's tolerance, by a rate of the day on which it began? Without a rate it is not."""
    of = campaign_of(session, campaign)
    if not of.claim_tolerance:
        return False
    value = worth(session, campaign, claim.currency, claim.amount, of.currency, claim.since)
    return value is not None and value < of.claim_tolerance


def _owed(papers: OrderPapers) -> list[OpenClaim]:
    """All that is owed and not made good, the oldest first."""
    books, campaign, session = papers.books, papers.campaign, papers.books.session
    orders = {order.number: order for order in papers.bound}
    on_others = [(claim, claim_left(books, claim)) for claim in standing_claims(session, campaign)]
    unpaid = _Unpaid(papers, orders)
    open_claims = [
        *_of_pieces(books, campaign, orders, unpaid, on_others),
        *_of_closed(books, campaign, orders),
        *_of_rests(session, campaign, unpaid),
        *_of_others(books, on_others),
    ]
    followed = _followed(session, campaign)
    return sorted(
        (_with_owner(claim, followed.get(_followed_as(claim), ())) for claim in open_claims),
        key=lambda claim: (
            claim.since, claim.order, claim.item, claim.failure, claim.lot, str(claim.paper), claim.claim,
        ),
    )  # fmt: skip


class _Unpaid:
    """What of an item's price is not paid of what came of it, until what failed of it is counted off."""

    def __init__(self, papers: OrderPapers, orders: dict[str, OrderRow]) -> None:
        self._papers, self._orders = papers, orders
        self.priced = {
            (number, item.item): item for number, row in orders.items() for item in papers.items(row)
        }
        self._left: dict[tuple[str, str], int] = {}

    @cached_property
    def _paid(self) -> dict[tuple[str, str], int]:
        return _paid(self._papers.books, self._papers.campaign, self._orders, self.priced)

    def owed(self, of: tuple[str, str], value: int) -> int:
        """What is owed of failed pieces of an item that cost `value`: what is not paid of it is owed less, once."""
        if of not in self._left:
            noted = self._papers.received[of].noted if of in self._papers.received else 0
            self._left[of] = max(0, self.priced[of].value_of_pieces(noted) - self._paid.get(of, 0))
        held = min(value, self._left[of])
        self._left[of] -= held
        return value - held


def _of_pieces(
    books: Books,
    campaign: str,
    orders: dict[str, OrderRow],
    unpaid: _Unpaid,
    on_others: Sequence[_OnOther],
) -> Iterator[OpenClaim]:
    """Pieces that were short or bad when they came, or were sent back: what of their price was paid."""
    facts = [
        *_received(books.session, campaign),
        *_sent_back(books.session, campaign),
        *_destroyed(books.session, campaign),
    ]
    facts = [fact for fact in facts if fact.order in orders]
    left = _still_failed(books, facts, on_others)
    by_item: dict[tuple[str, str], list[tuple[_Fact, int]]] = defaultdict(list)
    for fact in facts:
        if left[fact.use, fact.kind]:
            by_item[fact.order, fact.item].append((fact, left[fact.use, fact.kind]))
    if not by_item:
        return
    first_paid = _first_paid(books.session, campaign)
    for of, failed in by_item.items():
        order, item = orders[of[0]], unpaid.priced[of]
        # What is not paid of what came is owed less: it is counted off the newest of what failed.
        for fact, pieces in sorted(failed, key=lambda row: row[0].date, reverse=True):
            owed = unpaid.owed(of, item.value_of_pieces(pieces))
            if not owed:
                continue
            yield OpenClaim(
                order=order.number,
                debtor=order.supplier,
                item=item.item,
                failure=fact.failure,
                lot=fact.lot.number,
                paper=fact.paper,
                pieces=pieces,
                amount=owed,
                currency=order.currency,
                since=max(fact.date, first_paid.get(order.entry, fact.date)),
            )


_RECEIVED = (
    select(ReceiptRow, LotDeliveryRow)
    .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
    .where(
        col(ReceiptRow.campaign) == OF_CAMPAIGN,
        col(ReceiptRow.reversed_by).is_(None),
        col(LotDeliveryRow.damaged) + LotDeliveryRow.short + LotDeliveryRow.rejected > 0,
    )
    .order_by(col(ReceiptRow.entry), col(LotDeliveryRow.n))
)


def _received(session: Session, campaign: str) -> Iterator[_Fact]:
    for receipt, row in session.exec(_RECEIVED, params={"of_campaign": campaign}):
        use = receipt_use(campaign, receipt.number, row.lot)
        lot, paper = Lot(row.product, row.lot), Wording("receipt {number}", {"number": receipt.number})
        counts = {PartKind.SHORT: row.short, PartKind.DAMAGED: row.damaged, PartKind.REJECTED: row.rejected}
        for failure, kind in _FAILED:
            if counts[kind]:
                yield _Fact(receipt.order_number, receipt.item, failure, kind, lot, paper, use, receipt.date)


_SENT_BACK = (
    select(ReturnRow, ReturnLotRow)
    .join(ReturnLotRow, col(ReturnLotRow.entry) == ReturnRow.entry)
    .where(
        col(ReturnRow.campaign) == OF_CAMPAIGN,
        col(ReturnRow.direction) == ReturnDirection.TO_SUPPLIER,
        col(ReturnRow.reversed_by).is_(None),
    )
    .order_by(col(ReturnRow.entry), col(ReturnLotRow.n))
)


def _sent_back(session: Session, campaign: str) -> Iterator[_Fact]:
    """Pieces of ordered lots that went back to their supplier, of the first order that brought the lot."""
    rows = list(session.exec(_SENT_BACK, params={"of_campaign": campaign}))
    came = _first_receipts(session, campaign, {row.lot for _, row in rows})
    for back, row in rows:
        lot = Lot(row.product, row.lot)
        first = came.get(lot)
        if first is not None:
            use, paper = (
                return_use(campaign, back.number, lot),
                Wording("return {number}", {"number": back.number}),
            )
            kind = PartKind.RETURNED
            yield _Fact(first.order_number, first.item, Failure.RETURNED, kind, lot, paper, use, back.date)


_DESTROYED = (
    select(RecallOutcomeRow, RecallRow)
    .join(RecallRow, col(RecallRow.entry) == RecallOutcomeRow.recall)
    .where(
        col(RecallOutcomeRow.campaign) == OF_CAMPAIGN,
        col(RecallOutcomeRow.became) == RecallOutcome.DESTROYED,
        col(RecallOutcomeRow.reversed_by).is_(None),
    )
    .order_by(col(RecallOutcomeRow.entry))
)


def _destroyed(session: Session, campaign: str) -> Iterator[_Fact]:
    """Pieces of recalled lots that were destroyed on the spot, of the first order that brought the lot."""
    rows = list(session.exec(_DESTROYED, params={"of_campaign": campaign}))
    came = _first_receipts(session, campaign, {recall.lot for _, recall in rows})
    for end, recall in rows:
        lot = Lot(recall.product, recall.lot)
        first = came.get(lot)
        if first is not None:
            use, paper = (
                recall_destruction_use(campaign, end.number),
                Wording("recall end {number}", {"number": end.number}),
            )
            kind = PartKind.LOST
            yield _Fact(first.order_number, first.item, Failure.DESTROYED, kind, lot, paper, use, end.date)


def _first_receipts(session: Session, campaign: str, lots: set[str]) -> dict[Lot, ReceiptRow]:
    """The first receipt that brought each lot of those names and stands."""
    came: dict[Lot, ReceiptRow] = {}
    if not lots:
        return came
    deliveries = (
        select(ReceiptRow, LotDeliveryRow)
        .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
        .where(
            ReceiptRow.campaign == campaign,
            col(ReceiptRow.reversed_by).is_(None),
            col(LotDeliveryRow.lot).in_(lots),
        )
        .order_by(col(ReceiptRow.entry))
    )
    for receipt, delivery in session.exec(deliveries):
        came.setdefault(Lot(delivery.product, delivery.lot), receipt)
    return came


def _still_failed(
    books: Books, facts: Sequence[_Fact], on_others: Sequence[_OnOther]
) -> dict[tuple[str, PartKind], int]:
    """Pieces that ended in each fact's use as its kind and have not gone on since."""
    lines = books.lines
    uses = lines.uses(fact.use for fact in facts)
    resumed = lines.resumed(uses)
    pieces_failed: dict[tuple[str, PartKind], int] = defaultdict(int)
    for fact in facts:
        use = uses[fact.use]
        for index, part in enumerate(use.parts):
            if part.kind is fact.kind and part.line is None:
                line = resumed.get((use.id, index))
                pieces_failed[fact.use, fact.kind] = part.out if line is None else lines.free_units(line)
    # What a carrier or an insurer is held to answer for, the supplier does not owe.
    for claim, pieces in on_others:
        failed = claim.ended_in, PartKind(claim.failure.value)
        if failed in pieces_failed:
            pieces_failed[failed] -= pieces
    return pieces_failed


def _paid(
    books: Books,
    campaign: str,
    orders: dict[str, OrderRow],
    priced: dict[tuple[str, str], OrderItemRow],
) -> dict[tuple[str, str], int]:
    """Order value that payments discharged of each (order, item); what a closing called a discount was not paid."""
    lines = {
        order_line(campaign, number, name, orders[number].currency): (number, name) for number, name in priced
    }
    paid: dict[tuple[str, str], int] = defaultdict(int)
    for line, runs in books.lines.brought_by_uses(lines).items():
        item = priced[lines[line]]
        paid[lines[line]] = sum(item.value_of(start, end) for start, end, _ in runs)
    return paid


def _first_paid(session: Session, campaign: str) -> dict[int, str]:
    """The day of each order's first payment: a claim begins with what was paid, however long before it came."""
    query = (
        select(PaymentRow.order_entry, func.min(PaymentRow.decided_on))
        .where(PaymentRow.campaign == campaign, PaymentRow.status == ProposalStatus.APPROVED)
        .group_by(col(PaymentRow.order_entry))
    )
    return {entry: day for entry, day in session.exec(query) if day is not None}


def _of_closed(books: Books, campaign: str, orders: dict[str, OrderRow]) -> Iterator[OpenClaim]:
    """What was paid of closed orders and never came."""
    for order in orders.values():
        if order.closed_on is None:
            continue
        owed = books.net(account(AccountClass.CLAIMS, campaign, order.number), order.currency)
        if owed:
            yield OpenClaim(
                order=order.number,
                debtor=order.supplier,
                item="",
                failure=Failure.UNDELIVERED,
                lot="",
                paper=Wording("closing"),
                pieces=None,
                amount=owed,
                currency=order.currency,
                since=order.closed_on,
            )


_approved = (col(RefundRow.campaign) == OF_CAMPAIGN, col(RefundRow.status) == ProposalStatus.APPROVED)
_RESTS = (
    select(RefundRow, OrderRow, ClaimRow)
    .join(OrderRow, col(OrderRow.entry) == RefundRow.order_entry)
    .join(ClaimRow, col(ClaimRow.entry) == RefundRow.claim, isouter=True)
    .where(
        *_approved,
        col(RefundRow.rest) > 0,
        col(RefundRow.failure) != Failure.UNDELIVERED,
        col(RefundRow.entry).not_in(
            select(RefundRow.rest_of).where(*_approved, col(RefundRow.rest_of).is_not(None))
        ),
    )
    .order_by(col(RefundRow.number))
)


def _of_rests(session: Session, campaign: str, unpaid: _Unpaid) -> Iterator[OpenClaim]:
    """What refunds for pieces left; of what never came, the claim of the closed order says it."""
    for refund, order, claim in session.exec(_RESTS, params={"of_campaign": campaign}):
        on_other: ClaimRow | None = claim
        owed = refund.rest
        if on_other is None:
            owed = unpaid.owed((order.number, refund.item), refund.rest)
        if not owed:
            continue
        yield OpenClaim(
            order=order.number,
            debtor=order.supplier if on_other is None else on_other.debtor,
            item=refund.item,
            failure=refund.failure,
            lot=refund.lot or "",
            paper=Wording("refund {number}", {"number": refund.number}),
            pieces=None,
            amount=owed,
            currency=order.currency,
            since=refund.decided_on or refund.date,
            claim="" if on_other is None else on_other.number,
        )


def _of_others(books: Books, claims: Sequence[_OnOther]) -> Iterator[OpenClaim]:
    """What carriers and insurers are held to answer for, at the price for which it was bought."""
    days = {
        row.seq: row.date for row in days_of(books.session, {claim.counted_off_by for claim, _ in claims})
    }
    for claim, pieces in claims:
        order, item = price_of(books.session, claim)
        if pieces:
            since = days[claim.counted_off_by]
            yield OpenClaim(
                order=order.number,
                debtor=claim.debtor,
                item=claim.item,
                failure=claim.failure,
                lot=claim.lot,
                paper=Wording("{paper}", {"paper": claim.paper}),
                pieces=pieces,
                amount=item.value_of_pieces(pieces),
                currency=order.currency,
                since=since,
                claim=claim.number,
                owner=claim.owner or "",
                until=claim.until or day_after(since, DAYS),
            )


_Followed = tuple[str, str]
"""The number of an order whose supplier owes, and none; or none, and the number of a claim on somebody else."""


def _followed_as(claim: OpenClaim) -> _Followed:
    return ("", claim.claim) if claim.claim else (claim.order, "")


_FOLLOWED = (
    select(OrderRow.number, ClaimRow.number, FollowedClaimRow)
    .select_from(FollowedClaimRow)
    .join(OrderRow, col(OrderRow.entry) == FollowedClaimRow.order_entry, isouter=True)
    .join(ClaimRow, col(ClaimRow.entry) == FollowedClaimRow.claim, isouter=True)
    .where(col(FollowedClaimRow.campaign) == OF_CAMPAIGN, col(FollowedClaimRow.reversed_by).is_(None))
    .order_by(col(FollowedClaimRow.date).desc(), col(FollowedClaimRow.entry).desc())
)


def _followed(session: Session, campaign: str) -> dict[_Followed, list[FollowedClaimRow]]:
    """Who follows what, the newest first."""
    followed: dict[_Followed, list[FollowedClaimRow]] = defaultdict(list)
    for order, claim, row in session.exec(_FOLLOWED, params={"of_campaign": campaign}):
        followed[order or "", claim or ""].append(row)
    return followed


def _with_owner(claim: OpenClaim, said: Sequence[FollowedClaimRow]) -> OpenClaim:
    """The claim with who follows it, where that was said since it began; else it is due by itself."""
    newest = next((row for row in said if row.date >= claim.since), None)
    if newest is None:
        return claim if claim.until else replace(claim, until=day_after(claim.since, DAYS))
    return replace(claim, owner=newest.owner, until=newest.until)


def _post(context: Context, facts: FollowedClaim) -> Posting[None]:
    session, campaign = context.books.session, context.campaign
    if facts.until < facts.date:
        raise Refused.field("until", "lies before the day on which this is said")
    if (facts.order is None) == (facts.claim is None):
        raise Refused.field(
            "order", "name the order whose supplier owes, or the claim on a carrier or insurer"
        )
    if facts.order is not None:
        require_order(session, campaign, facts.order)
    if facts.claim is not None:
        require_claim(session, campaign, facts.claim)
    said = facts.order or "", facts.claim or ""
    if not any(_followed_as(claim) == said for claim in open_claims(OrderPapers(context.books, campaign))):
        if facts.claim is not None:
            raise Conflict.field(
                "claim", "all of {claim} was made good; there is nothing to follow", claim=facts.claim
            )
        raise Conflict.field(
            "order",
            "the supplier of {order} owes nothing; there is no claim to follow",
            order=facts.order or "",
        )
    return Posting()


def _fold(books: Books, entry: Entry[FollowedClaim, None]) -> None:
    facts, session = entry.facts, books.session
    order = None if facts.order is None else require_order(session, entry.campaign, facts.order)
    claim = None if facts.claim is None else require_claim(session, entry.campaign, facts.claim)
    session.add(
        FollowedClaimRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            date=entry.date,
            order_entry=None if order is None else order.entry,
            claim=None if claim is None else claim.entry,
            owner=facts.owner,
            until=facts.until,
        )
    )


def _unfold(books: Books, entry: Entry[FollowedClaim, None], seq: int) -> None:
    mark_reversed(books.session, FollowedClaimRow, entry.seq, seq)


FOLLOWED = Kind(
    name="claim.followed",
    noun="claim",
    verb="follow",
    facts=FollowedClaim,
    doc="Say who follows what a supplier, a carrier or an insurer owes, and by when more is said of it.",
    roles=RECORDERS,
    key=numbered("claim.followed"),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (FOLLOWED,)
