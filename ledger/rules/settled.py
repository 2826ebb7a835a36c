"""The settled block: how deep a payment must be buried, and which block is the last that the journal holds."""

from __future__ import annotations

from ledger.store.transaction import Reading

SCANNED_WHOLE = "every block scanned whole"
"""On what completeness rests where nothing else is said."""
DEFAULT_DEPTH = 6
MATURITY = 100
"""Blocks before a coinbase can be spent (consensus; docs/rules.md, 3: it settles at the larger of depth and 100)."""


def depth_of(tx: Reading) -> int:
    """Blocks that bury a payment before it settles, from the ledger's own settings."""
    return int(tx.progress.load("depth") or DEFAULT_DEPTH)


def tip_height(tx: Reading) -> int | None:
    """Height of the newest block that the sources agree on; None before the first look."""
    tip = tx.progress.load("tip_height")
    return None if tip is None else int(tip)


def settled_block(tx: Reading) -> int | None:
    """S = tip - depth + 1, None before the first look."""
    tip = tip_height(tx)
    return None if tip is None else tip - depth_of(tx) + 1
