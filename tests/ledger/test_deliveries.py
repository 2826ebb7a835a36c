"""The last mile: recipients are served in turn, each has its own share of a donation, and what is signed is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict, NotFound, Refused
from ledger.rules.books import Books
from ledger.tracing.follow import Stay, follow
from ledger.views.queries import donation_trails
from ledger.views.trail import DonationTrail, StepKind
from ledger.views.two_keys import deliveries
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.stories import stories
from tests.tools.things import DATE, funded, hand_over, lots, net, order, pay, receive, seq_of

PAPER = "ab" * 32


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """1,000 kits of lot L1, paid for by one gift; 100 of them are with Aid."""
    made = funded(tmp_path)
    order(made)
    pay(made, 500_000)
    receive(made, good=1000)
    hand_over(made, 100)
    return made


def distribute(ledger: Ledger, *served: tuple[str, int], number: str = "D-1", **more: Any) -> None:
    recipients = [{"place": place, "lots": lots(quantity)} for place, quantity in served]
    facts = {"number": number, "organisation": "Aid", "recipients": recipients, "date": DATE}
    ledger.do("recorder", "distribution", "add", **(facts | more))


def trail(ledger: Ledger) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, f"{name('gift')}:0")
    return found


def test_several_recipients_are_served_in_turn_and_each_is_a_step_and_an_end_of_its_own(
    ledger: Ledger,
) -> None:
    distribute(ledger, ("Accra", 30), ("Tamale", 25))
    told = trail(ledger)
    steps = [(s.place, s.amount.minor) for s in told.steps if s.kind is StepKind.DISTRIBUTED]
    assert sorted(steps) == [("Accra", 30), ("Tamale", 25)]
    ends = {place.place: place.amount.minor for place in told.places if place.is_distributed}
    assert ends == {"Accra": 30, "Tamale": 25}
    assert net(ledger, f"distributed/{SLUG}/Accra", "KIT#L1") == 30
    with ledger.store.read() as reading:
        line = f"goods/{SLUG}/handed:Aid/KIT#L1"
        found = follow(Books(reading).lines, line, 0, 40)
        stays = [
            (visit.line.split("/")[2], visit.end - visit.start) for visit in found if isinstance(visit, Stay)
        ]
    assert stays == [("distributed:Accra", 30), ("distributed:Tamale", 10)]


def test_recipients_get_no_more_than_there_is_and_each_place_is_named_once(ledger: Ledger) -> None:
    with pytest.raises(Refused, match=r"101 pieces of KIT#L1 are wanted and 100 are at Aid"):
        distribute(ledger, ("Accra", 60), ("Tamale", 41))
    with pytest.raises(Refused, match="name a place twice"):
        distribute(ledger, ("Accra", 1), ("Accra", 1))
    with pytest.raises(Refused, match="have places, lots and facilities of their own"):
        distribute(ledger, ("Accra", 1), place="Accra")
    with pytest.raises(Refused, match="say where and which lots"):
        ledger.do("recorder", "distribution", "add", number="D", organisation="Aid", date=DATE)
    ledger.do("approver", "recall", "add", number="RC", product="KIT", lot="L1", reason="mould", date=DATE)
    with pytest.raises(Refused, match="is recalled by RC"):
        distribute(ledger, ("Accra", 1))


def test_a_distribution_to_several_is_reversed_whole(ledger: Ledger) -> None:
    distribute(ledger, ("Accra", 30), ("Tamale", 25))
    seq = seq_of(ledger, "distribution", "D-1")
    ledger.do("approver", "reversal", "add", entry=seq, reason="told wrong", date=DATE)
    distribute(ledger, ("Tamale", 100), number="D-2")
    assert {place.place: place.amount.minor for place in trail(ledger).places if place.is_distributed} == {
        "Tamale": 100
    }


@settings(
    max_examples=stories(6), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(served=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_whatever_is_handed_out_the_ends_of_the_gift_sum_to_it(tmp_path: Path, served: list[int]) -> None:
    folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    ledger = funded(folder)
    order(ledger, quantity=240, value=100_000)
    receive(ledger, good=240)
    pay(ledger, 100_000)
    hand_over(ledger, 240)
    distribute(ledger, *((f"Place {index}", pieces) for index, pieces in enumerate(served)))
    ends = [place for place in trail(ledger).places if place.amount.asset == "KIT"]
    assert sum(place.amount.minor for place in ends) == 240
    assert {place.place: place.amount.minor for place in ends if place.is_distributed} == {
        f"Place {index}": pieces for index, pieces in enumerate(served)
    }


def attach(ledger: Ledger, number: str = "H-1", sha256: str = PAPER) -> None:
    facts = {"sha256": sha256, "title": "Certificate", "paper": "handover certificate", "shows": "100 kits"}
    ledger.do(
        "recorder", "evidence", "add", access="public", about="handover", number=number, date=DATE, **facts
    )


def signed(ledger: Ledger) -> str:
    (step,) = [step for step in trail(ledger).steps if step.kind is StepKind.HANDED]
    return dict(step.detail)["signed"]


def test_a_handover_is_signed_by_a_paper_that_is_attached_to_it_and_its_trail_says_so(ledger: Ledger) -> None:
    sign = {"number": "H-1", "sha256": PAPER, "date": "2023-12-03"}
    with pytest.raises(Refused, match="is no paper of handover H-1; attach it first"):
        ledger.do("recorder", "handover", "sign", **sign)
    assert signed(ledger) == "not yet"
    attach(ledger)
    ledger.do("recorder", "handover", "sign", **sign)
    assert signed(ledger) == "2023-12-03"
    with pytest.raises(Conflict, match="is signed already"):
        ledger.do("recorder", "handover", "sign", **(sign | {"sha256": "cd" * 32}))
    with pytest.raises(NotFound):
        ledger.do("recorder", "handover", "sign", **(sign | {"number": "H-9"}))
    with ledger.store.read() as reading:
        assert deliveries(reading.session, SLUG, DATE).signed == {"H-1"}
        head = reading.journal.head()
    assert head is not None
    ledger.do("approver", "reversal", "add", entry=head[0], reason="another paper", date="2023-12-03")
    assert signed(ledger) == "not yet"
    attach(ledger, sha256="cd" * 32)
    for paper in ("cd" * 32, PAPER, PAPER):  # the first paper was right after all, and then once more
        done = ledger.do("recorder", "handover", "sign", **(sign | {"sha256": paper}))
        assert not done.already
        assert signed(ledger) == "2023-12-03"
        ledger.do("approver", "reversal", "add", entry=done.seq, reason="another paper", date="2023-12-03")


def test_a_handover_that_was_signed_at_once_is_told_with_its_paper(ledger: Ledger) -> None:
    hand_over(ledger, 5, "H-2", signed=PAPER)
    with ledger.store.read() as reading:
        assert deliveries(reading.session, SLUG, DATE).signed == {"H-2"}
    attach(ledger, "H-2")
    with pytest.raises(Conflict, match="is signed already"):
        ledger.do("recorder", "handover", "sign", number="H-2", sha256=PAPER, date=DATE)
