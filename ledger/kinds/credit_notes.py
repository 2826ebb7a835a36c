"""Credit notes: what a supplier says in writing that it owes on an order. The paper moves no money; a refund does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.books import Books
from ledger.entry import Entry, Posting
from ledger.errors import Refused
from ledger.facts import STRICT, Date, Number, Positive, Text
from ledger.kinds.orders import BOUND, order_value
from ledger.kinds.spec import RECORDERS, Context, Kind, document_of, numbered
from ledger.money import decimal_text


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """`amount` is what the supplier credits, minor units of the order's currency, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    amount: Positive
    reason: Text
    date: Date


def _post(context: Context, facts: CreditNote) -> Posting:
    order = context.books.documents.require("purchase", context.campaign, facts.order)
    if order["status"] not in BOUND:
        raise Refused.field("order", f"{facts.order} is {order['status']}; name an order that was approved")
    credited = sum(
        note["facts"]["amount"]
        for _, note in context.books.documents.all("credit-note", context.campaign)
        if note["facts"]["order"] == facts.order and note["reversed"] is None
    )
    left, currency = order_value(order) - credited, order["facts"]["currency"]
    if facts.amount > left:
        raise Refused.field(
            "amount",
            f"{decimal_text(currency, left)} {currency} of {facts.order} is not credited yet; no more",
        )
    return Posting()


def _fold(books: Books, entry: Entry) -> None:
    document = document_of(entry, reversed=None)
    books.documents.save("credit-note", entry.campaign, str(entry.facts["number"]), document)


CREDIT_NOTE = Kind(
    name="credit-note",
    noun="credit-note",
    verb="add",
    facts=CreditNote,
    doc="Record a supplier's credit note on an order; the money comes with `refund add`.",
    roles=RECORDERS,
    key=numbered("credit-note"),
    post=_post,
    fold=_fold,
)
KINDS = (CREDIT_NOTE,)
