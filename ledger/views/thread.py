"""One donation's way through the picture: where it lies on each bar, and how what stops there left it.

Fed with the visits of a trail in their order. Many lines are no bar (a waybill, coins spent, a service): what lies on
them left the bar that it was on last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ledger.core.frozen import Amount
from ledger.core.lines import UnitState
from ledger.core.names import EndedLine, ExchangeLine, GoodsLine, OrderLine, line_named
from ledger.tracing.follow import Arrival, Ending, Passage, Stay, Visit
from ledger.views.bars import BarsOfLines, is_refund
from ledger.views.flow import ExitKind, Thread, ThreadPoint
from ledger.views.places import PlaceNames

Run = tuple[str, int, int]
"""A bar, and units of it: the first, and the one behind the last."""


class ThreadOfGift:
    """Collects the points of one donation's thread."""

    def __init__(self, bars: BarsOfLines, names: PlaceNames) -> None:
        self._bars = bars
        self._names = names
        self._points: list[ThreadPoint] = []
        self._passage: Passage | None = None
        self._here: list[Run] = []
        self._through: dict[str, list[Run]] = defaultdict(list)
        self._behind: dict[str, list[tuple[int, int, list[Run]]]] = defaultdict(list)

    def thread(self) -> Thread:
        """What was collected."""
        return tuple(self._points)

    def see(self, visit: Visit) -> None:
        """What happened next to the donation's units."""
        match visit:
            case Passage():
                self._pass(visit)
            case Arrival():
                self._arrive(visit)
            case Ending():
                self.end(visit)
            case Stay() if visit.state is not UnitState.VOID:
                self._stay(visit)

    def end(self, visit: Ending) -> None:
        """Units that ended in a use left the bars that the use took them from."""
        units = self._bars.ended_units(visit.use, visit.kind, visit.start, visit.end)
        kind, asset, _ = self._names.end_of(visit.use, visit.kind)
        self._leave(self._through[visit.use.id], kind, "", Amount.of(asset, units))

    def _pass(self, visit: Passage) -> None:
        runs = self._on(visit.line, visit.start, visit.end)
        self._passage, self._here = visit, runs
        self._through[visit.use.id] += runs
        # A use that puts units back on the line leaves them on their bar.
        if self._bars.is_bar(visit.line) and all(part.line != visit.line for part in visit.use.parts):
            for run in runs:
                self._add(run)

    def _arrive(self, visit: Arrival) -> None:
        name = line_named(visit.line)
        if is_refund(visit.use) and not isinstance(line_named(visit.use.line), EndedLine):
            self._leave_as_goods(ExitKind.REFUNDED)
        if self._bars.is_bar(visit.line):
            return
        if isinstance(name, OrderLine):  # of a service: what is paid for it goes no further in the picture
            asset = line_named(visit.use.line).asset
            label = self._bars.product_on(visit.line).name
            self._leave(self._here, ExitKind.SPENT, label, Amount.of(asset, self._share_of(visit)))
            return
        self._behind[visit.line].append((visit.start, visit.end, self._here))

    def _stay(self, visit: Stay) -> None:
        name, kind = line_named(visit.line), self._bars.ending_of(visit.line, visit.held_by)
        runs = self._on(visit.line, visit.start, visit.end)
        if kind is None:
            for run in runs if self._bars.is_bar(visit.line) else ():
                self._add(run)
            return
        units = self._bars.units_waiting(visit.line, kind, visit.start, visit.end)
        to_come = isinstance(name, OrderLine)
        asset = self._bars.product_on(visit.line).code if to_come else _asset(visit.line)
        label = ""
        if not self._bars.is_bar(visit.line):
            label = name.place if isinstance(name, GoodsLine) else label
            label = name.exchange if isinstance(name, ExchangeLine) else label
        self._leave(runs, kind, label, Amount.of(asset, units))

    def _leave_as_goods(self, kind: ExitKind) -> None:
        """What the last use took left its bars, counted in the units of those."""
        for run in self._here:
            asset = self._bars.product_on(run[0]).code
            self._leave([run], kind, "", Amount.of(asset, run[2] - run[1]))

    def _share_of(self, visit: Arrival) -> int:
        """How many units of its line the last use gave for what arrived."""
        passage = self._passage
        if passage is None:
            return 0
        use = passage.use
        shares = zip(use.parts, use.shares_at(passage.low), use.shares_at(passage.high), strict=True)
        return sum(above - below for part, below, above in shares if part.line == visit.line)

    def _on(self, line: str, start: int, end: int) -> list[Run]:
        """Where units of a line lie on bars, or lay last."""
        if self._bars.is_bar(line):
            return self._bars.on_bar(line, start, end)
        name = line_named(line)
        if isinstance(name, EndedLine):
            return self._through[name.use]
        runs_on: list[Run] = []
        for low, high, runs in self._behind[line]:
            first, last = max(low, start), min(high, end)
            if first < last:
                runs_on += _cut(runs, first - low, last - low, high - low)
        return runs_on

    def _leave(self, runs: Sequence[Run], kind: ExitKind, label: str, amount: Amount) -> None:
        """Units of some runs of bars stop there; how much it is together is told with the first of each bar."""
        whole, units = sum(last - first for _, first, last in runs), 0
        for number, run in enumerate(runs):
            upto = (
                amount.minor if number == len(runs) - 1 else units + amount.minor * (run[2] - run[1]) // whole
            )
            self._add(run, kind, label, Amount.of(amount.asset, upto - units))
            units = upto

    def _add(
        self, run: Run, left: ExitKind | None = None, label: str = "", amount: Amount | None = None
    ) -> None:
        """A point, or more of the last one."""
        bar, first, last = run
        before = self._points[-1] if self._points else None
        if (
            before is not None
            and (before.node, before.end, before.left, before.label) == (bar, first, left, label)
            and (before.amount is None) == (amount is None)
        ):
            first = before.start
            if before.amount is not None and amount is not None:
                amount = Amount.of(amount.asset, before.amount.minor + amount.minor)
            self._points.pop()
        self._points.append(ThreadPoint(node=bar, at=(first, last), left=left, label=label, amount=amount))


def _asset(line: str) -> str:
    name = line_named(line)
    return name.product if isinstance(name, GoodsLine) else name.asset


def _cut(runs: Sequence[Run], low: int, high: int, length: int) -> Iterator[Run]:
    """The part `low..high` of `length` units that some runs of bars became, in proportion."""
    whole, at = sum(last - first for _, first, last in runs), 0
    begin, stop = whole * low // length, whole * high // length
    for bar, first, last in runs:
        lower, upper = max(begin, at), min(stop, at + last - first)
        if lower < upper:
            yield bar, first + lower - at, first + upper - at
        at += last - first
