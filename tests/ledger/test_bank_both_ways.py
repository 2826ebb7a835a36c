"""A bank is reconciled both ways: every line has its entry, and every entry that a statement should show has its line.

Page, JSON, command line and metrics say the same of it (docs/rules.md, 19).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.pages.sentences import what_to_do
from ledger.checks.bank import bank_movements_tie, bank_outstanding_ties
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.times import rfc3339, unix_seconds
from ledger.model.bank import BankMovementRow
from ledger.rules.books import Books
from ledger.views.bank_accounts import bank_accounts
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import BankState, bank_states, open_lines
from ledger.views.campaign import Books as BooksState
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.open_items import UNRECONCILED, OpenItem, OpenItemKind
from ledger.views.reconcile import books_state
from service.metrics import metrics_text
from service.sentences.banks import account_said
from tests.tools.ledgers import SLUG, Ledger, QuietLedger

BANK = "Second Bank"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = QuietLedger.new(tmp_path, end="2024-12-31")
    made.mine("a")
    made.bury()
    yield made
    Ledger.audit(made)
    made.store.close()


def gave(ledger: Ledger, number: str, amount: int, date: str, **more: Any) -> int:
    facts = {"number": number, "bank": BANK, "currency": "USD", "amount": amount, "date": date}
    return ledger.do("recorder", "contribution", "add", **facts | more).seq or 0


def line(ledger: Ledger, amount: int, booked: str, bank: str = BANK) -> str:
    """A line of the bank, below zero where it went out; its identity."""
    on(ledger, booked)
    identity = hashlib.sha256(f"{bank} {amount} {booked} {ledger.now}".encode()).hexdigest()
    ledger.do(
        "recorder", "bank", "line", bank=bank, currency="USD", identity=identity, booked=booked,
        direction="in" if amount > 0 else "out", amount=abs(amount),
    )  # fmt: skip
    return identity


def statement(ledger: Ledger, opening: int, *lines: int, first: str, last: str, bank: str = BANK) -> None:
    on(ledger, last)
    came, went = (sum(abs(a) for a in lines if (a > 0) is way) for way in (True, False))
    ledger.do(
        "recorder", "bank", "statement", bank=bank, currency="USD", opening=opening, came=came, went=went,
        closing=opening + came - went, lines=len(lines), first=first, last=last,
        sha256=hashlib.sha256(f"{first} {last} {ledger.now}".encode()).hexdigest(),
    )  # fmt: skip


def aside(ledger: Ledger, number: str, *lines: str, **more: Any) -> None:
    """Lines are set aside by two people."""
    facts = {"number": number, "reason": "of another fund", "date": "2024-09-01"} | more
    if lines:
        facts["lines"] = list(lines)
    ledger.do("recorder", "bank", "aside", **facts)
    ledger.do("approver", "aside", "approve", number=number, date="2024-09-01")


def on(ledger: Ledger, day: str) -> None:
    ledger.now = max(ledger.now, unix_seconds(f"{day}T12:00:00Z"))


def waiting(ledger: Ledger) -> list[tuple[OpenItemKind, str, int | None]]:
    """What is open and keeps the campaign from being reconciled: kind, which, minor units."""
    return [
        (row.kind, str(row.subject), None if row.amount is None else row.amount.minor)
        for row in items(ledger)
        if row.kind in UNRECONCILED
    ]


def items(ledger: Ledger) -> tuple[OpenItem, ...]:
    with ledger.store.read() as reading:
        return decisions(reading, SLUG, now=ledger.now)


def state(ledger: Ledger) -> BooksState:
    with ledger.store.read() as reading:
        return books_state(reading, SLUG, now=ledger.now)


def bank(ledger: Ledger) -> BankState:
    with ledger.store.read() as reading:
        (found,) = bank_states(Books(reading), BankReadings(reading.session, SLUG, rfc3339(ledger.now)[:10]))
    return found


def test_a_gift_that_was_told_twice_is_open_although_every_line_is_matched_or_set_aside(
    ledger: Ledger,
) -> None:
    first = gave(ledger, "G-1", 500_000, "2024-07-01")
    gave(ledger, "G-2", 500_000, "2024-07-01")
    came, fee = line(ledger, 500_000, "2024-07-01"), line(ledger, -1_000, "2024-08-31")
    back = line(ledger, 1_000, "2024-08-31")
    statement(ledger, 0, 500_000, -1_000, 1_000, first="2024-07-01", last="2024-08-31")
    ledger.do("recorder", "bank", "match", line=came, entry=first)
    aside(ledger, "A-1", fee, back)
    assert waiting(ledger) == [(OpenItemKind.BANK_ENTRY, f"{BANK} contribution G-2", 500_000)]
    (item,) = (row for row in items(ledger) if row.kind is OpenItemKind.BANK_ENTRY)
    assert item.since == "2024-07-01"
    assert "61 days old" in what_to_do(item.to_do)
    assert not state(ledger).reconciled
    with ledger.store.write() as writing:
        # Past all guards: as if a line showed more of an entry than it does.
        run = writing.session.connection().exec_driver_sql
        run("UPDATE bank_movements SET matched = matched + 1 WHERE matched > 0")
        assert list(bank_outstanding_ties(writing))
        run("UPDATE bank_movements SET matched = matched - 1 WHERE matched > 0")
    assert not bank(ledger).reconciled
    assert bank(ledger).unlisted_entries == 1


def test_page_command_and_metrics_have_one_definition_of_reconciled(ledger: Ledger) -> None:
    gave(ledger, "G-1", 100, "2024-07-01")
    statement(ledger, 0, first="2024-07-01", last="2024-07-08")
    for wanted in (True, False):
        with ledger.store.read() as reading:
            assert books_state(reading, SLUG, now=ledger.now).reconciled is wanted
        assert state(ledger).reconciled is wanted
        told = metrics_text(ledger.store, (), lambda: ledger.now)
        assert f'aidtrail_reconciled{{campaign="{SLUG}"}} {int(wanted)}' in told
        if wanted:  # the entry is seven days old on the eighth, and eight on the ninth
            statement(ledger, 0, first="2024-07-09", last="2024-07-09")


def test_how_soon_a_bank_shows_an_entry_is_said_of_the_campaign_or_of_one_bank(ledger: Ledger) -> None:
    gave(ledger, "G-1", 100, "2024-07-01")
    statement(ledger, 0, first="2024-07-01", last="2024-07-11")
    assert len(waiting(ledger)) == 1
    ledger.do("admin", "bank", "terms", number="T-1", days=10, date="2024-07-11")
    assert waiting(ledger) == []
    ledger.do("admin", "bank", "terms", number="T-2", bank=BANK, days=3, date="2024-07-11")
    assert len(waiting(ledger)) == 1
    with pytest.raises(NotAllowed):
        ledger.do("approver", "bank", "terms", number="T-3", days=366, date="2024-07-11")
    lent = {"bank": "Advance", "account": "advance", "holder": "Port Logistics", "until": "2024-09-01"}
    ledger.do("admin", "bank", "terms", number="T-4", date="2024-07-11", **lent)
    with ledger.store.read() as reading:
        rows = bank_accounts(reading.session, SLUG)
    assert [(row.bank, row.own_terms, row.days, row.statement_days) for row in rows] == [
        ("Advance", True, 10, 45), (BANK, True, 3, 45), (None, False, 10, 45),
    ]  # fmt: skip
    assert [account_said(row) for row in rows] == [
        "Advance: an advance to Port Logistics, accounted for by 2024-09-01",
        f"{BANK}: the campaign's own; an entry is on a statement within 3 days, and there is one every 45 days",
        "any other: an entry is on a statement within 10 days, and there is one every 45 days",
    ]


def test_a_first_balance_that_the_books_do_not_show_is_open_until_they_do(ledger: Ledger) -> None:
    statement(ledger, 1_000_000, first="2024-07-01", last="2024-07-31")
    assert waiting(ledger) == [(OpenItemKind.BANK_OPENING, BANK, 1_000_000)]
    assert not bank(ledger).reconciled
    gave(ledger, "G-0", 400_000, "2024-06-20")
    assert waiting(ledger) == [(OpenItemKind.BANK_OPENING, BANK, 600_000)]
    gave(ledger, "G-1", 600_000, "2024-06-30")
    assert waiting(ledger) == []
    assert bank(ledger).reconciled


def test_what_came_before_the_first_statement_and_is_not_in_its_balance_is_open(ledger: Ledger) -> None:
    """Whether too much or too little was told: the first balance is what the books say of that day, or is open."""
    gave(ledger, "G-0", 300, "2024-06-20")
    statement(ledger, 0, first="2024-07-01", last="2024-07-31")
    assert waiting(ledger) == [(OpenItemKind.BANK_OPENING, BANK, -300)]


def test_an_entry_of_the_day_before_a_statement_that_its_lines_show_is_in_order(ledger: Ledger) -> None:
    entry = gave(ledger, "G-0", 300, "2024-06-30")
    shown = line(ledger, 300, "2024-07-02")
    statement(ledger, 0, 300, first="2024-07-01", last="2024-07-31")
    ledger.do("recorder", "bank", "match", line=shown, entry=entry)
    assert waiting(ledger) == []


def test_a_bank_without_a_statement_for_too_long_is_open(ledger: Ledger) -> None:
    gave(ledger, "G-1", 100, "2024-07-01")
    on(ledger, "2024-08-15")
    assert waiting(ledger) == []
    on(ledger, "2024-08-16")
    assert waiting(ledger) == [(OpenItemKind.BANK_SILENT, f"{BANK} USD", None)]
    assert not state(ledger).reconciled
    ledger.do("admin", "bank", "terms", number="T-1", bank=BANK, statement_days=90, date="2024-08-16")
    assert waiting(ledger) == []


def test_a_bank_that_a_statement_closed_with_nothing_has_nothing_more_to_tell(ledger: Ledger) -> None:
    first = gave(ledger, "G-1", 100, "2024-07-01")
    ledger.do("approver", "reversal", "add", entry=first, reason="bounced", date="2024-07-02")
    statement(ledger, 0, first="2024-07-01", last="2024-07-31")
    on(ledger, "2024-12-01")
    assert waiting(ledger) == []


def test_a_match_of_unequal_amounts_says_so_and_leaves_the_rest_open_at_once(ledger: Ledger) -> None:
    entry = gave(ledger, "G-1", 50_000, "2024-07-01")
    shown = line(ledger, 5_000, "2024-07-01")
    statement(ledger, 0, 5_000, first="2024-07-01", last="2024-07-02")
    done = ledger.do("recorder", "bank", "match", line=shown, entry=entry)
    assert b'"entry_open":45000' in (done.data or b"")
    assert b"line_open" not in (done.data or b"")
    assert waiting(ledger) == [(OpenItemKind.BANK_ENTRY, f"{BANK} contribution G-1", 45_000)]


def test_a_line_that_is_more_than_its_entry_says_so_and_waits_on(ledger: Ledger) -> None:
    entry = gave(ledger, "G-1", 5_000, "2024-07-01")
    shown = line(ledger, 50_000, "2024-07-01")
    done = ledger.do("recorder", "bank", "match", line=shown, entry=entry)
    assert b'"line_open":45000' in (done.data or b"")
    with ledger.store.read() as reading:
        assert [row.left for row in open_lines(reading, SLUG)] == [45_000]


def test_a_line_is_set_aside_by_two_people_and_stays_public_with_amount_reason_and_role(
    ledger: Ledger,
) -> None:
    paid = line(ledger, -450_000, "2024-07-01")
    asked = {"number": "A-1", "lines": [paid], "reason": "of another fund", "date": "2024-07-01"}
    ledger.do("approver", "bank", "aside", **asked)
    assert waiting(ledger) == [(OpenItemKind.BANK_LINE, f"{BANK} {paid}", -450_000)]
    with pytest.raises(NotAllowed, match="another person"):
        ledger.do("approver", "aside", "approve", number="A-1", date="2024-07-01")
    with pytest.raises(Conflict, match="A-1 asks to set it aside"):
        ledger.do("recorder", "bank", "aside", **asked | {"number": "A-2"})
    decided = ledger.do("admin", "aside", "approve", number="A-1", date="2024-07-01")
    statement(ledger, 450_000, -450_000, first="2024-07-01", last="2024-07-31")
    (row,) = bank(ledger).set_aside
    assert (row.when, row.lines, row.went.minor, row.came.minor) == ("2024-07-01", 1, 450_000, 0)
    assert (row.reason, row.decided_by) == ("of another fund", "admin")
    ledger.do("approver", "reversal", "add", entry=decided.seq, reason="ours", date="2024-07-02")
    assert bank(ledger).set_aside == ()
    assert bank(ledger).unmatched_lines == 1


def test_a_line_that_is_matched_while_it_waits_to_be_set_aside_is_not_set_aside(ledger: Ledger) -> None:
    entry, shown = gave(ledger, "G-1", 100, "2024-07-01"), line(ledger, 100, "2024-07-01")
    ledger.do("recorder", "bank", "aside", number="A-1", lines=[shown], reason="rent", date="2024-07-01")
    ledger.do("recorder", "bank", "match", line=shown, entry=entry)
    with pytest.raises(Conflict, match="it is matched"):
        ledger.do("approver", "aside", "approve", number="A-1", date="2024-07-01")
    ledger.do("approver", "aside", "reject", number="A-1", date="2024-07-01")
    with pytest.raises(Conflict, match="it is matched"):
        ledger.do("recorder", "bank", "aside", number="A-2", lines=[shown], reason="rent", date="2024-07-01")


def test_foreign_lines_of_a_shared_account_are_set_aside_in_bulk_and_shown_a_row_a_month_and_reason(
    ledger: Ledger,
) -> None:
    entry, ours = gave(ledger, "G-1", 700, "2024-07-05"), line(ledger, 700, "2024-07-05")
    for amount in (300, -200, 50):
        line(ledger, amount, "2024-07-06")
    line(ledger, 40, "2024-08-02")
    statement(ledger, 1_000, 700, 300, -200, 50, 40, first="2024-07-01", last="2024-08-31")
    ledger.do("recorder", "bank", "match", line=ours, entry=entry)
    month = {"bank": BANK, "currency": "USD", "month": "2024-07"}
    with pytest.raises(Refused, match="the fund's own account"):
        aside(ledger, "A-1", **month)
    ledger.do("admin", "bank", "terms", number="T-1", bank=BANK, account="shared", date="2024-08-31")
    aside(ledger, "A-1", **month, opening=1_000)
    aside(ledger, "A-2", **month | {"month": "2024-08"})
    assert waiting(ledger) == []
    shown = bank(ledger)
    assert shown.shared
    assert [(r.when, r.lines, r.came.minor, r.went.minor) for r in shown.set_aside] == [
        ("", 0, 1_000, 0), ("2024-07", 3, 350, 200), ("2024-08", 1, 40, 0),
    ]  # fmt: skip
    with ledger.store.read() as reading:
        assert conservation(reading, SLUG).holds
    with pytest.raises(Refused, match="no line at that bank"):
        aside(ledger, "A-3", **month)


def test_others_who_spend_more_than_is_theirs_in_a_shared_account_spend_the_funds(ledger: Ledger) -> None:
    entry, ours = gave(ledger, "G-1", 700, "2024-07-05"), line(ledger, 700, "2024-07-05")
    ledger.do("recorder", "bank", "match", line=ours, entry=entry)
    ledger.do("admin", "bank", "terms", number="T-1", bank=BANK, account="shared", date="2024-07-01")
    out, back = line(ledger, -300, "2024-07-06"), line(ledger, 300, "2024-07-09")
    aside(ledger, "A-1", out, back)
    statement(ledger, 0, 700, -300, 300, first="2024-07-01", last="2024-07-31")
    assert waiting(ledger) == [(OpenItemKind.BANK_OVERDRAWN, BANK, -300)]


def test_an_outstanding_cheque_is_listed_and_undoes_reconciled_only_after_its_day(ledger: Ledger) -> None:
    entry = gave(ledger, "G-1", 100, "2024-07-01")
    statement(ledger, 0, first="2024-07-01", last="2024-08-31")
    told = {"number": "O-1", "entry": entry, "bank": BANK, "currency": "USD", "instrument": "cheque"}
    ledger.do("recorder", "bank", "outstanding", **told, until="2024-09-30", date="2024-08-31")
    assert [kind for kind, *_ in waiting(ledger)] == [OpenItemKind.BANK_ENTRY]
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "outstanding", "approve", number="O-1", date="2024-08-31")
    ledger.do("approver", "outstanding", "approve", number="O-1", date="2024-08-31")
    assert waiting(ledger) == []
    assert state(ledger).count("outstanding") == 1
    (way,) = bank(ledger).outstanding_instruments
    assert (way.instrument, way.until, way.amount.minor) == ("cheque", "2024-09-30", 100)
    on(ledger, "2024-09-30")
    assert state(ledger).reconciled
    on(ledger, "2024-10-01")
    assert [kind for kind, *_ in waiting(ledger)] == [OpenItemKind.BANK_ENTRY]
    assert bank(ledger).outstanding_instruments == ()


def test_of_a_cash_box_two_people_count_and_what_differs_is_open(ledger: Ledger) -> None:
    gave(ledger, "G-1", 900, "2024-07-01", bank="Box")
    counted = {"bank": "Box", "currency": "USD", "counted": 850, "date": "2024-07-20"}
    with pytest.raises(Refused, match="no cash box"):
        ledger.do("recorder", "cash-count", "add", number="N-1", **counted)
    ledger.do("admin", "bank", "terms", number="T-1", bank="Box", account="cash", date="2024-07-20")
    ledger.do("recorder", "cash-count", "add", number="N-1", **counted)
    assert waiting(ledger) == []
    ledger.do("approver", "cash-count", "approve", number="N-1", date="2024-07-20")
    assert waiting(ledger) == [(OpenItemKind.CASH_COUNT, "Box", -50)]
    lacks = {"number": "F-1", "bank": "Box", "currency": "USD", "amount": 50, "cause": "shortage"}
    ledger.do("recorder", "bank-fee", "add", **lacks, date="2024-07-20")
    ledger.say_right("2024-07-20")
    ledger.do("approver", "bank-fee", "approve", number="F-1", date="2024-07-20")
    assert waiting(ledger) == []
    on(ledger, "2024-09-04")
    assert [kind for kind, *_ in waiting(ledger)] == [OpenItemKind.BANK_SILENT]


def test_an_advance_has_a_holder_and_a_day_by_which_it_is_accounted_for(ledger: Ledger) -> None:
    gave(ledger, "G-1", 900, "2024-07-01")
    terms = {"bank": "Advance 1", "account": "advance", "date": "2024-07-02"}
    with pytest.raises(Refused, match="name both"):
        ledger.do("admin", "bank", "terms", number="T-1", **terms, holder="Carrier")
    ledger.do("admin", "bank", "terms", number="T-1", **terms, holder="Carrier", until="2024-07-31")
    move = {"asset": "USD", "amount": 400, "from_bank": BANK, "to_bank": "Advance 1", "date": "2024-07-02"}
    ledger.do("recorder", "move", "add", number="M-1", **move)
    ledger.do("approver", "move", "approve", number="M-1", date="2024-07-02")
    on(ledger, "2024-07-31")
    assert waiting(ledger) == []
    assert state(ledger).count("advance") == 1
    on(ledger, "2024-08-01")
    assert waiting(ledger) == [(OpenItemKind.ADVANCE_OVERDUE, "Advance 1, Carrier", 400)]
    back = {"from_bank": "Advance 1", "to_bank": BANK, "date": "2024-08-01"}
    ledger.do("recorder", "move", "add", number="M-2", **move | back)
    ledger.do("approver", "move", "approve", number="M-2", date="2024-08-01")
    assert waiting(ledger) == []
    assert state(ledger).count("advance") == 0


def test_what_is_on_a_statement_is_not_outstanding(ledger: Ledger) -> None:
    entry, shown = gave(ledger, "G-1", 100, "2024-07-01"), line(ledger, 100, "2024-07-01")
    ledger.do("recorder", "bank", "match", line=shown, entry=entry)
    told = {"number": "O-1", "entry": entry, "bank": BANK, "currency": "USD", "instrument": "deposit"}
    with pytest.raises(Conflict, match="is on statements"):
        ledger.do("recorder", "bank", "outstanding", **told, until="2024-09-30", date="2024-08-31")


def test_a_movement_that_is_kept_otherwise_than_told_is_found(ledger: Ledger) -> None:
    entry = gave(ledger, "G-1", 100, "2024-07-01")
    with ledger.store.write() as writing:
        row = writing.session.get_one(BankMovementRow, (entry, SLUG, BANK, "USD"))
        row.moved, row.matched = 90, 5
        found = [finding.subject for finding in bank_movements_tie(writing)]
        assert found == [f"{entry}:{BANK}", f"{SLUG}/{BANK}"]
        row.moved, row.matched = 100, 0
