"""Free money that cannot be spent: behind which nothing lies, as gifts that the chain or a bank took back after they
were used; and value added tax that has still to come back.

What may be spent is the smaller of what is free on the lines and what is held (docs/rules.md, 4 and 28). It moves
nothing; the budget of orders and whoever takes unrestricted money first ask here.
"""

from __future__ import annotations

from ledger.core.accounts import AccountClass, account
from ledger.core.names import FREE
from ledger.rules.bank_terms import vat_places
from ledger.rules.books import Books
from ledger.rules.charge_backs import shortfall_at_banks
from ledger.rules.gift_sums import gift_shortfall
from ledger.rules.gifts import money_line


def wanting(books: Books, campaign: str, asset: str) -> int:
    """Minor units of an asset that its lines have and no wallet or bank holds.

    Coins of a spend that was undone lie in the wallet again while its use stands, and so make good for as many.
    """
    if asset != "BTC":
        return shortfall_at_banks(books.session, campaign, asset)
    undone = -books.net(account(AccountClass.UNDONE, campaign), "BTC")
    return max(0, gift_shortfall(books.session, campaign) - undone)


def vat_to_come(books: Books, campaign: str, asset: str) -> int:
    """Minor units of an asset that lie with tax offices as value added tax that comes back (docs/rules.md, 22)."""
    if asset == "BTC":
        return 0
    places = vat_places(books.session, campaign)
    return sum(books.net(account(AccountClass.BANK, campaign, place), asset) for place in places)


def free_and_held(books: Books, campaign: str, asset: str, restriction: str = FREE) -> int:
    """Units of a money line that are free and that something is there for; what is wanting, or has still to come back
    as tax, is so of money for any end first."""
    free = books.lines.free_units(money_line(campaign, asset, restriction))
    short = wanting(books, campaign, asset) + vat_to_come(books, campaign, asset) if free else 0
    if short and restriction != FREE:
        short = max(0, short - books.lines.free_units(money_line(campaign, asset, FREE)))
    return max(0, free - short)
