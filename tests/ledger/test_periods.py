"""Closing a period freezes its balances; late facts go to the open one, and nothing slips back (docs/rules.md, 13)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.checks.run import run_checks
from ledger.core.entry import Entry, entry_from_bytes
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.facts import facts_from, facts_json
from ledger.core.times import unix_seconds
from ledger.recording.desk import act
from ledger.rules.trial_balance import (
    FrozenBalance,
    TrialBalance,
    frozen_balances,
    trial_balances,
)
from ledger.views.queries import donation_trails
from ledger.views.trail import StepKind
from tests.tools.ledgers import SLUG, START, Ledger, made_once, name, tx

MONTH = 2_592_000


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """1000.00 USD in November and 500.00 in December; today is 14 January."""
    made = Ledger.new(tmp_path)
    made.now = unix_seconds("2024-01-14T00:00:00Z")
    give(made, "B-1", 100_000, "2023-11-20")
    give(made, "B-2", 50_000, "2023-12-05")
    return made


def give(ledger: Ledger, number: str, amount: int, date: str, **more: Any) -> int:
    told = {"number": number, "bank": "B", "currency": "USD", "amount": amount, "date": date} | more
    return int(ledger.do("recorder", "contribution", "add", **told).seq or 0)


def close(ledger: Ledger, number: str, date: str = "2024-01-10", **days: str) -> int:
    """Close a period by two persons; the entry that froze it."""
    ledger.do("recorder", "period", "close", number=number, date=date, **days)
    return int(ledger.do("approver", "period", "approve", number=number, date=date).seq or 0)


def closed(ledger: Ledger) -> tuple[TrialBalance, ...]:
    with ledger.store.read() as reading:
        return trial_balances(reading.session, SLUG)


def last_entry(ledger: Ledger) -> Entry:
    with ledger.store.read() as reading:
        return [entry_from_bytes(row.data) for row in reading.journal.rows()][-1]


def test_a_closed_period_keeps_the_balances_of_its_last_day(ledger: Ledger) -> None:
    close(ledger, "2023-11")
    close(ledger, "2023-12")
    november, december = closed(ledger)
    rows = {(row.account, row.asset): (row.opening, row.closing) for row in november.rows}
    assert rows == {(f"bank/{SLUG}/B", "USD"): (0, 100_000), (f"gifts/{SLUG}", "USD"): (0, -100_000)}
    rows = {(row.account, row.asset): (row.opening, row.closing) for row in december.rows}
    assert rows[f"bank/{SLUG}/B", "USD"] == (100_000, 150_000)
    assert (december.first, december.last) == ("2023-12-01", "2023-12-31")
    assert december.totals() == {"USD": (150_000, 150_000)}


def test_what_is_dated_in_a_closed_period_is_refused_with_the_first_open_day(ledger: Ledger) -> None:
    close(ledger, "2023-11")
    with pytest.raises(Refused, match=r"2023-11-30 lies in a closed period .* first open day is 2023-12-01"):
        give(ledger, "B-3", 1, "2023-11-30")
    give(ledger, "B-3", 1, "2023-12-01")


def test_a_late_fact_goes_to_the_open_period_with_the_day_it_happened_beside_it(ledger: Ledger) -> None:
    close(ledger, "2023-11")
    give(ledger, "B-3", 700, "2023-12-01", happened="2023-11-28")
    entry = last_entry(ledger)
    assert (entry.date, entry.happened) == ("2023-12-01", "2023-11-28")
    assert give(ledger, "B-3", 700, "2023-12-01", happened="2023-11-28") == entry.seq
    with pytest.raises(Conflict, match="recorded already with other facts"):
        give(ledger, "B-3", 700, "2023-12-01", happened="2023-11-27")
    with pytest.raises(Refused, match="is after the accounting date"):
        give(ledger, "B-4", 700, "2023-12-01", happened="2023-12-02")
    with pytest.raises(Refused, match="happened: write a date"):
        give(ledger, "B-4", 700, "2023-12-01", happened="November")


def test_a_paper_of_a_closed_period_is_booked_on_the_first_open_day_and_keeps_its_own(ledger: Ledger) -> None:
    close(ledger, "2023-11")
    ledger.do(
        "recorder", "evidence", "add", sha256="ab" * 32, about="campaign", number=SLUG, paper="letter",
        title="Letter", shows="the call", access="public", date="2023-11-20",
    )  # fmt: skip
    entry = last_entry(ledger)
    assert (entry.date, entry.facts["date"]) == ("2023-12-01", "2023-11-20")


def test_who_recorded_a_closing_cannot_approve_it_and_a_rejected_one_closes_nothing(ledger: Ledger) -> None:
    told = {"number": "2023-11", "date": "2024-01-10"}
    ledger.do("approver", "period", "close", **told)
    with pytest.raises(NotAllowed, match="another person"):
        ledger.do("approver", "period", "approve", **told)
    with pytest.raises(Conflict, match="closing of 2023-11 waits"):
        ledger.do("recorder", "period", "close", number="2023-12", date="2024-01-10")
    ledger.do("recorder", "period", "reject", **told)
    give(ledger, "B-3", 1, "2023-11-30")
    close(ledger, "2023-11.2", first="2023-11-01", last="2023-11-30")
    assert [period.number for period in closed(ledger)] == ["2023-11.2"]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"number": "2024-01"}, "2024-01-31 is not over"),
        ({"number": "winter"}, "is no month, such as 2020-05"),
        ({"number": "2023-11", "first": "2023-11-01"}, "is no month"),
        ({"number": "w", "first": "2023-11-30", "last": "2023-11-01"}, "before the first day"),
        ({"number": "2023-12", "date": "2023-12-31"}, "lies in the period that it closes"),
    ],
)
def test_a_period_that_cannot_be_closed_is_refused_with_the_remedy(
    ledger: Ledger, told: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        ledger.do("recorder", "period", "close", **({"date": "2024-01-10"} | told))


def test_periods_follow_each_other_without_a_gap(ledger: Ledger) -> None:
    close(ledger, "2023-11")
    with pytest.raises(Refused, match="begin on 2023-12-01"):
        ledger.do(
            "recorder",
            "period",
            "close",
            number="y",
            first="2023-12-02",
            last="2023-12-31",
            date="2024-01-10",
        )
    with pytest.raises(Refused, match="begin on 2023-12-01"):
        ledger.do(
            "recorder",
            "period",
            "close",
            number="y",
            first="2023-11-20",
            last="2023-12-31",
            date="2024-01-10",
        )
    close(ledger, "first-week", first="2023-12-01", last="2023-12-07")
    close(ledger, "rest", first="2023-12-08", last="2023-12-31")


def test_only_the_last_period_is_opened_again_and_only_by_a_reversal(ledger: Ledger) -> None:
    november, december = close(ledger, "2023-11"), close(ledger, "2023-12")
    told = {"reason": "a receipt was left out", "date": "2024-01-11"}
    with pytest.raises(Conflict, match="2023-12 was closed after it"):
        ledger.do("approver", "reversal", "add", entry=november, **told)
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "reversal", "add", entry=december, **told)
    ledger.do("approver", "reversal", "add", entry=december, **told)
    give(ledger, "B-3", 25, "2023-12-24")
    with pytest.raises(Refused, match="first open day is 2023-12-01"):
        give(ledger, "B-4", 25, "2023-11-24")
    close(ledger, "2023-12.2", first="2023-12-01", last="2023-12-31")
    assert [(p.number, p.reopened is None) for p in closed(ledger)] == [
        ("2023-11", True), ("2023-12", False), ("2023-12.2", True),
    ]  # fmt: skip
    assert closed(ledger)[2].totals() == {"USD": (150_025, 150_025)}


def test_a_reversal_is_dated_in_the_open_period_and_leaves_the_closed_one_as_it_was(ledger: Ledger) -> None:
    first = give(ledger, "B-3", 5, "2023-11-21")
    close(ledger, "2023-11")
    before = closed(ledger)
    with pytest.raises(Refused, match="first open day is 2023-12-01"):
        ledger.do("approver", "reversal", "add", entry=first, reason="twice", date="2023-11-21")
    ledger.do("approver", "reversal", "add", entry=first, reason="twice", date="2023-12-01")
    assert closed(ledger) == before


def test_what_is_approved_late_moves_in_the_open_period(ledger: Ledger) -> None:
    ledger.do(
        "recorder", "move", "add", number="M-1", asset="USD", amount=100, fee=1, from_bank="B", to_bank="C",
        date="2023-11-25",
    )  # fmt: skip
    close(ledger, "2023-11")
    with pytest.raises(Refused, match="first open day"):
        ledger.do("approver", "move", "approve", number="M-1", date="2023-11-26")
    ledger.do("approver", "move", "approve", number="M-1", date="2023-12-02")


def test_a_loan_is_dated_in_an_open_period_of_both_campaigns_and_is_in_both_balances(ledger: Ledger) -> None:
    def do(campaign: str, role: str, noun: str, verb: str, /, **facts: Any) -> None:
        ledger.now += 60
        with ledger.store.write() as writing:
            act(writing, ledger.actors[role], campaign, noun, verb, facts, now=ledger.now)
        ledger.audit()

    told = {"title": "Other", "purpose": "More", "start": "2023-11-01", "end": "2023-12-31"}
    do("other", "admin", "campaign", "add", slug="other", **told)
    closing = {"number": "2023-11", "date": "2024-01-10"}
    do("other", "recorder", "period", "close", **closing)
    do("other", "approver", "period", "approve", **closing)
    do(
        SLUG, "recorder", "loan", "add", number="L-1", to="other", asset="USD", amount=700, bank="B", to_bank="O",
        date="2023-11-25",
    )  # fmt: skip
    with pytest.raises(Refused, match="first open day is 2023-12-01"):
        do(SLUG, "approver", "loan", "approve", number="L-1", date="2023-11-30")
    do(SLUG, "approver", "loan", "approve", number="L-1", date="2023-12-01")
    do("other", "recorder", "period", "close", number="2023-12", date="2024-01-10")
    do("other", "approver", "period", "approve", number="2023-12", date="2024-01-10")
    with ledger.store.read() as reading:
        december = trial_balances(reading.session, "other")[1]
    assert {row.account: row.closing for row in december.rows} == {
        "bank/other/O": 700, f"owed/other/{SLUG}/L-1": -700,
    }  # fmt: skip


def test_a_gift_belongs_to_the_period_of_the_block_that_buried_it_deep_enough(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    spacing, first = 600, START + 1200
    midnight = first - first % 86_400 + 86_400
    while START + spacing * len(ledger.chain) + spacing * 3 < midnight:
        ledger.chain.append(f"skipped {len(ledger.chain)}")
    ledger.mine("a", tx("gift", (0, 1_000_000)))
    ledger.bury()
    entry = last_entry(ledger)
    assert (entry.kind, entry.facts["date"], entry.date) == ("donation", "2023-11-14", "2023-11-15")


def test_the_chain_is_never_refused_by_a_closed_period(tmp_path: Path) -> None:
    """Gifts, spends, voids and drafts whose days are closed are booked on the first open day."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, 1_000_000)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=999_000, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date="2023-11-14", happened="2023-11-13",
    )  # fmt: skip
    ledger.now += MONTH
    close(ledger, "2023-11", date="2023-12-02")
    before = closed(ledger)
    ledger.mine("s", tx("sale", spends=(("gift", 0),)), tx("late", (1, 5000), position=2))
    ledger.bury()
    ledger.reorg(6, *((f"other {n}", ()) for n in range(7)))
    with ledger.store.read() as reading:
        told = [entry_from_bytes(row.data) for row in reading.journal.rows()]
    booked = [(entry.kind, entry.date) for entry in told if entry.seq > before[0].seq]
    assert booked[:3] == [("spend", "2023-12-01"), ("conversion", "2023-12-01"), ("donation", "2023-12-01")]
    assert {kind for kind, _ in booked[3:]} == {"void.spend", "void"}
    assert all(date > "2023-11-30" for _, date in booked)
    conversion = next(entry for entry in told if entry.kind == "conversion")
    assert (conversion.facts["date"], conversion.happened) == ("2023-11-14", "2023-11-13")
    assert closed(ledger) == before


def test_a_donor_s_trail_tells_the_day_that_a_late_fact_happened(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, 1_000_000)))
    ledger.bury()
    ledger.now += MONTH
    close(ledger, "2023-11", date="2023-12-02")
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=999_000, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date="2023-12-03", happened="2023-11-14",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-12-03")
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    converted = next(step for step in trail.steps if step.kind is StepKind.CONVERTED)
    assert (converted.at, converted.booked) == ("2023-11-14", "2023-12-03")


def test_the_check_names_an_entry_that_slipped_into_a_closed_period(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(ledger, "2023-11")
    monkeypatch.setattr(
        "ledger.recording.record.accounting_date", lambda _context, _kind, facts, *_, **__: facts.date
    )
    monkeypatch.setattr(Ledger, "audit", lambda _self, **_more: None)
    slipped = give(ledger, "B-3", 9, "2023-11-29")
    with ledger.store.read() as reading:
        found = [finding.sentence for finding in run_checks(reading)]
    assert found[0] == f"entry {slipped} is dated 2023-11-29, in a period that was closed before"
    assert (
        f"bank/{SLUG}/B was frozen at 1000.00 USD (from 0.00 USD) and the entries give 1000.09 USD (from 0.00 USD)"
        in found
    )


def test_the_check_names_a_frozen_balance_that_the_entries_do_not_give(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = FrozenBalance(account="gifts/x", asset="USD", opening=0, closing=1)
    monkeypatch.setattr("ledger.rules.periods.frozen_balances", lambda opening, closing: (wrong,))
    monkeypatch.setattr(Ledger, "audit", lambda _self, **_more: None)
    close(ledger, "2023-11")
    with ledger.store.read() as reading:
        found = {finding.check for finding in run_checks(reading)}
    assert found == {"closed_periods_stand"}


def test_sums_above_what_json_holds_exactly_are_published_as_strings() -> None:
    key, most = ("stock/x", "KIT"), 2**53 - 1
    (frozen,) = frozen_balances({key: most}, {key: most + 1})
    told = facts_json(frozen)
    assert told == {"account": "stock/x", "asset": "KIT", "opening": most, "closing": str(most + 1)}
    assert facts_from(FrozenBalance, told) == frozen


DAYS = [f"2023-{month}-{day:02d}" for month in ("10", "11", "12") for day in (1, 15, 28)] + ["2024-01-05"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("give"), st.sampled_from(DAYS), st.integers(1, 999)),
        st.tuples(st.sampled_from(["close", "open"]), st.just(""), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_whatever_is_told_in_any_order_closed_balances_are_what_was_dated_up_to_then(
    steps: list[tuple[str, str, int]],
) -> None:
    """Ledger.do audits the whole state after each step; here the sums are made again by hand as well."""
    months = ["2023-10", "2023-11", "2023-12"]
    lasts = ["2023-10-31", "2023-11-30", "2023-12-31"]
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder))
        ledger.now = unix_seconds("2024-01-14T00:00:00Z")
        given_on: list[tuple[str, int]] = []
        open_again: list[int] = []
        for n, (what, day, amount) in enumerate(steps):
            done = len(open_again)
            if what == "give" and done and day <= lasts[done - 1]:
                with pytest.raises(Refused, match="closed period"):
                    give(ledger, f"B-{n}", amount, day)
            elif what == "give":
                give(ledger, f"B-{n}", amount, day)
                given_on.append((day, amount))
            elif what == "close" and done < 3:
                days = {"first": f"{months[done]}-01", "last": lasts[done]}
                open_again.append(close(ledger, f"{months[done]}.{n}", **days))
            elif what == "open" and done:
                told = {"entry": open_again.pop(), "reason": "again", "date": "2024-01-12"}
                ledger.do("approver", "reversal", "add", **told)
        standing = [period for period in closed(ledger) if period.reopened is None]
        assert [period.last for period in standing] == lasts[: len(open_again)]
        for period in standing:
            dated = sum(amount for day, amount in given_on if day <= period.last)
            assert period.totals() == ({"USD": (dated, dated)} if dated else {})
