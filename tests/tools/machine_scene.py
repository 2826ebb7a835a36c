"""What a recipe sees: one campaign's books and a source of chance; and the register of recipes by kind of entry.

A recipe gives facts that could be told now, or raises `Needs`. It never tells anything itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.core.entry import entry_from_bytes
from ledger.core.names import Lot, lot_named
from ledger.model.orders import InvoiceRow, OrderRow
from ledger.model.spends import SpendRow
from ledger.recording.kinds import WORKFLOWS
from ledger.rules.at_exchange import coins_at, promised
from ledger.rules.books import Books
from ledger.rules.gifts import money_line
from ledger.rules.goods import recalled_by
from ledger.rules.order_papers import OrderPapers
from ledger.rules.spends import find_spend
from ledger.store.transaction import Reading
from tests.tools.machine_world import Needs, World

Facts = dict[str, Any]
T = TypeVar("T")
PLACES = ("Depot", "Port", "Clinic")
ORGANISATIONS = ("Relief Org", "Health Ministry")
BANKS = ("B", "C")
EXCHANGES = ("Exchange", "Other exchange")
CURRENCIES = ("USD", "USD", "USD", "EUR")


@dataclass(frozen=True)
class Scene:
    world: World
    tx: Reading
    slug: str

    @property
    def books(self) -> Books:
        return Books(self.tx)

    @property
    def today(self) -> str:
        return self.world.today

    def n(self, low: int, high: int) -> int:
        return self.world.rnd.randint(low, max(low, high))

    def chance(self, percent: int) -> bool:
        return self.world.rnd.randrange(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        return options[self.world.rnd.randrange(len(options))]

    def one(self, options: Iterable[T], needs: str) -> T:
        """One of what there is; else what has to come first."""
        there = list(options)
        if not there:
            raise Needs(needs)
        return self.pick(there)

    def new(self, prefix: str) -> str:
        return f"{prefix}-{self.world.number()}"

    def numbered(self, prefix: str) -> Facts:
        return {"number": self.new(prefix), "date": self.today}

    def told(self, kind: str) -> list[Facts]:
        """The facts of the entries of a kind that stand, of this campaign, oldest first."""
        rows = self.tx.journal.rows(campaign=self.slug, kind=kind)
        entries = [entry_from_bytes(row.data) for row in rows]
        return [dict(entry.facts) for entry in entries if self.books.reversed_by(entry.seq) is None]

    def waiting(self, noun: str) -> list[str]:
        """The numbers of what waits for a decision."""
        return [proposal.number for proposal in WORKFLOWS[noun].pending(self.tx.session, self.slug)]

    def open_orders(self) -> Sequence[OrderRow]:
        """Purchase orders of this campaign that were approved and are not closed, by number."""
        return [order for order in OrderPapers(self.books, self.slug).bound if order.is_open]

    def invoices(self) -> Sequence[InvoiceRow]:
        """Invoices of this campaign that stand, by number."""
        wanted = (InvoiceRow.campaign == self.slug, col(InvoiceRow.reversed_by).is_(None))
        return self.books.session.exec(
            select(InvoiceRow).where(*wanted).order_by(col(InvoiceRow.number))
        ).all()

    def parts(self, total: int, count: int) -> list[int]:
        """`count` numbers from 0 on that sum to the total."""
        cuts = sorted(self.n(0, total) for _ in range(count - 1))
        return [high - low for low, high in zip([0, *cuts], [*cuts, total], strict=True)]

    def free(self, currency: str) -> int:
        """Free money that nobody ordered for."""
        line = money_line(self.slug, currency)
        bound = sum(
            balance.net for balance in self.books.balances(AccountClass.ENCUMBERED, self.slug, asset=currency)
        )
        return self.books.lines.free_units(line) - bound

    def banks(self) -> list[tuple[str, str, int]]:
        """(bank, currency, minor units that are there and free)."""
        found = []
        for balance in self.books.balances(AccountClass.BANK, self.slug):
            asset = balance.asset
            free = min(balance.net, self.books.lines.free_units(money_line(self.slug, asset)))
            if free > 0:
                found.append((balance.account.detail[-1], asset, free))
        return found

    def held(self, kind: AccountClass) -> list[tuple[str, str, str, int]]:
        """(place, product, lot, pieces) of what lies in places of a class."""
        found = []
        for balance in self.books.balances(kind, self.slug):
            if "#" in balance.asset and balance.net > 0:
                lot = lot_named(balance.asset)
                found.append((balance.account.detail[-1], lot.product, lot.number, balance.net))
        return found

    def recalled(self, product: str, lot: str) -> bool:
        return recalled_by(self.books.session, self.slug, Lot(product, lot)) is not None

    def unexplained(self) -> list[tuple[str, SpendRow]]:
        """Spends that no entry explains and none waits to."""
        query = select(SpendRow).where(
            SpendRow.campaign == self.slug, col(SpendRow.explanation).is_(None), SpendRow.out > 0
        )
        return [(row.ref, row) for row in self.books.session.exec(query.order_by(col(SpendRow.ref)))]

    def unsettled_spends(self) -> list[tuple[str, int]]:
        """(txid, sats that left) of transactions of this campaign alone that have not settled."""
        chain = self.world.chain
        owners, sats = {}, {}
        for block in chain.blocks:
            for tx in block.txs:
                for vout, (script, amount) in enumerate(tx.outputs):
                    if script in chain.owners:
                        owners[f"{tx.txid}:{vout}"] = chain.owners[script].slug
                        sats[f"{tx.txid}:{vout}"] = amount
        found = []
        for block in chain.blocks[-5:]:
            for tx in block.txs:
                slugs = {owners.get(str(spent)) for spent in tx.inputs}
                if slugs != {self.slug} or find_spend(self.books.session, self.slug, tx.txid):
                    continue
                back = sum(amount for script, amount in tx.outputs if script in chain.owners)
                out = sum(sats[str(spent)] for spent in tx.inputs) - back
                if out > 0:
                    found.append((tx.txid, out))
        return found


Recipe = Callable[[Scene], Facts]
RECIPES: dict[str, Recipe] = {}
"""How facts of each kind that a person tells are made up."""


def unsold(s: Scene) -> list[tuple[str, int]]:
    """(exchange, sats that lie there and wait for nothing), where there are any."""
    left = [
        (exchange, coins_at(s.books, s.slug, exchange) - promised(s.tx.session, s.slug, exchange))
        for exchange in EXCHANGES
    ]
    return [row for row in left if row[1] > 0]


def tells(kind: str) -> Callable[[Recipe], Recipe]:
    def register(recipe: Recipe) -> Recipe:
        RECIPES[kind] = recipe
        return recipe

    return register


def tells_decisions(noun: str) -> None:
    """Recipes of the approval and the rejection of a noun."""

    def decide(scene: Scene) -> Facts:
        return {"number": scene.one(scene.waiting(noun), noun), "date": scene.today}

    RECIPES[f"{noun}.approved"] = decide
    RECIPES[f"{noun}.rejected"] = decide
