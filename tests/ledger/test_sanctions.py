"""What a listed address sent is set apart until two persons decide, and nothing is said of what was not compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.addresses import script_of
from ledger.core.chain import Outpoint, Script
from ledger.core.errors import Conflict, Refused
from ledger.core.look import SeenTx, TxFacts
from ledger.rules.screening import ScreeningState, senders_of
from ledger.views.decisions import decisions, public_decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.screening import SenderRow, sender_screening
from tests.tools.gifts import gift, held_and_used
from tests.tools.ledgers import SLUG, Ledger, name, tied, tx

pytestmark = pytest.mark.on_both

LISTED = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
OTHER = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
BTC = 100_000_000
DAY = "2023-11-20"
CLEAN = Script(b"\x00\x14" + bytes(20))


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
        return {row.outpoint: row for row in sender_screening(reading.session, SLUG).rows}


def state(ledger: Ledger, label: str) -> ScreeningState:
    with ledger.store.read() as reading:
        return senders_of(reading.session, SLUG, [name(label)])[name(label)].state


def test_a_match_that_is_known_before_the_gift_settles_keeps_it_off_its_line(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    load(ledger, LISTED)
    bad = sent("bad", 0, CLEAN, script_of(LISTED))
    ledger.look((), [], (SeenTx(bad.txid, bad.inputs, bad.outputs, "node", bad.spent),))
    with ledger.store.read() as reading:
        waiting = decisions(reading, SLUG, now=ledger.now)
    assert [(row.kind, row.subject) for row in waiting] == [(OpenItemKind.LISTED_SENDER, f"{bad.txid}:0")]
    assert public_decisions(waiting) == ()  # nobody is told of it before it is blocked
    ledger.mine("a", bad, sent("good", 1, CLEAN, position=2))
    ledger.bury()
    assert ledger.kinds()[-3:] == ["block", "donation", "donation"]
    assert gift(ledger, f"{bad.txid}:0").line is None
    assert gift(ledger, f"{name('good')}:0").line_start == 0
    row = rows(ledger)[f"{bad.txid}:0"]
    assert (row.said, row.checked, row.inputs) == ("match: decide", 2, 2)
    assert [(match.address, match.list_date) for match in row.matches] == [(LISTED, "2023-11-10")]
    ledger.do("recorder", "release", "add", number="L-1", block=row.block, date=DAY)
    ledger.do("approver", "release", "approve", number="L-1", date=DAY)
    assert rows(ledger)[f"{bad.txid}:0"].said == "match on the list of 2023-11-10: released"
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
    assert "OFAC SDN of 2023-11-10" in item.what_to_do
    tied(ledger)


def test_what_no_input_shows_is_not_checked_and_what_some_show_is_checked_in_part(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    load(ledger, LISTED)
    ledger.mine(
        "a", sent("silent", 0, None), sent("part", 1, CLEAN, None, CLEAN, position=2),
        sent("whole", 2, CLEAN, position=3), tx("mined", (3, BTC), coinbase=True, position=0),
    )  # fmt: skip
    found = rows(ledger)
    assert found[f"{name('silent')}:0"].said == "not checked"
    assert found[f"{name('part')}:0"].said == "2 of 3 inputs checked"
    assert f"{name('whole')}:0" not in found
    with ledger.store.read() as reading:
        counts = {row.state: row.count for row in sender_screening(reading.session, SLUG).counts}
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
