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
        facts = act.facts
        if isinstance(facts, Arrival):
            lots = tuple(
                CountedLot(product=lot.product, lot=lot.lot, good=lot.good, damaged=lot.damaged)
                for lot in facts.lots
            )
            counted = Confirmation(
                number=facts.waybill, about=DeliveryPaper.SHIPMENT, paper=facts.waybill, by=CountedBy.CONSIGNEE,
                lots=lots, date=facts.date,
            )  # fmt: skip
        elif isinstance(facts, Handover):
            lots = tuple(
                CountedLot(product=lot.product, lot=lot.lot, good=lot.quantity) for lot in facts.lots
            )
            counted = Confirmation(
                number=facts.number, about=DeliveryPaper.HANDOVER, paper=facts.number, by=CountedBy.RECIPIENT,
                lots=lots, date=facts.date,
            )  # fmt: skip
        else:
            continue
        yield Act(act.at + LATER, Role.SYSTEM, "confirmation", "record", counted)


def signatures_of(papers: Sequence[Act]) -> Iterator[Act]:
    """Each handover is signed by the certificate that is attached to it, once that is approved as sealed."""
    for act in papers:
        facts = act.facts
        if isinstance(facts, Sealing) and facts.about == "handover" and facts.of is not None:
            signed = Signature(number=facts.of, sha256=facts.sha256, date=facts.date)
            yield Act(act.at + 120, Role.RECORDER, "handover", "sign", signed)
