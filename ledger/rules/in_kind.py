"""Gifts in kind: goods that lie in stock as a lot, or a service that was rendered, as a gift for ever.

The value is what somebody states, by a named method; it is told apart and never added to money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive, Sha256
from ledger.core.lines import Append, Change, Operation, Part, PartKind, UnitState, Use
from ledger.core.names import GiftKind, GiftName, Lot, UseCause, UseName
from ledger.core.wording import Wording
from ledger.model.goods import InKindRow, LotDeliveryRow, ValueMethod
from ledger.model.orders import ClaimEndRow
from ledger.rules.books import Books
from ledger.rules.campaigns import comes_to, product_of, require_campaign
from ledger.rules.evidence import standing_papers
from ledger.rules.goods import (
    LotName,
    alike_lots,
    goods_account,
    goods_line,
    keep_lot,
    lots_reversed,
    require_same_expiry,
)
from ledger.rules.payable import require_no_claim_end
from ledger.rules.rows import add_row, find_numbered, paper_head, recorded_row, require_numbered, reverse_row
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.voided_units import void_free


@dataclass(frozen=True, slots=True, kw_only=True)
class InKind:
    """`quantity` pieces of a product came as a gift, in `place`; `value` in minor units, as `stated_by` says.

    `damaged` of them came so, which all of the gift bear; the others lie in stock, and are not past their `expiry`.
    `lot` names the pieces (this number where it is left out); a service has no expiry. `organisation` only
    where it agrees; `stated_by` is an organisation or a role, never a person; `paper` is the evidence. `value`,
    `currency`, `method` and `stated_by` are left out together where nobody states a value.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: LotName
    product: Number
    place: Name
    quantity: Positive
    damaged: Positive | None = None
    lot: LotName | None = None
    expiry: Date | None = None
    value: Positive | None = None
    currency: Currency | None = None
    method: ValueMethod | None = None
    stated_by: Name | None = None
    paper: Sha256 | None = None
    organisation: Name | None = None
    date: Date

    @property
    def of(self) -> Lot:
        """The lot that came."""
        return Lot(self.product, self.number if self.lot is None else self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lies:
    """What the ledger adds to a gift: the pieces of a line that are it for ever, (line, first, end)."""

    interval: tuple[str, int, int]


def in_kind_gift(number: str) -> str:
    """What the line names the gift by."""
    return str(GiftName(GiftKind.IN_KIND, number))


def in_kind_use(campaign: str, number: str) -> str:
    """The use by which pieces of a gift came damaged."""
    return str(UseName(UseCause.IN_KIND, campaign, number))


def find_in_kind(session: Session, campaign: str, number: str) -> InKindRow | None:
    return find_numbered(session, InKindRow, campaign, number)


def require_in_kind(session: Session, campaign: str, number: str) -> InKindRow:
    """The gift in kind of a number, reversed or not; raises NotFound."""
    return require_numbered(session, InKindRow, "in-kind", campaign, number)


def in_kind_gifts(
    session: Session, campaign: str, *, after: str = "", limit: int | None = None
) -> Sequence[InKindRow]:
    """Those of a campaign, by number, reversed ones too: all, or the next ones after a number."""
    query = select(InKindRow).where(InKindRow.campaign == campaign, InKindRow.number > after)
    return session.exec(query.order_by(col(InKindRow.number)).limit(limit)).all()


def standing_in_kind(session: Session, campaign: str, limit: int) -> Sequence[InKindRow]:
    """The first of a campaign that stand, by number."""
    query = select(InKindRow).where(InKindRow.campaign == campaign, col(InKindRow.reversed_by).is_(None))
    return session.exec(query.order_by(col(InKindRow.number)).limit(limit)).all()


_STATED = ("value", "currency", "method", "stated_by")
"""What is said of a value together, or not at all."""


def _post(context: Context, facts: InKind) -> Posting[Lies]:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    kind = comes_to(product_of(books.session, campaign, facts.product))
    service = kind is AccountClass.DELIVERED
    if find_in_kind(books.session, campaign, facts.number) is not None:
        raise Refused.field("number", "is that of a surplus that was accepted as a gift; use another")
    damaged = facts.damaged or 0
    if damaged and service:
        raise Refused.field("damaged", "{product} is a service; leave it out", product=facts.product)
    if damaged > facts.quantity:
        raise Refused.field(
            "damaged",
            "{damaged} came damaged, and {quantity} came in all; no more",
            damaged=damaged,
            quantity=facts.quantity,
        )
    stated = [name for name in _STATED if getattr(facts, name) is not None]
    if stated and len(stated) < len(_STATED):
        missing = next(name for name in _STATED if name not in stated)
        raise Refused.field(
            missing, "goes with {fields}; give all of them, or none: no value stated", fields=tuple(stated)
        )
    if facts.currency == "BTC":
        raise Refused.field(
            "currency", "a stated value is in a currency of a country; coins are no gift in kind"
        )
    if facts.expiry is not None and service:
        raise Refused.field("expiry", "{product} is a service; leave it out", product=facts.product)
    good = facts.quantity - (facts.damaged or 0)
    if (
        facts.expiry is not None and facts.expiry < facts.date and good
    ):  # as of a receipt: what is bad may be past it
        raise Refused.field(
            "expiry",
            "{expiry} is before the day of receipt, {date}; count its {good} good as damaged",
            expiry=facts.expiry,
            date=facts.date,
            good=good,
        )
    require_same_expiry(books.session, campaign, facts.of, facts.expiry, "expiry")
    if facts.paper is not None and not standing_papers(books.session, campaign, facts.paper):
        raise Refused.field("paper", "no evidence has this hash; attach the paper first")
    asset = str(facts.of)
    line = goods_line(campaign, kind, facts.place, facts.of)
    start = books.lines.length(line)
    given, stop = account(AccountClass.IN_KIND, campaign), start + facts.quantity
    came = (
        (goods_account(kind, campaign, facts.place), facts.quantity - damaged),
        (account(AccountClass.LOST, campaign, PartKind.DAMAGED.value), damaged),
    )
    transfers = tuple(Transfer(where, given, asset, pieces) for where, pieces in came if pieces)
    operations: list[Operation] = [Append(line, asset, start, facts.quantity, in_kind_gift(facts.number))]
    if damaged:
        ends, good = Part(PartKind.DAMAGED, damaged, damaged), facts.quantity - damaged
        parts = (ends, Part(PartKind.STAYS, good, good, line, stop))
        use_id = in_kind_use(campaign, facts.number)
        operations.append(Use(use_id, line, ((start, stop),), facts.quantity, parts))
    return Posting(transfers, tuple(operations), Lies(interval=(line, start, stop)))


def _fold(books: Books, entry: Entry[InKind, Lies]) -> None:
    session, facts, (line, start, _) = books.session, entry.facts, entry.notes.interval
    keep_lot(session, entry.campaign, facts.of)
    add_row(
        session,
        InKindRow,
        **paper_head(entry),
        product=facts.product,
        lot=facts.of.number,
        place=facts.place,
        quantity=facts.quantity,
        damaged=facts.damaged or 0,
        value=facts.value,
        currency=facts.currency,
        method=facts.method,
        stated_by=facts.stated_by,
        paper=facts.paper,
        organisation=facts.organisation,
        line=line,
        line_start=start,
        at=entry.at,
    )
    add_row(
        session,
        LotDeliveryRow,
        entry=entry.seq,
        n=0,
        campaign=entry.campaign,
        product=facts.product,
        lot=facts.of.number,
        place=facts.place,
        expiry=facts.expiry,
        noted=facts.quantity,
        good=facts.quantity - (facts.damaged or 0),
        damaged=facts.damaged or 0,
        short=0,
        rejected=0,
    )


def _unfold(books: Books, entry: Entry[InKind, Lies], seq: int) -> None:
    """The gift was none: its pieces did not come."""
    reverse_row(books.session, InKindRow, entry.seq, seq)
    lots_reversed(books.session, entry.seq, seq)


def _voided(context: Context, entry: Entry[InKind, Lies]) -> tuple[Change, ...]:
    """What takes the pieces off their line again, where a correction of their number has put them since."""
    row = recorded_row(context.books.session, InKindRow, entry.seq)
    piece, gift = (row.line_start, row.line_start + row.quantity), in_kind_gift(row.number)
    if row.damaged:  # its own use has it, which is taken back first if what is good is free
        return (Change(row.line, (piece,), UnitState.FREE, UnitState.VOID, gift),)
    return (
        void_free(
            context,
            row.line,
            piece,
            gift,
            Wording("some of this gift in kind is used or held; reverse what stands on it first"),
        ),
    )


IN_KIND = Kind(
    name="in-kind",
    noun="in-kind",
    verb="add",
    facts=InKind,
    notes=Lies,
    doc="Record goods or a service that were given, with the value that somebody states and by which method.",
    roles=RECORDERS,
    key=numbered("in-kind"),
    doubts=lambda books, entry: alike_lots(books.session, entry.seq),
    post=_post,
    fold=_fold,
    undoing=Undoing(
        _unfold,
        voids=_voided,
        require=lambda context, entry: require_no_claim_end(
            context.books.session, col(ClaimEndRow.document) == entry.seq
        ),
    ),
)
KINDS = (IN_KIND,)
