"""English: `bank accounts`: whose money lies at a bank, and how soon it is told."""

from __future__ import annotations

from api.pages.sentences.messages import Message, worded
from ledger.model.bank import Account
from ledger.views.bank_accounts import BankAccount

_LINE = "a bank and what is expected of it"
_NAME = "{bank}: its name"
_DAYS = "{days}: days until an entry is on a statement"
_EVERY = "{every}: days until there is another statement"
_OWN = Message(
    "{bank}: the campaign's own; an entry is on a statement within {days} days, and there is one every {every} days",
    *(_LINE, _NAME, _DAYS, _EVERY),
)
_SHARED = Message(
    "{bank}: shared with others' money; an entry is on a statement within {days} days, and there is one every {every} "
    "days",
    *(_LINE, _NAME, _DAYS, _EVERY),
)
_CASH = Message("{bank}: cash, which two people count", _LINE, _NAME)
_ADVANCE = Message(
    "{bank}: an advance to {holder}, accounted for by {until}",
    *(_LINE, _NAME, "{holder}: the organisation that has the money", "{until}: a day"),
)
_OTHERS = Message(
    "any other: an entry is on a statement within {days} days, and there is one every {every} days",
    *(_LINE, _DAYS, _EVERY),
)


def account_said(row: BankAccount) -> str:
    """`First Bank: the campaign's own; …`."""
    if row.bank is None:
        return worded(_OTHERS, days=row.days, every=row.statement_days)
    match row.account:
        case Account.CASH:
            return worded(_CASH, bank=row.bank)
        case Account.ADVANCE:
            return worded(_ADVANCE, bank=row.bank, holder=row.holder, until=row.until)
        case Account.SHARED:
            return worded(_SHARED, bank=row.bank, days=row.days, every=row.statement_days)
        case Account.OWN:
            return worded(_OWN, bank=row.bank, days=row.days, every=row.statement_days)
