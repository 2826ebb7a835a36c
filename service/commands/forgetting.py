"""`bank forget`: the words of bank lines leave the database. It changes no entry and no backup."""

from __future__ import annotations

import argparse

from pydantic import TypeAdapter, ValidationError

from ledger.core.facts import Date
from ledger.recording.bank_words import forget_words
from ledger.recording.desk import actor_named
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.database import opened_store


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lines", nargs="*", metavar="IDENTITY", help="lines, as `bank list` names them")
    parser.add_argument("--before", metavar="DAY", help="all lines booked before this day (YYYY-MM-DD)")
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument("--as", dest="user", metavar="USER", required=True, help="the admin who asks for it")
    add_data_option(parser)


def _forget(options: argparse.Namespace, outside: Outside) -> Answer:
    if not options.lines and options.before is None:
        raise BadUse("IDENTITY or --before is needed: say which lines, or before which day.")
    if options.before is not None:
        try:
            TypeAdapter(Date).validate_python(options.before)
        except ValidationError:
            raise BadUse("--before: write the day as YYYY-MM-DD.") from None
    with opened_store(options.data, outside) as store, store.write() as tx:
        slug = options.campaign or only_campaign(tx)
        actor = actor_named(tx, options.user)
        count = forget_words(tx, actor, slug, options.lines, options.before, now=outside.clock())
    said = (
        f"the words of {count} bank lines are forgotten; entries and matches stand"
        if count
        else "no words to forget"
    )
    return Answer((f"{said}. Backups made before still hold them.",), {"forgotten": count})


COMMANDS: tuple[Command, ...] = (
    Command(
        "bank forget",
        "Forget the private words of bank lines; what the entries commit to stays.",
        _forget,
        _options,
        (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED),
    ),
)
