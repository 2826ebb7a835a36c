"""What units of a line of coins are worth by the gifts that they are of: intervals of gifts, summed in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import BigInteger, Text, and_, bindparam, column, func, not_, or_, select, values
from sqlmodel import Session

from ledger.core.lines import Piece
from ledger.model.columns import table_of
from ledger.model.gifts import GiftRow, GiftValuationRow

_GIFTS, _VALUATIONS = table_of(GiftRow), table_of(GiftValuationRow)
AT_ONCE = 200
"""Intervals that one statement is asked about."""


@dataclass(frozen=True, slots=True)
class Worth:
    """The carrying value of units, minor units of the reporting currency; `unvalued` of them have none."""

    value: int
    unvalued: int

    def __add__(self, other: Worth) -> Worth:
        return Worth(self.value + other.value, self.unvalued + other.unvalued)


class _Above(NamedTuple):
    """What of a gift lies above a place within it: its value there, and how many units."""

    value: int
    units: int


_LINE_VALUE = select(func.sum(_GIFTS.c.value)).where(
    _GIFTS.c.line == bindparam("of_line", type_=Text), _GIFTS.c.value.is_not(None)
)


def line_value(session: Session, line: str) -> int | None:
    """The value of all gifts of a line that have one; None where none has."""
    value = session.connection().execute(_LINE_VALUE, {"of_line": line}).scalar_one()
    return None if value is None else int(value)


def worths(session: Session, line: str, pieces: Sequence[Piece]) -> list[Worth]:
    """What each of some intervals of a line is worth: adjoining ones sum to the whole, exactly.

    The value below a place within a gift is the floor of its part of the gift's value.
    """
    worths_of_lines: list[Worth] = []
    for first in range(0, len(pieces), AT_ONCE):
        some = pieces[first : first + AT_ONCE]
        above = _cut(session, line, sorted({place for piece in some for place in piece}))
        begun = _begun(session, line, sorted(set(some)))
        nothing = _Above(0, 0)
        for start, end in some:
            value, units = begun.get((start, end), (0, 0))
            low, high = above.get(start, nothing), above.get(end, nothing)
            valued = units + low.units - high.units
            worths_of_lines.append(Worth(value + low.value - high.value, end - start - valued))
    return worths_of_lines


_gift, _valuation = _GIFTS.c, _VALUATIONS.c
_as_valued = and_(
    _gift.value == _valuation.value, _gift.currency == _valuation.currency, _valuation.reversed_by.is_(None)
)
_without_value = and_(_gift.valued_by.is_(None), _gift.value.is_(None))
_VALUED_OTHERWISE = (
    select(_gift.txid, _gift.vout)
    .outerjoin(_VALUATIONS, _valuation.entry == _gift.valued_by)
    .where(not_(or_(func.coalesce(_as_valued, False), _without_value)))
    .order_by(_gift.txid, _gift.vout)
)


def gifts_valued_otherwise(session: Session) -> list[str]:
    """Outpoints of gifts whose value is not what the valuation that they name says, or names one taken back."""
    return [f"{txid}:{vout}" for txid, vout in session.connection().execute(_VALUED_OTHERWISE)]


def _begun(session: Session, line: str, pieces: Sequence[Piece]) -> dict[Piece, tuple[int, int]]:
    """By interval: value and units, whole, of the gifts that begin in it and have a value."""
    asked = values(column("low", BigInteger), column("high", BigInteger)).data(list(pieces)).cte("asked")
    low, high = asked.c.low, asked.c.high
    gift = _GIFTS.c
    query = (
        select(low, high, func.sum(gift.value), func.sum(gift.line_end - gift.line_start))
        .select_from(asked)
        .join(_GIFTS, and_(gift.line == line, gift.line_start >= low, gift.line_start < high))
        .where(gift.value.is_not(None))
        .group_by(low, high)
    )
    rows = session.connection().execute(query)
    return {(start, end): (int(value), int(units)) for start, end, value, units in rows}


def _cut(session: Session, line: str, places: Sequence[int]) -> dict[int, _Above]:
    """What lies above each place that is within a gift with a value."""
    asked = values(column("place", BigInteger)).data([(place,) for place in places]).cte("asked")
    place, gift, other = asked.c.place, _GIFTS.c, _GIFTS.alias("other").c
    last = select(func.max(other.line_start)).where(
        other.line == line, other.line_start < place, other.value.is_not(None)
    )
    query = (
        select(place, gift.line_start, gift.line_end, gift.value)
        .select_from(asked)
        .join(_GIFTS, and_(gift.line == line, gift.line_start == last.scalar_subquery()))
        .where(gift.line_end > place, gift.value.is_not(None))
    )
    above: dict[int, _Above] = {}
    for at, start, end, value in session.connection().execute(query):
        above[at] = _Above(value - value * (at - start) // (end - start), end - at)
    return above
