"""Checks of accounts and lines: assets balance, nothing is below zero, units are tiled. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ledger.checks.finding import Finding
from ledger.core.accounts import NEVER_NEGATIVE
from ledger.core.lines import UnitState
from ledger.core.wording import Figure
from ledger.rules.books import Books
from ledger.store.transaction import Reading


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


def lines_are_tiled(tx: Reading) -> Iterator[Finding]:
    """Free, held, used and void units tile every line, and each used span names a use of that line."""
    lines = Books(tx).lines
    for name in lines.names():
        at = 0
        spans = lines.spans(name)
        uses = lines.uses_in(spans)
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
        if at != lines.length(name):
            yield Finding.of(
                "lines_are_tiled",
                name,
                "{line} is {length} long and tiled to {end}",
                line=name,
                length=lines.length(name),
                end=at,
            )


def parts_sum(tx: Reading) -> Iterator[Finding]:
    """The parts of each standing use sum to what it took, and lie where they say."""
    lines = Books(tx).lines
    for name in lines.names():
        spans = lines.spans(name)
        for use_id, use in lines.uses_in(spans).items():
            if sum(part.share for part in use.parts) != use.scale:
                yield Finding.of(
                    "parts_sum",
                    use_id,
                    "the parts of {use} do not sum to {scale}",
                    use=use_id,
                    scale=use.scale,
                )
            # What a use appended to its own line and took back since is void by it, and not taken.
            taken = sum(s.end - s.start for s in spans if (s.state, s.ref) == (UnitState.USED, use_id))
            if taken != use.units:
                yield Finding.of(
                    "parts_sum",
                    use_id,
                    "{use} counts {counted} and holds {n} unit",
                    many="{use} counts {counted} and holds {n} units",
                    use=use_id,
                    counted=use.units,
                    n=taken,
                )
            for part in use.parts:
                if part.line is None or not part.out:
                    continue
                covered = sum(
                    min(s.end, part.start + part.out) - max(s.start, part.start)
                    for s in lines.sources(part.line, part.start, part.start + part.out)
                    if s.use == use_id
                )
                if covered != part.out:
                    yield Finding.of(
                        "parts_sum",
                        use_id,
                        "{line} does not hold what {use} yielded",
                        line=part.line,
                        use=use_id,
                    )
