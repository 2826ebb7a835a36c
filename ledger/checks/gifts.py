"""Checks of gifts: what is kept or promised of them is what they are one by one. None of them mends anything."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.checks.finding import Finding
from ledger.core.lines import units_in
from ledger.core.wording import Figure
from ledger.rules.block_holds import blocked_intervals
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.gift_records import DaySums
from ledger.rules.gift_sums import counted_days, kept_days
from ledger.rules.gift_values import gifts_valued_otherwise
from ledger.rules.pledges import (
    gift_asset,
    gift_worth,
    matched_gifts,
    matched_of_gift,
    pledge_states,
    pledges_of,
)
from ledger.rules.unvalued import UnvaluedSum, counted_moments, unvalued_blocks
from ledger.store.transaction import Reading
from ledger.views.carrying import carrying_tables


def gift_sums_tie(tx: Reading) -> Iterator[Finding]:
    """The sums that pages show of gifts are those of the gifts themselves, day by day."""
    for slug in campaign_slugs(tx.session):
        counted, kept = counted_days(tx.session, slug), kept_days(tx.session, slug)
        for day in sorted(counted.keys() | kept.keys()):
            one, other = counted.get(day, DaySums()), kept.get(day, DaySums())
            for name, summed, stored in zip(DaySums._fields, one, other, strict=True):
                if summed != stored:
                    yield Finding.of(
                        "gift_sums_tie",
                        f"{slug} {day}",
                        "{sum}: {counted} counted and {kept} in the kept sums",
                        sum=name,
                        counted=summed,
                        kept=stored,
                    )


def unvalued_sums_tie(tx: Reading) -> Iterator[Finding]:
    """What is kept of gifts without a value is what the gifts themselves say, moment by moment."""
    for slug in campaign_slugs(tx.session):
        counted = counted_moments(tx.session, slug)
        kept = {row.moment: UnvaluedSum(row.gifts, row.sats) for row in unvalued_blocks(tx.session, slug)}
        for moment in sorted(counted.keys() | kept.keys()):
            one, other = counted.get(moment, UnvaluedSum(0, 0)), kept.get(moment, UnvaluedSum(0, 0))
            for name, summed, stored in zip(UnvaluedSum._fields, one, other, strict=True):
                if summed != stored:
                    yield Finding.of(
                        "unvalued_sums_tie",
                        f"{slug} {moment.at} {moment.height}",
                        "{sum}: {counted} counted and {kept} in the kept sums",
                        sum=name,
                        counted=summed,
                        kept=stored,
                    )


def gift_values_tie(tx: Reading) -> Iterator[Finding]:
    """A gift has the value that the valuation it names says, which stands; and none where it names none."""
    for outpoint in gifts_valued_otherwise(tx.session):
        yield Finding.of("gift_values_tie", outpoint, "its value is not that of its valuation")


def carrying_values_tie(tx: Reading) -> Iterator[Finding]:
    """What all coins of a campaign are carried at = the values of its gifts; what they fetched = that plus gain."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        for table in carrying_tables(books, slug):
            difference = sum(row.minor for row in table.rows) - table.total.minor
            if difference:
                yield Finding.of(
                    "carrying_values_tie",
                    slug,
                    "the rows of {total} differ from it by {difference}",
                    total=table.total.key,
                    difference=Figure(table.asset, difference),
                )


def pledges_tie(tx: Reading) -> Iterator[Finding]:
    """No pledge is matched for more than it promised, and no gift for more than it is in its own asset."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        pledges = pledges_of(tx.session, slug)
        states = pledge_states(books, slug, pledges)
        for pledge in pledges:
            number, state = pledge.number, states[pledge.entry]
            if state.paid > state.promised:
                yield Finding.of(
                    "pledges_tie",
                    number,
                    "{paid} matched to a promise of {promised}",
                    paid=Figure(state.asset, state.paid),
                    promised=Figure(state.asset, state.promised),
                )
        for gift in matched_gifts(tx.session, slug):
            asset = gift_asset(books, slug, gift)
            worth = gift_worth(books, slug, gift, asset)
            matched = matched_of_gift(tx.session, slug, gift, asset)
            if worth is not None and matched > worth:
                yield Finding.of(
                    "pledges_tie",
                    gift,
                    "{matched} matched of a gift of {worth}",
                    matched=Figure(asset, matched),
                    worth=Figure(asset, worth),
                )


def blocked_gifts_are_held(tx: Reading) -> Iterator[Finding]:
    """No unit of a gift that a standing block is on is free to be spent."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        for number, line, start, end in blocked_intervals(books, slug):
            free = units_in(books.lines.lowest_free(line, end - start, within=(start, end)))
            if free:
                yield Finding.of(
                    "blocked_gifts_are_held",
                    number,
                    "units of its gift on {line} are free: {free}",
                    line=line,
                    free=free,
                )
