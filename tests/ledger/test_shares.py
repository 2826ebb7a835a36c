"""Shares sum to what there is at every stage, and are the same however a story is cut into entries."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict
from ledger.rules.books import Books
from ledger.views.flow import ExitKind
from ledger.views.queries import campaign_flow, donation_trails
from ledger.views.stock import lot_traces
from ledger.views.trail import DonationTrail, StepKind
from tests.tools.ledgers import SLUG, Ledger, QuietLedger, copied, made_once
from tests.tools.things import DATE, order, pay, receive, seq_of, ship

Shares = list[Counter[tuple[str, str, str]]]
"""Of each gift, in their order: (what it is called, asset, place) -> units."""


@made_once
def giving(folder: Path, *amounts: int, audited: bool = True) -> Ledger:
    """Gifts G-0, G-1 and so on of some dollar cents at bank B, and a product KIT."""

    def made(base: Path) -> Ledger:
        ledger = (Ledger if audited else QuietLedger).new(base)
        for number, amount in enumerate(amounts):
            ledger.do(
                "recorder", "contribution", "add", number=f"G-{number}", bank="B", currency="USD",
                amount=amount, date="2023-11-20",
            )  # fmt: skip
        ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
        return ledger

    return copied(("giving", amounts, audited), folder, made)


def trail_of(ledger: Ledger, gift: int) -> DonationTrail:
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"contribution:G-{gift}")
    return trail


def shares(ledger: Ledger, gifts: int) -> Shares:
    return [
        Counter(
            {
                (str(place.kind), place.amount.asset, place.place): place.amount.minor
                for place in trail_of(ledger, n).places
            }
        )
        for n in range(gifts)
    ]


def pieces(of_each: Shares, kind: str) -> list[int]:
    return [sum(units for (at, _, _), units in share.items() if at == kind) for share in of_each]


def test_what_is_ordered_and_paid_for_sums_before_it_came_as_it_does_after(tmp_path: Path) -> None:
    ledger = giving(tmp_path, *[100] * 7)
    order(ledger, quantity=10, value=700)
    pay(ledger, 700)
    before = pieces(shares(ledger, 7), "open")
    assert sum(before) == 10
    receive(ledger, good=10)
    assert pieces(shares(ledger, 7), "in_stock") == before


def test_what_one_gift_owns_in_two_runs_is_counted_run_by_run(tmp_path: Path) -> None:
    ledger = giving(tmp_path, 50, 600, 50)
    order(ledger, quantity=10, value=700)
    pay(ledger, 700)
    receive(ledger, good=3)  # the order's units 0 to 210: the second gift owns 210 to 650 of what is open
    assert pieces(shares(ledger, 3), "open") == [0, 6, 1]


def test_what_is_to_come_is_told_as_much_as_is_counted_of_it(tmp_path: Path) -> None:
    ledger = giving(tmp_path, *[100] * 7)
    order(ledger, quantity=10, value=700)
    pay(ledger, 700)
    told = [trail_of(ledger, n).steps[-1] for n in range(7)]
    assert [step.amount.minor for step in told] == pieces(shares(ledger, 7), "open")


def test_a_claim_and_what_is_written_off_of_it_are_the_same_pieces_in_sum(tmp_path: Path) -> None:
    ledger = giving(tmp_path, *[100] * 7)
    order(ledger, quantity=10, value=700)
    pay(ledger, 700)
    facts = {"number": "CL-1", "order": "PO-1", "claim": 700, "reason": "went bankrupt", "date": DATE}
    ledger.do("recorder", "purchase", "close", **facts)
    ledger.do("approver", "closing", "approve", number="CL-1", date=DATE)
    claimed = pieces(shares(ledger, 7), "claim")
    assert sum(claimed) == 10
    ledger.do(
        "recorder", "refund", "add", number="RF-1", order="PO-1", item="1", failure="undelivered", value=700,
        asset="USD", amount=0, written_off="nothing is left of it", date=DATE,
    )  # fmt: skip
    ledger.do("approver", "refund", "approve", number="RF-1", date=DATE)
    assert pieces(shares(ledger, 7), "written_off") == claimed


@made_once
def sent(folder: Path, *amounts: int, audited: bool = True) -> Ledger:
    """Gifts that bought a kit for each of their cents, all of them under way to the Port on W-1."""
    ledger, kits = giving(folder, *amounts, audited=audited), sum(amounts)
    order(ledger, quantity=kits, value=kits)
    pay(ledger, kits)
    receive(ledger, good=kits)
    ship(ledger, kits)
    return ledger


def arrive(ledger: Ledger, number: int, **counts: int) -> None:
    row = {"product": "KIT", "lot": "L1", "good": 0} | counts
    facts = {"number": f"A-{number}", "waybill": "W-1", "lots": [row], "reason": "as counted", "date": DATE}
    ledger.do("recorder", "shipment", "arrive", **facts)


def test_what_is_lost_of_a_waybill_is_borne_alike_in_one_count_or_in_two(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    one, two = [sent(folder, 100, 100) for folder in folders]
    arrive(one, 1, good=190, lost=10)
    arrive(two, 1, good=190)
    under_way = shares(two, 2)
    assert (pieces(under_way, "in_stock"), pieces(under_way, "in_transit")) == ([95, 95], [5, 5])
    arrive(two, 2, lost=10)
    assert shares(one, 2) == shares(two, 2)
    assert pieces(shares(two, 2), "lost") == [5, 5]


def test_pieces_that_arrive_one_by_one_are_not_the_first_givers_alone(tmp_path: Path) -> None:
    ledger = sent(tmp_path, 5, 5)
    for number in range(6):
        arrive(ledger, number, good=1)
    assert pieces(shares(ledger, 2), "in_stock") == [3, 3]
    arrive(ledger, 6, lost=4)
    assert pieces(shares(ledger, 2), "lost") == [2, 2]


def test_losses_in_stock_one_by_one_are_not_the_last_givers_alone(tmp_path: Path) -> None:
    ledger = giving(tmp_path, 5, 5)
    order(ledger, quantity=10, value=10)
    pay(ledger, 10)
    receive(ledger, good=10)
    for number in range(4):
        ledger.do(
            "recorder", "loss", "add", number=f"LO-{number}", place="Depot", product="KIT", lot="L1",
            quantity=1, cause="stolen", reason="as counted", date=DATE,
        )  # fmt: skip
    assert pieces(shares(ledger, 2), "stolen") == [2, 2]


def test_what_did_not_arrive_yet_is_no_step_and_is_under_way_in_picture_and_trail(tmp_path: Path) -> None:
    ledger = sent(tmp_path, 100, 100)
    arrive(ledger, 1, good=150, damaged=10)
    steps = [step for step in trail_of(ledger, 0).steps if step.kind is StepKind.ARRIVED]
    assert [(step.amount.minor, step.place) for step in steps] == [(75, "Port")]
    with ledger.store.read() as reading:
        exits = campaign_flow(reading, SLUG).exits
    assert [(row.units, row.label) for row in exits if row.kind is ExitKind.IN_TRANSIT] == [(40, "W-1")]


def test_counts_of_a_waybill_are_taken_back_last_first(tmp_path: Path) -> None:
    ledger = sent(tmp_path, 100, 100)
    before = shares(ledger, 2)
    arrive(ledger, 1, good=150)
    arrive(ledger, 2, good=40, lost=10)
    back = {"reason": "counted twice", "date": DATE}
    with pytest.raises(Conflict, match="later facts stand on"):
        ledger.do("approver", "reversal", "add", entry=seq_of(ledger, "arrival", "A-1"), **back)
    for number in ("A-2", "A-1"):
        ledger.do("approver", "reversal", "add", entry=seq_of(ledger, "arrival", number), **back)
    assert shares(ledger, 2) == before


COUNTS = st.fixed_dictionaries({"good": st.integers(0, 60), "lost": st.integers(0, 8)}).filter(
    lambda row: any(row.values())
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(COUNTS, min_size=2, max_size=3), st.tuples(*[st.integers(0, 100)] * 2))
def test_however_an_arrival_is_cut_each_gift_bears_its_part_of_it(
    tmp_path_factory: pytest.TempPathFactory, counts: list[dict[str, int]], cuts: tuple[int, int]
) -> None:
    whole = {what: sum(row[what] for row in counts) for what in ("good", "lost")}
    kits = sum(whole.values())
    at = [0, *sorted(cut * kits // 100 for cut in cuts), kits]
    gifts = [after - before for before, after in itertools.pairwise(at) if after > before]
    ledger = sent(tmp_path_factory.mktemp("cut"), *gifts, audited=False)
    arrived = [0] * len(gifts)
    for number, row in enumerate(counts):
        arrive(ledger, number, **row)
        told = pieces(shares(ledger, len(gifts)), "in_stock")
        assert all(now >= before for now, before in zip(told, arrived, strict=True))
        arrived = told
    Ledger.audit(ledger)
    for gift, lost in zip(gifts, pieces(shares(ledger, len(gifts)), "lost"), strict=True):
        # Each count rounds down at both ends of a gift.
        assert abs(lost - gift * whole["lost"] / kits) < len(counts)
    assert sum(arrived) == whole["good"]


def test_pieces_worth_less_than_a_cent_have_an_owner_each(tmp_path: Path) -> None:
    ledger = giving(tmp_path, 300, 200)
    order(ledger, quantity=1000, value=500)
    pay(ledger, 500)
    assert pieces(shares(ledger, 2), "open") == [600, 400]
    receive(ledger, "GRN-1", "A", good=1)
    receive(ledger, "GRN-2", "C", good=998, short=1)
    of_each = shares(ledger, 2)
    assert (pieces(of_each, "in_stock"), pieces(of_each, "short")) == ([600, 399], [0, 1])
    with ledger.store.read() as reading:
        (first,) = lot_traces(Books(reading), SLUG, "A")
        (last,) = lot_traces(Books(reading), SLUG, "C")
    assert [(row.gift, row.pieces) for row in first.gifts] == [("contribution:G-0", 1)]
    assert [(row.pieces, row.amount.minor) for row in last.gifts] == [(599, 300), (400, 200)]
    (paid,) = [step for step in trail_of(ledger, 1).steps if step.kind is StepKind.ORDERED]
    assert paid.figures["paid"].minor == 200


def test_an_order_of_such_pieces_is_closed_and_paid_back_to_the_cent(tmp_path: Path) -> None:
    ledger = giving(tmp_path, 300, 200)
    order(ledger, quantity=1001, value=500)
    pay(ledger, 301)
    receive(ledger, good=1)
    facts = {"number": "CL-1", "order": "PO-1", "claim": 301, "cancellation": 199, "date": DATE}
    ledger.do("recorder", "purchase", "close", reason="no more will come", **facts)
    ledger.do("approver", "closing", "approve", number="CL-1", date=DATE)
    for number, value in (("RF-1", 100), ("RF-2", 201)):
        ledger.do(
            "recorder", "refund", "add", number=number, order="PO-1", item="1", failure="undelivered",
            value=value, asset="USD", amount=value, bank="B", date=DATE,
        )  # fmt: skip
        ledger.do("approver", "refund", "approve", number=number, date=DATE)
    of_each = shares(ledger, 2)
    assert pieces(of_each, "in_stock") == [1, 0]
    assert sum(pieces(of_each, "held")) == 500
