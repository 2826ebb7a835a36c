"""English: what of the money went to goods, to services and to fees, as sums with their shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.languages.localised import figure
from api.pages.figures import exact
from api.pages.messages import Message, worded
from api.pages.sentences.tables import asset_heading
from ledger.core.money import decimal_text
from ledger.views.spending import Spending

_ROW = "what money went to"
_GOODS = Message("Goods", _ROW)
_SERVICES = Message("Services paid", _ROW)
_FEES = Message("Fees", _ROW)
_REST = Message("Sold, held, returned", _ROW)
_WHOLE = Message("Received", _ROW)
_OF = Message("What {asset} went to", "head of a table", "{asset}: as Bitcoin (BTC)")
_SHARE = Message("{percent} %", "a share", "{percent}: as 0.08")
_BELOW = Message("below 0.01 %", "a share that is too small to be told")
_PARTS = 10_000
"""Shares are told in hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class SpentRow:
    """What part of the money it is, its sum, and its share; empty where shares cannot be told."""

    label: str
    figure: str
    share: str


def spending_tables(rows: Sequence[Spending]) -> tuple[tuple[str, tuple[SpentRow, ...], SpentRow], ...]:
    """(`What US dollars (USD) went to`, its rows, their sum): an asset each."""
    tables = []
    for row in rows:
        parts = ((_GOODS, row.goods), (_SERVICES, row.services), (_FEES, row.fees), (_REST, row.rest))
        shares = shares_of([part.minor for _, part in parts])
        spent_rows = tuple(
            SpentRow(worded(label), exact(part), _told(shares[n], part.minor) if shares else "")
            for n, (label, part) in enumerate(parts)
        )
        whole = SpentRow(worded(_WHOLE), exact(row.whole), worded(_SHARE, percent="100") if shares else "")
        tables.append((worded(_OF, asset=asset_heading(row.whole.asset)), spent_rows, whole))
    return tuple(tables)


def shares_of(parts: Sequence[int]) -> list[int]:
    """Each part in hundredths of a percent of their sum, whole together: the largest rests are rounded up. Empty where
    a part is negative or nothing came."""
    whole = sum(parts)
    if whole <= 0 or min(parts) < 0:
        return []
    shares = [part * _PARTS // whole for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda n: -(parts[n] * _PARTS % whole))
    for n in by_rest[: _PARTS - sum(shares)]:
        shares[n] += 1
    return shares


def _told(share: int, minor: int) -> str:
    return (
        worded(_SHARE, percent=figure(decimal_text("USD", share))) if share or not minor else worded(_BELOW)
    )
