"""`stock`, `lot` and `invoice match`: what lies where, who has a lot and whose gifts it was, what does not agree.

They read; recording is the desk's.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ledger.core.times import rfc3339
from ledger.rules.books import Books
from ledger.rules.matching import all_matches
from ledger.rules.order_papers import OrderPapers
from ledger.views.losses import loss_rows
from ledger.views.payables import payable_rows
from ledger.views.stock import lot_traces, stock_card, stock_rows
from service.command import Answer, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import now_of, open_ledger
from service.sentences import stock as say

_READS = (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign (else the only one there is)")
    add_data_option(parser)


def _slug(tx: Any, options: argparse.Namespace) -> str:
    return str(options.campaign) if options.campaign is not None else only_campaign(tx)


def _stock_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--expired", action="store_true", help="only what is past its last day")
    _options(parser)


def _stock_list(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        today = rfc3339(now_of(tx, outside))[:10]
        rows = stock_rows(Books(tx), _slug(tx, options), today)
    if options.expired:
        rows = [row for row in rows if row.expired]
    nothing = say.NONE_EXPIRED if options.expired else say.NO_STOCK
    return Answer(tuple(map(say.stock, rows)) or (str(nothing),), [row.data() for row in rows])


def _losses(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        rows = loss_rows(tx.session, _slug(tx, options))
    return Answer(tuple(map(say.loss, rows)) or (str(say.NO_LOSSES),), [row.data() for row in rows])


def _card_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", metavar="PLACE")
    parser.add_argument("product", metavar="PRODUCT")
    parser.add_argument("lot", metavar="LOT")
    _options(parser)


def _stock_card(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        rows = stock_card(tx, _slug(tx, options), options.place, options.product, options.lot)
    return Answer(tuple(say.card(rows)), [row.data() for row in rows])


def _lot_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lot", metavar="LOT", help="its name, or PRODUCT#LOT")
    _options(parser)


def _lot_trace(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        traces = lot_traces(Books(tx), _slug(tx, options), options.lot)
    lines = tuple(line for trace in traces for line in say.lot(trace))
    return Answer(lines, [trace.data() for trace in traces])


def _matches(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        matches = all_matches(OrderPapers(Books(tx), _slug(tx, options)))
    is_open = any(row.is_open for row in matches)
    data = [asdict(row) | {"open": row.is_open} for row in matches]
    lines = tuple(map(say.matched, matches)) or (str(say.NO_ORDERS),)
    return Answer(lines, data, Exit.OPEN if is_open else Exit.OK)


def _payables(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        rows = payable_rows(OrderPapers(Books(tx), _slug(tx, options)), rfc3339(now_of(tx, outside))[:10])
    lines = tuple(map(say.payable, rows)) or (str(say.NO_PAYABLES),)
    is_open = any(row.overdue for row in rows)
    data = [row.data() for row in rows]
    return Answer(lines, data, Exit.OPEN if is_open else Exit.OK)


COMMANDS: Mapping[str, Command] = {
    "stock list": Command(_stock_list, _stock_options, _READS),
    "stock losses": Command(_losses, _options, _READS),
    "stock card": Command(_stock_card, _card_options, _READS),
    "lot trace": Command(_lot_trace, _lot_options, _READS),
    "invoice payable": Command(_payables, _options, (*_READS, Exit.OPEN)),
    "invoice match": Command(_matches, _options, (*_READS, Exit.OPEN)),
}
