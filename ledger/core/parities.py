"""Fixed parities: currencies whose worth in euro is laid down by treaty, with the days on which it holds.

Sources: Council Decision 98/683/EC (CFA francs and Comorian franc), Council Decision 98/744/EC (Cape Verde escudo), and
for the CFP franc decree 98-1152 of France, all of 1998; for the Bulgarian lev its currency board (law of 1997, in euro
from 1999), until the euro came on 2026-01-01 (Council Regulation (EU) 2025/1409). Nothing else here is fixed.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Parity(NamedTuple):
    """So many units of a currency are one euro, from the day `since` up to `until`, both included."""

    currency: str
    for_one_euro: Fraction
    since: str
    until: str | None = None


PARITIES = (
    Parity("XOF", Fraction("655.957"), "1999-01-01"),
    Parity("XAF", Fraction("655.957"), "1999-01-01"),
    Parity("KMF", Fraction("491.96775"), "1999-01-01"),
    Parity("CVE", Fraction("110.265"), "1999-01-01"),
    Parity("XPF", Fraction(1000) / Fraction("8.38"), "1999-01-01"),
    Parity("BGN", Fraction("1.95583"), "1999-01-01", "2026-01-31"),
)


def parity(currency: str, day: str) -> Fraction | None:
    """How many units of a currency are one euro on a day, by what is laid down; None where nothing is."""
    for fixed in PARITIES:
        if fixed.currency == currency and fixed.since <= day <= (fixed.until or day):
            return fixed.for_one_euro
    return None
