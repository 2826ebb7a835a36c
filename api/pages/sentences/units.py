"""English: marked pieces of a sentence, units in the plural, days and times.

Latin digits, exact figures; nothing here knows a campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.figures import count, moment, with_asset
from ledger.core.frozen import Amount, Quantity
from ledger.core.money import is_money


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence. `mark`: "" words; "figure" bold; "coin", "money", "goods", "bad" underlined too."""

    text: str
    mark: str = ""


Sentence = tuple[Piece, ...]


def plain(sentence: Sentence) -> str:
    return "".join(piece.text for piece in sentence)


_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet"}


def _many(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _IRREGULAR.values():
        return word
    if word.endswith("s") and not word.endswith(("ss", "us")):
        return word  # it was told in the plural
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def unit_of(unit: str, number: int) -> str:
    """The unit's name for a number: "kit", "kits"; "pairs of gloves"; "students trained"."""
    unit = unit or "unit"
    if number == 1:
        return unit
    words = unit.split(" ")
    at = len(words) - 1
    if "of" in words[1:]:
        at = words.index("of") - 1
    elif len(words) > 1 and words[-1].endswith(("ed", "en")):
        at = 0
    words[at] = _many(words[at])
    return " ".join(words)


def number_of(number: int, noun: str) -> str:
    return f"{count(number)} {unit_of(noun, number)}"


def amount(value: Amount, unit: str) -> str:
    """`0.01 BTC` or `37 kits`."""
    if is_money(value.asset):
        return with_asset(value)
    return number_of(value.minor, unit) if unit else count(value.minor)


def pieces(rows: Sequence[Quantity]) -> str:
    """`1,000 kits and 40 litres`: each product with its unit, those of one unit named by it; `0` for none.

    Two products may be counted in one unit: their pieces are then named by product as well.
    """
    units = [row.unit for row in rows]
    return (
        listed(
            [
                number_of(row.quantity, row.unit)
                + (f" of {row.product}" if units.count(row.unit) > 1 else "")
                for row in rows
            ]
        )
        or "0"
    )


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def day(text: str) -> str:
    """`5 June 2020`; what is no date comes back as it is."""
    at = moment(text)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}" if at else text


def time(text: str) -> str:
    """`29 May 2020, 14:02 UTC`, or the day where only a day is known."""
    at = moment(text)
    return f"{day(text)}, {at:%H:%M} UTC" if at is not None and at.tzinfo is not None else day(text)


def period(start: str, end: str) -> str:
    a, b = moment(start), moment(end)
    if a is None or b is None:
        return " to ".join(day(part) for part in (start, end) if part)
    first = f"{a.day}" if (a.year, a.month) == (b.year, b.month) else f"{a.day} {_MONTHS[a.month - 1]}"
    return f"{first if a.year == b.year else day(start)} to {day(end)}"


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def joined(parts: Sequence[Sentence]) -> Sentence:
    pieces: list[Piece] = []
    for index, part in enumerate(parts):
        if index:
            pieces.append(Piece(", "))
        pieces.extend(part)
    return tuple(pieces)
