"""How far long work has come: a bar on a terminal, a line now and then in a log. It reads nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ledger.core.wording import Wording
from service.clock import monotonic
from service.logs import note
from watchers.sources.protocol import Part

_EACH_SECONDS = 10.0
"""A look that takes longer says so often how far it has come."""
_LINES = 20
"""A log gets about so many lines from start to end."""


class CatchUp:
    """Told after each look where we are; shows nothing while there is nothing to catch up."""

    def __init__(self, err: TextIO) -> None:
        self._console = Console(file=err)
        self._bar: Progress | None = None
        self._start: int | None = None
        self._said = 0

    def __call__(self, tip: int, best: int, hours: int) -> None:
        """`tip` is the last block read, `best` the best header, `hours` the estimate for the rest."""
        if best <= tip:
            self._done(tip)
            return
        if self._start is None:
            self._start = self._said = tip
            note("catching up", block=tip, best=best, hours=hours)
            if self._console.is_terminal:
                self._bar = Progress(
                    TextColumn(str(Wording("reading blocks"))),
                    BarColumn(),
                    MofNCompleteColumn(),
                    TextColumn("{task.fields[rest]}"),
                    console=self._console,
                    transient=True,
                )
                self._bar.add_task("blocks", total=best - tip, rest="")
                self._bar.start()
        if self._bar is not None:
            self._bar.update(
                self._bar.task_ids[0],
                total=best - self._start,
                completed=tip - self._start,
                rest=str(_behind(best - tip, hours)),
            )
        elif tip - self._said >= max(1, (best - self._start) // _LINES):
            self._said = tip
            note("catching up", block=tip, best=best, hours=hours)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _done(self, tip: int) -> None:
        if self._start is not None:
            self.stop()
            note("caught up", block=tip, blocks_read=tip - self._start)
            self._start = None


def _behind(blocks: int, hours: int) -> Wording:
    """How far the sources are ahead, and about how long it takes to read that."""
    time = Wording("about {n} hour", {"n": hours}, "about {n} hours")
    return Wording("{n} block behind, {time}", {"n": blocks, "time": time}, "{n} blocks behind, {time}")


class LookProgress:
    """How far the look that is under way has come: for the metrics, and a line of the log each ten seconds.

    Used with `with` around a look, and told by its sources; read from other threads.
    """

    def __init__(self, elapsed: Callable[[], float] = monotonic) -> None:
        self._elapsed = elapsed
        self._began: float | None = None
        self._said = 0.0
        self.read: dict[tuple[str, str], tuple[int, int]] = {}
        """By source and part: so many of so many are read."""

    def __enter__(self) -> Self:
        self._began = self._said = self._elapsed()
        self.read = {}
        return self

    def __exit__(self, *_failure: object) -> None:
        self._began = None
        self.read = {}

    def __call__(self, source: str, part: Part, done: int, of: int) -> None:
        """A source gave so many of so many of a part."""
        self.read = self.read | {(source, part.value): (done, of)}
        now = self._elapsed()
        if self._began is not None and now - self._said >= _EACH_SECONDS:
            self._said = now
            note(
                "reading", source=source, what=part.value, done=done, of=of, seconds=round(now - self._began)
            )

    @property
    def seconds(self) -> int:
        """For how long the look is under way; 0 where none is."""
        began = self._began
        return 0 if began is None else int(self._elapsed() - began)


class FoldProgress:
    """Shows how much of the journal is folded anew: a bar on a terminal, else a line a tenth. Used with `with`."""

    def __init__(self, err: TextIO, quiet: bool) -> None:
        self._console = Console(file=err, quiet=quiet)
        self._bar: Progress | None = None
        self._said = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, everything: int) -> None:
        """`done` of all entries and observations are folded."""
        if self._console.is_terminal and not self._console.quiet:
            if self._bar is None:
                self._bar = Progress(
                    TextColumn(str(Wording("making sums and lists anew"))),
                    BarColumn(),
                    MofNCompleteColumn(),
                    TimeRemainingColumn(),
                    console=self._console,
                    transient=True,
                )
                self._bar.add_task("fold", total=everything)
                self._bar.start()
            self._bar.update(self._bar.task_ids[0], completed=done, total=everything)
            return
        tenth = done * 10 // max(1, everything)
        if tenth > self._said:
            self._said = tenth
            message = Wording("making sums and lists anew, {percent} %.", {"percent": tenth * 10})
            self._console.print(f"aidtrail: {message}", highlight=False)
