"""Figures as people read them: grouped, exact, with their unit. Nothing is ever rounded here.

Latin digits in every language, so that amounts and blocks compare with the chain.
"""

from __future__ import annotations

from datetime import UTC, datetime

from api.languages.localised import Localisable, figure, sum_of
from ledger.core.frozen import Amount
from ledger.core.money import decimal_text, is_money


def count(number: int) -> Localisable:
    return figure(f"{number:,}")


def exact(amount: Amount) -> Localisable:
    """All digits of the asset, grouped, without the unit: `71.84000000`, `542,720.00`, `252,000`."""
    sign = "-" if amount.minor < 0 else ""
    whole, point, part = decimal_text(amount.asset, abs(amount.minor)).partition(".")
    return figure(f"{sign}{int(whole):,}{point}{part}")


def brief(amount: Amount) -> Localisable:
    """Exact too, of coins with two or four decimals where no digit is lost: `71.84`, `3.2260`, `554,680`.

    A currency has all decimals of ISO 4217 or, from a thousand on, none: `1,500.250` dinars of Kuwait.
    """
    text = exact(amount)
    whole, point, part = text.partition(".")
    if not point:
        return text
    if amount.asset != "BTC":
        return figure(whole) if not part.strip("0") and abs(amount.minor) >= 1_000 * 10 ** len(part) else text
    for kept in (2, 4, 6):
        if not part[kept:].strip("0"):
            return figure(f"{whole}.{part[:kept]}")
    return text


def with_asset(amount: Amount) -> Localisable:
    """`brief` with the code of the money; goods without, since their unit is a word."""
    return sum_of(brief(amount), amount.asset) if is_money(amount.asset) else brief(amount)


def exact_with_asset(amount: Amount) -> Localisable:
    """`exact` with the code of the money; goods without."""
    return sum_of(exact(amount), amount.asset) if is_money(amount.asset) else exact(amount)


def short_hash(text: str, head: int = 8, tail: int = 6) -> str:
    """First and last characters of a hash, an outpoint's number kept: `3f9a7c00…04c21e:1`."""
    body, colon, vout = text.partition(":")
    if len(body) <= head + tail + 1:
        return text
    return f"{body[:head]}…{body[-tail:]}{colon}{vout}"


def moment(text: str) -> datetime | None:
    """An RFC 3339 time or ISO date of ours; None when it is neither."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is None else at.astimezone(UTC)
