"""`import rates`: official rates of a month between currencies, out of one file.

Each is recorded as an entry of its own, as `exchange-rate add` does; which ones it takes is what the campaign has to
do with, unless somebody names others.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from ledger.recording.desk import act
from ledger.recording.users import actor_named
from ledger.rules.exchange_rates import currencies_in_use
from service.command import BELIEVED, Answer, BadUse, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import open_ledger
from service.official_rates import BASE, official_rates
from service.sentences import rates as say

_MOST_FILE = 2_000_000


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the XML of the UN operational rates of exchange")
    parser.add_argument(
        "--currency", metavar="CODE", action="append", help="take this one (else all that the campaign has)"
    )
    parser.add_argument(
        "--source", metavar="TEXT", default="UN operational rates of exchange", help="who says so"
    )
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument(
        "--as", dest="user", metavar="USER", required=True, help="who records them" + BELIEVED
    )
    add_data_option(parser)


def _import(options: argparse.Namespace, outside: Outside) -> Answer:
    rates = {rate.currency: rate for rate in official_rates(outside.read(options.file, _MOST_FILE))}
    for code in options.currency or ():
        if code not in rates:
            raise BadUse("--currency: the file has no rate of {code}.", code=code[:20])
    now, lines, imported = outside.clock(), [], []
    with open_ledger(options.data, outside) as store, store.write() as tx:
        slug = options.campaign or only_campaign(tx)
        actor = actor_named(tx, options.user, now=now)
        wanted = options.currency or [code for code in currencies_in_use(tx.session, slug) if code in rates]
        for code in dict.fromkeys(wanted):
            if code == BASE:
                continue
            rate = rates[code]
            facts = {"base": BASE, "currency": code, "price": rate.price, "date": rate.day}
            facts |= {"source": options.source, "monthly": True}
            outcome = act(tx, actor, slug, "exchange-rate", "add", facts, now=now)
            lines.append(say.recorded(rate, already=outcome.already))
            imported.append({"entry": outcome.seq, "already": outcome.already, **facts})
    if not lines:
        raise BadUse(
            "{file}: has no rate that this campaign has to do with; name some (--currency).",
            file=options.file,
        )
    return Answer(tuple(lines), imported)


COMMANDS: Mapping[str, Command] = {
    "import rates": Command(_import, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
}
