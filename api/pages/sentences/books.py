"""English: whether the books are the chain, by how much not, since when, and how old the figures are.

The first of four facts says whether it ties.
"""

from __future__ import annotations

from api.pages.figures import count, with_asset
from api.pages.sentences.units import number_of, time
from api.pages.sentences.waiting import still_open
from ledger.rules.settled import SCANNED_WHOLE
from ledger.views.campaign import Books


def books_facts(books: Books) -> tuple[tuple[str, str], ...]:
    """Four facts, label and value; the first says whether it ties."""
    sources = f"{books.sources_agreeing} of {books.sources}" if books.sources else "no source yet"
    look = f"{time(books.looked_at)}, {sources}" if books.looked_at else f"None yet, {sources}"
    if books.block is None:
        return (
            ("Not reconciled yet", "No block looked at"),
            ("Wallets", f"{with_asset('BTC', books.in_wallets)} in the books"),
            ("Outgoing coins", _outgoing(books)),
            ("Last look, sources", look),
        )
    if books.behind and not (books.difference or books.unexplained or books.shortfall):
        return (
            ("Not reconciled yet", f"Read to block {count(books.block)}"),
            ("Wallets", f"{with_asset('BTC', books.in_wallets)} in the books"),
            ("Outgoing coins", _outgoing(books)),
            ("Last look, sources", look),
        )
    if books.reconciled:
        return (
            ("Reconciled", f"Books = chain at block {count(books.block)}"),
            ("Wallets", f"{with_asset('BTC', books.in_wallets)}, difference {_zero(books.difference)}"),
            ("Outgoing coins", _outgoing(books)),
            ("Last look, sources", look),
        )
    if books.is_chain:
        return (
            ("Not reconciled yet", still_open(books)),
            ("Wallets", f"Books = chain at block {count(books.block)}"),
            ("Outgoing coins", _outgoing(books)),
            ("Last look, sources", look),
        )
    since = f", since {time(books.unexplained_since)}" if books.unexplained_since else ""
    return (
        (f"Does not reconcile{since}", _wrong(books)),
        ("In the books", with_asset("BTC", books.in_wallets)),
        (f"On the chain, block {count(books.block)}", with_asset("BTC", books.in_wallets + books.difference)),
        ("Last look, sources", look),
    )


def _zero(difference: int) -> str:
    return "0" if difference == 0 else with_asset("BTC", difference)


def _outgoing(books: Books) -> str:
    return (
        f"{with_asset('BTC', books.unexplained)} unexplained" if books.unexplained else "Every one explained"
    )


def _wrong(books: Books) -> str:
    if books.unexplained:
        return f"{with_asset('BTC', books.unexplained)} unexplained"
    if books.shortfall:
        return f"{with_asset('BTC', books.shortfall)} shortfall"
    side = "more" if books.difference > 0 else "missing"
    return f"{with_asset('BTC', abs(books.difference))} {side} on the chain"


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
        kept = f" These figures are of block {count(books.block)}." if books.block is not None else ""
        notes.append(f"No agreed chain{since}.{kept} They will not change until the sources agree again.")
    if books.start is not None and books.trust in _TRUST:
        notes.append(f"Headers are checked from block {count(books.start)} on, {_TRUST[books.trust]}.")
    if books.trusted_rules:
        notes.append(f"The rules of {books.trusted_rules} are not checked in full; its blocks are trusted.")
    if books.behind > 0:
        hours = f", about {number_of(books.behind_hours, 'hour')}" if books.behind_hours else ""
        notes.append(
            f"{number_of(books.behind, 'block')} behind the chain{hours}. Nothing is called reconciled until then."
        )
    if books.completeness != SCANNED_WHOLE:
        notes.append(f"That no payment is missing rests on this: {books.completeness}.")
    if books.shortfall:
        notes.append(
            f"{with_asset('BTC', books.shortfall)} was undone by the chain after it was used, and must be covered."
        )
    if books.unvalued:
        since = f" since {time(books.unvalued_since)}" if books.unvalued_since else ""
        gifts = f"{number_of(books.unvalued, 'donation')}, {with_asset('BTC', books.unvalued_sats)}"
        notes.append(
            f"Without a value{since}: {gifts}. No two price sources agreed, so the coordinators have to decide."
        )
    return tuple(notes)
