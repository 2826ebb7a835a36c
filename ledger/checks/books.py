"""Checks of accounts and lines: assets balance, nothing is below zero, units are tiled. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

from ledger.checks.finding import Finding
from ledger.core.accounts import NEVER_NEGATIVE
from ledger.core.lines import Part, Source, Span, UnitState, Use
from ledger.core.wording import Figure
from ledger.rules.books import Books
from ledger.store.transaction import Reading
from ledger.tracing.state import Lines, Run

_BATCH = 100
"""Lines that are read with one question."""


def assets_balance(tx: Reading) -> Iterator[Finding]:
    """Each asset's debits equal its credits over all accounts."""
    sums: dict[str, int] = defaultdict(int)
    for balance in Books(tx).balances():
        sums[balance.asset] += balance.net
    for asset, net in sums.items():
        if net:
            yield Finding.of(
                "assets_balance",
                asset,
                "debits and credits of {asset} differ by {difference}",
                asset=asset,
                difference=Figure(asset, net),
            )


def places_tie(tx: Reading) -> Iterator[Finding]:
    """What the transfers moved at each account, one by one, is what lies there."""
    moved = {(name, asset): units for name, asset, units in tx.journal.net()}
    for balance in Books(tx).balances():
        name, asset = str(balance.account), balance.asset
        units = moved.pop((name, asset), 0)
        if units != balance.net:
            yield Finding.of(
                "places_tie",
                name,
                "{held} lie there, and entries moved {moved}",
                held=Figure(asset, balance.net),
                moved=Figure(asset, units),
            )
    for (name, asset), units in moved.items():
        yield Finding.of(
            "places_tie",
            name,
            "entries moved {moved} at a place that holds nothing",
            moved=Figure(asset, units),
        )


def no_negative_place(tx: Reading) -> Iterator[Finding]:
    """No wallet, bank, stock or transit holds less than nothing."""
    for balance in Books(tx).balances():
        if balance.net < 0 and balance.account.kind in NEVER_NEGATIVE:
            name = str(balance.account)
            yield Finding.of(
                "no_negative_place",
                name,
                "{place} holds {held}",
                place=name,
                held=Figure(balance.asset, balance.net),
            )


def _some_lines(lines: Lines) -> Iterator[dict[str, list[Span]]]:
    """All lines with the states of their units, so many at a time as are asked for together."""
    names = iter(lines.names())
    while some := list(islice(names, _BATCH)):
        spans = lines.whole_of(some)
        yield {name: spans.get(name, []) for name in some}


def lines_are_tiled(tx: Reading) -> Iterator[Finding]:
    """Free, held, used and void units tile every line, and each used span names a use of that line."""
    lines = Books(tx).lines
    for some in _some_lines(lines):
        uses = lines.uses_in(chain.from_iterable(some.values()))
        yield from _not_tiled(some, uses, lines.lengths(some))


def _not_tiled(
    lines: Mapping[str, Sequence[Span]], uses: Mapping[str, Use], lengths: Mapping[str, int]
) -> Iterator[Finding]:
    for name, spans in lines.items():
        at = 0
        for span in spans:
            if span.start != at:
                yield Finding.of(
                    "lines_are_tiled",
                    name,
                    "units {start} to {end} of {line} have no state",
                    start=at,
                    end=span.start,
                    line=name,
                )
            if span.state is UnitState.USED and uses[span.ref].line != name:
                yield Finding.of(
                    "lines_are_tiled",
                    name,
                    "units from {start} name a use of another line",
                    start=span.start,
                )
            at = span.end
        if at != lengths.get(name, 0):
            yield Finding.of(
                "lines_are_tiled",
                name,
                "{line} is {length} long and tiled to {end}",
                line=name,
                length=lengths.get(name, 0),
                end=at,
            )


def parts_sum(tx: Reading) -> Iterator[Finding]:
    """The parts of each standing use sum to what it took, and lie where they say."""
    lines = Books(tx).lines
    for some in _some_lines(lines):
        uses = lines.uses_in(chain.from_iterable(some.values()))
        sources = lines.sources_of(run for use in uses.values() for _, run in _appended(use))
        # What a use appended to its own line and took back since is void by it, and not taken.
        taken: dict[str, int] = defaultdict(int)
        for spans in some.values():
            for span in spans:
                if span.state is UnitState.USED:
                    taken[span.ref] += span.end - span.start
        for use in uses.values():
            yield from _not_summed(use, taken[use.id], sources)


def _appended(use: Use) -> Iterator[tuple[Part, Run]]:
    """The parts of a use that lie on a line, each with where."""
    for part in use.parts:
        if part.line is not None and part.out:
            yield part, (part.line, part.start, part.start + part.out)


def _not_summed(use: Use, taken: int, sources: Mapping[Run, Sequence[Source]]) -> Iterator[Finding]:
    if sum(part.share for part in use.parts) != use.scale:
        yield Finding.of(
            "parts_sum",
            use.id,
            "the parts of {use} do not sum to {scale}",
            use=use.id,
            scale=use.scale,
        )
    if taken != use.units:
        yield Finding.of(
            "parts_sum",
            use.id,
            "{use} counts {counted} and holds {n} unit",
            many="{use} counts {counted} and holds {n} units",
            use=use.id,
            counted=use.units,
            n=taken,
        )
    for part, run in _appended(use):
        line, start, end = run
        covered = sum(
            min(source.end, end) - max(source.start, start) for source in sources[run] if source.use == use.id
        )
        if covered != part.out:
            yield Finding.of(
                "parts_sum",
                use.id,
                "{line} does not hold what {use} yielded",
                line=line,
                use=use.id,
            )
