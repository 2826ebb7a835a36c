"""Amounts: whole minor units of an asset, and how they are read and written. Never a float, never a Decimal.

Assets of money are named here; goods and services are declared by the products of a campaign (0 decimals).
"""

from __future__ import annotations

MAX_AMOUNT = 2**53 - 1
"""The largest amount of one transfer: beyond it JSON readers lose digits (RFC 8785, I-JSON)."""

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = (
    "USD CNY EUR GBP CHF NGN GHS INR BRL ZAR AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BSD BTN "
    "BWP BYN BZD CAD CDF COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB FJD FKP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR "
    "ILS IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN "
    "NAD NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH UYU UZS VES WST XCD YER ZMW"
)

DECIMALS = (
    {"BTC": 8}
    | dict.fromkeys(_TWO.split(), 2)
    | dict.fromkeys(_NONE.split(), 0)
    | dict.fromkeys(_THREE.split(), 3)
)
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
