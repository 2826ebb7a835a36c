"""The one status of a payment, in the words that donors read, and whether it came after the campaign's end.

Read from observations and gifts; nothing is decided here.
"""

from __future__ import annotations

import datetime as dt

from ledger.core.observation import WatchedOutput
from ledger.model.gifts import Coins, CountsAs
from ledger.model.observed import TxState
from ledger.rules.gift_records import SettledGift
from ledger.rules.observing import WatchedTx
from ledger.store.transaction import Reading
from ledger.views.trail import DonationStatus, Outcome


def status_of(watched: WatchedTx, gift: SettledGift | None) -> DonationStatus:
    """Exactly one status, in the words that donors read."""
    match watched.state:
        case TxState.REPLACED:
            return DonationStatus.REPLACED
        case TxState.EVICTED:
            return DonationStatus.EVICTED
        case TxState.REORGED:
            return DonationStatus.REORGED
        case TxState.SEEN:
            voided = gift is not None and not gift.live
            return DonationStatus.REORGED if voided else DonationStatus.SEEN
    if gift is None or not gift.live:
        return DonationStatus.CONFIRMED
    if gift.counted_in is Coins.DUST:
        return DonationStatus.BELOW_DUST
    blocked = gift.counted_in is Coins.BLOCKED or gift.blocked_by is not None
    return DonationStatus.BLOCKED if blocked else DonationStatus.SETTLED


def outcome_of(gift: SettledGift | None) -> Outcome | None:
    """What a settled payment turned out to be, or what became of it whole, where its status does not say so."""
    if gift is None or not gift.live:
        return None
    outcome = outcome_of_returned(gift.returned, gift.sats)
    if gift.counted_in is Coins.UNDECIDED:
        return outcome or Outcome.UNDECIDED
    return outcome if gift.counts_as is CountsAs.GIFT else Outcome(gift.counts_as.value)


def outcome_of_returned(returned: int, whole: int) -> Outcome | None:
    """What became of a gift of which so many units went back to its donor."""
    if not returned:
        return None
    return Outcome.RETURNED if returned == whole else Outcome.RETURNED_IN_PART


def restriction_in(tx: Reading, gift: SettledGift | None, output: WatchedOutput) -> str | None:
    """The need that a payment is for: as it settled, or before that as its address is kept."""
    if gift is not None:
        return gift.restriction
    row = tx.addresses.by_script(bytes.fromhex(output.script))
    return None if row is None else row.restriction


def confirmations_of(tip: int | None, watched: WatchedTx) -> int:
    """Blocks on top of a payment, its own included; `tip` is None before the first look."""
    if tip is None or watched.height is None:
        return 0
    return max(0, tip - watched.height + 1)


def is_late(campaign_end: str, block_time: int | None) -> bool:
    """Did the block of a payment come after the campaign's last day (docs/rules.md, 13)? It counts all the same."""
    return (
        block_time is not None
        and dt.datetime.fromtimestamp(block_time, dt.UTC).date().isoformat() > campaign_end
    )
