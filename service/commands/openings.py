"""`import opening` and `opening template`: a campaign that began before its books is begun from one table.

What the table holds is read in `service/opening_sheet.py`; proposing it is the desk's act, approving it another's.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.times import rfc3339
from ledger.recording.desk import act
from ledger.recording.users import actor_named
from ledger.views.openings import BroughtRow, brought_rows, require_proposable
from service.command import BELIEVED, Answer, BadUse, Command, Exit, Outside, add_data_option, why_not
from service.commands.desk import only_campaign
from service.folding import open_ledger
from service.opening_sheet import read_opening, template
from service.sentences import openings as say

_MOST_FILE = 20_000_000


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="CSV, XLSX, XLS or ODS, as `opening template` writes it")
    parser.add_argument("--number", metavar="NUMBER", required=True, help="what this opening is called")
    parser.add_argument("--day", metavar="DAY", required=True, help="the day at whose end all of it stood")
    parser.add_argument(
        "--paper", metavar="SHA256", help="the evidence of it, attached before (needed to record)"
    )
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    parser.add_argument(
        "--preview", action="store_true", help="show each row and what does not tie; record nothing"
    )
    parser.add_argument(
        "--as", dest="user", metavar="USER", help="who proposes it (needed to record)" + BELIEVED
    )
    add_data_option(parser)


def _import(options: argparse.Namespace, outside: Outside) -> Answer:
    if options.user is None and not options.preview:
        raise BadUse("--as: say who proposes the opening, or --preview to look at it first.")
    read = read_opening(outside.read(options.file, _MOST_FILE))
    facts = read.opening(options.number, options.day, options.paper)
    now = outside.clock()
    try:
        with open_ledger(options.data, outside) as store:
            if options.preview:
                with store.read() as tx:
                    slug = options.campaign or only_campaign(tx)
                    require_proposable(tx, slug, facts, now=rfc3339(now))
                    rows = brought_rows(tx.session, slug, facts)
                wanted = () if options.paper else (str(say.WANTS_PAPER),)
                return Answer((*say.brought(rows), *wanted, str(say.NOTHING_RECORDED)), _data(None, rows))
            with store.write() as tx:
                slug = options.campaign or only_campaign(tx)
                rows = brought_rows(tx.session, slug, facts)
                outcome = act(
                    tx, actor_named(tx, options.user, now=now), slug, "opening", "add", facts, now=now
                )
    except (Refused, NotFound, Conflict) as refusal:
        raise read.placed(refusal) from None
    proposed = say.proposed(options.number, outcome.seq, already=outcome.already)
    return Answer((*say.brought(rows), proposed), _data(outcome.seq, rows))


def _data(entry: int | None, rows: Sequence[BroughtRow]) -> dict[str, Any]:
    return {"entry": entry, "rows": [row.data() for row in rows]}


def _template_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="a new file to write it to (else it is printed)"
    )


def _template(options: argparse.Namespace, outside: Outside) -> Answer:
    text = template()
    if options.file is None:
        return Answer(tuple(text.splitlines()), {"template": text})
    try:
        with (outside.folder / options.file).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadUse("{file}: is there already; name a new file.", file=options.file) from None
    except (OSError, ValueError) as failure:
        raise BadUse(
            "{file}: cannot be written ({reason}).", file=options.file, reason=why_not(failure)
        ) from None
    return Answer((say.wrote(options.file),), {"file": options.file})


COMMANDS: Mapping[str, Command] = {
    "import opening": Command(_import, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
    "opening template": Command(_template, _template_options),
}
