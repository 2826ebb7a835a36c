"""`import sanctions` and `screening state`: a list of sanctioned addresses, and who sent coins and is paid beside it.

The list is recorded as an entry; from then on it is in force, and gifts that it concerns are set apart.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping

from ledger.core.times import rfc3339
from ledger.recording.desk import act
from ledger.recording.users import actor_named
from ledger.views.screening import screening_report
from service.command import BELIEVED, Answer, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.data_folder import find_data_folder
from service.folding import open_folder, open_ledger
from service.sanctions_lists import sanctioned_addresses
from service.sentences import sanctions as say
from watchers.proof.networks import network_named

_MOST_FILE = 1_000_000


def _import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="plain text, one address a line")
    parser.add_argument(
        "--name", metavar="NAME", required=True, help="what the list is called, such as OFAC SDN"
    )
    parser.add_argument("--list-date", metavar="DAY", required=True, help="the day as of which it is")
    parser.add_argument("--source", metavar="TEXT", required=True, help="where it was taken from")
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument(
        "--as", dest="user", metavar="USER", required=True, help="who records this" + BELIEVED
    )
    add_data_option(parser)


def _import(options: argparse.Namespace, outside: Outside) -> Answer:
    data = outside.read(options.file, _MOST_FILE)
    folder = find_data_folder(options.data, outside)
    network = network_named(folder.config.chain.network)
    addresses = sanctioned_addresses(data, options.file, network)
    now = outside.clock()
    facts = {
        "name": options.name,
        "list_date": options.list_date,
        "source": options.source,
        "addresses": list(addresses),
        "sha256": hashlib.sha256(data).hexdigest(),
        "date": rfc3339(now)[:10],
    }
    with open_folder(folder, outside) as store, store.write() as tx:
        actor = actor_named(tx, options.user, now=now)
        slug = options.campaign or only_campaign(tx)
        outcome = act(tx, actor, slug, "sanctions-list", "add", facts, now=now)
        screened = screening_report(tx.session, slug)
    recorded = say.recorded(len(addresses), options.name, options.list_date, already=outcome.already)
    return Answer(
        (recorded, *say.screening(screened)),
        {"seq": outcome.seq, "already": outcome.already, "addresses": len(addresses)} | screened.data(),
    )


def _state_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    add_data_option(parser)


def _state(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        screened = screening_report(tx.session, options.campaign or only_campaign(tx))
    return Answer(tuple(say.screening(screened)), screened.data())


COMMANDS: Mapping[str, Command] = {
    "import sanctions": Command(
        _import, _import_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)
    ),
    "screening state": Command(_state, _state_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}
