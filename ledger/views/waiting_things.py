"""What waits for a person about orders, deliveries and stock. Pure reading; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.core.frozen import Amount
from ledger.core.names import Lot
from ledger.model.goods import RecalledAt
from ledger.rules.books import Books
from ledger.rules.claims import open_claims
from ledger.rules.matching import open_matches
from ledger.rules.overs import surplus_of, waiting_of
from ledger.rules.pledges import pledge_states, pledges_of
from ledger.rules.recall_ends import recall_state, recalls_of
from ledger.rules.returns import require_recall
from ledger.rules.two_counts import open_gaps
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.payables import PayableRow
from ledger.views.stock import stock_rows
from ledger.views.two_keys import PATIENCE, unconfirmed


def matches_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    for match in open_matches(books, slug):
        reasons = "; ".join(reason.value for reason in match.reasons)
        if not match.item:
            what = "record the invoice, or tell the payment anew as a prepayment or with why there is none"
            yield OpenItem(
                kind=OpenItemKind.OPEN_MATCH,
                campaign=slug,
                subject=match.order,
                since=match.date,
                amount=Amount.known(match.currency, match.difference),
                what_to_do=f"{reasons}: {what}",
            )
            continue
        yield OpenItem(
            kind=OpenItemKind.OPEN_MATCH,
            campaign=slug,
            subject=f"{match.order}/{match.item}" + (f" invoice {match.invoice}" if match.invoice else ""),
            since=match.date,
            amount=Amount.known(match.currency, match.difference),
            what_to_do=f"order, receipt and invoice do not agree ({reasons}): correct one, or have the exception "
            "accepted",
        )


def claims_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """What suppliers, carriers and insurers owe for what failed; overdue where its day is past."""
    for claim in open_claims(books, slug):
        overdue = claim.is_overdue(today)
        what = (
            (_CLAIM_ON_OTHER_OWNED if claim.owner else _CLAIM_ON_OTHER)
            if claim.claim
            else (_CLAIM_OWNED if claim.owner else _CLAIM_OF_NOBODY)
        )
        parts = (f"{claim.order}/{claim.item}" if claim.item else claim.order, claim.failure.value, claim.lot)
        yield OpenItem(
            kind=OpenItemKind.CLAIM_OVERDUE if overdue else OpenItemKind.OPEN_CLAIM,
            campaign=slug,
            subject=" ".join((*filter(None, parts), f"({claim.paper})")),
            since=claim.since,
            amount=Amount.known(claim.currency, claim.amount),
            what_to_do=what.format(
                debtor=claim.debtor, owner=claim.owner, until=claim.until, claim=claim.claim
            ),
        )


_CLAIM_OWNED = (
    "{debtor} owes it; {owner} says more by {until}: record what is paid back (`refund add`) or delivered in its "
    "place, or write it off with the reason (written_off)"
)
_CLAIM_OF_NOBODY = (
    "{debtor} owes it, and nobody follows it yet: claim it by {until} and say who does (`claim follow`), record what "
    "is paid back (`refund add`) or delivered in its place, or write it off with the reason (written_off)"
)
_CLAIM_ON_OTHER_OWNED = (
    "{debtor} answers for it by claim {claim}; {owner} says more by {until}: record what is paid (`refund add` with "
    "the claim), credited or replaced (`claim end`), or write it off with the reason (written_off)"
)
_CLAIM_ON_OTHER = (
    "{debtor} answers for it by claim {claim}, and nobody follows it yet: claim it by {until} and say who does (`claim "
    "follow`), record what is paid (`refund add` with the claim), credited or replaced (`claim end`), or write it off "
    "with the reason (written_off)"
)


def payables_waiting(rows: Iterable[PayableRow], slug: str) -> Iterator[OpenItem]:
    """What is billed, matches and is not paid, and what came and is not billed; an open match says the rest."""
    for row in rows:
        if not row.matched:
            continue
        what = _UNBILLED if not row.invoice else _DUE if row.due is not None else _PAYABLE
        yield OpenItem(
            kind=OpenItemKind.PAYABLE_OVERDUE if row.overdue else OpenItemKind.PAYABLE,
            campaign=slug,
            subject=f"{row.order} invoice {row.invoice}" if row.invoice else row.order,
            since=row.since,
            amount=row.payable,
            what_to_do=what.format(supplier=row.supplier, received=row.received.decimal, due=row.due),
        )


_DUE = (
    "due to {supplier} by {due}; {received} of it is for what was received and is not yet paid: pay it (`payment "
    "add`), or record what is credited (`credit-note add`)"
)
_PAYABLE = (
    "due to {supplier}, which names no day; {received} of it is for what was received and is not yet paid: pay it "
    "(`payment add`), or record what is credited (`credit-note add`)"
)
_UNBILLED = "received from {supplier}, not yet billed and not yet paid: record its invoice (`invoice add`)"


def pledges_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Promises that did not come by their day. A promise is no figure of the books: it undoes nothing."""
    pledges = pledges_of(books.session, slug)
    late = [(pledge, pledge.due) for pledge in pledges if pledge.due is not None and pledge.due < today]
    states = pledge_states(books, slug, [pledge for pledge, _ in late])
    for pledge, due in late:
        state = states[pledge.entry]
        if state.open:
            yield OpenItem(
                kind=OpenItemKind.PLEDGE_OVERDUE,
                campaign=slug,
                subject=pledge.number,
                since=due,
                amount=Amount.known(state.asset, state.open),
                what_to_do="promised until then: ask for it, match the gift that it came as (`pledge match`), or say "
                "that it will not come (`pledge lapse`)",
            )


def deliveries_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Two counts of a delivery that differ, and deliveries that only the sender counted."""
    for gap in open_gaps(books.session, slug):
        asset = str(Lot(gap.product, gap.lot))
        yield OpenItem(
            kind=OpenItemKind.COUNT_GAP,
            campaign=slug,
            subject=f"{gap.about} {gap.paper}",
            since=gap.date,
            amount=Amount.known(asset, gap.gap),
            what_to_do=f"{gap.books_good} of {gap.sent} are good in the books, and {gap.good} good and {gap.damaged} "
            "damaged were counted: record the loss or correct the paper, and name it (`confirmation explain`)",
        )
    for row in unconfirmed(books.session, slug, today):
        yield OpenItem(
            kind=OpenItemKind.UNCONFIRMED_DELIVERY,
            campaign=slug,
            subject=f"{row.about} {row.paper}",
            since=row.date,
            amount=None,
            what_to_do=f"{row.place} has not counted it for {PATIENCE} days: send a new link (`confirmation link`)",
        )


def stock_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """What lies in stock and cannot be used: past its last day, called back, or come too much and undecided."""
    session = books.session
    for row in stock_rows(books, slug, today):
        lot = Lot(row.product, row.lot)
        subject = f"{lot} at {row.place}"
        if row.recall is not None:
            since = require_recall(session, slug, row.recall).date
            what = "send it back (`return add`), or have it destroyed (`recall end`)"
            yield OpenItem(
                kind=OpenItemKind.RECALLED_STOCK,
                campaign=slug,
                subject=subject,
                since=since,
                amount=Amount.known(str(lot), row.pieces),
                what_to_do=what,
            )
        elif not row.usable:
            since = min(
                paper.date
                for paper, over in surplus_of(session, slug, lot)
                if over.place == row.place and waiting_of(session, over)
            )
            what = (
                "send it back (`over return`), have it accepted (`over accept`), buy it (`over buy`), or name "
                "what tells of the same pieces (`over explain`)"
            )
            yield OpenItem(
                kind=OpenItemKind.SURPLUS,
                campaign=slug,
                subject=subject,
                since=since,
                amount=Amount.known(str(lot), row.pieces),
                what_to_do=what,
            )
        elif row.expired and row.expiry is not None:
            what = "write it off (`loss add` with cause=expired)"
            yield OpenItem(
                kind=OpenItemKind.EXPIRED_STOCK,
                campaign=slug,
                subject=subject,
                since=row.expiry,
                amount=Amount.known(str(lot), row.pieces),
                what_to_do=what,
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
                subject=f"{lot} at {holder.place}",
                since=recall.date,
                amount=Amount.known(str(lot), holder.open),
                what_to_do="get it back (`return add`), or tell what became of it: destroyed, used or not found "
                "(`recall end`)",
            )
