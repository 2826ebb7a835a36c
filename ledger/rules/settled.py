"""The settled block: how deep a payment must be buried, and which block is the last that the journal holds."""

from __future__ import annotations

import json
from enum import StrEnum

from ledger.core.telling import Telling
from ledger.core.wording import Value
from ledger.store.transaction import Reading, Writing


class Completeness(StrEnum):
    """On what it rests that no payment is missing."""

    SCANNED_WHOLE = "scanned_whole"
    """Every block is scanned whole."""
    LISTED = "listed"
    """Histories of `sources`."""
    PAST_UNREAD = "past_unread"
    """Every block is; the past of `n` addresses is scanned up to `block`."""
    PAST_LISTED = "past_listed"
    """As before, and until then their histories at `sources`."""


_COMPLETENESS = "completeness"
DEFAULT_DEPTH = 6
MATURITY = 100
"""Blocks before a coinbase can be spent (consensus; docs/rules.md, 3: it settles at the larger of depth and 100)."""


def note_completeness(tx: Writing, ground: Completeness, **values: Value) -> None:
    """Keep on what it rests that no payment is missing; `values` are texts, numbers and lists of texts."""
    tx.progress.save(_COMPLETENESS, json.dumps([ground, values]))


def completeness(tx: Reading) -> Telling:
    """On what it rests that no payment is missing; a block scan where nothing else was noted."""
    kept = tx.progress.load(_COMPLETENESS)
    if not kept:
        return Telling(Completeness.SCANNED_WHOLE)
    ground, values = json.loads(kept)
    return Telling(Completeness(ground), values)


def depth_of(tx: Reading) -> int:
    """Blocks that bury a payment before it settles, from the ledger's own settings."""
    return int(tx.progress.load("depth") or DEFAULT_DEPTH)


def tip_height(tx: Reading) -> int | None:
    """Height of the newest block that the sources agree on; None before the first look."""
    tip = tx.progress.load("tip_height")
    return None if tip is None else int(tip)


def settled_block(tx: Reading) -> int | None:
    """S = tip - depth + 1, None before the first look and while the chain is not so deep."""
    tip = tip_height(tx)
    settled = -1 if tip is None else tip - depth_of(tx) + 1
    return settled if settled >= 0 else None
