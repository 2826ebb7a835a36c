"""Sums over the settled payments of a campaign, kept as each changes, so that a page never counts a million gifts.

Part of the fold: what a document adds is taken from the document alone, and a rebuild gives the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from ledger.store.shelf import Form, Shelf

_END = "\U0010ffff"
KIND = "donation"
"""The kind of document that is summed."""


@dataclass(frozen=True, slots=True)
class GiftSums:
    """Of gifts that count: how many, sats, minor units of value; of dust; and what voided ones leave wanting."""

    count: int = 0
    sats: int = 0
    value: int = 0
    dust_count: int = 0
    dust: int = 0
    shortfall: int = 0

    def plus(self, other: GiftSums, sign: int) -> GiftSums:
        """With another's added, or taken off."""
        return GiftSums(*(a + sign * b for a, b in zip(astuple(self), astuple(other), strict=True)))


_NONE = GiftSums()
SUMS: Form[GiftSums] = Form(
    "g.sum",
    lambda sums: b"[%d,%d,%d,%d,%d,%d]" % astuple(sums),
    lambda data: GiftSums(*json.loads(data)),
)
DAYS: Form[int] = Form("g.day", lambda count: b"%d" % count, int)
SHORT = "g.short"


def is_counted(document: Mapping[str, Any]) -> bool:
    """Is a settled payment a gift that counts: on a line, and not found to be something else?"""
    return bool(document["live"] and document["line"]) and document.get("counts_as", "gift") == "gift"


def part_of(document: Mapping[str, Any] | None) -> GiftSums:
    """What one document adds."""
    if document is None:
        return _NONE
    sats = int(document["facts"]["sats"])
    if not document["live"]:
        return GiftSums(shortfall=int(document.get("shortfall", 0)))
    if is_counted(document):
        return GiftSums(1, sats, int(document["notes"].get("valuation", {}).get("value", 0)))
    if document.get("into", document["notes"]["into"]) == "dust":
        return GiftSums(dust_count=1, dust=sats)
    return _NONE


def note_gift(
    shelf: Shelf, campaign: str, gift: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """Keep the sums true when a settled payment's document changes."""
    was, is_now = part_of(before), part_of(after)
    if was != is_now:
        sums = shelf.value(SUMS, campaign) or _NONE
        shelf.put(SUMS, campaign, sums.plus(was, -1).plus(is_now, 1))
    for document, sign in ((before, -1), (after, 1)):
        if document is not None and is_counted(document) and was.count != is_now.count:
            day = f"{campaign}|{document['facts'].get('date', document['date'])}"
            shelf.put(DAYS, day, ((shelf.value(DAYS, day) or 0) + sign) or None)
    if was.shortfall != is_now.shortfall:
        shelf.save(SHORT, f"{campaign}|{gift}", b"%d" % is_now.shortfall if is_now.shortfall else None)


def gift_sums(shelf: Shelf, campaign: str) -> GiftSums:
    """The sums of a campaign as they stand."""
    return shelf.value(SUMS, campaign) or _NONE


def gift_days(shelf: Shelf, campaign: str) -> Iterator[tuple[str, int]]:
    """(day of the block, gifts that count), in order of days."""
    for key, data in shelf.rows("g.day", f"{campaign}|", f"{campaign}|{_END}"):
        yield key.partition("|")[2], int(data)


def gifts_wanting(shelf: Shelf, campaign: str) -> list[str]:
    """The gifts that were voided after some of them was used."""
    return [key.partition("|")[2] for key, _ in shelf.rows(SHORT, f"{campaign}|", f"{campaign}|{_END}")]
