"""A random story in a real ledger, and what a donor is told of a gift at any moment of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from ledger.core.entry import entry_from_bytes
from ledger.core.errors import LedgerError
from ledger.core.look import TxFacts
from ledger.model.orders import OrderRow, OrderStatus
from ledger.rules.books import Books
from ledger.rules.shipments import arrivals_of, require_shipment
from ledger.views.queries import donation_trails
from ledger.views.trail import DonationTrail
from tests.tools.ledgers import REVERSIBLE, SLUG, Ledger, name, tx
from tests.tools.things import DATE, lots, order, pay, receive

GIFT = f"{name('gift')}:0"


def trail_of(ledger: Ledger, outpoint: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, outpoint)
    return found


def places(trail: DonationTrail) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    for place in trail.places:
        found[place.kind, place.amount.asset, place.place] += place.amount.minor
    return found


@dataclass
class Told:
    """A random story in the real ledger; what each donor is told is compared before and after every step."""

    ledger: Ledger
    made: int = 0
    blocks: list[tuple[str, tuple[TxFacts, ...]]] = field(default_factory=list)
    coins: dict[str, int] = field(default_factory=dict)
    gifts: list[str] = field(default_factory=list)

    def number(self) -> str:
        self.made += 1
        return f"N-{self.made}"

    def mine(self, *txs: TxFacts) -> None:
        blocks = [(f"m{self.number()}", txs), *((f"m{self.number()}", ()) for _ in range(5))]
        self.blocks += blocks
        self.ledger.look((), blocks)

    def give(self, size: int) -> None:
        label = f"g{self.number()}"
        self.mine(tx(label, (self.made % 15, 1_000_000 + size)))
        self.coins[label] = 1_000_000 + size
        self.gifts.append(f"{name(label)}:0")

    def convert(self, size: int) -> None:
        if not self.coins:
            return
        label = next(iter(self.coins))
        sats, sale = self.coins.pop(label), f"s{self.number()}"
        self.mine(tx(sale, spends=((label, 0),)))
        number = self.number()
        self.ledger.do(
            "recorder", "conversion", "add", number=number, txid=name(sale), sold=sats - 700, network_fee=700,
            currency="USD", proceeds=300 + size % 90, exchange="E", bank="B", date=DATE,
        )  # fmt: skip
        self.ledger.do("approver", "conversion", "approve", number=number, date=DATE)

    def buy(self, size: int) -> None:
        order(self.ledger, self.number(), quantity=20 + size % 7, value=100 + size % 90, approved=DATE)

    def newest_order(self, *stages: OrderStatus) -> str:
        """The number of the order of one of these stages that was recorded last."""
        with self.ledger.store.read() as reading:
            orders = reading.session.exec(select(OrderRow).order_by(col(OrderRow.entry).desc())).all()
        found = [order.number for order in orders if order.stage in stages]
        if not found:
            raise LedgerError("nothing of this kind yet")
        return found[0]

    def told(self, kind: str, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The facts of the newest entry of a kind that stands."""
        with self.ledger.store.read() as reading:
            entries = [entry_from_bytes(row.data) for row in reading.journal.rows(kind=kind)]
            standing = [e for e in entries if Books(reading).reversed_by(e.seq) is None]
        found = [facts for entry in standing if wanted(facts := dict(entry.facts))]
        if not found:
            raise LedgerError("nothing of this kind yet")
        return found[-1]

    def has_arrived(self, waybill: str) -> bool:
        with self.ledger.store.read() as reading:
            shipment = require_shipment(reading.session, SLUG, waybill)
            return bool(arrivals_of(reading.session, shipment.entry))

    def pay(self, size: int) -> None:
        made = self.newest_order(OrderStatus.APPROVED)
        pay(self.ledger, 20 + size % 120, self.number(), made)

    def receive(self, size: int) -> None:
        made = self.newest_order(OrderStatus.APPROVED)
        counts = {"good": 3 + size % 9, "short": size % 2, "damaged": size % 3}
        receive(self.ledger, self.number(), f"L{self.made}", made, **counts)

    def lot(self, size: int) -> list[dict[str, Any]]:
        return lots(1 + size % 4, self.told("receipt")["lots"][0]["lot"])

    def ship(self, size: int) -> None:
        self.ledger.do(
            "recorder", "shipment", "add", waybill=self.number(), origin="Depot", destination="Port",
            carriage="air", lots=self.lot(size), date=DATE,
        )  # fmt: skip

    def arrive(self, size: int) -> None:
        facts = self.told("shipment", lambda facts: not self.has_arrived(facts["waybill"]))
        row = facts["lots"][0]
        lost = size % 2
        told = {"product": "KIT", "lot": row["lot"], "good": row["quantity"] - lost, "lost": lost}
        self.ledger.do(
            "recorder", "shipment", "arrive", number=self.number(), waybill=facts["waybill"], lots=[told],
            reason="wet", date=DATE,
        )  # fmt: skip

    def hand(self, size: int) -> None:
        place = ("Depot", "Port")[size % 2]
        self.ledger.do(
            "recorder", "handover", "add", number=self.number(), place=place, organisation="Aid",
            lots=self.lot(size), date=DATE,
        )  # fmt: skip

    def distribute(self, size: int) -> None:
        self.ledger.do(
            "recorder", "distribution", "add", number=self.number(), place="Town", organisation="Aid",
            lots=self.lot(size), date=DATE,
        )  # fmt: skip

    def lose(self, size: int) -> None:
        row = self.lot(size)[0]
        self.ledger.do(
            "recorder", "loss", "add", number=self.number(), place="Depot", cause="lost", reason="gone",
            date=DATE, **row,
        )  # fmt: skip

    def find(self, size: int) -> None:
        """What the newest loss, or the newest arrival, called lost lies at the Depot again."""
        kind = ("loss", "arrival")[size % 2]
        told = self.told(kind)
        row = told if kind == "loss" else told["lots"][0]
        self.ledger.do(
            "recorder", "loss", "find", number=self.number(), by=kind, document=told["number"], product="KIT",
            lot=row["lot"], quantity=1 + size % 2, place="Depot", reason="behind the shelves", date=DATE,
        )  # fmt: skip

    def send_back(self, size: int) -> None:
        where = (
            {"organisation": "Aid", "direction": "from_recipient"}
            if size % 2
            else {"direction": "to_supplier"}
        )
        self.ledger.do(
            "recorder", "return", "add", number=self.number(), place="Depot", reason="unfit",
            lots=self.lot(size), date=DATE, **where,
        )  # fmt: skip

    def refund(self, size: int) -> None:
        facts: dict[str, Any] = {"failure": ("undelivered", "short", "damaged")[size % 3], "asset": "USD"}
        if size % 3:
            row = self.told("receipt")
            facts |= {"order": row["order"], "lot": row["lots"][0]["lot"], "quantity": 1, "amount": 1}
        else:
            closed = self.newest_order(OrderStatus.COMPLETED, OrderStatus.CANCELLED)
            facts |= {"order": closed, "value": 1 + size % 20, "amount": 1 + size % 20}
        number = self.number()
        self.ledger.do("recorder", "refund", "add", number=number, item="1", bank="B", date=DATE, **facts)
        self.ledger.do("approver", "refund", "approve", number=number, date=DATE)

    def close(self, size: int) -> None:
        made = self.newest_order(OrderStatus.APPROVED)
        number = self.number()
        try:
            self._close(number, made, 0, 0, size % 2)
        except LedgerError as told:
            # The refusal says what is left; it is named then, figure by figure.
            left = {"discount": 0, "cancellation": 0, "claim": 0}
            for _ in range(3):
                words = str(told)
                field_name = words.split(":", 1)[0]
                if field_name not in left:
                    raise
                left[field_name] = int(words.split(" and ")[1].split(" ")[0].replace(".", ""))
                try:
                    self._close(number, made, **left)
                    break
                except LedgerError as again:
                    told = again
            else:
                raise
        self.ledger.do("approver", "closing", "approve", number=number, date=DATE)

    def _close(self, number: str, made: str, discount: int, cancellation: int, claim: int) -> None:
        self.ledger.do(
            "recorder", "purchase", "close", number=number, order=made, discount=discount,
            cancellation=cancellation, claim=claim, reason="over", date=DATE,
        )  # fmt: skip

    def reverse(self, size: int) -> None:
        with self.ledger.store.read() as reading:
            rows = [row.seq for row in reading.journal.rows() if row.kind in REVERSIBLE]
        if rows:
            seq = rows[-1 - size % min(len(rows), 4)]
            self.ledger.do("approver", "reversal", "add", entry=seq, reason="a slip", date=DATE)

    def recall(self, size: int) -> None:
        row = self.lot(size)[0]
        self.ledger.do(
            "approver", "recall", "add", number=self.number(), product="KIT", lot=row["lot"], reason="warned",
            date=DATE,
        )  # fmt: skip

    def reorg(self, size: int) -> None:
        """The chain forgets its last blocks: the newest transactions come again at once, later, or not at all."""
        depth = min(len(self.blocks), 6 + size % 7)
        if not depth:
            return
        gone = self.blocks[-depth:]
        del self.blocks[-depth:]
        txs = tuple(fact for _, facts in gone for fact in facts)
        kept = txs if size % 3 == 0 else ()
        again = [(f"r{self.number()}", kept), *((f"r{self.number()}", ()) for _ in range(depth))]
        self.blocks += again
        self.ledger.reorg(depth, *again)
        if size % 3 == 1 and txs:
            self.mine(*txs)
        if size % 3 == 2:
            # What left for good cannot be spent later.
            left = {fact.txid for fact in txs}
            self.coins = {label: sats for label, sats in self.coins.items() if name(label) not in left}
