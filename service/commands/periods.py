"""`period balances`: the trial balance of every closed period, or of one. It reads; closing is the desk's."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping

from ledger.core.errors import NotFound
from ledger.core.money import decimal_text
from ledger.views.controls import ClosedPeriod, closed_periods
from service.command import Answer, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import open_ledger


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", nargs="?", help="one period (else all that were closed)")
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    add_data_option(parser)


def _balances(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        slug = options.campaign if options.campaign is not None else only_campaign(tx)
        found = closed_periods(tx.session, slug)
    if options.number is not None:
        found = tuple(period for period in found if period.number == options.number)
        if not found:
            raise NotFound.field(
                "period", "{number} was never closed; see `aidtrail period list`", number=options.number[:40]
            )
    lines = [line for period in found for line in _lines(period)]
    return Answer(tuple(lines or ["no period is closed."]), [period.data() for period in found])


def _lines(period: ClosedPeriod) -> Iterator[str]:
    again = f", open again by entry {period.reopened}" if period.reopened else ""
    yield (
        f"{period.number}: {period.first} to {period.last}, frozen by entry {period.seq}, "
        f"which counts entries up to {period.through}{again}"
    )
    width = max([len(row.account) for row in period.rows] + [len("account")])
    yield f"  {'account':<{width}}  {'asset':<12}{'opening':>20}{'change':>20}{'debit':>20}{'credit':>20}"
    debits: dict[str, int] = defaultdict(int)
    for row in period.rows:
        asset, closing = row.closing.asset, row.closing.minor
        debits[asset] += max(closing, 0)
        debit = row.closing.decimal if closing > 0 else ""
        credit = decimal_text(asset, -closing) if closing < 0 else ""
        yield (
            f"  {row.account:<{width}}  {asset:<12}{row.opening.decimal:>20}{row.change.decimal:>20}"
            f"{debit:>20}{credit:>20}"
        )
    for asset, whole in sorted(debits.items()):  # credits are as much: each asset balances
        total = f"{decimal_text(asset, whole):>20}"
        yield f"  {'total':<{width}}  {asset:<12}{'':>40}{total}{total}"


COMMANDS: Mapping[str, Command] = {
    "period balances": Command(_balances, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}
