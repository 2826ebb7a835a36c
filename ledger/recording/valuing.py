"""Which gifts want a rate, of which moment, and which can be valued now; what is left is the desk's to decide.

Asks nobody: the service carries the questions out and hands back what the sources said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import delete
from sqlmodel import Session, select

from ledger.core.chain import Header
from ledger.core.entry import Entry
from ledger.core.roles import Role
from ledger.core.times import rfc3339, unix_seconds
from ledger.core.wording import Wording
from ledger.model.campaigns import CampaignRow, ValuationClock
from ledger.model.columns import as_written, table_of, upsert
from ledger.model.inquiries import RateTryRow
from ledger.recording.record import Recorded, record
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, campaigns
from ledger.rules.gift_records import SettledGift, UnvaluedMoment, moment_of
from ledger.rules.observing import Observed
from ledger.rules.rates import MINUTE, RATE, Rate, agreed_price, minute_of, price_at
from ledger.rules.settled import MATURITY, depth_of, settled_block
from ledger.rules.unvalued import (
    unvalued_blocks,
    unvalued_gifts_in,
    unvalued_gifts_of,
    unvalued_since,
    unvalued_sum,
)
from ledger.rules.valuations import VALUATION, Valuation, converted_value
from ledger.store.messages import forget_messages, keep_messages, kept_messages
from ledger.store.transaction import Reading, Writing
from ledger.tracing.state import Lines

T = TypeVar("T", covariant=True)

ASKED_AT_ONCE = 6
"""Moments that are asked for after one look, at most."""
BLOCKS_AHEAD = 2
"""Gifts so many blocks from settling are asked for already, so that their entry has its value."""
WHOLE_MINUTES = 2 * MINUTE
"""A minute is asked for once it and the next are over."""
CROSS_OUT = 16 * 3600
"""Seconds after midnight UTC by which the reference rates of a day are out."""
FIRST_PAUSE, LONGEST_PAUSE = 300, 86_400
"""Seconds before a moment that the sources refused is asked for again, four times as long after each try."""
DESK_TRIES = 5
"""After so many tries the desk is asked."""
GIVE_UP = 30
"""After so many tries the sources are not asked again."""
DESK_SECONDS = 86_400
"""A gift without a value for so long is the desk's to decide, whatever was tried."""
SCANNED = 5_000
VALUED_AT_ONCE = 500
LISTED = 100
"""Gifts that the desk's list names one by one."""
_NO_RATE = Wording("no rate of its moment is recorded")
_SEEN = "valued_head"
_MOST_TRIED = 2_000


Minute = tuple[str, str, int]
"""A campaign, its currency, and the Unix seconds at which the minute begins."""


@dataclass(frozen=True, slots=True)
class RateWanted:
    """A minute (Unix seconds at which it begins) whose rate a campaign wants, in its currency."""

    campaign: str
    currency: str
    at: int
    tolerance_permille: int

    @property
    def minute(self) -> Minute:
        return self.campaign, self.currency, self.at


class RateTry(NamedTuple):
    """How often sources were asked for a minute in vain, from when on they are again, and what was wrong last."""

    tries: int
    due: int
    why: Wording


_NEVER_TRIED = RateTry(0, 0, Wording("it was not asked for"))


@dataclass(frozen=True, slots=True)
class Unvalued:
    """A settled gift without a value that needs a decision of the desk, and why there is none; or so many of them."""

    outpoint: str  # empty: the rest of a long list
    sats: int
    since: str  # RFC 3339
    why: Wording
    count: int = 1


def rates_wanted(tx: Reading, *, now: int) -> list[RateWanted]:
    """Moments to ask for now: of gifts that settled without a value, or that are about to settle."""
    tried = rate_tries(tx)
    by_minute: dict[Minute, tuple[int, RateWanted]] = {}
    for campaign in campaigns(tx.session):
        if not _is_valued_by_rate(campaign):
            continue
        for moment in [*_about_to_settle(tx, campaign), *_unvalued_moments(tx, campaign, now)]:
            wanted = RateWanted(
                campaign.slug, campaign.currency, minute_of(moment), campaign.tolerance_permille
            )
            before = tried.get(wanted.minute, _NEVER_TRIED)
            ready = _ready_at(wanted)
            if wanted.minute in by_minute or before.tries >= GIVE_UP or ready > now or _waits(before, now):
                continue
            if price_at(tx.session, campaign, moment) is None:
                by_minute[wanted.minute] = (before.tries, wanted)
    ordered = sorted(by_minute.values(), key=lambda row: (row[0], row[1].at, row[1].minute))
    return [wanted for _, wanted in ordered[:ASKED_AT_ONCE]]


def _waits(tried: RateTry, now: int) -> bool:
    """Not for longer than any pause: what is due later was told by a clock that ran ahead."""
    return now < tried.due <= now + LONGEST_PAUSE


def _is_valued_by_rate(campaign: CampaignRow) -> bool:
    return campaign.valuation is not ValuationClock.CONVERSION and campaign.currency != "BTC"


def _ready_at(wanted: RateWanted) -> int:
    """When a minute is over, and the cross rates of its day are out."""
    over = wanted.at + WHOLE_MINUTES
    return over if wanted.currency == "USD" else max(over, wanted.at - wanted.at % 86_400 + CROSS_OUT)


def _about_to_settle(tx: Reading, campaign: CampaignRow) -> Iterator[int]:
    settled = settled_block(tx)
    if settled is None or campaign.valuation is not ValuationClock.BLOCK_TIME:
        return
    observed = Observed(tx.session)
    for waiting in observed.txs_in(settled + 1, settled + BLOCKS_AHEAD):
        if waiting.block_time is None or any(observed.coin(spent) for spent in waiting.inputs):
            continue
        ours = [output for output in waiting.outputs if output.campaign == campaign.slug]
        if any(output.branch != "change" and output.sats >= campaign.dust for output in ours):
            yield waiting.block_time


def _unvalued_moments(tx: Reading, campaign: CampaignRow, now: int) -> Iterator[int]:
    """Moments of gifts without a value; of a long list another part at each look."""
    for block in _in_turn(tx.session, campaign.slug, now, unvalued_blocks)[0]:
        clock = _clock_of(tx, campaign, block.moment)
        if clock is not None:
            yield clock


class _Rows(Protocol[T]):
    """Asks for what waits for a value, from a moment on."""

    def __call__(
        self, session: Session, campaign: str, *, low: str = "", limit: int | None = None
    ) -> Sequence[T]: ...


def _in_turn(session: Session, slug: str, now: int, rows: _Rows[T]) -> tuple[Sequence[T], bool]:
    """What waits for a value, and whether this is all; of a long list another part in each minute."""
    rows_read = rows(session, slug, limit=SCANNED)
    if len(rows_read) < SCANNED:
        return rows_read, True
    first, last = (unix_seconds(row) for row in unvalued_since(session, slug))
    start = rfc3339(first + (last - first) * (now // MINUTE % 256) // 255)
    later = rows(session, slug, low=start, limit=SCANNED)
    return [*later, *rows_read[: SCANNED - len(later)]], False


def _clock_of(tx: Reading, campaign: CampaignRow, moment: UnvaluedMoment) -> int | None:
    """What the campaign's clock says: the time of the gifts' block, or of the block that buried it deep enough."""
    if campaign.valuation is ValuationClock.BLOCK_TIME:
        return moment.time
    depth = max(depth_of(tx), MATURITY) if moment.coinbase else depth_of(tx)
    raw = tx.progress.header(moment.height + depth - 1)
    return None if raw is None else Header(raw).time


def note_rate(tx: Writing, wanted: RateWanted, rate: Rate, *, now: int) -> Entry | None:
    """Record what the sources agreed on, and forget the tries; None where it was recorded before."""
    _forget_tries(tx, wanted.minute)
    outcome = record(tx, RATE, wanted.campaign, rate, now=now, role=Role.SYSTEM)
    return outcome.entry if isinstance(outcome, Recorded) else None


def note_refusal(tx: Writing, wanted: RateWanted, why: Wording, *, now: int, final: bool = False) -> None:
    """Count a try that led to no rate; the next one waits longer. `final`: the desk is asked at once."""
    tries = rate_tries(tx).get(wanted.minute, _NEVER_TRIED).tries + 1
    pause = min(FIRST_PAUSE * 4 ** (tries - 1), LONGEST_PAUSE)
    if final and tries < DESK_TRIES:
        tries, pause = DESK_TRIES, LONGEST_PAUSE
    _note_try(tx, wanted.minute, RateTry(tries, now + pause, why))


def agreed(wanted: RateWanted, prices: list[int]) -> bool:
    """Do the quoted prices agree within the campaign's tolerance?"""
    return agreed_price(prices, wanted.tolerance_permille) is not None


def values_wait(tx: Reading) -> bool:
    """May a valuation have become possible since `value_waiting` looked last?"""
    head = tx.journal.head()
    return head is not None and tx.progress.load(_SEEN) != str(head[0])


def value_waiting(tx: Writing, *, now: int) -> list[Entry]:
    """Record the valuations that have become possible; the entries, in order."""
    head = tx.journal.head()
    if head is None or not values_wait(tx):
        return []
    books = Books(tx)
    entries: list[Entry] = []
    whole = True
    for campaign in campaigns(tx.session):
        gifts, all_of_them = _valuable(tx, books, campaign, now)
        whole = whole and all_of_them
        for gift in gifts:
            facts = _possible(tx, books, campaign, gift)
            if facts is None:
                continue
            outcome = record(tx, VALUATION, campaign.slug, facts, now=now, role=Role.SYSTEM)
            if isinstance(outcome, Recorded):
                entries.append(outcome.entry)
            if len(entries) >= VALUED_AT_ONCE:
                return entries
    if whole:
        tx.progress.save(_SEEN, str(entries[-1].seq if entries else head[0]))
    return entries


def _valuable(
    tx: Reading, books: Books, campaign: CampaignRow, now: int
) -> tuple[Iterator[SettledGift], bool]:
    """Gifts without a value that may have one now, and whether no other may."""
    session, lines, slug = tx.session, books.lines, campaign.slug
    if campaign.valuation is ValuationClock.CONVERSION:
        gifts, whole = _in_turn(session, slug, now, unvalued_gifts_of)
        return (gift for gift in gifts if _is_used(lines, gift)), whole
    blocks, whole = _in_turn(session, slug, now, unvalued_blocks)
    moments = ((block.moment, _clock_of(tx, campaign, block.moment)) for block in blocks)
    ready = (m for m, at in moments if at is not None and price_at(tx.session, campaign, at) is not None)
    return (gift for moment in ready for gift in unvalued_gifts_in(session, moment)), whole


def _is_used(lines: Lines, gift: SettledGift) -> bool:
    """Is none of a gift free? Of what is free nothing is converted."""
    if gift.units is None:
        return False
    line, start, end = gift.units
    return not lines.lowest_free(line, 1, within=(start, end))


def _possible(tx: Reading, books: Books, campaign: CampaignRow, gift: SettledGift) -> Valuation | None:
    """The valuation of a gift, where its clock and the rates allow one; one that was reversed is a person's."""
    if gift.value_by_hand:
        return None
    n = gift.valuations_undone or None
    if campaign.valuation is ValuationClock.CONVERSION:
        converted = converted_value(books, campaign, gift)
        return None if converted is None else Valuation(outpoint=gift.outpoint, n=n)
    return Valuation(outpoint=gift.outpoint, at=_clock_of(tx, campaign, moment_of(gift)), n=n)


def unvalued_gifts(tx: Reading, slug: str, *, now: int) -> tuple[Unvalued, ...]:
    """Gifts whose value the desk has to decide, the oldest first: tried often, or without one for a day.

    After the first `LISTED` the rest is one row without an outpoint.
    """
    session = tx.session
    campaign = campaign_of(tx.session, slug)
    if not _is_valued_by_rate(campaign):
        return ()
    whole = unvalued_sum(session, slug)
    tried, old = rate_tries(tx), rfc3339(now - DESK_SECONDS)

    def told(moment: UnvaluedMoment) -> tuple[int, Wording]:
        clock = _clock_of(tx, campaign, moment)
        tried_rate = None if clock is None else tried.get((slug, campaign.currency, minute_of(clock)))
        return (0, _NO_RATE) if tried_rate is None else (tried_rate.tries, tried_rate.why)

    first = list(unvalued_gifts_of(session, slug, high=old, limit=LISTED + 1))
    count, sats = whole.gifts, whole.sats
    for block in unvalued_blocks(session, slug, low=rfc3339(now - DESK_SECONDS + 1)):
        if told(block.moment)[0] < DESK_TRIES:
            count, sats = count - block.gifts, sats - block.sats
        elif len(first) <= LISTED:
            first += unvalued_gifts_in(session, block.moment, limit=LISTED + 1)
    rows = [Unvalued(gift.outpoint, gift.sats, gift.at, told(moment_of(gift))[1]) for gift in first[:LISTED]]
    if count > len(rows):
        sats -= sum(row.sats for row in rows)
        rows.append(Unvalued("", sats, first[LISTED].at, _NO_RATE, count - len(rows)))
    return tuple(rows)


def rate_tries(tx: Reading) -> dict[Minute, RateTry]:
    rows = tx.session.exec(as_written(select(RateTryRow))).all()
    why = kept_messages(tx.session, [row.why for row in rows])
    return {(row.campaign, row.currency, row.at): RateTry(row.tries, row.due, why[row.why]) for row in rows}


def _note_try(tx: Writing, minute: Minute, tried: RateTry) -> None:
    """Few are kept: what is forgotten is only asked for again."""
    table, connection = table_of(RateTryRow), tx.session.connection()
    campaign, currency, at = minute
    row = {"campaign": campaign, "currency": currency, "at": at}
    why = keep_messages(tx.session, [tried.why])[tried.why]
    connection.execute(upsert(tx.session, RateTryRow), row | tried._asdict() | {"why": why})
    due = select(table.c.due).order_by(table.c.due.desc()).offset(_MOST_TRIED).limit(1).scalar_subquery()
    connection.execute(delete(table).where(table.c.due <= due))
    forget_messages(tx.session)


def _forget_tries(tx: Writing, minute: Minute) -> None:
    of = table_of(RateTryRow).c
    campaign, currency, at = minute
    where = (of.campaign == campaign, of.currency == currency, of.at == at)
    tx.session.connection().execute(delete(of.at.table).where(*where))
    forget_messages(tx.session)
