"""The list of what was given to a campaign, page by page: payments in the order of blocks, then all other gifts.

It is read as far as it is asked for, and no further. `newest_gifts` is the same list as people leaf through it: what
came last first, one way of giving and one status at a time, or what a search finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from sqlalchemy import ColumnElement, Select, or_, select, tuple_

from ledger.core.chain import Outpoint
from ledger.core.errors import Refused
from ledger.core.frozen import Amount
from ledger.core.observation import WatchedOutput
from ledger.core.pasted import pasted_key
from ledger.core.times import rfc3339
from ledger.model.campaigns import CampaignRow
from ledger.model.columns import table_of
from ledger.model.gifts import Coins, GiftRow, GiftState
from ledger.model.observed import ObservedOutputRow, ObservedTransactionRow, TxState
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.gift_records import SettledGift, find_gift, find_gifts
from ledger.rules.observing import Observed, WatchedTx
from ledger.rules.settled import tip_height
from ledger.store.transaction import Reading
from ledger.views.campaign import DonationRow
from ledger.views.donation_status import confirmations_of, is_late, outcome_of, restriction_in, status_of
from ledger.views.other_gifts import newest_at_banks, newest_in_kind, other_rows
from ledger.views.trail import DonationStatus

_CURSOR = re.compile(
    r"[0-8][0-9]{11}\.[0-9]{6}\.[0-9]{6}|9[0-9a-f]{64}\.[0-9]{6}|[a-z][a-z_-]*:[^\s].{0,200}"
)
"""A place in the list as `_places_in_list` makes it: in blocks, in none, and of a gift without a coin."""


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

    `after` is an opaque cursor, which the page before gave; raises Refused for anything else.
    """
    books, observed = Books(tx), Observed(tx.session)
    campaign = campaign_of(tx.session, slug)
    if after is not None and not _CURSOR.fullmatch(after):
        raise Refused.field("cursor", "use the cursor that the last page gave")
    listed = (
        row
        for row in _places_in_list(tx, books, observed, slug, after, limit + 1)
        if after is None or row[0] > after
    )
    page = list(islice(listed, limit + 1))
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
    yield from sorted(waiting, key=lambda row: row[0])
    yield from other_rows(books, slug, after=after, size=size)


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
        outcome=outcome_of(gift),
        restriction=restriction_in(tx, gift, output) or None,
    )


# ── the newest first ─────────────────────────────────────────────────────────────────────────────────────


class GivenBy(StrEnum):
    """How something was given."""

    COIN = "coin"
    BANK = "bank"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class GiftsWanted:
    """Which gifts a list has: one way of giving, of one status where it is told, and what a search finds.

    `search` is the beginning of a txid, an outpoint or an address, however pasted; or a part of a gift's number.
    """

    by: GivenBy = GivenBy.COIN
    status: DonationStatus | None = None
    search: str = ""


_TXS, _OUTPUTS, _GIFTS = table_of(ObservedTransactionRow), table_of(ObservedOutputRow), table_of(GiftRow)
_OF_TX = _OUTPUTS.c.txid == _TXS.c.txid
_OF_GIFT = (
    (_GIFTS.c.txid == _OUTPUTS.c.txid)
    & (_GIFTS.c.vout == _OUTPUTS.c.vout)
    & (_GIFTS.c.campaign == _OUTPUTS.c.campaign)
)
_PAYMENTS = (
    select(_TXS.c.txid, _OUTPUTS.c.vout, _TXS.c.height, _TXS.c.position, _GIFTS.c.entry.label("gift"))
    .join(_OUTPUTS, _OF_TX)
    .join(_GIFTS, _OF_GIFT, isouter=True)
)
_LIVE = _GIFTS.c.state == GiftState.LIVE
_IN_BLOCK = _TXS.c.state == TxState.CONFIRMED
_SET_APART = (_GIFTS.c.counted_in == Coins.BLOCKED) | _GIFTS.c.blocked_by.is_not(None)
_OF_STATUS: Mapping[DonationStatus, ColumnElement[bool]] = {
    DonationStatus.SEEN: (_TXS.c.state == TxState.SEEN) & or_(_GIFTS.c.entry.is_(None), _LIVE),
    DonationStatus.CONFIRMED: _IN_BLOCK & or_(_GIFTS.c.entry.is_(None), ~_LIVE),
    DonationStatus.SETTLED: _IN_BLOCK & _LIVE & (_GIFTS.c.counted_in != Coins.DUST) & ~_SET_APART,
    DonationStatus.BELOW_DUST: _IN_BLOCK & _LIVE & (_GIFTS.c.counted_in == Coins.DUST),
    DonationStatus.BLOCKED: _IN_BLOCK & _LIVE & (_GIFTS.c.counted_in != Coins.DUST) & _SET_APART,
    DonationStatus.REPLACED: _TXS.c.state == TxState.REPLACED,
    DonationStatus.EVICTED: _TXS.c.state == TxState.EVICTED,
    DonationStatus.REORGED: or_(
        _TXS.c.state == TxState.REORGED, (_TXS.c.state == TxState.SEEN) & _GIFTS.c.entry.is_not(None) & ~_LIVE
    ),
}
"""`status_of` as a condition; a status that no payment in coins has is left out."""
_PARTS: Mapping[str, ColumnElement[bool]] = {
    "a": _TXS.c.state.in_((TxState.SEEN, TxState.REORGED)),
    "b": _TXS.c.height.is_not(None),
    "c": _TXS.c.state.in_((TxState.REPLACED, TxState.EVICTED)),
}
"""On their way, in blocks from the newest down, and what never counts: the parts of the list, in its order."""
_BEGUN = re.compile(r"[0-9a-f]{1,64}")
_PLACE = re.compile(r"([abc])(?:(\d{1,12})\.(\d{1,12})\.)?([0-9a-f]{64})\.(\d{1,10})|o(\d{1,9})", re.ASCII)


def newest_gifts(
    tx: Reading, slug: str, wanted: GiftsWanted, *, before: str | None, limit: int
) -> tuple[list[DonationRow], str | None]:
    """Gifts to a campaign, the newest first: those on their way, those in blocks, at last those that never count.

    `before` is an opaque cursor, which the page before gave. Raises NotFound for an unknown campaign.
    """
    campaign = campaign_of(tx.session, slug)
    at = None if before is None else _PLACE.fullmatch(before)
    if before is not None and (at is None or (at.group(1) is None) is (wanted.by is GivenBy.COIN)):
        raise Refused.field("before", "use the link that the page before gives")
    if wanted.by is not GivenBy.COIN:
        return _others_newest(tx, slug, wanted, 0 if at is None else int(at.group(6)), limit)
    listed = list(islice(_coins_newest(tx, slug, wanted, before, limit + 1), limit + 1))
    following = listed[limit - 1][0] if len(listed) > limit else None
    return _rows(tx, campaign, [row for _, row in listed[:limit]]), following


def _others_newest(
    tx: Reading, slug: str, wanted: GiftsWanted, start: int, limit: int
) -> tuple[list[DonationRow], str | None]:
    if wanted.by is GivenBy.BANK:
        rows = newest_at_banks(tx.session, slug, wanted.status, wanted.search, start=start, limit=limit + 1)
    else:
        rows = newest_in_kind(Books(tx), slug, wanted.status, wanted.search, start=start, limit=limit + 1)
    return rows[:limit], f"o{start + limit}" if len(rows) > limit else None


def _coins_newest(
    tx: Reading, slug: str, wanted: GiftsWanted, before: str | None, size: int
) -> Iterator[tuple[str, tuple[WatchedTx, WatchedOutput]]]:
    """(place, payment) beyond a place; our own change is left out."""
    observed = Observed(tx.session)
    asked = _asked_for(tx, slug, wanted)
    for part, condition in _PARTS.items():
        if before is not None and part < before[0]:
            continue
        while True:
            query = _PAYMENTS.where(condition, *asked, *_beyond(part, before))
            order = [_TXS.c.txid, _OUTPUTS.c.vout]
            if part == "b":
                order = [_TXS.c.height, _TXS.c.position, *order]
                query = query.where(_TXS.c.txid.in_(_next_in_blocks(asked, before, size)))
            rows = (
                tx.session.connection().execute(query.order_by(*(c.desc() for c in order)).limit(size)).all()
            )
            known = {watched.txid: watched for watched in observed.txs([row.txid for row in rows])}
            spending = observed.spending_coins(list(known))
            for row in rows:
                place = f"{row.height}.{row.position or 0}." if part == "b" else ""
                before = f"{part}{place}{row.txid}.{row.vout}"
                watched = known[row.txid]
                if row.txid in spending and row.gift is None:
                    continue
                yield before, next((watched, out) for out in watched.outputs if out.vout == row.vout)
            if len(rows) < size:
                break
        before = None


def _asked_for(tx: Reading, slug: str, wanted: GiftsWanted) -> list[ColumnElement[bool]]:
    """What the payments that are wanted have, as conditions."""
    asked = [_OUTPUTS.c.campaign == slug]
    if wanted.status is not None:
        asked.append(_OF_STATUS.get(wanted.status, _TXS.c.txid.is_(None)))
    key = pasted_key(wanted.search)
    if not key:
        return asked
    if _BEGUN.fullmatch(key.lower()):
        return [*asked, _TXS.c.txid >= key.lower(), _TXS.c.txid <= f"{key.lower()}g"]
    try:
        outpoint = Outpoint.parse(key)
    except ValueError:
        row = tx.addresses.by_address(key)
        return [*asked, _TXS.c.txid.is_(None) if row is None else _OUTPUTS.c.script == row.script.hex()]
    return [*asked, _TXS.c.txid == outpoint.txid, _OUTPUTS.c.vout == outpoint.vout]


def _next_in_blocks(
    asked: Sequence[ColumnElement[bool]], before: str | None, size: int
) -> Select[tuple[str]]:
    """The next transactions in blocks, from the newest down, that have a payment that is wanted.

    They are asked for by themselves, in the order of their index: joined at once, SQLite sorts all there are.
    """
    outputs = select(_OUTPUTS.c.vout).join(_GIFTS, _OF_GIFT, isouter=True)
    pays = outputs.where(_OF_TX, *asked).correlate(_TXS).exists()
    at = None if before is None else _PLACE.fullmatch(before)
    order = (_TXS.c.height, _TXS.c.position, _TXS.c.txid)
    begin: list[ColumnElement[bool]] = [_TXS.c.height.is_not(None)]
    if at is not None and at.group(2) is not None:
        begin = [tuple_(*order) <= tuple_(int(at.group(2)), int(at.group(3)), at.group(4))]
    # One more: those of the place's own transaction may all be told.
    newest = select(_TXS.c.txid).where(*begin, pays).order_by(*(c.desc() for c in order))
    return newest.limit(size + 1)


def _beyond(part: str, before: str | None) -> list[ColumnElement[bool]]:
    """What comes after a place of this part of the list; all of the part where the place is in none."""
    at = None if before is None else _PLACE.fullmatch(before)
    if at is None or at.group(1) != part:
        return []
    if part != "b":
        return [tuple_(_TXS.c.txid, _OUTPUTS.c.vout) < tuple_(at.group(4), int(at.group(5)))]
    order = tuple_(_TXS.c.height, _TXS.c.position, _TXS.c.txid, _OUTPUTS.c.vout)
    last = tuple_(int(at.group(2) or 0), int(at.group(3) or 0), at.group(4), int(at.group(5)))
    return [order < last]
