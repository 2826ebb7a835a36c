"""The one status of a payment, in the words that donors read, and whether it came after the campaign's end.

Read from observations and documents; nothing is decided here.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from ledger.rules.gifts import Coins, counted_as
from ledger.rules.observing import TxState, WatchedOutput, WatchedTx
from ledger.views.trail import DonationStatus

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


def status_of(tx: Reading, watched: WatchedTx, document: dict[str, Any] | None) -> DonationStatus:
    """Exactly one status, in the words that donors read."""
    match watched.state:
        case TxState.REPLACED:
            return DonationStatus.REPLACED
        case TxState.EVICTED:
            return DonationStatus.EVICTED
        case TxState.REORGED:
            return DonationStatus.REORGED
        case TxState.SEEN:
            voided = document is not None and not document["live"]
            return DonationStatus.REORGED if voided else DonationStatus.SEEN
    if document is None or not document["live"]:
        return DonationStatus.CONFIRMED
    into = counted_as(document)
    if into is Coins.DUST:
        return DonationStatus.BELOW_DUST
    blocked = into is Coins.BLOCKED or document.get("blocked") is not None
    return DonationStatus.BLOCKED if blocked else DonationStatus.SETTLED


def outcome_of(document: dict[str, Any] | None) -> str:
    """What a settled payment turned out to be, or what became of it whole, where its status does not say so."""
    if document is None or not document["live"]:
        return ""
    outcome = str(document.get("outcome", ""))
    if counted_as(document) is Coins.UNDECIDED:
        return outcome or "undecided"
    counts = str(document.get("counts_as", "gift"))
    return outcome if counts == "gift" else counts


def restriction_in(tx: Reading, document: dict[str, Any] | None, output: WatchedOutput) -> str | None:
    """The need that a payment is for: as it settled, or before that as its address is kept."""
    if document is not None:
        told: str | None = document["facts"].get("restriction")
        return told
    row = tx.addresses.by_script(bytes.fromhex(output.script))
    return None if row is None else row.restriction


def confirmations_of(tx: Reading, watched: WatchedTx) -> int:
    tip = tx.progress.load("tip_height")
    if tip is None or watched.height is None:
        return 0
    return max(0, int(tip) - watched.height + 1)


def is_late(campaign_end: str, block_time: int | None) -> bool:
    """Did the block of a payment come after the last day of the campaign (RULES 13)? It counts all the same."""
    return (
        block_time is not None
        and dt.datetime.fromtimestamp(block_time, dt.UTC).date().isoformat() > campaign_end
    )
