"""Bank contributions: money that came to the campaign's bank, as gifts with an interval on its line for ever.

Public by construction: an organisation may be named, a person never is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive
from ledger.core.likeness import likeness_of_number
from ledger.core.line_words import reference_of
from ledger.core.lines import Append, Change, Operation, Part, PartKind, UnitState, Use, joined
from ledger.core.names import FREE, GiftKind, GiftName, UseCause, UseName
from ledger.model.gifts import ContributionRow
from ledger.model.questions import Doubt
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign, require_need
from ledger.rules.doubts import Doubtful
from ledger.rules.gifts import money_line
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.unusual import unusual_gift


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """`amount` minor units that a donor sent to a bank account; `organisation` only where it agrees.

    `fee` of it was kept by banks on the way, so that so much less arrived: the gift is whole, and its fee is told.
    `restriction`: the need that its donor gave it for; it is spent on that need only.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    bank: Name
    currency: Currency
    amount: Positive
    fee: Positive | None = None
    organisation: Name | None = None
    reference: Number | None = None  # the bank's own, where it names nobody
    restriction: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True)
class Joined:
    """The line that the money joined, and its units there, from and to."""

    interval: tuple[str, int, int]


def gift_of(number: str) -> str:
    """What the line names the contribution by."""
    return str(GiftName(GiftKind.CONTRIBUTION, number))


def _post(context: Context, facts: Contribution) -> Posting[Joined]:
    require_campaign(context)
    if facts.currency == "BTC":
        raise Refused.field(
            "currency", "coins are recorded by the watcher; a contribution is money at a bank"
        )
    bank = account(AccountClass.BANK, context.campaign, facts.bank)
    gifts = account(AccountClass.GIFTS, context.campaign)
    if facts.restriction is not None:
        require_need(context.books.session, context.campaign, facts.restriction, "restriction")
    line = money_line(context.campaign, facts.currency, facts.restriction or FREE)
    start = context.books.lines.length(line)
    end, fee = start + facts.amount, facts.fee or 0
    if fee >= facts.amount:
        raise Refused.field("fee", "is as much as was given; then nothing arrived")
    transfers = [Transfer(bank, gifts, facts.currency, facts.amount - fee)]
    operations: list[Operation] = [Append(line, facts.currency, start, facts.amount, gift_of(facts.number))]
    if fee:
        charges = account(AccountClass.FEES, context.campaign, "bank")
        transfers.append(Transfer(charges, gifts, facts.currency, fee))
        use_id = str(UseName(UseCause.CONTRIBUTION, context.campaign, facts.number))
        kept = ((end - fee, end),)
        operations.append(Use(use_id, line, kept, fee, (Part(PartKind.FEE, fee, fee),)))
    return Posting(tuple(transfers), tuple(operations), Joined((line, start, end)))


def likeness_of_reference(written: str | None) -> str | None:
    """What a bank's references that look alike have in common; None where it gave none."""
    reference = reference_of(written or "")
    return likeness_of_number(reference) if reference else None


def _fold(books: Books, entry: Entry[Contribution, Joined]) -> None:
    facts, (line, start, end) = entry.facts, entry.notes.interval
    books.session.add(
        ContributionRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            bank=facts.bank,
            currency=facts.currency,
            amount=facts.amount,
            fee=facts.fee or 0,
            organisation=facts.organisation,
            reference=facts.reference,
            reference_likeness=likeness_of_reference(facts.reference),
            restriction=facts.restriction,
            date=entry.date,
            happened=entry.happened or facts.date,
            at=entry.at,
            line=line,
            line_start=start,
            line_end=end,
        )
    )


def _doubts(books: Books, entry: Entry[Contribution, Joined]) -> Iterator[Doubtful]:
    """What banks kept of it, if much; and the contributions that stand at the same bank with a reference like this
    one's: a gift may be told twice."""
    row = books.session.get_one(ContributionRow, entry.seq)
    yield from unusual_gift(books.session, row)
    if row.reference_likeness is None:
        return
    alike = select(ContributionRow.entry).where(
        ContributionRow.bank == row.bank,
        ContributionRow.reference_likeness == row.reference_likeness,
        col(ContributionRow.reversed_by).is_(None),
        ContributionRow.entry < entry.seq,
    )
    for other in books.session.exec(alike.order_by(col(ContributionRow.entry))):
        yield Doubtful(Doubt.REFERENCE, other)


def _unfold(books: Books, entry: Entry[Contribution, Joined], seq: int) -> None:
    books.session.get_one(ContributionRow, entry.seq).reversed_by = seq


def _voided(context: Context, entry: Entry[Contribution, Joined]) -> tuple[Change, ...]:
    """What takes the money off its line again, and its fee with it, which the reversal undoes before.

    A correction may have given it other units, or taken some off before.
    """
    row = context.books.session.get_one(ContributionRow, entry.seq)
    fee = str(UseName(UseCause.CONTRIBUTION, row.campaign, row.number))
    spans = context.books.lines.spans(row.line, row.line_start, row.line_end)
    left = [span for span in spans if span.state is not UnitState.VOID]
    if any(span.state is not UnitState.FREE and span.ref != fee for span in left):
        raise Conflict.field(
            "entry", "some of this contribution is used or held; reverse what stands on it first"
        )
    pieces = joined((span.start, span.end) for span in left)
    return (Change(row.line, pieces, UnitState.FREE, UnitState.VOID, gift_of(row.number)),)


CONTRIBUTION = Kind(
    name="contribution",
    noun="contribution",
    verb="add",
    facts=Contribution,
    notes=Joined,
    doc="Record money that a donor sent to the campaign's bank account.",
    roles=RECORDERS,
    key=numbered("contribution"),
    doubts=_doubts,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, voids=_voided),
)
KINDS = (CONTRIBUTION,)
