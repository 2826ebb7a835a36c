"""Amounts: whole minor units of an asset, and how they are read and written. Never a float, never a Decimal.

Assets of money are named here; goods and services are declared by the products of a campaign (0 decimals).
"""

from __future__ import annotations

from ledger.core.currencies import MINOR_DIGITS

MAX_AMOUNT = 2**53 - 1
"""The largest amount of one transfer: beyond it JSON readers lose digits (RFC 8785, I-JSON)."""

DECIMALS = {"BTC": 8} | MINOR_DIGITS
"""Money: minor-unit digits by ISO 4217 (and BTC, which is not an ISO 4217 code)."""
CODES = "write a code of ISO 4217, such as EUR or XOF, or BTC"
"""What to do about a currency that is not known here."""


def decimals_of(asset: str) -> int:
    """Digits behind the point: 8 for BTC, the currency's own for money, 0 for goods and services."""
    return DECIMALS.get(asset, 0)


def is_money(asset: str) -> bool:
    return asset in DECIMALS


def decimal_text(asset: str, minor: int) -> str:
    """The exact decimal, as `0.01000000`, without grouping."""
    digits = decimals_of(asset)
    sign = "-" if minor < 0 else ""
    if digits == 0:
        return f"{sign}{abs(minor)}"
    whole, part = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}"
