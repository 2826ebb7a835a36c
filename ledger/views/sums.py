"""Sums that close: tables of coins, money and goods whose rows add up to their last row, from the accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select as select_columns
from sqlmodel import Session, case, col, func, select

from ledger.core.accounts import AccountClass
from ledger.core.lines import PartKind
from ledger.core.names import Lot, lot_named
from ledger.model.campaigns import Nature
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.goods import InKindRow, LotDeliveryRow, LotRow, OverDecision, OverDecisionRow
from ledger.model.openings import OpeningRow
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.at_exchange import EXCHANGES
from ledger.rules.balances import CampaignBalances
from ledger.rules.bank_money import OVERDRAWN
from ledger.rules.books import Books
from ledger.rules.came import Exchanged, exchanged, refunded
from ledger.rules.campaigns import product_of
from ledger.rules.charge_backs import Charged, charged_back, shortfall_at_banks
from ledger.rules.goods import lot_of_delivery
from ledger.views.carrying import carrying_tables
from ledger.views.known import Known
from ledger.views.sum_tables import SumKey, SumRow, SumTable, SumTotal

Items = Mapping[int, Sequence[OrderItemRow]]
"""The items of orders, by the entry of their order."""


@dataclass(frozen=True, slots=True)
class LotSums:
    """What came of a lot in all its deliveries, in pieces. `good`: surplus that was accepted or bought too.

    `is_over`: it came too much with another lot; `at_receipt`: damaged or short when it came.
    """

    lot: Lot
    is_over: bool
    noted: int  # but for what was delivered in the place of earlier pieces
    came: int  # of those, what was not short; of surplus what was bought
    good: int
    accepted: int  # of those, surplus that the supplier gave
    at_receipt: int


_again = case((col(LotDeliveryRow.replaces).is_not(None), 0), else_=LotDeliveryRow.noted)
_LOTS = (
    select_columns(
        col(LotDeliveryRow.product),
        col(LotDeliveryRow.lot),
        col(LotRow.over_of),
        func.sum(_again),
        func.sum(_again - case((col(LotDeliveryRow.replaces).is_not(None), 0), else_=LotDeliveryRow.short)),
        func.sum(LotDeliveryRow.good),
        func.sum(LotDeliveryRow.damaged + LotDeliveryRow.short),
    )
    .join(LotRow, lot_of_delivery())
    .where(
        col(LotDeliveryRow.campaign) == OF_CAMPAIGN,
        col(LotDeliveryRow.reversed_by).is_(None),
        col(LotDeliveryRow.entry).not_in(
            select(InKindRow.entry).where(col(InKindRow.campaign) == OF_CAMPAIGN)
        ),
        col(LotDeliveryRow.entry).not_in(
            select(OpeningRow.decided_by).where(
                col(OpeningRow.campaign) == OF_CAMPAIGN, OpeningRow.status == ProposalStatus.APPROVED
            )
        ),
    )
    .group_by(col(LotDeliveryRow.product), col(LotDeliveryRow.lot), col(LotRow.over_of))
    .order_by(col(LotDeliveryRow.product), col(LotDeliveryRow.lot))
)


def lots_of(session: Session, slug: str) -> list[LotSums]:
    """The campaign's lots that receipts brought, services included, by product and lot; gifts in kind, and what was
    there before the books begin, stand apart."""
    surplus = _surplus(session, slug)
    accepted, bought = surplus[OverDecision.ACCEPTED], surplus[OverDecision.BOUGHT]
    return [
        LotSums(
            Lot(product, lot),
            over is not None,
            int(noted),
            bought.get(Lot(product, lot), 0) if over is not None else int(came),
            int(good) + accepted.get(Lot(product, lot), 0) + bought.get(Lot(product, lot), 0),
            accepted.get(Lot(product, lot), 0),
            int(bad),
        )
        for product, lot, over, noted, came, good, bad in session.connection().execute(
            _LOTS, {"of_campaign": slug}
        )
    ]


_SURPLUS = (
    select(
        OverDecisionRow.decision,
        OverDecisionRow.product,
        OverDecisionRow.lot,
        func.sum(OverDecisionRow.quantity),
    )
    .where(col(OverDecisionRow.campaign) == OF_CAMPAIGN, col(OverDecisionRow.reversed_by).is_(None))
    .group_by(col(OverDecisionRow.decision), col(OverDecisionRow.product), col(OverDecisionRow.lot))
)


def _surplus(session: Session, slug: str) -> dict[OverDecision, dict[Lot, int]]:
    """Pieces that came too much, by what was decided about them and lot."""
    surplus: dict[OverDecision, dict[Lot, int]] = {decision: {} for decision in OverDecision}
    for decision, product, lot, units in session.exec(_SURPLUS, params={"of_campaign": slug}):
        surplus[OverDecision(decision)][Lot(product, lot)] = int(units)
    return surplus


def goods_of(books: Books, slug: str, known: Known) -> list[LotSums]:
    """The campaign's lots that came, services aside."""
    rows = lots_of(books.session, slug)
    return [row for row in rows if known.products[row.lot.product].nature is Nature.GOODS]


def sum_tables(
    books: Books, slug: str, goods: Sequence[LotSums], known: Known, items: Items
) -> list[SumTable]:
    """Tables whose rows add up to their last row, from the accounts (the flow comes from the lines).

    `goods`: the lots that came (`goods_of`); `known`: products and balances of the campaign; `items`: of its orders.
    """
    held = known.held
    currencies = sorted({line.asset for line in books.lines.money(slug)} - {"BTC"})
    orders, exchanges = _orders(books.session, slug, items, known), exchanged(books.session, slug)
    charged = charged_back(books.session, slug)
    money = [_Money(books, slug, held, asset, orders, exchanges, charged) for asset in ("BTC", *currencies)]
    tables = [table for of in money for table in of.tables()]
    tables += carrying_tables(books, slug)
    by_product: dict[str, list[LotSums]] = {}
    for row in goods:
        by_product.setdefault(row.lot.product, []).append(row)
    apart = [balance for kind in (AccountClass.IN_KIND, AccountClass.BEFORE) for balance in held.of(kind)]
    for balance in apart:
        if "#" not in balance.asset:
            continue
        product = lot_named(balance.asset).product
        if known.products[product].nature is Nature.GOODS:
            by_product.setdefault(product, [])
    tables += [_goods_sums(books, slug, held, product, by_product[product]) for product in sorted(by_product)]
    return tables


@dataclass(frozen=True, slots=True)
class _Order:
    """An order, and the names of what it is for."""

    entry: int
    number: str
    what: str


_ORDERS = select(OrderRow.entry, OrderRow.number).where(col(OrderRow.campaign) == OF_CAMPAIGN)


def _orders(session: Session, slug: str, items: Items, known: Known) -> dict[str, _Order]:
    """All orders of a campaign by number, rejected ones too."""
    products = known.products
    return {
        number: _Order(
            entry, number, ", ".join(dict.fromkeys(products[item.product].name for item in items[entry]))
        )
        for entry, number in session.exec(_ORDERS, params={"of_campaign": slug})
    }


class _Money:
    """The sums of one asset: where it came from and where it is, every account of it in one of both."""

    def __init__(
        self,
        books: Books,
        slug: str,
        held: CampaignBalances,
        asset: str,
        orders: Mapping[str, _Order],
        exchanges: Mapping[str, Exchanged],
        charged: Mapping[str, Charged],
    ) -> None:
        self._held, self._asset, self._orders = held, asset, orders
        self._exchanged = exchanges.get(asset, Exchanged())
        # What conversions fetched before their fee, and exchanges of other money brought; what was sold stands apart.
        self._fetched = self._exchanged.sold - self._net(AccountClass.TRADING)
        self._kept = self._net(AccountClass.FEES, "exchange") - self._exchanged.fees
        back = refunded(books.session, slug, asset)
        self._back, self._claims = back.by_order, back.by_claims
        # The lines hold so much more than the banks: donors read it as held, and so does the picture.
        self._charged = charged.get(asset, Charged())
        self._short = shortfall_at_banks(books.session, slug, asset) if self._charged.used else 0

    def tables(self) -> list[SumTable]:
        """Where all of it is; and of a currency, what conversions fetched."""
        coins = self._asset == "BTC"
        came, rows = self._came(coins), self._went(coins)
        received = sum(row.minor for row in came)
        several = tuple(row for row in came if row.minor)
        whole = SumTable(
            asset=self._asset,
            unit="",
            came=several if len(several) > 1 or any(row.key != SumKey.GIVEN for row in several) else (),
            rows=tuple(rows),
            total=SumTotal(asset=self._asset, key=SumKey.RECEIVED, minor=received),
        )
        if coins or not self._fetched:
            return [whole]
        parts = (
            self._row(SumKey.CONVERTED, self._fetched - self._kept),
            self._row(SumKey.EXCHANGE_FEES, self._kept),
        )
        total = SumTotal(asset=self._asset, key=SumKey.FETCHED, minor=self._fetched)
        return [whole, SumTable(asset=self._asset, unit="", rows=parts, total=total)]

    def _came(self, coins: bool) -> list[SumRow]:
        return [
            self._row(SumKey.GIVEN, -self._net(AccountClass.GIFTS) - self._charged.taken),
            self._row(SumKey.CONVERTED, 0 if coins else self._fetched - self._kept),
            self._row(
                SumKey.BEFORE,
                -self._net(AccountClass.BEFORE, EXCHANGES) if coins else -self._net(AccountClass.BEFORE),
            ),
            self._row(SumKey.INTEREST, -self._net(AccountClass.INTEREST)),
            self._row(SumKey.BLOCKED_GIFTS, -self._net(AccountClass.BLOCKED_GIFTS)),
            self._row(SumKey.TOP_UPS, -self._net(AccountClass.TOP_UPS)),
            self._row(SumKey.OWN_COINS, -self._net(AccountClass.OWN_COINS)),
            self._row(SumKey.BORROWED, -self._sum(AccountClass.OWED)),
            self._row(SumKey.REFUNDED, sum(self._back.values())),
            self._row(SumKey.INDEMNITIES, self._claims),
        ]

    def _went(self, coins: bool) -> list[SumRow]:
        """Where it is; rows that only some campaigns have are left out where they are zero."""
        rows = [self._row(SumKey.CONVERTED, self._net(AccountClass.TRADING))] if coins else []
        rows += self._paid()
        if coins:
            kept = self._net(AccountClass.FEES, "exchange")
            rows.append(self._row(SumKey.NETWORK_FEES, self._sum(AccountClass.FEES) - kept))
            rows += [self._row(SumKey.EXCHANGE_FEES, kept)] if kept else []
            rows.append(self._row(SumKey.HELD, self._net(AccountClass.WALLET)))
            rows += [
                self._row(SumKey.AT_EXCHANGE, balance.net, balance.account.detail[-1])
                for balance in self._held.of(AccountClass.EXCHANGE, asset="BTC")
                if balance.net
            ]
            rows.append(self._row(SumKey.UNEXPLAINED, self._net(AccountClass.UNEXPLAINED)))
        else:
            charges = self._sum(AccountClass.FEES) - self._kept
            held = sum(self._sum(kind) for kind in OVERDRAWN) + self._short
            rows += [self._row(SumKey.CHARGES, charges), self._row(SumKey.HELD, held)]
        # Dust and undecided coins stand apart; what spends took of them is among the rows above.
        apart = (AccountClass.DUST, AccountClass.DUST_GIFTS, AccountClass.UNDECIDED, AccountClass.EXCESS)
        seldom = (
            self._row(SumKey.GONE_BEFORE, self._net(AccountClass.BEFORE) if coins else 0),
            self._row(SumKey.EXCHANGED, self._exchanged.sold),
            self._row(SumKey.GIVEN_BACK, self._net(AccountClass.GIVEN_BACK) - self._charged.taken),
            self._row(SumKey.LENT, self._sum(AccountClass.LENT)),
            self._row(SumKey.LOANS_SETTLED, self._net(AccountClass.TRADING, "loans")),
            self._row(SumKey.TAKEN_BACK, -self._short),
            self._row(SumKey.TAX_OWED, self._net(AccountClass.TAX)),
            self._row(SumKey.BLOCKED, self._net(AccountClass.BLOCKED)),
            self._row(SumKey.UNDONE_SPENDS, self._net(AccountClass.UNDONE)),
            self._row(SumKey.OTHER_COINS, sum(self._net(kind) for kind in apart)),
        )
        return rows + [row for row in seldom if row.minor]

    def _paid(self) -> list[SumRow]:
        """What each order was paid, before what its supplier paid back; what it is for stands in the row's name."""
        rows = []
        for balance in self._held.of(AccountClass.SUPPLIER, asset=self._asset):
            order = self._orders[balance.account.detail[-1]]
            paid = balance.net + self._back.get(order.entry, 0)
            if paid:  # else only money of another currency was paid on it
                rows.append(self._row(SumKey.PAID, paid, f"{order.number}, {order.what}"))
        return rows

    def _row(self, key: SumKey, minor: int, label: str = "") -> SumRow:
        return SumRow(asset=self._asset, key=key, label=label, minor=minor)

    def _net(self, kind: AccountClass, *detail: str) -> int:
        return self._held.net(kind, self._asset, *detail)

    def _sum(self, kind: AccountClass) -> int:
        return sum(balance.net for balance in self._held.of(kind, asset=self._asset))


def _goods_sums(
    books: Books, slug: str, held: CampaignBalances, product: str, lots: list[LotSums]
) -> SumTable:
    """The pieces of one product: what came good or as a gift, and where it is."""

    def row(key: SumKey, units: int, label: str = "") -> SumRow:
        return SumRow(asset=product, key=key, label=label, minor=units)

    def of(kind: AccountClass, place: str | None = None) -> list[tuple[str, int]]:
        """(place, pieces) of the product's lots."""
        return [
            (balance.account.detail[-1] if balance.account.detail else "", balance.net)
            for balance in held.of(kind, place=place)
            if "#" in balance.asset and lot_named(balance.asset).product == product
        ]

    def pieces(kind: AccountClass, place: str | None = None) -> int:
        return sum(units for _, units in of(kind, place))

    rows = [row(SumKey.DISTRIBUTED, pieces(AccountClass.DISTRIBUTED))]
    for kind, key in (
        (AccountClass.HANDED, SumKey.WAITING),
        (AccountClass.STOCK, SumKey.IN_STOCK),
        (AccountClass.TRANSIT, SumKey.IN_TRANSIT),
    ):
        places: dict[str, int] = {}
        for label, units in of(kind):
            places[label] = places.get(label, 0) + units
        rows += [row(key, units, label) for label, units in places.items() if units]
    at_receipt = sum(lot.at_receipt for lot in lots) - pieces(AccountClass.REPLACED, PartKind.SHORT.value)
    rows.append(row(SumKey.LOST, pieces(AccountClass.LOST) - at_receipt))
    returned = pieces(AccountClass.RETURNED, "supplier")
    if returned:
        rows.append(row(SumKey.RETURNED, returned))
    accepted = sum(lot.accepted for lot in lots)
    good = sum(lot.good for lot in lots)
    given, before = accepted - pieces(AccountClass.IN_KIND), -pieces(AccountClass.BEFORE)
    apart = tuple(
        each for each in (row(SumKey.GIVEN_IN_KIND, given), row(SumKey.BEFORE, before)) if each.minor
    )
    came = (row(SumKey.RECEIVED_GOOD, good - accepted), *apart) if apart else ()
    key = SumKey.CAME if apart else SumKey.RECEIVED_GOOD
    unit = product_of(books.session, slug, product).unit
    total = SumTotal(asset=product, key=key, minor=good - accepted + given + before)
    return SumTable(asset=product, unit=unit, came=came, rows=tuple(rows), total=total)
