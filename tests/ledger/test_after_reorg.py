"""After a reorganisation nothing is bound beyond what is held, and a double-spent gift counts nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages.sentences import donation_taken_back
from ledger.core.errors import Conflict, Refused
from ledger.core.look import TxFacts
from ledger.rules.books import Books
from ledger.rules.gifts import money_line
from ledger.rules.wanting import free_and_held, wanting
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.reconcile import books_state
from ledger.views.trail import DonationStatus
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of, tied, tx

pytestmark = pytest.mark.on_both

BTC = 100_000_000
DAY = "2023-11-20"
GIFT = f"{name('first')}:0"
SALE = tx("sale", spends=(("second", 0),))
SECOND = tx("second", (1, BTC), position=2)


def order(ledger: Ledger, number: str, value: int) -> None:
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": value}]
    ledger.do(
        "recorder", "purchase", "add", number=number, supplier="Maker", currency="USD", items=items, date=DAY
    )


@made_once
def double_spent(tmp_path: Path) -> Ledger:
    """Two gifts of a bitcoin; the coin of the second was sold for 20,000.00 USD by units of the first, which the
    blocks of a reorganisation spend to somebody else. An order was asked for before that."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("first", (0, BTC)), SECOND)
    ledger.bury()
    ledger.mine("s", SALE)
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=SALE.txid, sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date=DAY,
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    quotes = [{"source": source, "price": 2_000_000} for source in ("one", "two")]
    ledger.do("recorder", "rate", "add", currency="USD", quotes=quotes, date=DAY)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    order(ledger, "PO-1", 3_000_000)
    rival = tx("rival", spends=(("in first", 0),))
    ledger.reorg(12, ("b0", (rival, SECOND)), ("b1", (SALE,)), *((f"b{n}", ()) for n in range(2, 14)))
    return ledger


def test_nothing_is_ordered_or_approved_beyond_what_is_held(tmp_path: Path) -> None:
    ledger = double_spent(tmp_path)
    with ledger.store.read() as reading:
        books = Books(reading)
        assert wanting(books, SLUG, "BTC") == BTC
        assert free_and_held(books, SLUG, "BTC") == 0  # the second gift's units are free, its coin is gone
        assert books_state(reading, SLUG, now=ledger.now).shortfall.minor == BTC
    with pytest.raises((Conflict, Refused), match=r"only 20000\.00 [A-Z]{3} is (still )?free"):
        ledger.do("approver", "purchase", "approve", number="PO-1", date=DAY)
    with pytest.raises(Refused, match=r"only 20000\.00 [A-Z]{3} is (still )?free"):
        order(ledger, "PO-2", 2_000_001)
    ledger.do("recorder", "purchase", "reject", number="PO-1", date=DAY)
    order(ledger, "PO-2", 2_000_000)
    ledger.do("approver", "purchase", "approve", number="PO-2", date=DAY)
    tied(ledger)


def test_a_gift_that_is_double_spent_there_is_replaced_and_counts_nowhere(tmp_path: Path) -> None:
    ledger = double_spent(tmp_path)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT)
        report = campaign_report(reading, SLUG, now=ledger.now)
    assert (trail.status, trail.replaced_by) == (DonationStatus.REPLACED, name("rival"))
    assert (trail.places, trail.shares, trail.settled_at) == ((), (), None)
    (change,) = trail.changes
    assert change.detail["used_already"] == f"{BTC} BTC"
    assert (report.donations, [row.minor for row in report.received]) == (1, [BTC])


def test_coins_that_come_back_make_good_for_what_is_wanting(tmp_path: Path) -> None:
    """The gift settles once more: all that it was is free again, but for what was used."""
    ledger = double_spent(tmp_path)
    first = tx("first", (0, BTC))
    ledger.reorg(14, ("c0", (first, SECOND)), ("c1", (SALE,)), *((f"c{n}", ()) for n in range(2, 16)))
    with ledger.store.read() as reading:
        books = Books(reading)
        assert wanting(books, SLUG, "BTC") == 0
        assert free_and_held(books, SLUG, "BTC") == BTC
    ledger.do("approver", "purchase", "approve", number="PO-1", date=DAY)
    tied(ledger)


def topped_up(ledger: Ledger, label: str, script: int, sats: int) -> TxFacts:
    """Own coins that came to a watched address, and a person says that they are no gift."""
    paid = tx(label, (script, sats))
    ledger.mine(label, paid)
    ledger.bury()
    ledger.do("approver", "incoming", "decide", outpoint=f"{name(label)}:0", counts_as="top_up", date=DAY)
    return paid


def covered(ledger: Ledger, number: str, coin: str, amount: int) -> int | None:
    """A cover of the first gift by a coin, recorded and approved; the entry of its approval."""
    facts = {"gift": GIFT, "coin": f"{name(coin)}:0", "amount": amount, "date": DAY}
    ledger.do("recorder", "cover", "add", number=number, **facts)
    return ledger.do("approver", "cover", "approve", number=number, date=DAY).seq


def wants(ledger: Ledger) -> tuple[int, int, list[int]]:
    """(sats that lines have and no wallet, the shortfall of the books, the rows that wait to be covered)."""
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
        open_rows = [sum_of(row).minor for row in rows if row.kind is OpenItemKind.SHORTFALL]
        shortfall = books_state(reading, SLUG, now=ledger.now).shortfall.minor
        return wanting(Books(reading), SLUG, "BTC"), shortfall, open_rows


def of_donor(ledger: Ledger) -> tuple[int, int, list[str]]:
    """What the donor of the first gift reads: (used, covered, what became of the used part)."""
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT)
    assert trail.used is not None
    assert trail.covered is not None
    assert donation_taken_back(trail)
    assert trail.places == ()
    return trail.used.minor, trail.covered.minor, [place.kind.value for place in trail.stands]


def test_a_top_up_covers_by_a_named_entry_what_was_used_of_a_gift_that_is_gone(tmp_path: Path) -> None:
    """In parts; the donor reads what of theirs was used, what it is, and what covers it, before and after."""
    ledger = double_spent(tmp_path)
    before = of_donor(ledger)
    assert before[:2] == (BTC, 0)
    assert before[2]
    topped_up(ledger, "own", 3, BTC // 2)
    assert wants(ledger) == (BTC, BTC, [BTC])  # money, and as yet for nothing
    facts = {"number": "CV-0", "amount": BTC // 2, "date": DAY}
    own = f"{name('own')}:0"
    with pytest.raises(Conflict, match="only a top-up covers"):
        ledger.do("recorder", "cover", "add", **facts, gift=GIFT, coin=f"{name('second')}:0")
    with pytest.raises(Conflict, match="stands in its block"):
        ledger.do("recorder", "cover", "add", **facts, gift=f"{name('second')}:0", coin=own)
    with pytest.raises(Refused, match="of the coin that is free"):
        ledger.do("recorder", "cover", "add", **facts | {"amount": BTC}, gift=GIFT, coin=own)
    with pytest.raises(Refused, match="one thing that is covered"):
        ledger.do("recorder", "cover", "add", **facts, gift=GIFT, coin=own, charge_back="CB-1", bank="B")
    with pytest.raises(Refused, match="name the top-up"):
        ledger.do("recorder", "cover", "add", **facts, gift=GIFT)
    covered(ledger, "CV-1", "own", BTC // 2)
    assert wants(ledger) == (BTC // 2, BTC // 2, [BTC // 2])
    assert of_donor(ledger) == (BTC, BTC // 2, before[2])
    with pytest.raises(Conflict, match="cover CV-1"):
        ledger.do("approver", "incoming", "decide", outpoint=own, counts_as="gift", n=2, date=DAY)
    topped_up(ledger, "more", 4, BTC)
    with pytest.raises(Refused, match="nobody covered yet"):
        ledger.do("recorder", "cover", "add", **facts | {"amount": BTC}, gift=GIFT, coin=f"{name('more')}:0")
    done = covered(ledger, "CV-2", "more", BTC // 2)
    assert wants(ledger) == (0, 0, [])
    assert of_donor(ledger) == (BTC, BTC, before[2])
    with ledger.store.read() as reading:
        assert free_and_held(Books(reading), SLUG, "BTC") == BTC * 3 // 2  # all that the wallet holds
        (trail,) = donation_trails(reading, GIFT)
    told = [(change.kind.value, change.detail.get("covered")) for change in trail.changes]
    assert told[1:] == [("covered", f"{BTC // 2} BTC")] * 2
    tied(ledger)
    ledger.do("approver", "reversal", "add", entry=done, reason="another fund's", date=DAY)
    assert wants(ledger) == (BTC // 2, BTC // 2, [BTC // 2])
    tied(ledger)


def test_what_covered_a_gift_is_free_again_when_it_settles_once_more(tmp_path: Path) -> None:
    """And where a top-up loses its block too, it is wanting as long as the gift is away, and no longer."""
    ledger = double_spent(tmp_path)
    own = topped_up(ledger, "own", 3, BTC // 2)
    topped_up(ledger, "more", 4, BTC // 2)
    done = covered(ledger, "CV-1", "own", BTC // 2)
    covered(ledger, "CV-2", "more", BTC // 2)
    ledger.reorg(6, ("d0", ()), *((f"d{n}", ()) for n in range(1, 8)))
    assert wants(ledger) == (BTC // 2, BTC // 2, [BTC // 2])  # the second top-up is gone
    first = tx("first", (0, BTC))
    depth = len(ledger.chain) - 6
    ledger.reorg(depth, ("e0", (first, SECOND)), ("e1", (SALE, own)), *((f"e{n}", ()) for n in range(2, 40)))
    assert wants(ledger) == (0, 0, [])
    with ledger.store.read() as reading:
        assert free_and_held(Books(reading), SLUG, "BTC") == BTC * 3 // 2
    tied(ledger)
    with pytest.raises(Conflict, match="covers nothing since"):
        ledger.do("approver", "reversal", "add", entry=done, reason="wrong", date=DAY)
    ledger.do("approver", "incoming", "decide", outpoint=f"{name('own')}:0", counts_as="gift", n=2, date=DAY)
    tied(ledger)


@made_once
def undone_sale(tmp_path: Path) -> Ledger:
    """Two gifts of a bitcoin; the coin of the first was sold, and a reorganisation left the sale out for good. The bank
    took a fee from its proceeds, so that the sale cannot be reversed."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("first", (0, BTC)), tx("second", (1, BTC), position=2))
    ledger.bury()
    ledger.mine("s", tx("sold", spends=(("first", 0),)))
    ledger.bury()
    sold = {"number": "C-1", "txid": name("sold"), "sold": BTC - 1000, "network_fee": 1000}
    bank = {"currency": "USD", "proceeds": 2_000_000, "exchange": "E", "bank": "B", "date": DAY}
    ledger.do("recorder", "conversion", "add", **sold, **bank)
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    ledger.do(
        "recorder",
        "bank-fee",
        "add",
        number="F-1",
        bank="B",
        currency="USD",
        amount=5,
        cause="account",
        date=DAY,
    )
    ledger.do("approver", "bank-fee", "approve", number="F-1", date=DAY)
    ledger.reorg(6, *((f"u{n}", ()) for n in range(8)))
    return ledger


def instead(ledger: Ledger, number: str = "CV-1", **more: Any) -> int | None:
    """A cover of the undone sale, recorded and approved; the entry of its approval."""
    facts = {"spend": name("sold"), "amount": BTC, "date": DAY} | more
    ledger.do("recorder", "cover", "add", number=number, **facts)
    return ledger.do("approver", "cover", "approve", number=number, date=DAY).seq


def state(ledger: Ledger) -> tuple[int, int, int]:
    """(sats of the shortfall, of what nothing explains, free on the line)."""
    with ledger.store.read() as reading:
        books = books_state(reading, SLUG, now=ledger.now)
        free = Books(reading).lines.free_units(money_line(SLUG, "BTC"))
    return books.shortfall.minor, books.unexplained.minor, free


def test_a_spend_that_was_undone_is_covered_by_the_one_that_left_in_its_place(tmp_path: Path) -> None:
    """Nobody's gift pays twice: what that took goes back to its lines, and only what it cost more is a fee."""
    ledger = undone_sale(tmp_path)
    assert state(ledger) == (BTC, 0, BTC)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT)
    assert trail.undone is not None
    assert (trail.undone.minor, len(donation_taken_back(trail))) == (BTC, 1)
    with pytest.raises(Conflict, match="it is explained, by conversion C-1"):
        instead(ledger)
    ledger.mine("again", tx("anew", (15, BTC // 2), spends=(("first", 0), ("second", 0))))
    ledger.bury()
    assert state(ledger) == (BTC, BTC * 3 // 2, 0)
    with pytest.raises(Refused, match="a cover is of all of it"):
        instead(ledger, txid=name("anew"), amount=BTC - 1)
    done = instead(ledger, txid=name("anew"))
    assert state(ledger) == (0, 0, BTC // 2)
    tied(ledger)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT)
        assert free_and_held(Books(reading), SLUG, "BTC") == BTC // 2
    assert trail.undone is None
    ledger.do("approver", "reversal", "add", entry=done, reason="another's", date=DAY)
    assert state(ledger) == (BTC, BTC * 3 // 2, 0)
    instead(ledger, "CV-2", txid=name("anew"))
    ledger.reorg(6, *((f"w{n}", ()) for n in range(8)))  # that one is undone in its turn
    assert state(ledger)[0] == BTC * 3 // 2
    tied(ledger)


def test_what_covered_an_undone_spend_is_to_explain_again_when_that_settles_after_all(tmp_path: Path) -> None:
    ledger = undone_sale(tmp_path)
    ledger.mine("again", tx("anew", spends=(("second", 0),)))
    ledger.bury()
    instead(ledger, txid=name("anew"))
    assert state(ledger) == (0, 0, BTC)  # the coin of the first gift, by units of the second
    ledger.mine("back", tx("sold", spends=(("first", 0),)))
    ledger.bury()
    assert state(ledger) == (0, BTC, 0)
    tied(ledger)


def test_an_undone_spend_of_which_nothing_was_made_gives_its_units_back(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("first", (0, BTC)))
    ledger.bury()
    sold = tx("sold", spends=(("first", 0),))
    ledger.mine("s", sold)
    ledger.bury()
    ledger.reorg(6, *((f"u{n}", ()) for n in range(8)))
    assert state(ledger) == (BTC, BTC, 0)
    instead(ledger)
    assert state(ledger) == (0, 0, BTC)
    tied(ledger)
    ledger.mine("back", sold)
    ledger.bury()
    assert state(ledger) == (0, BTC, 0)
    tied(ledger)
