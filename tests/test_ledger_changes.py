"""What a later entry changed of a donor's trail is told to that donor, with the reason, and to nobody else."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import Books
from ledger.chain_look import TxFacts
from ledger.errors import LedgerError
from ledger.flow import ExitKind
from ledger.kinds import REVERSIBLE
from ledger.queries import donation_trails
from ledger.trail import ChangeKind, DonationTrail, TrailChange
from service.commands.trail import trail_lines
from tests.ledgers import SLUG, Ledger, name, tx
from tests.things import BTC, DATE, document, funded, lots, order, pay, receive

GIFT = f"{name('gift')}:0"


def trail_of(ledger: Ledger, outpoint: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, outpoint, now=ledger.now)
    return found


def places(trail: DonationTrail) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    for place in trail.places:
        found[place.kind, place.asset, place.place] += place.units
    return found


def only(trail: DonationTrail) -> TrailChange:
    (change,) = trail.changes
    return change


def figures(change: TrailChange) -> tuple[list[tuple[object, int]], list[tuple[object, int]]]:
    return (
        [(place.kind, place.units) for place in change.said],
        [(place.kind, place.units) for place in change.says],
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A gift of a bitcoin that is 20,000.00 USD, of which 5,000.00 paid for 1,000 kits of lot L1 at the Depot."""
    made = funded(tmp_path)
    order(made)
    receive(made, good=1000)
    made.do(
        "recorder", "invoice", "add", number="I-1", order="PO-1", quantity=1000, amount=500_000, date=DATE
    )
    pay(made, 500_000, invoice="I-1")
    return made


def test_what_went_on_as_told_is_no_change(ledger: Ledger) -> None:
    ledger.do(
        "recorder",
        "handover",
        "add",
        number="H-1",
        place="Depot",
        organisation="Aid",
        lots=lots(300),
        date=DATE,
    )
    assert trail_of(ledger, GIFT).changes == ()


def test_a_reversal_is_told_with_what_was_said_what_is_said_and_why(ledger: Ledger) -> None:
    ledger.do(
        "recorder",
        "handover",
        "add",
        number="H-1",
        place="Depot",
        organisation="Aid",
        lots=lots(300),
        date=DATE,
    )
    seq = document(ledger, "handover", "H-1")["seq"]
    undone = ledger.do("approver", "reversal", "add", entry=seq, reason="another lot was meant", date=DATE)
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.entry, change.of) == (ChangeKind.REVERSED, undone.seq, seq)
    assert change.why == "another lot was meant"
    assert figures(change) == ([(ExitKind.WAITING, 300)], [(ExitKind.IN_STOCK, 300)])
    assert ("undone", "handover H-1") in change.detail
    words = "\n".join(trail_lines(trail_of(ledger, GIFT)))
    assert f"took back entry {seq}, handover H-1: another lot was meant." in words
    assert "It said: 300 kits waiting at Aid." in words


def test_a_late_loss_is_told_and_stays_told_when_it_is_reversed(ledger: Ledger) -> None:
    loss = ledger.do(
        "recorder", "loss", "add", number="L-1", place="Depot", product="KIT", lot="L1", quantity=40,
        cause="stolen", reason="a break-in", date=DATE,
    )  # fmt: skip
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.why) == (ChangeKind.LOST, "a break-in")
    said, says = figures(change)
    assert (said, says) == ([(ExitKind.IN_STOCK, 40)], [(ExitKind.LOST, 40)])
    ledger.do("approver", "reversal", "add", entry=loss.seq, reason="they were found", date=DATE)
    first, second = trail_of(ledger, GIFT).changes
    assert first == change
    assert (second.kind, second.of, second.why) == (ChangeKind.REVERSED, loss.seq, "they were found")


def test_a_recalled_lot_is_told_to_those_whose_gifts_it_is(ledger: Ledger) -> None:
    ledger.do(
        "approver",
        "recall",
        "add",
        number="RC-1",
        product="KIT",
        lot="L1",
        reason="the maker warns",
        date=DATE,
    )
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.why, change.said) == (ChangeKind.RECALLED, "the maker warns", change.says)
    assert sum(place.units for place in change.said) == 1000


def test_a_closed_order_says_what_its_supplier_owes_now(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    pay(ledger, 500_000)
    receive(ledger, good=600)
    ledger.do(
        "recorder", "purchase", "close", number="CL-1", order="PO-1", discount=0, cancellation=0, claim=200_000,
        reason="the maker is insolvent", date=DATE,
    )  # fmt: skip
    assert trail_of(ledger, GIFT).changes == ()
    closing = ledger.do("approver", "closing", "approve", number="CL-1", date=DATE)
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.entry) == (ChangeKind.CLOSED, closing.seq)
    assert figures(change) == ([(ExitKind.OPEN, 400)], [(ExitKind.CLAIM, 400)])
    ledger.do("approver", "reversal", "add", entry=closing.seq, reason="it goes on", date=DATE)
    first, second = trail_of(ledger, GIFT).changes
    assert first == change
    assert figures(second) == ([(ExitKind.CLAIM, 400)], [(ExitKind.OPEN, 400)])


def test_a_gift_that_loses_its_block_is_told_so_and_when_it_comes_back(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    ledger.reorg(6, ("b1", ()), ("b2", ()), ("b3", ()), ("b4", ()), ("b5", ()), ("b6", ()), ("b7", ()))
    assert [change.kind for change in trail_of(ledger, GIFT).changes] == [ChangeKind.VOIDED]
    ledger.mine("c", tx("gift", (0, BTC)))
    ledger.bury()
    voided, restored = trail_of(ledger, GIFT).changes
    assert (voided.detail, restored.kind) == ((("block_said", "1"),), ChangeKind.RESTORED)
    assert restored.detail == (("block", "8"),)
    ledger.reorg(6, ("d", (tx("gift", (0, BTC)),)), *((f"e{i}", ()) for i in range(6)))
    *_, moved = trail_of(ledger, GIFT).changes
    assert (moved.kind, moved.detail) == (ChangeKind.MOVED, (("block", "8"), ("block_said", "8")))


class Unaudited(Ledger):
    """Audited once, at the end of a story: here the donors' trails are what is compared after each step."""

    def audit(self) -> None:
        """Later."""


def test_bank_money_that_was_no_gift_is_told_as_taken_back(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    facts = {"number": "C-1", "bank": "B", "currency": "USD", "amount": 5_000, "date": DATE}
    made = ledger.do("recorder", "contribution", "add", **facts)
    assert trail_of(ledger, "contribution:C-1").changes == ()
    ledger.do("approver", "reversal", "add", entry=made.seq, reason="it was another fund's", date=DATE)
    change = only(trail_of(ledger, "contribution:C-1"))
    assert (change.kind, change.of, change.why) == (ChangeKind.REVERSED, made.seq, "it was another fund's")


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
        order(self.ledger, self.number(), quantity=20 + size % 7, value=100 + size % 90)

    def newest(self, kind: str, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        with self.ledger.store.read() as reading:
            found = [row for _, row in _documents(reading, kind) if wanted(row) and not row.get("reversed")]
        if not found:
            raise LedgerError("nothing of this kind yet")
        return max(found, key=lambda row: int(row["seq"]))

    def pay(self, size: int) -> None:
        made = self.newest("purchase", lambda row: row["status"] == "approved")["facts"]["number"]
        pay(self.ledger, 20 + size % 120, self.number(), made)

    def receive(self, size: int) -> None:
        made = self.newest("purchase", lambda row: row["status"] == "approved")["facts"]["number"]
        counts = {"good": 3 + size % 9, "short": size % 2, "damaged": size % 3}
        receive(self.ledger, self.number(), f"L{self.made}", made, **counts)

    def lot(self, size: int) -> list[dict[str, Any]]:
        facts = self.newest("receipt")["facts"]["lots"][0]
        return lots(1 + size % 4, facts["lot"])

    def ship(self, size: int) -> None:
        self.ledger.do(
            "recorder", "shipment", "add", waybill=self.number(), origin="Depot", destination="Port",
            carriage="air", lots=self.lot(size), date=DATE,
        )  # fmt: skip

    def arrive(self, size: int) -> None:
        facts = self.newest("shipment", lambda row: not row["arrivals"])["facts"]
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

    def send_back(self, size: int) -> None:
        where = {"organisation": "Aid", "way": "from_recipient"} if size % 2 else {"way": "to_supplier"}
        self.ledger.do(
            "recorder", "return", "add", number=self.number(), place="Depot", reason="unfit",
            lots=self.lot(size), date=DATE, **where,
        )  # fmt: skip

    def refund(self, size: int) -> None:
        facts: dict[str, Any] = {"failure": ("undelivered", "short", "damaged")[size % 3], "asset": "USD"}
        if size % 3:
            row = self.newest("receipt")["facts"]
            facts |= {"order": row["order"], "lot": row["lots"][0]["lot"], "quantity": 1, "amount": 1}
        else:
            closed = self.newest("purchase", lambda row: row["status"] in {"completed", "cancelled"})["facts"]
            facts |= {"order": closed["number"], "value": 1 + size % 20, "amount": 1 + size % 20}
        number = self.number()
        self.ledger.do("recorder", "refund", "add", number=number, item="1", bank="B", date=DATE, **facts)
        self.ledger.do("approver", "refund", "approve", number=number, date=DATE)

    def close(self, size: int) -> None:
        made = self.newest("purchase", lambda row: row["status"] == "approved")["facts"]
        number = self.number()
        try:
            self._close(number, made["number"], 0, 0, size % 2)
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
                    self._close(number, made["number"], **left)
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


def _documents(reading: Any, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return list(Books(reading.shelf).documents.all(kind, SLUG))


ACTS = ("give", "convert", "buy", "pay", "receive", "ship", "arrive", "hand", "hand", "distribute", "lose", "send_back",
        "refund", "close", "reverse", "reverse", "reverse", "recall", "reorg")  # fmt: skip
OPENING = (
    ("give", 0),
    ("give", 77_001),
    ("convert", 5),
    ("convert", 61),
    ("buy", 3),
    ("pay", 60),
    ("receive", 8),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 1000)), min_size=4, max_size=14))
def test_whoever_is_told_otherwise_is_told_why_and_nobody_else(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int]]
) -> None:
    """A trail that differs after an entry names it, as a step or as a change; one that does not names nothing."""
    told = Told(Unaudited.new(tmp_path_factory.mktemp("changes")))
    told.ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    for act, size in OPENING:
        getattr(told, act)(size)
    for act, size in script:
        before = {gift: trail_of(told.ledger, gift) for gift in told.gifts}
        first = len(told.ledger.kinds())
        with contextlib.suppress(LedgerError):
            getattr(told, act)(size)
        kinds = told.ledger.kinds()
        new = {seq: kind for seq, kind in enumerate(kinds, start=1) if seq > first}
        for gift, was in before.items():
            now = trail_of(told.ledger, gift)
            assert now.changes[: len(was.changes)] == was.changes
            fresh = {change.entry for change in now.changes[len(was.changes) :]}
            assert fresh <= set(new)
            steps = {step.entry for step in now.steps if step.entry in new}
            spends = {seq for seq, kind in new.items() if kind == "spend"}
            differs = places(was) != places(now) or was.status != now.status
            if differs and was.settled_at and now.settled_at:
                assert fresh | steps | spends
            quiet = {"recall", "reversal", "moved"}
            quiet |= {"void", "restore"} if {"void", "restore"} <= set(new.values()) else set()
            if fresh - {seq for seq, kind in new.items() if kind in quiet}:
                assert differs or was.status != "settled"
    Ledger.audit(told.ledger)
