"""English: whether the books are the chain, by how much not, since when, and how old the figures are.

The first of the facts says whether it ties.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.pages.figures import exact, with_asset
from api.pages.messages import ADDENDS, Message, listed, worded
from api.pages.sentences.tellings import worded_telling
from api.pages.sentences.units import time
from api.pages.sentences.waiting import still_open
from ledger.core.frozen import Amount
from ledger.core.telling import Telling
from ledger.core.times import rfc3339
from ledger.model.looks import Completeness
from ledger.views.campaign import Apart, Books
from ledger.views.chain_status import ChainStatus, Staleness


def books_state(books: Books) -> str:
    """`ties`, `broken`, or `waits`: what only waits for a person is no alarm; what the chain contradicts is one."""
    if books.block is None or (not books.reconciled and not books.is_wrong):
        return "waits"
    return "ties" if books.reconciled else "broken"


_LOOKED = Message(
    "{time}, {agreeing} of {sources}",
    "when the chain was last looked at",
    "{time}: when",
    "{agreeing}: how many sources agreed",
    "{sources}: how many were asked",
)
_LOOKED_NO_SOURCE = Message("{time}, no source yet", "when the chain was last looked at", "{time}: when")
_NO_LOOK = Message(
    "None yet, {agreeing} of {sources}",
    "the chain was not looked at",
    "{agreeing}: how many sources agreed",
    "{sources}: how many there are",
)
_NO_LOOK_NO_SOURCE = Message(
    "None yet, no source yet", "the chain was not looked at, and nobody to ask is named"
)


def last_look(status: ChainStatus) -> str:
    """When the chain was last looked at, and how many of its sources agreed: `28 September 2020, 14:16 UTC, 3 of 3`."""
    agreeing, known = (
        sum(1 for source in status.sources if source.ok and source.lied is None),
        len(status.sources),
    )
    if status.looked_at and known:
        return worded(_LOOKED, time=time(status.looked_at), agreeing=agreeing, sources=known)
    if status.looked_at:
        return worded(_LOOKED_NO_SOURCE, time=time(status.looked_at))
    return worded(_NO_LOOK, agreeing=agreeing, sources=known) if known else worded(_NO_LOOK_NO_SOURCE)


_FACT = "one of three facts about the books of a campaign and the chain"
_COINS = "{coins}: a sum of coins, with its addends in brackets where it has several"
_BLOCK = "{block}: its height"
_NOT_YET = Message("Not reconciled yet", _FACT)
_NO_BLOCK = Message("No block looked at", _FACT)
_READ_TO = Message("Read to block {block}", _FACT, _BLOCK)
_WALLETS = Message("Wallets", _FACT)
_IN_BOOKS = Message("{coins} in the books", _FACT, _COINS)
_OUTGOING = Message("Outgoing coins", _FACT)
_RECONCILED = Message("Reconciled", _FACT)
_IS_CHAIN = Message("Books = chain at block {block}", _FACT, _BLOCK)
_NO_DIFFERENCE = Message("{coins}, difference 0", _FACT, _COINS)
_DIFFERENCE = Message("{coins}, difference {difference}", _FACT, _COINS, "{difference}: a sum of coins")
_BROKEN = Message("Does not reconcile", _FACT)
_BROKEN_SINCE = Message("Does not reconcile, since {time}", _FACT, "{time}: since when")
_BOOKS = Message("In the books", _FACT)
_CHAIN = Message("On the chain, block {block}", _FACT, _BLOCK)
_EXPLAINED = Message("Every one explained", "outgoing coins")
_NOT_LOOKED_FOR = Message("None looked for yet", "outgoing coins")
_UNEXPLAINED = Message("{coins} unexplained", _FACT, _COINS)
_SHORTFALL = Message("{coins} shortfall", _FACT, _COINS)
_MORE = Message("{coins} more on the chain", _FACT, _COINS)
_MISSING = Message("{coins} missing on the chain", _FACT, _COINS)


def books_facts(books: Books) -> tuple[tuple[str, str], ...]:
    """Three facts, label and value; the first says whether it ties. The last look stands beside them."""
    outgoing = (worded(_OUTGOING), _outgoing(books))
    in_books = (worded(_WALLETS), worded(_IN_BOOKS, coins=_wallets(books)))
    if books.block is None:
        return ((worded(_NOT_YET), worded(_NO_BLOCK)), in_books, outgoing)
    is_chain = worded(_IS_CHAIN, block=books.block)
    if books.behind_blocks and not books.is_wrong:
        return ((worded(_NOT_YET), worded(_READ_TO, block=books.block)), in_books, outgoing)
    if books.reconciled:
        return ((worded(_RECONCILED), is_chain), (worded(_WALLETS), _compared(books)), outgoing)
    if books.is_chain:
        return ((worded(_NOT_YET), still_open(books)), (worded(_WALLETS), is_chain), outgoing)
    broken = worded(_BROKEN)
    if books.unexplained_since:
        broken = worded(_BROKEN_SINCE, time=time(books.unexplained_since))
    on_chain = Amount.of("BTC", books.in_books.minor + books.difference.minor)
    return (
        (broken, _wrong(books)),
        (worded(_BOOKS), with_asset(books.in_books)),
        (worded(_CHAIN, block=books.block), with_asset(on_chain)),
    )


def _compared(books: Books) -> str:
    if books.difference.minor:
        return worded(_DIFFERENCE, coins=_wallets(books), difference=with_asset(books.difference))
    return worded(_NO_DIFFERENCE, coins=_wallets(books))


_ADDEND = ("an addend of the coins in the wallets of a campaign", "{coins}: how many, without BTC")
_HELD = Message("{coins} held", *_ADDEND)
_APART = {
    Apart.DUST: Message("{coins} below the dust line", *_ADDEND),
    Apart.UNDECIDED: Message("{coins} waiting for a decision", *_ADDEND),
    Apart.BLOCKED: Message("{coins} blocked", *_ADDEND),
}
_ADDENDS = Message(
    "{coins} ({addends})", "{coins}: a sum", "{addends}: what it is the sum of, with + between them"
)


def _wallets(books: Books) -> str:
    """`3.51108006 BTC`, and where not all of it is held for the campaign, its addends."""
    if not books.apart:
        return with_asset(books.in_books)
    held = Amount.of("BTC", books.in_books.minor - sum(row.minor for row in books.apart))
    parts = [worded(_HELD, coins=exact(held))]
    parts += [worded(_APART[row.why], coins=exact(row)) for row in books.apart]
    return worded(_ADDENDS, coins=with_asset(books.in_books), addends=listed(parts, ADDENDS))


def _outgoing(books: Books) -> str:
    if books.unexplained.minor:
        return worded(_UNEXPLAINED, coins=with_asset(books.unexplained))
    return worded(_EXPLAINED if books.block is not None else _NOT_LOOKED_FOR)


def _wrong(books: Books) -> str:
    if books.unexplained.minor:
        return worded(_UNEXPLAINED, coins=with_asset(books.unexplained))
    if books.shortfall.minor:
        return worded(_SHORTFALL, coins=with_asset(books.shortfall))
    by_how_much = with_asset(Amount.of("BTC", abs(books.difference.minor)))
    return worded(_MORE if books.difference.minor > 0 else _MISSING, coins=by_how_much)


_SINCE = "{time}: since when"
_NO_CHAIN = Message("No agreed chain. No coins are counted until the sources agree on one.")
_NO_CHAIN_SINCE = Message(
    "No agreed chain since {time}. No coins are counted until the sources agree on one.", _SINCE
)
_OLD = Message(
    "No agreed chain. These figures are of block {block} and stay as they are until the sources agree again.",
    _BLOCK,
)
_OLD_SINCE = Message(
    "No agreed chain since {time}. These figures are of block {block} and stay as they are until the sources agree "
    "again.",
    _SINCE,
    _BLOCK,
)
_TIME = "{time}: when"
_STALE: Mapping[Staleness, Message] = {
    Staleness.OLD_LOOK: Message(
        "The chain was last looked at {time}. These figures say nothing of what came or left since. Nothing is called "
        "reconciled until it is looked at again.",
        _TIME,
    ),
    Staleness.LOOK_AHEAD: Message(
        "The last look at the chain is of {time}, which lies ahead: a clock was wrong, or is. Nothing is called "
        "reconciled until it is looked at again.",
        _TIME,
    ),
    Staleness.OLD_TIP: Message(
        "The newest block that the sources know is of {time}. They may be cut off from the chain. Nothing is called "
        "reconciled until a newer one comes.",
        _TIME,
    ),
}
_TRUST = {
    "first use": Message(
        "Headers are checked from block {block} on, which was trusted on first use because the sources agreed on it.",
        _BLOCK,
    ),
    "operator": Message("Headers are checked from block {block} on, which the operator named.", _BLOCK),
    "table": Message("Headers are checked from block {block} on, which the shipped table pins.", _BLOCK),
}
"""Who vouches for the block that headers are checked from; the first block of a chain needs nobody."""
_TRUSTED_RULES = Message(
    "The rules of {chain} are not checked in full; its blocks are trusted.",
    "{chain}: the name of a kind of chain",
)
_BEHIND = Message(
    "{n} block behind the chain. Nothing is called reconciled until then.",
    many="{n} blocks behind the chain. Nothing is called reconciled until then.",
)
_BEHIND_HOURS = Message(
    "{blocks} behind the chain, about {n} hour. Nothing is called reconciled until then.",
    "{blocks}: as: 12 blocks",
    many="{blocks} behind the chain, about {n} hours. Nothing is called reconciled until then.",
)
_BLOCKS = Message("{n} block", "blocks of the chain, with how many they are", many="{n} blocks")
_RESTS_ON = Message(
    "That no payment is missing rests on this: {ground}.", "{ground}: what it rests on, in words"
)
_SOURCES = "{sources}: a list of names of sources"
_BLOCK = "{block}: height of a block"
_GROUNDS: Mapping[Completeness, Message] = {
    Completeness.SCANNED_WHOLE: Message(
        "every block scanned whole", "on what it rests that no payment is missing"
    ),
    Completeness.LISTED: Message(
        "complete according to {sources}", "on what it rests that no payment is missing", _SOURCES
    ),
    Completeness.PAST_UNREAD: Message(
        "every block scanned whole; the past of {n} address is scanned up to block {block}",
        "on what it rests that no payment is missing",
        _BLOCK,
        many="every block scanned whole; the past of {n} addresses is scanned up to block {block}",
    ),
    Completeness.PAST_LISTED: Message(
        "every block scanned whole; the past of {n} address is scanned up to block {block}, and complete according to "
        "{sources}",
        "on what it rests that no payment is missing",
        _BLOCK,
        _SOURCES,
        many="every block scanned whole; the past of {n} addresses is scanned up to block {block}, and complete "
        "according to {sources}",
    ),
}
_UNDONE = Message(
    "{coins} was undone by the chain after it was used, and must be covered.", "{coins}: a sum of coins"
)
_UNVALUED = Message(
    "Without a value: {n} donation, {coins}. No two price sources agreed, so the coordinators have to decide.",
    "{coins}: a sum of coins",
    many="Without a value: {n} donations, {coins}. No two price sources agreed, so the coordinators have to decide.",
)
_UNVALUED_SINCE = Message(
    "Without a value since {time}: {n} donation, {coins}. No two price sources agreed, so the coordinators have to "
    "decide.",
    _SINCE,
    "{coins}: a sum of coins",
    many="Without a value since {time}: {n} donations, {coins}. No two price sources agreed, so the coordinators have "
    "to decide.",
)


def books_notes(books: Books) -> tuple[str, ...]:
    """What a reader must know of how old the figures are."""
    notes = []
    if books.stale is not None and books.stale in _STALE:
        looked = _told_at(books.tip_time) if books.stale is Staleness.OLD_TIP else books.looked_at
        notes.append(worded(_STALE[books.stale], time=time(looked or "")))
    elif not books.agreed:
        notes.append(_not_agreed(books))
    if books.start is not None and books.trust in _TRUST:
        notes.append(worded(_TRUST[books.trust], block=books.start))
    if books.trusted_rules:
        notes.append(worded(_TRUSTED_RULES, chain=books.trusted_rules))
    if books.behind_blocks > 0 and books.behind_hours:
        behind = worded(_BLOCKS, n=books.behind_blocks)
        notes.append(worded(_BEHIND_HOURS, n=books.behind_hours, blocks=behind))
    elif books.behind_blocks > 0:
        notes.append(worded(_BEHIND, n=books.behind_blocks))
    if books.completeness.code is not Completeness.SCANNED_WHOLE:
        notes.append(worded(_RESTS_ON, ground=rests_on(books.completeness)))
    if books.shortfall.minor:
        notes.append(worded(_UNDONE, coins=with_asset(books.shortfall)))
    if books.unvalued.count:
        coins, number = with_asset(books.unvalued), books.unvalued.count
        if books.unvalued.since:
            notes.append(worded(_UNVALUED_SINCE, n=number, time=time(books.unvalued.since), coins=coins))
        else:
            notes.append(worded(_UNVALUED, n=number, coins=coins))
    return tuple(notes)


def rests_on(telling: Telling) -> str:
    """On what it rests that no payment is missing, on the page and on the command line."""
    return worded_telling(_GROUNDS[Completeness(telling.code)], telling)


def _told_at(seconds: int | None) -> str:
    return "" if seconds is None else rfc3339(seconds)


def _not_agreed(books: Books) -> str:
    since = time(books.no_chain_since) if books.no_chain_since else ""
    if books.block is None:
        return worded(_NO_CHAIN_SINCE, time=since) if since else worded(_NO_CHAIN)
    if since:
        return worded(_OLD_SINCE, time=since, block=books.block)
    return worded(_OLD, block=books.block)
