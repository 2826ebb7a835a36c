"""What stood when the books of a campaign began, row by row as it was brought in, and what of it does not tie.

Read from the entry that proposed it. What does not tie refuses nothing: who approves it has to see it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from sqlmodel import Session

from ledger.core.errors import NotFound
from ledger.core.frozen import Amount, Frozen
from ledger.core.names import GiftKind, gift_key_named
from ledger.core.roles import Role
from ledger.core.telling import Worded
from ledger.core.wording import Figure, Wording
from ledger.model.campaigns import ProductRow
from ledger.model.openings import OpeningRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.bank import statements_of
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, campaign_slugs, products_of
from ledger.rules.openings import Opening, facts_of_opening, openings_of, require_right
from ledger.rules.spec import Context
from ledger.rules.spent_before import coins_at, is_read
from ledger.store.transaction import Reading


class RowKind(StrEnum):
    """What a row of an opening is about, by the list of the opening that it stands in."""

    COINS = "coins"
    EXCHANGES = "exchanges"
    MONEY = "money"
    STOCK = "stock"
    ORDERS = "orders"
    PAYABLES = "payables"
    PLEDGES = "pledges"
    GIVEN = "given"
    DELIVERED = "delivered"


class BroughtRow(Frozen):
    """A row of an opening, as it was brought in."""

    kind: RowKind
    """What it is about."""
    index: int
    """Its place in the opening's list of that kind, from 0."""
    what: str
    """Address, exchange, bank, lot, product, or organisation; of a paper its number; empty where that is not known."""
    place: str
    """Where it was, or with which supplier; empty for money."""
    amount: Amount
    """How much."""
    unit: str
    """What a piece is called; empty for money."""
    detail: str
    """The need that money or coins are restricted to, the last day of a lot, the day of gifts, the order that is
    billed, or what of an order was paid; empty where there is none."""
    counts: bool
    """Is it in the sums of the books? What was given and delivered before is told, and in none."""
    doubt: Worded | None
    """What it does not tie with; null where nothing contradicts it."""


class BroughtIn(Frozen):
    """An opening: what stood at the end of a day, from which the books follow a campaign that began before."""

    number: str
    """Its number."""
    day: str
    """The day at whose end it stood."""
    status: ProposalStatus
    """Does it wait, stand, or count no more?"""
    entry: int
    """Number of the entry that proposed it."""
    decided_by: int | None
    """Number of the entry that approved or rejected it."""
    paper: str | None
    """SHA-256 of the paper that shows it; null where it was proposed before one had to be named."""
    rows: tuple[BroughtRow, ...]
    """What was there."""


def brought_in(tx: Reading, slug: str) -> tuple[BroughtIn, ...]:
    """The openings of a campaign, those that came to nothing too, first recorded first."""
    return tuple(_brought_in(tx.session, slug, row) for row in openings_of(tx.session, slug))


def is_opening_key(text: str) -> bool:
    """Does a text have the shape of the key of an opening?"""
    named = gift_key_named(text)
    return named is not None and named.noun == GiftKind.OPENING


def require_no_opening(session: Session, key: str) -> None:
    """NotFound, saying where to look, where a key names an opening (`opening:NUMBER`, `opening:CAMPAIGN:NUMBER`)."""
    named = gift_key_named(key)
    if named is None or not is_opening_key(key):
        return
    for slug in campaign_slugs(session) if named.campaign is None else (named.campaign,):
        for opening in openings_of(session, slug):
            if opening.number == named.number:
                raise NotFound(
                    "Opening {number} is no gift: it says what was there on {day}, before the books of campaign "
                    "{campaign} begin, and no donor's share reaches behind that day. What it brought in stands on "
                    "the page of the campaign, /c/{campaign}.",
                    number=opening.number,
                    day=opening.document_date,
                    campaign=slug,
                )


def standing(tx: Reading, slug: str) -> BroughtIn | None:
    """The opening of a campaign that stands; None where its books begin with its first fact."""
    rows = [row for row in openings_of(tx.session, slug) if row.status is ProposalStatus.APPROVED]
    return _brought_in(tx.session, slug, rows[0]) if rows else None


def _brought_in(session: Session, slug: str, opening: OpeningRow) -> BroughtIn:
    facts = facts_of_opening(session, opening)
    return BroughtIn(
        number=opening.number,
        day=opening.document_date,
        status=opening.status,
        entry=opening.entry,
        decided_by=opening.decided_by,
        paper=facts.paper,
        rows=brought_rows(session, slug, facts),
    )


def brought_rows(session: Session, slug: str, facts: Opening) -> tuple[BroughtRow, ...]:
    """The rows of an opening that is recorded or might be, with what does not tie."""
    products = products_of(session, slug)
    return (
        *_coins(session, slug, facts),
        *_at_exchanges(facts),
        *_money(session, slug, facts),
        *_stock(facts, products),
        *_orders(facts),
        *_promises(facts),
        *_given(facts),
        *(
            BroughtRow(
                kind=RowKind.DELIVERED,
                index=index,
                what=row.product,
                place=row.place,
                amount=Amount.of(row.product, row.quantity),
                unit=_unit(products, row.product),
                detail="",
                counts=False,
                doubt=None,
            )
            for index, row in enumerate(facts.delivered)
        ),
    )


def require_proposable(tx: Reading, slug: str, facts: Opening, *, now: str) -> None:
    """What recording it would refuse, but for its paper, which may come later. `now` is RFC 3339.

    Raises NotFound, Refused or Conflict.
    """
    require_right(Context(Books(tx), campaign_of(tx.session, slug).slug, now, Role.RECORDER), facts)


def _unit(products: dict[str, ProductRow], code: str) -> str:
    product = products.get(code)
    return "" if product is None else product.unit


def _coins(session: Session, slug: str, facts: Opening) -> Iterator[BroughtRow]:
    read = is_read(session, facts.date)
    for index, row in enumerate(facts.coins):
        shown = coins_at(session, slug, row.address, facts.date)
        doubt: Wording | None = None
        if not read:
            doubt = Wording("the chain is not read to the end of {day} yet", {"day": facts.date})
        elif shown != row.amount:
            doubt = Wording("the chain shows {shown}", {"shown": Figure("BTC", shown)})
        yield BroughtRow(
            kind=RowKind.COINS,
            index=index,
            what=row.address,
            place="",
            amount=Amount.of("BTC", row.amount),
            unit="",
            detail="",
            counts=True,
            doubt=doubt,
        )


def _at_exchanges(facts: Opening) -> Iterator[BroughtRow]:
    for index, row in enumerate(facts.exchanges):
        late = row.until is not None and row.until < facts.date
        yield BroughtRow(
            kind=RowKind.EXCHANGES,
            index=index,
            what=row.exchange,
            place="",
            amount=Amount.of("BTC", row.amount),
            unit="",
            detail=row.need or "",
            counts=True,
            doubt=Wording("it was to be sold by {day}", {"day": row.until or ""}) if late else None,
        )


def _money(session: Session, slug: str, facts: Opening) -> Iterator[BroughtRow]:
    there: Counter[tuple[str, str]] = Counter()
    for row in facts.money:
        there[row.bank, row.currency] += row.amount
    for index, row in enumerate(facts.money):
        place = row.bank, row.currency
        yield BroughtRow(
            kind=RowKind.MONEY,
            index=index,
            what=row.bank,
            place="",
            amount=Amount.of(row.currency, row.amount),
            unit="",
            detail=row.need or "",
            counts=True,
            doubt=_against_statements(session, slug, place, facts.date, there[place]),
        )


def _against_statements(
    session: Session, slug: str, place: tuple[str, str], day: str, there: int
) -> Wording | None:
    """What a bank's own balances on a day say against what is told to have been there."""
    statements = [row for row in statements_of(session, slug) if (row.bank, row.currency) == place]
    before = [row for row in statements if row.last <= day]
    after = [row for row in statements if row.first > day]
    currency = place[1]
    if before and before[-1].closing != there:
        closing = Figure(currency, before[-1].closing)
        return Wording(
            "the statement up to {day} closes with {closing}", {"day": before[-1].last, "closing": closing}
        )
    if after and after[0].opening != there:
        opening = Figure(currency, after[0].opening)
        return Wording(
            "the statement from {day} opens with {opening}", {"day": after[0].first, "opening": opening}
        )
    return None


def _stock(facts: Opening, products: dict[str, ProductRow]) -> Iterator[BroughtRow]:
    for index, row in enumerate(facts.stock):
        past = row.expiry is not None and row.expiry < facts.date
        yield BroughtRow(
            kind=RowKind.STOCK,
            index=index,
            what=str(row.of),
            place=row.place,
            amount=Amount.of(row.product, row.quantity),
            unit=_unit(products, row.product),
            detail=row.expiry or "",
            counts=True,
            doubt=Wording("its last day of use, {day}, was over", {"day": row.expiry or ""})
            if past
            else None,
        )


def _orders(facts: Opening) -> Iterator[BroughtRow]:
    for index, row in enumerate(facts.orders):
        value, paid = sum(item.value for item in row.items), sum(item.paid for item in row.items)
        pieces = sum(item.quantity for item in row.items if item.received < item.quantity)
        yield BroughtRow(
            kind=RowKind.ORDERS,
            index=index,
            what=row.number,
            place=row.supplier,
            amount=Amount.of(row.currency, value),
            unit="",
            detail=str(Figure(row.currency, paid)),
            counts=True,
            doubt=None
            if pieces or any(bill.order == row.number for bill in facts.payables)
            else Wording("all of it had come, and no invoice asks for the rest"),
        )


def _promises(facts: Opening) -> Iterator[BroughtRow]:
    orders = {row.number: row for row in facts.orders}
    for index, bill in enumerate(facts.payables):
        order = orders[bill.order]
        overdue = bill.due is not None and bill.due < facts.date
        yield BroughtRow(
            kind=RowKind.PAYABLES,
            index=index,
            what=bill.number,
            place=order.supplier,
            amount=Amount.of(order.currency, bill.amount),
            unit="",
            detail=bill.order,
            counts=True,
            doubt=Wording("it was due on {day}", {"day": bill.due or ""}) if overdue else None,
        )
    for index, pledge in enumerate(facts.pledges):
        late = pledge.due is not None and pledge.due < facts.date
        yield BroughtRow(
            kind=RowKind.PLEDGES,
            index=index,
            what=pledge.number,
            place="",
            amount=Amount.of(pledge.asset, pledge.amount),
            unit="",
            detail=pledge.due or "",
            counts=False,
            doubt=Wording("it was promised until {day}", {"day": pledge.due or ""}) if late else None,
        )


def _given(facts: Opening) -> Iterator[BroughtRow]:
    given: Counter[str] = Counter()
    for row in facts.given:
        given[row.asset] += row.amount
    left: Counter[str] = Counter()
    for money in facts.money:
        left[money.currency] += money.amount
    for order in facts.orders:
        left[order.currency] += sum(item.paid for item in order.items)
    for index, row in enumerate(facts.given):
        beyond = left[row.asset] - given[row.asset]
        more = Wording(
            "{beyond} more was there, or paid on open orders, than was given",
            {"beyond": Figure(row.asset, beyond)},
        )
        yield BroughtRow(
            kind=RowKind.GIVEN,
            index=index,
            what=row.organisation or "",
            place="",
            amount=Amount.of(row.asset, row.amount),
            unit="",
            detail=row.given or "",
            counts=False,
            doubt=more if beyond > 0 else None,
        )
