"""A preview of an act: whose gifts it touches, what their trails say now and what they would say after it.

The act is recorded in a part of a transaction that is undone again, so what is told is what the act would do. Of what
waits for a second person, such as a correction, the approval is tried with it. Nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.core.chain import Outpoint
from ledger.core.entry import Entry, entry_from_bytes
from ledger.core.frozen import Amount, Frozen
from ledger.core.lines import Append, Change, Undo, Use
from ledger.core.names import GiftKey, GiftKind, gift_named
from ledger.core.roles import acting
from ledger.recording.actors import Actor
from ledger.recording.dating import NOTHING_BESIDE, Beside
from ledger.recording.desk import act, action_of
from ledger.recording.kinds import BY_NAME
from ledger.recording.record import record
from ledger.rules.books import Books
from ledger.rules.observing import Observed
from ledger.rules.workflow import Decision
from ledger.store.transaction import Reading, Writing
from ledger.tracing.owners import owners
from ledger.tracing.state import Lines
from ledger.views.changes import less
from ledger.views.donation import DonationFollower
from ledger.views.other_gifts import other_trails
from ledger.views.trail import DonationTrail, Place

SHOWN = 200
"""Gifts that are told one by one; of the rest only how many they are."""


class AffectedGift(Frozen):
    """A gift whose trail would say something else."""

    key: str
    """What it is asked for by, as in its trail."""
    amount: Amount
    """What was given."""
    unit: str
    """What a piece is called, of a gift in kind."""
    said: tuple[Place, ...]
    """Where units are said to be now, and would not be any more."""
    says: tuple[Place, ...]
    """Where they would be said to be instead."""


class Preview(Frozen):
    """What an act would change for whom; nothing was recorded."""

    campaign: str
    """Short name of the campaign."""
    entries: int
    """How many entries it would record, its approval among them where it waits for one."""
    affected: tuple[AffectedGift, ...]
    """The gifts whose trails would say something else, by their keys."""
    more: int
    """How many gifts it affects beside those that are looked at one by one."""


class _Tried(Exception):
    """Ends the part of the transaction in which an act is tried."""


def preview(
    tx: Writing,
    actor: Actor,
    slug: str,
    noun: str,
    verb: str,
    facts: object,
    *,
    now: int,
    beside: Beside = NOTHING_BESIDE,
) -> Preview:
    """What `act` with the same arguments would change; it raises what that raises."""
    entries: list[Entry] = []
    behind: set[str] = set()
    try:
        with tx.part():
            entries = _act(tx, actor, slug, noun, verb, facts, now=now, beside=beside)
            behind = _gifts_of_made(Books(tx).lines, entries)
            raise _Tried
    except _Tried:
        pass
    lines = Books(tx).lines
    behind |= _gifts_of_undone(lines, entries)
    keys = sorted(filter(None, (_key(slug, gift) for gift in behind)))
    shown = keys[:SHOWN]
    before = _trails(tx, slug, shown)
    after: dict[str, DonationTrail] = {}
    try:
        with tx.part():
            _act(tx, actor, slug, noun, verb, facts, now=now, beside=beside)
            after = _trails(tx, slug, shown)
            raise _Tried
    except _Tried:
        pass
    affected = (_affected(key, before.get(key), after.get(key)) for key in shown)
    return Preview(
        campaign=slug,
        entries=len(entries),
        affected=tuple(filter(None, affected)),
        more=len(keys) - len(shown),
    )


def _act(
    tx: Writing, actor: Actor, slug: str, noun: str, verb: str, facts: object, *, now: int, beside: Beside
) -> list[Entry]:
    """Record an act, with its approval where it waits for one; what was recorded, in order."""
    head = tx.journal.head()
    outcome = act(tx, actor, slug, noun, verb, facts, now=now, beside=beside)
    kind = action_of(noun, verb).kind
    if kind.workflow is not None and outcome.data is not None and not outcome.already:
        recorded = entry_from_bytes(outcome.data)
        decision = Decision(number=str(recorded.facts["number"]), date=recorded.date)
        record(
            tx, BY_NAME[f"{kind.name}.approved"], slug, decision, now=now, role=acting(actor.roles_in(slug))
        )
    return [entry_from_bytes(row.data) for row in tx.journal.rows(0 if head is None else head[0])]


def _gifts_of_made(lines: Lines, entries: Iterable[Entry]) -> set[str]:
    """The gifts whose units entries take or append, as the lines are after them."""
    gifts: set[str] = set()
    for operation in (op for entry in entries for op in entry.operations):
        match operation:
            case Append(gift=gift):
                gifts.add(gift)
            case Use(line=line, pieces=pieces) | Change(line=line, pieces=pieces):
                gifts |= _owners(lines, line, pieces)
    return gifts


def _gifts_of_undone(lines: Lines, entries: Iterable[Entry]) -> set[str]:
    """The gifts whose units entries take back, as the lines are before them."""
    undone = (op.id for entry in entries for op in entry.operations if isinstance(op, Undo))
    uses = (lines.use(name) for name in undone if lines.has_use(name))
    return {gift for use in uses for gift in _owners(lines, use.line, use.pieces)}


def _owners(lines: Lines, line: str, pieces: Iterable[tuple[int, int]]) -> set[str]:
    runs = (run for start, end in pieces for run in owners(lines, line, start, end))
    return {run.gift for run in runs if run.gift is not None}


def _key(slug: str, gift: str) -> str | None:
    """What a trail is asked for by; None of what nobody gave."""
    name = gift_named(gift)
    if name.kind is GiftKind.COINS:
        return name.number
    donors = name.kind in {GiftKind.CONTRIBUTION, GiftKind.IN_KIND}
    return str(GiftKey(name.kind.value, slug, name.number)) if donors else None


def _trails(tx: Reading, slug: str, keys: Sequence[str]) -> dict[str, DonationTrail]:
    """The trails of those gifts that are there."""
    follower, observed = DonationFollower(tx, slug), Observed(tx.session)
    trails: dict[str, DonationTrail] = {}
    for key in keys:
        if not _is_coin(key):
            trails[key] = other_trails(tx, key)[0]
            continue
        coin = Outpoint.parse(key)
        watched = observed.tx(coin.txid)
        for output in () if watched is None else watched.outputs:
            if watched is not None and (output.vout, output.campaign) == (coin.vout, slug):
                trails[key] = follower.trail(watched, output)
    return trails


def _is_coin(key: str) -> bool:
    return gift_named(key).kind is GiftKind.COINS


def _affected(key: str, before: DonationTrail | None, after: DonationTrail | None) -> AffectedGift | None:
    """What a gift's trail would not say any more and what instead; None where that is nothing."""
    was, now = () if before is None else before.places, () if after is None else after.places
    said, says = less(was, now), less(now, was)
    given = after or before
    if given is None or not (said or says):
        return None
    return AffectedGift(key=key, amount=given.amount, unit=given.unit, said=said, says=says)
