"""Days stand in order, and no place is below zero at the end of any (docs/rules.md, 18): on every kind of fact."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from ledger.checks.dates import days_in_order, no_day_below_zero
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import Conflict, LedgerError, NotAllowed, Refused
from ledger.model.orders import OrderRow
from ledger.model.proposals import ProposalStatus
from ledger.recording.actors import Actor
from ledger.recording.any_kind import AnyKind
from ledger.recording.desk import Outcome
from ledger.recording.kinds import BY_NAME
from ledger.rules.balances import moved_by
from ledger.rules.orders import order_value
from ledger.views.queries import campaign_report
from tests.tools.drawn import SEED
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.machine_steps import CHAIN_STEPS
from tests.tools.machine_telling import names, reach
from tests.tools.machine_world import Needs, World
from tests.tools.store_places import outside, place, usual
from tests.tools.things import funded, hand_over, lots, order, pay, ship, stocked

LONG_AGO = "2001-01-01"
BEGINS = frozenset(
    {
        *(
            "need",
            "offer",
            "pledge",
            "rate",
            "exchange-rate",
            "sanctions-list",
            "screening",
            "screening.terms",
            "opening",
            "contribution",
            "in-kind",
            "purchase",
            "indicator",
            "evidence",
            "sealing",
            "limit",
        ),
        *(
            "bank.line",
            "bank.statement",
            "bank.terms",
            "aside",
            "cash-count",
            "interest",
            "period",
            "block",
            "move",
            "tax-payment",
        ),
    }
)
"""Kinds that may rest on nothing that tells a day: a gift is blocked before it settles, too, and a move between banks
takes what lies there when it is approved, and a payment of tax what was withheld by then."""


def bank_gift(ledger: Ledger, number: str, amount: int, date: str, **more: Any) -> None:
    facts = {"number": number, "bank": "A", "currency": "USD", "amount": amount, "date": date}
    ledger.do("recorder", "contribution", "add", **(facts | more))


def refusal(ledger: Ledger, *act: str, **facts: Any) -> str:
    """The sentence with which a fact is refused, which left the ledger as it was."""
    with pytest.raises(Refused) as refused:
        ledger.do(*act, **facts)
    return str(refused.value)


def test_a_payment_before_its_order_is_refused_with_both_days(tmp_path: Path) -> None:
    """B12: an order of 25 May is not paid on 22 May; nor with money that comes on 10 June on any day before it came."""
    ledger = Ledger.new(tmp_path)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    bank_gift(ledger, "G-1", 100_000, "2024-06-10")
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": 40_000}]
    ledger.do(
        "recorder", "purchase", "add", number="O-1", supplier="Maker", currency="USD", items=items, date="2024-05-25",
    )  # fmt: skip
    approve = ("approver", "purchase", "approve")
    early = refusal(ledger, *approve, number="O-1", date="2024-06-09")
    assert "2024-06-09 is before 2024-06-10, the day of contribution G-1" in early
    ledger.do(*approve, number="O-1", date="2024-06-10")
    payment = {
        "number": "P-1",
        "order": "O-1",
        "asset": "USD",
        "amount": 40_000,
        "bank": "A",
        "discharges": 40_000,
    }
    early = refusal(ledger, "recorder", "payment", "add", **payment, date="2024-05-22")
    assert "2024-05-22" in early
    assert "2024-06-10" in early
    assert "2024-06-10" in refusal(ledger, "recorder", "payment", "add", **payment, date="2024-06-09")
    ledger.do("recorder", "payment", "add", **payment, date="2024-06-10")
    assert "2024-06-10" in refusal(ledger, "approver", "payment", "approve", number="P-1", date="2024-06-09")
    ledger.do("approver", "payment", "approve", number="P-1", date="2024-06-10")


def test_goods_go_their_way_day_by_day(tmp_path: Path) -> None:
    """B13: no receipt before its order, no shipment or handover before its receipt, no distribution before its
    handover, no arrival before its shipment."""
    ledger = funded(tmp_path)
    order(ledger)
    row = {"lot": "L1", "noted": 1000, "good": 1000}
    receipt = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": [row]}
    assert "2023-11-21" in refusal(ledger, "recorder", "receipt", "add", **receipt, date="2023-11-20")
    ledger.do("recorder", "receipt", "add", **receipt, date="2023-11-22")
    with pytest.raises(Refused, match="2023-11-22"):
        ship(ledger, 100, date="2023-11-21")
    with pytest.raises(Refused, match="2023-11-22"):
        hand_over(ledger, 100, "H-1", date="2023-11-21")
    assert "2023-11-22" in refusal(
        ledger, "recorder", "loss", "add", number="LS-1", place="Depot", product="KIT", lot="L1", quantity=1,
        cause="lost", reason="Gone", date="2023-11-21",
    )  # fmt: skip
    ship(ledger, 100, date="2023-11-23")
    counted = [{"product": "KIT", "lot": "L1", "good": 100}]
    arrival = {"number": "A-1", "waybill": "W-1", "lots": counted}
    assert "2023-11-23" in refusal(ledger, "recorder", "shipment", "arrive", **arrival, date="2023-11-22")
    hand_over(ledger, 100, "H-2", date="2023-11-24")
    out = {"number": "D-1", "organisation": "Aid", "place": "Town", "lots": lots(100)}
    assert "2023-11-24" in refusal(ledger, "recorder", "distribution", "add", **out, date="2023-11-23")
    ledger.do("recorder", "distribution", "add", **out, date="2023-11-24")


def test_what_failed_is_paid_back_and_an_order_closed_after_what_these_rest_on(tmp_path: Path) -> None:
    """B14: no refund before the count that it is for, its payment or its order's closing, and no closing before these.

    Nor is what failed replaced before it came. The proposal is refused, not only its approval.
    """
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    row = {"lot": "L1", "noted": 60, "good": 50, "rejected": 10}
    of: dict[str, Any] = {"order": "PO-1", "item": "1"}
    pay(ledger, 20_000)
    ledger.do(
        "recorder", "receipt", "add", number="GRN-1", place="Depot", lots=[row], date="2023-12-03", **of
    )
    pay(ledger, 10_000, number="P-2", date="2023-12-04")
    bad = of | {"asset": "USD", "failure": "rejected", "lot": "L1", "quantity": 2, "amount": 600, "bank": "B"}
    refund = ("recorder", "refund", "add")
    assert "receipt GRN-1" in refusal(ledger, *refund, number="R-1", **bad, date="2023-12-02")
    again = [{"lot": "L2", "noted": 3, "good": 3, "replaces": {"lot": "L1", "discrepancy": "rejected"}}]
    replaced = of | {"number": "GRN-2", "place": "Depot", "lots": again}
    assert "receipt GRN-1" in refusal(ledger, "recorder", "receipt", "add", **replaced, date="2023-12-02")
    left = {"number": "CL-1", "order": "PO-1", "claim": 12_000, "reason": "Bankrupt"}
    assert "payment.approved P-2" in refusal(
        ledger, "recorder", "purchase", "close", **left, date="2023-12-03"
    )
    ledger.do("recorder", "purchase", "close", **left, date="2023-12-05")
    ledger.do("approver", "closing", "approve", number="CL-1", date="2023-12-05")
    never = of | {"asset": "USD", "failure": "undelivered", "value": 600, "amount": 600, "bank": "B"}
    assert "closing.approved CL-1" in refusal(ledger, *refund, number="R-2", **never, date="2023-12-04")
    ledger.do(*refund, number="R-2", **never, date="2023-12-05")


def test_a_fact_that_would_have_left_a_bank_empty_on_an_earlier_day_is_refused(tmp_path: Path) -> None:
    """400 of 500 are paid on the 10th; 200 that came on the 12th cannot pay for anything on the 9th."""
    ledger = Ledger.new(tmp_path)
    bank_gift(ledger, "G-1", 50_000, "2023-11-08")
    move = {"asset": "USD", "from_bank": "A", "to_bank": "Z"}
    ledger.do("recorder", "move", "add", number="M-1", amount=40_000, **move, date="2023-11-10")
    ledger.do("approver", "move", "approve", number="M-1", date="2023-11-10")
    bank_gift(ledger, "G-2", 20_000, "2023-11-12")
    ledger.do("recorder", "move", "add", number="M-2", amount=20_000, **move, date="2023-11-09")
    early = refusal(ledger, "approver", "move", "approve", number="M-2", date="2023-11-09")
    assert "2023-11-09" in early
    assert "2023-11-12" in early
    ledger.do("approver", "move", "approve", number="M-2", date="2023-11-12")


def test_an_earlier_paper_is_told_with_a_reason_by_an_approver(tmp_path: Path) -> None:
    """Goods came before their order was approved: an emergency, ratified; the time of service does not count it."""
    ledger = funded(tmp_path)
    order(ledger)
    row = {"lot": "L1", "noted": 1000, "good": 1000}
    receipt = {
        "number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": [row], "date": "2023-11-21",
        "happened": "2023-11-18",
    }  # fmt: skip
    assert "out_of_order" in refusal(ledger, "approver", "receipt", "add", **receipt)
    one_day = receipt | {"out_of_order": "other_day_there"}
    assert "2023-11-18" in refusal(ledger, "approver", "receipt", "add", **one_day)
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "receipt", "add", **receipt, out_of_order="ratified")
    told = ledger.do("approver", "receipt", "add", **receipt, out_of_order="ratified")
    assert told.data is not None
    assert b'"out_of_order":"ratified"' in told.data
    assert ledger.do("approver", "receipt", "add", **receipt, out_of_order="ratified").already
    with ledger.store.read() as reading:
        assert campaign_report(reading, SLUG, now=ledger.now).service.days_order_to_receipt is None


def test_one_day_of_another_time_zone_wants_no_approver(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    ledger.do(
        "recorder", "receipt", "add", number="GRN-1", order="PO-1", item="1", place="Depot", date="2023-11-21",
        happened="2023-11-20", out_of_order="other_day_there", lots=[{"lot": "L1", "noted": 10, "good": 10}],
    )  # fmt: skip


def test_days_in_order_take_no_reason(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    assert "out_of_order" in refusal(
        ledger, "approver", "receipt", "add", number="GRN-1", order="PO-1", item="1", place="Depot",
        date="2023-11-24", happened="2023-11-22", out_of_order="ratified",
        lots=[{"lot": "L1", "noted": 10, "good": 10}],
    )  # fmt: skip


def test_what_explains_coins_that_left_is_booked_when_they_settled(tmp_path: Path) -> None:
    """Sent on the 13th by the desk's calendar, settled on the 14th: booked then, with its own day in its facts."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, 100_000)))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    told = ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=99_000, network_fee=1000, currency="USD",
        proceeds=3000, exchange="E", bank="B", date="2023-11-13",
    )  # fmt: skip
    assert told.data is not None
    assert b'"date":"2023-11-14"' in told.data
    assert b'"date":"2023-11-13"' in told.data


def test_the_checks_see_what_was_let_in_otherwise(tmp_path: Path) -> None:
    """They read the journal and the rows, not how a fact was let in: a day that was changed outside is found."""
    ledger = stocked(tmp_path)
    pay(ledger, 500_000)
    with outside(place(tmp_path)) as database:
        on = " ON entries" if usual() == "postgresql" else ""
        database.exec_driver_sql(f"DROP TRIGGER entries_update{on}")
        early = "UPDATE entries SET date = '2023-11-01', day = '2023-11-01' WHERE kind = "
        database.exec_driver_sql(f"{early} 'receipt'")
        database.exec_driver_sql(f"{early} 'payment.approved'")
    with ledger.store.read() as reading:
        found = {finding.sentence for finding in days_in_order(reading)}
        assert any("(receipt)" in what and "(purchase.approved)" in what for what in found)
        assert any("bank" in finding.sentence for finding in no_day_below_zero(reading))


class EarlyWorld(World):
    """Each fact is told of a day long ago first, then of its own day, and often with other days beside it."""

    early: set[str]
    refused: set[str]

    def tell(self, kind: AnyKind, slug: str, facts: dict[str, Any], actor: Actor) -> Outcome:
        if "date" in facts and kind.name not in BEGINS:
            try:
                told = self.act(actor, slug, kind, facts | {"date": LONG_AGO}, self.now + 30)
            except LedgerError:
                self.refused.add(kind.name)
            else:
                if (
                    told.data is not None
                    and not told.already
                    and entry_from_bytes(told.data).date == LONG_AGO
                ):
                    self.early.add(kind.name)
        return super().tell(kind, slug, facts, actor)

    def audit(self, *, whole: bool = False) -> None:
        """What days promise, after each step."""
        with self.store.read() as reading:
            assert [*days_in_order(reading), *no_day_below_zero(reading)] == []


def test_no_kind_of_fact_is_booked_before_what_it_rests_on(tmp_path: Path) -> None:
    """Every kind that a person can tell is told of a day long ago: it is refused, or it rests on nothing."""
    world = EarlyWorld(f"sqlite:///{tmp_path / 'ledger.db'}", every=1000)
    world.early, world.refused = set(), set()
    people = [kind for kind in names() if kind not in CHAIN_STEPS and kind not in BEGINS]
    try:
        for kind in people:
            world.rnd = random.Random(kind)
            try:
                reach(world, kind)
            except (Needs, LedgerError):
                continue
    finally:
        world.close()
    assert not world.early, sorted(world.early)
    dated = {kind for kind in people if "date" in BY_NAME[kind].facts.__dataclass_fields__}
    assert len(world.refused) > len(dated) * 3 // 4, dated - world.refused


@pytest.mark.parametrize("seed", range(3))
def test_no_day_ends_with_more_bound_than_there_is(seed: int, tmp_path: Path) -> None:
    """Gifts, orders, prices put right and payments of random days: what is in hand at the end of each covers what
    approved orders bind by then."""
    rnd, ledger = random.Random(f"{SEED} {seed}"), Ledger.new(tmp_path)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    days = [f"2023-11-{day:02}" for day in range(1, 12)]
    refused = 0
    for number in range(24):
        day, act = rnd.choice(days), rnd.choice(("gift", "order", "price", "pay"))
        with ledger.store.read() as reading:
            bound = reading.session.exec(
                select(OrderRow).where(OrderRow.status == ProposalStatus.APPROVED)
            ).all()
        try:
            if act == "gift":
                bank_gift(ledger, f"G-{number}", rnd.randint(1, 400), day)
            elif act == "order":
                order(ledger, f"O-{number}", 5, rnd.randint(1, 300), date=days[0], approved=day)
            elif bound:
                chosen = rnd.choice(bound)
                _change(ledger, act, chosen, number, day, rnd)
        except (Refused, Conflict):
            refused += 1
    assert refused < 24
    with ledger.store.read() as reading:
        entries = [entry_from_bytes(row.data) for row in reading.journal.rows()]
    for day in days:
        there = sum(
            units if account.startswith("bank/") else -units
            for entry in entries
            if entry.date <= day
            for (account, _), units in moved_by(entry.transfers).items()
            if account.startswith(("bank/", "encumbered/"))
        )
        assert there >= 0, (day, there)


def _change(ledger: Ledger, act: str, bound: OrderRow, number: int, day: str, rnd: random.Random) -> None:
    """Something of an order is paid, or its price was another."""
    if act == "pay":
        pay(ledger, rnd.randint(1, 100), f"P-{number}", bound.number, bank="A", date=day)
        return
    with ledger.store.read() as reading:
        old = order_value(reading.session, reading.session.get_one(OrderRow, bound.entry))
    wrong = {
        "entry": bound.entry,
        "field": "value",
        "item": "1",
        "old": str(old),
        "new": str(old + rnd.randint(1, 99)),
    }
    ledger.do(
        "recorder",
        "correction",
        "add",
        number=f"C-{number}",
        reason="Typed wrong",
        date="2023-11-01",
        **wrong,
    )
    ledger.do("approver", "correction", "approve", number=f"C-{number}", date=day)


def test_withheld_tax_is_not_paid_before_it_was_withheld(tmp_path: Path) -> None:
    """It is owed from the day of the payment that kept it back; on a day before the tax office would owe it."""
    ledger = funded(tmp_path)
    order(ledger, value=100_000)
    pay(ledger, 9_000, withheld=1_000, discharges=10_000, date="2023-12-05")
    tax = {"number": "T-1", "bank": "B", "currency": "USD", "amount": 1_000}
    early = refusal(ledger, "recorder", "tax-payment", "add", **tax, date="2023-12-04")
    assert "2023-12-05, the day of payment.approved P-1" in early
    ledger.do("recorder", "tax-payment", "add", **tax, date="2023-12-05")
    ledger.do("approver", "tax-payment", "approve", number="T-1", date="2023-12-05")
