"""Openings: a campaign that began before its books says, by two people, what stood at the end of a day.

What it brings is on its line as one interval, told as there before that day; whose gift it was is not known here, and
nobody's share reaches behind it. What was given and delivered before is told, and moves nothing (docs/rules.md, 31).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer, entry_from_bytes
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import (
    STRICT,
    Count,
    Currency,
    Date,
    Name,
    Number,
    Positive,
    Sha256,
    facts_from,
    matching,
)
from ledger.core.lines import Append, Change, Operation
from ledger.core.names import FREE, GiftKind, GiftName, Lot
from ledger.core.wording import Figure, Wording
from ledger.model.campaigns import Nature, ProductRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.goods import LotDeliveryRow
from ledger.model.openings import OpenedCoinsRow, OpeningRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.model.spends import ExplainedBy, SpendRow
from ledger.rules.at_exchange import before_at_exchanges, exchange_account, exchange_line, sold_by
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.rules.campaigns import find_product, require_campaign, require_need
from ledger.rules.evidence import standing_papers
from ledger.rules.gifts import money_line
from ledger.rules.goods import (
    LotName,
    goods_account,
    goods_line,
    keep_lot,
    lots_reversed,
    require_same_expiry,
)
from ledger.rules.invoices import INVOICE, Invoice
from ledger.rules.opened_orders import OPENED_ORDER, Items, OpenedItem, OpenedOrder
from ledger.rules.orders import find_order
from ledger.rules.pledges import PLEDGE, Pledge, find_pledge
from ledger.rules.rows import add_row
from ledger.rules.spec import Context, Following, following
from ledger.rules.spent_before import SPENT_BEFORE, coins_at, is_read, spent_before
from ledger.rules.voided_units import void_appended
from ledger.rules.workflow import Decision, Workflow, proposed
from ledger.store.journal import Journal

MOST_ROWS = 2_000
"""Rows of one sort in an opening, at most."""


Address = Annotated[
    str,
    Field(max_length=100),
    matching(r"[A-Za-z0-9]+", Wording("write a Bitcoin address, letters and digits alone")),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinsThere:
    """`amount` sats at an address of the campaign, which the chain has to show: its coins are settled by the chain."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    address: Address
    amount: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeThere:
    """`amount` sats that an exchange held and had not sold, by its own statement; `need`: restricted to it.

    They are to be sold by the day `until`, which is 30 days later where nobody says another day.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    exchange: Name
    amount: Positive
    until: Date | None = None
    need: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyThere:
    """`amount` minor units of `currency` at a bank, in a cash box or a mobile wallet; `need`: restricted to it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    bank: Name
    currency: Currency
    amount: Positive
    need: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockThere:
    """`quantity` pieces of a lot of a product, in stock at a place."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    place: Name
    product: Number
    lot: LotName
    expiry: Date | None = None
    quantity: Positive

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderThere:
    """An order of which something was still to come or to be paid, whole: as it was placed, and what of it was done."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    supplier: Name
    currency: Currency
    items: Items
    need: Number | None = None
    expected: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayableThere:
    """A supplier's invoice for one of these orders, of which something was still to be paid: the whole of it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    quantity: Count
    amount: Positive
    billed: Date | None = None
    due: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeThere:
    """A promise of money that had not come: what of it was still open."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    asset: Currency
    amount: Positive
    due: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBefore:
    """What was given before that day, as far as it is known: `gifts` of them, `amount` minor units of `asset`.

    `organisation` only where it agrees. Told, and in no sum of the books: what is left of it is among what is there.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    asset: Currency
    amount: Positive
    gifts: Positive = 1
    organisation: Name | None = None
    given: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredBefore:
    """What had been handed over or handed out before that day, a sum a product and place. Told, and in no sum."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    place: Name
    quantity: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What stood at the end of the day `date`, from which the books follow a campaign that began before.

    `paper`: the evidence of it, such as the balances that were signed; it is recorded with one, and only in entries of
    before that rule there is none. Its approval is booked on the same day.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    date: Date
    coins: Annotated[tuple[CoinsThere, ...], Field(max_length=MOST_ROWS)] = ()
    exchanges: Annotated[tuple[ExchangeThere, ...], Field(max_length=MOST_ROWS)] = ()
    money: Annotated[tuple[MoneyThere, ...], Field(max_length=MOST_ROWS)] = ()
    stock: Annotated[tuple[StockThere, ...], Field(max_length=MOST_ROWS)] = ()
    orders: Annotated[tuple[OrderThere, ...], Field(max_length=MOST_ROWS)] = ()
    payables: Annotated[tuple[PayableThere, ...], Field(max_length=MOST_ROWS)] = ()
    pledges: Annotated[tuple[PledgeThere, ...], Field(max_length=MOST_ROWS)] = ()
    given: Annotated[tuple[GivenBefore, ...], Field(max_length=MOST_ROWS)] = ()
    delivered: Annotated[tuple[DeliveredBefore, ...], Field(max_length=MOST_ROWS)] = ()
    paper: Sha256 | None = None


def opening_gift(number: str) -> str:
    """What a line calls units by that were there before its books."""
    return str(GiftName(GiftKind.OPENING, number))


_OPENINGS = select(OpeningRow).where(col(OpeningRow.campaign) == OF_CAMPAIGN).order_by(col(OpeningRow.entry))


def openings_of(session: Session, campaign: str) -> Sequence[OpeningRow]:
    """The openings of a campaign, those that came to nothing too, first recorded first."""
    return session.exec(_OPENINGS, params={"of_campaign": campaign}).all()


_STANDING = _OPENINGS.where(col(OpeningRow.status) == ProposalStatus.APPROVED)


def standing_opening(session: Session, campaign: str) -> OpeningRow | None:
    """The opening of a campaign that was approved and stands; None where its books begin with its first fact."""
    return session.exec(_STANDING, params={"of_campaign": campaign}).first()


def _require_only(context: Context, number: str) -> None:
    """Conflict where another opening of the campaign stands or waits: its books begin once."""
    wanted = (OpeningRow.campaign == context.campaign, col(OpeningRow.status).in_(COUNTS))
    other = context.books.session.exec(select(OpeningRow).where(*wanted, OpeningRow.number != number)).first()
    if other is not None:
        if other.status is ProposalStatus.PENDING:
            raise Conflict.field(
                "number",
                "opening {opening} waits; the books of a campaign begin once: reject that one, or record what came "
                "later by its own facts",
                opening=other.number,
            )
        raise Conflict.field(
            "number",
            "opening {opening} stands; the books of a campaign begin once: reverse the approval of that one, or record "
            "what came later by its own facts",
            opening=other.number,
        )


def _require_once(field: str, keys: Iterable[Hashable]) -> None:
    """Refused where two rows are of the same thing."""
    seen: set[Hashable] = set()
    for index, key in enumerate(keys):
        if key in seen:
            raise Refused.field(
                f"{field}.{index}", "is told by an earlier row too; write one row, with the sum of both"
            )
        seen.add(key)


def _require_money(context: Context, facts: Opening) -> None:
    books, campaign = context.books, context.campaign
    _require_once("money", ((row.bank, row.currency, row.need) for row in facts.money))
    for index, row in enumerate(facts.money):
        if row.currency == "BTC":
            raise Refused.field(
                f"money.{index}.currency", "no bank holds coins; those of addresses are told by the chain"
            )
        if row.need is not None:
            require_need(books.session, campaign, row.need, f"money.{index}.need")
        there = at_bank(books, campaign, row.bank, row.currency)
        if there:
            raise Refused.field(
                f"money.{index}.bank",
                "the books have {there} there already; an opening comes before all else of a bank",
                there=Figure(row.currency, there),
            )


def _require_at_exchanges(context: Context, facts: Opening) -> None:
    books, campaign = context.books, context.campaign
    _require_once("exchanges", ((row.exchange, row.need) for row in facts.exchanges))
    for index, row in enumerate(facts.exchanges):
        if row.need is not None:
            require_need(books.session, campaign, row.need, f"exchanges.{index}.need")
        there = books.net(exchange_account(campaign, row.exchange), "BTC")
        if there:
            raise Refused.field(
                f"exchanges.{index}.exchange",
                "the books have {there} there already; an opening comes before all else of an exchange",
                there=Figure("BTC", there),
            )


def _require_stock(context: Context, facts: Opening) -> None:
    books, campaign = context.books, context.campaign
    _require_once("stock", ((row.place, row.of) for row in facts.stock))
    expiries: dict[Lot, str | None] = {}
    for index, row in enumerate(facts.stock):
        field = f"stock.{index}"
        _require_goods(context, row.product, f"{field}.product")
        if expiries.setdefault(row.of, row.expiry) != row.expiry:
            raise Refused.field(
                f"{field}.expiry", "is another than in the other row of this lot; a lot has one"
            )
        require_same_expiry(books.session, campaign, row.of, row.expiry, f"{field}.expiry")
        there = books.net(goods_account(AccountClass.STOCK, campaign, row.place), str(row.of))
        if there:
            raise Refused.field(
                f"{field}.lot",
                "the books have {n} piece of it there already; an opening comes before all else of a place",
                many="the books have {n} pieces of it there already; an opening comes before all else of a place",
                n=there,
            )


def _require_product(context: Context, product: str, field: str) -> ProductRow:
    row = find_product(context.books.session, context.campaign, product)
    if row is None:
        raise Refused.field(
            field,
            "there is no product {product} in this campaign; add it first (`product add`)",
            product=product,
        )
    return row


def _require_goods(context: Context, product: str, field: str) -> None:
    if _require_product(context, product, field).nature is Nature.SERVICE:
        raise Refused.field(
            field, "{product} is a service, which lies nowhere; leave the row out", product=product
        )


def _require_orders(context: Context, facts: Opening) -> None:
    session, campaign = context.books.session, context.campaign
    _require_once("orders", (row.number for row in facts.orders))
    for index, row in enumerate(facts.orders):
        field = f"orders.{index}"
        known = find_order(session, campaign, row.number)
        if known is not None and known.reversed_by is None:
            raise Refused.field(f"{field}.number", "is an order of the books already; leave the row out")
        if row.need is not None:
            require_need(session, campaign, row.need, f"{field}.need")
        _require_once(f"{field}.items", (item.item for item in row.items))
        for n, item in enumerate(row.items):
            _require_item(context, row, item, f"{field}.items.{n}")
        if all(item.received == item.quantity and item.paid == item.value for item in row.items):
            raise Refused.field(field, "has come and was paid: nothing of it is open; leave it out")


def _require_item(context: Context, order: OrderThere, item: OpenedItem, field: str) -> None:
    _require_product(context, item.product, f"{field}.product")
    if item.received > item.quantity:
        raise Refused.field(
            f"{field}.received", "is more than the {quantity} that were ordered", quantity=item.quantity
        )
    if item.paid > item.value:
        raise Refused.field(
            f"{field}.paid", "is more than the order's {item} for it", item=Figure(order.currency, item.value)
        )
    if item.paid and order.currency == "BTC":
        raise Refused.field(f"{field}.paid", "coins that left are told by the chain; leave it out")


def _require_promises(context: Context, facts: Opening) -> None:
    session, campaign = context.books.session, context.campaign
    orders = {row.number: row for row in facts.orders}
    suppliers = {row.number: orders[row.order].supplier for row in facts.payables if row.order in orders}
    _require_once("payables", ((row.number, suppliers.get(row.number)) for row in facts.payables))
    for index, payable in enumerate(facts.payables):
        if payable.order not in orders:
            raise Refused.field(
                f"payables.{index}.order",
                "is no order of this opening; bring in the order that it bills as well",
            )
    _require_once("pledges", (row.number for row in facts.pledges))
    for index, pledge in enumerate(facts.pledges):
        if find_pledge(session, campaign, pledge.number) is not None:
            raise Refused.field(
                f"pledges.{index}.number", "is a pledge of the books already; leave the row out"
            )


def _require_amounts(context: Context, facts: Opening) -> None:
    _require_once("delivered", ((row.product, row.place) for row in facts.delivered))
    for index, row in enumerate(facts.delivered):
        _require_product(context, row.product, f"delivered.{index}.product")
    for index, given in enumerate(facts.given):
        if given.given is not None and given.given > facts.date:
            raise Refused.field(
                f"given.{index}.given",
                "is after {date}; what was given later is told by its own fact",
                date=facts.date,
            )


def require_right(context: Context, facts: Opening) -> None:
    """Refused or Conflict where an opening contradicts itself or the books."""
    there = (facts.coins, facts.exchanges, facts.money, facts.stock, facts.orders)
    if not any((*there, facts.pledges, facts.given, facts.delivered)):
        raise Refused.field("body", "tells nothing that was there; name at least one row")
    _require_only(context, facts.number)
    _require_once("coins", (row.address for row in facts.coins))
    _require_at_exchanges(context, facts)
    _require_money(context, facts)
    _require_stock(context, facts)
    _require_orders(context, facts)
    _require_promises(context, facts)
    _require_amounts(context, facts)


def _hold(context: Context, facts: Opening) -> Posting[None]:
    """An opening that waits moves nothing."""
    require_campaign(context)
    _require_shown(context, facts)
    require_right(context, facts)
    return Posting()


def _require_shown(context: Context, facts: Opening) -> None:
    """Refused where no paper shows what was there, or it was taken back or is not sealed yet (docs/rules.md, 31)."""
    if facts.paper is None:
        raise Refused.field(
            "paper",
            "name the paper that shows what was there, such as the balances that were signed, by its SHA-256; attach "
            "it first with `evidence add`, about the campaign",
        )
    if not standing_papers(context.books.session, context.campaign, facts.paper):
        raise Refused.field(
            "paper", "no evidence that stands has this hash; attach the paper first with `evidence add`"
        )


def facts_of_opening(session: Session, opening: OpeningRow) -> Opening:
    """What an opening says, from the entry that proposed it."""
    row = Journal(session).by_seq(opening.entry)
    if row is None:
        raise LookupError(f"campaign_openings: there is no entry {opening.entry}")
    return facts_from(Opening, entry_from_bytes(row.data).facts)


def _effect(context: Context, opening: OpeningRow, decision: Decision) -> Posting[None]:
    if decision.date != opening.document_date:
        raise Refused.field(
            "date",
            "an opening is booked on its own day; approve it with the date {day}",
            day=opening.document_date,
        )
    facts = facts_of_opening(context.books.session, opening)
    _require_shown(context, facts)
    require_right(context, facts)
    _require_on_chain(context, facts)
    moved = [*_at_exchanges(context, facts), *_money(context, facts), *_stock(context, facts)]
    return Posting(tuple(transfer for transfer, _ in moved), tuple(operation for _, operation in moved))


def _require_on_chain(context: Context, facts: Opening) -> None:
    """Conflict where the chain is not read to the end of the day, or shows other coins at an address."""
    session = context.books.session
    if facts.coins and not is_read(session, facts.date):
        raise Conflict.field(
            "coins",
            "the chain is not read to the end of {date} yet; approve it after the next looks",
            date=facts.date,
        )
    for index, row in enumerate(facts.coins):
        shown = coins_at(session, context.campaign, row.address, facts.date)
        if shown != row.amount:
            raise Conflict.field(
                f"coins.{index}.amount",
                "the chain shows {shown} at this address at the end of {date}; reject it and propose it with "
                "that, or configure a checkpoint before its first payment",
                shown=Figure("BTC", shown),
                date=facts.date,
            )


def _at_exchanges(context: Context, facts: Opening) -> Iterator[tuple[Transfer, Operation]]:
    campaign = context.campaign
    for row in facts.exchanges:
        line = exchange_line(campaign, row.exchange, row.need or FREE)
        start = context.books.lines.length(line)
        units = Append(line, "BTC", start, row.amount, opening_gift(facts.number))
        yield (
            Transfer(
                exchange_account(campaign, row.exchange), before_at_exchanges(campaign), "BTC", row.amount
            ),
            units,
        )


def _money(context: Context, facts: Opening) -> Iterator[tuple[Transfer, Operation]]:
    campaign, ends = context.campaign, dict[str, int]()
    for row in facts.money:
        line = money_line(campaign, row.currency, row.need or FREE)
        start = ends.get(line, context.books.lines.length(line))
        ends[line] = start + row.amount
        bank, before = account(AccountClass.BANK, campaign, row.bank), account(AccountClass.BEFORE, campaign)
        units = Append(line, row.currency, start, row.amount, opening_gift(facts.number))
        yield Transfer(bank, before, row.currency, row.amount), units


def _stock(context: Context, facts: Opening) -> Iterator[tuple[Transfer, Operation]]:
    campaign = context.campaign
    for row in facts.stock:
        line, asset = goods_line(campaign, AccountClass.STOCK, row.place, row.of), str(row.of)
        stock, before = goods_account(AccountClass.STOCK, campaign, row.place), AccountClass.BEFORE
        units = Append(
            line, asset, context.books.lines.length(line), row.quantity, opening_gift(facts.number)
        )
        yield Transfer(stock, account(before, campaign), asset, row.quantity), units


def _row(_books: Books, entry: Entry[Opening, None]) -> OpeningRow:
    return OpeningRow(**proposed(entry, entry.facts.number, entry.facts.date))


def _keep_coins(books: Books, opening: OpeningRow, entry: Entry[Opening, None]) -> None:
    """What it tells of exchanges, which counts once it is approved."""
    books.session.flush()
    for n, row in enumerate(entry.facts.exchanges):
        books.session.add(
            OpenedCoinsRow(
                opening_entry=opening.entry,
                n=n,
                exchange=row.exchange,
                amount=row.amount,
                until=row.until or sold_by(opening.document_date),
            )
        )


def _keep_lots(books: Books, opening: OpeningRow, entry: Entry[Decision, None]) -> None:
    """What the approval brought of lots, as deliveries of its own."""
    for n, row in enumerate(facts_of_opening(books.session, opening).stock):
        keep_lot(books.session, entry.campaign, row.of)
        add_row(
            books.session,
            LotDeliveryRow,
            entry=entry.seq,
            n=n,
            campaign=entry.campaign,
            product=row.product,
            lot=row.lot,
            place=row.place,
            expiry=row.expiry,
            noted=row.quantity,
            good=row.quantity,
            damaged=0,
            short=0,
            rejected=0,
        )


def _follows(books: Books, opening: OpeningRow, entry: Entry[Decision, None]) -> Iterator[Following]:
    """Coins that had left, and each order, invoice and pledge, as an entry of its own: it goes on by itself."""
    facts, day = facts_of_opening(books.session, opening), opening.document_date
    for left in spent_before(books.session, entry.campaign, opening.number, day):
        yield following(SPENT_BEFORE, left)
    for order in facts.orders:
        yield following(
            OPENED_ORDER,
            OpenedOrder(
                number=order.number,
                opening=opening.number,
                supplier=order.supplier,
                currency=order.currency,
                items=order.items,
                need=order.need,
                expected=order.expected,
                date=day,
            ),
        )
    for bill in facts.payables:
        yield following(
            INVOICE,
            Invoice(
                number=bill.number,
                order=bill.order,
                quantity=bill.quantity,
                amount=bill.amount,
                due=bill.due,
                date=min(filter(None, (bill.billed, bill.due, day))),
            ),
        )
    for pledge in facts.pledges:
        yield following(
            PLEDGE,
            Pledge(
                number=pledge.number,
                asset=pledge.asset,
                amount=pledge.amount,
                due=pledge.due,
                date=min(day, pledge.due or day),
            ),
        )


def _require_unused(context: Context, opening: OpeningRow, _entry: Entry[Decision, None]) -> None:
    """Conflict where what the opening led to stands: that is taken back first, the last first."""
    session, facts = context.books.session, facts_of_opening(context.books.session, opening)
    for pledge_row in facts.pledges:
        pledge = find_pledge(session, context.campaign, pledge_row.number)
        if pledge is not None and pledge.reversed_by is None:
            raise Conflict.field(
                "entry",
                "it brought in pledge {number} (entry {entry}); reverse that first",
                number=pledge_row.number,
                entry=pledge.entry,
            )
    for row in facts.orders:
        order = find_order(session, context.campaign, row.number)
        if order is not None and order.opened_by == opening.number and order.reversed_by is None:
            raise Conflict.field(
                "entry",
                "it brought in order {number} (entry {entry}); reverse that first",
                number=row.number,
                entry=str(order.decided_by),
            )
    explained = select(SpendRow.ref).where(
        SpendRow.campaign == context.campaign,
        SpendRow.explanation == ExplainedBy.OPENING,
        SpendRow.explanation_number == opening.number,
    )
    ref = session.exec(explained.order_by(col(SpendRow.entry))).first()
    if ref is not None:
        raise Conflict.field(
            "entry", "it explains the spend {ref}; reverse that `spend.before` first", ref=ref
        )


def _lots_gone(books: Books, opening: OpeningRow, entry: Entry[Decision, None]) -> None:
    if facts_of_opening(books.session, opening).stock:
        lots_reversed(books.session, entry.seq, opening.reversed_by or entry.seq)


def _voided(context: Context, _opening: OpeningRow, entry: Entry[Decision, None]) -> tuple[Change, ...]:
    """What takes the units off their lines again."""
    return void_appended(
        context, entry, Wording("some of what was there is used or held; reverse what stands on it first")
    )


OPENINGS = Workflow(
    noun="opening",
    facts=Opening,
    row=OpeningRow,
    doc="Say what stood at the end of a day, of a campaign that began before its books; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    kept=_keep_coins,
    approved=_keep_lots,
    follows=_follows,
    require=_require_unused,
    reversed=_lots_gone,
    voids=_voided,
)
KINDS = OPENINGS.kinds()
