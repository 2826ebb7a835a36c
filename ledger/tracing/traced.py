"""Lines as they stand at one moment, kept in memory line by line as they are asked for: for many trails in a row.

For reading only, and only within one transaction: what changes afterwards is not seen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from ledger.core.lines import Span, UnitState, Use
from ledger.store.shelf import Shelf
from ledger.tracing.state import Lines

_ASKED = 200
"""Uses asked for in one question."""


class TracedLines(Lines):
    """A line has a span a use and not one a gift, so a fund of a million gifts is a few thousand spans."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._asked: set[str] = set()
        """Lines that were asked for once: only what was asked was read of them."""
        self._spans: dict[str, tuple[list[int], list[Span]]] = {}
        self._uses: dict[str, Use] = {}
        self._names: dict[str, list[str]] = {}

    def names(self, prefix: str = "") -> list[str]:
        found = self._names.get(prefix)
        if found is None:
            found = self._names[prefix] = super().names(prefix)
        return found

    def use(self, use_id: str) -> Use:
        found = self._uses.get(use_id)
        if found is None:
            found = self._uses[use_id] = super().use(use_id)
        return found

    def spans(self, line: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
        """The states of `start..end`, cut to it, in order."""
        if line not in self._asked:
            self._asked.add(line)
            asked = list(super().spans(line, start, end))
            self._expect_uses(asked)
            return iter(asked)
        kept = self._spans.get(line)
        if kept is None:
            whole = self.whole_spans(line)
            kept = self._spans[line] = ([span.start for span in whole], whole)
        starts, whole = kept
        index = max(0, bisect_right(starts, start) - 1)
        stop = end if end is not None else whole[-1].end if whole else 0
        found = whole[index : bisect_left(starts, stop, index)]
        if found and found[0].end <= start:
            found.pop(0)
        if found and found[0].start < start:
            found[0] = found[0]._replace(start=start)
        if found and found[-1].end > stop:
            found[-1] = found[-1]._replace(end=stop)
        self._expect_uses(found)
        return iter(found)

    def _expect_uses(self, spans: list[Span]) -> None:
        """Read the uses that follow in a few questions; one by one each would be a question."""
        if len(spans) < 2:
            return
        wanted = [span.ref for span in spans if span.state is UnitState.USED and span.ref not in self._uses]
        for start in range(0, len(wanted), _ASKED):
            self._shelf.expect("use", wanted[start : start + _ASKED])
