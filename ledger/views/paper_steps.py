"""What papers say of themselves in the steps of a trail: of goods, and of money that serves other ends or funds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import and_
from sqlmodel import Session, col, select

from ledger.core.errors import NotFound
from ledger.core.frozen import Amount
from ledger.core.money import decimal_text
from ledger.core.names import repaid_by
from ledger.model.bank_money import ChargeBackRow, ExchangeRow
from ledger.model.conversions import ConversionRow
from ledger.model.corrections import Corrected
from ledger.model.deliveries import ArrivalRow, DistributionRow, HandoverRow, ShipmentRow
from ledger.model.exchange_coins import DepositRow, WithdrawalRow
from ledger.model.gift_returns import GiftReturnRow
from ledger.model.goods import FindRow, OverDecisionRow, ReceiptRow, ReturnRow
from ledger.model.loans import LoanRow, RepaymentRow
from ledger.model.orders import (
    ClaimRow,
    CreditNoteLineRow,
    InvoiceLineRow,
    OrderItemRow,
    OrderRow,
    RefundRow,
)
from ledger.model.payments import PaymentRow
from ledger.model.reclassifications import ReclassificationRow
from ledger.rules.campaigns import campaign_of
from ledger.rules.charge_backs import CHARGE_BACKS
from ledger.rules.conversions import CONVERSIONS, fills_of, terms_of
from ledger.rules.corrections import corrections_of
from ledger.rules.deliveries import require_distribution, require_handover
from ledger.rules.deposits import DEPOSITS
from ledger.rules.exchanges import EXCHANGES
from ledger.rules.finds import require_find
from ledger.rules.gift_returns import GIFT_RETURNS
from ledger.rules.loans import LOANS
from ledger.rules.overs import require_bought
from ledger.rules.packs import packs_text
from ledger.rules.receipts import received_lots, require_receipt
from ledger.rules.reclassifications import RECLASSIFICATIONS
from ledger.rules.repayments import REPAYMENTS, repaid_loan
from ledger.rules.returns import require_return
from ledger.rules.shipments import require_arrival, require_shipment
from ledger.rules.supplier_refunds import REFUNDS
from ledger.rules.two_counts import confirmation_of, two_counts
from ledger.rules.withdrawals import WITHDRAWALS

Detail = tuple[tuple[str, str], ...]
Figures = Mapping[str, Amount]


@dataclass(frozen=True, slots=True)
class PaperStep:
    """A paper's entry and accounting day, the day that it happened where that is another, and what it adds.

    `place`: where units go, where the paper says more than the line that they are on. `figures`: what it says in
    amounts, each with its asset.
    """

    entry: int
    date: str
    happened: str | None
    place: str | None = None
    detail: Detail = ()
    figures: Figures = field(default_factory=dict)


_Row = (
    ReceiptRow
    | OverDecisionRow
    | ShipmentRow
    | ArrivalRow
    | FindRow
    | ReturnRow
    | HandoverRow
    | DistributionRow
    | GiftReturnRow
    | LoanRow
    | RepaymentRow
    | ReclassificationRow
    | RefundRow
    | ConversionRow
    | DepositRow
    | WithdrawalRow
    | ExchangeRow
    | ChargeBackRow
)


def paper_step(
    session: Session, campaign: str, noun: str, number: str, lots: Collection[str] = ()
) -> PaperStep:
    """What the paper of a use says, and what of it was corrected since. `lots`: those that some units came as.

    Raises NotFound, and LookupError for what no paper of this kind took.
    """
    step = _as_recorded(session, campaign, noun, number, lots)
    corrected = corrected_facts(session, step.entry)
    return replace(step, detail=(*step.detail, *corrected)) if corrected else step


def corrected_facts(
    session: Session, entry: int, *, asset: str = "", only: Corrected | None = None
) -> Detail:
    """All that was corrected of a paper since, of one field or of all, as one fact, the oldest correction first.

    `asset`: what its amount is in.
    """
    corrections = [
        f"{row.field.value.replace('_', ' ')} "
        f"{_written(row.field, row.old, asset)} → {_written(row.field, row.new, asset)}"
        for row in corrections_of(session, entry)
        if only in {None, row.field}
    ]
    return (("corrected", "; ".join(corrections)),) if corrections else ()


def _written(field: Corrected, value: str | None, asset: str) -> str:
    if value is not None and field is Corrected.AMOUNT and asset:
        return f"{decimal_text(asset, int(value))} {asset}"
    return value or "-"


def _as_recorded(session: Session, campaign: str, noun: str, number: str, lots: Collection[str]) -> PaperStep:
    row: _Row
    match noun:
        case "receipt":
            row = require_receipt(session, campaign, number)
            came = received_lots(session, row.entry)
            lots_told = [lot for lot in came if lot.lot in lots] or came
            expiries = [lot.expiry for lot in lots_told if lot.expiry is not None]
            expires = (("expires", min(expiries)),) if expiries else ()
            return _step(row, detail=(*expires, *in_packs((lot.packs, lot.pack_of) for lot in came)))
        case "bought":
            return _step(require_bought(session, campaign, number))
        case "find":
            find = require_find(session, campaign, number)
            return _step(find, detail=(("found_was", find.was.value),))
        case "return":
            return _step(require_return(session, campaign, number))
        case "shipment":
            row = require_shipment(session, campaign, number)
            return _step(row, row.destination, _beyond_count(row.beyond_count))
        case "arrival":
            row = require_arrival(session, campaign, number)
            return _step(row, detail=_other_count(session, campaign, row.shipment))
        case "handover":
            row = require_handover(session, campaign, number)
            signed = ("signed", row.signed_on or "not yet")
            why = (*_past_last_day(row.expired), *_beyond_count(row.beyond_count))
            return _step(row, detail=(signed, *why, *_other_count(session, campaign, row.entry)))
        case "distribution":
            row = require_distribution(session, campaign, number)
            return _step(row, detail=(*_past_last_day(row.expired), *_beyond_count(row.beyond_count)))
        case "conversion":
            row = CONVERSIONS.require_row(session, campaign, number)
            last, _ = fills_of(session, row)[-1]
            return _step(row, row.exchange, (("fills", str(last)),) if last else (), terms_of(row))
        case "deposit":
            row = DEPOSITS.require_row(session, campaign, number)
            return _step(row, row.exchange)
        case "withdrawal":
            row = WITHDRAWALS.require_row(session, campaign, number)
            return _step(row, row.exchange)
        case "exchange":
            row = EXCHANGES.require_row(session, campaign, number)
            return _step(row, row.to_bank)
        case "charge-back":
            row = CHARGE_BACKS.require_row(session, campaign, number)
            return _step(row, row.bank)
        case "reclassification":
            row = RECLASSIFICATIONS.require_row(session, campaign, number)
            return _step(row, row.to_need or "any need", (("reason", row.reason.replace("_", " ")),))
        case "refund":
            row = REFUNDS.require_row(session, campaign, number)
            if row.claim is not None:
                claim = session.get_one(ClaimRow, row.claim)
                return _step(row, claim.debtor, (("answers", claim.on_whom.value),))
            return _step(
                row, session.get_one(OrderRow, row.order_entry).supplier, _packs_credited(session, row)
            )
        case "loan":
            row = LOANS.require_row(session, campaign, number)
            return _step(row, campaign_of(session, row.borrower).title)
        case "repayment":
            row = REPAYMENTS.require_row(session, campaign, number)
            return _step(row, campaign_of(session, repaid_loan(session, row).campaign).title)
        case "gift-return":
            row = GIFT_RETURNS.require_row(session, campaign, number)
            return _step(row, detail=return_detail(row))
        case "repaid":
            return _repaid(session, number)
    raise LookupError(
        f"step: {noun} {number} took units and no step of a trail tells of it; add its paper here"
    )


def _step(
    row: _Row, place: str | None = None, detail: Detail = (), figures: Figures | None = None
) -> PaperStep:
    return PaperStep(row.entry, row.date, row.happened, place, detail, figures or {})


def return_detail(row: GiftReturnRow) -> Detail:
    """Why a gift went back, and by which transaction or bank."""
    way = ("by_transaction", row.txid) if row.txid is not None else ("from_bank", str(row.bank))
    return (("return_reason", row.reason.value), way)


def _repaid(session: Session, name: str) -> PaperStep:
    """A repayment as its lender tells it: the money came back by the entry that approved it."""
    paid = repaid_by(name)
    row = REPAYMENTS.require_row(session, paid.borrower, paid.number)
    if row.decided_by is None or row.decided_on is None:
        raise NotFound.field(
            "repayment",
            "{number} of {campaign} is not approved, and paid nothing back",
            number=row.number,
            campaign=row.campaign,
        )
    day = row.happened or row.document_date
    happened = None if day == row.decided_on else day
    return PaperStep(row.decided_by, row.decided_on, happened, campaign_of(session, paid.borrower).title)


def in_packs(rows: Iterable[tuple[int | None, int | None]]) -> Detail:
    """What a paper says in packs; beside it stand the pieces."""
    packs = packs_text(rows)
    return (("packs", packs),) if packs else ()


def packs_billed(session: Session, payment: PaymentRow, product: str) -> Detail:
    """What the invoice that a payment names says in packs, of a product of its order."""
    if payment.invoice_entry is None:
        return ()
    query = (
        select(InvoiceLineRow)
        .join(
            OrderItemRow,
            and_(
                col(OrderItemRow.order_entry) == InvoiceLineRow.order_entry,
                col(OrderItemRow.item) == InvoiceLineRow.item,
            ),
        )
        .where(
            InvoiceLineRow.invoice_entry == payment.invoice_entry,
            InvoiceLineRow.order_entry == payment.order_entry,
            OrderItemRow.product == product,
        )
        .order_by(col(InvoiceLineRow.n))
    )
    packs = packs_text((line.packs, line.pack_of) for line in session.exec(query))
    return (("packs_billed", packs),) if packs else ()


def _packs_credited(session: Session, refund: RefundRow) -> Detail:
    """What the credit note that a refund makes good says in packs."""
    if refund.credit_note_entry is None:
        return ()
    query = select(CreditNoteLineRow).where(CreditNoteLineRow.note_entry == refund.credit_note_entry)
    lines = session.exec(query.order_by(col(CreditNoteLineRow.n)))
    return in_packs((line.packs, line.pack_of) for line in lines)


def _beyond_count(why: str | None) -> Detail:
    """Why more went on than the other side counted, where it did."""
    return () if why is None else (("beyond_count", why),)


def _other_count(session: Session, campaign: str, paper: int) -> Detail:
    """What the other side counted good of a paper's lots, where the sender's books have another figure."""
    confirmation = confirmation_of(session, paper)
    counts = () if confirmation is None else two_counts(session, campaign, confirmation.entry)
    differ = [f"{row.product}#{row.lot} {row.good}" for row in counts if row.good != row.books_good]
    return (("other_count", ", ".join(differ)),) if differ else ()


def _past_last_day(why: str | None) -> Detail:
    return () if why is None else (("past_last_day", why),)
