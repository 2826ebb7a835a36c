"""Tables of sums: addends above, their total below, in one asset or product; what makes them is in other files."""

from __future__ import annotations

from ledger.core.frozen import Amount, Frozen


class SumRow(Amount):
    """One addend of a sum."""

    key: str
    """What the addend is, as a word such as `paid` or `network_fees`."""
    label: str = ""
    """Proper name where the key alone does not say: `PO-1`, `W-003`."""


class SumTotal(Amount):
    """What the rows of a sum add up to."""

    key: str
    """What the sum is, as a word such as `received`."""


class SumTable(Frozen):
    """Rows of one asset or product that add up to their total, to the last minor unit."""

    asset: str
    """What all of it is in."""
    unit: str
    """What a piece is called; empty for money."""
    came: tuple[SumRow, ...] = ()
    """Where it came from: these too add up to the total; empty where one word says it."""
    rows: tuple[SumRow, ...]
    """Where it is, or what became of it: the addends."""
    total: SumTotal
    """Their sum."""
