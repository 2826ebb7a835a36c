"""`bank accounts`: what is expected of each bank. `bank forget`: the private words of bank lines out of the database,
its log and the backups kept beside it.

The journal holds only their commitments: forgetting them changes no entry.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from ledger.core.facts import Date
from ledger.recording.bank_words import asked_words
from ledger.recording.users import actor_named
from ledger.views.bank_accounts import bank_accounts
from service.command import BELIEVED, Answer, BadUse, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.data_folder import find_data_folder
from service.folding import open_folder, open_ledger
from service.sentences import banks as say
from service.words import words_of


def _forget_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lines", nargs="*", metavar="IDENTITY", help="lines, as `bank list` names them")
    parser.add_argument("--before", metavar="DAY", help="all lines booked before this day (YYYY-MM-DD)")
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument(
        "--as", dest="user", metavar="USER", required=True, help="the admin who asks for it" + BELIEVED
    )
    add_data_option(parser)


def _forget(options: argparse.Namespace, outside: Outside) -> Answer:
    if not options.lines and options.before is None:
        raise BadUse("IDENTITY or --before is needed: say which lines, or before which day.")
    if options.before is not None:
        try:
            TypeAdapter(Date).validate_python(options.before)
        except ValidationError:
            raise BadUse("--before: write the day as YYYY-MM-DD.") from None
    folder = find_data_folder(options.data, outside)
    with open_folder(folder, outside) as store:
        with store.read() as tx:
            slug = options.campaign or only_campaign(tx)
            actor = actor_named(tx, options.user, now=outside.clock())
            named = asked_words(tx, actor, slug, options.lines, options.before)
        words_of(store, folder.config, outside.clock, folder.path).forget(named, by=actor.id)
    return Answer((say.forgotten(len(named)),), {"forgotten": len(named)})


def _accounts_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    add_data_option(parser)


def _accounts(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        rows = bank_accounts(tx.session, options.campaign or only_campaign(tx))
    return Answer(tuple(say.account_said(row) for row in rows), [row.data() for row in rows])


COMMANDS: Mapping[str, Command] = {
    "bank accounts": Command(_accounts, _accounts_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
    "bank forget": Command(_forget, _forget_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
}
