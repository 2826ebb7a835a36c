"""`reconcile` and `inbox`: is the ledger the chain, does every asset tie, and what waits for a person?

They only read; the exit code says whether anything is open.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping

from api.data.answers import Decision
from ledger.core.times import rfc3339, unix_seconds
from ledger.rules.books import Books
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_states
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItem
from ledger.views.queries import campaign_cards
from ledger.views.reconcile import reconciliation
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.folding import now_of, open_ledger
from service.sentences import reconciliation as say

PAGE = 25
"""Rows of what waits that are printed at once; JSON has all of them."""


def _reconcile_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help="one campaign (else all)")
    parser.add_argument(
        "--block", metavar="HEIGHT", help="the conservation report as the books stood when this block settled"
    )
    add_data_option(parser)


def _reconcile(options: argparse.Namespace, outside: Outside) -> Answer:
    block = _height(options.block)
    with open_ledger(options.data, outside) as store, store.read() as tx:
        now = now_of(tx, outside)
        reconciled = reconciliation(tx, options.campaign, now=now)
        report = conservation(tx, options.campaign, block=block)
        waiting = decisions(tx, options.campaign, now=now)
        campaigns = [options.campaign] if options.campaign else [c.slug for c in campaign_cards(tx)]
        today = rfc3339(now)[:10]
        books = Books(tx)
        banks = [
            (slug, state)
            for slug in campaigns
            for state in bank_states(books, BankReadings(tx.session, slug, today))
        ]
    # One definition with the page, the API and the metrics; books that do not tie are broken besides.
    is_open = any(not of.books.reconciled for of in reconciled) or not report.holds
    lines = [line for of in reconciled for line in say.campaign_books(of)]
    lines += say.conserved(report)
    lines += [line for slug, state in banks for line in say.bank(slug, state)]
    lines += _waiting(waiting[:PAGE], now)
    if len(waiting) > PAGE:
        lines.append(say.more_waits(len(waiting) - PAGE))
    lines.append(say.verdict(is_open=is_open))
    data = {
        "open": is_open,
        "campaigns": [of.data() for of in reconciled],
        "conservation": report.data(),
        "banks": [state.data() | {"campaign": slug} for slug, state in banks],
        "decisions": [Decision.of(row).data() for row in waiting],
    }
    return Answer(tuple(lines), data, Exit.OPEN if is_open else Exit.OK)


def _height(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadUse("--block: write the height of a block, a whole number.")
    return int(text)


def _page(text: str, pages: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= pages:
        raise BadUse("--page: write a whole number from 1 to {pages}.", pages=pages)
    return int(text)


def _waiting(rows: Iterable[OpenItem], now: int) -> Iterator[str]:
    for row in rows:
        yield from say.waiting(row, age(row.since, now))


def age(since: str, now: int) -> int | None:
    """Seconds since a time, or the midnight (UTC) of a day; None where it is not known."""
    if not since:
        return None
    return max(0, now - unix_seconds(since if "T" in since else f"{since}T00:00:00Z"))


def _inbox_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help="one campaign (else all)")
    parser.add_argument(
        "--page", metavar="N", default="1", help=f"which {PAGE} of what waits (else the first)"
    )
    add_data_option(parser)


def _inbox(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        now = now_of(tx, outside)
        waiting = decisions(tx, options.campaign, now=now)
    pages = max(1, -(-len(waiting) // PAGE))
    page = _page(options.page, pages)
    lines = [
        *_waiting(waiting[(page - 1) * PAGE : page * PAGE], now),
        say.to_decide(sum(row.count for row in waiting)),
        *((say.page_of(page, pages),) if pages > 1 else ()),
    ]
    return Answer(
        tuple(lines), [Decision.of(row).data() for row in waiting], Exit.OPEN if waiting else Exit.OK
    )


COMMANDS: Mapping[str, Command] = {
    "reconcile": Command(_reconcile, _reconcile_options, (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)),
    "inbox": Command(_inbox, _inbox_options, (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)),
}
