"""Pledges: promises that gifts fulfil in part or whole, or that lapse; in no total ever."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from ledger.checks.run import run_checks
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.model.gifts import ContributionRow
from ledger.recording.rebuild import rebuild
from ledger.rules.books import Books
from ledger.rules.pledges import PledgeState, PledgeStatus, matched_of_gift, pledge_of, pledge_state
from ledger.views.queries import campaign_report
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tx

DAY = "2023-11-20"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """Two contributions of 600.00 USD and 500.00 USD, a gift of 0.5 BTC, and pledges in both."""
    made = Ledger.new(tmp_path)
    made.mine("a", tx("gift", (0, 50_000_000)))
    made.bury()
    give(made, "B-1", 60_000)
    give(made, "B-2", 50_000)
    made.do("recorder", "pledge", "add", number="P-1", asset="USD", amount=100_000, date=DAY)
    made.do("recorder", "pledge", "add", number="P-2", asset="BTC", amount=20_000_000, date=DAY)
    return made


def give(ledger: Ledger, number: str, amount: int) -> None:
    ledger.do(
        "recorder", "contribution", "add", number=number, bank="B", currency="USD", amount=amount, date=DAY
    )


def match(ledger: Ledger, number: str, pledge: str, gift: str, amount: int) -> int:
    told = {"number": number, "pledge": pledge, "gift": gift, "amount": amount, "date": DAY}
    return int(ledger.do("recorder", "pledge", "match", **told).seq or 0)


def state(ledger: Ledger, number: str = "P-1") -> PledgeState:
    with ledger.store.read() as reading:
        return pledge_state(Books(reading), pledge_of(reading.session, SLUG, number))


def test_a_pledge_is_paid_by_several_gifts_part_by_part(ledger: Ledger) -> None:
    assert (state(ledger).status, state(ledger).open) == (PledgeStatus.PLEDGE, 100_000)
    ledger.do("recorder", "pledge", "commit", number="P-1", date=DAY)
    match(ledger, "M-1", "P-1", "contribution:B-1", 60_000)
    assert (state(ledger).status, state(ledger).open) == (PledgeStatus.COMMITMENT, 40_000)
    match(ledger, "M-2", "P-1", "contribution:B-2", 40_000)
    read: list[ContributionRow] = []
    event.listen(ContributionRow, "load", lambda row, _context: read.append(row))
    assert (state(ledger).status, state(ledger).open) == (PledgeStatus.PAID, 0)
    assert read == []  # whatever else the campaign was given is not read for it


def test_what_a_bank_took_back_of_a_gift_pays_no_pledge(ledger: Ledger) -> None:
    """Nor can it be matched since; of a gift that pays two pledges, the one that was matched last is short first."""
    ledger.do("recorder", "pledge", "add", number="P-3", asset="USD", amount=5_000, date=DAY)
    match(ledger, "M-1", "P-1", "contribution:B-1", 50_000)
    match(ledger, "M-2", "P-3", "contribution:B-1", 5_000)
    assert state(ledger, "P-3").status is PledgeStatus.PAID
    back = {"number": "CB-1", "gift": "contribution:B-1", "amount": 25_000, "date": DAY}
    ledger.do("recorder", "charge-back", "add", **back)
    charged = ledger.do("approver", "charge-back", "approve", number="CB-1", date=DAY).seq
    assert (state(ledger).paid, state(ledger, "P-3").paid) == (35_000, 0)
    assert state(ledger, "P-3").status is PledgeStatus.PLEDGE
    with pytest.raises(Refused, match=r"0\.00 USD of the gift is unmatched"):
        match(ledger, "M-3", "P-1", "contribution:B-1", 1)
    ledger.do("approver", "reversal", "add", entry=charged, reason="Another gift", date=DAY)
    assert (state(ledger).paid, state(ledger, "P-3").paid) == (50_000, 5_000)


def test_one_gift_fulfils_several_pledges_and_never_more_than_it_is(ledger: Ledger) -> None:
    ledger.do("recorder", "pledge", "add", number="P-3", asset="USD", amount=100_000, date=DAY)
    match(ledger, "M-1", "P-1", "contribution:B-1", 35_000)
    with pytest.raises(Refused, match=r"250\.00 [A-Z]{3} of the gift is unmatched"):
        match(ledger, "M-2", "P-3", "contribution:B-1", 25_001)
    match(ledger, "M-2", "P-3", "contribution:B-1", 25_000)


def test_a_pledge_is_never_matched_for_more_than_it_promised(ledger: Ledger) -> None:
    with pytest.raises(Refused, match=r"0\.20000000 BTC of the pledge is unmatched"):
        match(ledger, "M-1", "P-2", f"{name('gift')}:0", 20_000_001)
    match(ledger, "M-1", "P-2", f"{name('gift')}:0", 20_000_000)
    with pytest.raises(Conflict, match="is paid"):
        match(ledger, "M-2", "P-2", f"{name('gift')}:0", 1)


def test_a_gift_that_does_not_count_in_the_pledge_s_asset_fulfils_none_of_it(ledger: Ledger) -> None:
    for gift in ("contribution:B-9", f"{name('gift')}:0"):
        with pytest.raises(Refused, match="no settled gift that counts in USD"):
            match(ledger, "M-1", "P-1", gift, 1)
    with pytest.raises(NotFound, match="no pledge P-9"):
        match(ledger, "M-1", "P-9", "contribution:B-1", 1)


def test_coins_fulfil_a_pledge_in_money_by_their_value(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    quotes = [{"source": "a", "price": 2_000_000}, {"source": "b", "price": 2_000_000}]
    for day in ("2023-11-14", "2023-11-15"):
        ledger.do("recorder", "rate", "add", date=day, currency="USD", quotes=quotes)
    ledger.mine("a", tx("gift", (0, 50_000_000)))
    ledger.bury()
    ledger.do("recorder", "pledge", "add", number="P-1", asset="USD", amount=1_500_000, date=DAY)
    with pytest.raises(Refused, match=r"10000\.00 [A-Z]{3} of the gift is unmatched"):
        match(ledger, "M-1", "P-1", f"{name('gift')}:0", 1_000_001)
    match(ledger, "M-1", "P-1", f"{name('gift')}:0", 1_000_000)
    assert state(ledger).open == 500_000


def test_what_is_open_of_a_pledge_lapses_and_what_was_paid_stays_paid(ledger: Ledger) -> None:
    match(ledger, "M-1", "P-1", "contribution:B-1", 60_000)
    ledger.do("recorder", "pledge", "lapse", number="P-1", date=DAY)
    assert state(ledger) == PledgeState("USD", 100_000, 60_000, 40_000, PledgeStatus.LAPSED)
    with pytest.raises(Conflict, match="is lapsed"):
        match(ledger, "M-2", "P-1", "contribution:B-2", 1)


def test_a_match_and_a_lapse_are_taken_back_by_reversals(ledger: Ledger) -> None:
    first = match(ledger, "M-1", "P-1", "contribution:B-1", 60_000)
    lapse = ledger.do("recorder", "pledge", "lapse", number="P-1", date=DAY)
    for seq in (lapse.seq, first):
        ledger.do("approver", "reversal", "add", entry=seq, reason="wrong donor", date=DAY)
    assert (state(ledger).status, state(ledger).open) == (PledgeStatus.PLEDGE, 100_000)
    match(ledger, "M-2", "P-1", "contribution:B-1", 60_000)


@pytest.mark.parametrize(
    ("verb", "status"), [("commit", PledgeStatus.COMMITMENT), ("lapse", PledgeStatus.LAPSED)]
)
def test_a_step_that_was_reversed_is_told_again_on_the_same_day(
    ledger: Ledger, verb: str, status: PledgeStatus
) -> None:
    """As often as it is reversed; told twice while it stands, it is the same entry."""
    for _ in range(3):
        first = ledger.do("recorder", "pledge", verb, number="P-1", date=DAY)
        assert state(ledger).status is status
        again = ledger.do("recorder", "pledge", verb, number="P-1", date=DAY)
        assert (again.seq, again.already) == (first.seq, True)
        ledger.do("approver", "reversal", "add", entry=first.seq, reason="told by mistake", date=DAY)
        assert state(ledger).status is PledgeStatus.PLEDGE


def test_a_pledge_becomes_binding_once(ledger: Ledger) -> None:
    ledger.do("recorder", "pledge", "commit", number="P-1", date=DAY)
    with pytest.raises(Conflict, match="recorded already"):
        ledger.do("recorder", "pledge", "commit", number="P-1", date="2023-11-19")


def test_a_gift_that_a_reorganisation_takes_away_pays_nothing_until_it_is_restored(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, 50_000_000)))
    ledger.bury()
    ledger.do("recorder", "pledge", "add", number="P-2", asset="BTC", amount=50_000_000, date=DAY)
    match(ledger, "M-1", "P-2", f"{name('gift')}:0", 50_000_000)
    assert state(ledger, "P-2").status is PledgeStatus.PAID
    ledger.reorg(6, *((f"other {n}", ()) for n in range(7)))
    assert (state(ledger, "P-2").status, state(ledger, "P-2").paid) == (PledgeStatus.PLEDGE, 0)
    ledger.mine("again", tx("gift", (0, 50_000_000)))
    ledger.bury()
    assert state(ledger, "P-2").status is PledgeStatus.PAID


def test_the_match_of_a_voided_gift_still_binds_until_it_is_reversed(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("other", (1, 50_000_000)))
    ledger.mine("b", tx("gift", (0, 50_000_000)))
    ledger.bury()
    ledger.do("recorder", "pledge", "add", number="P-2", asset="BTC", amount=50_000_000, date=DAY)
    first = match(ledger, "M-1", "P-2", f"{name('gift')}:0", 50_000_000)
    ledger.reorg(6, *((f"other {n}", ()) for n in range(7)))
    with pytest.raises(Refused, match=r"0\.00000000 BTC of the pledge is unmatched"):
        match(ledger, "M-2", "P-2", f"{name('other')}:0", 50_000_000)
    ledger.do("approver", "reversal", "add", entry=first, reason="its block left", date=DAY)
    match(ledger, "M-2", "P-2", f"{name('other')}:0", 50_000_000)
    ledger.mine("again", tx("gift", (0, 50_000_000)))
    ledger.bury()
    assert state(ledger, "P-2").paid == 50_000_000


def test_no_total_ever_counts_a_pledge(ledger: Ledger) -> None:
    def totals() -> object:
        with ledger.store.read() as reading:
            report = campaign_report(reading, SLUG, now=ledger.now)
            return report.received, report.value, report.sums, report.books.in_books.minor

    before = totals()
    ledger.do("recorder", "pledge", "add", number="P-4", asset="USD", amount=9_000_000, date=DAY)
    ledger.do("recorder", "pledge", "commit", number="P-4", date=DAY)
    match(ledger, "M-1", "P-4", "contribution:B-1", 60_000)
    ledger.do("recorder", "pledge", "lapse", number="P-4", date=DAY)
    assert totals() == before
    with ledger.store.read() as reading:
        rows = {row.number: row for row in campaign_report(reading, SLUG, now=ledger.now).pledges}
    assert (rows["P-4"].paid.minor, rows["P-4"].lapsed.minor, rows["P-4"].open.minor) == (
        60_000,
        8_940_000,
        0,
    )
    assert rows["P-4"].status == "lapsed"


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["P-1", "P-3"]), st.sampled_from(["B-1", "B-2"]), st.integers(1, 90_000)),
        max_size=8,
    )
)
def test_whatever_is_matched_neither_side_is_ever_exceeded(steps: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder))
        gifts = {"B-1": 60_000, "B-2": 50_000}
        for number, amount in gifts.items():
            give(ledger, number, amount)
        promised = {"P-1": 100_000, "P-3": 30_000}
        for number, amount in promised.items():
            ledger.do("recorder", "pledge", "add", number=number, asset="USD", amount=amount, date=DAY)
        left = promised | gifts
        for n, (pledge, gift, amount) in enumerate(steps):
            fits = amount <= min(left[pledge], left[gift])
            if fits:
                match(ledger, f"M-{n}", pledge, f"contribution:{gift}", amount)
                left[pledge] -= amount
                left[gift] -= amount
            else:
                with pytest.raises((Refused, Conflict)):
                    match(ledger, f"M-{n}", pledge, f"contribution:{gift}", amount)
        with ledger.store.read() as reading:
            books = Books(reading)
            for number, amount in promised.items():
                assert (
                    pledge_state(books, pledge_of(reading.session, SLUG, number)).paid
                    == amount - left[number]
                )
            for number, amount in gifts.items():
                found = matched_of_gift(reading.session, SLUG, f"contribution:{number}", "USD")
                assert found == amount - left[number]
            assert run_checks(reading) == []
            assert rebuild(reading) == []
