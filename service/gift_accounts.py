"""Bank accounts of the configuration that take gifts, judged before anything is built on them.

Not by `service/config.py`, which every command reads: what knows each country's account numbers is slow to load.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.core.creditor_reference import compact, is_iban, looks_like_iban
from ledger.core.gift_accounts import GiftAccount
from ledger.core.money import is_money
from service.command import BadUse


def require_payable(accounts: Iterable[GiftAccount]) -> None:
    """Raise BadUse for the first account to which nothing could be paid."""
    for one in accounts:
        _require_payable(one)


def _require_payable(account: GiftAccount) -> None:
    number = compact(account.account)
    if looks_like_iban(number) and not is_iban(number):
        raise BadUse(
            "gift_accounts.account of {holder}: has the form of an IBAN, and its country, length or check digits are "
            "wrong; copy it again from the bank.",
            holder=repr(account.holder),
        )
    if not all((account.campaign, account.bank, account.holder, number)):
        raise BadUse(
            "gift_accounts: campaign, bank, holder and account are empty nowhere; write all four.",
        )
    if not is_money(account.currency) or account.currency == "BTC":
        raise BadUse(
            "gift_accounts.currency of {holder}: write a code of ISO 4217, such as EUR or XOF.",
            holder=repr(account.holder),
        )
