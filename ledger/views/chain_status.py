"""How far the chain has been read, and how the sources do: for `/api/v1/chain`, the strip and the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sqlmodel import col, select

from ledger.core.frozen import Frozen
from ledger.core.look import SourceStatus
from ledger.core.telling import Telling
from ledger.core.times import unix_seconds
from ledger.core.wording import Wording
from ledger.model.columns import as_written
from ledger.model.looks import LastLookRow, LookSourceRow
from ledger.rules.settled import completeness, settled_block
from ledger.store.messages import kept_messages
from ledger.store.transaction import Reading

FRESH_SECONDS = 6 * 3_600
"""A last look, or a newest block, that is older than this says nothing of now: no chain rests so long."""
_BY_HAND = "regtest"
"""The network on which blocks come when somebody makes them: the age of one says nothing there."""


class Staleness(StrEnum):
    """Why what is known of the chain says nothing of now."""

    NEVER = "never"
    """It was not looked at yet."""
    OLD_LOOK = "old look"
    """It was not looked at for hours."""
    LOOK_AHEAD = "look ahead"
    """The last look lies ahead of the clock, which was wrong then or is now."""
    OLD_TIP = "old tip"
    """The newest block that the sources know is hours old: they may be cut off."""


def staleness(looked_at: str | None, tip_time: int | None, network: str, now: int) -> Staleness | None:
    """Why the last look or the newest block says nothing of now; None where both are fresh (docs/rules.md, 19).

    `network` is empty where the ledger is pinned to no chain: then no chain goes on beside it.
    """
    if looked_at is None or tip_time is None:
        return Staleness.NEVER
    if not network:
        return None
    age = now - unix_seconds(looked_at)
    if age > FRESH_SECONDS:
        return Staleness.OLD_LOOK
    if age < -FRESH_SECONDS:
        return Staleness.LOOK_AHEAD
    if network != _BY_HAND and now - tip_time > FRESH_SECONDS:
        return Staleness.OLD_TIP
    return None


class ChainStatus(Frozen):
    """How far the chain is read, and how its sources do."""

    network: str
    """Which network the chain is of, as `main`; empty before the first look."""
    tip_height: int | None
    """Height of the newest block that the sources agree on."""
    tip_hash: str | None
    """Its hash."""
    tip_time: int | None
    """The time in its header, Unix seconds."""
    settled_height: int | None
    """Height of the newest settled block."""
    best_height: int | None
    """Height of the newest block that a source knows."""
    behind: int
    """Blocks that are not read yet."""
    looked_at: str | None
    """When the chain was last looked at, RFC 3339."""
    agreed: bool
    """False where the sources did not agree on a chain, or were not asked for hours."""
    stale: Staleness | None
    """Why this says nothing of now; null where the last look and the newest block are fresh."""
    no_chain_since: str | None
    """Since when they do not."""
    completeness: Telling
    """On what it rests that no payment is missing."""
    sources: tuple[SourceStatus, ...]
    """Each source and how it answered."""
    checkpoint: str | None = None
    """`HEIGHT:HASH` of the block that headers are checked from."""
    trust: str | None = None
    """Who vouches for it."""
    behind_hours: int = 0
    """About how long catching up takes."""


def chain_status(tx: Reading, *, now: int) -> ChainStatus:
    """The state after the last look; all None before the first."""
    load = tx.progress.load
    look = tx.session.exec(as_written(select(LastLookRow))).first()
    sources = tx.session.exec(as_written(select(LookSourceRow).order_by(col(LookSourceRow.n)))).all()
    messages = kept_messages(tx.session, [key for row in sources for key in (row.error, row.lied)])
    tip = load("tip_height")
    best = None if look is None else look.best_height
    looked_at = None if look is None else look.at
    tip_time = None if tip is None else int(load("tip_time") or 0)
    stale = staleness(looked_at, tip_time, load("network") or "", now)
    return ChainStatus(
        network=load("network") or "",
        tip_height=None if tip is None else int(tip),
        tip_hash=load("tip_hash"),
        tip_time=tip_time,
        settled_height=settled_block(tx),
        best_height=best,
        behind=max(0, (best or 0) - int(tip or 0)),
        looked_at=looked_at,
        agreed=look is not None and look.agreed and stale in {None, Staleness.OLD_TIP},
        stale=stale,
        no_chain_since=load("no_chain_since") or None,
        completeness=completeness(tx),
        sources=tuple(_source(row, messages) for row in sources),
        checkpoint=load("checkpoint"),
        trust=load("checkpoint_trust"),
        behind_hours=int(load("behind_hours") or 0),
    )


def _source(row: LookSourceRow, messages: Mapping[str, Wording]) -> SourceStatus:
    """A source as the last look left it."""
    return SourceStatus(
        name=row.name,
        ok=row.ok,
        tip_height=row.tip_height,
        error=None if row.error is None else messages[row.error],
        lied=None if row.lied is None else messages[row.lied],
        set_aside_until=row.set_aside_until,
        requests=row.requests,
        bytes=row.bytes,
    )
