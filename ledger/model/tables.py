"""All tables of the ledger: the journal and the observations, the model folded from them, and the operating tables.

For making, migrating and comparing a whole database. A table is found by standing in a file of this folder; it is of
the model unless it is named here.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from sqlalchemy import Table as SqlTable

import ledger.model
from ledger.model.columns import Table

for _file in pkgutil.iter_modules(ledger.model.__path__, f"{ledger.model.__name__}."):
    import_module(_file.name)

METADATA = Table.metadata

JOURNAL = frozenset({"entries", "transfers", "observations"})
"""Append-only: what the model is folded from."""

OPERATING = frozenset(
    {
        *(
            "meta",
            "leases",
            "headers",
            "progress",
            "papers",
            "paper_treatments",
            "sealed_papers",
            "addresses",
            "campaign_changes",
        ),
        *(
            "last_look",
            "look_sources",
            "sources_set_aside",
            "absent_transactions",
            "completeness",
            "completeness_sources",
            "unread_scripts",
            "unread_sources",
            "gap_limits",
        ),
        *(
            "rate_tries",
            "lookups",
            "lookup_sources",
            "senders_asked",
            "findings",
            "messages",
            "message_values",
        ),
        *(
            "users",
            "user_roles",
            "user_limits",
            "tokens",
            "token_scopes",
            "token_campaigns",
            "authors",
            "drafts",
            "openings",
            "audit",
            "confirmation_links",
        ),
    }
)
"""What is neither folded nor folded from."""


@cache
def model_tables() -> tuple[SqlTable, ...]:
    """The tables that are folded from journal and observations, parents before their children."""
    return tuple(t for t in METADATA.sorted_tables if t.name not in JOURNAL and t.name not in OPERATING)
