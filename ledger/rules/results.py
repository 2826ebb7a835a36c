"""Results in people and events: indicators with baseline and target, and reports of what was reached.

Nobody is counted twice: a report says what it counts, and only what is new is added (RULES 15).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, Text
from ledger.rules.books import Books
from ledger.rules.spec import (
    RECORDERS,
    Context,
    Kind,
    Undoing,
    document_of,
    numbered,
    require_campaign,
    reversed_as,
)

DIMENSIONS = ("sex", "age", "place")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """What is counted, from where it starts and what it should reach. `least_cell`: smaller cells are not shown."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    title: Name
    unit: Name
    baseline: Count = 0
    target: Positive
    by: Date | None = None
    least_cell: Count = 5
    product: Number | None = None  # the service whose deliveries it counts, if any
    method: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many of one group."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    group: Name
    count: Count


Cells = Annotated[tuple[Cell, ...], Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A report on an indicator: `period` counts what is new between two days, `to_date` all since the start.

    Every breakdown (`sex`, `age`, `place`) sums to `total`; they are views of the same people, never added up.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    indicator: Number
    counts: Literal["period", "to_date"]
    start: Date | None = None  # of a period
    end: Date
    total: Count
    sex: Cells = ()
    age: Cells = ()
    place: Cells = ()
    date: Date


def _post_indicator(context: Context, facts: Indicator) -> Posting:
    require_campaign(context)
    if facts.target <= facts.baseline:
        raise Refused.field("target", f"{facts.target} is not above the baseline, {facts.baseline}")
    if facts.product is not None:
        context.books.documents.require("product", context.campaign, facts.product)
    return Posting()


def _fold_indicator(books: Books, entry: Entry) -> None:
    document = document_of(entry, actual=0, cells={}, until=None, results=[])
    books.documents.save("indicator", entry.campaign, str(entry.facts["number"]), document)


def reached_account(campaign: str, indicator: str) -> str:
    return account(AccountClass.REACHED, campaign, indicator)


def _post_result(context: Context, facts: Result) -> Posting:
    indicator = context.books.documents.require("indicator", context.campaign, facts.indicator)
    _check_span(facts, indicator)
    counted = _checked_cells(facts)
    before = {dimension: dict(indicator["cells"].get(dimension, {})) for dimension in DIMENSIONS}
    if facts.counts == "period":
        fresh = facts.total
        cells = {
            dimension: {
                group: before[dimension].get(group, 0) + count
                for group, count in (dict.fromkeys(before[dimension], 0) | counted[dimension]).items()
            }
            for dimension in DIMENSIONS
        }
    else:
        fresh = facts.total - indicator["actual"]
        if fresh < 0:
            raise Refused.field(
                "total",
                f"{facts.total} to date is below the {indicator['actual']} reported before; reverse what was wrong",
            )
        cells = counted
        for dimension in DIMENSIONS:
            for group, count in before[dimension].items():
                if counted[dimension] and counted[dimension].get(group, 0) < count:
                    raise Refused.field(
                        dimension, f"{group} has fewer to date than the {count} reported before"
                    )
            if not counted[dimension]:
                cells[dimension] = before[dimension]
    transfers: tuple[Transfer, ...] = ()
    if fresh:
        transfers = (
            Transfer(
                reached_account(context.campaign, facts.indicator),
                account(AccountClass.RESULTS, context.campaign),
                f"indicator:{facts.indicator}",
                fresh,
            ),
        )
    notes = {
        "new": fresh,
        "cells": {dimension: dict(sorted(cells[dimension].items())) for dimension in DIMENSIONS},
        "before": {"actual": indicator["actual"], "until": indicator["until"], "cells": indicator["cells"]},
    }
    return Posting(transfers, (), notes)


def _check_span(facts: Result, indicator: dict[str, Any]) -> None:
    until = indicator["until"]
    if facts.end > facts.date:
        raise Refused.field(
            "end", f"{facts.end} is after the day of the report, {facts.date}; count what has been"
        )
    if facts.counts == "period":
        if facts.start is None:
            raise Refused.field("start", "a report of a period says when it starts")
        if facts.end < facts.start:
            raise Refused.field("end", f"{facts.end} is before the start, {facts.start}")
        if until is not None and facts.start <= until:
            raise Conflict(
                f"start: {facts.start} is not after {until}, to which this indicator is reported; "
                "the same people would be counted twice"
            )
    elif facts.start is not None:
        raise Refused.field("start", "a report to date has no start; leave it out, or say counts=period")
    elif until is not None and facts.end < until:
        raise Conflict(f"end: {facts.end} is before {until}, to which this indicator is reported")


def _checked_cells(facts: Result) -> dict[str, dict[str, int]]:
    """Each breakdown as a map; refused when a group stands twice or the sum is another than the total."""
    found: dict[str, dict[str, int]] = {}
    for dimension in DIMENSIONS:
        cells: tuple[Cell, ...] = getattr(facts, dimension)
        counted = {cell.group: cell.count for cell in cells}
        if len(counted) != len(cells):
            raise Refused.field(dimension, "names a group twice; add its people together")
        if cells and sum(counted.values()) != facts.total:
            raise Refused.field(dimension, f"sums to {sum(counted.values())}, and the total is {facts.total}")
        found[dimension] = counted
    return found


def _fold_result(books: Books, entry: Entry) -> None:
    number = str(entry.facts["indicator"])
    indicator = books.documents.require("indicator", entry.campaign, number)
    indicator |= {
        "actual": indicator["actual"] + int(str(entry.notes["new"])),
        "cells": entry.notes["cells"],
        "until": entry.facts["end"],
        "results": [*indicator["results"], entry.facts["number"]],
    }
    books.documents.save("indicator", entry.campaign, number, indicator)
    books.documents.save(
        "result", entry.campaign, str(entry.facts["number"]), document_of(entry, reversed=None)
    )


def _require_last(context: Context, entry: Entry) -> None:
    """Conflict where another report of the indicator came later."""
    indicator = context.books.documents.require("indicator", context.campaign, str(entry.facts["indicator"]))
    if indicator["results"][-1] != entry.facts["number"]:
        raise Conflict(f"entry: result {indicator['results'][-1]} was reported after it; reverse that first")


def _unfold_result(books: Books, entry: Entry, seq: int) -> None:
    reversed_as("result")(books, entry, seq)
    number = str(entry.facts["indicator"])
    indicator = books.documents.require("indicator", entry.campaign, number)
    indicator |= {**entry.notes["before"], "results": indicator["results"][:-1]}
    books.documents.save("indicator", entry.campaign, number, indicator)


INDICATOR = Kind(
    name="indicator",
    noun="indicator",
    verb="add",
    facts=Indicator,
    doc="Name what is counted, with baseline and target.",
    roles=RECORDERS,
    key=numbered("indicator"),
    post=_post_indicator,
    fold=_fold_indicator,
)
RESULT = Kind(
    name="result",
    noun="result",
    verb="add",
    facts=Result,
    doc="Report people or events reached, by sex, age group and place; nobody twice.",
    roles=RECORDERS,
    key=numbered("result"),
    post=_post_result,
    fold=_fold_result,
    undoing=Undoing(_unfold_result, require=_require_last),
)
KINDS = (INDICATOR, RESULT)
