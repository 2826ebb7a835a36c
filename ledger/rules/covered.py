"""What covers gifts and spends that lost their block after they were used, and what becomes of it when one is back.

The units of the top-up leave their line for those that the gift could not take off it. It records nothing; below the
rules of gifts, which give the units back when the gift settles again (docs/rules.md, 28).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, ColumnElement, bindparam, exists
from sqlmodel import Session, col, func, select

from ledger.core.lines import Change, Piece, UnitState, joined
from ledger.core.names import HoldCause, HoldName
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.covers import CoverRow
from ledger.model.proposals import COUNTS, HoldRow, ProposalStatus
from ledger.model.spends import SpendRow
from ledger.rules.block_holds import held_again
from ledger.rules.books import Books
from ledger.rules.gift_records import SettledGift, gift_of, save_gift, save_void_pieces, void_pieces

STANDS = (col(CoverRow.status) == ProposalStatus.APPROVED, col(CoverRow.ended_by).is_(None))


_sum = select(func.coalesce(func.sum(CoverRow.amount), 0))
_of_gifts = (col(CoverRow.campaign) == OF_CAMPAIGN, col(CoverRow.gift_entry).is_not(None), *STANDS)
_COVERED_COINS = _sum.where(*_of_gifts)


def covered_coins(session: Session, campaign: str) -> int:
    """Sats of a campaign's voided gifts that top-ups cover."""
    return int(session.exec(_COVERED_COINS, params={"of_campaign": campaign}).one())


_of_gift = col(CoverRow.gift_entry) == bindparam("of_gift", type_=BigInteger)
_COVERED = _sum.where(_of_gift, *STANDS)
_COVERED_OR_ASKED = _sum.where(_of_gift, col(CoverRow.ended_by).is_(None), col(CoverRow.status).in_(COUNTS))


def covered_of(session: Session, gift: SettledGift, *, waiting: bool = False) -> int:
    """Sats of a voided gift that top-ups cover; `waiting`: with what is asked for."""
    query = _COVERED_OR_ASKED if waiting else _COVERED
    return int(session.exec(query, params={"of_gift": gift.entry}).one())


_COVERED_GIFTS = (
    select(CoverRow.gift_entry, func.sum(CoverRow.amount))
    .where(*_of_gifts)
    .group_by(col(CoverRow.gift_entry))
)


def covered_gifts(session: Session, campaign: str) -> dict[int, int]:
    """Sats of each voided gift of a campaign that top-ups cover, by the entry of the gift; those of which some are."""
    rows = session.exec(_COVERED_GIFTS, params={"of_campaign": campaign})
    return {entry: int(sats) for entry, sats in rows if entry is not None}


_COVERS = select(CoverRow).where(_of_gift, *STANDS).order_by(col(CoverRow.number))


def covers_of(session: Session, gift: SettledGift) -> Sequence[CoverRow]:
    """The covers of a gift that stand, by number."""
    return session.exec(_COVERS, params={"of_gift": gift.entry}).all()


_COVER_OF_SPEND = select(CoverRow).where(
    col(CoverRow.spend_entry) == bindparam("of_spend", type_=BigInteger), *STANDS
)


def cover_of_spend(session: Session, spend: SpendRow) -> CoverRow | None:
    """The cover of an undone spend that stands; None where nothing covers it."""
    return session.exec(_COVER_OF_SPEND, params={"of_spend": spend.entry}).first()


def uncovered_spend() -> ColumnElement[bool]:
    """That nothing covers a spend."""
    return ~exists().where(col(CoverRow.spend_entry) == SpendRow.entry, *STANDS)


_UNCOVERED_SPENDS = select(SpendRow.ref).where(
    col(SpendRow.campaign) == OF_CAMPAIGN, col(SpendRow.live) == 0, uncovered_spend()
)


def uncovered_spends(session: Session, campaign: str) -> frozenset[str]:
    """The names of spends that a reorganisation undid, and that nothing covers."""
    return frozenset(session.exec(_UNCOVERED_SPENDS, params={"of_campaign": campaign}))


def covers_by(session: Session, campaign: str, coin: str) -> str | None:
    """The number of a cover that stands, or waits, by units of a coin; None where there is none."""
    of_coin = (CoverRow.campaign == campaign, CoverRow.coin == coin, col(CoverRow.ended_by).is_(None))
    number = select(CoverRow.number).where(*of_coin, col(CoverRow.status).in_(COUNTS))
    return session.exec(number.order_by(col(CoverRow.number))).first()


def cover_ref(number: str) -> str:
    """What units are held or void for, on their line."""
    return str(HoldName(HoldCause.COVER, number))


def _taken(session: Session, cover: CoverRow) -> list[tuple[str, Piece]]:
    """(line, units) that a cover holds while it waits, and that are void while it stands."""
    rows = session.exec(select(HoldRow).where(HoldRow.entry == cover.entry).order_by(col(HoldRow.n)))
    return [(row.line, (row.start, row.stop)) for row in rows]


def units_back(books: Books, covers: Iterable[CoverRow]) -> tuple[Change, ...]:
    """What makes the units of covers free again; those of a coin that lost its own block stay void with it."""
    changes: list[Change] = []
    for cover in covers:
        if gift_of(books.session, cover.campaign, str(cover.coin)).live:
            pieces: dict[str, list[Piece]] = {}
            for line, piece in _taken(books.session, cover):
                pieces.setdefault(line, []).append(piece)
            freed = [(line, tuple(taken)) for line, taken in pieces.items()]
            changes += [Change(line, taken, UnitState.VOID, UnitState.FREE, "") for line, taken in freed]
            changes += held_again(books, cover.campaign, freed)
    return tuple(changes)


def give_back(session: Session, covers: Iterable[CoverRow]) -> None:
    """Units of a coin that lost its own block, and cover nothing any more, left the line with it: none is wanting."""
    for cover in covers:
        coin = gift_of(session, cover.campaign, str(cover.coin))
        if not coin.live:
            pieces = [piece for _, piece in _taken(session, cover)]
            save_void_pieces(session, coin, joined([*void_pieces(session, coin), *pieces]))
            save_gift(session, coin, coin._replace(shortfall=(coin.shortfall or 0) - cover.amount or None))


def end_covers(session: Session, gift: SettledGift, by: int) -> None:
    """A gift is back by the entry `by`: what covered it covers nothing any more."""
    covers = covers_of(session, gift)
    give_back(session, covers)
    for cover in covers:
        cover.ended_by = by
        session.add(cover)
