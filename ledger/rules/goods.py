"""Goods and services by place and lot: the names of their lines and accounts, and how lots move along.

A lot is `product#lot`; it is named once, at its receipt, and keeps its name wherever it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Number, Positive
from ledger.core.lines import Part, PartKind, Use, units_in
from ledger.core.names import GoodsLine, Lot, lot_named
from ledger.rules.books import Books
from ledger.rules.spec import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class LotCount:
    """`quantity` pieces of a lot."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    lot: Number
    quantity: Positive

    @property
    def asset(self) -> str:
        return lot_asset(self.product, self.lot)


Cause = Literal["damage", "expired", "stolen", "lost", "cold_chain", "customs", "recalled"]
"""Why pieces are no more, in the words of those who move goods."""


def lot_asset(product: str, lot: str) -> str:
    return str(Lot(product, lot))


def over_asset(asset: str) -> str:
    """The lot of the pieces that came too much with a lot."""
    return str(lot_named(asset).over)


def goods_line(campaign: str, kind: AccountClass, place: str, asset: str) -> str:
    """One line per (place, lot); a transit or an organisation is a place too."""
    return str(GoodsLine(campaign, kind, place, lot_named(asset)))


def goods_account(kind: AccountClass, campaign: str, place: str) -> str:
    return account(kind, campaign, place)


def require_not_recalled(context: Context, asset: str, field: str) -> None:
    """Refused where a lot was called back: it is neither handed over nor handed out."""
    recalled = context.books.documents.find("recalled", "", asset)
    if recalled is not None:
        raise Refused.field(
            field,
            f"{asset} is recalled by {recalled['recall']}; send it back, or record it as lost with cause=recalled",
        )


def expiry_of(books: Books, asset: str) -> str | None:
    """The last day of use of a lot; what came too much with a lot has the day of that lot."""
    base = books.documents.find("lot", "", str(lot_named(asset).ordered)) or {"facts": {}}
    day: str | None = base["facts"].get("expiry")
    return day


def require_in_date(context: Context, lots: Sequence[LotCount], date: str, expired: str | None) -> None:
    """Refused where lots are handed on after their last day and nobody says why, or says it for nothing."""
    past = [
        (lot.asset, day)
        for lot in lots
        if (day := expiry_of(context.books, lot.asset)) is not None and day < date
    ]
    if past and expired is None:
        asset, day = past[0]
        raise Refused.field(
            "expired",
            f"the last day of {asset} was {day}; say why it is handed on all the same, or write it off",
        )
    if expired is not None and not past:
        raise Refused.field(
            "expired", "says why lots past their last day are handed on, and none is; leave it out"
        )


def moved(
    context: Context,
    use_id: str,
    asset: str,
    quantity: int,
    source: tuple[AccountClass, str],
    target: tuple[AccountClass, str],
    field: str,
    losses: tuple[tuple[PartKind, str, int], ...] = (),
) -> tuple[list[Transfer], Use]:
    """Move pieces of a lot, lowest free units first; `losses` (part, account detail, count) end here.

    Raises Refused with what is there, where there is not enough.
    """
    campaign = context.campaign
    if target[0] in {AccountClass.HANDED, AccountClass.DISTRIBUTED}:
        require_not_recalled(context, asset, field)
    line = goods_line(campaign, *source, asset)
    pieces = context.books.lines.lowest_free(line, quantity)
    free = units_in(pieces)
    if free < quantity:
        raise Refused.field(field, f"{quantity} pieces of {asset} are wanted and {free} are at {source[1]}")
    lost = sum(count for _, _, count in losses)
    good = quantity - lost
    from_account = goods_account(source[0], campaign, source[1])
    transfers = [
        Transfer(account(AccountClass.LOST, campaign, why), from_account, asset, count)
        for _, why, count in losses
        if count
    ]
    parts = [Part(part, count, count) for part, _, count in losses if count]
    target_line = goods_line(campaign, *target, asset)
    if good and source != target:
        transfers.insert(
            0, Transfer(goods_account(target[0], campaign, target[1]), from_account, asset, good)
        )
    parts.append(Part(PartKind.ON, good, good, target_line, context.books.lines.length(target_line)))
    return transfers, Use(use_id, line, pieces, quantity, tuple(parts))
