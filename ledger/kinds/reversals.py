"""Reversals: an entry that undoes another and names it. The only way to correct; nothing is ever changed.

A use is taken back only when all that it yielded is free: later uses are reversed first (DESIGN, rule 8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.books import Books
from ledger.entry import Entry, Posting, transfers_reversed
from ledger.errors import Conflict, NotFound, Refused
from ledger.facts import STRICT, Date, Positive, Text
from ledger.kinds.bank import require_unmatched, unfold_aside, unfold_match
from ledger.kinds.block_holds import freed_by, held_again
from ledger.kinds.closings import require_reversible, withdrawn
from ledger.kinds.closings import unfold_approved as unfold_closing
from ledger.kinds.confirmations import unfold_confirmation, unfold_explained
from ledger.kinds.contributions import void_changes
from ledger.kinds.deliveries import unfold_signed
from ledger.kinds.gift_returns import retaken, unfold_gift_return
from ledger.kinds.goods import lot_asset, over_asset
from ledger.kinds.in_kind import unfold_in_kind
from ledger.kinds.invoices import unfold_acceptance
from ledger.kinds.loans import borrowed_changes, unfold_loan
from ledger.kinds.overs import unfold_accept, unfold_buy, unfold_return
from ledger.kinds.overs import void_changes as void_accepted
from ledger.kinds.periods import require_last_closed, unfold_period
from ledger.kinds.pledges import unfold_pledge_match, unfold_pledge_step
from ledger.kinds.reclassifications import require_no_exchange, unfold_reclassification
from ledger.kinds.returns import unfold_recall
from ledger.kinds.returns import unfold_return as unfold_goods_return
from ledger.kinds.shipments import require_last_state, status_left, unfold_state
from ledger.kinds.spec import APPROVERS, Context, Kind
from ledger.kinds.spends import mark_spend
from ledger.kinds.supplier_refunds import require_refund_reversible, unfold_refund
from ledger.kinds.valuations import unfold_converted, unfold_valuation
from ledger.lines import Operation, Undo, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """Which entry is undone, by its number, and why (the reason is public: no names of people)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    entry: Positive
    reason: Text
    date: Date


def _unfold_document(noun: str, number: str) -> Callable[[Books, Entry, int], None]:
    def unfold(books: Books, entry: Entry, seq: int) -> None:
        name = str(entry.facts[number])
        document = books.documents.require(noun, entry.campaign, name)
        books.documents.save(noun, entry.campaign, name, document | {"reversed": seq})

    return unfold


def _unfold_receipt(books: Books, entry: Entry, seq: int) -> None:
    _unfold_document("receipt", "number")(books, entry, seq)
    for lot in entry.facts["lots"]:
        asset = lot_asset(str(entry.notes["product"]), lot["lot"])
        books.documents.remove("lot", "", asset)
        if "over" in lot:
            books.documents.remove("lot", "", over_asset(asset))


def _unfold_shipment(books: Books, entry: Entry, seq: int) -> None:
    number = str(entry.facts["waybill"])
    document = books.documents.require("shipment", entry.campaign, number)
    books.documents.save(
        "shipment", entry.campaign, number, document | {"status": "reversed", "reversed": seq}
    )


def _unfold_arrival(books: Books, entry: Entry, seq: int) -> None:
    _unfold_document("arrival", "number")(books, entry, seq)
    number = str(entry.facts["waybill"])
    document = books.documents.require("shipment", entry.campaign, number)
    arrivals = [name for name in document["arrivals"] if name != entry.facts["number"]]
    document |= {"arrivals": arrivals}
    document |= {"status": status_left(document)}
    books.documents.save("shipment", entry.campaign, number, document)


def _unfold_approved(noun: str) -> Callable[[Books, Entry, int], None]:
    def unfold(books: Books, entry: Entry, seq: int) -> None:
        number = str(entry.facts["number"])
        document = books.documents.require(noun, entry.campaign, number)
        books.documents.save(noun, entry.campaign, number, document | {"status": "reversed", "reversed": seq})
        txid = document["facts"].get("txid")
        if txid is not None:
            mark_spend(books, entry.campaign, txid, explained=None, explained_at=None, pending=None)

    return unfold


def _unfold_conversion(books: Books, entry: Entry, seq: int) -> None:
    _unfold_approved("conversion")(books, entry, seq)
    unfold_converted(books, entry.campaign, str(entry.facts["number"]), seq)


def _unfold_valuation(books: Books, entry: Entry, seq: int) -> None:
    unfold_valuation(books, entry.campaign, str(entry.facts["outpoint"]), seq, by_hand=True)


def _unfold_contribution(books: Books, entry: Entry, seq: int) -> None:
    number = str(entry.facts["number"])
    document = books.documents.require("contribution", entry.campaign, number)
    document |= {"live": False, "reversed": seq}
    books.documents.save("contribution", entry.campaign, number, document)


def _unfold_result(books: Books, entry: Entry, seq: int) -> None:
    _unfold_document("result", "number")(books, entry, seq)
    number = str(entry.facts["indicator"])
    indicator = books.documents.require("indicator", entry.campaign, number)
    before = entry.notes["before"]
    indicator |= {**before, "results": indicator["results"][:-1]}
    books.documents.save("indicator", entry.campaign, number, indicator)


_UNFOLD: dict[str, Callable[[Books, Entry, int], None]] = {
    "need": _unfold_document("need", "number"),
    "offer": _unfold_document("offer", "number"),
    "pledge": _unfold_document("pledge", "number"),
    "pledge.matched": unfold_pledge_match,
    "pledge.committed": unfold_pledge_step("committed"),
    "pledge.lapsed": unfold_pledge_step("lapsed"),
    "invoice": _unfold_document("invoice", "number"),
    "evidence": _unfold_document("evidence", "sha256"),
    "receipt": _unfold_receipt,
    "shipment": _unfold_shipment,
    "arrival": _unfold_arrival,
    "shipment.state": unfold_state,
    "loss": _unfold_document("loss", "number"),
    "handover": _unfold_document("handover", "number"),
    "handover.signed": unfold_signed,
    "distribution": _unfold_document("distribution", "number"),
    "conversion.approved": _unfold_conversion,
    "payment.approved": _unfold_approved("payment"),
    "reclassification.approved": unfold_reclassification,
    "move.approved": _unfold_approved("move"),
    "loan.approved": unfold_loan,
    "repayment.approved": _unfold_approved("repayment"),
    "refund.approved": unfold_refund,
    "credit-note": _unfold_document("credit-note", "number"),
    "return": unfold_goods_return,
    "confirmation": unfold_confirmation,
    "confirmation.explained": unfold_explained,
    "recall": unfold_recall,
    "invoice.accepted": unfold_acceptance,
    "over.returned": unfold_return,
    "over.accepted": unfold_accept,
    "over.bought": unfold_buy,
    "closing.approved": unfold_closing,
    "valuation": _unfold_valuation,
    "contribution": _unfold_contribution,
    "in-kind": unfold_in_kind,
    "gift-return.approved": unfold_gift_return,
    "result": _unfold_result,
    "bank.match": unfold_match,
    "bank.aside": unfold_aside,
    "period.approved": unfold_period,
}
REVERSIBLE = frozenset(_UNFOLD)


def _reversed_entry(context: Context, facts: Reversal) -> Entry:
    entry = context.entry(facts.entry)
    if entry is None or entry.campaign != context.campaign:
        raise NotFound(f"entry: there is no entry {facts.entry} in campaign {context.campaign}")
    if entry.kind not in REVERSIBLE:
        raise Refused.field(
            "entry", f"a {entry.kind} entry is not reversed; these are: {', '.join(sorted(REVERSIBLE))}"
        )
    if context.books.documents.find("reversal", "", str(facts.entry)) is not None:
        raise Conflict(f"entry: {facts.entry} is reversed already")
    return entry


def _post(context: Context, facts: Reversal) -> Posting:
    entry = _reversed_entry(context, facts)
    if entry.kind == "shipment":
        document = context.books.documents.require("shipment", entry.campaign, str(entry.facts["waybill"]))
        if document["arrivals"]:
            raise Conflict("entry: goods of this waybill have arrived; reverse the arrivals first")
    if entry.kind == "shipment.state":
        require_last_state(context, entry)
    if entry.kind == "result":
        indicator = context.books.documents.require(
            "indicator", entry.campaign, str(entry.facts["indicator"])
        )
        if indicator["results"][-1] != entry.facts["number"]:
            raise Conflict(
                f"entry: result {indicator['results'][-1]} was reported after it; reverse that first"
            )
    require_reversible(context, entry)
    require_no_exchange(entry)
    require_unmatched(context, entry)
    require_last_closed(context, entry)
    require_refund_reversible(context, entry)
    undone: tuple[Operation, ...] = tuple(
        Undo(op.id) for op in reversed(entry.operations) if isinstance(op, Use)
    )
    again = retaken(context, entry)
    freed = freed_by(op for op in entry.operations if isinstance(op, Use))
    undone = (*undone, *again, *held_again(context.books, context.campaign, freed, freed_by(again)))
    if entry.kind in {"contribution", "in-kind"}:
        undone = (*undone, *void_changes(context, entry))
    if entry.kind == "over.accepted":
        undone = (*undone, *void_accepted(context, entry))
    if entry.kind == "closing.approved":
        undone = (*undone, *withdrawn(entry))
    if entry.kind in {"loan.approved", "repayment.approved"}:
        undone = (*undone, *borrowed_changes(context, entry))
    notes: dict[str, Any] = {
        "reverses": entry.seq,
        "reversed": {"kind": entry.kind, "facts": dict(entry.facts)},
    }
    if entry.notes:
        notes["reversed"]["notes"] = dict(entry.notes)
    return Posting(transfers_reversed(entry.transfers), undone, notes)


def _fold(books: Books, entry: Entry) -> None:
    told = entry.notes["reversed"]
    undone = Entry(
        seq=entry.facts["entry"],
        previous="",
        key="",
        kind=told["kind"],
        campaign=entry.campaign,
        at=entry.at,
        date=entry.date,
        role=entry.role,
        facts=told["facts"],
        notes=told.get("notes", {}),
        transfers=(),
        operations=(),
        reverses=None,
    )
    _UNFOLD[undone.kind](books, undone, entry.seq)
    books.documents.save("reversal", "", str(undone.seq), {"seq": entry.seq, "reason": entry.facts["reason"]})


REVERSAL = Kind(
    name="reversal",
    noun="reversal",
    verb="add",
    facts=Reversal,
    doc="Undo an entry and name it; later entries that stand on it are reversed first.",
    roles=APPROVERS,
    key=lambda _campaign, facts: f"reversal:{facts.entry}",
    post=_post,
    fold=_fold,
)
KINDS = (REVERSAL,)
