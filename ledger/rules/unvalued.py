"""Gifts that count and have no value, by when they were recorded and the block that they are in, with sums.

Part of the fold: what a document adds is taken from the document alone, and a rebuild gives the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.rules.gift_sums import is_counted
from ledger.store.shelf import Form, Shelf

_END = "\U0010ffff"


class UnvaluedBlock(NamedTuple):
    """Gifts without a value that share their moment: recorded `at` (RFC 3339), of a block of `time` (Unix seconds)."""

    at: str
    time: int
    height: int
    coinbase: bool
    gifts: int = 0
    sats: int = 0

    @property
    def key(self) -> str:
        return f"{self.at}|{self.time:012d}|{self.height:012d}|{int(self.coinbase)}"


class UnvaluedGift(NamedTuple):
    """A gift without a value, and where its units lie."""

    outpoint: str
    sats: int
    line: str
    start: int
    end: int


class UnvaluedSum(NamedTuple):
    """How many there are, and their sats."""

    gifts: int
    sats: int

    def plus(self, sats: int, sign: int) -> UnvaluedSum | None:
        """With a gift more or less; None where none is left."""
        gifts = self.gifts + sign
        return UnvaluedSum(gifts, self.sats + sign * sats) if gifts else None


def _sum_of(data: bytes) -> UnvaluedSum:
    return UnvaluedSum(*json.loads(data))


_NONE = UnvaluedSum(0, 0)
SUM: Form[UnvaluedSum] = Form("u.sum", lambda told: b"[%d,%d]" % told, _sum_of)
_BLOCK: Form[UnvaluedSum] = Form("u.block", lambda told: b"[%d,%d]" % told, _sum_of)
_GIFT = "u.gift"


def time_of(document: Mapping[str, Any]) -> int:
    """The time of the block that a gift is in; of one folded by an older version, where it was first."""
    return int(document.get("time", document["facts"]["time"]))


def unvalued_gift(
    outpoint: str, document: Mapping[str, Any] | None
) -> tuple[UnvaluedBlock, UnvaluedGift] | None:
    """A settled payment as a gift that waits for its value; None where it does not."""
    if document is None or not is_counted(document) or "valuation" in document["notes"]:
        return None
    facts = document["facts"]
    # A coinbase is the first of its block; what came back with a spend has no place of its own.
    coinbase = facts["position"] == 0 and not document.get("came_back")
    block = UnvaluedBlock(document["at"], time_of(document), document["height"], coinbase)
    return block, UnvaluedGift(outpoint, facts["sats"], document["line"], document["start"], document["end"])


def note_unvalued(
    shelf: Shelf,
    campaign: str,
    outpoint: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    """Keep rows and sums true when a settled payment's document changes."""
    was, is_now = unvalued_gift(outpoint, before), unvalued_gift(outpoint, after)
    if was == is_now:
        return
    for told, sign in ((was, -1), (is_now, 1)):
        if told is None:
            continue
        block, gift = told
        key = f"{campaign}|{block.key}"
        row = json.dumps(gift[1:], separators=(",", ":")).encode()
        shelf.save(_GIFT, f"{key}|{outpoint}", row if sign > 0 else None)
        shelf.put(_BLOCK, key, (shelf.value(_BLOCK, key) or _NONE).plus(gift.sats, sign))
        shelf.put(SUM, campaign, (shelf.value(SUM, campaign) or _NONE).plus(gift.sats, sign))


def unvalued_sum(shelf: Shelf, campaign: str) -> UnvaluedSum:
    """All gifts of a campaign that wait for a value."""
    return shelf.value(SUM, campaign) or _NONE


def unvalued_blocks(
    shelf: Shelf, campaign: str, *, low: str = "", high: str = "", limit: int | None = None
) -> Iterator[UnvaluedBlock]:
    """Their blocks in order of when they were recorded, from `low` (RFC 3339) to `high`, both included."""
    for key, data in shelf.rows(_BLOCK.space, *_between(campaign, low, high), limit=limit):
        _, at, time, height, coinbase = key.split("|")
        yield UnvaluedBlock(at, int(time), int(height), coinbase == "1", *_sum_of(data))


def unvalued_gifts_in(
    shelf: Shelf, campaign: str, *, low: str = "", high: str = "", limit: int | None = None
) -> Iterator[tuple[UnvaluedBlock, UnvaluedGift]]:
    """The gifts themselves with the block that each is in, in the same order; `low` and `high` may be a block's key."""
    for key, data in shelf.rows(_GIFT, *_between(campaign, low, high), limit=limit):
        _, at, time, height, coinbase, outpoint = key.split("|")
        yield (
            UnvaluedBlock(at, int(time), int(height), coinbase == "1"),
            UnvaluedGift(outpoint, *json.loads(data)),
        )


def unvalued_since(shelf: Shelf, campaign: str) -> tuple[str, str]:
    """When the first and the last of them were recorded; there has to be one."""
    first, last = (
        next(shelf.rows(_BLOCK.space, *_between(campaign, "", ""), reverse=reverse, limit=1))[0].split("|")[1]
        for reverse in (False, True)
    )
    return first, last


def _between(campaign: str, low: str, high: str) -> tuple[str, str]:
    return f"{campaign}|{low}", f"{campaign}|{high}|{_END}" if high else f"{campaign}|{_END}"
