"""All kinds of entry. Adding one is one file with its `KINDS`, and one line here."""

from __future__ import annotations

from ledger.kinds import (
    bank,
    campaigns,
    closings,
    confirmations,
    contributions,
    conversions,
    credit_notes,
    deliveries,
    evidence,
    gifts,
    invoices,
    moves,
    orders,
    overs,
    payments,
    rates,
    receipts,
    results,
    returns,
    reversals,
    shipments,
    spends,
    supplier_refunds,
    valuations,
)
from ledger.kinds.spec import Kind

ALL: tuple[Kind, ...] = (
    *campaigns.KINDS,
    *rates.KINDS,
    *gifts.KINDS,
    *valuations.KINDS,
    *spends.KINDS,
    *contributions.KINDS,
    *conversions.KINDS,
    *moves.KINDS,
    *orders.KINDS,
    *closings.KINDS,
    *invoices.KINDS,
    *payments.KINDS,
    *receipts.KINDS,
    *credit_notes.KINDS,
    *supplier_refunds.KINDS,
    *overs.KINDS,
    *shipments.KINDS,
    *deliveries.KINDS,
    *confirmations.KINDS,
    *returns.KINDS,
    *results.KINDS,
    *bank.KINDS,
    *evidence.KINDS,
    *reversals.KINDS,
)
BY_NAME: dict[str, Kind] = {kind.name: kind for kind in ALL}
