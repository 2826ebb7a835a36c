"""Payments to suppliers: what each takes of the campaign's money, and how much of an approved order it discharges."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import FLAG, LONG, STRICT, TEXT, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class PaymentRow(Proposal, table=True):
    """`amount` of `asset` paid on an order, which discharges `discharges` of its currency. `fee` is in `asset` too.

    Coins went with the spend `txid`, other money from `bank`. `prepayment`: named as one, ahead of the goods;
    `no_invoice`: why there is none and none will come. `withheld` of what is discharged is kept for the tax office.
    `vat` of `amount` is value added tax that comes back, and discharges nothing.
    """

    __tablename__: ClassVar[Any] = "payments"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("payments_order", "order_entry", "status"),
        Index("payments_invoice", "invoice_entry", "status"),
        Index("payments_status", "campaign", "status", "number"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    order_entry: int = Field(sa_type=LONG, foreign_key="purchase_orders.entry")
    invoice_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="invoices.entry")
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)
    discharges: int = Field(sa_type=LONG)
    withheld: int = Field(default=0, sa_type=LONG)
    vat: int = Field(default=0, sa_type=LONG)
    bank: str | None = Field(default=None, sa_type=TEXT)
    txid: str | None = Field(default=None, sa_type=TEXT)
    prepayment: bool = Field(sa_type=FLAG)
    no_invoice: str | None = Field(default=None, sa_type=TEXT)
