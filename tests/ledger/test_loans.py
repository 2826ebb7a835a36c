"""Loans between two campaigns' funds: shown by both, owed until repaid, and nobody's share but the lender's moves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.chain import Outpoint
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.roles import Grant, Role
from ledger.rules.books import Books
from ledger.views.conservation import conservation
from ledger.views.flow import ExitKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.trail import StepKind
from tests.tools.funds import BTC, OTHER, do, two_funds, with_address
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tx


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return two_funds(tmp_path)


def lend(ledger: Ledger, number: str, amount: int, date: str = "2023-11-21", **more: Any) -> int:
    told = {"to": OTHER, "asset": "USD", "bank": "B", "to_bank": "O", **more}
    do(
        ledger,
        SLUG,
        "recorder",
        "loan",
        "add",
        number=number,
        amount=amount,
        date=date,
        **told,
    )
    outcome = do(ledger, SLUG, "approver", "loan", "approve", number=number, date=date)
    assert outcome.seq is not None
    return outcome.seq


def repay(ledger: Ledger, number: str, loan: str, amount: int, **more: Any) -> int:
    told = {"asset": "USD", "bank": "O", "to_bank": "B", **more}
    do(
        ledger, OTHER, "recorder", "repayment", "add", number=number, lender=SLUG, loan=loan, amount=amount,
        date="2023-11-25", **told,
    )  # fmt: skip
    outcome = do(ledger, OTHER, "approver", "repayment", "approve", number=number, date="2023-11-25")
    assert outcome.seq is not None
    return outcome.seq


def net(ledger: Ledger, name: str, asset: str = "USD") -> int:
    with ledger.store.read() as reading:
        return Books(reading).net(name, asset)


def ties(ledger: Ledger) -> bool:
    with ledger.store.read() as reading:
        return all(conservation(reading, slug).holds for slug in (SLUG, OTHER, None))


def left(ledger: Ledger, gift: str) -> dict[ExitKind | None, int]:
    """Where a donor's units are now, by kind."""
    with ledger.store.read() as reading:
        trail = donation_trails(reading, str(Outpoint(name(gift), 0)))[0]
        return {place.kind: place.amount.minor for place in trail.places}


@contextmanager
def approver_in_one(ledger: Ledger, campaign: str) -> Iterator[None]:
    """The approver is one of that campaign alone, and what it tries needs the role in another one too."""
    whole = ledger.actors["approver"]
    ledger.actors["approver"] = replace(whole, grants=(Grant(Role.APPROVER, campaign),))
    try:
        with pytest.raises(NotAllowed, match=OTHER if campaign == SLUG else SLUG):
            yield
    finally:
        ledger.actors["approver"] = whole


def decide_in_one(ledger: Ledger, campaign: str, noun: str, number: str, date: str) -> None:
    with approver_in_one(ledger, campaign):
        do(ledger, campaign, "approver", noun, "approve", number=number, date=date)


def test_money_lent_is_owed_and_the_borrower_has_it(ledger: Ledger) -> None:
    """Who approves it, and what is repaid of it, needs the role in both campaigns."""
    told = {"to": OTHER, "asset": "USD", "bank": "B", "to_bank": "O", "amount": 500_000, "fee": 1_000}
    do(ledger, SLUG, "recorder", "loan", "add", number="L-1", date="2023-11-21", **told)
    decide_in_one(ledger, SLUG, "loan", "L-1", "2023-11-21")
    do(ledger, SLUG, "approver", "loan", "approve", number="L-1", date="2023-11-21")
    assert net(ledger, f"bank/{OTHER}/O") == 500_000 == net(ledger, f"lent/{SLUG}/L-1")
    assert net(ledger, f"owed/{OTHER}/{SLUG}/L-1") == -500_000
    assert net(ledger, f"bank/{SLUG}/B") == 1_499_000
    assert ties(ledger)


def test_donors_of_the_lender_read_that_their_share_is_lent_and_where_to(ledger: Ledger) -> None:
    lend(ledger, "L-1", 500_000)
    assert left(ledger, "gift0") == {ExitKind.LENT: 500_000, ExitKind.HELD: 500_000}
    assert left(ledger, "gift1") == {ExitKind.HELD: 1_000_000}
    with ledger.store.read() as reading:
        trail = donation_trails(reading, str(Outpoint(name("gift0"), 0)))[0]
        campaign_report(reading, OTHER, now=ledger.now)
    lent = next(step for step in trail.steps if step.kind is StepKind.LENT)
    assert (lent.place, lent.amount.minor, lent.amount.asset) == ("Other fund", 500_000, "USD")


def test_what_is_repaid_is_the_same_donors_money_again(ledger: Ledger) -> None:
    lend(ledger, "L-1", 500_000)
    repay(ledger, "R-1", "L-1", 200_000)
    assert left(ledger, "gift0") == {ExitKind.LENT: 300_000, ExitKind.HELD: 700_000}
    repay(ledger, "R-2", "L-1", 300_000)
    assert left(ledger, "gift0") == {ExitKind.HELD: 1_000_000}
    assert net(ledger, f"lent/{SLUG}/L-1") == net(ledger, f"owed/{OTHER}/{SLUG}/L-1") == 0
    assert ties(ledger)


def test_no_more_is_repaid_than_is_owed_waiting_repayments_counted(ledger: Ledger) -> None:
    lend(ledger, "L-1", 500_000)
    told = {"lender": SLUG, "loan": "L-1", "asset": "USD", "bank": "O", "to_bank": "B", "date": "2023-11-25"}
    do(ledger, OTHER, "recorder", "repayment", "add", number="R-1", amount=300_000, **told)
    with pytest.raises(Refused, match=r"amount: is 3000\.00 USD and 2000\.00 [A-Z]{3} is owed"):
        do(ledger, OTHER, "recorder", "repayment", "add", number="R-2", amount=300_000, **told)
    do(ledger, OTHER, "recorder", "repayment", "reject", number="R-1", date="2023-11-25")
    do(ledger, OTHER, "recorder", "repayment", "add", number="R-3", amount=500_000, **told)
    decide_in_one(ledger, OTHER, "repayment", "R-3", "2023-11-25")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"to": SLUG}, "to: is the campaign that lends"),
        (
            {"amount": 2_000_001},
            "amount: 20000.01 USD is wanted, fee included, and only 20000.00 USD is free at B",
        ),
        ({"bank": "X"}, "only 0.00 USD is free at X"),
        ({"bank": None}, "bank: a loan of money names both banks"),
        ({"asset": "BTC", "bank": None, "to_bank": None}, "txid: a loan of coins names the transaction"),
    ],
)
def test_a_loan_that_cannot_be_is_refused_by_field(ledger: Ledger, facts: dict[str, Any], says: str) -> None:
    told = {
        "number": "L-1",
        "to": OTHER,
        "asset": "USD",
        "amount": 1,
        "bank": "B",
        "to_bank": "O",
        "date": "2023-11-21",
    }
    told = {key: value for key, value in {**told, **facts}.items() if value is not None}
    with pytest.raises(Refused, match=says.replace("(", r"\(")):
        do(ledger, SLUG, "recorder", "loan", "add", **told)


def test_a_loan_to_an_unknown_campaign_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        lend(ledger, "L-1", 1, to="nowhere")


def test_a_loan_is_undone_while_the_borrower_has_it_all(ledger: Ledger) -> None:
    """By who decides in both campaigns: it takes back what stands in the books of both."""
    seq = lend(ledger, "L-1", 500_000)
    with approver_in_one(ledger, SLUG):
        do(ledger, SLUG, "approver", "reversal", "add", entry=seq, reason="Wrong fund", date="2023-11-22")
    do(ledger, SLUG, "approver", "reversal", "add", entry=seq, reason="Wrong fund", date="2023-11-22")
    assert net(ledger, f"bank/{SLUG}/B") == 2_000_000
    assert left(ledger, "gift0") == {ExitKind.HELD: 1_000_000}
    seq = lend(ledger, "L-2", 500_000)
    repay(ledger, "R-1", "L-2", 1)
    with pytest.raises(Conflict, match="reverse what stands on it first"):
        do(ledger, SLUG, "approver", "reversal", "add", entry=seq, reason="Wrong fund", date="2023-11-22")


def test_a_repayment_is_undone_while_the_lender_has_it_all(ledger: Ledger) -> None:
    lend(ledger, "L-1", 500_000)
    seq = repay(ledger, "R-1", "L-1", 500_000)
    do(ledger, OTHER, "approver", "reversal", "add", entry=seq, reason="Bounced", date="2023-11-26")
    assert net(ledger, f"lent/{SLUG}/L-1") == 500_000
    assert left(ledger, "gift0") == {ExitKind.LENT: 500_000, ExitKind.HELD: 500_000}


def coins_lent(folder: Path) -> tuple[Ledger, str, int]:
    """A spend of `help`'s coins for the other campaign, lent; what names it there, and the loan's entry."""
    ledger = two_funds(folder)
    ledger.mine("g", tx("gift2", (2, BTC)))
    ledger.bury()
    ledger.mine("p", tx("payout", (3, BTC // 4), spends=(("gift2", 0),)))
    ledger.bury()
    with pytest.raises(Conflict, match="it spent coins of campaign help; record a loan there"):
        do(ledger, OTHER, "recorder", "conversion", "add", **sale(name("payout")))
    seq = lend(ledger, "L-1", BTC * 3 // 4, asset="BTC", bank=None, to_bank=None, txid=name("payout"))
    return ledger, f"{name('payout')}:1", seq


def sale(txid: str) -> dict[str, Any]:
    return {
        "number": "C-9", "txid": txid, "sold": BTC * 3 // 4 - 500, "network_fee": 500, "currency": "USD",
        "proceeds": 700_000, "exchange": "E", "bank": "O", "date": "2023-11-22",
    }  # fmt: skip


def test_coins_of_another_campaign_are_spent_by_a_loan_and_explained_by_the_borrower(tmp_path: Path) -> None:
    """docs/rules.md, 17: spending another campaign's coin needs a loan entry between the two funds."""
    ledger, ref, _ = coins_lent(tmp_path)
    assert net(ledger, f"unexplained/{OTHER}", "BTC") == BTC * 3 // 4
    do(ledger, OTHER, "recorder", "conversion", "add", **sale(ref))
    do(ledger, OTHER, "approver", "conversion", "approve", number="C-9", date="2023-11-22")
    assert net(ledger, f"unexplained/{OTHER}", "BTC") == net(ledger, f"unexplained/{SLUG}", "BTC") == 0
    repay(ledger, "R-1", "L-1", 600_000, settles=BTC // 2)
    assert net(ledger, f"lent/{SLUG}/L-1", "BTC") == BTC // 4
    assert net(ledger, f"bank/{SLUG}/B") == 2_600_000
    assert ties(ledger)


def test_a_loan_of_coins_is_undone_and_the_spend_waits_again(tmp_path: Path) -> None:
    ledger, ref, seq = coins_lent(tmp_path)
    do(ledger, SLUG, "approver", "reversal", "add", entry=seq, reason="Not lent", date="2023-11-23")
    assert net(ledger, f"unexplained/{SLUG}", "BTC") == BTC * 3 // 4
    with pytest.raises(NotFound):
        do(ledger, OTHER, "recorder", "conversion", "add", **sale(ref))
    lend(
        ledger, "L-2", BTC * 3 // 4, date="2023-11-23", asset="BTC", bank=None, to_bank=None, txid=name("payout"),
    )  # fmt: skip
    do(ledger, OTHER, "recorder", "conversion", "add", **(sale(ref) | {"date": "2023-11-23"}))


def test_a_reorganisation_that_undoes_lent_coins_is_a_shortfall_of_the_lender_alone(tmp_path: Path) -> None:
    ledger, _, _ = coins_lent(tmp_path)
    payout = tx("payout", (3, BTC // 4), spends=(("gift2", 0),))
    ledger.reorg(6, ("other a", ()), ("other b", (payout,)))
    with ledger.store.read() as reading:
        lender, borrower = (campaign_report(reading, slug, now=ledger.now).books for slug in (SLUG, OTHER))
    assert (lender.shortfall.minor, borrower.shortfall.minor) == (BTC * 3 // 4, 0)
    ledger.bury()
    assert net(ledger, f"undone_spends/{SLUG}", "BTC") == 0
    assert ties(ledger)


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["lend", "repay", "undo"]), st.integers(1, 900_000)), min_size=1, max_size=8
    )
)
def test_whatever_is_lent_repaid_or_undone_both_funds_tie(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = two_funds(Path(folder))
        entries: list[tuple[str, int]] = []
        loans = 0
        for index, (what, amount) in enumerate(steps):
            try:
                if what == "lend":
                    entries.append((SLUG, lend(ledger, f"L-{index}", amount)))
                    loans = index
                elif what == "repay":
                    entries.append((OTHER, repay(ledger, f"R-{index}", f"L-{loans}", amount)))
                elif entries:
                    slug, seq = entries.pop()
                    do(ledger, slug, "approver", "reversal", "add", entry=seq, reason="No", date="2023-11-26")
            except (Refused, NotFound):
                continue
        assert ties(ledger)
        held = sum(net(ledger, account) for account in (f"bank/{SLUG}/B", f"bank/{OTHER}/O"))
        assert held == 2_000_000


def difference(ledger: Ledger, slug: str) -> int:
    with ledger.store.read() as reading:
        return campaign_report(reading, slug, now=ledger.now).books.difference.minor


def test_change_at_another_campaigns_address_is_still_the_spenders(ledger: Ledger) -> None:
    with_address(ledger, 40)
    ledger.mine("g", tx("gift2", (2, BTC)))
    ledger.mine("p", tx("sweep", (40, BTC - 700), spends=(("gift2", 0),)))
    ledger.bury()
    assert net(ledger, f"wallet/{SLUG}", "BTC") == BTC - 700
    assert (difference(ledger, SLUG), difference(ledger, OTHER)) == (0, 0)


def test_an_output_that_is_change_of_two_campaigns_is_spent_by_both(ledger: Ledger) -> None:
    """docs/rules.md, 17: a wallet's balance is the sum over its campaigns, whatever lies in one output."""
    with_address(ledger, 40)
    ledger.mine("g", tx("gift2", (2, 70_000)), tx("gift3", (40, 50_000), position=2))
    ledger.mine("p", tx("merge", (3, 119_000), spends=(("gift2", 0), ("gift3", 0))))
    ledger.bury()
    assert net(ledger, f"wallet/{SLUG}", "BTC") + net(ledger, f"wallet/{OTHER}", "BTC") == 119_000
    assert (difference(ledger, SLUG), difference(ledger, OTHER)) == (0, 0)
    ledger.mine("q", tx("out", spends=(("merge", 0),)))
    ledger.bury()
    assert net(ledger, f"wallet/{SLUG}", "BTC") == net(ledger, f"wallet/{OTHER}", "BTC") == 0
    assert (difference(ledger, SLUG), difference(ledger, OTHER)) == (0, 0)
