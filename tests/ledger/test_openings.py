"""A campaign that began before its books is begun in mid-life: what stood on a day is brought in by two people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages import sentences as say
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.frozen import Quantity
from ledger.core.times import unix_seconds
from ledger.recording.desk import act
from ledger.rules.books import Books
from ledger.store.addresses import Address
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_states
from ledger.views.campaign import CampaignReport
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.openings import RowKind, brought_in
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.reconcile import books_state
from ledger.views.stock import lot_traces, stock_rows
from tests.tools.ledgers import SLUG, Ledger, copied, name, script, tied, tx
from tests.tools.things import hand_over, lots, net, order, paper, pay, receive, seq_of

DAY = "2023-11-18"
MONEY = [{"bank": "B", "currency": "USD", "amount": 1_000_000}]
STOCK = [
    {"place": "Depot", "product": "KIT", "lot": "OLD", "expiry": "2025-06-30", "quantity": 400},
    {"place": "Port", "product": "KIT", "lot": "OLD", "expiry": "2025-06-30", "quantity": 100},
]
TOLD = {
    "given": [{"asset": "USD", "amount": 3_000_000, "gifts": 7}],
    "delivered": [{"product": "KIT", "place": "Ghana", "quantity": 5_000}],
}


def begun(folder: Path) -> Ledger:
    """A campaign with a product, and nothing else."""
    return copied("begun", folder, _begun)


def _begun(folder: Path) -> Ledger:
    made = Ledger.new(folder)
    made.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    return made


def opened(folder: Path) -> Ledger:
    """The same, with 10,000.00 USD at bank B and 500 kits of lot OLD, as of DAY."""
    return copied("opened", folder, _opened)


def _opened(folder: Path) -> Ledger:
    made = begun(folder)
    propose(made)
    approve(made)
    return made


def propose(ledger: Ledger, number: str = "O-1", **more: Any) -> None:
    facts = {"number": number, "date": DAY, "money": MONEY, "stock": STOCK, "paper": paper(ledger)} | TOLD
    ledger.do("recorder", "opening", "add", **(facts | more))


def approve(ledger: Ledger, number: str = "O-1", date: str = DAY) -> None:
    ledger.do("approver", "opening", "approve", number=number, date=date)


def report(ledger: Ledger) -> CampaignReport:
    with ledger.store.read() as reading:
        return campaign_report(reading, SLUG, now=ledger.now)


def test_what_stood_on_a_day_is_in_the_books_once_two_people_said_so(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    propose(ledger)
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 0
    approve(ledger)
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 1_000_000
    assert net(ledger, f"stock/{SLUG}/Depot", "KIT#OLD") == 400
    tied(ledger)
    told = report(ledger)
    kits = (Quantity(product="KIT", unit="kit", quantity=500),)
    assert (told.brought_in.came, told.brought_in.under_way) == (kits, kits)
    assert (told.received, told.goods.ordered, told.given_in_kind.came) == ((), (), ())
    assert told.opening is not None
    assert [(row.kind, row.amount.minor, row.counts) for row in told.opening.rows] == [
        ("money", 1_000_000, True), ("stock", 400, True), ("stock", 100, True),
        ("given", 3_000_000, False), ("delivered", 5_000, False),
    ]  # fmt: skip
    usd, goods = (next(t for t in told.sums if t.asset == asset) for asset in ("USD", "KIT"))
    assert {row.key: row.minor for row in usd.came} == {"before": 1_000_000}
    assert {row.key: row.minor for row in goods.came} == {"received_good": 0, "before": 500}
    number = told.opening.number
    with ledger.store.read() as reading:
        for key in (f"opening:{number}", f"opening:{SLUG}:{number}"):
            with pytest.raises(NotFound, match=f"/c/{SLUG}"):
                donation_trails(reading, key)


def test_what_was_there_goes_on_like_all_else_and_is_told_as_there_before(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    order(ledger, quantity=100, value=50_000)
    receive(ledger, good=100)
    pay(ledger, 50_000)
    hand_over(ledger, 300, lot="OLD")
    facts = {"number": "D-1", "organisation": "Aid", "place": "Ghana", "date": "2023-12-02"}
    ledger.do("recorder", "distribution", "add", **facts, lots=lots(250, "OLD"))
    told = report(ledger)
    assert told.brought_in.distributed == (Quantity(product="KIT", unit="kit", quantity=250),)
    assert told.goods.distributed == ()
    with ledger.store.read() as reading:
        (trace,) = lot_traces(Books(reading), SLUG, "OLD")
        (new,) = lot_traces(Books(reading), SLUG, "L1")
        expiries = {row.expiry for row in stock_rows(Books(reading), SLUG, DAY) if row.lot == "OLD"}
    assert [(share.gift, share.pieces) for share in trace.gifts] == [("opening:O-1", 500)]
    assert [(share.gift, share.pieces) for share in new.gifts] == [("opening:O-1", 100)]
    assert expiries == {"2025-06-30"}
    assert [row.opening for row in trace.deliveries] == ["O-1", "O-1"]


def test_a_bank_that_opens_with_what_was_brought_in_is_reconciled_and_any_other_balance_is_open(
    tmp_path: Path,
) -> None:
    (tmp_path / "other").mkdir()
    ledger, other = opened(tmp_path), opened(tmp_path / "other")
    for made in (ledger, other):
        made.now = unix_seconds("2023-12-01T00:00:00Z")
    facts = {"bank": "B", "currency": "USD", "came": 0, "went": 0, "lines": 0}
    facts |= {"first": "2023-11-19", "last": "2023-11-30"}
    ledger.do("recorder", "bank", "statement", **facts, opening=1_000_000, closing=1_000_000, sha256="a" * 64)
    with ledger.store.read() as reading:
        (bank,) = bank_states(Books(reading), BankReadings(reading.session, SLUG, "2023-12-01"))
        assert (bank.reconciled, bank.opening_open.minor) == (True, 0)
    other.do("recorder", "bank", "statement", **facts, opening=900_000, closing=900_000, sha256="a" * 64)
    with other.store.read() as reading:
        (bank,) = bank_states(Books(reading), BankReadings(reading.session, SLUG, "2023-12-01"))
        assert (bank.reconciled, bank.opening_open.minor) == (False, -100_000)
        (opening,) = brought_in(reading, SLUG)
    assert str(opening.rows[0].doubt) == "the statement from 2023-11-19 opens with 9000.00 USD"


def test_an_opening_is_refused_where_it_contradicts_itself_or_the_books(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    ledger.do(
        "recorder", "product", "add", code="CARE", name="Care", unit="hour", plural="hours", service=True
    )
    twice = [*MONEY, *MONEY]
    other_day = [STOCK[0], STOCK[1] | {"expiry": "2026-01-01"}]
    for wrong, field in (
        ({"money": twice}, "money.1"),
        ({"money": [MONEY[0] | {"currency": "BTC"}]}, "money.0.currency"),
        ({"stock": [STOCK[0], STOCK[0]]}, "stock.1"),
        ({"stock": other_day}, "stock.1.expiry"),
        ({"stock": [STOCK[0] | {"product": "CARE"}]}, "stock.0.product"),
        ({"given": [TOLD["given"][0] | {"given": "2023-11-19"}]}, "given.0.given"),
        ({"paper": "0" * 64}, "paper"),
        ({"money": [], "stock": [], "given": [], "delivered": []}, "body"),
    ):
        with pytest.raises(Refused) as refusal:
            propose(ledger, **wrong)
        assert refusal.value.errors[0].field == field
    contribution = {"number": "G-1", "bank": "B", "currency": "USD", "amount": 5, "date": DAY}
    ledger.do("recorder", "contribution", "add", **contribution)
    with pytest.raises(Refused, match=r"^money\.0\.bank: the books have 0\.05 USD there already"):
        propose(ledger)


def test_an_opening_is_accepted_with_a_paper_alone_and_with_one_that_still_stands(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    with pytest.raises(Refused, match=r"^paper: name the paper that shows what was there.*`evidence add`"):
        propose(ledger, paper=None)
    shown = paper(ledger)
    propose(ledger)
    with ledger.store.read() as reading:
        attached = reading.journal.by_key(f"evidence:{SLUG}:campaign:{shown}")
    assert attached is not None
    ledger.do("approver", "reversal", "add", entry=attached.seq, reason="Not signed", date=DAY)
    with pytest.raises(Refused, match=r"^paper: no evidence that stands has this hash"):
        approve(ledger)
    paper(ledger)
    approve(ledger)
    told = report(ledger).opening
    assert told is not None
    assert told.paper == shown


def test_the_books_of_a_campaign_begin_once_and_on_the_day_of_the_opening(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    propose(ledger)
    with pytest.raises(Conflict, match="opening O-1 waits"):
        propose(ledger, "O-2", money=[{"bank": "C", "currency": "USD", "amount": 1}], stock=[])
    with pytest.raises(Refused, match=f"approve it with the date {DAY}"):
        approve(ledger, date="2023-11-19")
    approve(ledger)
    with pytest.raises(Conflict, match="opening O-1 stands"):
        propose(ledger, "O-2", money=[{"bank": "C", "currency": "USD", "amount": 1}], stock=[])


def test_an_opening_is_taken_back_while_nothing_stands_on_it_and_told_anew(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    facts = {"number": "H-1", "place": "Depot", "organisation": "Aid", "date": "2023-12-01"}
    ledger.do("recorder", "handover", "add", **facts, lots=lots(10, "OLD"))
    approval = seq_of(ledger, "opening.approved", "O-1")
    undo = {"entry": approval, "reason": "Counted anew", "date": "2023-12-01"}
    with pytest.raises(Conflict, match="some of what was there is used or held"):
        ledger.do("approver", "reversal", "add", **undo)
    handover = {"entry": seq_of(ledger, "handover", "H-1"), "reason": "Not handed over", "date": "2023-12-01"}
    ledger.do("approver", "reversal", "add", **handover)
    ledger.do("approver", "reversal", "add", **undo)
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 0
    assert report(ledger).opening is None
    propose(ledger, "O-2", money=[MONEY[0] | {"amount": 7}])
    approve(ledger, "O-2")
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 7
    tied(ledger)


EARLY = "2023-11-14"
"""The day of the first blocks: the eleventh is of the next."""


def with_coins(folder: Path) -> Ledger:
    """Two gifts of EARLY; one of them was sold that day, with 40,000 sats back at address 16."""
    made = begun(folder)
    made.mine("a", tx("one", (0, 100_000)), tx("two", (1, 30_000), position=2))
    made.mine("s", tx("sale", (16, 40_000), spends=(("one", 0),)))
    return made


def test_coins_are_the_chains_to_tell_and_what_had_left_is_gone_before(tmp_path: Path) -> None:
    ledger = with_coins(tmp_path)
    coins = [{"address": "address1", "amount": 30_000}, {"address": "address16", "amount": 40_000}]
    propose(ledger, date=EARLY, coins=coins)
    with pytest.raises(Conflict, match="the chain is not read to the end of"):
        approve(ledger, date=EARLY)
    ledger.bury(10)
    assert net(ledger, f"unexplained/{SLUG}", "BTC") == 60_000
    approve(ledger, date=EARLY)
    assert (net(ledger, f"unexplained/{SLUG}", "BTC"), net(ledger, f"before/{SLUG}", "BTC")) == (0, 60_000)
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).reconciled
        (trail,) = donation_trails(reading, f"{name('one')}:0")
    assert say.plain(say.donation_sentence(trail)).startswith(
        "Your 0.0010 BTC: 0.0006 BTC gone before the books begin"
    )
    assert [(place.kind, place.amount.minor) for place in trail.places] == [
        ("held", 40_000),
        ("before", 60_000),
    ]
    tied(ledger)
    ledger.mine("later", tx("three", (2, 5_000)))
    ledger.mine("again", tx("sale 2", spends=(("three", 0),)))
    ledger.bury()
    assert net(ledger, f"unexplained/{SLUG}", "BTC") == 5_000  # left after that day: somebody says what for
    undo = {"entry": seq_of(ledger, "opening.approved", "O-1"), "reason": "Wrong day", "date": "2023-11-18"}
    with pytest.raises(Conflict, match=r"reverse that `spend\.before` first"):
        ledger.do("approver", "reversal", "add", **undo)
    with ledger.store.read() as reading:
        before = [row.seq for row in reading.journal.rows(kind="spend.before")]
    ledger.do("approver", "reversal", "add", **undo | {"entry": before[0]})
    ledger.do("approver", "reversal", "add", **undo)
    assert net(ledger, f"unexplained/{SLUG}", "BTC") == 65_000


def test_one_transaction_left_two_campaigns_before_openings_of_the_same_number(tmp_path: Path) -> None:
    """Numbers of openings are a campaign's: the second is approved as the first was."""
    ledger = Ledger.new(tmp_path)
    other = {"slug": "other", "title": "Other", "purpose": "All", "start": "2023-11-01", "end": "2023-12-31"}
    ledger.do("admin", "campaign", "add", **other)
    with ledger.store.write() as tx_:
        tx_.addresses.add([Address(script(50), "address50", "other", "receive", 0, "list")])
    ledger.mine("a", tx("one", (0, 100_000)), tx("two", (50, 200_000), position=2))
    ledger.mine("s", tx("both", (900, 290_000), spends=(("one", 0), ("two", 0))))
    ledger.bury(12)
    told = {"number": "O-1", "date": EARLY, "coins": [], "given": TOLD["given"], "paper": paper(ledger)}
    about = {"sha256": "5a" * 32, "title": "Balances", "paper": "balances", "shows": "What was there."}
    about |= {"access": "redacted", "about": "campaign", "date": "2023-11-18"}
    approved = {"number": "O-1", "date": EARLY}
    acts: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
        (SLUG, "recorder", "opening", "add", told),
        (SLUG, "approver", "opening", "approve", approved),
        ("other", "recorder", "evidence", "add", about),
        ("other", "recorder", "opening", "add", told),
        ("other", "approver", "opening", "approve", approved),
    )
    for slug, role, noun, verb, facts in acts:
        ledger.now += 60
        with ledger.store.write() as tx_:
            act(tx_, ledger.actors[role], slug, noun, verb, facts, now=ledger.now)
    ledger.stepped()
    assert ledger.kinds().count("spend.before") == 2
    assert net(ledger, f"unexplained/{SLUG}", "BTC") == net(ledger, "unexplained/other", "BTC") == 0


def test_coins_that_the_chain_does_not_show_are_refused_and_late_blocks_explain_themselves(
    tmp_path: Path,
) -> None:
    ledger = begun(tmp_path)
    ledger.bury(12)
    propose(ledger, date=EARLY, coins=[{"address": "address1", "amount": 1}])
    with ledger.store.read() as reading:
        (opening,) = brought_in(reading, SLUG)
    assert str(opening.rows[0].doubt) == "the chain shows 0.00000000 BTC"
    with pytest.raises(Conflict, match=r"coins\.0\.amount: the chain shows 0\.00000000 BTC"):
        approve(ledger, date=EARLY)
    ledger.do("recorder", "opening", "reject", number="O-1", date=EARLY)
    propose(ledger, "O-2", coins=[], date="2023-11-17")
    approve(ledger, "O-2", date="2023-11-17")
    ledger.mine("a", tx("one", (0, 100_000)))
    ledger.mine("s", tx("sale", spends=(("one", 0),)))
    ledger.bury()
    assert "spend.before" in ledger.kinds()
    assert net(ledger, f"unexplained/{SLUG}", "BTC") == 0


def test_coins_that_lay_at_an_exchange_are_brought_in_and_sold_from_there(tmp_path: Path) -> None:
    """What the chain shows as sent there is gone before; what the exchange held is there, sold first, and overdue in
    time."""
    ledger = with_coins(tmp_path)
    coins = [{"address": "address1", "amount": 30_000}, {"address": "address16", "amount": 40_000}]
    there = [{"exchange": "X", "amount": 50_000, "until": "2023-12-05"}]
    for wrong, says in (
        ([there[0], there[0]], r"exchanges\.1: is told by an earlier row"),
        ([there[0] | {"need": "N-9"}], r"exchanges\.0\.need"),
    ):
        with pytest.raises((Refused, NotFound), match=says):
            propose(ledger, date=EARLY, coins=coins, exchanges=wrong)
    propose(ledger, date=EARLY, coins=coins, exchanges=there)
    ledger.bury(10)
    approve(ledger, date=EARLY)
    told = report(ledger)
    btc = next(table for table in told.sums if table.asset == "BTC")
    assert {row.key: row.minor for row in btc.came} == {"given": 130_000, "before": 50_000}
    assert {row.key: row.minor for row in btc.rows if row.minor} == {
        "held": 70_000, "at_exchange": 50_000, "gone_before": 60_000,
    }  # fmt: skip
    assert told.opening is not None
    (row,) = (row for row in told.opening.rows if row.kind is RowKind.EXCHANGES)
    assert (say.brought_what(row), row.amount.minor) == ("Coins at X, not sold", 50_000)
    with ledger.store.read() as reading:
        state = books_state(reading, SLUG, now=ledger.now)
        waits = [
            str(row.subject) for row in decisions(reading, SLUG, now=ledger.now) if "X" in str(row.subject)
        ]
    assert (state.reconciled, state.difference.minor, waits) == (True, 0, ["X, opening O-1"])
    sale = {"number": "C-1", "sold": 20_000, "proceeds": 700, "currency": "USD", "exchange": "X", "bank": "B"}
    ledger.do("recorder", "conversion", "add", **sale, date="2023-11-18")
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-18")
    tied(ledger)
    ledger.now = unix_seconds("2023-12-06T00:00:00Z")
    with ledger.store.read() as reading:
        late = [
            row for row in decisions(reading, SLUG, now=ledger.now) if str(row.subject) == "X, opening O-1"
        ]
    assert [(row.kind, row.amount and row.amount.minor) for row in late] == [
        (OpenItemKind.AT_EXCHANGE_OVERDUE, 30_000)
    ]


def ordered_before(ledger: Ledger, **more: Any) -> None:
    """400 of 1,000 kits for 5,000.00 had come and 1,500.00 were paid; INV-7 bills the 400 for 2,000.00."""
    item = {
        "item": "1",
        "product": "KIT",
        "quantity": 1000,
        "value": 500_000,
        "received": 400,
        "paid": 150_000,
    }
    order_there = {"number": "PO-7", "supplier": "Maker", "currency": "USD", "items": [item | more]}
    bill = {"number": "INV-7", "order": "PO-7", "quantity": 400, "amount": 200_000, "due": "2023-11-10"}
    pledge = {"number": "PL-3", "asset": "USD", "amount": 800_000, "due": "2023-12-30"}
    propose(ledger, stock=[], orders=[order_there], payables=[bill], pledges=[pledge])


def test_an_open_order_is_brought_in_whole_and_goes_on(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    ordered_before(ledger)
    approve(ledger)
    tied(ledger)
    told = report(ledger)
    assert [(row.invoice, row.payable.minor, row.overdue) for row in told.payables] == [
        ("INV-7", 50_000, True)
    ]
    assert [(row.number, row.open.minor) for row in told.pledges] == [("PL-3", 800_000)]
    assert say.plain(say.campaign_sentence(told)) == (
        "No donation has settled yet. 1,000 kits ordered, 300 kits paid, 0 received: 400 came before the books "
        "begin, 600 are not yet received."
    )
    assert (net(ledger, f"encumbered/{SLUG}/PO-7", "USD"), net(ledger, f"open/{SLUG}/PO-7/1", "KIT")) == (
        350_000,
        600,
    )
    receive(ledger, on="PO-7", good=600)
    pay(ledger, 50_000, on="PO-7", invoice="INV-7")
    pay(ledger, 300_000, "P-2", on="PO-7", prepayment=True)
    told = report(ledger)
    goods = told.goods
    kits = [
        (row[0].quantity if row else 0) for row in (goods.ordered, goods.before, goods.paid, goods.under_way)
    ]
    assert kits == [1000, 400, 1000, 600]
    assert told.payables == ()
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 650_000
    usd = next(table for table in told.sums if table.asset == "USD")
    assert {row.key: row.minor for row in usd.came} == {"before": 1_150_000}
    tied(ledger)


def test_who_pays_for_what_had_come_reads_that_it_had_and_no_more(tmp_path: Path) -> None:
    """The money of before pays first; a gift of later pays for pieces of which 250 had come before."""
    ledger = begun(tmp_path)
    item = {
        "item": "1",
        "product": "KIT",
        "quantity": 1000,
        "value": 500_000,
        "received": 400,
        "paid": 75_000,
    }
    there = {"number": "PO-7", "supplier": "Maker", "currency": "USD", "items": [item]}
    propose(ledger, stock=[], money=[], orders=[there])
    approve(ledger)
    gift = {"number": "G-1", "bank": "B", "currency": "USD", "amount": 425_000, "date": "2023-11-20"}
    ledger.do("recorder", "contribution", "add", **gift)
    pay(ledger, 425_000, on="PO-7", prepayment=True)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"contribution:{SLUG}:G-1")
    assert sorted((place.kind.value, place.amount.asset, place.amount.minor) for place in trail.places) == [
        ("before", "KIT", 250),
        ("open", "KIT", 600),
    ]


def test_what_an_opening_led_to_is_taken_back_the_last_first_and_told_anew(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    ordered_before(ledger)
    approve(ledger)
    undo = {"reason": "Counted anew", "date": "2023-12-01"}
    approval = seq_of(ledger, "opening.approved", "O-1")
    for kind, number, says in (
        ("opening.approved", "O-1", "it brought in pledge PL-3"),
        ("purchase.opened", "PO-7", "invoice INV-7 stands on PO-7"),
    ):
        with pytest.raises(Conflict, match=says):
            ledger.do("approver", "reversal", "add", **undo, entry=seq_of(ledger, kind, number))
    for kind, number in (("pledge", "PL-3"), ("invoice", "INV-7"), ("purchase.opened", "PO-7")):
        ledger.do("approver", "reversal", "add", **undo, entry=seq_of(ledger, kind, number))
    ledger.do("approver", "reversal", "add", **undo, entry=approval)
    assert net(ledger, f"encumbered/{SLUG}/PO-7", "USD") == 0
    tied(ledger)
    item = {"item": "1", "product": "KIT", "quantity": 900, "value": 450_000, "received": 300, "paid": 0}
    again = {"number": "PO-7", "supplier": "Maker", "currency": "USD", "items": [item]}
    propose(ledger, "O-2", stock=[], orders=[again])
    approve(ledger, "O-2")
    receive(ledger, on="PO-7", good=600)
    assert report(ledger).goods.ordered[0].quantity == 900
    tied(ledger)


def test_an_order_that_is_none_or_is_done_is_not_brought_in(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    for wrong, says in (
        ({"received": 1001}, r"orders\.0\.items\.0\.received: is more than the 1000"),
        ({"paid": 500_001}, r"orders\.0\.items\.0\.paid: is more than the order's 5000\.00"),
        ({"received": 1000, "paid": 500_000}, r"orders\.0: has come and was paid"),
        ({"product": "NONE"}, r"orders\.0\.items\.0\.product: there is no product NONE"),
    ):
        with pytest.raises(Refused, match=says):
            ordered_before(ledger, **wrong)
    bill = {"number": "INV-9", "order": "PO-9", "quantity": 1, "amount": 1}
    with pytest.raises(Refused, match=r"payables\.0\.order: is no order of this opening"):
        propose(ledger, payables=[bill])


def test_a_mistyped_last_day_of_what_was_brought_in_is_corrected_wherever_its_lot_lies(
    tmp_path: Path,
) -> None:
    ledger = opened(tmp_path)
    hand_over(ledger, 10, lot="OLD")
    facts = {
        "number": "CO-1",
        "entry": seq_of(ledger, "opening.approved", "O-1"),
        "field": "expiry",
        "lot": "OLD",
    }
    facts |= {"old": "2025-06-30", "new": "2025-07-31", "reason": "Mistyped", "date": "2023-12-02"}
    ledger.do("recorder", "correction", "add", **facts)
    ledger.do("approver", "correction", "approve", number="CO-1", date="2023-12-02")
    with ledger.store.read() as reading:
        rows = {(row.place, row.expiry) for row in stock_rows(Books(reading), SLUG, DAY)}
    assert rows == {("Depot", "2025-07-31"), ("Port", "2025-07-31")}


def test_what_was_paid_before_and_never_came_is_a_claim_and_its_refund_is_money_of_before(
    tmp_path: Path,
) -> None:
    """400 of 1,000 kits had come and 3,500.00 were paid: 1,500.00 are owed for what never comes."""
    ledger = begun(tmp_path)
    item = {
        "item": "1",
        "product": "KIT",
        "quantity": 1000,
        "value": 500_000,
        "received": 400,
        "paid": 350_000,
    }
    there = {"number": "PO-7", "supplier": "Maker", "currency": "USD", "items": [item]}
    propose(ledger, stock=[], orders=[there])
    approve(ledger)
    left = {"claim": 150_000, "cancellation": 150_000}
    closing = {"number": "CL-1", "order": "PO-7", "reason": "Bankrupt", "date": "2023-12-01"}
    ledger.do("recorder", "purchase", "close", **closing, **left)
    ledger.do("approver", "closing", "approve", number="CL-1", date="2023-12-01")
    tied(ledger)
    facts = {"number": "R-1", "order": "PO-7", "item": "1", "failure": "undelivered", "value": 150_000}
    facts |= {"asset": "USD", "amount": 150_000, "bank": "B", "date": "2023-12-05"}
    ledger.do("recorder", "refund", "add", **facts)
    ledger.do("approver", "refund", "approve", number="R-1", date="2023-12-05")
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 1_150_000
    tied(ledger)
