"""English: whether the books are the chain, by how much not, since when, and how old the figures are.

The first of the facts says whether it ties.
"""

from __future__ import annotations

from api.pages.figures import count, exact, with_asset
from api.pages.sentences.units import number_of, time
from api.pages.sentences.waiting import still_open
from ledger.core.frozen import Amount
from ledger.rules.settled import SCANNED_WHOLE
from ledger.views.campaign import Apart, Books
from ledger.views.chain_status import ChainStatus


def books_state(books: Books) -> str:
    """`ties`, `broken`, or `waits`: what only waits for a person is no alarm; what the chain contradicts is one."""
    if books.block is None or (not books.reconciled and not books.is_wrong):
        return "waits"
    return "ties" if books.reconciled else "broken"


def last_look(status: ChainStatus) -> str:
    """When the chain was last looked at, and how many of its sources agreed: `28 September 2020, 14:16 UTC, 3 of 3`."""
    agreeing = sum(1 for source in status.sources if source.ok and source.lied is None)
    sources = f"{agreeing} of {len(status.sources)}" if status.sources else "no source yet"
    return f"{time(status.looked_at)}, {sources}" if status.looked_at else f"None yet, {sources}"


def books_facts(books: Books) -> tuple[tuple[str, str], ...]:
    """Three facts, label and value; the first says whether it ties. The last look stands beside them."""
    if books.block is None:
        return (
            ("Not reconciled yet", "No block looked at"),
            ("Wallets", f"{_wallets(books)} in the books"),
            ("Outgoing coins", _outgoing(books)),
        )
    if books.behind_blocks and not books.is_wrong:
        return (
            ("Not reconciled yet", f"Read to block {count(books.block)}"),
            ("Wallets", f"{_wallets(books)} in the books"),
            ("Outgoing coins", _outgoing(books)),
        )
    if books.reconciled:
        return (
            ("Reconciled", f"Books = chain at block {count(books.block)}"),
            ("Wallets", f"{_wallets(books)}, difference {_zero(books.difference)}"),
            ("Outgoing coins", _outgoing(books)),
        )
    if books.is_chain:
        return (
            ("Not reconciled yet", still_open(books)),
            ("Wallets", f"Books = chain at block {count(books.block)}"),
            ("Outgoing coins", _outgoing(books)),
        )
    since = f", since {time(books.unexplained_since)}" if books.unexplained_since else ""
    return (
        (f"Does not reconcile{since}", _wrong(books)),
        ("In the books", with_asset(books.in_books)),
        (
            f"On the chain, block {count(books.block)}",
            with_asset(Amount.of("BTC", books.in_books.minor + books.difference.minor)),
        ),
    )


_APART = {
    Apart.DUST: "below the dust line",
    Apart.UNDECIDED: "waiting for a decision",
    Apart.BLOCKED: "blocked",
}


def _wallets(books: Books) -> str:
    """`3.51108006 BTC`, and where not all of it is held for the campaign, its addends."""
    if not books.apart:
        return with_asset(books.in_books)
    held = Amount.of("BTC", books.in_books.minor - sum(row.minor for row in books.apart))
    parts = [f"{exact(held)} held", *(f"{exact(row)} {_APART[row.why]}" for row in books.apart)]
    return f"{with_asset(books.in_books)} ({' + '.join(parts)})"


def _zero(difference: Amount) -> str:
    return "0" if difference.minor == 0 else with_asset(difference)


def _outgoing(books: Books) -> str:
    return (
        f"{with_asset(books.unexplained)} unexplained" if books.unexplained.minor else "Every one explained"
    )


def _wrong(books: Books) -> str:
    if books.unexplained.minor:
        return f"{with_asset(books.unexplained)} unexplained"
    if books.shortfall.minor:
        return f"{with_asset(books.shortfall)} shortfall"
    side = "more" if books.difference.minor > 0 else "missing"
    return f"{with_asset(Amount.of('BTC', abs(books.difference.minor)))} {side} on the chain"


_TRUST = {
    "first use": "which was trusted on first use because the sources agreed on it",
    "operator": "which the operator named",
    "table": "which the shipped table pins",
}
"""Who vouches for the block that headers are checked from; the first block of a chain needs nobody."""


def books_notes(books: Books) -> tuple[str, ...]:
    """What a reader must know of how old the figures are."""
    notes = []
    if not books.agreed:
        since = f" since {time(books.no_chain_since)}" if books.no_chain_since else ""
        if books.block is None:
            notes.append(f"No agreed chain{since}. No coins are counted until the sources agree on one.")
        else:
            kept = f"These figures are of block {count(books.block)}."
            notes.append(
                f"No agreed chain{since}. {kept} They will not change until the sources agree again."
            )
    if books.start is not None and books.trust in _TRUST:
        notes.append(f"Headers are checked from block {count(books.start)} on, {_TRUST[books.trust]}.")
    if books.trusted_rules:
        notes.append(f"The rules of {books.trusted_rules} are not checked in full; its blocks are trusted.")
    if books.behind_blocks > 0:
        hours = f", about {number_of(books.behind_hours, 'hour')}" if books.behind_hours else ""
        notes.append(
            f"{number_of(books.behind_blocks, 'block')} behind the chain{hours}. "
            "Nothing is called reconciled until then."
        )
    if books.completeness != SCANNED_WHOLE:
        notes.append(f"That no payment is missing rests on this: {books.completeness}.")
    if books.shortfall.minor:
        notes.append(
            f"{with_asset(books.shortfall)} was undone by the chain after it was used, and must be covered."
        )
    if books.unvalued.count:
        since = f" since {time(books.unvalued.since)}" if books.unvalued.since else ""
        gifts = f"{number_of(books.unvalued.count, 'donation')}, {with_asset(books.unvalued)}"
        notes.append(
            f"Without a value{since}: {gifts}. No two price sources agreed, so the coordinators have to decide."
        )
    return tuple(notes)
