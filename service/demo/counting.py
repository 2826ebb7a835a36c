"""The other side in the story: it counts each delivery by a link, and agrees, and signs for each handover.
Made of the deliveries and their papers; it has no figure of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.core.roles import Role
from ledger.model.deliveries import CountedBy, DeliveryPaper
from ledger.rules.confirmations import Confirmation, CountedLot
from ledger.rules.deliveries import Handover, Signature
from ledger.rules.sealings import Sealing
from ledger.rules.shipments import Arrival
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
                number=told.waybill, about=DeliveryPaper.SHIPMENT, paper=told.waybill, by=CountedBy.CONSIGNEE,
                lots=lots, date=told.date,
            )  # fmt: skip
        elif isinstance(told, Handover):
            lots = tuple(CountedLot(product=lot.product, lot=lot.lot, good=lot.quantity) for lot in told.lots)
            counted = Confirmation(
                number=told.number, about=DeliveryPaper.HANDOVER, paper=told.number, by=CountedBy.RECIPIENT, lots=lots,
                date=told.date,
            )  # fmt: skip
        else:
            continue
        yield Act(act.at + LATER, Role.SYSTEM, "confirmation", "record", counted)


def signatures_of(papers: Sequence[Act]) -> Iterator[Act]:
    """Each handover is signed by the certificate that is attached to it, once that is approved as sealed."""
    for act in papers:
        told = act.facts
        if isinstance(told, Sealing) and told.about == "handover" and told.of is not None:
            signed = Signature(number=told.of, sha256=told.sha256, date=told.date)
            yield Act(act.at + 120, Role.RECORDER, "handover", "sign", signed)
