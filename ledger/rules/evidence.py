"""Evidence: a paper by the SHA-256 of its bytes, and which fact it is evidence of.

A paper that is shown is attached by one person; one that is withheld goes by `sealings`, which takes two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Date, Name, Number, Sha256, Text
from ledger.model.bank import AsideRow, CashCountRow, OutstandingRow
from ledger.model.bank_money import BankFeeRow, ChargeBackRow, ExchangeRow, TaxPaymentRow
from ledger.model.campaigns import NeedRow, OfferRow
from ledger.model.conversions import ConversionRow
from ledger.model.corrections import CorrectionRow
from ledger.model.covers import CoverRow
from ledger.model.deliveries import ArrivalRow, DistributionRow, HandoverRow
from ledger.model.evidence import About, Access, EvidenceRow, EvidenceTreatmentRow, Treatment
from ledger.model.exchange_coins import CustodyFeeRow, DepositRow, WithdrawalRow
from ledger.model.gift_returns import GiftReturnRow
from ledger.model.gifts import ContributionRow, GiftBlockRow
from ledger.model.goods import InKindRow, LossRow, RecallRow, ReceiptRow, ReturnRow
from ledger.model.loans import LoanRow, RepaymentRow
from ledger.model.moves import MoveRow
from ledger.model.openings import OpeningRow
from ledger.model.orders import (
    ClaimEndRow,
    ClaimRow,
    ClosingRow,
    CreditNoteRow,
    InvoiceRow,
    OrderRow,
    RefundRow,
)
from ledger.model.payments import PaymentRow
from ledger.model.people import IndicatorRow, ResultRow
from ledger.model.periods import PeriodRow
from ledger.model.pledges import PledgeRow
from ledger.model.reclassifications import ReclassificationRow
from ledger.model.releases import ReleaseRow
from ledger.model.screening import ScreeningRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.rows import Numbered, require_numbered
from ledger.rules.shipments import require_shipment
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A paper that is shown, public or redacted. A copy is served: `sha256` is that of the copy, `original` that of the
    paper before anything was taken out of it or blacked out, and `done` what was taken out.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    sha256: Sha256
    original: Sha256 | None = None
    done: tuple[Treatment, ...] = ()
    title: Name
    paper: Name  # what sort of paper: "purchase order", "goods received note"
    shows: Text
    access: Access
    about: About
    number: Number | None = None
    date: Date


_NUMBERED: Mapping[About, type[Numbered]] = {
    About.NEED: NeedRow,
    About.OFFER: OfferRow,
    About.PLEDGE: PledgeRow,
    About.PURCHASE: OrderRow,
    About.CLOSING: ClosingRow,
    About.INVOICE: InvoiceRow,
    About.CONVERSION: ConversionRow,
    About.DEPOSIT: DepositRow,
    About.PAYMENT: PaymentRow,
    About.CONTRIBUTION: ContributionRow,
    About.CREDIT_NOTE: CreditNoteRow,
    About.INDICATOR: IndicatorRow,
    About.RESULT: ResultRow,
    About.REFUND: RefundRow,
    About.RECEIPT: ReceiptRow,
    About.ARRIVAL: ArrivalRow,
    About.LOSS: LossRow,
    About.HANDOVER: HandoverRow,
    About.DISTRIBUTION: DistributionRow,
    About.RETURN: ReturnRow,
    About.RECALL: RecallRow,
    About.IN_KIND: InKindRow,
    About.BLOCK: GiftBlockRow,
    About.RELEASE: ReleaseRow,
    About.SCREENING: ScreeningRow,
    About.OPENING: OpeningRow,
    About.BANK_FEE: BankFeeRow,
    About.CHARGE_BACK: ChargeBackRow,
    About.COVER: CoverRow,
    About.GIFT_RETURN: GiftReturnRow,
    About.WITHDRAWAL: WithdrawalRow,
    About.CUSTODY_FEE: CustodyFeeRow,
    About.EXCHANGE: ExchangeRow,
    About.MOVE: MoveRow,
    About.RECLASSIFICATION: ReclassificationRow,
    About.LOAN: LoanRow,
    About.REPAYMENT: RepaymentRow,
    About.TAX_PAYMENT: TaxPaymentRow,
    About.CLAIM: ClaimRow,
    About.CLAIM_END: ClaimEndRow,
    About.ASIDE: AsideRow,
    About.OUTSTANDING: OutstandingRow,
    About.CASH_COUNT: CashCountRow,
    About.CORRECTION: CorrectionRow,
    About.PERIOD: PeriodRow,
}
"""The rows that a paper can be evidence of, by their noun; a shipment is called by its waybill."""


def _require_recorded(context: Context, about: About, number: str) -> None:
    """NotFound where nothing of this noun has the number."""
    session = context.books.session
    if about is About.SHIPMENT:
        require_shipment(session, context.campaign, number)
    else:
        require_numbered(session, _NUMBERED[about], about.value, context.campaign, number)


def require_about(context: Context, about: About, number: str | None, field: str) -> None:
    """Refused where the `field` of a paper names no fact that it is about, NotFound where there is none."""
    if about is About.CAMPAIGN:
        return
    if number is None:
        raise Refused.field(field, "name the {about} that this is evidence of", about=about.value)
    _require_recorded(context, about, number)


def _post(context: Context, facts: Evidence) -> Posting[None]:
    require_campaign(context)
    if facts.access is Access.SEALED:
        raise Refused.field(
            "access",
            "a paper is withheld by two people: seal it with `evidence seal`, which another one approves",
        )
    if len(set(facts.done)) < len(facts.done):
        raise Refused.field("done", "a word stands twice; write each once")
    require_about(context, facts.about, facts.number, "number")
    return Posting()


def papers_everywhere(session: Session, sha256: str) -> Sequence[EvidenceRow]:
    """The papers of these bytes that stand, in whatever campaign, by entry."""
    return session.exec(
        select(EvidenceRow)
        .where(EvidenceRow.sha256 == sha256, col(EvidenceRow.reversed_by).is_(None))
        .order_by(col(EvidenceRow.entry))
    ).all()


def standing_papers(session: Session, campaign: str, sha256: str) -> Sequence[EvidenceRow]:
    """The papers of these bytes that stand, one for each fact that they are evidence of.

    One that is to be sealed proves nothing before a second person approved that.
    """
    return session.exec(
        select(EvidenceRow)
        .where(
            EvidenceRow.campaign == campaign,
            EvidenceRow.sha256 == sha256,
            col(EvidenceRow.reversed_by).is_(None),
            col(EvidenceRow.waits) == 0,
        )
        .order_by(col(EvidenceRow.about), col(EvidenceRow.number))
    ).all()


def _times_reversed(books: Books, campaign: str, facts: Evidence) -> int:
    """A paper that was taken back may be attached again, with another access."""
    same = select(func.count()).where(
        EvidenceRow.campaign == campaign,
        EvidenceRow.sha256 == facts.sha256,
        EvidenceRow.about == facts.about,
        EvidenceRow.number == facts.number,
        col(EvidenceRow.reversed_by).is_not(None),
    )
    return books.session.exec(same).one()


def _fold(books: Books, entry: Entry[Evidence, None]) -> None:
    facts = entry.facts
    books.session.add(
        EvidenceRow(
            entry=entry.seq,
            campaign=entry.campaign,
            sha256=facts.sha256,
            original=facts.original,
            title=facts.title,
            paper=facts.paper,
            shows=facts.shows,
            access=facts.access,
            about=facts.about,
            number=facts.number,
            date=facts.date,
            role=entry.role,
        )
    )
    books.session.flush()
    books.session.add_all(EvidenceTreatmentRow(entry=entry.seq, treatment=one) for one in facts.done)


def _unfold(books: Books, entry: Entry[Evidence, None], seq: int) -> None:
    books.session.get_one(EvidenceRow, entry.seq).reversed_by = seq


EVIDENCE = Kind(
    name="evidence",
    noun="evidence",
    verb="add",
    facts=Evidence,
    notes=None,
    doc="Attach a paper by its SHA-256 to a fact: public or redacted.",
    roles=RECORDERS,
    named="sha256",
    key=lambda campaign, facts: ":".join(
        ("evidence", campaign, facts.about, *((facts.number,) if facts.number else ()), facts.sha256)
    ),
    times_reversed=_times_reversed,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (EVIDENCE,)
