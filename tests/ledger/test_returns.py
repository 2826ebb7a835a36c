"""Goods that go back, lots that are called back, and what a store's books say of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.pages.sentences.flow import stage_detail
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.names import Lot
from ledger.rules.books import Books
from ledger.rules.returns import holders_of
from ledger.views.flow import StageKind
from ledger.views.queries import campaign_flow, campaign_report, donation_trails
from ledger.views.stock import lot_traces, stock_card, stock_rows
from ledger.views.trail import StepKind
from service.cli import run
from service.command import Outside
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.store_places import configure
from tests.tools.stories import stories
from tests.tools.things import DATE, hand_over, lots, net, pay, seq_of, stocked

GIFT = f"{name('gift')}:0"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """1,000 kits of lot L1, paid for by one gift, at the Depot."""
    made = stocked(tmp_path)
    pay(made, 500_000)
    return made


def send_back(ledger: Ledger, quantity: int, number: str = "R-1") -> None:
    facts = {
        "number": number,
        "direction": "to_supplier",
        "place": "Depot",
        "reason": "seams open",
        "date": DATE,
    }
    ledger.do("recorder", "return", "add", lots=lots(quantity), **facts)


def take_back(ledger: Ledger, quantity: int, number: str = "R-2") -> None:
    facts = {"number": number, "direction": "from_recipient", "place": "Depot", "organisation": "Aid"}
    ledger.do("recorder", "return", "add", lots=lots(quantity), reason="not needed", date=DATE, **facts)


def recall(ledger: Ledger, number: str = "RC-1", lot: str = "L1") -> None:
    facts = {"number": number, "product": "KIT", "lot": lot, "reason": "the maker warns", "date": DATE}
    ledger.do("approver", "recall", "add", **facts)


def test_what_goes_back_to_the_supplier_is_told_to_its_donor_and_in_the_sums(ledger: Ledger) -> None:
    send_back(ledger, 100)
    assert net(ledger, f"returned/{SLUG}/supplier", "KIT#L1") == 100
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT)
        report = campaign_report(reading, SLUG, now=ledger.now)
    assert {(p.kind, p.amount.minor) for p in trail.places} >= {("returned", 100), ("in_stock", 900)}
    goods = report.sums[-1]
    assert ("returned", 100) in {(row.key, row.minor) for row in goods.rows}
    assert sum(row.minor for row in goods.rows) == goods.total.minor
    with pytest.raises(Refused, match="901 pieces of KIT#L1 are wanted and 900 are at Depot"):
        send_back(ledger, 901, "R-9")


def test_what_an_organisation_gives_back_is_in_stock_again(ledger: Ledger) -> None:
    hand_over(ledger, 300)
    take_back(ledger, 120)
    assert net(ledger, f"stock/{SLUG}/Depot", "KIT#L1") == 820
    with pytest.raises(Refused, match="181 pieces of KIT#L1 are wanted and 180 are at Aid"):
        take_back(ledger, 181, "R-3")
    with pytest.raises(Refused, match="name who gives goods back"):
        ledger.do(
            "recorder", "return", "add", number="R-4", direction="from_recipient", place="Depot", lots=lots(1),
            reason="not needed", date=DATE,
        )  # fmt: skip
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT)
        flow = campaign_flow(reading, SLUG)
    assert sum(place.amount.minor for place in trail.places if place.amount.asset == "KIT") == 1000
    step = next(step for step in trail.steps if step.kind is StepKind.GIVEN_BACK)
    assert (step.amount.minor, step.place, step.reference) == (120, "Depot", "R-2")
    (stock,) = (stage for stage in flow.stages if stage.kind is StageKind.STOCK)
    assert [row.minor for row in stock.totals] == [1000], "what came back came once"
    assert stage_detail(stock) == "1,000 received good and 120 given back"


def test_a_return_is_reversed(ledger: Ledger) -> None:
    send_back(ledger, 100)
    seq = seq_of(ledger, "return", "R-1")
    ledger.do("approver", "reversal", "add", entry=seq, reason="it never left", date=DATE)
    hand_over(ledger, 1000)


def test_a_recalled_lot_is_not_handed_over_or_out_and_is_collected_or_written_off(ledger: Ledger) -> None:
    hand_over(ledger, 300)
    recall(ledger)
    with ledger.store.read() as reading:
        holders = holders_of(Books(reading), SLUG, Lot("KIT", "L1"))
    assert holders == [("stock", "Depot", 700), ("handed", "Aid", 300)]
    with pytest.raises(Refused, match="KIT#L1 is recalled by RC-1"):
        hand_over(ledger, 1, "H-2")
    with pytest.raises(Refused, match="recalled by RC-1"):
        ledger.do(
            "recorder", "distribution", "add", number="D", organisation="Aid", place="Hill", lots=lots(1),
            date=DATE,
        )  # fmt: skip
    take_back(ledger, 300)
    send_back(ledger, 600)
    ledger.do(
        "recorder", "loss", "add", number="L", place="Depot", product="KIT", lot="L1", quantity=400,
        cause="recalled", reason="destroyed", date=DATE,
    )  # fmt: skip


def test_a_lot_is_recalled_once_by_an_approver_and_the_recall_can_be_reversed(ledger: Ledger) -> None:
    facts = {"number": "RC-1", "product": "KIT", "lot": "L1", "reason": "the maker warns", "date": DATE}
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "recall", "add", **facts)
    with pytest.raises(Refused, match="no such lot"):
        recall(ledger, lot="L9")
    recall(ledger)
    with pytest.raises(Conflict, match="recalled already"):
        recall(ledger, "RC-2")
    seq = seq_of(ledger, "recall", "RC-1")
    ledger.do("approver", "reversal", "add", entry=seq, reason="another lot was meant", date=DATE)
    hand_over(ledger, 1)


def test_a_lot_is_traced_to_who_has_it_and_to_the_gifts_behind_it(ledger: Ledger) -> None:
    hand_over(ledger, 300)
    recall(ledger)
    with ledger.store.read() as reading:
        (trace,) = lot_traces(Books(reading), SLUG, "L1")
        with pytest.raises(NotFound):
            lot_traces(Books(reading), SLUG, "L9")
    (delivery,) = trace.deliveries
    assert (delivery.receipt, delivery.order, delivery.supplier) == ("GRN-1", "PO-1", "Maker")
    assert trace.recall == "RC-1"
    assert {(row.kind, row.place, row.pieces) for row in trace.holders} == {
        ("stock", "Depot", 700), ("handed", "Aid", 300),
    }  # fmt: skip
    assert {row.gift for row in trace.gifts} == {GIFT}
    assert sum(row.pieces for row in trace.gifts) == trace.noted


def test_a_stock_card_tells_each_document_and_ends_at_what_is_there(ledger: Ledger) -> None:
    hand_over(ledger, 300)
    take_back(ledger, 50)
    with ledger.store.read() as reading:
        card = stock_card(reading, SLUG, "Depot", "KIT", "L1")
        (row,) = stock_rows(Books(reading), SLUG, "2023-12-31")
        with pytest.raises(NotFound):
            stock_card(reading, SLUG, "Elsewhere", "KIT", "L1")
    assert [(r.came, r.went, r.balance) for r in card] == [(1000, 0, 1000), (0, 300, 700), (50, 0, 750)]
    assert (row.place, row.pieces, row.usable) == ("Depot", 750, True)


def test_the_commands_say_the_same(ledger: Ledger, tmp_path: Path) -> None:
    data = str(tmp_path)
    configure(tmp_path)
    for words in (["stock", "list"], ["stock", "card", "Depot", "KIT", "L1"], ["lot", "trace", "L1"]):
        out = io.StringIO()
        outside = Outside(lambda: ledger.now, {}, tmp_path, io.BytesIO(), out, io.StringIO())
        code = run([*words, "--data", data, "--json"], outside)
        assert code == 0
        assert json.loads(out.getvalue())


@settings(
    max_examples=stories(16), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    moves=st.lists(st.tuples(st.sampled_from(["out", "back", "supplier"]), st.integers(1, 400)), max_size=5)
)
def test_however_goods_go_to_and_fro_a_card_ends_at_the_balance_and_a_donor_sees_all_pieces(
    ledger: Ledger, moves: list[tuple[str, int]]
) -> None:
    acts: dict[str, Callable[..., object]] = {"out": hand_over, "back": take_back, "supplier": send_back}
    for index, (kind, quantity) in enumerate(moves):
        with suppress(Refused):
            acts[kind](ledger, quantity, f"X-{ledger.now}-{index}")
    with ledger.store.read() as reading:
        card = stock_card(reading, SLUG, "Depot", "KIT", "L1")
        (trail,) = donation_trails(reading, GIFT)
    assert card[-1].balance == net(ledger, f"stock/{SLUG}/Depot", "KIT#L1")
    assert sum(place.amount.minor for place in trail.places if place.amount.asset == "KIT") == 1000
