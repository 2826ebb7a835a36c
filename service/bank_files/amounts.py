"""An amount as a bank writes it, in whole minor units: exactly, or not at all. It knows nothing of files."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from ledger.core.money import DECIMALS, MAX_AMOUNT
from ledger.core.wording import WrongValue

_MINUS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_APOSTROPHE = {ord("\u2019"): "'"}
_SIGNS = {
    "€": "EUR", "₹": "INR", "₦": "NGN", "₵": "GHS", "₺": "TRY", "₴": "UAH", "₪": "ILS", "₽": "RUB", "₱": "PHP"
}  # fmt: skip
"""Signs that are one currency's alone; $ and £ are several's."""
_SIDED = re.compile(r"(?P<amount>.*[0-9)])\s*(?P<side>CR?|DR?)\.?", re.IGNORECASE)
_FLOAT_NOISE = Decimal("0.000001")


def is_none(text: str) -> bool:
    """Is a cell empty, or a dash for nothing?"""
    return not text.translate(_MINUS).strip(" -\t\u00a0\u202f")


def exact_minor(
    text: str, currency: str, decimal: str = ".", thousands: str = "", *, sure: bool = False
) -> int:
    """The amount of a text, below zero by a minus before or behind it, by brackets, or by D or DR behind it.

    Digits stand in groups of three, or as in India. `sure`: the format of the file says what its decimal mark is; else
    three digits behind it may be thousands (40.000 francs), and are refused. Raises ValueError with what is wrong.
    """
    plain = _digits(unicodedata.normalize("NFKC", text).translate(_MINUS | _APOSTROPHE)).strip()
    plain, debit = _side(_without_currency(plain, currency))
    negative = [debit] if debit is not None else []
    if plain.startswith("(") and plain.endswith(")"):
        plain = _without_currency(plain[1:-1].strip(), currency)
        negative.append(True)
    for sign in (plain[:1], plain[1:][-1:]):
        if sign in {"-", "+"}:
            negative.append(sign == "-")
            plain = plain.removeprefix(sign) if plain.startswith(sign) else plain.removesuffix(sign)
            plain = _without_currency(plain.strip(), currency)
    if len(negative) > 1:
        raise WrongValue("it has two signs, and which of them counts cannot be told")
    minor = _minor(plain, currency, decimal, thousands, sure)
    return -minor if negative == [True] else minor


def exact_number(number: Decimal, currency: str) -> int:
    """The amount of a spreadsheet's number, without the noise that binary fractions leave behind it."""
    scaled = number * 10 ** DECIMALS[currency]
    minor = scaled.to_integral_value()
    if abs(scaled - minor) > _FLOAT_NOISE:
        raise WrongValue(
            "it has more than the {n} decimal of {currency}",
            many="it has more than the {n} decimals of {currency}",
            n=DECIMALS[currency],
            currency=currency,
        )
    if abs(minor) > MAX_AMOUNT:
        raise WrongValue("it is larger than any amount here")
    return int(minor)


def _digits(text: str) -> str:
    """With the digits of any script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _without_currency(text: str, currency: str) -> str:
    for sign, of in _SIGNS.items():
        if sign in text and of != currency:
            raise WrongValue("it is in {of}, and this line is in {currency}", of=of, currency=currency)
    signs = "".join({c for c in text if unicodedata.category(c) == "Sc"})
    kept = text.strip(signs).strip() if signs else text
    if kept.upper().startswith(currency):
        kept = kept[len(currency) :].strip()
    if kept.upper().endswith(currency):
        kept = kept[: -len(currency)].strip()
    if signs and kept[:1] in {"-", "+", "("}:
        # A sign of currency may stand behind that of the amount: -$40.00.
        inner = kept[1:].strip().lstrip(signs).strip()
        kept = kept[0] + inner
    return kept


def _side(text: str) -> tuple[str, bool | None]:
    """The amount, and whether D or DR stands behind it; None where no mark does."""
    sided = _SIDED.fullmatch(text)
    return (text, None) if sided is None else (sided["amount"].strip(), sided["side"].upper() in {"D", "DR"})


def _minor(plain: str, currency: str, decimal: str, thousands: str, sure: bool) -> int:
    whole, point, part = plain.partition(decimal)
    # Where the mapping names no mark of thousands, a space or an apostrophe is one: neither is anything else.
    marks = "'" if thousands in {"'", "\u2019"} else " " if thousands.isspace() else thousands or " '"
    for mark in marks:
        if mark in whole:
            whole = _joined(whole.split(mark))
    whole = whole or ("0" if part else "")  # .50 is half of one
    if not re.fullmatch(r"[0-9]{1,15}", whole) or (point and not re.fullmatch(r"[0-9]*", part)):
        raise WrongValue("it is no amount by the mapping's decimal and thousands")
    digits = DECIMALS[currency]
    if part[digits:].strip("0"):
        raise WrongValue(
            "it has more than the {n} decimal of {currency}",
            many="it has more than the {n} decimals of {currency}",
            n=digits,
            currency=currency,
        )
    if len(part) == 3 > digits and not sure:
        raise WrongValue(
            "three digits stand behind the mark that the mapping calls decimal, and {currency} has {n} "
            "decimal: is it the mark of thousands?",
            many="three digits stand behind the mark that the mapping calls decimal, and {currency} has {n} "
            "decimals: is it the mark of thousands?",
            currency=currency,
            n=digits,
        )
    minor = int(whole + part[:digits].ljust(digits, "0"))
    if minor > MAX_AMOUNT:
        raise WrongValue("it is larger than any amount here")
    return minor


def _joined(groups: list[str]) -> str:
    """Groups of three digits, or, as in India, one of three behind groups of two."""
    lengths = [len(group) for group in groups]
    by_three = 1 <= lengths[0] <= 3 and all(length == 3 for length in lengths[1:])
    by_lakh = 1 <= lengths[0] <= 2 and lengths[-1] == 3 and all(length == 2 for length in lengths[1:-1])
    if not by_three and not by_lakh:
        raise WrongValue("the thousands are not in groups of three")
    return "".join(groups)
