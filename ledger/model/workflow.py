"""Where a fact that needs two people stands: one records it, another decides.

For tables of all nouns that wait for an approval.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """A fact waits for a decision, takes effect when approved, and may be taken back then."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVERSED = "reversed"


COUNTS = (Status.PENDING, Status.APPROVED)
"""What was asked for and not turned down: it waits, or it stands."""
