"""`period balances`: the trial balance of every closed period, or of one. It reads; closing is the desk's."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from ledger.core.errors import NotFound
from ledger.views.controls import closed_periods
from service.command import Answer, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import open_ledger
from service.sentences import periods as say


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", nargs="?", help="one period (else all that were closed)")
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    add_data_option(parser)


def _balances(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        slug = options.campaign if options.campaign is not None else only_campaign(tx)
        periods = closed_periods(tx.session, slug)
    if options.number is not None:
        periods = tuple(period for period in periods if period.number == options.number)
        if not periods:
            raise NotFound.field(
                "period", "{number} was never closed; see `aidtrail period list`", number=options.number[:40]
            )
    lines = [line for period in periods for line in say.balances(period)]
    return Answer(tuple(lines) or (str(say.NONE),), [period.data() for period in periods])


COMMANDS: Mapping[str, Command] = {
    "period balances": Command(_balances, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}
