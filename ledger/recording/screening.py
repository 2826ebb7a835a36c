"""Gifts that an address on a list sent are set apart by the program: blocked, until two persons decide otherwise.

Whatever tells of it first: the block that settles the gift, a list that is recorded later, or a transaction that was
looked up. Nothing is sent back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ledger.core.chain import Outpoint
from ledger.core.entry import Entry
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.model.gifts import CountsAs
from ledger.recording.record import Recorded, record
from ledger.rules.campaigns import campaign_of
from ledger.rules.gift_blocks import BLOCKING, Block
from ledger.rules.gift_records import GivenMoney, given_money, standing_block
from ledger.rules.screening import ListedGift, listed_gifts
from ledger.store.transaction import Writing


def keep_apart(tx: Writing, campaign: str, *, now: int, settling: Collection[str] = ()) -> Iterator[Entry]:
    """Block the gifts of a campaign that a listed address sent and nobody has decided about; the entries of that.

    Those on a line, and those of the transactions that settle just now (`settling`, txids).
    """
    for listed in listed_gifts(tx.session, campaign, settling or None):
        gift = given_money(tx.session, campaign, listed.outpoint)
        if listed.block is not None or standing_block(tx.session, campaign, listed.outpoint) is not None:
            continue
        if gift is None:
            dust = campaign_of(tx.session, campaign).dust
            wanted = Outpoint.parse(listed.outpoint).txid in settling and listed.sats >= dust
        else:
            wanted = _on_line(gift)
        if wanted:
            yield from _block(tx, campaign, listed, now)


def _on_line(gift: GivenMoney) -> bool:
    return gift.live and gift.units is not None and gift.counts_as is CountsAs.GIFT


def _block(tx: Writing, campaign: str, listed: ListedGift, now: int) -> Iterator[Entry]:
    place, first = Outpoint.parse(listed.outpoint), listed.matches[0]
    facts = Block(
        number=f"LISTED-{place.txid[:16]}-{place.vout}",
        gift=listed.outpoint,
        list=first.list,
        list_date=first.list_date,
        date=rfc3339(now)[:10],
    )
    outcome = record(tx, BLOCKING, campaign, facts, now=now, role=Role.SYSTEM)
    if isinstance(outcome, Recorded):
        yield outcome.entry
