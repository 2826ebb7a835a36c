"""What a listed address sent is set apart until two persons decide, and nothing is said of what was not compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.pages.sentences import what_to_do
from ledger.core.addresses import script_of
from ledger.core.chain import Outpoint, Script
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.look import SeenTx, TxFacts
from ledger.core.telling import Telling
from ledger.model.evidence import About
from ledger.recording.desk import Outcome
from ledger.rules.questions import open_questions
from ledger.rules.screening import ScreeningState
from ledger.views.decisions import decisions, public_decisions
from ledger.views.open_items import SCREENING, OpenItemKind
from ledger.views.papers import papers_about
from ledger.views.screening import Screened, SenderRow, screening_report
from tests.tools.gifts import gift, held_and_used
from tests.tools.ledgers import SLUG, Ledger, name, tied, tx
from tests.tools.things import DATE, funded, order, pay

pytestmark = pytest.mark.on_both

LISTED = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
OTHER = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
BTC = 100_000_000
DAY = "2023-11-20"
CLEAN = Script(b"\x00\x14" + bytes([99]) * 20)


def load(ledger: Ledger, *addresses: str, day: str = "2023-11-10", listed: str = "OFAC SDN") -> None:
    ledger.do(
        "recorder", "sanctions-list", "add", name=listed, list_date=day, source="lists.example",
        addresses=list(addresses), date=DAY,
    )  # fmt: skip


def sent(label: str, pays: int, *spent: Script | None, sats: int = BTC, position: int = 1) -> TxFacts:
    """A payment out of coins of whoever `spent` says, None where an input does not show it."""
    inputs = tuple(Outpoint(name(f"{label} in {n}"), n) for n, _ in enumerate(spent))
    return replace(tx(label, (pays, sats), position=position), inputs=inputs, spent=spent)


def rows(ledger: Ledger) -> dict[str, SenderRow]:
    with ledger.store.read() as reading:
        return {row.outpoint: row for row in screening_report(reading.session, SLUG).rows}


def state(ledger: Ledger, label: str) -> ScreeningState:
    """Of the gift of a label, by the report: it lists those that are no plain no match, and counts the others."""
    with ledger.store.read() as reading:
        report = screening_report(reading.session, SLUG)
    for row in report.rows:
        if row.outpoint.startswith(name(label)):
            return row.state
    assert ScreeningState.NO_MATCH in {counted.state for counted in report.counts}
    return ScreeningState.NO_MATCH


def screening_waits(ledger: Ledger) -> int:
    """How many matches and payees wait for a decision, as `reconcile` and `inbox` list them."""
    with ledger.store.read() as reading:
        return sum(row.count for row in decisions(reading, SLUG, now=ledger.now) if row.kind in SCREENING)


def test_a_match_that_is_known_before_the_gift_settles_keeps_it_off_its_line(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    load(ledger, LISTED)
    bad = sent("bad", 0, CLEAN, script_of(LISTED))
    ledger.look((), [], (SeenTx(bad.txid, bad.inputs, bad.outputs, "node", bad.spent),))
    with ledger.store.read() as reading:
        waiting = decisions(reading, SLUG, now=ledger.now)
    assert [(row.kind, row.subject) for row in waiting] == [(OpenItemKind.LISTED_SENDER, f"{bad.txid}:0")]
    assert public_decisions(waiting) == ()  # nobody is told of it before it is blocked
    assert screening_waits(ledger) == 1
    ledger.mine("a", bad, sent("good", 1, CLEAN, position=2))
    ledger.bury()
    assert ledger.kinds()[-3:] == ["block", "donation", "donation"]
    assert gift(ledger, f"{bad.txid}:0").line is None
    assert gift(ledger, f"{name('good')}:0").line_start == 0
    row = rows(ledger)[f"{bad.txid}:0"]
    assert (row.message.code, row.checked, row.inputs) == (Screened.DECIDE, 2, 2)
    assert [(match.address, match.list_date) for match in row.matches] == [(LISTED, "2023-11-10")]
    ledger.do("recorder", "release", "add", number="L-1", block=row.block, date=DAY)
    ledger.do("approver", "release", "approve", number="L-1", date=DAY)
    assert rows(ledger)[f"{bad.txid}:0"].message == Telling(Screened.RELEASED, {"list_date": "2023-11-10"})
    assert screening_waits(ledger) == 0
    for about, number in (("block", str(row.block)), ("release", "L-1")):
        shown = {
            "sha256": "cd" * 32,
            "title": "Letter",
            "paper": "letter",
            "shows": "who sent it",
            "access": "public",
        }
        ledger.do("recorder", "evidence", "add", about=about, number=number, date=DAY, **shown)
        with ledger.store.read() as reading:
            (paper,) = papers_about(reading.session, SLUG, About(about), number)
        assert paper.title == "Letter"
        with pytest.raises(NotFound, match=f"there is no {about} X-9"):
            ledger.do("recorder", "evidence", "add", about=about, number="X-9", date=DAY, **shown)
    load(ledger, LISTED, OTHER, day="2023-11-15")
    assert ledger.kinds()[-1] == "sanctions-list"  # two persons decided about it; it is not blocked anew
    tied(ledger)


def test_a_list_that_is_loaded_later_holds_what_is_left_of_a_gift(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", sent("bad", 0, script_of(LISTED)), sent("good", 1, CLEAN, position=2))
    ledger.bury()
    assert state(ledger, "bad") is ScreeningState.NOT_CHECKED
    load(ledger, LISTED)
    number = rows(ledger)[f"{name('bad')}:0"].block
    assert number is not None
    assert held_and_used(ledger, number) == (BTC, 0)
    assert state(ledger, "good") is ScreeningState.NO_MATCH
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    (item,) = [row for row in found if row.kind is OpenItemKind.BLOCKED_GIFT]
    assert "OFAC SDN of 10 November 2023" in what_to_do(item.to_do)
    tied(ledger)


def test_what_no_input_shows_is_not_checked_and_what_some_show_is_checked_in_part(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    load(ledger, LISTED)
    ledger.mine(
        "a", sent("silent", 0, None), sent("part", 1, CLEAN, None, CLEAN, position=2),
        sent("whole", 2, CLEAN, position=3), tx("mined", (3, BTC), coinbase=True, position=0),
    )  # fmt: skip
    found = rows(ledger)
    assert found[f"{name('silent')}:0"].message == Telling(Screened.NOT_CHECKED)
    assert found[f"{name('part')}:0"].message == Telling(Screened.IN_PART, {"checked": 2, "inputs": 3})
    assert f"{name('whole')}:0" not in found
    with ledger.store.read() as reading:
        counts = {row.state: row.count for row in screening_report(reading.session, SLUG).counts}
    # Coins that were mined come from nobody.
    assert counts == {
        ScreeningState.NOT_CHECKED: 1, ScreeningState.IN_PART: 1, ScreeningState.NO_MATCH: 2,
    }  # fmt: skip


def test_the_newest_version_of_each_list_is_in_force_and_every_version_is_kept(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", sent("gift", 0, script_of(OTHER)))
    load(ledger, OTHER, day="2023-11-12")
    assert state(ledger, "gift") is ScreeningState.MATCH
    load(ledger, LISTED, day="2023-11-13")
    assert state(ledger, "gift") is ScreeningState.NO_MATCH  # it was taken off the list
    load(ledger, OTHER, day="2023-11-11", listed="UN")
    assert state(ledger, "gift") is ScreeningState.MATCH
    with pytest.raises(Conflict, match="list_date"):
        load(ledger, OTHER, LISTED, day="2023-11-13")
    seq = ledger.do("recorder", "sanctions-list", "add", name="UN", list_date="2023-11-12",
                    source="lists.example", addresses=[LISTED], date=DAY).seq  # fmt: skip
    assert state(ledger, "gift") is ScreeningState.NO_MATCH
    ledger.do("admin", "reversal", "add", entry=seq, reason="another file", date=DAY)
    assert state(ledger, "gift") is ScreeningState.MATCH
    assert ledger.kinds().count("sanctions-list") == 4


def test_a_list_of_what_are_no_addresses_is_refused(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    for wrong in (LISTED[:-1] + "5", LISTED.upper(), "0x8589427373D6D84E98730D7795D8f6f8731FDA16", ""):
        with pytest.raises(Refused, match=r"addresses\.1: is no Bitcoin address"):
            load(ledger, OTHER, wrong)
    with pytest.raises(Refused, match="stands in the list already"):
        load(ledger, OTHER, OTHER)
    with pytest.raises(Refused, match="list_date"):
        load(ledger, OTHER, day="2023-12-24")


def test_a_match_stays_apart_through_a_reorganisation(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    load(ledger, LISTED)
    bad = sent("bad", 0, script_of(LISTED))
    ledger.mine("a", bad)
    ledger.bury()
    ledger.reorg(6, *((f"b{n}", (bad,) if n == 1 else ()) for n in range(8)))
    assert gift(ledger, f"{bad.txid}:0").line is None
    assert ledger.kinds().count("block") == 1
    tied(ledger)


def screen(ledger: Ledger, number: str, result: str, role: str = "recorder", **more: str | None) -> Outcome:
    facts = {"number": number, "kind": "supplier", "supplier": "Maker", "list": "UN", "result": result}
    return ledger.do(role, "screening", "add", **(facts | {"list_date": "2023-11-25", "date": DATE} | more))


def waits(ledger: Ledger) -> list[str]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    return [what_to_do(row.to_do) for row in found if row.kind is OpenItemKind.PAYEE_SCREENING]


def ask_to_pay(ledger: Ledger, amount: int, number: str) -> None:
    ledger.do(
        "recorder", "payment", "add", number=number, order="PO-1", asset="USD", amount=amount, discharges=amount,
        bank="B", date=DATE,
    )  # fmt: skip


def test_above_the_campaigns_sum_nobody_is_paid_who_was_looked_up_on_no_list(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    ledger.do("admin", "screening", "set", number="T-1", above=100_000, date=DATE)
    pay(ledger, 100_000)
    ask_to_pay(ledger, 100_001, "P-2")
    (why,) = waits(ledger)
    with pytest.raises(Conflict, match=r"not checked: .* Maker is on a list, .* above 1000\.00 USD"):
        ledger.do("approver", "payment", "approve", number="P-2", date=DATE)
    assert why.startswith("not checked")
    screen(ledger, "S-1", "no_match")
    assert waits(ledger) == []
    ledger.do("approver", "payment", "approve", number="P-2", date=DATE)
    with ledger.store.read() as reading:
        (payee,) = screening_report(reading.session, SLUG).payees
    assert payee.message == Telling(Screened.NO_MATCH, {"list_date": "2023-11-25"})
    ledger.do("admin", "screening", "set", number="T-2", date=DATE)
    with ledger.store.read() as reading:
        assert screening_report(reading.session, SLUG).above is None


def test_a_match_of_a_payee_stops_any_sum_until_another_person_lifts_it(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    ask_to_pay(ledger, 100, "P-1")
    screen(ledger, "S-1", "match")
    with pytest.raises(Conflict, match=r"match: decide\. Maker is on UN of 2023-11-25, by screening S-1"):
        ledger.do("approver", "payment", "approve", number="P-1", date=DATE)
    with pytest.raises(NotAllowed, match="another person"):
        screen(ledger, "S-2", "cleared")
    screen(ledger, "S-2", "cleared", "admin")
    ledger.do(
        "admin", "evidence", "add", sha256="ab" * 32, title="Licence", paper="licence", shows="that it may be paid",
        access="public", about="screening", number="S-2", date=DATE,
    )  # fmt: skip
    ledger.do("approver", "payment", "approve", number="P-1", date=DATE)
    for wrong in (
        {"kind": "exchange"},
        {"exchange": "E"},
        {"kind": "tax_office"},
        {"list_date": "2023-12-30"},
    ):
        with pytest.raises(Refused):
            screen(ledger, "S-3", "no_match", **wrong)


def test_a_match_under_a_name_that_looks_alike_stops_the_payee_until_somebody_tells_them_apart(
    tmp_path: Path,
) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    ask_to_pay(ledger, 100, "P-1")
    entry = screen(ledger, "S-1", "match", supplier="МАKER").seq
    with pytest.raises(Conflict, match=r"match: decide\. МАKER is on UN of .* and looks like Maker"):
        ledger.do("approver", "payment", "approve", number="P-1", date=DATE)
    with pytest.raises(NotAllowed, match="another person"):
        screen(ledger, "S-2", "cleared")
    with ledger.store.read() as reading:
        (asked,) = open_questions(reading.session, SLUG)
    answer = {"entry": entry, "other": asked.other, "name": "МАKER", "reason": "another firm", "date": DATE}
    ledger.do("approver", "question", "answer", answer="different", **answer)
    ledger.do("approver", "payment", "approve", number="P-1", date=DATE)


def test_every_way_by_which_money_leaves_to_a_payee_asks_for_a_look(tmp_path: Path) -> None:
    """A conversion to its exchange, a return to its donor, tax to its office; what stays in the fund asks for none."""
    ledger = Ledger.new(tmp_path)
    ledger.do("admin", "screening", "set", number="T-1", above=0, date="2023-11-14")
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    away = replace(tx("sale", spends=(("gift", 0),)), outputs=((CLEAN, BTC - 1000),))
    ledger.mine("s", away)
    ledger.bury()
    sale = {"number": "C-1", "txid": away.txid, "sold": BTC - 1000, "network_fee": 1000, "currency": "USD"}
    sale |= {"proceeds": 2_000_000, "exchange": "E", "bank": "B", "date": DAY}
    ledger.do("recorder", "conversion", "add", **sale)
    with pytest.raises(Conflict, match="not checked"):
        ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    load(ledger, LISTED)  # from now on the address that the coins went to is compared
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    ledger.do("recorder", "contribution", "add", number="G-1", bank="B", currency="USD", amount=500, date=DAY)
    back = {
        "number": "R-1",
        "gift": "contribution:G-1",
        "amount": 500,
        "bank": "B",
        "reason": "asked",
        "date": DAY,
    }
    ledger.do("recorder", "gift-return", "add", **back)
    with pytest.raises(Conflict, match="the donor of contribution:G-1"):
        ledger.do("approver", "gift-return", "approve", number="R-1", date=DAY)
    seen = {"list": "UN", "list_date": "2023-11-10", "result": "no_match", "date": DAY}
    ledger.do("recorder", "screening", "add", number="S-1", kind="donor", gift="contribution:G-1", **seen)
    ledger.do("approver", "gift-return", "approve", number="R-1", date=DAY)
    move = {"number": "M-1", "asset": "USD", "amount": 900, "from_bank": "B", "to_bank": "D", "date": DAY}
    ledger.do("recorder", "move", "add", **move)
    ledger.do("approver", "move", "approve", number="M-1", date=DAY)


def test_withheld_tax_is_paid_to_an_office_that_was_looked_up_and_is_on_no_list(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    pay(ledger, 92_000, discharges=100_000, withheld=8_000)
    ledger.do("admin", "screening", "set", number="T-1", above=5_000, date=DATE)
    for number, amount in (("TX-1", 5_000), ("TX-2", 3_000)):
        tax = {"number": number, "bank": "B", "currency": "USD", "amount": amount, "date": DATE}
        ledger.do("recorder", "tax-payment", "add", **tax)
    ledger.do("approver", "tax-payment", "approve", number="TX-1", date=DATE)  # not above the sum
    ledger.do("admin", "screening", "set", number="T-2", above=2_999, date=DATE)
    with pytest.raises(Conflict, match="not checked"):
        ledger.do("approver", "tax-payment", "approve", number="TX-2", date=DATE)
    assert (len(waits(ledger)), screening_waits(ledger)) == (1, 1)
    screen(ledger, "S-1", "match", kind="tax_office", supplier=None)
    with pytest.raises(Conflict, match="match: decide"):
        ledger.do("approver", "tax-payment", "approve", number="TX-2", date=DATE)
    screen(ledger, "S-2", "cleared", "admin", kind="tax_office", supplier=None)
    ledger.do("approver", "tax-payment", "approve", number="TX-2", date=DATE)
    assert screening_waits(ledger) == 0


def test_coins_to_a_listed_address_are_approved_only_when_that_is_cleared(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    load(ledger, LISTED)
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    out = replace(tx("out", spends=(("gift", 0),)), outputs=((script_of(LISTED), BTC - 1000),))
    ledger.mine("s", out)
    ledger.bury()
    back = {"number": "R-1", "gift": f"{name('gift')}:0", "amount": BTC - 1000, "fee": 1000, "txid": out.txid}
    ledger.do("recorder", "gift-return", "add", reason="asked", date=DAY, **back)
    with pytest.raises(Conflict, match=f"match: decide. {LISTED}, which these coins went to"):
        ledger.do("approver", "gift-return", "approve", number="R-1", date=DAY)
    seen = {"kind": "donor", "gift": back["gift"], "date": DAY, "list": "OFAC SDN"}
    ledger.do("recorder", "screening", "add", number="S-1", list_date="2023-11-09", result="cleared", **seen)
    with pytest.raises(Conflict, match="match: decide"):  # cleared of an older version
        ledger.do("approver", "gift-return", "approve", number="R-1", date=DAY)
    ledger.do("recorder", "screening", "add", number="S-2", list_date="2023-11-10", result="cleared", **seen)
    ledger.do("approver", "gift-return", "approve", number="R-1", date=DAY)
    tied(ledger)
