"""Checks of gifts: what is kept or promised of them is what they are one by one. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.checks.finding import Finding
from ledger.core.lines import units_in
from ledger.rules.block_holds import blocked_intervals
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.gift_sums import GiftSums, gift_days, gift_sums, part_of
from ledger.rules.gift_values import kept_gifts, untied_leaves, valued_gift
from ledger.rules.pledges import (
    gift_asset,
    gift_worth,
    matched_gifts,
    matched_of_gift,
    pledge_state,
    pledges_of,
)
from ledger.rules.unvalued import (
    UnvaluedBlock,
    UnvaluedSum,
    unvalued_blocks,
    unvalued_gift,
    unvalued_gifts_in,
    unvalued_sum,
)
from ledger.views.carrying import carrying_tables

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


def gift_sums_tie(tx: Reading) -> Iterator[Finding]:
    """The sums that pages show of gifts are those of the gifts themselves."""
    for slug in campaign_slugs(tx.session):
        counted, kept = GiftSums(), gift_sums(tx.shelf, slug)
        for _, gift in Books(tx).documents.all("donation", slug):
            counted = counted.plus(part_of(gift), 1)
        if counted != kept or sum(n for _, n in gift_days(tx.shelf, slug)) != kept.count:
            yield Finding("gift_sums_tie", slug, f"{counted} counted and {kept} in the kept sums")


def gift_values_tie(tx: Reading) -> Iterator[Finding]:
    """The values kept for a line are those of its gifts, one by one and in order, and each leaf sums to its row."""
    for slug in campaign_slugs(tx.session):
        gifts = (valued_gift(gift) for _, gift in Books(tx).documents.all("donation", slug))
        counted = sorted(gift for gift in gifts if gift is not None)
        kept = list(kept_gifts(tx.shelf, slug))
        if kept != counted:
            what = f"{len(counted)} gifts counted and {len(kept)} kept, or other values"
            yield Finding("gift_values_tie", slug, what)
        for leaf in untied_leaves(tx.shelf, slug):
            yield Finding("gift_values_tie", leaf, "the values kept here do not sum to their row")


def unvalued_gifts_tie(tx: Reading) -> Iterator[Finding]:
    """The gifts that wait for a value, and their sums, are those that have none."""
    for slug in campaign_slugs(tx.session):
        documents = Books(tx).documents.all("donation", slug)
        told = (unvalued_gift(outpoint, gift) for outpoint, gift in documents)
        counted = sorted(row for row in told if row is not None)
        if counted != list(unvalued_gifts_in(tx.shelf, slug)):
            yield Finding(
                "unvalued_gifts_tie", slug, f"{len(counted)} gifts have no value; the list has others"
            )
        blocks: dict[UnvaluedBlock, UnvaluedSum] = defaultdict(lambda: UnvaluedSum(0, 0))
        for block, gift in counted:
            blocks[block] = UnvaluedSum(blocks[block].gifts + 1, blocks[block].sats + gift.sats)
        whole = UnvaluedSum(len(counted), sum(gift.sats for _, gift in counted))
        sums = [block._replace(gifts=told.gifts, sats=told.sats) for block, told in blocks.items()]
        if sums != list(unvalued_blocks(tx.shelf, slug)) or whole != unvalued_sum(tx.shelf, slug):
            what = f"{whole.gifts} gifts and {whole.sats} sats counted; the kept sums differ"
            yield Finding("unvalued_gifts_tie", slug, what)


def carrying_values_tie(tx: Reading) -> Iterator[Finding]:
    """What all coins of a campaign are carried at = the values of its gifts; what they fetched = that plus gain."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        for table in carrying_tables(books, slug):
            difference = sum(row.minor for row in table.rows) - table.total.minor
            if difference:
                what = f"the rows of {table.total.key} differ from it by {difference} {table.asset}"
                yield Finding("carrying_values_tie", slug, what)


def pledges_tie(tx: Reading) -> Iterator[Finding]:
    """No pledge is matched for more than it promised, and no gift for more than it is in its own asset."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        for pledge in pledges_of(tx.session, slug):
            number, state = pledge.number, pledge_state(books, pledge)
            if state.paid > state.promised:
                what = f"{state.paid} {state.asset} matched to a promise of {state.promised}"
                yield Finding("pledges_tie", number, what)
        for gift in matched_gifts(tx.session, slug):
            asset = gift_asset(books, slug, gift)
            worth = gift_worth(books, slug, gift, asset)
            matched = matched_of_gift(tx.session, slug, gift, asset)
            if worth is not None and matched > worth:
                yield Finding("pledges_tie", gift, f"{matched} {asset} matched of a gift of {worth}")


def blocked_gifts_are_held(tx: Reading) -> Iterator[Finding]:
    """No unit of a gift that a standing block is on is free to be spent."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        for number, line, start, end in blocked_intervals(books, slug):
            free = units_in(books.lines.lowest_free(line, end - start, within=(start, end)))
            if free:
                yield Finding(
                    "blocked_gifts_are_held", number, f"{free} units of its gift on {line} are free"
                )
