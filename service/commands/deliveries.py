"""`confirmation link` and `confirmation counts`: the other side's own count of a delivery, beside the sender's.

A link's code is printed once and kept only as a hash; who has it counts for the organisation.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import segno

from ledger.core.times import rfc3339
from ledger.recording.confirming import LinkWanted, make_link
from ledger.recording.users import actor_named
from ledger.views.two_keys import PATIENCE, deliveries
from service.command import BELIEVED, Answer, BadUse, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.data_folder import find_data_folder
from service.folding import now_of, open_folder
from service.sentences import deliveries as say


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    add_data_option(parser)


def _link_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("about", choices=("shipment", "handover"), help="what was delivered")
    parser.add_argument("paper", metavar="NUMBER", help="the waybill, or the handover's number")
    parser.add_argument(
        "--as", dest="user", metavar="USER", required=True, help="who makes the link" + BELIEVED
    )
    parser.add_argument(
        "--days", metavar="DAYS", default=str(PATIENCE), help=f"how long it holds (else {PATIENCE})"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="correct the count that was given: both stay; by another person than who recorded the paper",
    )
    _options(parser)


def _link(options: argparse.Namespace, outside: Outside) -> Answer:
    if not options.days.isascii() or not options.days.isdigit() or not 1 <= int(options.days[:4]) <= 90:
        raise BadUse("--days: write a whole number from 1 to 90.")
    wanted = LinkWanted(about=options.about, paper=options.paper, days=int(options.days), again=options.again)
    folder = find_data_folder(options.data, outside)
    with open_folder(folder, outside) as store, store.write() as tx:
        slug = str(options.campaign) if options.campaign is not None else only_campaign(tx)
        actor = actor_named(tx, options.user, now=outside.clock())
        made = make_link(tx, actor, slug, asdict(wanted), now=outside.clock())
    config = folder.config
    base = config.site.base_url.rstrip("/")
    url = f"{base or f'http://{config.serve.host}:{config.serve.port}'}/confirm/{made.code}"
    lines = [
        url,
        say.shown_once(made.expires_at),
        *(() if base else (str(say.THIS_MACHINE),)),
        "",
        *qr_lines(url),
    ]
    return Answer(tuple(lines), {"code": made.code, "url": url, "expires_at": made.expires_at})


def qr_lines(text: str) -> Iterator[str]:
    """A QR code for a terminal, two rows of it in a line; light fields are drawn, as on a dark screen."""
    rows = [
        [not dark for dark in row] for row in segno.make(text, error="m", micro=False).matrix_iter(border=2)
    ]
    rows += [[True] * len(rows[0])] if len(rows) % 2 else []
    blocks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield "".join(blocks[pair] for pair in zip(upper, lower, strict=True))


def _counts(options: argparse.Namespace, outside: Outside) -> Answer:
    folder = find_data_folder(options.data, outside)
    with open_folder(folder, outside) as store, store.read() as tx:
        slug = str(options.campaign) if options.campaign is not None else only_campaign(tx)
        shown = deliveries(tx.session, slug, rfc3339(now_of(tx, outside))[:10])
    lines = (*map(say.counted, shown.counts), *map(say.unconfirmed, shown.unconfirmed))
    data: dict[str, Any] = {
        "counts": [row.data() for row in shown.counts],
        "unconfirmed": [row.data() for row in shown.unconfirmed],
    }
    is_open = bool(shown.unconfirmed) or any(row.gap for row in shown.counts)
    return Answer(lines or (str(say.NONE),), data, Exit.OPEN if is_open else Exit.OK)


COMMANDS: Mapping[str, Command] = {
    "confirmation link": Command(_link, _link_options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED)),
    "confirmation counts": Command(_counts, _options, (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)),
}
