"""Goods and services by place and lot: lots and what came of them, the names of their lines, how pieces move along.

A lot belongs to its campaign's product and comes in as many deliveries as it likes; a piece keeps its lot wherever it
goes, and all deliveries of a lot lie on one line at each place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Annotated, ClassVar, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy import ColumnElement, CompoundSelect, Text, bindparam, exists, null, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func, or_, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Number, Positive
from ledger.core.likeness import likeness_of_name, likeness_of_number
from ledger.core.lines import Part, PartKind, Piece, Use, turned, units_in
from ledger.core.names import OVER, GoodsLine, Lot
from ledger.core.wording import WrongValue
from ledger.model.campaigns import ProductRow
from ledger.model.columns import OF_CAMPAIGN, OF_ENTRY, table_of
from ledger.model.goods import LotDeliveryRow, LotRow, OtherLotRow, OverDecisionRow, RecallRow
from ledger.model.keys import OfKeys, by_size
from ledger.model.questions import Doubt
from ledger.rules.doubts import Doubtful
from ledger.rules.rests_on import days_of
from ledger.rules.rows import Columns, add_row, reverse_row
from ledger.rules.spec import Context
from ledger.tracing.state import Lines


def _own_name(lot: str) -> str:
    if Lot("", lot).is_over:
        raise WrongValue("ends with {over}, as what came too much does; name it otherwise", over=OVER)
    return lot


LotName = Annotated[Number, Field(max_length=40 - len(OVER)), AfterValidator(_own_name)]
"""The name of a lot as its maker prints it, with room for `.over`: what came too much is named by the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotCount:
    """`quantity` pieces of a lot."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    lot: Number
    quantity: Positive

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


def lot_columns(lots: Sequence[LotCount]) -> list[Columns]:
    """The columns of `ledger.model.recorded.LotLine` for the lots of a paper, in its order, but for the paper's."""
    return [
        {"n": n, "product": lot.product, "lot": lot.lot, "quantity": lot.quantity}
        for n, lot in enumerate(lots)
    ]


def goods_line(campaign: str, kind: AccountClass, place: str, lot: Lot) -> str:
    """One line per (place, lot); a transit or an organisation is a place too."""
    return str(GoodsLine(campaign, kind, place, lot))


def goods_account(kind: AccountClass, campaign: str, place: str) -> str:
    return account(kind, campaign, place)


MADE_LOTS = frozenset({AccountClass.NOTED, AccountClass.IN_KIND, AccountClass.SURPLUS, AccountClass.BEFORE})
"""Where lots come from: what a delivery note, a gift, a count or an opening turned into pieces."""


# ── lots ─────────────────────────────────────────────────────────────────────────────────────────────────────


_LOTS = table_of(LotRow).c
_THERE = select_columns(_LOTS.lot).where(
    _LOTS.campaign == bindparam("of_campaign"),
    _LOTS.product == bindparam("of_product"),
    _LOTS.lot == bindparam("of_lot"),
)


def keep_lot(session: Session, campaign: str, lot: Lot) -> None:
    """The row of a lot, which stays when what brought it is reversed: another delivery may bring it again."""
    asked = {"of_campaign": campaign, "of_product": lot.product, "of_lot": lot.number}
    if session.connection().scalar(_THERE, asked) is None:
        over_of = lot.ordered.number if lot.is_over else None
        likeness = likeness_of_number(lot.number)
        of_maker = {"campaign": campaign, "product": lot.product, "lot": lot.number}
        add_row(session, LotRow, **of_maker, over_of=over_of, likeness=likeness)


_LIKE, _CAME, _EARLIER = (table_of(row).alias() for row in (LotRow, LotDeliveryRow, LotDeliveryRow))
_NEW = table_of(LotDeliveryRow)
_ALIKE = (
    select_columns(_NEW.c.lot, _LIKE.c.lot, func.min(_CAME.c.entry))
    .select_from(_NEW)
    .join(table_of(LotRow), and_(*(_NEW.c[name] == _LOTS[name] for name in ("campaign", "product", "lot"))))
    .join(
        _LIKE,
        and_(*(_LIKE.c[name] == _LOTS[name] for name in ("campaign", "product", "likeness"))),
    )
    .join(_CAME, and_(*(_CAME.c[name] == _LIKE.c[name] for name in ("campaign", "product", "lot"))))
    .where(
        _NEW.c.entry == OF_ENTRY,
        _LOTS.over_of.is_(None),
        _LIKE.c.over_of.is_(None),
        _LIKE.c.lot != _LOTS.lot,
        _CAME.c.entry < OF_ENTRY,
        _CAME.c.reversed_by.is_(None),
        ~exists().where(
            *(_EARLIER.c[name] == _NEW.c[name] for name in ("campaign", "product", "lot")),
            _EARLIER.c.entry < OF_ENTRY,
        ),
    )
    .group_by(_NEW.c.lot, _LIKE.c.lot)
    .order_by(_NEW.c.lot, _LIKE.c.lot)
)


def alike_lots(session: Session, entry: int) -> Iterator[Doubtful]:
    """The lots of a product that look like one which a delivery is the first to bring: one may be told as two."""
    for lot, other, came in session.connection().execute(_ALIKE, {"of_entry": entry}):
        yield Doubtful(Doubt.LOT_NAME, came, None, lot, other)


def keep_surplus(
    session: Session, entry: int, n: int, campaign: str, lot: Lot, place: str, pieces: int
) -> None:
    """The rows of pieces that an entry counted beyond `lot`, and that wait apart at `place`; `n`-th of its lots."""
    keep_lot(session, campaign, lot.over)
    add_row(
        session,
        LotDeliveryRow,
        entry=entry,
        n=n,
        campaign=campaign,
        product=lot.product,
        lot=lot.over.number,
        place=place,
        noted=pieces,
        good=0,
        damaged=0,
        short=0,
        rejected=0,
    )


def lots_reversed(session: Session, entry: int, by: int) -> None:
    """What a receipt, a gift in kind or a count brought did not come."""
    reverse_row(session, LotDeliveryRow, entry, by)


def require_surplus_undecided(session: Session, entry: int) -> None:
    """Conflict where somebody decided about what an entry counted too much, or explained surplus by it."""
    decided = select(OverDecisionRow).where(
        or_(OverDecisionRow.counted_by == entry, OverDecisionRow.document == entry),
        col(OverDecisionRow.reversed_by).is_(None),
    )
    decided_row = session.exec(decided).first()
    if decided_row is not None and decided_row.counted_by == entry:
        raise Conflict.field("entry", "what came too much on it was decided about; reverse that first")
    if decided_row is not None:
        raise Conflict.field(
            "entry",
            "{number} explains by it what came too much; reverse that first",
            number=decided_row.number,
        )


def surplus_counted(campaign: str, lot: Lot, place: str, pieces: int) -> Transfer:
    """Pieces that a count found beyond `lot` wait apart at a place."""
    apart = goods_account(AccountClass.OVER, campaign, place)
    return Transfer(apart, account(AccountClass.SURPLUS, campaign), str(lot.over), pieces)


def lot_of_delivery() -> ColumnElement[bool]:
    """What joins a delivery with the row of its lot."""
    return and_(
        col(LotRow.campaign) == LotDeliveryRow.campaign,
        col(LotRow.product) == LotDeliveryRow.product,
        col(LotRow.lot) == LotDeliveryRow.lot,
    )


def first_delivery(context: Context, lot: Lot) -> tuple[int, ...]:
    """The entry of the earliest delivery of a lot: nothing is said of it before (docs/rules.md, 18)."""
    came = {row.entry for row in lot_deliveries(context.books.session, context.campaign, lot)}
    days = sorted(days_of(context.books.session, came), key=lambda row: (row.day, row.seq))
    return tuple(row.seq for row in days[:1])


def lot_deliveries(session: Session, campaign: str, lot: Lot) -> Sequence[LotDeliveryRow]:
    """What came of a lot and stands, first recorded first."""
    query = (
        select(LotDeliveryRow)
        .where(
            LotDeliveryRow.campaign == campaign,
            LotDeliveryRow.product == lot.product,
            LotDeliveryRow.lot == lot.number,
            col(LotDeliveryRow.reversed_by).is_(None),
        )
        .order_by(col(LotDeliveryRow.entry), col(LotDeliveryRow.n))
    )
    return session.exec(query).all()


_NOTED = (
    select(
        LotDeliveryRow.campaign,
        LotDeliveryRow.product,
        LotDeliveryRow.lot,
        func.sum(LotDeliveryRow.noted),
    )
    .where(col(LotDeliveryRow.reversed_by).is_(None))
    .group_by(col(LotDeliveryRow.campaign), col(LotDeliveryRow.product), col(LotDeliveryRow.lot))
    .order_by(col(LotDeliveryRow.campaign), col(LotDeliveryRow.product), col(LotDeliveryRow.lot))
)
_NOTED_OF_CAMPAIGN = _NOTED.where(col(LotDeliveryRow.campaign) == OF_CAMPAIGN)


def noted_of_lots(session: Session, campaign: str | None = None) -> dict[tuple[str, str], int]:
    """(campaign, lot) -> pieces that all its standing deliveries brought by their notes, surplus lots by themselves."""
    query = _NOTED if campaign is None else _NOTED_OF_CAMPAIGN
    rows = session.exec(query, params={"of_campaign": campaign})
    return {(slug, str(Lot(product, lot))): int(n) for slug, product, lot, n in rows}


_RECALLS, _DELIVERIES = table_of(RecallRow).c, table_of(LotDeliveryRow).c
_IN_DATE = (
    select_columns(_DELIVERIES.product, _DELIVERIES.lot, func.min(_DELIVERIES.expiry))
    .where(
        _DELIVERIES.campaign == bindparam("of_campaign"),
        _DELIVERIES.reversed_by.is_(None),
        _DELIVERIES.expiry.is_not(None),
    )
    .group_by(_DELIVERIES.product, _DELIVERIES.lot)
)
_EXPIRIES = OfKeys(_IN_DATE.where, _DELIVERIES.product, _DELIVERIES.lot)


@dataclass(frozen=True, slots=True)
class RecallElsewhere:
    """A recall of a maker's lot by another campaign; `entry` recorded it."""

    campaign: str
    number: str
    entry: int

    def __str__(self) -> str:
        return f"{self.campaign} {self.number}"


@dataclass(frozen=True, slots=True)
class Recalls:
    """The recalls that stand of some lots: numbers of the campaign's own, and undecided ones by other campaigns."""

    own: Mapping[Lot, str]
    elsewhere: Mapping[Lot, RecallElsewhere]


_PRODUCTS, _OTHERS = table_of(ProductRow).c, table_of(OtherLotRow).c
_STANDING = (
    select_columns(
        _RECALLS.campaign, _RECALLS.number, _RECALLS.entry, _RECALLS.product, _RECALLS.lot, _PRODUCTS.name
    )
    .join(
        table_of(ProductRow),
        and_(_PRODUCTS.campaign == _RECALLS.campaign, _PRODUCTS.code == _RECALLS.product),
    )
    .where(_RECALLS.reversed_by.is_(None))
)
_RECALLED = OfKeys(_STANDING.where, _RECALLS.lot)
_CALLED = OfKeys(
    select_columns(_PRODUCTS.code, _PRODUCTS.name)
    .where(_PRODUCTS.campaign == bindparam("of_campaign"))
    .where,
    _PRODUCTS.code,
)
_SAID = select_columns(_OTHERS.recall, _OTHERS.product, _OTHERS.lot).where(
    _OTHERS.campaign == bindparam("of_campaign"), _OTHERS.reversed_by.is_(None)
)


def recalls_anywhere_else(session: Session, campaign: str) -> bool:
    """Does a recall by another campaign stand, of whatever lot?"""
    there = select(RecallRow.entry).where(
        RecallRow.campaign != campaign, col(RecallRow.reversed_by).is_(None)
    )
    return session.exec(there.limit(1)).first() is not None


def likenesses_of(session: Session, campaign: str, lots: Iterable[Lot]) -> dict[str, str]:
    """By the code of a product of lots, its name as names that are spelled alike have it."""
    codes = [(lot.product,) for lot in lots]
    names = _CALLED.ask(session.connection(), codes, of_campaign=campaign)
    return {code: likeness_of_name(name) for code, name in names}


class _Recalled(NamedTuple):
    """A standing recall of a lot, by whichever campaign; `name` is what that one calls the product."""

    campaign: str
    number: str
    entry: int
    product: str
    lot: str
    name: str


def recalls_of_lots(session: Session, campaign: str, lots: Iterable[Lot]) -> Recalls:
    """The recalls of lots, by the campaign and by others of the same maker's lots (docs/rules.md, 21).

    What came too much with a lot is called back with it. The same maker's lot: of one number, and of a product with
    the same code or a name that is spelled alike. The campaign decided of it where it calls the lot back too, or says
    that it is another one.
    """
    of = _makers(lots)
    rows = _RECALLED.ask(session.connection(), [(maker.number,) for maker in of.values()])
    return _recalls(session, campaign, of, [_Recalled(*row) for row in rows])


def _makers(lots: Iterable[Lot]) -> dict[Lot, Lot]:
    """Lots, each with the maker's lot that it is of: itself, but for what came too much."""
    return {lot: Lot(lot.product, lot.ordered.number) for lot in lots}


def _recalls(
    session: Session, campaign: str, of: Mapping[Lot, Lot], recalled: Iterable[_Recalled]
) -> Recalls:
    """What the standing recalls of the numbers of lots are to a campaign."""
    rows = sorted(recalled, key=attrgetter("entry"))
    called = {(row.product, row.lot): row.number for row in rows if row.campaign == campaign}
    own = {
        lot: called[maker.product, maker.number]
        for lot, maker in of.items()
        if (maker.product, maker.number) in called
    }
    others = [row for row in rows if row.campaign != campaign]
    if not others:
        return Recalls(own, {})
    spelled = likenesses_of(session, campaign, of)
    told_apart = session.connection().execute(_SAID, {"of_campaign": campaign})
    said = {(entry, product, lot) for entry, product, lot in told_apart}
    elsewhere: dict[Lot, RecallElsewhere] = {}
    for row in others:
        for lot, maker in of.items():
            alike = row.product == maker.product or spelled.get(maker.product) == likeness_of_name(row.name)
            decided = lot in own or (row.entry, maker.product, maker.number) in said
            if row.lot == maker.number and alike and not decided:
                elsewhere.setdefault(lot, RecallElsewhere(row.campaign, row.number, row.entry))
    return Recalls(own, elsewhere)


@dataclass(frozen=True, slots=True)
class LotsStanding:
    """What stands of lots that are handed on: their recalls, and the last days of use of those that have one."""

    recalls: Recalls
    expiries: Mapping[Lot, str]


_NONE = null()


@cache
def _recalls_and_expiries(
    size: int,
) -> CompoundSelect[str, str, int, str, str, str, str | None]:
    """Of the numbers of `size` lots: a recall, as `_STANDING` has it, without a day; or a last day of use alone."""
    lots = [(bindparam(f"product{n}", type_=Text), bindparam(f"lot{n}", type_=Text)) for n in range(size)]
    recalls = _STANDING.add_columns(_NONE).where(or_(*[_RECALLS.lot == lot for _, lot in lots]))
    of_these = [and_(_DELIVERIES.product == product, _DELIVERIES.lot == lot) for product, lot in lots]
    days = _IN_DATE.with_only_columns(
        _NONE, _NONE, _NONE, _DELIVERIES.product, _DELIVERIES.lot, _NONE, func.min(_DELIVERIES.expiry)
    )
    return union_all(recalls, days.where(or_(*of_these)))


def standing_of_lots(session: Session, campaign: str, lots: Iterable[Lot]) -> LotsStanding:
    """The recalls and the last days of use of lots: what whoever hands them on asks, in one question."""
    of = _makers(lots)
    recalls: list[_Recalled] = []
    days: dict[Lot, str] = {}
    for size, part in by_size(list(dict.fromkeys(of.values()))):
        every = (*part, *[part[-1]] * (size - len(part)))
        asked = {f"product{n}": lot.product for n, lot in enumerate(every)}
        asked |= {f"lot{n}": lot.number for n, lot in enumerate(every)}
        rows = session.connection().execute(_recalls_and_expiries(size), asked | {"of_campaign": campaign})
        for slug, number, entry, product, lot, name, last_day in rows:
            if last_day is None:
                recalls.append(_Recalled(slug, number, entry, product, lot, name))
            else:
                days[Lot(product, lot)] = last_day
    return LotsStanding(
        _recalls(session, campaign, of, dict.fromkeys(recalls)),
        {lot: days[maker] for lot, maker in of.items() if maker in days},
    )


def recalled_by(session: Session, campaign: str, lot: Lot) -> str | None:
    """The number of the campaign's own recall of a lot, where one stands."""
    return recalls_of_lots(session, campaign, (lot,)).own.get(lot)


def expiries_of(session: Session, campaign: str, lots: Iterable[Lot]) -> dict[Lot, str]:
    """The last days of use of lots that have one; what came too much with a lot has the day of that lot."""
    orders = {lot: (lot.product, lot.ordered.number) for lot in lots}
    rows = _EXPIRIES.ask(session.connection(), orders.values(), of_campaign=campaign)
    days = {(product, lot): day for product, lot, day in rows}
    return {lot: days[pair] for lot, pair in orders.items() if pair in days}


def expiry_of(session: Session, campaign: str, lot: Lot) -> str | None:
    """The last day of use of a lot, where it has one."""
    return expiries_of(session, campaign, (lot,)).get(lot)


def require_same_expiry(session: Session, campaign: str, lot: Lot, expiry: str | None, field: str) -> None:
    """Refused where an earlier delivery of a lot told another last day of use: it is on the maker's label."""
    known = expiry_of(session, campaign, lot)
    if expiry is not None and known is not None and known != expiry:
        raise Refused.field(
            field,
            "{expiry} is not {known}, which an earlier delivery of {lot} told; correct one of them",
            expiry=expiry,
            known=known,
            lot=lot.number,
        )


def require_not_recalled(recalls: Recalls, lots: Mapping[Lot, str]) -> None:
    """Refused where one of the lots, each with its field, was called back: it is neither handed over nor handed out."""
    for lot, recall in recalls.own.items():
        raise Refused.field(
            lots[lot],
            "{lot} is recalled by {recall}; send it back, or record it as lost with cause=recalled",
            lot=str(lot),
            recall=recall,
        )
    for lot, elsewhere in recalls.elsewhere.items():
        raise Refused.field(
            lots[lot],
            "{lot} is recalled by {recall} of campaign {campaign}; call it back here too (`recall add`), or say why it "
            "is another lot (`recall differs`)",
            lot=str(lot),
            recall=elsewhere.number,
            campaign=elsewhere.campaign,
        )


def require_in_date(expiries: Mapping[Lot, str], date: str, expired: str | None) -> None:
    """Refused where lots are handed on after their last day and nobody says why, or says it for nothing."""
    past = [(str(lot), day) for lot, day in expiries.items() if day < date]
    if past and expired is None:
        asset, day = past[0]
        raise Refused.field(
            "expired",
            "the last day of {asset} was {day}; say why it is handed on all the same, or write it off",
            asset=asset,
            day=day,
        )
    if expired is not None and not past:
        raise Refused.field(
            "expired", "says why lots past their last day are handed on, and none is; leave it out"
        )


Where = tuple[AccountClass, str]
"""Where pieces are: the class of account, and the place, organisation or waybill."""


# ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────


def moved(
    context: Context, lots: Sequence[LotCount], use_of: Callable[[Lot], str], source: Where, target: Where
) -> tuple[list[Transfer], list[Use]]:
    """Move pieces of lots, the lowest free ones of each, in turn; raises Refused where there are not enough."""
    campaign, lines = context.campaign, context.books.lines
    fields = {lot.of: f"lots.{index}.quantity" for index, lot in enumerate(lots)}
    there = {lot: goods_line(campaign, *target, lot) for lot in fields}
    wanted = {goods_line(campaign, *source, lot.of): lot.quantity for lot in lots}
    free, lengths = lines.to_move(wanted, there.values())
    transfers, uses = [], []
    for lot in lots:
        line, onto, asset, quantity = (
            goods_line(campaign, *source, lot.of),
            there[lot.of],
            str(lot.of),
            lot.quantity,
        )
        pieces = free[line]
        _require_enough(asset, quantity, units_in(pieces), source, fields[lot.of])
        transfers.append(Transfer(_account(campaign, target), _account(campaign, source), asset, quantity))
        part = Part(PartKind.ON, quantity, quantity, onto, lengths.get(onto, 0))
        uses.append(Use(use_of(lot.of), line, pieces, quantity, (part,)))
    return transfers, uses


def counted(
    context: Context,
    use_id: str,
    lot: Lot,
    good: int,
    losses: tuple[tuple[PartKind, str, int], ...],
    source: Where,
    target: Where,
    field: str,
) -> tuple[list[Transfer], Use]:
    """A count finds `good` pieces and `losses` (part, account detail, count) of a lot; all there bears it alike.

    What is good goes on to the target, what was not counted stays. Raises Refused where there are not enough.
    """
    campaign, asset, lines = context.campaign, str(lot), context.books.lines
    line, there = goods_line(campaign, *source, lot), goods_line(campaign, *target, lot)
    pieces_counted = good + sum(count for _, _, count in losses)
    pieces = _all_free(lines, line, pieces_counted)
    free = units_in(pieces)
    _require_enough(asset, pieces_counted, free, source, field)
    ends = [(part, why, count) for part, why, count in losses if count]
    gone = [(account(AccountClass.LOST, campaign, why), count) for _, why, count in ends]
    went = [(_account(campaign, target), good)] if good else []
    transfers = [Transfer(to, _account(campaign, source), asset, count) for to, count in (*went, *gone)]
    parts = [Part(part, count, count) for part, _, count in ends]
    if free > pieces_counted:
        parts.append(
            Part(PartKind.STAYS, free - pieces_counted, free - pieces_counted, line, lines.length(line))
        )
    if good:
        parts.append(Part(PartKind.ON, good, good, there, lines.length(there)))
    return transfers, Use(use_id, line, pieces, free, tuple(parts))


def _account(campaign: str, where: Where) -> str:
    return goods_account(where[0], campaign, where[1])


def _require_enough(asset: str, wanted: int, free: int, source: Where, field: str) -> None:
    if free < wanted:
        raise Refused.field(
            field,
            "{n} piece of {lot} is wanted and {there} are at {place}",
            many="{n} pieces of {lot} are wanted and {there} are at {place}",
            n=wanted,
            lot=asset,
            there=free,
            place=source[1],
        )


def _all_free(lines: Lines, line: str, quantity: int) -> tuple[Piece, ...]:
    """All that is free on a line, of which `quantity` is counted and all bear it alike (docs/rules.md, T4).

    Where some stays, and did before, it is counted from another unit each time.
    """
    free = lines.lowest_free(line, lines.length(line))
    if quantity >= units_in(free):
        return free
    again = any(part.line == line for use in lines.returning((line,)).values() for part in use.parts)
    return turned(free) if again else free
