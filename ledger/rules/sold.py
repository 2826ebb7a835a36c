"""What coins fetched that conversions sold, use by use: between the tables and the questions about their value.

It reads what was approved and stands, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Text, bindparam
from sqlmodel import Session, col, select

from ledger.model.columns import OF_CAMPAIGN
from ledger.model.conversions import ConversionRow, ConversionSaleRow
from ledger.model.proposals import ProposalStatus

AT_ONCE = 500
"""Uses that one statement is asked about."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one use of coins fetched: `gross` minor units of `currency`, the exchange's fee included.

    `price`: (minor units, sats) at which it sold; those of the whole conversion where all of it was the network fee.
    """

    currency: str
    gross: int
    price: tuple[int, int]


_SALES = (
    select(ConversionSaleRow, ConversionRow)
    .join(ConversionRow, col(ConversionRow.entry) == ConversionSaleRow.conversion_entry)
    .where(col(ConversionRow.status) == ProposalStatus.APPROVED)
)
_IN_CAMPAIGN = _SALES.where(col(ConversionRow.campaign) == OF_CAMPAIGN)
_BY_USES = _SALES.where(col(ConversionSaleRow.use).in_(bindparam("of_uses", expanding=True, type_=Text)))


def fetched_in(session: Session, campaign: str) -> dict[str, Fetched]:
    """What all conversions of a campaign fetched, by the name of the use."""
    return _fetched(session.exec(_IN_CAMPAIGN, params={"of_campaign": campaign}))


def fetched_by(session: Session, uses: Sequence[str]) -> dict[str, Fetched]:
    """What some uses of conversions fetched, by their names."""
    fetched: dict[str, Fetched] = {}
    for first in range(0, len(uses), AT_ONCE):
        fetched |= _fetched(session.exec(_BY_USES, params={"of_uses": uses[first : first + AT_ONCE]}))
    return fetched


def _fetched(rows: Iterable[tuple[ConversionSaleRow, ConversionRow]]) -> dict[str, Fetched]:
    fetched: dict[str, Fetched] = {}
    for sale, whole in rows:
        gross = sale.proceeds + sale.fee
        price = (gross, sale.sold) if sale.sold else (whole.proceeds + whole.exchange_fee, whole.sold)
        fetched[sale.use] = Fetched(whole.currency, gross, price)
    return fetched
