"""The list of what was given to a campaign, page by page: payments in the order of blocks, then all other gifts.

It is read as far as it is asked for, and no further.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ledger.core.errors import Refused
from ledger.core.frozen import Amount
from ledger.core.times import rfc3339
from ledger.model.campaigns import CampaignRow
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.gift_records import find_gift
from ledger.rules.observing import Observed, WatchedOutput, WatchedTx
from ledger.store.transaction import Reading
from ledger.views.campaign import DonationRow
from ledger.views.donation_status import confirmations_of, is_late, outcome_of, restriction_in, status_of
from ledger.views.other_gifts import other_rows


def is_change(observed: Observed, watched: WatchedTx) -> bool:
    return any(observed.coin(spent) is not None for spent in watched.inputs)


def change_of(tx: Reading, observed: Observed, watched: WatchedTx) -> set[int]:
    """Outputs of a transaction that are change of ours, but for what was decided to be something else."""
    if not is_change(observed, watched):
        return set()
    return {
        output.vout
        for output in watched.outputs
        if find_gift(tx.session, output.campaign, f"{watched.txid}:{output.vout}") is None
    }


def donation_rows(
    tx: Reading, slug: str, *, after: str | None, limit: int
) -> tuple[list[DonationRow], str | None]:
    """Payments to a campaign in the order of blocks, unconfirmed ones after them, gifts without a coin last.

    `after` is an opaque cursor.
    """
    books, observed = Books(tx), Observed(tx.session)
    campaign = campaign_of(tx.session, slug)
    if after is not None and (len(after) > 90 or not after.isascii()):
        raise Refused.field("cursor", "use the cursor that the last page gave")
    found = (
        row for row in _places_in_list(tx, books, observed, slug, after) if after is None or row[0] > after
    )
    page = list(islice(found, limit + 1))
    following = page[limit - 1][0] if len(page) > limit else None
    return [
        row if isinstance(row, DonationRow) else _row(tx, campaign, *row) for _, row in page[:limit]
    ], following


def _places_in_list(
    tx: Reading, books: Books, observed: Observed, slug: str, after: str | None
) -> Iterator[tuple[str, tuple[WatchedTx, WatchedOutput] | DonationRow]]:
    """(place, payment or row) in order, from the block that a cursor is in, read only as far as it is asked for."""
    head = (after or "")[:12]
    height: int | None = int(head) if head.isdigit() and len(head) == 12 else 0
    if after is not None and after >= "9":  # behind all blocks: what is in none, and what is no coin
        height = None
    while height is not None:
        for watched in list(observed.txs_in(height, height)):
            change = change_of(tx, observed, watched)
            for output in watched.outputs:
                if output.campaign == slug and output.vout not in change:
                    yield f"{watched.height:012d}.{watched.position:06d}.{output.vout:06d}", (watched, output)
        height = observed.next_height(height)
    waiting: list[tuple[str, tuple[WatchedTx, WatchedOutput] | DonationRow]] = [
        (f"9{watched.txid}.{output.vout:06d}", (watched, output))
        for watched in observed.unconfirmed()
        if not is_change(observed, watched)
        for output in watched.outputs
        if output.campaign == slug
    ]
    yield from sorted([*waiting, *other_rows(books, slug)], key=lambda row: row[0])


def _row(tx: Reading, campaign: CampaignRow, watched: WatchedTx, output: WatchedOutput) -> DonationRow:
    outpoint = f"{watched.txid}:{output.vout}"
    gift = find_gift(tx.session, output.campaign, outpoint)
    return DonationRow(
        at=watched.confirmed_at or watched.first_at,
        key=outpoint,
        outpoint=outpoint,
        address=output.address or None,
        amount=Amount.of("BTC", output.sats),
        status=status_of(watched, gift),
        confirmations=confirmations_of(tx, watched),
        block_height=watched.height,
        value=Amount.known(campaign.currency, None if gift is None else gift.value),
        block_time=None if watched.block_time is None else rfc3339(watched.block_time),
        late=is_late(campaign.end, watched.block_time),
        outcome=outcome_of(gift) or None,
        restriction=restriction_in(tx, gift, output) or None,
    )
