"""All tables of the ledger: the journal and the observations, the model folded from them, and the operating tables.

Declarations only (DESIGN, the house: three kinds of stored things). A new table is declared in the file of its noun
and named here; the migration and `rebuild --compare` find it by itself.
"""

from __future__ import annotations

from sqlalchemy import Table as SqlTable

from ledger.model import (
    addresses,
    balances,
    bank,
    campaigns,
    deliveries,
    desk,
    evidence,
    gifts,
    goods,
    journal,
    limits,
    lines,
    moves,
    observed,
    operation,
    orders,
    people,
    periods,
    pledges,
    proposals,
    rates,
    reversals,
    shelf,
    spends,
)
from ledger.model.columns import Table

METADATA = Table.metadata

JOURNAL = frozenset({"entries", "transfers", "observations"})
"""Append-only: what the model is folded from."""

OPERATING = frozenset(
    {
        *("meta", "leases", "headers", "progress", "papers", "addresses", "campaign_changes"),
        *("users", "tokens", "authors", "drafts", "openings", "audit", "confirmation_links"),
    }
)
"""What is neither folded nor folded from."""

DECLARED = (
    addresses,
    balances,
    bank,
    campaigns,
    deliveries,
    desk,
    evidence,
    gifts,
    goods,
    journal,
    limits,
    lines,
    observed,
    moves,
    operation,
    orders,
    people,
    periods,
    pledges,
    proposals,
    rates,
    reversals,
    shelf,
    spends,
)


def model_tables() -> tuple[SqlTable, ...]:
    """The tables that are folded from journal and observations, parents before their children."""
    return tuple(t for t in METADATA.sorted_tables if t.name not in JOURNAL and t.name not in OPERATING)
