"""Who sent a campaign's coins and who is paid, beside the lists of sanctioned addresses and people; for the desk alone.

Pure reading: what a match leads to is recorded as a block, and decided by people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from sqlmodel import Session

from ledger.core.frozen import Amount, Frozen
from ledger.core.telling import Telling
from ledger.core.wording import Value
from ledger.model.gifts import BlockStatus
from ledger.model.screening import PayeeKind, ScreeningResult, ScreeningRow
from ledger.rules.campaigns import campaign_of
from ledger.rules.gift_blocks import block_of
from ledger.rules.payee_screening import newest_screenings, sum_to_screen
from ledger.rules.sanctions_lists import lists_in_force
from ledger.rules.screening import (
    ListedGift,
    ScreeningState,
    SentGift,
    listed_gifts,
    screening_state,
    sent_gifts,
)

SHOWN = 100
"""Payments that are listed one by one."""


class ListVersion(Frozen):
    """A version of a list that is in force."""

    name: str
    """What the list is called."""
    list_date: str
    """The day as of which it is."""
    source: str
    """Where it was taken from."""
    sha256: str | None
    """SHA-256 of the file that it came in; null where it came in none."""


class MatchRow(Frozen):
    """An address that matched."""

    address: str
    """The address, as the list has it."""
    list: str
    """The list."""
    list_date: str
    """The day of that version."""


class SenderRow(Frozen):
    """A payment whose senders are on a list, or could not all be compared."""

    outpoint: str
    """The payment, `TXID:VOUT`."""
    amount: Amount
    """What came."""
    since: str
    """When it was first seen, RFC 3339."""
    state: ScreeningState
    """How far its inputs were compared, and what came of it."""
    message: Telling
    """The same as a word and values, with what came of a match."""
    inputs: int
    """How many inputs its transaction has."""
    checked: int
    """Of how many the sender is known."""
    matches: tuple[MatchRow, ...]
    """Addresses that sent it and are on a list."""
    block: str | None
    """The block that sets it apart for that; null where there is none."""


class StateCount(Frozen):
    """How many payments are in a state."""

    state: ScreeningState
    """The state."""
    count: int
    """How many payments."""


class PayeeRow(Frozen):
    """What was recorded of a payee, the newest."""

    kind: PayeeKind
    """What sort of payee."""
    payee: str
    """Its name, or the gift whose donor it is; empty for the tax office."""
    number: str
    """The screening that says so."""
    list: str
    """The list."""
    list_date: str
    """The day as of which the list was."""
    result: ScreeningResult
    """What was found."""
    message: Telling
    """The same as a word and values."""


class ScreeningReport(Frozen):
    """The senders of a campaign's coins, and its payees, beside lists."""

    lists: tuple[ListVersion, ...]
    """The lists in force; without one nothing is compared."""
    counts: tuple[StateCount, ...]
    """How many payments there are in each state."""
    rows: tuple[SenderRow, ...]
    """The oldest hundred that are on a list or not wholly compared, matches first."""
    above: Amount | None
    """Above this sum an approval waits until its payee was looked up; null where no sum is named."""
    payees: tuple[PayeeRow, ...]
    """What was recorded of payees, one row each."""


class Screened(StrEnum):
    """What is said of a sender or a payee beside a list."""

    NOT_CHECKED = "not_checked"
    IN_PART = "in_part"
    NO_MATCH = "no_match"
    DECIDE = "decide"
    RELEASED = "released"
    RETURNED = "returned"
    CLEARED = "cleared"


def screening_message(
    state: ScreeningState, checked: int, inputs: int, list_date: str, decided: BlockStatus | None
) -> Telling:
    """What is said of a state; `decided`: what became of the block that a match led to."""
    of_list: Mapping[str, Value] = {"list_date": list_date}
    match state:
        case ScreeningState.NOT_CHECKED:
            return Telling(Screened.NOT_CHECKED)
        case ScreeningState.IN_PART:
            return Telling(Screened.IN_PART, {"checked": checked, "inputs": inputs})
        case ScreeningState.NO_MATCH:
            return Telling(Screened.NO_MATCH, of_list)
        case ScreeningState.MATCH if decided is BlockStatus.RELEASED:
            return Telling(Screened.RELEASED, of_list)
        case ScreeningState.MATCH if decided is BlockStatus.RETURNED:
            return Telling(Screened.RETURNED, of_list)
        case ScreeningState.MATCH:
            return Telling(Screened.DECIDE)


def screening_report(session: Session, slug: str) -> ScreeningReport:
    """All payments to a campaign, and what was recorded of its payees; raises NotFound."""
    campaign = campaign_of(session, slug)
    above = sum_to_screen(session, slug)
    lists = lists_in_force(session, slug)
    gifts = {listed.outpoint: listed for listed in listed_gifts(session, slug)}
    counts: Counter[ScreeningState] = Counter()
    open_rows: list[tuple[bool, SentGift, ScreeningState]] = []
    for sent in sent_gifts(session, slug):
        state = screening_state(sent.known, sent.inputs, listed=sent.outpoint in gifts, has_lists=bool(lists))
        counts[state] += 1
        if state is not ScreeningState.NO_MATCH:
            open_rows.append((state is not ScreeningState.MATCH, sent, state))
    open_rows.sort(key=lambda row: row[:1])  # those of each sort stay in the order in which they were seen
    return ScreeningReport(
        lists=tuple(
            ListVersion(name=row.name, list_date=row.list_date, source=row.source, sha256=row.sha256)
            for row in lists
        ),
        counts=tuple(
            StateCount(state=state, count=counts[state]) for state in ScreeningState if counts[state]
        ),
        rows=tuple(
            _row(session, slug, sent, state, gifts.get(sent.outpoint)) for _, sent, state in open_rows[:SHOWN]
        ),
        above=None if above is None else Amount.of(campaign.currency, above),
        payees=tuple(_payee(row) for row in newest_screenings(session, slug)),
    )


def _payee(row: ScreeningRow) -> PayeeRow:
    of_list: Mapping[str, Value] = {"list_date": row.list_date}
    results = {
        ScreeningResult.NO_MATCH: Telling(Screened.NO_MATCH, of_list),
        ScreeningResult.MATCH: Telling(Screened.DECIDE),
        ScreeningResult.CLEARED: Telling(Screened.CLEARED, of_list),
    }
    return PayeeRow(
        kind=row.kind,
        payee=row.payee,
        number=row.number,
        list=row.list_name,
        list_date=row.list_date,
        result=row.result,
        message=results[row.result],
    )


def _row(
    session: Session, slug: str, sent: SentGift, state: ScreeningState, listed: ListedGift | None
) -> SenderRow:
    matches = () if listed is None else listed.matches
    block = None if listed is None else listed.block
    decided = None if block is None else block_of(session, slug, block).status
    day = max((match.list_date for match in matches), default="")
    return SenderRow(
        outpoint=sent.outpoint,
        amount=Amount.of("BTC", sent.sats),
        since=sent.first_at,
        state=state,
        message=screening_message(state, sent.known, sent.inputs, day, decided),
        inputs=sent.inputs,
        checked=sent.known,
        matches=tuple(
            MatchRow(address=match.address, list=match.list, list_date=match.list_date) for match in matches
        ),
        block=block,
    )
