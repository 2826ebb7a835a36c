"""Refunds by a supplier: money goes back to the lines and the owners that it came from."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.pages.messages import plain
from api.pages.sentences.donation import donation_sentence
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.frozen import Amount
from ledger.core.lines import Append, Open, Part, PartKind, Use
from ledger.rules.books import Books
from ledger.tracing.follow import Ending, Stay, follow, origins
from ledger.tracing.money_behind import money_behind, pieces_behind
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_flow, campaign_report, donation_trails
from ledger.views.sum_tables import SumKey
from ledger.views.trail import StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of, tx
from tests.tools.lines import ENTRY, no_lines
from tests.tools.stories import stories

MONEY = f"money/{SLUG}/free/USD"
COINS = f"money/{SLUG}/free/BTC"
WHY = "The maker is bankrupt."


@made_once
def bought(folder: Path, *gifts: int, paid: int = 10_000, arrived: dict[str, int] | None = None) -> Ledger:
    """An order of 100 kits for 100.00, paid up to `paid` cents; `arrived` is what one delivery counted."""
    ledger = Ledger.new(folder, dust=1)
    ledger.mine("a", *(tx(f"gift{i}", (i, sats), position=i + 1) for i, sats in enumerate(gifts)))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=tuple((f"gift{i}", 0) for i in range(len(gifts)))))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=sum(gifts), network_fee=0,
        currency="USD", proceeds=10_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    ledger.do(
        "recorder", "purchase", "add", number="PO-1", supplier="Maker", currency="USD", date="2023-11-21",
        items=[{"item": "1", "product": "KIT", "quantity": 100, "value": 10_000}],
    )  # fmt: skip
    ledger.do("approver", "purchase", "approve", number="PO-1", date="2023-11-21")
    ledger.do(
        "recorder", "payment", "add", number="P-1", order="PO-1", asset="USD", amount=paid, discharges=paid,
        bank="B", prepayment=True, date="2023-11-22",
    )  # fmt: skip
    ledger.do("approver", "payment", "approve", number="P-1", date="2023-11-22")
    if arrived is not None:
        lots = [{"lot": "L1", "noted": sum(arrived.values()), **({"good": 0} | arrived)}]
        ledger.do(
            "recorder", "receipt", "add", number="G-1", order="PO-1", item="1", place="Depot", lots=lots,
            date="2023-11-25",
        )  # fmt: skip
    return ledger


def close(ledger: Ledger, **left: int) -> None:
    facts = {"number": "CL-1", "order": "PO-1", "reason": "It will not come.", "date": "2023-12-01"}
    ledger.do("recorder", "purchase", "close", **facts, **left)
    ledger.do("approver", "closing", "approve", number="CL-1", date="2023-12-01")


def refund(ledger: Ledger, number: str = "R-1", **more: Any) -> None:
    facts: dict[str, Any] = {"number": number, "order": "PO-1", "item": "1", "asset": "USD", "bank": "B"}
    ledger.do("recorder", "refund", "add", **(facts | {"date": "2023-12-05"} | more))
    ledger.do("approver", "refund", "approve", number=number, date="2023-12-05")


def test_an_undelivered_order_is_refunded_to_the_money_and_the_owners_that_paid(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 40_000, 60_000, arrived={"good": 30})
    close(ledger, claim=7_000)
    refund(ledger, failure="undelivered", value=7_000, amount=7_000)
    with ledger.store.read() as reading:
        books = Books(reading)
        found = [row.gift for row in origins(books.lines, MONEY, 10_000, 17_000)]
        held = [
            sum(
                v.end - v.start
                for v in follow(books.lines, COINS, *gift)
                if isinstance(v, Stay) and v.line == MONEY
            )
            for gift in ((0, 40_000), (40_000, 100_000))
        ]
        assert books.net(f"claims/{SLUG}/PO-1", "USD") == 0
        assert books.net(f"bank/{SLUG}/B", "USD") == 7_000
    assert found == [f"{name('gift0')}:0", f"{name('gift1')}:0"]
    assert held == [1_000, 6_000]


def test_what_is_refunded_shows_in_sums_flow_and_totals_and_they_tie(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 100_000, arrived={"good": 30})
    close(ledger, claim=7_000)
    refund(ledger, failure="undelivered", value=7_000, amount=3_500, written_off=WHY)
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        flow = campaign_flow(reading, SLUG)
    dollars = next(table for table in report.sums if table.asset == "USD")
    assert {row.key: row.minor for row in dollars.rows}[SumKey.PAID] == 10_000
    assert {row.key: row.minor for row in dollars.came} == {"converted": 10_000, "refunded": 3_500}
    assert sum(row.minor for row in dollars.rows) == dollars.total.minor == 13_500
    exits = {(row.source, row.kind): row.units for row in flow.exits}
    order = f"order/{SLUG}/PO-1/1/USD"
    assert (exits[order, ExitKind.REFUNDED], exits[order, ExitKind.WRITTEN_OFF]) == (35, 35)
    assert exits[f"{MONEY}:refunded", ExitKind.HELD] == 3_500
    assert [row.quantity for row in report.goods.not_coming] == [35]


def test_a_donor_reads_what_the_supplier_paid_back_and_where_it_is_now(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 40_000, 60_000, arrived={"good": 30})
    close(ledger, claim=7_000)
    refund(ledger, failure="undelivered", value=7_000, amount=3_500, written_off=WHY)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"{name('gift1')}:0")
    (step,) = [step for step in trail.steps if step.kind is StepKind.REFUNDED]
    assert (step.amount.asset, step.amount.minor, step.place, step.reference) == (
        "USD",
        3_000,
        "Maker",
        "R-1",
    )
    assert dict(step.figures) == {"written_off": Amount.of("KIT", 30)}
    places = {(place.kind, place.amount.asset): place.amount.minor for place in trail.places}
    assert (places[ExitKind.HELD, "USD"], places[ExitKind.WRITTEN_OFF, "KIT"]) == (3_000, 30)


def test_what_is_not_refunded_is_lost_by_all_in_proportion(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 40_000, 60_000)
    close(ledger, claim=10_000)
    refund(ledger, failure="undelivered", value=10_000, amount=7_500, written_off=WHY)
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        lost = [
            sum(v.units for v in follow(lines, COINS, start, end) if isinstance(v, Ending))
            for start, end in ((0, 40_000), (40_000, 100_000))
        ]
    assert lost == [1_000, 1_500]


def test_an_open_order_is_closed_before_it_is_refunded(tmp_path: Path) -> None:
    """So that nothing is received later on positions that were paid back."""
    ledger = bought(tmp_path, 100_000)
    with pytest.raises(Conflict, match="close it first"):
        refund(ledger, failure="undelivered", value=10_000, amount=10_000)


def test_a_refund_in_another_currency_says_what_it_makes_good(tmp_path: Path) -> None:
    """The exchange difference is neither gain nor loss of the order: its value is what counts."""
    ledger = bought(tmp_path, 100_000)
    close(ledger, claim=10_000)
    told: dict[str, Any] = {"failure": "undelivered", "value": 10_000, "asset": "EUR", "amount": 9_000}
    with pytest.raises(Refused, match="say what order value in USD the EUR make good"):
        refund(ledger, **told)
    with pytest.raises(Refused, match="name the coin that the refund came as, and no bank"):
        refund(ledger, **(told | {"asset": "BTC"}))
    refund(ledger, refunds=8_000, written_off=WHY, **told)
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        assert lines.free_units(f"money/{SLUG}/free/EUR") == 9_000
        lost = [v.units for v in follow(lines, COINS, 0, 100_000) if isinstance(v, Ending)]
    assert lost == [2_000]
    with ledger.store.read() as reading:
        tables = campaign_report(reading, SLUG, now=ledger.now).sums
    assert all(sum(row.minor for row in table.rows) == table.total.minor for table in tables)


def claims(ledger: Ledger) -> list[tuple[str, int | None]]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    return [(str(row.subject), sum_of(row).minor) for row in found if row.kind is OpenItemKind.OPEN_CLAIM]


def test_a_claim_waits_until_it_is_paid_back_or_written_off_by_two(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 40_000, 60_000, arrived={"good": 30})
    close(ledger, claim=7_000)
    assert claims(ledger) == [("PO-1 undelivered (closing)", 7_000)]
    refund(ledger, failure="undelivered", value=3_000, amount=3_000)
    assert claims(ledger) == [("PO-1 undelivered (closing)", 4_000)]
    gone = {"failure": "undelivered", "value": 4_000, "amount": 0, "bank": None}
    with pytest.raises(Refused, match="says in written_off why"):
        refund(ledger, "R-2", **gone)
    why = {"written_off": WHY}
    with pytest.raises(Refused, match="goes with no bank"):
        refund(ledger, "R-2", **(gone | why | {"bank": "B"}))
    refund(ledger, "R-2", **gone, **why)
    assert claims(ledger) == []
    with ledger.store.read() as reading:
        books = Books(reading)
        assert books.net(f"claims/{SLUG}/PO-1", "USD") == 0
        (trail,) = donation_trails(reading, f"{name('gift1')}:0")
        report = campaign_report(reading, SLUG, now=ledger.now)
        flow = campaign_flow(reading, SLUG)
    assert {place.kind: place.amount.minor for place in trail.places}[ExitKind.WRITTEN_OFF] == 40
    assert [(s.kind, s.amount.minor, s.place) for s in trail.steps if s.reference == "R-2"] == [
        (StepKind.WRITTEN_OFF, 40, "Maker")
    ]
    assert "40 written off, not paid back" in plain(donation_sentence(trail))
    assert [(row.kind, row.units) for row in flow.exits if row.kind.is_bad] == [(ExitKind.WRITTEN_OFF, 40)]
    assert all(sum(row.minor for row in table.rows) == table.total.minor for table in report.sums)


def test_no_more_is_refunded_than_was_paid_and_did_not_come(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 100_000, arrived={"good": 30})
    close(ledger, claim=7_000)
    with pytest.raises(Refused, match=r"70\.00 USD of item 1 was paid and did not come"):
        refund(ledger, failure="undelivered", value=7_001, amount=7_001)
    with pytest.raises(Refused, match=r"makes good 70\.00 USD and what failed was worth 69\.00"):
        refund(ledger, failure="undelivered", value=6_900, amount=7_000)


@pytest.mark.parametrize("failure", ["short", "damaged", "rejected"])
def test_pieces_of_a_lot_that_failed_are_refunded_once(tmp_path: Path, failure: str) -> None:
    ledger = bought(tmp_path, 100_000, arrived={"good": 90, failure: 10})
    refund(ledger, failure=failure, lot="L1", quantity=6, amount=600)
    with pytest.raises(Refused, match=f"4 pieces of L1 are {failure} and not made good"):
        refund(ledger, "R-2", failure=failure, lot="L1", quantity=5, amount=500)
    refund(ledger, "R-2", failure=failure, lot="L1", quantity=4, amount=200, written_off=WHY)
    with ledger.store.read() as reading:
        books = Books(reading)
        assert books.lines.free_units(MONEY) == 800
        lost = [v for v in follow(books.lines, COINS, 0, 100_000) if isinstance(v, Ending)]
    assert [(v.kind, v.units) for v in lost] == [(PartKind.LOST, 200)]


def test_pieces_that_nobody_paid_for_are_not_refunded(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 100_000, paid=1, arrived={"good": 90, "short": 10})
    with pytest.raises(Refused, match="were not paid for"):
        refund(ledger, failure="short", lot="L1", quantity=10, amount=1_000)


def test_pieces_that_went_away_and_came_back_are_refunded_to_who_paid(tmp_path: Path) -> None:
    """Goods that are again where they were before: whose money it was is followed by units, never round and round."""
    ledger = bought(tmp_path, 40_000, 60_000, arrived={"good": 100})
    lot = [{"product": "KIT", "lot": "L1", "quantity": 100}]
    for waybill, origin, destination in (("W-1", "Depot", "Port"), ("W-2", "Port", "Depot")):
        facts = {"origin": origin, "destination": destination, "carriage": "road", "lots": lot}
        ledger.do("recorder", "shipment", "add", waybill=waybill, date="2023-12-03", **facts)
        arrived = [{"product": "KIT", "lot": "L1", "good": 100}]
        ledger.do(
            "recorder", "shipment", "arrive", number=f"A-{waybill}", waybill=waybill, lots=arrived,
            date="2023-12-03",
        )  # fmt: skip
    ledger.do(
        "recorder", "return", "add", number="RT-1", direction="to_supplier", place="Depot", reason="Wrong size",
        lots=[{"product": "KIT", "lot": "L1", "quantity": 50}], date="2023-12-04",
    )  # fmt: skip
    refund(ledger, failure="returned", lot="L1", quantity=50, returned_by="RT-1", amount=5_000)
    with ledger.store.read() as reading:
        found = [row.gift for row in origins(Books(reading).lines, MONEY, 10_000, 15_000)]
    assert found == [f"{name('gift0')}:0", f"{name('gift1')}:0"]


def test_a_refund_is_approved_by_another_person_and_reversed_whole(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 100_000)
    close(ledger, claim=10_000)
    facts = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "undelivered", "value": 10_000}
    facts |= {"asset": "USD", "amount": 10_000, "bank": "B", "date": "2023-12-05"}
    ledger.do("recorder", "refund", "add", **facts)
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "refund", "approve", number="R-1", date="2023-12-05")
    seq = ledger.do("approver", "refund", "approve", number="R-1", date="2023-12-05").seq
    ledger.do("approver", "reversal", "add", entry=seq, reason="The cheque bounced.", date="2023-12-06")
    with ledger.store.read() as reading:
        books = Books(reading)
        assert books.net(f"claims/{SLUG}/PO-1", "USD") == 10_000
        assert books.lines.free_units(MONEY) == 0


def test_a_credit_note_moves_nothing_and_bounds_the_refunds_that_name_it(tmp_path: Path) -> None:
    ledger = bought(tmp_path, 100_000)
    close(ledger, claim=10_000)
    note = {"number": "CN-1", "order": "PO-1", "reason": "Not sent.", "date": "2023-12-02"}
    with pytest.raises(Refused, match=r"100\.00 USD of PO-1 is not credited yet"):
        ledger.do("recorder", "credit-note", "add", amount=10_001, **note)
    ledger.do("recorder", "credit-note", "add", amount=5_000, **note)
    with ledger.store.read() as reading:
        assert Books(reading).net(f"claims/{SLUG}/PO-1", "USD") == 10_000
    told = {"failure": "undelivered", "credit_note": "CN-1"}
    refund(ledger, value=4_000, amount=4_000, **told)
    with pytest.raises(Refused, match="more than what is left of CN-1"):
        refund(ledger, "R-2", value=1_001, amount=1_001, **told)
    refund(ledger, "R-2", value=1_000, amount=1_000, **told)


@settings(max_examples=stories(5), deadline=None)
@given(
    gifts=st.lists(st.integers(100, 9_000), min_size=1, max_size=4),
    good=st.integers(0, 60),
    short=st.integers(0, 40),
    told=st.tuples(st.integers(1, 100), st.integers(1, 100)),
)
def test_every_cent_of_a_refund_has_the_owner_that_paid_it_and_no_gift_grows(
    gifts: list[int], good: int, short: int, told: tuple[int, int]
) -> None:
    """What is held and lost after any refunds sums to each gift's share, and the money's bar to its exits."""
    with tempfile.TemporaryDirectory() as folder:
        arrived = {"good": good, "short": short}
        ledger = bought(Path(folder), *gifts, arrived=arrived if good + short else None)
        claim = 10_000 - 100 * (good + short)
        close(ledger, claim=claim)
        back = 0
        if claim:
            value = max(1, claim * told[0] // 100)
            amount = max(1, value * told[1] // 100)
            refund(ledger, failure="undelivered", value=value, amount=amount)
            back += amount
        if short:
            refund(ledger, "R-2", failure="short", lot="L1", quantity=short, amount=short)
            back += short
        with ledger.store.read() as reading:
            lines = Books(reading).lines
            held, at = 0, 0
            for sats in gifts:
                for visit in follow(lines, COINS, at, at + sats):
                    if isinstance(visit, Stay) and visit.line == MONEY:
                        held += visit.end - visit.start
                at += sats
            owners = list(origins(lines, MONEY, 10_000, 10_000 + back))
            flow = campaign_flow(reading, SLUG)
        assert held == back
        assert all(row.gift is not None for row in owners)
        bars = {bar.key: bar.units for bar in flow.nodes if bar.key.startswith(MONEY)}
        onward = sum(row.source_end - row.source_start for row in flow.bands if row.source in bars)
        assert sum(bars.values()) == onward + sum(row.units for row in flow.exits if row.source in bars)


@given(
    uses=st.lists(st.tuples(st.sampled_from(["free", "schools"]), st.integers(1, 50), st.integers(1, 70)),
                  min_size=1, max_size=6),
    fee=st.integers(0, 20),
)  # fmt: skip
def test_restrictions_survive_a_refund_wherever_the_money_went(
    uses: list[tuple[str, int, int]], fee: int
) -> None:
    """The runs of an order's line, paid in turn by restricted and free money, name what paid each unit."""
    with no_lines() as lines:
        for restriction in ("free", "schools"):
            lines.apply(Append(f"money/c/{restriction}/USD", "USD", 0, 1_000, f"gift {restriction}"), ENTRY)
        lines.apply(Open("order/c/P/1/EUR", "EUR", sum(out for _, _, out in uses)), ENTRY)
        paid: list[str] = []
        for number, (restriction, units, out) in enumerate(uses):
            line = f"money/c/{restriction}/USD"
            pieces = lines.lowest_free(line, units + fee)
            parts = (
                Part(PartKind.FEE, fee, fee),
                Part(PartKind.ON, units, out, "order/c/P/1/EUR", len(paid)),
            )
            lines.apply(Use(f"payment:c:{number}", line, pieces, units + fee, parts), ENTRY)
            paid += [line] * out
        runs = money_behind(lines, "order/c/P/1/EUR")
        assert [line for start, end, line in runs for _ in range(start, end)] == paid
        groups = dict(pieces_behind(lines, "order/c/P/1/EUR", ((0, len(paid)),)))
        assert {line: sum(b - a for a, b in rows) for line, rows in groups.items()} == {
            line: paid.count(line) for line in set(paid)
        }
