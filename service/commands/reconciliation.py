"""`reconcile` and `inbox`: is the ledger the chain, does every asset tie, and what waits for a person?

They only read; the exit code says whether anything is open.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from api.data.answers import Decision
from api.pages import sentences as say
from ledger.core.frozen import Amount
from ledger.core.money import decimal_text
from ledger.core.times import rfc3339, unix_seconds
from ledger.views.bank_state import BankState, bank_states
from ledger.views.conservation import Conservation, ConservationTable, Side, Tie, conservation
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItem
from ledger.views.queries import campaign_cards
from ledger.views.reconcile import reconciliation
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.folding import now_of, open_ledger

_DAY, _HOUR = 86_400, 3_600


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
        found = reconciliation(tx, options.campaign, now=now)
        report = conservation(tx, options.campaign, block=block)
        waiting = decisions(tx, options.campaign, now=now)
        campaigns = [options.campaign] if options.campaign else [c.slug for c in campaign_cards(tx)]
        today = rfc3339(now)[:10]
        banks = [(slug, state) for slug in campaigns for state in bank_states(tx, slug, today=today)]
    width = max((len(words) for words, _ in found.lines), default=0)
    lines = [f"{words:<{width}}  {figure}" for words, figure in found.lines]
    lines += _conservation_lines(report)
    for slug, state in banks:
        lines += _bank_lines(slug, state)
    lines += _decision_lines(waiting, now)
    # One definition with the page, the API and the metrics; books that do not tie are broken besides.
    is_open = found.open or not report.holds
    lines.append("open: something is not reconciled." if is_open else "reconciled.")
    data = {
        "lines": [list(row) for row in found.lines],
        "open": is_open,
        "state": found.state.data(),
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


def _conservation_lines(report: Conservation) -> Iterator[str]:
    when = "before the first look" if report.block is None else f"at block {report.block}"
    yield f"conservation {when}, after entry {report.seq}:"
    for table in report.tables:
        yield from _table_lines(table)
    for tie in report.ties:
        yield from _tie_lines(tie)


def _table_lines(table: ConservationTable) -> Iterator[str]:
    rows = [row for row in table.rows if row.side is not Side.BOUND]
    if rows or table.difference.minor:
        yield f"  {table.asset}"
    for side, total in ((Side.CAME, table.came), (Side.WENT, table.went)):
        for row in rows:
            if row.side is side:
                yield f"    {side.value:<4}  {row.key.replace('_', ' '):<22}{row.amount.decimal:>22}"
        if rows:
            yield f"    {side.value:<4}  {'total':<22}{total.decimal:>22}"
    if table.difference.minor:
        off = f"{_off(table.difference)} {table.asset} too {_more(table.difference)}"
        yield f"    does not tie: {off} is held or gone"


def _off(difference: Amount) -> str:
    return decimal_text(difference.asset, abs(difference.minor))


def _tie_lines(tie: Tie) -> Iterator[str]:
    parts = " + ".join(f"{name} {part.decimal}" for name, part in tie.parts.items()) or "nothing"
    off = f"{_off(tie.difference)} too {_more(tie.difference)}"
    end = f"; does not tie: {off}" if tie.difference.minor else ""
    yield f"  {tie.what} {tie.subject}: {tie.total.decimal} = {parts}{end}"


def _more(difference: Amount) -> str:
    return "much" if difference.minor > 0 else "little"


def _bank_lines(slug: str, state: BankState) -> Iterator[str]:
    asset = state.closing.asset
    yield (
        f"  {slug}: bank {state.bank} as of {state.last}, closing with {state.closing.decimal} {asset}. "
        f"{'. '.join(say.bank_open(state))}."
    )
    for way in state.under_way:
        what = f"{way.instrument.replace('_', ' ')} of entry {way.entry}, since {way.since} ({way.number})"
        yield f"    outstanding until {way.until}: {way.amount.decimal} {asset}, {what}"
    for aside in state.set_aside:
        when = aside.when or "before the first statement"
        sums = f"{aside.came.decimal} in, {aside.went.decimal} out"
        yield f"    set aside {when}: {aside.lines} lines, {sums} {asset}: {aside.reason} ({aside.decided_by})"


def _decision_lines(waiting: tuple[OpenItem, ...], now: int) -> Iterator[str]:
    for row in waiting:
        amount = "" if row.amount is None else f"  {row.amount.decimal} {row.amount.asset}"
        what = say.kind_title(row.kind)
        yield f"{age(row.since, now):>9}  {row.campaign}: {what}, {row.subject}{amount}"
        if row.words is not None:
            yield f"{'':>9}  {row.words.said}"
        yield f"{'':>9}  since {row.since}: {say.what_to_do(row.to_do)}"
        for found in row.suggestions:
            amount = ""
            if row.amount is not None and found.minor is not None:
                amount = f" ({decimal_text(row.amount.asset, found.minor)} {row.amount.asset})"
            why = ", ".join(map(say.suggested_why, found.why))
            yield f"{'':>9}  {found.score:>3}  {found.kind} {found.reference}{amount}: {why}"


def age(since: str, now: int) -> str:
    """How long ago in whole days, or hours below two days; of a day (UTC) from its midnight."""
    if not since:
        return "?"
    seconds = max(0, now - unix_seconds(since if "T" in since else f"{since}T00:00:00Z"))
    return f"{seconds // _DAY} days" if seconds >= 2 * _DAY else f"{seconds // _HOUR} hours"


def _inbox_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help="one campaign (else all)")
    add_data_option(parser)


def _inbox(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        now = now_of(tx, outside)
        waiting = decisions(tx, options.campaign, now=now)
    lines = [*_decision_lines(waiting, now), f"{sum(row.count for row in waiting)} to decide."]
    return Answer(
        tuple(lines), [Decision.of(row).data() for row in waiting], Exit.OPEN if waiting else Exit.OK
    )


COMMANDS: Mapping[str, Command] = {
    "reconcile": Command(_reconcile, _reconcile_options, (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)),
    "inbox": Command(_inbox, _inbox_options, (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)),
}
