"""Which names and which numbers on papers look alike: ACME and Асme, 77 and 0077, INV-77 and inv 77.

It decides nothing: what looks alike is a question to a person (docs/rules.md, 21).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("confusables.txt")
"""Unicode's table of what looks alike, with its date and its source."""

_LOOKS = str.maketrans({"o": "0", "i": "1", "l": "1", "|": "1"})
_RUNS = re.compile(r"[0-9]+|[^\W\d_]+")
_BETWEEN = re.compile(r"(?<![1-9])[\W_]+|[\W_]+(?![0-9])")
"""Separators that make no difference: those that keep no two numbers apart; a 0 before one may be an O."""

_IGNORED = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""What shows as nothing and is no format character: fillers, variation selectors, tags, the empty braille cell."""


def visible(text: str) -> str:
    """A text without what cannot be seen."""
    return text if text.isascii() else "".join(c for c in text if not _is_invisible(c))


def _is_invisible(c: str) -> bool:
    return unicodedata.category(c) == "Cf" or any(first <= ord(c) <= last for first, last in _IGNORED)


@cache
def _confusables() -> dict[int, str]:
    """Code points, and what each looks like."""
    rows = (line.split(";") for line in _TABLE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {int(one, 16): "".join(chr(int(c, 16)) for c in other.split()) for one, other in rows}


def _shapes(text: str) -> str:
    """A text in the shapes of Unicode's table, without accents."""
    shaped = unicodedata.normalize("NFD", text).translate(_confusables())
    return "".join(c for c in unicodedata.normalize("NFD", shaped) if unicodedata.category(c) != "Mn")


def likeness_of_name(name: str) -> str:
    """What all names have in common that look like this one: by case, accents, spaces, signs, and shapes of letters.

    A name of which nothing is left by that is only like itself.
    """
    cased = _shapes(unicodedata.normalize("NFKC", name)).casefold()
    # I and l are of one shape, and so is i by its case; 0 is one with O in the table.
    letters = "".join(c for c in _shapes(cased).casefold() if c.isalnum()).replace("i", "l")
    return letters or name


def likeness_of_number(number: str) -> str:
    """What all numbers have in common that look like this one: runs of digits without leading zeros, and of letters.

    Case, separators, and the shapes of O and 0 and of I, l and 1 make no difference: L-1 is like l1, but 1-11 not like
    11-1.
    """
    seen = _BETWEEN.sub("", unicodedata.normalize("NFKC", number).casefold()).translate(_LOOKS)
    return "-".join(run.lstrip("0") or "0" if run.isdigit() else run for run in _RUNS.findall(seen))
