"""What is bought, and the papers of it: purchase orders and their closings, invoices with what was accepted of them,
payments, credit notes and what suppliers paid back.

Model: folded from the entries of `orders.py`, `closings.py`, `invoices.py`, `payments.py`, `credit_notes.py` and
`supplier_refunds.py` in `ledger/rules/`. Amounts are minor units of an order's currency where nothing else is said;
quantities are whole units of an item's product.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.goods import of_lot
from ledger.model.proposals import Proposal, ProposalStatus
from ledger.model.recorded import Numbered


class OrderStatus(StrEnum):
    """What people call the state of an order: how it was decided, and once it is closed, how it ended."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REVERSED = "reversed"  # brought in by an opening, and taken back


class OrderEnd(StrEnum):
    """How a closed order ended: after goods came, or before any came."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Mismatch(StrEnum):
    """Why order, receipts and invoice do not agree."""

    SHORT = "short"
    OVER = "over"
    NOTHING = "nothing_received"
    MORE = "more_billed"
    PRICE = "price"
    UNBILLED = "unbilled"


class Failure(StrEnum):
    """What is paid back for: it never came, came short or bad, was refused, went back, was destroyed or lost."""

    UNDELIVERED = "undelivered"
    SHORT = "short"
    DAMAGED = "damaged"
    REJECTED = "rejected"
    RETURNED = "returned"
    DESTROYED = "destroyed"  # on the spot, when its lot was recalled
    LOST = "lost"  # on its way or in stock, where a carrier or an insurer answers for it


class OrderRow(Proposal, table=True):
    """An order to one supplier for one campaign. `need`: what it serves; `amends`: the order that it adds to.

    Approved, it is bound; `closed_by` is the entry of its closing, booked on `closed_on`, as long as that stands.
    `rate_number` and `rate_price`: the rate by which coins or other money covered the order when it was approved, and
    its price of one bitcoin in minor units, if it is of bitcoin; none where its own currency did. `opened_by`: the
    number of the opening that brought it in; one that is taken back and brought in again is written anew.
    """

    __tablename__: ClassVar[Any] = "purchase_orders"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("purchase_orders_status", "campaign", "status", "number"),
        Index("purchase_orders_supplier", "supplier", "currency"),
        one_of("status", ProposalStatus),
        one_of("closed_as", OrderEnd),
        STRICT,
    )
    supplier: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    need: str | None = Field(default=None, sa_type=TEXT)
    expected: str | None = Field(default=None, sa_type=TEXT)
    amends: int | None = Field(default=None, sa_type=LONG, foreign_key="purchase_orders.entry")
    match_permille: int | None = Field(default=None, sa_type=LONG)
    opened_by: str | None = Field(default=None, sa_type=TEXT)
    rate_number: str | None = Field(default=None, sa_type=TEXT)
    rate_price: int | None = Field(default=None, sa_type=LONG)
    closed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
    closed_on: str | None = Field(default=None, sa_type=TEXT)
    closed_as: OrderEnd | None = Field(default=None, sa_type=Word(OrderEnd))

    @property
    def stage(self) -> OrderStatus:
        return OrderStatus((self.closed_as or self.status).value)

    @property
    def is_bound(self) -> bool:
        """Was it approved, be it open or closed since?"""
        return self.status is ProposalStatus.APPROVED

    @property
    def is_closed(self) -> bool:
        return self.closed_by is not None

    @property
    def is_open(self) -> bool:
        """Is it approved and not closed: may goods, invoices and money go with it?"""
        return self.is_bound and not self.is_closed


class OrderItemRow(Table, table=True):
    """The n-th item of an order; `value` is its total, which is what counts (docs/rules.md, 8).

    `packs` of `pack_of` pieces each, where it was ordered so. `received_before` pieces had come, and `paid_before`
    minor units were paid, before the opening that brought it in.
    """

    __tablename__: ClassVar[Any] = "purchase_order_items"
    __table_args__ = (UniqueConstraint("order_entry", "item"), KEYED)
    order_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="purchase_orders.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    item: str = Field(sa_type=TEXT)
    product: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)
    value: int = Field(sa_type=LONG)
    packs: int | None = Field(default=None, sa_type=LONG)
    pack_of: int | None = Field(default=None, sa_type=LONG)
    received_before: int = Field(default=0, sa_type=LONG)
    paid_before: int = Field(default=0, sa_type=LONG)

    @property
    def fineness(self) -> int:
        """Units of the item's line in a minor unit: 1, or as many as leave no piece without one (docs/rules.md, T5)."""
        return -(-self.quantity // self.value)

    @property
    def units(self) -> int:
        """How long the item's line is."""
        return self.value * self.fineness

    def units_of(self, pieces: int) -> int:
        """Where the position of the first `pieces` ends on the item's line."""
        return pieces * self.units // self.quantity

    def pieces_in(self, start: int, end: int) -> int:
        """The pieces whose positions end within `start..end` of the item's line, so that runs sum to the whole."""
        return self._pieces_to(end) - self._pieces_to(start)

    def _pieces_to(self, place: int) -> int:
        """How many pieces' positions end there or before: what `units_of` says, turned round."""
        return ((place + 1) * self.quantity - 1) // self.units

    def value_of_pieces(self, pieces: int) -> int:
        """The minor units that so many pieces cost, floored."""
        return pieces * self.value // self.quantity

    def value_of(self, start: int, end: int) -> int:
        """The minor units that `start..end` of the item's line are: floored at both ends, as pieces are."""
        return end // self.fineness - start // self.fineness


class Issued(Numbered):
    """The columns of a supplier's paper; no table. `likeness`: what numbers that look alike have in common."""

    supplier: str = Field(sa_type=TEXT)
    likeness: str = Field(sa_type=TEXT)


class InvoiceRow(Issued, table=True):
    """A supplier's invoice for an order: how much of everything it bills, and what it asks for.

    `vat` of it is value added tax: within `amount`, a cost, or beside it where it comes back and lies at `vat_to` then.
    """

    __tablename__: ClassVar[Any] = "invoices"
    __table_args__ = (
        Index("invoices_number", "campaign", "number"),
        Index("invoices_likeness", "supplier", "likeness"),
        Index("invoices_order", "order_entry"),
        STRICT,
    )
    order_entry: int = Field(sa_type=LONG, foreign_key="purchase_orders.entry")
    quantity: int = Field(sa_type=LONG)
    amount: int = Field(sa_type=LONG)
    due: str | None = Field(default=None, sa_type=TEXT)  # the day until which it asks to be paid
    vat: int = Field(default=0, sa_type=LONG)
    vat_to: str | None = Field(default=None, sa_type=TEXT)

    @property
    def vat_back(self) -> int:
        """Value added tax that comes back: asked for beside `amount`."""
        return 0 if self.vat_to is None else self.vat


class InvoiceLineRow(Table, table=True):
    """What an invoice bills of one item of its order, or of an amendment of that.

    `packs` of `pack_of` pieces each, where it says so. One without lines bills the items of its order in proportion to
    value.
    """

    __tablename__: ClassVar[Any] = "invoice_lines"
    __table_args__ = (Index("invoice_lines_order", "order_entry"), KEYED)
    invoice_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="invoices.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    order_entry: int = Field(sa_type=LONG, foreign_key="purchase_orders.entry")
    item: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)
    amount: int = Field(sa_type=LONG)
    packs: int | None = Field(default=None, sa_type=LONG)
    pack_of: int | None = Field(default=None, sa_type=LONG)


class AcceptanceRow(Table, table=True):
    """The n-th time that an approver let an invoice stand although it does not match, and why."""

    __tablename__: ClassVar[Any] = "invoice_acceptances"
    __table_args__ = (UniqueConstraint("invoice_entry", "n"), STRICT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    invoice_entry: int = Field(sa_type=LONG, foreign_key="invoices.entry")
    n: int = Field(sa_type=LONG)
    reason: str = Field(sa_type=TEXT)
    date: str = Field(sa_type=TEXT)  # on its paper
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class AcceptedMismatchRow(Table, table=True):
    """What did not agree on the day of an acceptance: this it covers, and nothing that comes later."""

    __tablename__: ClassVar[Any] = "invoice_accepted_mismatches"
    __table_args__ = (one_of("mismatch", Mismatch), KEYED)
    acceptance_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="invoice_acceptances.entry"
    )
    mismatch: Mismatch = Field(primary_key=True, sa_type=Word(Mismatch))


class Corrects(StrEnum):
    """What a credit note corrects: an invoice that billed too much, or the price or quantity of the order as well."""

    INVOICE = "invoice"
    ORDER = "order"


class CreditNoteRow(Issued, table=True):
    """What a supplier credits on an order, and off which invoice, if any.

    `off_order`: so much of it lowers what the order costs; the rest was billed too much and never owed. `vat` more is
    value added tax that would have come back.
    """

    __tablename__: ClassVar[Any] = "credit_notes"
    __table_args__ = (
        Index("credit_notes_number", "campaign", "number"),
        Index("credit_notes_likeness", "supplier", "likeness"),
        Index("credit_notes_order", "order_entry"),
        Index("credit_notes_invoice", "invoice_entry"),
        STRICT,
    )
    order_entry: int = Field(sa_type=LONG, foreign_key="purchase_orders.entry")
    invoice_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="invoices.entry")
    amount: int = Field(sa_type=LONG)
    off_order: int = Field(sa_type=LONG)
    vat: int = Field(default=0, sa_type=LONG)
    reason: str = Field(sa_type=TEXT)


class CreditNoteLineRow(Table, table=True):
    """What a credit note takes off one item of its invoice; one without lines lowers all in proportion to amount.

    `packs` of `pack_of` pieces each, where it says so.
    """

    __tablename__: ClassVar[Any] = "credit_note_lines"
    __table_args__ = (KEYED,)
    note_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="credit_notes.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    item: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)
    amount: int = Field(sa_type=LONG)
    packs: int | None = Field(default=None, sa_type=LONG)
    pack_of: int | None = Field(default=None, sa_type=LONG)


class ClosingRow(Proposal, table=True):
    """What is left of an order, named: came and is not paid for, neither came nor was paid for, was paid for only."""

    __tablename__: ClassVar[Any] = "order_closings"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("order_closings_order", "order_entry", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    order_entry: int = Field(sa_type=LONG, foreign_key="purchase_orders.entry")
    discount: int = Field(sa_type=LONG)
    cancellation: int = Field(sa_type=LONG)
    claim: int = Field(sa_type=LONG)
    reason: str = Field(sa_type=TEXT)


class RefundRow(Proposal, table=True):
    """`amount` of `asset` that a supplier paid back for what failed of an order's item; it makes `makes_good` good.

    `value`: the order value of a claim that it settles; else `lot` and `quantity` say what failed, and `returned_by`
    which return sent it back. It came to `bank`, as the coin `outpoint`, or not at all; `written_off` says why the rest
    will not. `rest`: order value that it left a claim, minor units; `rest_of`: the refund whose rest it settles.
    `claim`: the one on a carrier or an insurer that it is for; the supplier paid nothing then.
    """

    __tablename__: ClassVar[Any] = "supplier_refunds"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("supplier_refunds_order", "order_entry", "status"),
        Index("supplier_refunds_note", "credit_note_entry", "status"),
        Index("supplier_refunds_status", "campaign", "status"),
        Index("supplier_refunds_coin", "campaign", "outpoint"),
        Index("supplier_refunds_rest", "rest_of", "status"),
        Index("supplier_refunds_claim", "claim", "status"),
        one_of("failure", Failure),
        one_of("status", ProposalStatus),
        STRICT,
    )
    order_entry: int = Field(sa_type=LONG, foreign_key="purchase_orders.entry")
    credit_note_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="credit_notes.entry")
    item: str = Field(sa_type=TEXT)
    failure: Failure = Field(sa_type=Word(Failure))
    value: int | None = Field(default=None, sa_type=LONG)
    lot: str | None = Field(default=None, sa_type=TEXT)
    quantity: int | None = Field(default=None, sa_type=LONG)
    returned_by: str | None = Field(default=None, sa_type=TEXT)
    destroyed_by: str | None = Field(default=None, sa_type=TEXT)
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    makes_good: int = Field(sa_type=LONG)
    bank: str | None = Field(default=None, sa_type=TEXT)
    outpoint: str | None = Field(default=None, sa_type=TEXT)
    written_off: str | None = Field(default=None, sa_type=TEXT)
    rest: int = Field(default=0, sa_type=LONG)
    rest_of: int | None = Field(default=None, sa_type=LONG, foreign_key="supplier_refunds.entry")
    claim: int | None = Field(default=None, sa_type=LONG, foreign_key="claims.entry")


class Answerable(StrEnum):
    """Who answers for pieces that failed, where the supplier does not."""

    CARRIER = "carrier"
    INSURER = "insurer"


class ClaimEnd(StrEnum):
    """How a claim on a carrier or an insurer ends without money."""

    CREDITED = "credited"  # by a credit note on what it is owed
    REPLACED = "replaced"  # by pieces, given in kind


class ClaimRow(Numbered, table=True):
    """`quantity` pieces of a lot that `debtor` is held to answer for, and that the entry `counted_off_by` tells of.

    They ended in the use `ended_in`. `order_entry` and `item`: what they were bought on, which says their price.
    `owner` follows it until the day `until`, where that was said with it.
    """

    __tablename__: ClassVar[Any] = "claims"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("on_whom", Answerable),
        one_of("failure", Failure),
        of_lot(),
        Index("claims_use", "ended_in"),
        STRICT,
    )
    on_whom: Answerable = Field(sa_type=Word(Answerable))
    debtor: str = Field(sa_type=TEXT)
    counted_off_by: int = Field(sa_type=LONG, foreign_key="entries.seq")
    paper: str = Field(sa_type=TEXT)  # noun and number of what told it
    ended_in: str = Field(sa_type=TEXT)
    failure: Failure = Field(sa_type=Word(Failure))
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)
    order_entry: int = Field(sa_type=LONG, foreign_key="purchase_orders.entry")
    item: str = Field(sa_type=TEXT)
    owner: str | None = Field(default=None, sa_type=TEXT)
    until: str | None = Field(default=None, sa_type=TEXT)


class ClaimEndRow(Proposal, table=True):
    """`quantity` pieces of a claim that were made good without money, and the paper that says so (`document`)."""

    __tablename__: ClassVar[Any] = "claim_ends"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("status", ProposalStatus),
        one_of("became", ClaimEnd),
        Index("claim_ends_claim", "claim"),
        Index("claim_ends_document", "document"),
        STRICT,
    )
    claim: int = Field(sa_type=LONG, foreign_key="claims.entry")
    became: ClaimEnd = Field(sa_type=Word(ClaimEnd))
    quantity: int = Field(sa_type=LONG)
    document: int = Field(sa_type=LONG, foreign_key="entries.seq")


class FollowedClaimRow(Numbered, table=True):
    """Who follows what is owed for an order, or by a `claim`, since `date`, and the day `until` of the next step."""

    __tablename__: ClassVar[Any] = "followed_claims"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("followed_claims_order", "order_entry"),
        STRICT,
    )
    order_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="purchase_orders.entry")
    claim: int | None = Field(default=None, sa_type=LONG, foreign_key="claims.entry")
    owner: str = Field(sa_type=TEXT)
    until: str = Field(sa_type=TEXT)
