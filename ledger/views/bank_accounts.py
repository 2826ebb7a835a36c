"""What a campaign expects of each place where its bank money lies: whose money is there, and how soon it is told."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Frozen
from ledger.model.bank import Account
from ledger.rules.balances import balances
from ledger.rules.bank import statements_of
from ledger.rules.bank_terms import terms_of
from ledger.rules.campaigns import campaign_of


class BankAccount(Frozen):
    """A bank, cash box, wallet, advance or claim on a tax office, with the terms that hold there."""

    bank: str | None
    """Its name; null: every other one, named or yet to come."""
    own_terms: bool
    """Did somebody say it of this one? Else it has what is said of all others."""
    account: Account
    """Whose money lies there, and how it is told."""
    days: int
    """Days until an entry is on a statement."""
    statement_days: int
    """Days until there is another statement."""
    holder: str
    """Of an advance, or tax that comes back: the organisation that has the money; else empty."""
    until: str
    """Of an advance, or tax that comes back: the day by which it is accounted for; else empty."""


def bank_accounts(session: Session, slug: str) -> Sequence[BankAccount]:
    """All that a campaign has entries, statements or terms of, by name, then what holds of every other one.

    Raises NotFound for an unknown campaign.
    """
    campaign_of(session, slug)
    terms = terms_of(session, slug)
    names = {balance.account.detail[-1] for balance in balances(session, AccountClass.BANK, slug)}
    names |= {row.bank for row in statements_of(session, slug)} | terms.of.keys()
    return [
        BankAccount(
            bank=name,
            own_terms=name in terms.of,
            account=of.account,
            days=of.days,
            statement_days=of.statement_days,
            holder=of.holder,
            until=of.until,
        )
        for name, of in [*((name, terms.at(name)) for name in sorted(names)), (None, terms.others)]
    ]
