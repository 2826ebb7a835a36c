"""Shares sum to what there is at every stage, and are the same however a story is cut into entries."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ledger.views.queries import donation_trails
from ledger.views.trail import DonationTrail
from tests.tools.ledgers import Ledger, copied
from tests.tools.things import DATE, order, pay, receive

Shares = list[Counter[tuple[str, str, str]]]
"""Of each gift, in their order: (what it is called, asset, place) -> units."""


def giving(folder: Path, *amounts: int) -> Ledger:
    """Gifts G-0, G-1 and so on of some dollar cents at bank B, and a product KIT."""

    def made(base: Path) -> Ledger:
        ledger = Ledger.new(base)
        for number, amount in enumerate(amounts):
            ledger.do(
                "recorder", "contribution", "add", number=f"G-{number}", bank="B", currency="USD",
                amount=amount, date="2023-11-20",
            )  # fmt: skip
        ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
        return ledger

    return copied(("giving", amounts), folder, made)


def trail_of(ledger: Ledger, gift: int) -> DonationTrail:
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"contribution:G-{gift}", now=ledger.now)
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
