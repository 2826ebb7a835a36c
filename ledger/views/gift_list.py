"""The list of what was given to a campaign, page by page: payments in the order of blocks, then all other gifts.

It is read as far as it is asked for, and no further.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ledger.core.errors import Refused
from ledger.core.frozen import Amount
from ledger.core.times import rfc3339
from ledger.model.campaigns import CampaignRow
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.gift_records import SettledGift, find_gift, find_gifts
from ledger.rules.observing import Observed, WatchedOutput, WatchedTx
from ledger.rules.settled import tip_height
from ledger.store.transaction import Reading
from ledger.views.campaign import DonationRow
from ledger.views.donation_status import confirmations_of, is_late, outcome_of, restriction_in, status_of
from ledger.views.other_gifts import other_rows


def change_of(tx: Reading, observed: Observed, watched: WatchedTx) -> set[int]:
    """Outputs of a transaction that are change of ours, but for what was decided to be something else."""
    return _change_in(tx, watched) if observed.spending_coins([watched.txid]) else set()


def _change_in(tx: Reading, watched: WatchedTx) -> set[int]:
    """The same of a transaction that spends a coin of ours."""
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
        row
        for row in _places_in_list(tx, books, observed, slug, after, limit + 1)
        if after is None or row[0] > after
    )
    page = list(islice(found, limit + 1))
    following = page[limit - 1][0] if len(page) > limit else None
    return _rows(tx, campaign, [row for _, row in page[:limit]]), following


_Listed = tuple[WatchedTx, WatchedOutput] | DonationRow
"""What stands in the list: a payment, or the row of a gift without a coin."""


def _places_in_list(
    tx: Reading, books: Books, observed: Observed, slug: str, after: str | None, size: int
) -> Iterator[tuple[str, _Listed]]:
    """(place, payment or row) in order, from where a cursor is, read only as far as it is asked for."""
    if after is None or after < "9":  # behind all blocks: what is in none, and what is no coin
        for page in observed.paying_from(slug, *_place_in_blocks(after), size):
            spending = observed.spending_coins([watched.txid for watched in page])
            for watched in page:
                change = _change_in(tx, watched) if watched.txid in spending else set()
                for output in watched.outputs:
                    if output.campaign == slug and output.vout not in change:
                        place = f"{watched.height:012d}.{watched.position:06d}.{output.vout:06d}"
                        yield place, (watched, output)
    young = list(observed.unconfirmed())
    spending = observed.spending_coins([watched.txid for watched in young])
    waiting: list[tuple[str, _Listed]] = [
        (f"9{watched.txid}.{output.vout:06d}", (watched, output))
        for watched in young
        if watched.txid not in spending
        for output in watched.outputs
        if output.campaign == slug
    ]
    yield from sorted([*waiting, *other_rows(books, slug)], key=lambda row: row[0])


def _place_in_blocks(after: str | None) -> tuple[int, int]:
    """(height, position) of the transaction that a cursor is in; the first there may be where it names none."""
    height, position = (after or "")[:12], (after or "")[13:19]
    if not (height.isdigit() and len(height) == 12):
        return 0, 0
    return int(height), int(position) if position.isdigit() and len(position) == 6 else 0


def _rows(tx: Reading, campaign: CampaignRow, listed: Sequence[_Listed]) -> list[DonationRow]:
    paid = [f"{row[0].txid}:{row[1].vout}" for row in listed if not isinstance(row, DonationRow)]
    gifts, tip = find_gifts(tx.session, campaign.slug, paid), tip_height(tx)
    return [row if isinstance(row, DonationRow) else _row(tx, campaign, gifts, tip, *row) for row in listed]


def _row(
    tx: Reading,
    campaign: CampaignRow,
    gifts: Mapping[str, SettledGift],
    tip: int | None,
    watched: WatchedTx,
    output: WatchedOutput,
) -> DonationRow:
    outpoint = f"{watched.txid}:{output.vout}"
    gift = gifts.get(outpoint)
    return DonationRow(
        at=watched.confirmed_at or watched.first_at,
        key=outpoint,
        outpoint=outpoint,
        address=output.address or None,
        amount=Amount.of("BTC", output.sats),
        status=status_of(watched, gift),
        confirmations=confirmations_of(tip, watched),
        block_height=watched.height,
        value=Amount.known(campaign.currency, None if gift is None else gift.value),
        block_time=None if watched.block_time is None else rfc3339(watched.block_time),
        late=is_late(campaign.end, watched.block_time),
        outcome=outcome_of(gift) or None,
        restriction=restriction_in(tx, gift, output) or None,
    )
