"""More than was sent, or than the books have, waits apart with its own line until somebody says what it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from api.pages.sentences import what_to_do
from ledger.core.errors import Conflict, Refused
from ledger.recording.confirming import confirm, make_link
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.two_keys import delivery_counts
from tests.tools.ledgers import SLUG, Ledger, made_once, sum_of, tied
from tests.tools.things import DATE, hand_over, net, order, pay, seq_of, ship, stocked
from tests.tools.two_keys import count

OPEN = {OpenItemKind.SURPLUS, OpenItemKind.COUNT_GAP}


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """900 of 1,000 kits left the Depot on waybill W-1, and were paid for."""
    made = stocked(tmp_path)
    pay(made, 500_000)
    ship(made, 900)
    return made


def arrive(ledger: Ledger, number: str = "A-1", waybill: str = "W-1", **counts: Any) -> None:
    row = {"product": "KIT", "lot": "L1", "good": 0} | counts
    facts = {"number": number, "waybill": waybill, "lots": [row], "date": DATE}
    ledger.do("recorder", "shipment", "arrive", **facts)


def decide(ledger: Ledger, verb: str, quantity: int, number: str = "O-1", **more: str) -> None:
    facts = {"number": number, "product": "KIT", "lot": "L1.over", "quantity": quantity, "date": DATE}
    ledger.do("approver", "over", verb, **(facts | more))


def explain(ledger: Ledger, quantity: int, by: str, document: str, number: str = "O-1", **more: str) -> None:
    decide(ledger, "explain", quantity, number, by=by, document=document, reason="the same ones", **more)


def waiting(ledger: Ledger) -> list[tuple[str, str, int]]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
    return [(row.kind.value, str(row.subject), sum_of(row).minor) for row in rows if row.kind in OPEN]


def test_905_of_900_that_arrive_wait_with_five_and_both_sides_agree(ledger: Ledger) -> None:
    """Whoever counts first; at the supplier's cost, by its gift, or explained by what tells of the same pieces."""
    count(ledger, 905)
    assert waiting(ledger) == [("count_gap", "shipment W-1", -5)]
    arrive(ledger, good=900, over=5)
    assert waiting(ledger) == [("surplus", "KIT#L1.over at Port", 5)]
    with ledger.store.read() as reading:
        (row,) = delivery_counts(reading.session, SLUG)
    assert (row.sent, row.books_good, row.good, row.gap) == (900, 905, 905, 0)
    with pytest.raises(Refused, match=r"1 piece of KIT#L1\.over is wanted and 0 are at Port"):
        hand_over(ledger, 1, lot="L1.over", place="Port")
    decide(ledger, "return", 2)
    with pytest.raises(Refused, match=r"4 are told and 3 of L1\.over wait apart"):
        decide(ledger, "accept", 4, "O-2")
    decide(ledger, "accept", 1, "O-2")
    order(ledger, "PO-2", 2, 1_000, amends="PO-1")
    decide(ledger, "buy", 2, order="PO-2", item="1")
    assert waiting(ledger) == []
    assert net(ledger, f"stock/{SLUG}/Port", "KIT#L1.over") == 3
    with pytest.raises(Conflict, match="what came too much on it was decided about; reverse that first"):
        ledger.do(
            "approver", "reversal", "add", entry=seq_of(ledger, "arrival", "A-1"), reason="x", date=DATE
        )
    tied(ledger)


def test_a_surplus_turns_up_after_all_was_counted_and_is_taken_back_like_any_count(ledger: Ledger) -> None:
    arrive(ledger, good=900)
    with pytest.raises(Refused, match="counts nothing; leave the lot out until it arrives"):
        arrive(ledger, "A-2")
    arrive(ledger, "A-2", over=5)
    assert waiting(ledger) == [("surplus", "KIT#L1.over at Port", 5)]
    ledger.do("approver", "reversal", "add", entry=seq_of(ledger, "arrival", "A-2"), reason="x", date=DATE)
    assert waiting(ledger) == []


def test_a_surplus_is_explained_by_the_find_or_the_waybill_that_tells_of_the_same_pieces(
    ledger: Ledger,
) -> None:
    lost = {"number": "LR-1", "place": "Depot", "product": "KIT", "lot": "L1", "quantity": 4, "cause": "lost"}
    ledger.do("recorder", "loss", "add", reason="not on the shelf", date=DATE, **lost)
    arrive(ledger, good=900, over=7)
    found = {"number": "F-1", "by": "loss", "document": "LR-1", "product": "KIT", "lot": "L1", "quantity": 4}
    ledger.do("recorder", "loss", "find", place="Port", reason="in the truck", date=DATE, **found)
    with pytest.raises(Refused, match="find F-1 tells of 4 pieces of KIT#L1 at Port and 0 are explained"):
        explain(ledger, 5, "find", "F-1")
    explain(ledger, 4, "find", "F-1")
    ship(ledger, 3, "W-2")
    arrive(ledger, "A-2", "W-2", good=3)
    with pytest.raises(Refused, match="document: is what counted the pieces too much"):
        explain(ledger, 3, "arrival", "A-1", "O-2")
    explain(ledger, 3, "arrival", "A-2", "O-2")
    assert waiting(ledger) == []
    assert net(ledger, f"stock/{SLUG}/Port", "KIT#L1") == 907
    with pytest.raises(Conflict, match="O-1 explains by it what came too much; reverse that first"):
        ledger.do(
            "approver", "reversal", "add", entry=seq_of(ledger, "loss.found", "F-1"), reason="x", date=DATE
        )
    tied(ledger)


def test_a_count_of_stock_finds_more_than_the_books_have(ledger: Ledger) -> None:
    facts = {"number": "SC-1", "place": "Depot", "product": "KIT", "lot": "L1", "reason": "yearly count"}
    with pytest.raises(Refused, match="lot: KIT#L9 never came"):
        ledger.do("recorder", "over", "count", quantity=3, date=DATE, **(facts | {"lot": "L9"}))
    ledger.do("recorder", "over", "count", quantity=3, date=DATE, **facts)
    arrive(ledger, good=900, over=5)
    assert waiting(ledger) == [
        ("surplus", "KIT#L1.over at Depot", 3),
        ("surplus", "KIT#L1.over at Port", 5),
    ]
    with pytest.raises(
        Refused,
        match=r"lot: pieces of L1\.over wait of several papers: name one of SC-1, A-1 in its field",
    ):
        decide(ledger, "return", 3)
    decide(ledger, "return", 3, count="SC-1")
    assert waiting(ledger) == [("surplus", "KIT#L1.over at Port", 5)]


def test_a_recipient_who_counts_more_is_explained_by_the_handover_of_the_rest(ledger: Ledger) -> None:
    hand_over(ledger, 50)
    count(ledger, 53, "handover", "H-1")
    assert waiting(ledger) == [("count_gap", "handover H-1", -3)]
    hand_over(ledger, 3, "H-2")
    facts = {"number": "E-1", "about": "handover", "paper": "H-1", "by": "handover", "reason": "went along"}
    facts |= {"product": "KIT", "lot": "L1", "date": DATE}
    with pytest.raises(Refused, match="document: is what was counted"):
        ledger.do("recorder", "confirmation", "explain", quantity=3, document="H-1", **facts)
    ledger.do("recorder", "confirmation", "explain", quantity=3, document="H-2", **facts)
    assert waiting(ledger) == []


def test_both_sides_count_one_other_lot_and_only_what_is_more_waits_beside_it(ledger: Ledger) -> None:
    """Whoever counts first, and however often; one question for both."""
    facts = {"waybill": "W-1", "date": DATE}
    row = {"product": "KIT", "lot": "L9", "good": 0, "instead_of": "L1"}
    other = [{"product": "KIT", "lot": "L9", "instead_of": "L1", "quantity": 900}]
    with ledger.store.write() as writing:
        link = make_link(
            writing, ledger.actors["recorder"], SLUG, {"about": "shipment", "paper": "W-1"}, now=ledger.now
        )
        confirm(writing, link.code, {("KIT", "L1"): (0, 0)}, other, now=ledger.now)
    ledger.audit()
    for number, over in (("A-1", 500), ("A-2", 405)):
        ledger.do("recorder", "shipment", "arrive", number=number, lots=[row | {"over": over}], **facts)
    assert ("surplus", "KIT#L9.over at Port", 905) in waiting(ledger)
    assert net(ledger, f"over/{SLUG}/Port", "KIT#L9.over") == 905
    last = {"entry": seq_of(ledger, "arrival", "A-2"), "reason": "miscounted", "date": DATE}
    ledger.do("approver", "reversal", "add", **last)
    assert ("surplus", "KIT#L9.over at Port", 900) in waiting(ledger)
    tied(ledger)


def test_another_lot_than_the_waybill_lists_waits_apart_and_is_a_question_about_both(ledger: Ledger) -> None:
    counted = {"product": "KIT", "lot": "L9", "good": 0, "over": 900}
    facts = {"number": "A-1", "waybill": "W-1", "date": DATE}
    with pytest.raises(Refused, match=r"lots\.0\.lot: KIT#L9 is not on W-1: say `instead_of` .* \(KIT#L1\)"):
        ledger.do("recorder", "shipment", "arrive", lots=[counted], **facts)
    counted["instead_of"] = "L1"
    with pytest.raises(Refused, match=r"lots\.0\.over: count what came of KIT#L9 here alone"):
        ledger.do("recorder", "shipment", "arrive", lots=[counted | {"good": 1}], **facts)
    ledger.do("recorder", "shipment", "arrive", lots=[counted], **facts)
    assert waiting(ledger) == [("surplus", "KIT#L9.over at Port", 900)]
    assert net(ledger, f"transit/{SLUG}/W-1", "KIT#L1") == 900
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
    (asked,) = [row for row in rows if row.kind is OpenItemKind.QUESTION]
    assert {"KIT#L9", "KIT#L1"} <= set(re.split(r"[ :,]", what_to_do(asked.to_do)))
    with pytest.raises(Conflict, match=r"question: .* counted lot KIT#L9 where .* lists lot KIT#L1"):
        decide(ledger, "accept", 900, lot="L9.over")
    told = {"entry": seq_of(ledger, "arrival", "A-1"), "other": seq_of(ledger, "shipment", "W-1")}
    ledger.do("approver", "question", "answer", answer="different", reason="two labels", date=DATE, **told)
    decide(ledger, "return", 900, lot="L9.over")
    assert waiting(ledger) == []
