"""`import bank`: a bank's file into the journal, all of its lines or none; and out of it again.

What the file holds is read in `service/bank_files/`, what of it is known in `ledger/recording/bank_statements.py`. The
words of a line stay in a table beside the journal, which holds only their commitments.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ledger.recording.bank_statements import Taken, take_back, take_statements
from ledger.recording.users import actor_named
from ledger.views.bank_state import OpenLine, open_lines
from service.bank_files.formats import read_file
from service.bank_files.mapping import Layout, layout_from
from service.bank_files.reading import day_of
from service.command import BELIEVED, Answer, BadUse, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import open_ledger
from service.sentences import banks as say

_MOST_FILE, _MOST_MAPPING = 20_000_000, 100_000


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="CSV, XLSX, XLS, ODS, CAMT.053, 052 or 054 (XML), MT940 or OFX"
    )
    parser.add_argument(
        "--mapping", metavar="FILE", help="TOML: the bank, and how its tables are read (needed to import)"
    )
    parser.add_argument(
        "--opening", metavar="AMOUNT", help="balance before the first line, where the file has none"
    )
    parser.add_argument(
        "--closing", metavar="AMOUNT", help="balance after the last line, where the file has none"
    )
    parser.add_argument(
        "--first", metavar="DAY", help="first day that it covers, where it is not its first line's"
    )
    parser.add_argument(
        "--last", metavar="DAY", help="last day that it covers, where it is not its last line's"
    )
    parser.add_argument(
        "--differing",
        action="store_true",
        help="take it although it and the books differ on days that both cover",
    )
    parser.add_argument(
        "--take-back",
        metavar="REASON",
        help="reverse what this very file brought, for a reason that is public; then it can be read rightly",
    )
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument(
        "--as", dest="user", metavar="USER", required=True, help="who records this" + BELIEVED
    )
    add_data_option(parser)


def _import(options: argparse.Namespace, outside: Outside) -> Answer:
    data = outside.read(options.file, _MOST_FILE)
    if options.take_back is not None:
        return _taken_back(options, outside, hashlib.sha256(data).hexdigest())
    layout = _layout(options, outside)
    file_read = read_file(data, layout)
    with open_ledger(options.data, outside) as store, store.write() as tx:
        actor = actor_named(tx, options.user, now=outside.clock())
        slug = options.campaign or only_campaign(tx)
        taken = take_statements(
            tx,
            actor,
            slug,
            layout.bank,
            file_read.statements,
            hashlib.sha256(data).hexdigest(),
            now=outside.clock(),
            differing=options.differing,
        )
        waiting = open_lines(tx, slug, bank=layout.bank)
    return Answer((*say.taken(file_read, taken), *say.waiting(waiting)), _data(taken, waiting))


def _layout(options: argparse.Namespace, outside: Outside) -> Layout:
    if options.mapping is None:
        raise BadUse(
            "--mapping: is needed; name a TOML file that says of which bank the file is, and how to read it."
        )
    layout = layout_from(outside.read(options.mapping, _MOST_MAPPING))
    return replace(
        layout,
        opening=options.opening or layout.opening,
        closing=options.closing or layout.closing,
        first=day_of(options.first, "--first") if options.first else "",
        last=day_of(options.last, "--last") if options.last else "",
    )


def _taken_back(options: argparse.Namespace, outside: Outside, sha256: str) -> Answer:
    with open_ledger(options.data, outside) as store, store.write() as tx:
        actor = actor_named(tx, options.user, now=outside.clock())
        slug = options.campaign or only_campaign(tx)
        lines, statements = take_back(tx, actor, slug, sha256, options.take_back, now=outside.clock())
    return Answer(
        (say.taken_back(lines, statements),), {"taken_back": {"lines": lines, "statements": statements}}
    )


def _data(taken: Taken, waiting: Sequence[OpenLine]) -> dict[str, Any]:
    lines = [
        {
            "line": line.identity,
            "bank": line.bank,
            "currency": line.currency,
            "booked": line.booked,
            "left": line.left,
            "words": None if line.words is None else line.words.as_json(),
            "proposals": [p.data() for p in line.proposals],
        }
        for line in waiting
    ]
    return {
        "new": taken.new,
        "known": taken.known,
        "statements": list(taken.statements),
        "waiting": len(waiting),
        "lines": lines,
    }


COMMANDS: Mapping[str, Command] = {
    "import bank": Command(_import, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
}
