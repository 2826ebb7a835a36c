"""`stock`, `lot` and `invoice match`: what lies where, who has a lot and whose gifts it was, what does not agree.

They read; recording is the desk's.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from api.pages import sentences as say
from ledger.core.money import is_money
from ledger.core.times import rfc3339
from ledger.rules.books import Books
from ledger.rules.matching import SAYS, all_matches
from ledger.views.losses import loss_rows
from ledger.views.payables import payable_rows
from ledger.views.stock import LotDelivery, lot_traces, stock_card, stock_rows
from service.command import Answer, Command, Exit, Outside, add_data_option
from service.commands.desk import only_campaign
from service.folding import now_of, open_ledger

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
    lines = []
    for row in rows:
        told = [f"{'expired' if row.expired else 'expires'} {row.expiry}"] if row.expiry else []
        told += [] if row.usable else ["came too much; waits for a decision"]
        told += [f"recalled by {row.recall}"] if row.recall else []
        told += [f"recalled in campaign {row.recalled_elsewhere}"] if row.recalled_elsewhere else []
        lines.append(f"{row.place}  {row.product}#{row.lot}  {row.pieces}  {'; '.join(told)}".rstrip())
    data = [row.data() for row in rows]
    return Answer(tuple(lines or [f"nothing {'expired ' if options.expired else ''}is in stock."]), data)


def _losses(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        rows = loss_rows(tx.session, _slug(tx, options))
    lines = [
        f"{row.date}  {row.place}  {row.asset}  {say.pieces_lost(row)}  {say.cause(row.cause)}  {row.document}"
        f"{f', report {row.report}' if row.report else ''}{f': {row.reason}' if row.reason else ''}"
        for row in rows
    ]
    return Answer(tuple(lines or ["nothing is lost."]), [row.data() for row in rows])


def _card_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", metavar="PLACE")
    parser.add_argument("product", metavar="PRODUCT")
    parser.add_argument("lot", metavar="LOT")
    _options(parser)


def _stock_card(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        rows = stock_card(tx, _slug(tx, options), options.place, options.product, options.lot)
    lines = [f"{'date':<12}{'in':>10}{'out':>10}{'balance':>10}  document"]
    lines += [f"{r.date:<12}{r.came or '':>10}{r.went or '':>10}{r.balance:>10}  {r.document}" for r in rows]
    return Answer(tuple(lines), [row.data() for row in rows])


def _lot_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lot", metavar="LOT", help="its name, or PRODUCT#LOT")
    _options(parser)


def _lot_trace(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        traces = lot_traces(Books(tx), _slug(tx, options), options.lot)
    lines = []
    for trace in traces:
        lines.append(f"{trace.product}#{trace.lot}: {trace.noted} noted")
        lines += [f"  {_delivered(row)}" for row in trace.deliveries]
        if trace.recalled_elsewhere is not None:
            lines.append(
                f"  recalled in campaign {trace.recalled_elsewhere}: decide with `recall add` or `recall differs`"
            )
        if trace.also_in:
            lines.append(f"  also came to {', '.join(trace.also_in)}")
        if trace.recalled is not None:
            ends = trace.recalled
            lines.append(
                f"  recalled by {trace.recall}: {ends.returned} returned, {ends.destroyed} destroyed, "
                f"{ends.used} used, {ends.not_found} not found, {ends.open} open"
            )
        lines += [f"  {row.kind} {row.place}: {row.pieces}" for row in trace.holders]
        lines += [
            f"  {row.gift or 'not paid for yet'}: {row.pieces} pieces"
            + (
                f", {row.amount.decimal} {row.amount.asset} of the price"
                if is_money(row.amount.asset)
                else ""
            )
            for row in trace.gifts
        ]
    return Answer(tuple(lines), [trace.data() for trace in traces])


def _delivered(row: LotDelivery) -> str:
    came = f"{row.date}  {row.noted} to {row.place}"
    if row.in_kind:
        return f"{came} by gift in kind {row.in_kind}"
    if row.opening:
        return f"{came} before the books begin, by opening {row.opening}"
    return f"{came} by receipt {row.receipt}, order {row.order}, from {row.supplier}"


def _matches(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        found = all_matches(Books(tx), _slug(tx, options))
    lines = []
    for row in found:
        reasons = f": {'; '.join(str(SAYS[reason]) for reason in row.reasons)}" if row.reasons else ""
        accepted = f" (accepted: {row.accepted})" if row.accepted else ""
        prepaid = f", {row.prepaid} prepaid" if row.prepaid else ""
        prepaid += f", {row.credited} credited" if row.credited else ""
        if not row.item:
            lines.append(f"{row.order}  {row.verdict}{reasons}: {row.amount}")
            continue
        lines.append(
            f"{row.order}/{row.item}  {row.invoice or 'not billed'}  {row.verdict}{reasons}{accepted}  "
            f"{row.ordered} ordered, {row.received} received, {row.billed} billed{prepaid}"
        )
    is_open = any(row.is_open for row in found)
    data = [asdict(row) | {"open": row.is_open} for row in found]
    return Answer(tuple(lines or ["no order is approved."]), data, Exit.OPEN if is_open else Exit.OK)


def _payables(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        rows = payable_rows(Books(tx), _slug(tx, options), rfc3339(now_of(tx, outside))[:10])
    lines = [
        f"{row.order}  {row.invoice or 'not billed'}  {row.supplier}  {row.payable.decimal} {row.payable.asset}, "
        f"{row.received.decimal} received and not yet paid; due: {say.payable_due(row)}"
        for row in rows
    ]
    is_open = any(row.overdue for row in rows)
    data = [row.data() for row in rows]
    return Answer(tuple(lines or ["nothing is to be paid."]), data, Exit.OPEN if is_open else Exit.OK)


COMMANDS: Mapping[str, Command] = {
    "stock list": Command(_stock_list, _stock_options, _READS),
    "stock losses": Command(_losses, _options, _READS),
    "stock card": Command(_stock_card, _card_options, _READS),
    "lot trace": Command(_lot_trace, _lot_options, _READS),
    "invoice payable": Command(_payables, _options, (*_READS, Exit.OPEN)),
    "invoice match": Command(_matches, _options, (*_READS, Exit.OPEN)),
}
