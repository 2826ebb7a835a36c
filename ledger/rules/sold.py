"""What a conversion sold: fill by fill, in the exchange's order, and by restriction within a fill.

It reads a conversion's facts and outcome, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.names import conversion_use


@dataclass(frozen=True, slots=True)
class Sold:
    """What one use of a conversion sold, minor units; `use` names it."""

    use: str
    sold: int
    proceeds: int
    fee: int

    @property
    def gross(self) -> int:
        return self.proceeds + self.fee


def sold_in(campaign: str, document: Mapping[str, Any]) -> tuple[Sold, ...]:
    """The uses that a conversion is: one a fill, in the exchange's order, or one for all; more where it sold
    coins of several restrictions. `document` is the conversion's.
    """
    told = (document.get("outcome") or {}).get("sold")
    if told is not None:
        return tuple(Sold(use, sold, proceeds, fee) for use, sold, proceeds, fee in told)
    return fills_of(campaign, document["facts"])


def fills_of(campaign: str, facts: Mapping[str, Any]) -> tuple[Sold, ...]:
    """What the exchange says that it sold: each fill of a conversion's `facts`, or all of it."""
    fills = facts.get("fills")
    if fills is None:
        use = str(conversion_use(campaign, facts["number"]))
        return (Sold(use, facts["sold"], facts["proceeds"], facts["exchange_fee"]),)
    return tuple(
        Sold(
            str(conversion_use(campaign, facts["number"], fill=n)),
            fill["sold"],
            fill["proceeds"],
            fill["fee"],
        )
        for n, fill in enumerate(fills, start=1)
    )
