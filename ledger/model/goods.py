"""Goods: lots and what came of each, what was given in kind, what came too much, was lost, found, sent back, recalled.

What lies where is not kept here: balances of stock accounts and lines of units say it. Written by SQLAlchemy Core
alone: these rows are added, and reversed; of a delivery, what is found later changes how many pieces are good.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.recorded import LotLine, Paper


class Cause(StrEnum):
    """Why pieces are no more, in the words of those who move goods."""

    DAMAGE = "damage"
    EXPIRED = "expired"
    STOLEN = "stolen"
    LOST = "lost"
    COLD_CHAIN = "cold_chain"
    CUSTOMS = "customs"
    RECALLED = "recalled"


class Missing(StrEnum):
    """What a loss, an arrival or a receipt called pieces that are found again, or turn out to be good."""

    LOST = "lost"
    SHORT = "short"
    DAMAGED = "damaged"
    REJECTED = "rejected"


class Discrepancy(StrEnum):
    """What pieces of a lot were that the supplier delivers again."""

    SHORT = "short"
    REJECTED = "rejected"


class ReturnDirection(StrEnum):
    """Which way goods go back."""

    TO_SUPPLIER = "to_supplier"
    FROM_RECIPIENT = "from_recipient"


class RecalledAt(StrEnum):
    """Who has pieces of a recalled lot."""

    STOCK = "stock"  # a place of ours
    ORGANISATION = "organisation"  # which they were handed over to
    PEOPLE = "people"  # at a place where they were handed out


class RecallOutcome(StrEnum):
    """What became of pieces of a recalled lot that nobody sends back."""

    DESTROYED = "destroyed"  # where they were
    USED = "used"
    NOT_FOUND = "not_found"


class OverDecision(StrEnum):
    """What became of pieces that came too much."""

    RETURNED = "returned"  # sent back to the supplier
    ACCEPTED = "accepted"  # a gift in kind of the supplier
    EXPLAINED = "explained"  # told by another fact, which counts them
    BOUGHT = "bought"  # by an approved order that amends the first one


class ValueMethod(StrEnum):
    """How the value of a gift in kind was come by."""

    QUOTE = "quote"
    INVOICE = "invoice"
    MARKET_PRICE = "market_price"
    APPRAISAL = "appraisal"
    COST = "cost"


def of_lot() -> ForeignKeyConstraint:
    """`campaign`, `product` and `lot` of a row name a lot that is known."""
    return ForeignKeyConstraint(["campaign", "product", "lot"], ["lots.campaign", "lots.product", "lots.lot"])


def _of_order() -> ForeignKeyConstraint:
    """`campaign` and `order_number` of a row, where it has one, name a purchase order."""
    return ForeignKeyConstraint(
        ["campaign", "order_number"], ["purchase_orders.campaign", "purchase_orders.number"]
    )


class LotRow(Table, table=True):
    """A maker's lot of a campaign's product, however many deliveries bring it.

    `over_of` names the lot that this one came too much with: its pieces wait apart until somebody decides.
    `likeness`: what numbers of lots that look alike have in common.
    """

    __tablename__: ClassVar[Any] = "lots"
    __table_args__ = (
        ForeignKeyConstraint(["campaign", "product"], ["products.campaign", "products.code"]),
        ForeignKeyConstraint(
            ["campaign", "product", "over_of"], ["lots.campaign", "lots.product", "lots.lot"]
        ),
        Index("lots_likeness", "campaign", "product", "likeness"),
        KEYED,
    )
    campaign: str = Field(primary_key=True, sa_type=TEXT)
    product: str = Field(primary_key=True, sa_type=TEXT)
    lot: str = Field(primary_key=True, sa_type=TEXT)
    over_of: str | None = Field(default=None, sa_type=TEXT)
    likeness: str = Field(sa_type=TEXT)


class ReceiptRow(Paper, table=True):
    """A goods received note against one item of an order."""

    __tablename__: ClassVar[Any] = "receipts"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        _of_order(),
        Index("receipts_order", "campaign", "order_number", "item"),
        STRICT,
    )
    order_number: str = Field(sa_type=TEXT)
    item: str = Field(sa_type=TEXT)
    product: str = Field(sa_type=TEXT)  # the item's
    place: str = Field(sa_type=TEXT)


class LotDeliveryRow(Table, table=True):
    """What one receipt, or one gift in kind, brought of a lot: noted = good + damaged + short + rejected, in pieces.

    What is found later is good here, and no longer short; what was counted first stands in the entry, but for the
    `packs` of `pack_of` pieces each that the delivery note says, where it is in packs. Of a lot that
    came too much, `noted` is all that came and the rest is 0; a count at an arrival or in stock tells of such too.
    """

    __tablename__: ClassVar[Any] = "lot_deliveries"
    __table_args__ = (
        of_lot(),
        one_of("replaces_discrepancy", Discrepancy),
        Index("lot_deliveries_lot", "campaign", "product", "lot"),
        KEYED,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    campaign: str = Field(sa_type=TEXT)
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    place: str = Field(sa_type=TEXT)
    expiry: str | None = Field(default=None, sa_type=TEXT)
    noted: int = Field(sa_type=LONG)
    packs: int | None = Field(default=None, sa_type=LONG)
    pack_of: int | None = Field(default=None, sa_type=LONG)
    good: int = Field(sa_type=LONG)
    damaged: int = Field(default=0, sa_type=LONG)
    short: int = Field(default=0, sa_type=LONG)
    rejected: int = Field(default=0, sa_type=LONG)
    replaces: str | None = Field(default=None, sa_type=TEXT)  # the lot that it is delivered for
    replaces_discrepancy: Discrepancy | None = Field(default=None, sa_type=Word(Discrepancy))
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class OverDecisionRow(Paper, table=True):
    """Pieces that came too much, and what was decided.

    `counted_by`: the entry of the receipt, arrival or count that found them; `order_number`, `item`: what buys them;
    `document`: the entry that tells of them otherwise.
    """

    __tablename__: ClassVar[Any] = "over_decisions"
    __table_args__ = (
        UniqueConstraint("campaign", "decision", "number"),
        of_lot(),
        _of_order(),
        one_of("decision", OverDecision),
        Index("over_decisions_counted_by", "counted_by", "product", "lot"),
        Index("over_decisions_document", "document"),
        Index("over_decisions_order", "campaign", "order_number", "item"),
        STRICT,
    )
    decision: OverDecision = Field(sa_type=Word(OverDecision))
    counted_by: int = Field(sa_type=LONG, foreign_key="entries.seq")
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)  # pieces
    order_number: str | None = Field(default=None, sa_type=TEXT)
    item: str | None = Field(default=None, sa_type=TEXT)
    document: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
    reason: str | None = Field(default=None, sa_type=TEXT)


class OverCountRow(Paper, table=True):
    """A count of stock at `place` that found `quantity` pieces of a lot more than the books have there."""

    __tablename__: ClassVar[Any] = "over_counts"
    __table_args__ = (UniqueConstraint("campaign", "number"), of_lot(), STRICT)
    place: str = Field(sa_type=TEXT)
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)  # pieces
    reason: str = Field(sa_type=TEXT)


class InKindRow(Paper, table=True):
    """A gift in kind: goods in stock, or a service rendered, and where its pieces lie on their line.

    `quantity` is what was given, of which `damaged` came so. A supplier's surplus that was accepted is one too.
    `value`: minor units of `currency`, as `stated_by` says; none of these where nobody states a value.
    """

    __tablename__: ClassVar[Any] = "in_kind_gifts"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        of_lot(),
        one_of("method", ValueMethod),
        STRICT,
    )
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    place: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)  # pieces
    damaged: int = Field(default=0, sa_type=LONG)
    value: int | None = Field(default=None, sa_type=LONG)
    currency: str | None = Field(default=None, sa_type=TEXT)
    method: ValueMethod | None = Field(default=None, sa_type=Word(ValueMethod))
    stated_by: str | None = Field(default=None, sa_type=TEXT)
    paper: str | None = Field(default=None, sa_type=TEXT)  # SHA-256, hex
    organisation: str | None = Field(default=None, sa_type=TEXT)
    line: str = Field(sa_type=TEXT)
    line_start: int = Field(sa_type=LONG)  # pieces of the line, up to `line_start + quantity`
    at: str = Field(sa_type=TEXT)


class LossRow(Paper, table=True):
    """Pieces in stock that are no more."""

    __tablename__: ClassVar[Any] = "losses"
    __table_args__ = (UniqueConstraint("campaign", "number"), of_lot(), one_of("cause", Cause), STRICT)
    place: str = Field(sa_type=TEXT)
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)  # pieces
    cause: Cause = Field(sa_type=Word(Cause))
    reason: str = Field(sa_type=TEXT)
    report: str | None = Field(default=None, sa_type=TEXT)


class FindRow(Paper, table=True):
    """Pieces that a loss, an arrival or a receipt (entry `counted_off_by`) counted off, and that lie at `place` now."""

    __tablename__: ClassVar[Any] = "finds"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        of_lot(),
        one_of("was", Missing),
        Index("finds_counted_off_by", "counted_off_by"),
        STRICT,
    )
    counted_off_by: int = Field(sa_type=LONG, foreign_key="entries.seq")
    was: Missing = Field(sa_type=Word(Missing))
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)  # pieces
    place: str = Field(sa_type=TEXT)
    reason: str = Field(sa_type=TEXT)
    report: str | None = Field(default=None, sa_type=TEXT)


class ReturnRow(Paper, table=True):
    """Goods that go back: from `place` to the supplier, or to it from an `organisation` or from `people` at a place."""

    __tablename__: ClassVar[Any] = "returns"
    __table_args__ = (UniqueConstraint("campaign", "number"), one_of("direction", ReturnDirection), STRICT)
    direction: ReturnDirection = Field(sa_type=Word(ReturnDirection))
    place: str = Field(sa_type=TEXT)
    organisation: str | None = Field(default=None, sa_type=TEXT)
    people: str | None = Field(default=None, sa_type=TEXT)
    reason: str = Field(sa_type=TEXT)
    report: str | None = Field(default=None, sa_type=TEXT)


class ReturnLotRow(LotLine, table=True):
    """`quantity` pieces of a lot that went back; `n`: the place on the paper."""

    __tablename__: ClassVar[Any] = "return_lots"
    __table_args__ = (ForeignKeyConstraint(["entry"], ["returns.entry"]), KEYED)


class RecallRow(Paper, table=True):
    """A lot that is called back, wherever it is; it is called back as long as one of its recalls stands."""

    __tablename__: ClassVar[Any] = "recalls"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        of_lot(),
        Index("recalls_lot", "campaign", "product", "lot"),
        Index("recalls_maker", "lot"),
        STRICT,
    )
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    reason: str = Field(sa_type=TEXT)
    report: str | None = Field(default=None, sa_type=TEXT)


class OtherLotRow(Paper, table=True):
    """A lot that has the number of one which another campaign called back (`recall`, its entry), and is another one."""

    __tablename__: ClassVar[Any] = "other_lots"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        of_lot(),
        Index("other_lots_recall", "recall"),
        STRICT,
    )
    recall: int = Field(sa_type=LONG, foreign_key="recalls.entry")
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    reason: str = Field(sa_type=TEXT)


class OtherExpiryRow(Paper, table=True):
    """A lot that has the number of one whose expiry another campaign put right (`correction`), and is another one."""

    __tablename__: ClassVar[Any] = "other_expiries"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        of_lot(),
        Index("other_expiries_correction", "correction"),
        STRICT,
    )
    correction: int = Field(sa_type=LONG, foreign_key="corrections.entry")
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    reason: str = Field(sa_type=TEXT)


class RecallOutcomeRow(Paper, table=True):
    """What became of `quantity` pieces of a recalled lot at a place or an organisation. `recall`: its entry."""

    __tablename__: ClassVar[Any] = "recall_outcomes"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("at", RecalledAt),
        one_of("became", RecallOutcome),
        Index("recall_outcomes_recall", "recall"),
        STRICT,
    )
    recall: int = Field(sa_type=LONG, foreign_key="recalls.entry")
    at: RecalledAt = Field(sa_type=Word(RecalledAt))
    place: str = Field(sa_type=TEXT)
    became: RecallOutcome = Field(sa_type=Word(RecallOutcome))
    quantity: int = Field(sa_type=LONG)  # pieces
    reason: str = Field(sa_type=TEXT)
    report: str | None = Field(default=None, sa_type=TEXT)
