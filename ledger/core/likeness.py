"""Which numbers on papers look alike: 77 and 0077, INV-77 and inv 77, O7 and 07.

It decides nothing: what looks alike is a question to a person (docs/rules.md, 21).
"""

from __future__ import annotations

import re
import unicodedata

_LOOKS = str.maketrans({"o": "0", "i": "1", "l": "1", "|": "1"})
_RUNS = re.compile(r"[0-9]+|[^\W\d_]+")


def likeness_of_number(number: str) -> str:
    """What all numbers have in common that look like this one: runs of digits without leading zeros, and of letters.

    Case, separators, and the shapes of O and 0 and of I, l and 1 make no difference.
    """
    seen = unicodedata.normalize("NFKC", number).casefold().translate(_LOOKS)
    return "-".join(run.lstrip("0") or "0" if run.isdigit() else run for run in _RUNS.findall(seen))
