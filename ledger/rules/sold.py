"""What coins fetched that conversions sold, use by use: between the tables and the questions about their value.

It reads what was approved and stands, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

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


def fetched_in(session: Session, campaign: str) -> dict[str, Fetched]:
    """What all conversions of a campaign fetched, by the name of the use."""
    return _read(session, col(ConversionRow.campaign) == campaign)


def fetched_by(session: Session, uses: Sequence[str]) -> dict[str, Fetched]:
    """What some uses of conversions fetched, by their names."""
    found: dict[str, Fetched] = {}
    for first in range(0, len(uses), AT_ONCE):
        found |= _read(session, col(ConversionSaleRow.use).in_(uses[first : first + AT_ONCE]))
    return found


def _read(session: Session, wanted: ColumnElement[bool]) -> dict[str, Fetched]:
    rows = session.exec(
        select(ConversionSaleRow, ConversionRow)
        .join(ConversionRow, col(ConversionRow.entry) == ConversionSaleRow.conversion_entry)
        .where(ConversionRow.status == ProposalStatus.APPROVED, wanted)
    )
    found: dict[str, Fetched] = {}
    for sale, whole in rows:
        gross = sale.proceeds + sale.fee
        price = (gross, sale.sold) if sale.sold else (whole.proceeds + whole.exchange_fee, whole.sold)
        found[sale.use] = Fetched(whole.currency, gross, price)
    return found
