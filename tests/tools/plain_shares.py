"""Every share, recomputed from the published journal alone, by what docs/rules.md prints (T1 to T5 and T10).

A plain program of an outsider: it knows the entries as anybody downloads them, and nothing of the ledger's own code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
Shares = dict[str, list[tuple[int, int]]]
"""Intervals of lines, in order, those that touch as one."""


class PublishedLines:
    """The lines, as the operations of all entries leave them, in the order of their numbers."""

    def __init__(self, entries: Iterable[Json]) -> None:
        self._given: dict[tuple[str, str], tuple[str, int, int]] = {}
        self._uses: dict[str, dict[str, Json]] = defaultdict(dict)
        self._line_of: dict[str, str] = {}
        self._resumed: dict[tuple[str, int], str] = {}
        self._void: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for entry in sorted(entries, key=lambda row: int(row["seq"])):
            for operation in entry["operations"]:
                self._apply(entry["campaign"], operation)

    def _apply(self, campaign: str, told: Json) -> None:
        match told["op"]:
            case "open" if told["line"].startswith("ended/"):
                _, use, part, _ = told["line"].split("/")
                self._resumed[use, int(part)] = told["line"]
            case "append":
                self._given[campaign, told["gift"]] = (
                    told["line"],
                    told["start"],
                    told["start"] + told["units"],
                )
            case "use":
                self._uses[told["line"]][told["id"]] = told
                self._line_of[told["id"]] = told["line"]
            case "undo":
                undone = self._uses[self._line_of[told["id"]]].pop(told["id"])
                for part in undone["parts"]:
                    # What it had appended to an order's line, or to what had ended, is only taken off again.
                    if part.get("line") and not part["line"].startswith(("order/", "ended/")):
                        self._void[part["line"]].append((part["start"], part["start"] + part["out"]))
            case "change" if told["after"] == "void":
                self._void[told["line"]] += [(start, end) for start, end in told["pieces"]]
            case "change" if told["before"] == "void":
                for start, end in told["pieces"]:
                    self._void[told["line"]] = list(_without(self._void[told["line"]], start, end))

    def given(self, campaign: str, gift: str) -> tuple[str, int, int] | None:
        """The line and the interval that a gift is for ever (T2)."""
        return self._given.get((campaign, gift))

    def shares(self, line: str, start: int, end: int) -> Shares:
        """Where an interval has come to lie since, line by line, what has gone on from there included.

        What ended in a use and went on after all is told where it went on.
        """
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        waiting = [(line, start, end)]
        while waiting:
            name, first, last = waiting.pop()
            found[name].append((first, last))
            waiting += self._onward(name, first, last)
        return {name: list(_joined(runs)) for name, runs in found.items() if not name.startswith("ended/")}

    def rests(self, line: str, start: int, end: int) -> Counter[str]:
        """How much of an interval lies on each line now: what no use took, and nothing made void."""
        found: Counter[str] = Counter()
        for name, runs in self.shares(line, start, end).items():
            gone = [(a, b) for use in self._uses[name].values() for a, b in use["pieces"]] + self._void[name]
            for first, last in runs:
                left = [(first, last)]
                for a, b in gone:
                    left = list(_without(left, a, b))
                found[name] += sum(b - a for a, b in left)
        return found

    def _onward(self, line: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        for use in self._uses[line].values():
            count = 0
            for first, last in use["pieces"]:
                low, high = max(first, start), min(last, end)
                if low < high:
                    yield from self._carried(use, count + low - first, count + high - first)
                count += last - first

    def _carried(self, use: Json, low: int, high: int) -> Iterator[tuple[str, int, int]]:
        """Where the counts `low..high` of a use went on."""
        for number, (part, first, last) in enumerate(
            zip(use["parts"], boundaries(use, low), boundaries(use, high), strict=True)
        ):
            onward = part.get("line") or self._resumed.get((use["id"], number))
            if onward is not None and first < last:
                begins = part.get("start", 0)
                yield onward, begins + first, begins + last


def boundaries(use: Json, count: int) -> list[int]:
    """How much each part of a use yielded for its first `count` units (T3, T4)."""
    units = sum(end - start for start, end in use["pieces"])
    left, whole = count * use["scale"] // units if units else 0, use["scale"]
    found = []
    for number, part in enumerate(use["parts"]):
        is_last = number == len(use["parts"]) - 1
        share = left if is_last else left * part["share"] // whole if whole else 0
        left, whole = left - share, whole - part["share"]
        found.append(share * part["out"] // part["share"] if part["share"] else 0)
    return found


def _joined(runs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    first, last = None, 0
    for start, end in sorted(runs):
        if start >= end:
            continue
        if first is not None and start > last:
            yield first, last
            first = None
        first, last = (start, end) if first is None else (first, max(last, end))
    if first is not None:
        yield first, last


def _without(runs: Iterable[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """What of some runs lies outside of `start..end`."""
    for first, last in runs:
        for a, b in ((first, min(last, start)), (max(first, end), last)):
            if a < b:
                yield a, b
