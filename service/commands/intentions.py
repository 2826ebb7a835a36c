"""`intention add`: an address for one donor, as the API gives it, for those who ask by another way.

It asks nothing about the donor; a claim code is shown once and kept as its hash only.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict

from ledger.recording.desk import request_intention
from service.command import Answer, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import open_ledger
from service.sentences import running as say


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument(
        "--need", metavar="NUMBER", help="all that comes to the address is for this need only"
    )
    add_data_option(parser)


def _add(options: argparse.Namespace, outside: Outside) -> Answer:
    wish = {} if options.need is None else {"need": options.need}
    with open_ledger(options.data, outside) as store, store.write() as tx:
        slug = str(options.campaign) if options.campaign is not None else only_campaign(tx)
        made = request_intention(tx, slug, wish, now=outside.clock())
    lines = [made.address, made.bip21]
    if made.fresh:
        lines.append(say.claim_code(made.claim_code))
    else:
        lines += say.shared_address(options.need, past_is_read=made.past_is_read)
    lines += [say.restricted_to(made.need)] if made.need is not None else []
    return Answer(tuple(lines), asdict(made) | {"claim_code": made.claim_code or None})


COMMANDS: Mapping[str, Command] = {
    "intention add": Command(_add, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}
