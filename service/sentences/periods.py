"""English: `period balances`: the trial balance of a closed period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from api.pages.messages import Message, worded
from ledger.core.money import decimal_text
from ledger.views.controls import ClosedPeriod

NONE = Message("no period is closed.")
_PERIOD = (
    "{number}: number of a period",
    "{first}, {last}: its days",
    "{entry}: number of the entry that froze it",
    "{through}: number of an entry",
)
_FROZEN = Message(
    "{number}: {first} to {last}, frozen by entry {entry}, which counts entries up to {through}", *_PERIOD
)
_REOPENED = Message(
    "{number}: {first} to {last}, frozen by entry {entry}, which counts entries up to {through}, open again by entry "
    "{reopened}",
    *_PERIOD,
    "{reopened}: number of an entry",
)
_COLUMN = "heading of a column of a trial balance"
_ACCOUNT = Message("account", _COLUMN)
_ASSET = Message("asset", _COLUMN)
_FIGURES = (
    Message("opening", _COLUMN, "at its beginning"),
    Message("change", _COLUMN),
    Message("debit", _COLUMN),
    Message("credit", _COLUMN),
)
_TOTAL = Message("total", "the last row of a trial balance")


def _frozen(period: ClosedPeriod) -> str:
    if period.reopened:
        return worded(
            _REOPENED,
            number=period.number,
            first=period.first,
            last=period.last,
            entry=str(period.seq),
            through=str(period.through),
            reopened=str(period.reopened),
        )
    return worded(
        _FROZEN,
        number=period.number,
        first=period.first,
        last=period.last,
        entry=str(period.seq),
        through=str(period.through),
    )


def balances(period: ClosedPeriod) -> Iterator[str]:
    """What was frozen: a line about it, a row an account, and the totals of each asset."""
    yield _frozen(period)
    account = worded(_ACCOUNT)
    width = max([len(row.account) for row in period.rows] + [len(account)])
    yield f"  {account:<{width}}  {worded(_ASSET):<12}{''.join(f'{worded(each):>20}' for each in _FIGURES)}"
    debits: dict[str, int] = defaultdict(int)
    for row in period.rows:
        asset, closing = row.closing.asset, row.closing.minor
        debits[asset] += max(closing, 0)
        debit = row.closing.decimal if closing > 0 else ""
        credit = decimal_text(asset, -closing) if closing < 0 else ""
        yield (
            f"  {row.account:<{width}}  {asset:<12}{row.opening.decimal:>20}{row.change.decimal:>20}"
            f"{debit:>20}{credit:>20}"
        )
    for asset, whole in sorted(debits.items()):  # credits are as much: each asset balances
        total = f"{decimal_text(asset, whole):>20}"
        yield f"  {worded(_TOTAL):<{width}}  {asset:<12}{'':>40}{total}{total}"
