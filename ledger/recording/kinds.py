"""All kinds of entry. Adding one is one file with its `KINDS`, and one line here."""

from __future__ import annotations

from ledger.rules import (
    bank,
    campaigns,
    closings,
    confirmations,
    contributions,
    conversions,
    credit_notes,
    deliveries,
    evidence,
    finds,
    gift_blocks,
    gift_returns,
    gifts,
    in_kind,
    incoming,
    invoices,
    limits,
    loans,
    moves,
    orders,
    overs,
    own_moves,
    payments,
    periods,
    pledges,
    rates,
    receipts,
    reclassifications,
    repayments,
    results,
    returns,
    reversals,
    shipments,
    spends,
    supplier_refunds,
    valuations,
)
from ledger.rules.spec import Kind, Proposals

_RECORDED: tuple[Kind, ...] = (
    *campaigns.KINDS,
    *pledges.KINDS,
    *rates.KINDS,
    *gifts.KINDS,
    *valuations.KINDS,
    *spends.KINDS,
    *contributions.KINDS,
    *in_kind.KINDS,
    *incoming.KINDS,
    *gift_blocks.KINDS,
    *gift_returns.KINDS,
    *conversions.KINDS,
    *moves.KINDS,
    *own_moves.KINDS,
    *reclassifications.KINDS,
    *loans.KINDS,
    *repayments.KINDS,
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
    *finds.KINDS,
    *confirmations.KINDS,
    *returns.KINDS,
    *results.KINDS,
    *bank.KINDS,
    *evidence.KINDS,
    *limits.KINDS,
    *periods.KINDS,
)
ALL: tuple[Kind, ...] = (*_RECORDED, reversals.reversal(_RECORDED))
BY_NAME: dict[str, Kind] = {kind.name: kind for kind in ALL}

WORKFLOWS: dict[str, Proposals] = {
    kind.workflow.noun: kind.workflow for kind in ALL if kind.workflow is not None
}
"""What two people decide, by its noun."""
