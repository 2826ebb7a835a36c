"""Kept journals beside the ledger of today: every answer, entry and figure, and what differs that nobody wants.

`python -m tests.tools.kept.compare [NAME…]` prints it all; with `--accept` the same facts are kept with the answers
and figures of today, once each difference was judged.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.tools.kept.house import Done, House
from tests.tools.kept.journal import (
    Addresses,
    Counted,
    Journal,
    Moment,
    Row,
    Step,
    Told,
    User,
    Value,
    journals,
    save,
)
from tests.tools.kept.wanted import WANTED, FigureKey

SHOWN = 20
"""Differences of a journal that are printed; one often leads to the next."""


def differences(journal: Journal, house: House) -> Iterator[str]:
    """Tell a journal to a ledger that holds nothing, and say what differs that nobody wants, in order."""
    for count, (step, today) in enumerate(retold(journal.steps, house), start=1):
        if isinstance(step, Moment) and isinstance(today, Moment):
            lines, what = rows_differ(journal.name, step.rows, today.rows), step.name
        else:
            lines, what = _answers_differ(journal.name, step, today), _words(step)
        yield from (f"{journal.name}, step {count}, {what}: {line}" for line in lines)


def retold(steps: Iterable[Step], house: House) -> Iterator[tuple[Step, Step]]:
    """Each step as it was kept, and as it is today."""
    for step in steps:
        if isinstance(step, Moment):
            yield step, replace(step, rows=house.figures(step.at))
            continue
        # Before its own entries are numbered anew.
        facts = house.renumbered(step.facts) if isinstance(step, Told) else {}
        done = house.do(step)
        yield step, _answered(step, done, facts)


def _answered(step: Step, done: Done, facts: dict[str, object]) -> Step:
    entries = list(done.entries)
    match step:
        case Told():
            return replace(step, facts=facts, outcome=done.outcome, entries=entries)
        case Counted():
            return replace(step, outcome=done.outcome, entries=entries)
        case User() | Addresses() | Moment():
            return step
    return replace(step, entries=entries)


def _words(step: Step) -> str:
    return f"{step.kind} told by {step.by}" if isinstance(step, Told) else step.do


def _answers_differ(journal: str, kept: Step, today: Step) -> Iterator[str]:
    if any(wanted.of_answer(journal, kept, today) for wanted in WANTED):
        return
    if (
        isinstance(kept, Told | Counted)
        and isinstance(today, Told | Counted)
        and kept.outcome != today.outcome
    ):
        yield f"the answer was {kept.outcome}, and is {today.outcome}"
    elif not isinstance(kept, User | Addresses | Moment) and not isinstance(today, User | Addresses | Moment):
        before, after = ([entry[1:] for entry in step.entries] for step in (kept, today))
        if before != after:
            yield f"its entries (kind, campaign, day) were {before}, and are {after}"


def rows_differ(journal: str, kept: Sequence[Row], today: Sequence[Row]) -> Iterator[str]:
    """Each figure that is another, is missing or is new, but for those that are wanted so."""
    before, after = _by_key(kept), _by_key(today)
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now and not any(wanted.of_figure(journal, key, was, now) for wanted in WANTED):
            yield f"{' | '.join(key)}: was {_told(was)}, and is {_told(now)}"


def _by_key(rows: Sequence[Row]) -> dict[FigureKey, list[Value]]:
    found: dict[FigureKey, list[Value]] = defaultdict(list)
    for noun, name, field, asset, value in rows:
        found[noun, name, field, asset].append(value)
    return found


def _told(values: list[Value] | None) -> str:
    return "nothing" if values is None else " and ".join(map(str, values))


def main(arguments: Sequence[str]) -> int:
    """Compare all journals, or those named; 1 where anything differs that nobody wants."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.kept.compare", description=__doc__)
    parser.add_argument("names", nargs="*", help="journals, as their files are named; else all of them")
    parser.add_argument("--accept", action="store_true", help="keep the answers and figures of today")
    options = parser.parse_args(arguments)
    count = 0
    for journal in journals():
        if options.names and journal.name not in options.names:
            continue
        with tempfile.TemporaryDirectory(prefix="aidtrail-kept-") as folder:
            house = House.new(f"sqlite:///{Path(folder) / 'ledger.db'}")
            try:
                if options.accept:
                    save(journal.path, [today for _, today in retold(journal.steps, house)])
                    continue
                found = list(differences(journal, house))
            finally:
                house.close()
        count += len(found)
        print("\n".join(found[:SHOWN]) or f"{journal.name}: the same")
        if len(found) > SHOWN:
            print(f"{journal.name}: {len(found) - SHOWN} more")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
