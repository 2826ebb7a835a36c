"""The settled block: how deep a payment must be buried, and which block is the last that the journal holds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from ledger.core.telling import Telling
from ledger.core.wording import Value
from ledger.model.columns import as_written, replace_all
from ledger.model.looks import Completeness, CompletenessRow, CompletenessSourceRow
from ledger.store.transaction import Reading, Writing

_BY_HISTORIES = (Completeness.LISTED, Completeness.PAST_LISTED)
DEFAULT_DEPTH = 6
MATURITY = 100
"""Blocks before a coinbase can be spent (consensus; docs/rules.md, 3: it settles at the larger of depth and 100)."""


def note_completeness(
    tx: Writing,
    ground: Completeness,
    *,
    addresses: int | None = None,
    block: int | None = None,
    sources: Sequence[str] = (),
) -> None:
    """Keep on what it rests that no payment is missing: `addresses` are read up to `block`, or told by `sources`."""
    replace_all(tx.session, CompletenessRow, ({"ground": ground, "addresses": addresses, "block": block},))
    rows = [{"n": n, "source": source} for n, source in enumerate(sources)]
    replace_all(tx.session, CompletenessSourceRow, rows)


def completeness(tx: Reading) -> Telling:
    """On what it rests that no payment is missing; a block scan where nothing else was noted."""
    kept = tx.session.exec(as_written(select(CompletenessRow))).first()
    if kept is None:
        return Telling(Completeness.SCANNED_WHOLE)
    values: dict[str, Value] = {}
    if kept.addresses is not None and kept.block is not None:
        values |= {"n": kept.addresses, "block": kept.block}
    if kept.ground in _BY_HISTORIES:
        by_order = select(CompletenessSourceRow.source).order_by(col(CompletenessSourceRow.n))
        sources: list[str] = list(tx.session.exec(by_order))
        values["sources"] = sources
    return Telling(kept.ground, values)


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
