"""English: accounts of the ledger in a trial balance, by what they hold."""

from __future__ import annotations

from api.pages.messages import COMMAS, Message, listed, worded
from ledger.core.accounts import AccountClass

_HOLDS = "an account, by what it holds or where it came from"
ACCOUNTS = {
    AccountClass.WALLET: Message("Wallets", _HOLDS),
    AccountClass.DUST: Message("Dust in wallets", _HOLDS),
    AccountClass.UNDECIDED: Message("Coins that nobody has decided on yet", _HOLDS),
    AccountClass.BLOCKED: Message("Blocked coins", _HOLDS),
    AccountClass.UNEXPLAINED: Message("Coins that left unexplained", _HOLDS),
    AccountClass.EXCHANGE: Message("Coins at an exchange", _HOLDS),
    AccountClass.BANK: Message("Bank", _HOLDS),
    AccountClass.OVERDRAFT: Message("Overdraft", _HOLDS),
    AccountClass.INTEREST: Message("Interest", _HOLDS),
    AccountClass.BEFORE: Message("From before the books begin", _HOLDS),
    AccountClass.GIFTS: Message("Gifts", _HOLDS),
    AccountClass.DUST_GIFTS: Message("Gifts below the dust line", _HOLDS),
    AccountClass.BLOCKED_GIFTS: Message("Blocked gifts", _HOLDS),
    AccountClass.IN_KIND: Message("Gifts in kind", _HOLDS),
    AccountClass.EXCESS: Message("Coins beyond what a spend put in", _HOLDS),
    AccountClass.TOP_UPS: Message("Top-ups by the campaign's own people", _HOLDS),
    AccountClass.OWN_COINS: Message("Own coins that came back", _HOLDS),
    AccountClass.UNDONE: Message("Spends that the chain undid", _HOLDS),
    AccountClass.GIVEN_BACK: Message("Given back to donors", _HOLDS),
    AccountClass.TRADING: Message("Conversions", _HOLDS),
    AccountClass.TAX: Message("Withheld tax", _HOLDS),
    AccountClass.SUPPLIER: Message("Paid to suppliers", _HOLDS),
    AccountClass.INDEMNITIES: Message("Indemnities", _HOLDS),
    AccountClass.FEES: Message("Fees", _HOLDS),
    AccountClass.ORDERED: Message("Ordered pieces", _HOLDS),
    AccountClass.OPEN: Message("Ordered and not yet received", _HOLDS),
    AccountClass.CANCELLED: Message("Cancelled", _HOLDS),
    AccountClass.CLAIMS: Message("Claims", _HOLDS),
    AccountClass.OVER: Message("Pieces that came too much", _HOLDS),
    AccountClass.SURPLUS: Message("Found beyond the count", _HOLDS),
    AccountClass.EXPLAINED: Message("Found, and told by another fact", _HOLDS),
    AccountClass.REPLACED: Message("Replaced by the supplier", _HOLDS),
    AccountClass.NOTED: Message("On delivery notes", _HOLDS),
    AccountClass.STOCK: Message("In stock", _HOLDS),
    AccountClass.TRANSIT: Message("On the way", _HOLDS),
    AccountClass.HANDED: Message("Handed over", _HOLDS),
    AccountClass.DISTRIBUTED: Message("Handed out", _HOLDS),
    AccountClass.DELIVERED: Message("Services delivered", _HOLDS),
    AccountClass.LOST: Message("Lost", _HOLDS),
    AccountClass.RETURNED: Message("Sent back", _HOLDS),
    AccountClass.LENT: Message("Lent to another campaign", _HOLDS),
    AccountClass.OWED: Message("Owed to another campaign", _HOLDS),
    AccountClass.REACHED: Message("Reached", _HOLDS),
    AccountClass.RESULTS: Message("Results", _HOLDS),
    AccountClass.COMMITMENTS: Message("Commitments", _HOLDS),
    AccountClass.ENCUMBERED: Message("Bound by orders", _HOLDS),
}
"""Every kind of account."""
_DETAIL = Message(
    "{what}: {detail}", "an account", "{what}: what it holds", "{detail}: names, as: First Bank, USD"
)


def account_label(account: str, campaign: str) -> str:
    """`Bank: First Bank` for `bank/help/First Bank`; a row that is no account is told as it is."""
    name, *detail = account.split("/")
    if name not in ACCOUNTS:
        return account
    what = str(ACCOUNTS[AccountClass(name)])
    label = listed([part for part in detail if part != campaign], COMMAS)
    return worded(_DETAIL, what=what, detail=label) if label else what
