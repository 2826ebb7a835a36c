"""Invariants of the ledger: the list of all checks, each a function that yields what is wrong, and their run.

None of them mends anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ledger.checks.bank import bank_matches_tie, bank_movements_tie, bank_outstanding_ties
from ledger.checks.books import assets_balance, lines_are_tiled, no_negative_place, parts_sum, places_tie
from ledger.checks.dates import days_in_order, no_day_below_zero
from ledger.checks.finding import Finding
from ledger.checks.gifts import (
    blocked_gifts_are_held,
    carrying_values_tie,
    gift_sums_tie,
    gift_values_tie,
    pledges_tie,
    unvalued_sums_tie,
)
from ledger.checks.headers import headers_link
from ledger.checks.journal import bytes_hash, closed_periods_stand, outpoints_live_once, recorded_acts_stand
from ledger.checks.money import (
    books_are_chain,
    coins_at_exchanges_tie,
    conversions_tie,
    loans_tie,
    money_on_lines,
    unspent_sums_tie,
)
from ledger.checks.papers import openings_open, papers_hash, sealed_papers_are_not_kept
from ledger.checks.published import published_sums_tie
from ledger.checks.rows import rows_are_bytes
from ledger.checks.things import closed_orders_left_nothing, lots_tie, orders_tie, results_tie
from ledger.core.errors import LedgerError, StorageFailed
from ledger.store.transaction import Reading

CHECKS: tuple[Callable[[Reading], Iterator[Finding]], ...] = (
    assets_balance,
    no_negative_place,
    places_tie,
    no_day_below_zero,
    days_in_order,
    lines_are_tiled,
    parts_sum,
    orders_tie,
    closed_orders_left_nothing,
    lots_tie,
    bytes_hash,
    rows_are_bytes,
    recorded_acts_stand,
    outpoints_live_once,
    books_are_chain,
    unspent_sums_tie,
    gift_sums_tie,
    unvalued_sums_tie,
    gift_values_tie,
    money_on_lines,
    results_tie,
    carrying_values_tie,
    bank_matches_tie,
    bank_movements_tie,
    bank_outstanding_ties,
    conversions_tie,
    coins_at_exchanges_tie,
    loans_tie,
    pledges_tie,
    blocked_gifts_are_held,
    closed_periods_stand,
    published_sums_tie,
    papers_hash,
    sealed_papers_are_not_kept,
    openings_open,
    headers_link,
)

BY_ENTRY = (bytes_hash, rows_are_bytes)
"""Checks of single entries: what they found once stays so, as long as nobody meddles with the database."""

BY_ACCOUNT = (
    assets_balance,
    no_negative_place,
    orders_tie,
    lots_tie,
    results_tie,
    conversions_tie,
    coins_at_exchanges_tie,
    loans_tie,
    pledges_tie,
)
"""Checks of sums that do not grow with the number of gifts."""


def run_checks(tx: Reading) -> list[Finding]:
    """All that is wrong, by every check; one that cannot read what is stored says so."""
    return _findings(tx, CHECKS)


def run_new_checks(tx: Reading, after: int) -> list[Finding]:
    """What is wrong with the entries above `after`, and with the sums that they led to; for in between whole runs."""
    return _findings(tx, (*(partial(check, after=after) for check in BY_ENTRY), *BY_ACCOUNT))


def _findings(tx: Reading, checks: Iterable[Callable[[Reading], Iterator[Finding]]]) -> list[Finding]:
    findings: list[Finding] = []
    for check in checks:
        try:
            findings.extend(check(tx))
        except StorageFailed:
            raise  # nothing is known to be wrong: it could not be read now
        except LedgerError as failure:
            name = check.func.__name__ if isinstance(check, partial) else check.__name__
            findings.extend(
                Finding(name, error.field or "journal", error.wording) for error in failure.errors
            )
    return findings
