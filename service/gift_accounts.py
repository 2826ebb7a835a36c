"""Bank accounts of the configuration that take gifts, judged before anything is built on them.

Not by `service/config.py`, which every command reads: what knows each country's account numbers is slow to load.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.ports import GiftAccount
from ledger.core.creditor_reference import is_iban, looks_like_iban, together
from ledger.core.money import is_money
from service.command import BadUse
from service.config import GiftAccountConfig


def accounts_in(told: Iterable[GiftAccountConfig]) -> tuple[GiftAccount, ...]:
    """The accounts that the configuration names; raises BadUse for one to which nothing could be paid."""
    return tuple(_account(one) for one in told)


def _account(told: GiftAccountConfig) -> GiftAccount:
    number = together(told.account)
    if looks_like_iban(number) and not is_iban(number):
        raise BadUse(
            "gift_accounts.account of {holder}: has the form of an IBAN, and its country, length or check digits are "
            "wrong; copy it again from the bank.",
            holder=repr(told.holder),
        )
    if not all((told.campaign, told.bank, told.holder, number)):
        raise BadUse(
            "gift_accounts: campaign, bank, holder and account are empty nowhere; write all four.",
        )
    if not is_money(told.currency) or told.currency == "BTC":
        raise BadUse(
            "gift_accounts.currency of {holder}: write a code of ISO 4217, such as EUR or XOF.",
            holder=repr(told.holder),
        )
    return GiftAccount(told.campaign, told.bank, told.holder, told.account, told.currency, told.bic)
