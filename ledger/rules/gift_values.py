"""The values of a line's gifts in order, in leaves of a few gifts and a sum for each, so that nobody reads a million.

Part of the fold: what a document adds is taken from the document alone, and a rebuild gives the same.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.store.shelf import JUST_ABOVE, Form, Shelf


def at(line: str, position: int) -> str:
    return f"{line}|{position:016d}"


MOST = 64
"""Gifts in a leaf that a later gift on its line begins a new one after."""
_END = "\U0010ffff"


class ValuedGift(NamedTuple):
    """A gift's interval on its line and its value, minor units of the campaign's currency; None without one."""

    start: int
    end: int
    value: int | None


@dataclass(frozen=True, slots=True)
class Worth:
    """The carrying value of units, minor units of the reporting currency; `unvalued` of them have none."""

    value: int
    unvalued: int

    def __add__(self, other: Worth) -> Worth:
        return Worth(self.value + other.value, self.unvalued + other.unvalued)


def _leaf_of(data: bytes) -> tuple[ValuedGift, ...]:
    return tuple(ValuedGift(*row) for row in json.loads(data))


def _sum_of(data: bytes) -> tuple[int, int]:
    value, units = json.loads(data)
    return value, units


_LEAF: Form[tuple[ValuedGift, ...]] = Form(
    "v.leaf", lambda gifts: json.dumps(gifts, separators=(",", ":")).encode(), _leaf_of
)
"""Under its line and the start of its first gift."""
SUM: Form[tuple[int, int]] = Form("v.sum", lambda told: b"[%d,%d]" % told, _sum_of)
"""(value, units that have one) of a leaf where any has."""
_LAST: Form[str] = Form("v.last", lambda key: key.encode(), lambda data: data.decode())
"""A line's newest leaf."""


def valued_gift(document: Mapping[str, Any] | None) -> tuple[str, ValuedGift] | None:
    """(line, gift) of a settled payment that has an interval."""
    if document is None or not document["line"]:
        return None
    value = document["notes"].get("valuation", {}).get("value")
    return document["line"], ValuedGift(document["start"], document["end"], value)


def note_value(shelf: Shelf, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """Keep the leaves true when a settled payment's document changes."""
    was, is_now = valued_gift(before), valued_gift(after)
    if was == is_now:
        return
    if was is not None:
        _change(shelf, *was, -1)
    if is_now is not None:
        _change(shelf, *is_now, 1)


def _change(shelf: Shelf, line: str, gift: ValuedGift, sign: int) -> None:
    """Put a gift into the leaf where it belongs, or take it out."""
    here = at(line, gift.start)
    last = shelf.value(_LAST, line)
    key = here
    if last is not None and last <= here:
        key = last
    elif last is not None:
        for found, _ in shelf.rows(_LEAF.space, line + "|", here + JUST_ABOVE, reverse=True, limit=1):
            key = found
    gifts = shelf.value(_LEAF, key) or ()
    is_newest = not gifts or gifts[-1].start < gift.start
    if sign > 0 and is_newest and len(gifts) >= MOST:
        key, gifts = here, ()
    if sign < 0:
        gifts = tuple(other for other in gifts if other != gift)
    else:
        gifts = (*gifts, gift) if is_newest else tuple(sorted((*gifts, gift)))
    shelf.put(_LEAF, key, gifts or None)
    if gift.value is not None:
        value, units = shelf.value(SUM, key) or (0, 0)
        value, units = value + sign * gift.value, units + sign * (gift.end - gift.start)
        shelf.put(SUM, key, (value, units) if units else None)
    if last is None or key > last:
        shelf.put(_LAST, line, key)


class GiftValues:
    """The values of a line's gifts end to end: the value below a position is the floor within its gift."""

    def __init__(self, shelf: Shelf, line: str) -> None:
        self._shelf = shelf
        self._keys: list[str] = []
        self._starts: list[int] = []
        self._below = [(0, 0)]
        for key, data in shelf.rows(SUM.space, line + "|", line + "|" + _END):
            value, units = _sum_of(data)
            below = self._below[-1]
            self._keys.append(key)
            self._starts.append(int(key[-16:]))
            self._below.append((below[0] + value, below[1] + units))

    @property
    def total(self) -> Worth:
        """Of all gifts that have a value."""
        return Worth(self._below[-1][0], 0)

    @property
    def is_valued(self) -> bool:
        """Has any gift a value?"""
        return bool(self._keys)

    def worth(self, start: int, end: int) -> Worth:
        """What units `start..end` are worth: adjoining intervals sum to the whole, exactly."""
        high, low = self._at(end), self._at(start)
        return Worth(high[0] - low[0], end - start - (high[1] - low[1]))

    def _at(self, position: int) -> tuple[int, int]:
        """Value below a position, and the units there that have one."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return 0, 0
        value, units = self._below[index]
        for start, end, worth in self._shelf.value(_LEAF, self._keys[index]) or ():
            if start >= position:
                break
            if worth is not None:
                inside = min(position, end) - start
                value += worth * inside // (end - start)
                units += inside
        return value, units


def kept_gifts(shelf: Shelf, campaign: str) -> Iterator[tuple[str, ValuedGift]]:
    """(line, gift) of each leaf's gifts, for a check against the gifts themselves."""
    low = f"money/{campaign}/"
    for key, data in shelf.rows(_LEAF.space, low, low + _END):
        for gift in _leaf_of(data):
            yield key[:-17], gift


def untied_leaves(shelf: Shelf, campaign: str) -> Iterator[str]:
    """Leaves whose gifts do not sum to their row."""
    low = f"money/{campaign}/"
    counted: dict[str, tuple[int, int]] = {}
    for key, data in shelf.rows(_LEAF.space, low, low + _END):
        valued = [gift for gift in _leaf_of(data) if gift.value is not None]
        if valued:
            counted[key] = (sum(g.value or 0 for g in valued), sum(g.end - g.start for g in valued))
    kept = {key: _sum_of(data) for key, data in shelf.rows(SUM.space, low, low + _END)}
    yield from sorted(key for key in counted.keys() | kept.keys() if counted.get(key) != kept.get(key))
