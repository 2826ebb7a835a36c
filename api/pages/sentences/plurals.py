"""English plurals of units, which are data: a campaign names them in the singular, in its own words.

No message is made of them but as a placeholder; a language whose campaign texts name the forms takes those.
"""

from __future__ import annotations

from api.pages.messages import Message

_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet"}


_UNIT = Message("unit", "a piece of a thing that the campaign gave no name for")


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
    unit = unit or str(_UNIT)
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
