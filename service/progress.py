"""How far catching up has come: a bar on a terminal, a line now and then in a log. It reads nothing itself."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from service.logs import note

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
                    TextColumn("reading blocks"),
                    BarColumn(),
                    MofNCompleteColumn(),
                    TextColumn("{task.fields[rest]}"),
                    console=self._console,
                    transient=True,
                )
                self._bar.add_task("blocks", total=best - tip, rest="")
                self._bar.start()
        if self._bar is not None:
            rest = f"{best - tip:,} blocks behind, about {hours:,} hour{'' if hours == 1 else 's'}"
            self._bar.update(
                self._bar.task_ids[0], total=best - self._start, completed=tip - self._start, rest=rest
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
