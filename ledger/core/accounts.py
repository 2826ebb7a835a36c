"""Accounts: where assets lie, as `class/detail` names. Everything is a place; nothing here moves anything."""

from __future__ import annotations

from enum import StrEnum


class AccountClass(StrEnum):
    """The first segment of an account's name."""

    WALLET = "wallet"  # coins of a campaign that lie in watched addresses
    DUST = "dust"  # payments below the dust line, in the wallet, off every line
    UNDECIDED = "undecided"  # coins that came back above what a spend put in
    BLOCKED = "blocked"  # gifts set apart before they settled, on no line until two persons release them
    UNEXPLAINED = "unexplained"  # coins that left and wait for the entry that says why
    EXCHANGE = "exchange"  # coins of ours that an exchange holds and has not sold yet, by exchange
    BANK = "bank"
    OVERDRAFT = "overdraft"  # what a bank took back beyond what lay there
    INTEREST = "interest"
    BEFORE = "before"  # where came from, and went to, what the books follow from an opening on
    GIFTS = "gifts"
    DUST_GIFTS = "dust_gifts"
    BLOCKED_GIFTS = "blocked_gifts"
    IN_KIND = "in_kind"  # where goods and services that were given came from
    EXCESS = "excess"
    TOP_UPS = "top_ups"  # coins that the campaign's own people put in: money, and no gift
    OWN_COINS = "own_coins"  # coins of ours that came back from where the books did not follow them
    UNDONE = "undone_spends"
    GIVEN_BACK = "given_back"  # money and coins that went back to donors
    TRADING = "trading"  # conversion: one asset given for another
    TAX = "tax"  # withheld from suppliers, and owed to the tax office
    SUPPLIER = "supplier"  # what a supplier was paid, by order
    INDEMNITIES = "indemnities"  # what carriers and insurers paid for pieces that they answer for, by claim
    FEES = "fees"
    ORDERED = "ordered"
    OPEN = "open"  # ordered pieces not yet received, by order and item
    CANCELLED = "cancelled"  # ordered pieces that will not come, by order and item
    CLAIMS = "claims"  # order value paid for what did not come, which the supplier owes
    OVER = "over"  # pieces that came too much: apart, unusable, until somebody decides
    SURPLUS = "surplus"  # where pieces came from that a count found beyond what was sent, or beyond the books
    EXPLAINED = "explained"  # surplus that the books tell of by another fact, which counts it
    REPLACED = "replaced"  # short or rejected pieces that the supplier delivered later as another lot
    NOTED = "noted"  # pieces that delivery notes turned into lots
    STOCK = "stock"
    TRANSIT = "transit"
    HANDED = "handed"
    DISTRIBUTED = "distributed"
    DELIVERED = "delivered"  # services
    LOST = "lost"
    RETURNED = "returned"
    LENT = "lent"  # what another campaign owes by a loan
    OWED = "owed"  # what a campaign owes another by a loan
    REACHED = "reached"  # people or events reached, by indicator
    RESULTS = "results"
    COMMITMENTS = "commitments"
    ENCUMBERED = "encumbered"  # money bound by an approved order, not yet paid


NEVER_NEGATIVE = frozenset(
    {
        AccountClass.WALLET,
        AccountClass.DUST,
        AccountClass.UNDECIDED,
        AccountClass.BLOCKED,
        AccountClass.UNEXPLAINED,
        AccountClass.EXCHANGE,
        AccountClass.BANK,
        AccountClass.OPEN,
        AccountClass.CANCELLED,
        AccountClass.CLAIMS,
        AccountClass.OVER,
        AccountClass.EXPLAINED,
        AccountClass.STOCK,
        AccountClass.TRANSIT,
        AccountClass.HANDED,
        AccountClass.ENCUMBERED,
        AccountClass.DISTRIBUTED,
        AccountClass.LOST,
        AccountClass.LENT,
        AccountClass.REACHED,
    }
)
"""Classes whose balance (debits minus credits) is never below zero (docs/rules.md, C4)."""


def account(kind: AccountClass, *detail: str) -> str:
    """`class/detail/…`; details are validated names without `/` or `|`."""
    return "/".join((kind.value, *detail))


def campaign_of(name: str) -> str:
    """The campaign that an account belongs to: its second segment."""
    return name.split("/", 2)[1]
