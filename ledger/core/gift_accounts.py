"""A bank account that takes gifts of one campaign: what the configuration names and the page for giving shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GiftAccount:
    """`bank` as contributions name it, `account` an IBAN or a number of another form; `bic` may be empty.

    Each donor gets a reference of their own for it, by which the gift is found.
    """

    campaign: str
    bank: str
    holder: str
    account: str
    currency: str
    bic: str = ""
