"""What waits for a person about orders, deliveries and stock. Pure reading; it decides nothing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.names import Lot, lot_named
from ledger.core.telling import Telling, Which
from ledger.core.wording import Figure, Value, Wording
from ledger.model.deliveries import ShipmentRow
from ledger.model.evidence import EvidenceRow, SealingRow
from ledger.model.goods import RecalledAt
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.claims import OpenClaim, open_claims
from ledger.rules.expiries_elsewhere import expiries_elsewhere, expiry_corrected_elsewhere
from ledger.rules.goods import recalls_anywhere_else, recalls_of_lots
from ledger.rules.matching import SAYS, open_matches
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import open_account
from ledger.rules.overs import surplus_of, waiting_of
from ledger.rules.recall_outcomes import recall_state, recalls_of
from ledger.rules.results import indicators_of
from ledger.rules.returns import HOLDERS, require_recall
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.payables import PayableRow
from ledger.views.people import above_delivered
from ledger.views.readings import CampaignReadings
from ledger.views.to_do import ToDo
from ledger.views.two_keys import PATIENCE


def matches_waiting(papers: OrderPapers) -> Iterator[OpenItem]:
    slug = papers.campaign
    for match in open_matches(papers):
        reasons = [SAYS[reason] for reason in match.reasons]
        if not match.item:
            yield OpenItem(
                kind=OpenItemKind.OPEN_MATCH,
                campaign=slug,
                subject=match.order,
                since=match.date,
                amount=Amount.known(match.currency, match.difference),
                to_do=Telling(ToDo.BILL_PAYMENT, {"reasons": reasons}),
            )
            continue
        yield OpenItem(
            kind=OpenItemKind.OPEN_MATCH,
            campaign=slug,
            subject=_billed(f"{match.order}/{match.item}", match.invoice),
            since=match.date,
            amount=Amount.known(match.currency, match.difference),
            to_do=Telling(ToDo.SETTLE_MATCH, {"reasons": reasons}),
        )


def claims_waiting(papers: OrderPapers, today: str) -> Iterator[OpenItem]:
    """What suppliers, carriers and insurers owe for what failed; overdue where its day is past."""
    slug = papers.campaign
    for claim in open_claims(papers):
        overdue = claim.is_overdue(today)
        values: dict[str, Value] = {"debtor": claim.debtor, "until": claim.until}
        if claim.owner:
            values["owner"] = claim.owner
        if claim.claim:
            values["claim"] = claim.claim
            to_do = Telling(ToDo.FOLLOW_CLAIM_ON_OTHER if claim.owner else ToDo.OWN_CLAIM_ON_OTHER, values)
        else:
            to_do = Telling(ToDo.FOLLOW_CLAIM if claim.owner else ToDo.OWN_CLAIM, values)
        yield OpenItem(
            kind=OpenItemKind.CLAIM_OVERDUE if overdue else OpenItemKind.OPEN_CLAIM,
            campaign=slug,
            subject=_failed(claim),
            since=claim.since,
            amount=Amount.known(claim.currency, claim.amount),
            to_do=to_do,
        )


def orders_late(papers: OrderPapers, today: str) -> Iterator[OpenItem]:
    """Open orders of which pieces did not come by the day on which they were expected."""
    books, slug = papers.books, papers.campaign
    late = [
        (order, order.expected)
        for order in papers.bound
        if order.is_open and order.expected is not None and order.expected < today
    ]
    for order, expected in late:
        for item in papers.items(order):
            left = books.net(open_account(slug, order.number, item.item), item.product)
            if left:
                yield OpenItem(
                    kind=OpenItemKind.LATE_ORDER,
                    campaign=slug,
                    subject=f"{order.number}/{item.item}",
                    since=expected,
                    amount=Amount.known(item.product, left),
                    to_do=Telling(ToDo.RECEIVE_LATE, {"supplier": order.supplier}),
                )


_TRANSIT_DAYS = 60
"""Days that a waybill may be under way which names no day; the slowest way by sea takes as long."""


def shipments_late(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Waybills of which pieces are under way past the day on which they were expected."""
    under_way = [balance for balance in books.balances(AccountClass.TRANSIT, slug) if balance.net]
    waybills = sorted({balance.account.detail[0] for balance in under_way})
    standing = (ShipmentRow.campaign == slug, col(ShipmentRow.reversed_by).is_(None))
    query = select(ShipmentRow).where(*standing, col(ShipmentRow.waybill).in_(waybills))
    shipments = {row.waybill: row for row in books.session.exec(query)} if waybills else {}
    for balance in under_way:
        row = shipments[balance.account.detail[0]]
        last = dt.date.fromisoformat(row.date) + dt.timedelta(days=_TRANSIT_DAYS)
        expected = row.expected or last.isoformat()
        if expected < today:
            yield OpenItem(
                kind=OpenItemKind.LATE_SHIPMENT,
                campaign=slug,
                subject=row.waybill,
                since=expected,
                amount=Amount.known(balance.asset, balance.net),
                to_do=Telling(ToDo.ARRIVE_LATE, {"place": row.destination}),
            )


def results_above(books: Books, slug: str) -> Iterator[OpenItem]:
    """Indicators that count more people than were delivered of their service."""
    for indicator in indicators_of(books.session, slug):
        above = above_delivered(books.session, indicator)
        if above:
            yield OpenItem(
                kind=OpenItemKind.RESULT_ABOVE,
                campaign=slug,
                subject=indicator.number,
                since=indicator.until or indicator.date,
                amount=None,
                to_do=Telling(ToDo.SAY_WHY_ABOVE, {"n": above}),
            )


def payables_waiting(rows: Iterable[PayableRow], slug: str) -> Iterator[OpenItem]:
    """What is billed, matches and is not paid, and what came and is not billed; an open match says the rest."""
    for row in rows:
        if not row.matched:
            continue
        received = Figure(row.received.asset, row.received.minor)
        if not row.invoice:
            to_do = Telling(ToDo.RECORD_INVOICE, {"supplier": row.supplier})
        elif row.due is not None:
            to_do = Telling(ToDo.PAY_BY_DAY, {"supplier": row.supplier, "received": received, "due": row.due})
        else:
            to_do = Telling(ToDo.PAY, {"supplier": row.supplier, "received": received})
        yield OpenItem(
            kind=OpenItemKind.PAYABLE_OVERDUE if row.overdue else OpenItemKind.PAYABLE,
            campaign=slug,
            subject=_billed(row.order, row.invoice),
            since=row.since,
            amount=row.payable,
            to_do=to_do,
        )


def pledges_waiting(of: CampaignReadings) -> Iterator[OpenItem]:
    """Promises that did not come by their day. A promise is no figure of the books: it undoes nothing."""
    for pledge, state in of.pledges:
        if pledge.due is not None and pledge.due < of.today and state.open:
            yield OpenItem(
                kind=OpenItemKind.PLEDGE_OVERDUE,
                campaign=of.campaign,
                subject=pledge.number,
                since=pledge.due,
                amount=Amount.known(state.asset, state.open),
                to_do=Telling(ToDo.ASK_FOR_PLEDGE),
            )


def _failed(claim: OpenClaim) -> Wording:
    """What failed of which order, by which paper."""
    of = f"{claim.order}/{claim.item}" if claim.item else claim.order
    values: dict[str, Value] = {"order": of, "failure": claim.failure.value, "paper": claim.paper}
    if claim.lot:
        return Wording("{order} {failure} {lot} ({paper})", values | {"lot": claim.lot})
    return Wording("{order} {failure} ({paper})", values)


def deliveries_waiting(of: CampaignReadings) -> Iterator[OpenItem]:
    """Two counts of a delivery that differ, and deliveries that only the sender counted."""
    slug = of.campaign
    for gap in of.deliveries.counts:
        if not gap.gap:
            continue
        asset = str(Lot(gap.product, gap.lot))
        yield OpenItem(
            kind=OpenItemKind.COUNT_GAP,
            campaign=slug,
            subject=f"{gap.about} {gap.paper}",
            since=gap.date,
            amount=Amount.known(asset, gap.gap),
            to_do=Telling(
                ToDo.EXPLAIN_GAP,
                {"books": gap.books_good, "sent": gap.sent, "good": gap.good, "damaged": gap.damaged},
            ),
        )
    for row in of.deliveries.unconfirmed:
        yield OpenItem(
            kind=OpenItemKind.UNCONFIRMED_DELIVERY,
            campaign=slug,
            subject=f"{row.about} {row.paper}",
            since=row.date,
            amount=None,
            to_do=Telling(ToDo.SEND_LINK, {"place": row.place, "n": PATIENCE}),
        )


def _billed(what: str, invoice: str) -> Which:
    """What of an order, and on which invoice."""
    return Wording("{what} invoice {invoice}", {"what": what, "invoice": invoice}) if invoice else what


def _at(lot: Lot, place: str) -> Wording:
    return Wording("{lot} at {place}", {"lot": str(lot), "place": place})


def stock_waiting(of: CampaignReadings) -> Iterator[OpenItem]:
    """What lies in stock and cannot be used: past its last day, called back, or come too much and undecided."""
    session, slug = of.books.session, of.campaign
    for row in of.stock:
        lot = Lot(row.product, row.lot)
        subject = _at(lot, row.place)
        if row.recall is not None:
            since = require_recall(session, slug, row.recall).date
            yield OpenItem(
                kind=OpenItemKind.RECALLED_STOCK,
                campaign=slug,
                subject=subject,
                since=since,
                amount=Amount.known(str(lot), row.pieces),
                to_do=Telling(ToDo.SEND_BACK_RECALLED),
            )
        elif not row.usable:
            since = min(
                paper.date
                for paper, over in surplus_of(session, slug, lot)
                if over.place == row.place and waiting_of(session, over)
            )
            yield OpenItem(
                kind=OpenItemKind.SURPLUS,
                campaign=slug,
                subject=subject,
                since=since,
                amount=Amount.known(str(lot), row.pieces),
                to_do=Telling(ToDo.DECIDE_SURPLUS),
            )
        elif row.expired and row.expiry is not None:
            yield OpenItem(
                kind=OpenItemKind.EXPIRED_STOCK,
                campaign=slug,
                subject=subject,
                since=row.expiry,
                amount=Amount.known(str(lot), row.pieces),
                to_do=Telling(ToDo.WRITE_OFF_EXPIRED),
            )


def recalls_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    """Pieces of recalled lots that organisations and people have, and of which nobody has told what became of them."""
    for recall in recalls_of(books.session, slug):
        lot = Lot(recall.product, recall.lot)
        for holder in recall_state(books, recall).holders:
            if holder.at is RecalledAt.STOCK:
                continue
            yield OpenItem(
                kind=OpenItemKind.RECALLED_OUT,
                campaign=slug,
                subject=_at(lot, holder.place),
                since=recall.date,
                amount=Amount.known(str(lot), holder.open),
                to_do=Telling(ToDo.GET_BACK_RECALLED),
            )


def reviews_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Sealed papers whose day of review is past."""
    overdue = (
        select(EvidenceRow, SealingRow.decided_by)
        .join(SealingRow, col(SealingRow.entry) == col(EvidenceRow.entry))
        .where(
            EvidenceRow.campaign == slug,
            SealingRow.status == ProposalStatus.APPROVED,
            col(EvidenceRow.review) < today,
        )
        .order_by(col(EvidenceRow.review), col(EvidenceRow.entry))
    )
    for paper, approval in books.session.exec(overdue):
        assert approval is not None  # it is approved
        yield OpenItem(
            kind=OpenItemKind.REVIEW_OVERDUE,
            campaign=slug,
            subject=paper.title,
            since=paper.review or today,
            amount=None,
            to_do=Telling(ToDo.REVIEW_SEALED, {"entry": approval}),
        )


def recalls_elsewhere_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    """Lots that this campaign has, and that another one called back: the same maker's, unless somebody says not."""
    if not recalls_anywhere_else(books.session, slug):
        return
    pieces = _pieces_held(books, slug)
    for lot, elsewhere in recalls_of_lots(books.session, slug, pieces).elsewhere.items():
        yield OpenItem(
            kind=OpenItemKind.RECALLED_ELSEWHERE,
            campaign=slug,
            subject=f"{lot} ({elsewhere})",
            since=require_recall(books.session, elsewhere.campaign, elsewhere.number).date,
            amount=Amount.known(str(lot), pieces[lot]),
            to_do=Telling(ToDo.DECIDE_RECALL_ELSEWHERE),
        )


def expiries_elsewhere_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    """Lots that this campaign has, and whose last day of use another one put right, as this one does not say it."""
    if not expiry_corrected_elsewhere(books.session, slug):
        return
    pieces = _pieces_held(books, slug)
    for lot, elsewhere in expiries_elsewhere(books.session, slug, pieces).items():
        to_do = (
            Telling(ToDo.DECIDE_NO_EXPIRY_ELSEWHERE)
            if elsewhere.expiry is None
            else Telling(ToDo.DECIDE_EXPIRY_ELSEWHERE, {"day": elsewhere.expiry})
        )
        yield OpenItem(
            kind=OpenItemKind.EXPIRY_ELSEWHERE,
            campaign=slug,
            subject=f"{lot} ({elsewhere})",
            since=elsewhere.since,
            amount=Amount.known(str(lot), pieces[lot]),
            to_do=to_do,
        )


def _pieces_held(books: Books, slug: str) -> dict[Lot, int]:
    """Pieces of each lot that the campaign, organisations and people have."""
    pieces: dict[Lot, int] = defaultdict(int)
    for kind in HOLDERS:
        for balance in books.balances(kind, slug):
            if balance.net > 0:
                pieces[lot_named(balance.asset)] += balance.net
    return pieces
