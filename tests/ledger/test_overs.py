"""What came too much waits apart until somebody decides; replacements lower what was short and keep its owners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict, LedgerError, NotAllowed, Refused
from ledger.rules.books import Books
from ledger.tracing.follow import Ending, Stay, follow, origins
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.stock import lot_traces
from ledger.views.trail import StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of
from tests.tools.stories import stories
from tests.tools.things import DATE, funded, hand_over, lots, net, order, pay, receive, seq_of


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return funded(tmp_path)


def decide(ledger: Ledger, verb: str, quantity: int, number: str = "O-1", **more: str) -> None:
    facts = {"number": number, "product": "KIT", "lot": "L1.over", "quantity": quantity, "date": DATE}
    ledger.do("approver", "over", verb, **(facts | more))


def replace(
    ledger: Ledger, noted: int, found: str = "short", number: str = "GRN-9", lot: str = "L9", **more: Any
) -> None:
    row = {"lot": lot, "noted": noted, "good": noted, "replaces": {"lot": "L1", "discrepancy": found}} | more
    facts = {"number": number, "order": "PO-1", "item": "1", "place": "Depot", "lots": [row], "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)


def test_what_came_too_much_waits_apart_and_cannot_be_used(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)
    assert net(ledger, f"over/{SLUG}/Depot", "KIT#L1.over") == 50
    with pytest.raises(Refused, match=r"50 pieces of KIT#L1\.over are wanted and 0 are at Depot"):
        hand_over(ledger, 50, lot="L1.over", number="H")
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        assert [row.permille for row in report.service.received_good] == [1000]


def test_it_is_sent_back_accepted_or_bought_and_never_more_of_it_than_waits(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)
    decide(ledger, "return", 20)
    with pytest.raises(Refused, match=r"31 are told and 30 of L1\.over wait apart"):
        decide(ledger, "accept", 31, "O-2")
    decide(ledger, "accept", 30, "O-2")
    assert net(ledger, f"returned/{SLUG}/over", "KIT#L1.over") == 20
    with ledger.store.read() as reading:
        line = f"goods/{SLUG}/stock:Depot/KIT#L1.over"
        assert {o.gift for o in origins(Books(reading).lines, line, 0, 30)} == {"in-kind:O-2"}
    hand_over(ledger, 30, lot="L1.over", number="H")


def test_what_is_accepted_is_a_gift_in_kind_of_the_supplier(ledger: Ledger) -> None:
    """It has its row on the page and its trail; its number is one of those of gifts in kind."""
    order(ledger)
    receive(ledger, good=1000, over=50)
    decide(ledger, "accept", 30)
    hand_over(ledger, 10, lot="L1.over", number="H")
    with ledger.store.read() as reading:
        (given,) = campaign_report(reading, SLUG, now=ledger.now).in_kind
        (trail,) = donation_trails(reading, f"in-kind:{SLUG}:O-1")
    assert (given.quantity, given.organisation, given.value) == (30, "Maker", None)
    handed = [step.amount.minor for step in trail.steps if step.kind is StepKind.HANDED]
    assert (trail.amount.minor, handed) == (30, [10])
    gift = {"product": "KIT", "place": "Depot", "quantity": 5, "date": DATE}
    with pytest.raises(
        Refused, match="number: is that of a surplus that was accepted as a gift; use another"
    ):
        ledger.do("recorder", "in-kind", "add", number="O-1", **gift)
    ledger.do("recorder", "in-kind", "add", number="O-2", **gift)
    with pytest.raises(Refused, match="number: is that of a gift in kind"):
        decide(ledger, "accept", 20, "O-2")


def test_a_recorder_does_not_accept_it_alone(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)
    facts = {"number": "O", "product": "KIT", "lot": "L1.over", "quantity": 1, "date": DATE}
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "over", "accept", **facts)


def test_who_received_a_surplus_does_not_accept_it(ledger: Ledger) -> None:
    order(ledger)
    row = {"lot": "L1", "noted": 1000, "good": 1000, "over": 50}
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": [row], "date": DATE}
    ledger.do("approver", "receipt", "add", **facts)
    with pytest.raises(NotAllowed, match="who recorded this receipt cannot accept it; another person has to"):
        decide(ledger, "accept", 50)
    accepted = {"number": "O-1", "product": "KIT", "lot": "L1.over", "quantity": 50, "date": DATE}
    ledger.do("admin", "over", "accept", **accepted)


def test_a_surplus_waits_among_the_decisions_until_it_is_decided(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)

    def waiting() -> list[tuple[str, int | None]]:
        with ledger.store.read() as reading:
            rows = decisions(reading, SLUG, now=ledger.now)
        return [(str(row.subject), sum_of(row).minor) for row in rows if row.kind is OpenItemKind.SURPLUS]

    assert waiting() == [("KIT#L1.over at Depot", 50)]
    decide(ledger, "accept", 30)
    assert waiting() == [("KIT#L1.over at Depot", 20)]
    decide(ledger, "return", 20)
    assert waiting() == []


def test_a_surplus_is_traced_under_its_own_name_with_its_lot(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)
    decide(ledger, "accept", 50)
    with ledger.store.read() as reading:
        books = Books(reading)
        assert lot_traces(books, SLUG, "L1.over") == lot_traces(books, SLUG, "L1")
        assert lot_traces(books, SLUG, "KIT#L1.over") == lot_traces(books, SLUG, "L1")


def test_it_is_bought_only_by_an_approved_amendment_of_its_order_and_belongs_to_who_pays(
    ledger: Ledger,
) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)
    order(ledger, "PO-2", 50, 25_000)
    with pytest.raises(Refused, match="no amendment of PO-1"):
        decide(ledger, "buy", 50, order="PO-2", item="1")
    with pytest.raises(Refused, match="no approved order of the same supplier"):
        order(ledger, "PO-3", 50, 25_000, amends="PO-1", supplier="Somebody else")
    order(ledger, "PO-4", 50, 25_000, amends="PO-1")
    decide(ledger, "buy", 50, order="PO-4", item="1")
    pay(ledger, 25_000, on="PO-4")
    with ledger.store.read() as reading:
        line = f"goods/{SLUG}/stock:Depot/KIT#L1.over"
        assert {o.gift for o in origins(Books(reading).lines, line, 0, 50)} == {f"{name('gift')}:0"}
        (trail,) = donation_trails(reading, f"{name('gift')}:0")
    assert ("O-1", 50) in {(step.reference, step.amount.minor) for step in trail.steps}


def test_a_receipt_whose_surplus_was_decided_is_not_reversed_before_the_decision(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)
    decide(ledger, "return", 50)
    seq = seq_of(ledger, "receipt", "GRN-1")
    reversal = {"reason": "wrong", "date": DATE}
    with pytest.raises(Conflict):
        ledger.do("approver", "reversal", "add", entry=seq, **reversal)
    ledger.do("approver", "reversal", "add", entry=seq_of(ledger, "over.returned", "O-1"), **reversal)
    ledger.do("approver", "reversal", "add", entry=seq, **reversal)
    receive(ledger, "GRN-2", good=1000, over=40)


def test_an_acceptance_is_reversed_while_nothing_of_it_has_gone_on_and_its_pieces_wait_again(
    ledger: Ledger,
) -> None:
    order(ledger)
    receive(ledger, good=1000, over=50)
    decide(ledger, "accept", 30)
    decide(ledger, "accept", 20, "O-2")
    handed = {"number": "H-1", "place": "Depot", "organisation": "Aid", "date": DATE}
    ledger.do("recorder", "handover", "add", lots=lots(10, "L1.over"), **handed)
    reversal = {"reason": "the supplier wants them back", "date": DATE}
    first, second = (seq_of(ledger, "over.accepted", number) for number in ("O-1", "O-2"))
    with pytest.raises(Conflict, match="some of these pieces have gone on"):
        ledger.do("approver", "reversal", "add", entry=first, **reversal)
    ledger.do("approver", "reversal", "add", entry=second, **reversal)
    assert net(ledger, f"over/{SLUG}/Depot", "KIT#L1.over") == 20
    decide(ledger, "return", 20, "O-3")
    with ledger.store.read() as reading:
        (trace,) = lot_traces(Books(reading), SLUG, "L1")
    assert {share.gift: share.pieces for share in trace.gifts if share.gift}["in-kind:O-1"] == 30
    assert "in-kind:O-2" not in {share.gift for share in trace.gifts}


def test_a_replacement_lowers_what_was_short_and_belongs_to_those_who_were_short(ledger: Ledger) -> None:
    order(ledger)
    pay(ledger, 500_000)
    receive(ledger, good=900, short=60, rejected=40)
    replace(ledger, 50)
    replace(ledger, 40, "rejected", "GRN-8", "L8")
    assert net(ledger, f"lost/{SLUG}/short", "KIT#L1") == 10
    assert net(ledger, f"returned/{SLUG}/rejected", "KIT#L1") == 0
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        for lot, pieces in (("L9", 50), ("L8", 40)):
            found = origins(lines, f"goods/{SLUG}/stock:Depot/KIT#{lot}", 0, pieces)
            assert {o.gift for o in found} == {f"{name('gift')}:0"}
        (trail,) = donation_trails(reading, f"{name('gift')}:0")
        report = campaign_report(reading, SLUG, now=ledger.now)
    ends = {(place.kind, place.place): place.amount.minor for place in trail.places}
    assert ends[ExitKind.SHORT, "GRN-1"] == 10
    assert ends[ExitKind.IN_STOCK, "Depot"] == 990
    assert [row.quantity for row in report.goods.lost] == [10]
    assert all(sum(row.minor for row in table.rows) == table.total.minor for table in report.sums)


def test_no_more_is_replaced_than_was_short(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    replace(ledger, 6)
    with pytest.raises(Refused, match="5 replace short pieces of L1 and 4 are short"):
        replace(ledger, 5, number="GRN-8", lot="L8")
    with pytest.raises(Refused, match="1 replaces rejected pieces of L1 and 0 are rejected"):
        replace(ledger, 1, "rejected", number="GRN-8", lot="L8")
    with pytest.raises(Refused, match="no such lot came on PO-1"):
        replace(ledger, 1, number="GRN-8", lot="L8", replaces={"lot": "L7", "discrepancy": "short"})
    replace(ledger, 4, number="GRN-8", lot="L8", good=3, damaged=1)


def test_a_receipt_that_was_replaced_in_part_is_reversed_after_its_replacement(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    replace(ledger, 6)
    first, second = (seq_of(ledger, "receipt", number) for number in ("GRN-1", "GRN-9"))
    reversal = {"reason": "wrong", "date": DATE}
    with pytest.raises(Conflict, match="later facts stand on"):
        ledger.do("approver", "reversal", "add", entry=first, **reversal)
    ledger.do("approver", "reversal", "add", entry=second, **reversal)
    replace(ledger, 10, number="GRN-8", lot="L8")
    ledger.do("approver", "reversal", "add", entry=seq_of(ledger, "receipt", "GRN-8"), **reversal)
    ledger.do("approver", "reversal", "add", entry=first, **reversal)


@settings(
    max_examples=stories(20), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_whatever_comes_short_too_much_or_again_every_unit_of_a_gift_has_one_end(
    ledger: Ledger, data: st.DataObject
) -> None:
    """Ordered = good + damaged + short + rejected + open, less what was replaced; a gift's ends sum to it."""
    serial = ledger.now
    on, first = f"PO-{serial}", f"L{serial}"
    quantity = data.draw(st.integers(1, 30))
    order(ledger, on, quantity, data.draw(st.integers(1, 300)))
    counts = [data.draw(st.integers(0, quantity)) for _ in range(4)]
    row = dict(zip(("good", "damaged", "short", "rejected"), counts, strict=True))
    over = data.draw(st.integers(0, 5))
    fits = 0 < sum(counts) <= quantity or (sum(counts) == 0 and over > 0)
    try:
        receive(ledger, f"G{serial}", first, on=on, over=over, **row)
    except Refused:
        assert not fits
        return
    assert fits
    again = data.draw(st.integers(1, 12))
    found = data.draw(st.sampled_from(["short", "rejected"]))
    bad = data.draw(st.integers(0, again))
    told = {"lot": f"R{serial}", "noted": again, "good": again - bad, "damaged": bad}
    told["replaces"] = {"lot": first, "discrepancy": found}
    facts = {"number": f"R{serial}", "order": on, "item": "1", "place": "Depot", "lots": [told], "date": DATE}
    try:
        ledger.do("recorder", "receipt", "add", **facts)
    except LedgerError:
        assert again > row[found]
    else:
        assert again <= row[found]
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        line = f"order/{SLUG}/{on}/1/USD"
        ends = 0
        for visit in follow(lines, line, 0, lines.length(line)):
            if isinstance(visit, Stay) and visit.line.startswith("goods/"):
                ends += visit.end - visit.start
            elif isinstance(visit, Ending):
                ends += visit.units
        assert ends in {sum(counts), 0} or lines.length(line) < quantity


@pytest.mark.parametrize("verb", ["accept", "buy"])
def test_more_of_a_service_than_was_ordered_was_delivered_where_it_is_kept(tmp_path: Path, verb: str) -> None:
    """It does not come to lie in stock: it is told with what was delivered, and the published sums tie."""
    ledger = funded(tmp_path)
    course = {"code": "COURSE", "name": "Training", "unit": "course", "plural": "courses", "verb": "held"}
    ledger.do("recorder", "product", "add", service=True, **course)
    for number, units, amends in (("PO-1", 100, None), ("PO-2", 20, "PO-1")):
        item = {"item": "1", "product": "COURSE", "quantity": units, "value": 1_000 * units}
        paper = {"number": number, "supplier": "Trainer", "currency": "USD", "items": [item], "date": DATE}
        ledger.do("recorder", "purchase", "add", **paper, **({} if amends is None else {"amends": amends}))
        ledger.do("approver", "purchase", "approve", number=number, date=DATE)
    row = {"lot": "T1", "noted": 100, "good": 100, "over": 20}
    told = {"number": "R-1", "order": "PO-1", "item": "1", "place": "Ghana", "lots": [row], "date": DATE}
    ledger.do("recorder", "receipt", "add", **told)
    bought = {"order": "PO-2", "item": "1"} if verb == "buy" else {}
    decide(ledger, verb, 20, product="COURSE", lot="T1.over", **bought)
    assert net(ledger, f"delivered/{SLUG}/Ghana", "COURSE#T1.over") == 20
