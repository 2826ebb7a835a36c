"""The other side's counts in the story: each delivery is counted where it came, by a link, and agrees.
Made of the deliveries themselves; it has no figure of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.kinds.confirmations import Confirmation, CountedLot
from ledger.kinds.deliveries import Handover
from ledger.kinds.shipments import Arrival
from ledger.kinds.spec import Role
from service.demo.act import Act

LATER = 3 * 3600
"""Seconds after which the other side has counted."""


def counts_of(planned: Sequence[Act]) -> Iterator[Act]:
    """One count for each waybill that arrived and each handover; `number` is the paper's, the link gives its own."""
    for act in planned:
        told = act.facts
        if isinstance(told, Arrival):
            lots = tuple(
                CountedLot(product=lot.product, lot=lot.lot, good=lot.good, damaged=lot.damaged)
                for lot in told.lots
            )
            counted = Confirmation(
                number=told.waybill, about="shipment", paper=told.waybill, by="consignee", lots=lots,
                date=told.date,
            )  # fmt: skip
        elif isinstance(told, Handover):
            lots = tuple(CountedLot(product=lot.product, lot=lot.lot, good=lot.quantity) for lot in told.lots)
            counted = Confirmation(
                number=told.number, about="handover", paper=told.number, by="recipient", lots=lots,
                date=told.date,
            )  # fmt: skip
        else:
            continue
        yield Act(act.at + LATER, Role.SYSTEM, "confirmation", "record", counted)
