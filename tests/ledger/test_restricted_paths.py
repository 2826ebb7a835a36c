"""Whatever is given, spent, sold, moved, ordered and paid in any order: restricted units end in their need only."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from ledger.core.errors import LedgerError
from ledger.core.names import FREE
from ledger.rules.books import Books
from ledger.rules.orders import require_order
from ledger.tracing.follow import Arrival, follow
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.needs import DAY, approve, ask, contribute, order, pay, with_needs
from tests.tools.stories import stories

NEEDS = (None, "N-1", "N-2")
_need = st.sampled_from(NEEDS)
_sats = st.integers(1_000, 9_000)
_cents = st.integers(1, 9_999)
STEP = st.one_of(
    st.tuples(st.just("gifts"), st.lists(st.tuples(_need, _sats), min_size=1, max_size=3)),
    st.tuples(st.just("sell"), st.integers(1, 3), st.integers(0, 900), _need, st.integers(1, 9_999)),
    st.tuples(st.just("contribute"), _need, st.integers(1, 9_999)),
    st.tuples(st.just("order"), _need, st.integers(1, 5_000)),
    st.tuples(st.just("pay"), st.integers(0, 3), st.integers(1, 1_000), st.integers(0, 60)),
    st.tuples(st.just("pay in coins"), st.integers(0, 3), st.integers(1, 1_000), st.booleans()),
    st.tuples(st.just("move"), st.integers(1, 5_000), st.integers(1, 60)),
    st.tuples(st.just("exchange"), st.integers(1, 3), _need, _need, st.integers(1, 9_000)),
    st.tuples(st.just("reverse")),
)


@dataclass
class Story:
    """A ledger and what the test knows of it: coins that are still there, orders, what was approved last."""

    ledger: Ledger
    coins: list[tuple[str, int]] = field(default_factory=list)
    orders: list[tuple[str, int]] = field(default_factory=list)
    approved: list[int] = field(default_factory=list)
    count: int = 0

    def next(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def settle(self, label: str) -> None:
        self.ledger.look((), [(f"{label} on top {i}", ()) for i in range(6)])

    def gifts(self, gifts: list[tuple[str | None, int]]) -> None:
        label, facts = self.next("g"), []
        for position, (need, sats) in enumerate(gifts, 1):
            address = int(ask(self.ledger, need).address.removeprefix("address"))
            facts.append(tx(f"{label}/{position}", (address, sats), position=position))
            self.coins.append((f"{label}/{position}", sats))
        self.ledger.mine(label, *facts)
        self.settle(label)

    def leave(self, coins: int) -> tuple[str, int]:
        """Some coins leave whole; the spend is in a block and has not settled."""
        gone, self.coins = self.coins[:coins], self.coins[coins:]
        label = self.next("s")
        self.ledger.mine(label, tx(label, spends=tuple((coin, 0) for coin, _ in gone)))
        return label, sum(sats for _, sats in gone)

    def sell(self, coins: int, fee: int, need: str | None, proceeds: int) -> None:
        if not self.coins:
            return
        label, sats = self.leave(coins)
        told: dict[str, Any] = {
            "number": f"C-{label}", "txid": name(label), "sold": sats - fee, "network_fee": fee, "currency": "USD",
            "proceeds": proceeds, "exchange": "E", "bank": "B", "date": DAY,
        }  # fmt: skip
        if need is None:
            self.settle(label)
        else:
            told["need"] = need
        self.ledger.do("recorder", "conversion", "add", **told)
        if need is not None:
            self.settle(label)
        self.approved.append(approve(self.ledger, "conversion", f"C-{label}"))

    def contribute(self, need: str | None, amount: int) -> None:
        contribute(self.ledger, self.next("B"), amount, need)

    def order(self, need: str | None, value: int) -> None:
        number = self.next("PO")
        order(self.ledger, number, value, need)
        approve(self.ledger, "purchase", number)
        self.orders.append((number, value))

    def pay(self, which: int, permille: int, fee: int) -> None:
        if which < len(self.orders):
            number, (order_number, value) = self.next("P"), self.orders[which]
            pay(self.ledger, number, order_number, max(1, value * permille // 1_000), fee=fee)
            self.approved.append(approve(self.ledger, "payment", number))

    def pay_in_coins(self, which: int, permille: int, early: bool) -> None:
        if which >= len(self.orders) or not self.coins:
            return
        (order_number, value), (label, sats) = self.orders[which], self.leave(1)
        if not early:
            self.settle(label)
        number = f"P-{label}"
        try:
            self.ledger.do(
                "recorder", "payment", "add", number=number, order=order_number, asset="BTC", amount=sats,
                discharges=max(1, value * permille // 1_000), txid=name(label), date=DAY,
            )  # fmt: skip
        finally:
            if early:
                self.settle(label)
        self.approved.append(approve(self.ledger, "payment", number))

    def move(self, amount: int, fee: int) -> None:
        number = self.next("M")
        self.ledger.do(
            "recorder", "move", "add", number=number, asset="USD", amount=amount, fee=fee, from_bank="B",
            to_bank="A", date=DAY,
        )  # fmt: skip
        self.approved.append(approve(self.ledger, "move", number))

    def exchange(self, coins: int, need: str | None, to: str | None, amount: int) -> None:
        """Coins leave; units of what they were are exchanged before an entry says what for."""
        if not self.coins:
            return
        label, sats = self.leave(coins)
        self.settle(label)
        told = {field: number for field, number in (("need", need), ("to", to)) if number is not None}
        number = self.next("X")
        try:
            self.ledger.do(
                "recorder", "reclassification", "add", number=number, asset="BTC", amount=amount,
                reason="exchanged", txid=name(label), date=DAY, **told,
            )  # fmt: skip
            approve(self.ledger, "reclassification", number)
        finally:
            self.ledger.do(
                "recorder", "conversion", "add", number=f"C-{label}", txid=name(label), sold=sats, network_fee=0,
                currency="USD", proceeds=sats, exchange="E", bank="B", date=DAY,
            )  # fmt: skip
            self.approved.append(approve(self.ledger, "conversion", f"C-{label}"))

    def reverse(self) -> None:
        if self.approved:
            seq = self.approved.pop()
            self.ledger.do("approver", "reversal", "add", entry=seq, reason="not so", date=DAY)

    def misspent(self) -> list[str]:
        """Orders that restricted units reached and whose need is another one."""
        found = []
        with self.ledger.store.read() as reading:
            books = Books(reading)
            for money in books.lines.money(SLUG):
                line, restriction = str(money), money.restriction
                if restriction == FREE:
                    continue
                for visit in follow(books.lines, line, 0, books.lines.length(line)):
                    if isinstance(visit, Arrival) and visit.line.startswith("order/"):
                        order = require_order(reading.session, SLUG, visit.line.split("/")[2])
                        if order.need != restriction:
                            found.append(f"{line} paid {order.number} for {order.need}")
        return found


@settings(max_examples=stories(5), deadline=None)
@given(st.tuples(_cents, _cents, _cents), st.lists(STEP, min_size=3, max_size=8))
def test_restricted_units_only_ever_end_in_an_order_of_their_need(
    money: tuple[int, int, int], steps: list[tuple[Any, ...]]
) -> None:
    """All sums and the rebuild are audited after each step, refused ones aside, which change nothing."""
    with tempfile.TemporaryDirectory() as folder:
        story = Story(with_needs(Path(folder), addresses=40))
        story.gifts([(need, 5_000) for need in NEEDS])
        for need, amount in zip(NEEDS, money, strict=True):
            story.contribute(need, amount)
            story.order(need, amount)
        for kind, *told in steps:
            try:
                getattr(story, kind.replace(" ", "_"))(*told)
                event(kind)
            except LedgerError:
                event(f"{kind}, refused")
            assert story.misspent() == []
        story.ledger.store.close()
