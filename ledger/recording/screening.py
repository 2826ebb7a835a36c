"""Gifts that an address on a list sent are set apart by the program: blocked, until two persons decide otherwise.

Whatever tells of it first: the block that settles the gift, a list that is recorded later, or a transaction that was
looked up. Nothing is sent back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import delete
from sqlmodel import col, select

from ledger.core.chain import Outpoint, Script
from ledger.core.entry import Entry
from ledger.core.observation import ObservationKind, ShownOutputs, observation_bytes
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.model.columns import table_of, upsert
from ledger.model.gifts import CountsAs
from ledger.model.inquiries import SenderAskedRow
from ledger.recording.record import Recorded, record
from ledger.rules.campaigns import campaign_of, campaign_slugs
from ledger.rules.gift_blocks import BLOCKING, Block
from ledger.rules.gift_records import GivenMoney, given_money, standing_block
from ledger.rules.observing import Observed
from ledger.rules.sanctions_lists import lists_in_force
from ledger.rules.screening import ListedGift, listed_gifts
from ledger.rules.screening import unknown_senders as senders_unknown
from ledger.store.observations import Observation
from ledger.store.transaction import Reading, Writing


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


def unknown_senders(tx: Reading, most: int, apart: Collection[str]) -> list[Outpoint]:
    """Outputs that were spent by payments to campaigns which screen, and whose scripts nothing shows yet."""
    screening = [slug for slug in campaign_slugs(tx.session) if lists_in_force(tx.session, slug)]
    return senders_unknown(tx.session, screening, most, apart) if screening else []


def senders_asked(tx: Reading, since: int, now: int) -> list[str]:
    """Transactions that nobody had when they were asked for, after a time (Unix seconds) and not after now."""
    at = col(SenderAskedRow.at)
    return list(tx.session.exec(select(SenderAskedRow.txid).where(at > since, at <= now)))


def note_sender_asked(tx: Writing, txid: str, now: int, *, since: int) -> None:
    """Nobody had it; what was asked for until `since` is forgotten."""
    connection, table = tx.session.connection(), table_of(SenderAskedRow)
    connection.execute(delete(table).where(table.c.at <= since))
    connection.execute(upsert(tx.session, SenderAskedRow), {"txid": txid, "at": now})


def record_outputs(
    tx: Writing, txid: str, scripts: Mapping[int, Script], source: str, *, now: int
) -> list[Entry]:
    """Observe what outputs of a transaction pay, by vout, as its bytes say; the blocks that this leads to.

    The caller has proven them: they hash to `txid`.
    """
    shown = tuple((vout, script.hex()) for vout, script in sorted(scripts.items()))
    data = observation_bytes(ShownOutputs(shown))
    at, kind = rfc3339(now), ObservationKind.OUTPUTS_SHOWN.value
    tx.observations.append([Observation(at, source, kind, txid, data)])
    Observed(tx.session).fold(at, source, kind, txid, data)
    return [entry for campaign in campaign_slugs(tx.session) for entry in keep_apart(tx, campaign, now=now)]


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
