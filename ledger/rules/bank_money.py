"""What lies at a bank, and what of it a fact may take. A bank may take back more than lies there: it is overdrawn then.

No account of a bank is below zero; what a bank lent so stands apart, and counts off what is there.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.core.accounts import AccountClass, account
from ledger.rules.books import Books
from ledger.rules.restrictions import Taking, take, too_little, units_of
from ledger.rules.spec import Context

OVERDRAWN = (AccountClass.BANK, AccountClass.OVERDRAFT)
"""Where the money of a bank stands: what lies there, and by how much it is overdrawn."""


def at_bank(books: Books, campaign: str, bank: str, asset: str) -> int:
    """What a bank holds, minor units; below zero where it is overdrawn."""
    return sum(books.net(account(kind, campaign, bank), asset) for kind in OVERDRAWN)


def at_banks(books: Books, campaign: str, asset: str) -> int:
    """What all banks of a campaign hold together."""
    return sum(b.net for kind in OVERDRAWN for b in books.balances(kind, campaign, asset=asset))


def taken_there(
    context: Context, bank: str, asset: str, wanted: int, order: Iterable[str]
) -> tuple[Taking, ...]:
    """The lowest free units of some restrictions for what leaves a bank; Refused where there is less."""
    takings = take(context.books, context.campaign, asset, wanted, order)
    there = at_bank(context.books, context.campaign, bank, asset)
    if units_of(takings) < wanted or there < wanted:
        raise too_little("amount", asset, wanted, max(0, min(units_of(takings), there)), bank)
    return takings
