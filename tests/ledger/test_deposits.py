"""Coins at an exchange: a place of their own between the transaction that brought them and the fills that sell them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.frozen import Amount
from ledger.core.lines import PartKind
from ledger.rules.at_exchange import coins_at, lying_at_exchanges
from ledger.rules.books import Books
from ledger.rules.deposits import DEPOSITS
from ledger.tracing.follow import Ending, follow
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.open_items import UNRECONCILED, OpenItemKind
from ledger.views.queries import campaign_flow, campaign_report, donation_trails
from ledger.views.reconcile import books_state
from ledger.views.sum_tables import SumKey
from ledger.views.trail import DonationTrail, StepKind
from tests.tools import needs as restricted
from tests.tools.gifts import held_and_used
from tests.tools.ledgers import SLUG, Ledger, day_of, made_once, name, sum_of, tied, tx
from tests.tools.needs import with_needs
from tests.tools.things import seq_of

pytestmark = pytest.mark.on_both

COINS = f"money/{SLUG}/free/BTC"
DAY = "2023-11-20"
KINDS = {OpenItemKind.AT_EXCHANGE, OpenItemKind.AT_EXCHANGE_OVERDUE}


@made_once
def sent(folder: Path) -> Ledger:
    """Gifts of 60,000 and 40,000 sats went to an exchange in one transaction, which nobody explained yet."""
    ledger = Ledger.new(folder)
    ledger.mine("a", tx("gift0", (0, 60_000)), tx("gift1", (1, 40_000), position=2))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("gift0", 0), ("gift1", 0))))
    ledger.bury()
    return ledger


def deposit(ledger: Ledger, number: str, label: str, amount: int, fee: int = 0, **more: Any) -> int:
    facts: dict[str, Any] = {"number": number, "txid": name(label), "amount": amount, "network_fee": fee}
    ledger.do("recorder", "deposit", "add", **facts, exchange="X", date=DAY, **more)
    return decide(ledger, "deposit", number)


def sell(ledger: Ledger, number: str, sold: int, proceeds: int, day: str = DAY, **more: Any) -> None:
    facts = {
        "number": number,
        "sold": sold,
        "proceeds": proceeds,
        "currency": "USD",
        "exchange": "X",
        "bank": "B",
    }
    ledger.do("recorder", "conversion", "add", **facts, date=day, **more)


def decide(ledger: Ledger, noun: str, number: str, verb: str = "approve", day: str = DAY) -> int:
    seq = ledger.do("approver", noun, verb, number=number, date=day).seq
    assert seq is not None
    return seq


def trail(ledger: Ledger, label: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, f"{name(label)}:0")
    return found


def waiting(ledger: Ledger, day: str) -> list[tuple[OpenItemKind, str, int]]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=day_of({"date": day}))
    return [(row.kind, str(row.subject), sum_of(row).minor) for row in rows if row.kind in KINDS]


def lies(ledger: Ledger) -> int:
    with ledger.store.read() as reading:
        return coins_at(Books(reading), SLUG, "X")


def test_coins_sent_to_an_exchange_are_explained_and_lie_there_until_they_are_sold(tmp_path: Path) -> None:
    """Every place that tells of holdings tells of them: sums, conservation, inbox, and the donor's way."""
    ledger = sent(tmp_path)
    deposit(ledger, "D-1", "sale", 99_000, 1_000)
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        state = books_state(reading, SLUG, now=ledger.now)
        (table,) = conservation(reading, SLUG).tables
        listed = decisions(reading, SLUG, now=ledger.now)
    assert (state.unexplained.minor, state.reconciled) == (0, True)
    rows = {(row.key, row.label): row.minor for row in report.sums[0].rows}
    assert (rows[SumKey.AT_EXCHANGE, "X"], rows[SumKey.NETWORK_FEES, ""], rows[SumKey.HELD, ""]) == (
        99_000,
        1_000,
        0,
    )
    assert {row.key: row.amount.minor for row in table.rows}["at_exchange"] == 99_000
    (lying,) = [row for row in listed if row.kind is OpenItemKind.AT_EXCHANGE]
    assert (lying.since, lying.amount) == (DAY, Amount.of("BTC", 99_000))
    first = trail(ledger, "gift0")
    assert [(place.kind, place.place, place.since, place.amount.minor) for place in first.places] == [
        (ExitKind.AT_EXCHANGE, "X", DAY, 59_400),
        (ExitKind.FEE, "", "", 600),
    ]
    brought, rest = first.steps[-2:]
    assert (brought.kind, brought.at, brought.amount.minor, brought.place) == (
        StepKind.DEPOSITED, DAY, 59_400, "X",
    )  # fmt: skip
    assert (rest.over, rest.place, rest.detail["since"]) == (False, "X", DAY)
    assert waiting(ledger, DAY) == [(OpenItemKind.AT_EXCHANGE, "X, deposit D-1", 99_000)]
    assert waiting(ledger, "2023-12-21") == [(OpenItemKind.AT_EXCHANGE_OVERDUE, "X, deposit D-1", 99_000)]
    assert OpenItemKind.AT_EXCHANGE not in UNRECONCILED
    assert OpenItemKind.AT_EXCHANGE_OVERDUE in UNRECONCILED
    tied(ledger)


def test_a_gift_that_is_blocked_while_its_coins_lie_at_an_exchange_is_held_there(tmp_path: Path) -> None:
    """Nothing more of it is sold or brought back; it is told as blocked, and nobody is asked to sell it."""
    ledger = sent(tmp_path)
    deposit(ledger, "D-1", "sale", 99_000, 1_000)
    sell(ledger, "C-1", 19_800, 2_000)
    decide(ledger, "conversion", "C-1")
    sell(ledger, "C-2", 100, 10)
    block = {"number": "B-1", "gift": f"{name('gift0')}:0", "list": "A list", "list_date": DAY, "date": DAY}
    ledger.do("recorder", "block", "add", **block)
    assert held_and_used(ledger, "B-1") == (39_500, 20_500)
    tied(ledger)
    with pytest.raises(Conflict, match="conversion C-2 holds money of a gift that B-1 has blocked since"):
        decide(ledger, "conversion", "C-2")
    decide(ledger, "conversion", "C-2", "reject")
    tied(ledger)
    with pytest.raises(
        Refused, match=r"beside 0\.00039600 BTC of gifts that are blocked and 0\.00000000 BTC"
    ):
        sell(ledger, "C-3", 39_601, 4_000)
    sell(ledger, "C-3", 39_600, 4_000)
    decide(ledger, "conversion", "C-3")
    with ledger.store.read() as reading:
        (table,) = (t for t in conservation(reading, SLUG).tables if t.asset == "BTC")
    rows = {row.key: row.amount.minor for row in table.rows}
    assert ("at_exchange" in rows, rows["in_hand_blocked"]) == (False, 39_600)
    assert waiting(ledger, DAY) == waiting(ledger, "2024-02-01") == []
    undo = {"entry": seq_of(ledger, "conversion.approved", "C-1"), "reason": "Not sold", "date": DAY}
    ledger.do("approver", "reversal", "add", **undo)
    tied(ledger)
    with pytest.raises(Refused, match=r"beside 0\.00059400 BTC of gifts that are blocked"):
        sell(ledger, "C-4", 1, 1)
    ledger.do("recorder", "release", "add", number="L-1", block="B-1", date=DAY)
    decide(ledger, "release", "L-1")
    sell(ledger, "C-4", 59_400, 6_000)
    decide(ledger, "conversion", "C-4")
    tied(ledger)


def test_a_gift_that_was_blocked_before_its_coins_were_told_as_a_deposit_is_held_at_the_exchange(
    tmp_path: Path,
) -> None:
    """They left before; what becomes known later frees none of them. Taken back, they wait for their explanation."""
    ledger = sent(tmp_path)
    block = {"number": "B-1", "gift": f"{name('gift0')}:0", "list": "A list", "list_date": DAY, "date": DAY}
    ledger.do("recorder", "block", "add", **block)
    told = deposit(ledger, "D-1", "sale", 99_000, 1_000)
    tied(ledger)
    with pytest.raises(Refused, match=r"beside 0\.00059400 BTC of gifts that are blocked"):
        sell(ledger, "C-1", 39_601, 4_000)
    ledger.do("approver", "reversal", "add", entry=told, reason="Another exchange", date=DAY)
    tied(ledger)


def test_an_exchange_that_looks_like_another_waits_for_an_answer(tmp_path: Path) -> None:
    ledger = sent(tmp_path)
    told = {"txid": name("sale"), "amount": 99_000, "network_fee": 1_000, "date": DAY}
    first = ledger.do("recorder", "deposit", "add", number="D-1", **told, exchange="Kraken").seq
    decide(ledger, "deposit", "D-1", "reject")
    with pytest.raises(Refused, match="exchange: no exchange has the code EXC-9; see `exchange names`"):
        ledger.do("recorder", "deposit", "add", number="D-2", **told, exchange="EXC-9")
    second = ledger.do("recorder", "deposit", "add", number="D-2", **told, exchange="\u039araken").seq
    with pytest.raises(Conflict, match="looks like Kraken"):
        decide(ledger, "deposit", "D-2")
    answer = {"entry": second, "other": first, "answer": "same", "reason": "One account", "date": DAY}
    ledger.do("approver", "question", "answer", **answer)
    decide(ledger, "deposit", "D-2")


def test_each_fill_sells_what_lies_there_in_the_order_of_the_line(tmp_path: Path) -> None:
    """Who gave first is sold first, at the price of the fill; no fill sells more than lies there unsold."""
    ledger = sent(tmp_path)
    deposit(ledger, "D-1", "sale", 99_000, 1_000)
    sell(ledger, "C-1", 50_000, 5_000, reference="F-1")
    with pytest.raises(
        Refused, match=r"sold: is more than the 0\.00049000 BTC .* beside 0\.00050000 BTC that wait"
    ):
        sell(ledger, "C-2", 49_001, 4_900)
    with pytest.raises(Refused, match="reference: is that of conversion C-1"):
        sell(ledger, "C-2", 49_000, 4_900, reference="F-1")
    with pytest.raises(Refused, match="network_fee: is of a transaction"):
        sell(ledger, "C-2", 49_000, 4_900, network_fee=1)
    decide(ledger, "conversion", "C-1")
    sell(ledger, "C-2", 48_000, 4_700, exchange_fee=100, reference="F-2", day="2023-11-22")
    decide(ledger, "conversion", "C-2", day="2023-11-22")
    first, second = trail(ledger, "gift0"), trail(ledger, "gift1")
    fetched = [(s.reference, s.amount.minor) for s in first.steps if s.kind is StepKind.CONVERTED]
    assert fetched == [("C-1", 5_000), ("C-2", 9_400 * 4_700 // 48_000)]
    assert [s.reference for s in second.steps if s.kind is StepKind.CONVERTED] == ["C-2"]
    left = [
        (place.amount.minor, place.since) for place in second.places if place.kind is ExitKind.AT_EXCHANGE
    ]
    assert left == [(1_000, DAY)]
    assert waiting(ledger, DAY) == [(OpenItemKind.AT_EXCHANGE, "X, deposit D-1", 1_000)]
    with ledger.store.read() as reading:
        table = next(t for t in campaign_report(reading, SLUG, now=ledger.now).sums if t.asset == "USD")
    assert table.total.minor == 9_700
    tied(ledger)


def test_deposits_are_sold_in_turn_and_each_is_told_with_its_own_day(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift0", (0, 60_000)), tx("gift1", (1, 40_000), position=2))
    ledger.bury()
    for label, gift in (("one", "gift0"), ("two", "gift1")):
        ledger.mine(label, tx(label, spends=((gift, 0),)))
        ledger.bury()
    deposit(ledger, "D-1", "one", 60_000, until="2023-11-30")
    facts = {"number": "D-2", "txid": name("two"), "amount": 40_000, "network_fee": 0, "exchange": "X"}
    ledger.do("recorder", "deposit", "add", **facts, date="2023-11-24")
    decide(ledger, "deposit", "D-2", day="2023-11-24")
    fills = [{"sold": 40_000, "proceeds": 400}, {"sold": 30_000, "proceeds": 330}]
    sell(ledger, "C-1", 70_000, 730, day="2023-11-25", fills=fills)
    decide(ledger, "conversion", "C-1", day="2023-11-25")
    with ledger.store.read() as reading:
        assert [(row.number, sats) for row, sats in lying_at_exchanges(Books(reading), SLUG)] == [
            ("D-2", 30_000)
        ]
    assert trail(ledger, "gift0").places[0].amount.minor == 400 + 220
    rest = next(place for place in trail(ledger, "gift1").places if place.kind is ExitKind.AT_EXCHANGE)
    assert (rest.amount.minor, rest.since) == (30_000, "2023-11-24")
    # What was sold after the second deposit cannot have been sold on a day before it.
    with pytest.raises(Refused, match="2023-11-24"):
        sell(ledger, "C-2", 10_000, 100, day="2023-11-23")
    tied(ledger)


def test_a_deposit_is_another_persons_to_approve_and_is_reversed_while_all_of_it_lies_there(
    tmp_path: Path,
) -> None:
    ledger = sent(tmp_path)
    with pytest.raises(Conflict, match=r"covers\s+all of it"):
        deposit(ledger, "D-1", "sale", 99_000)
    seq = deposit(ledger, "D-1", "sale", 99_000, 1_000)
    sell(ledger, "C-1", 1, 1)
    facts = {"entry": seq, "reason": "not ours", "date": DAY}
    with pytest.raises(Conflict, match=r"0\.00098999 BTC of its 0\.00099000 BTC lies at X still"):
        ledger.do("approver", "reversal", "add", **facts)
    decide(ledger, "conversion", "C-1", "reject")
    ledger.do("approver", "reversal", "add", **facts)
    assert lies(ledger) == 0
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).unexplained.minor == 100_000
        assert DEPOSITS.require_row(reading.session, SLUG, "D-1").reversed_by is not None
    # A sale in one go still names its transaction.
    sell(ledger, "C-3", 99_000, 9_900, txid=name("sale"), network_fee=1_000)
    decide(ledger, "conversion", "C-3")
    tied(ledger)


def test_an_undone_deposit_is_a_shortfall_as_far_as_it_was_sold_and_nothing_more_is_sold_of_it(
    tmp_path: Path,
) -> None:
    ledger = sent(tmp_path)
    deposit(ledger, "D-1", "sale", 99_000, 1_000)
    sell(ledger, "C-1", 60_000, 6_000)
    decide(ledger, "conversion", "C-1")
    sell(ledger, "C-2", 10_000, 1_000)
    ledger.reorg(6, *((f"b{n}", ()) for n in range(7)))
    assert (lies(ledger), waiting(ledger, DAY)) == (0, [])
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).shortfall.minor == 100_000
    with pytest.raises(Refused, match=r"more than the 0\.00000000 BTC"):
        sell(ledger, "C-3", 1, 1)
    with pytest.raises(Conflict, match="a deposit there is undone"):
        decide(ledger, "conversion", "C-2")
    ledger.mine("again", tx("sale", spends=(("gift0", 0), ("gift1", 0))))
    ledger.bury()
    assert lies(ledger) == 39_000
    decide(ledger, "conversion", "C-2")
    tied(ledger)


def test_an_undone_deposit_whose_coins_were_sent_anew_lies_there_when_that_is_told(tmp_path: Path) -> None:
    ledger = sent(tmp_path)
    deposit(ledger, "D-1", "sale", 99_000, 1_000)
    sell(ledger, "C-1", 60_000, 6_000)
    decide(ledger, "conversion", "C-1")
    gifts = (tx("gift0", (0, 60_000)), tx("gift1", (1, 40_000), position=2))
    anew = tx("anew", spends=(("gift0", 0), ("gift1", 0)))
    ledger.reorg(12, ("b0", gifts), *((f"b{n}", ()) for n in range(1, 14)), ("again", (anew,)))
    ledger.bury()
    assert lies(ledger) == 0
    facts = {"number": "V-1", "spend": name("sale"), "txid": name("anew"), "amount": 100_000, "date": DAY}
    ledger.do("recorder", "cover", "add", **facts)
    decide(ledger, "cover", "V-1")
    assert (lies(ledger), waiting(ledger, DAY)) == (
        39_000,
        [(OpenItemKind.AT_EXCHANGE, "X, deposit D-1", 39_000)],
    )
    sell(ledger, "C-2", 39_000, 3_900)
    decide(ledger, "conversion", "C-2")
    tied(ledger)


def test_restricted_coins_stay_so_at_the_exchange_and_fetch_money_of_their_end(tmp_path: Path) -> None:
    """Unrestricted coins are sold first, or those of the need that a fill names."""
    ledger = with_needs(tmp_path)
    restricted.given(ledger, (None, 60_000), ("N-1", 40_000))
    restricted.spend(ledger, "s")
    deposit(ledger, "D-1", "s", 99_000, 1_000)
    sell(ledger, "C-1", 39_600, 396, need="N-1")
    decide(ledger, "conversion", "C-1")
    sell(ledger, "C-2", 10_000, 100)
    decide(ledger, "conversion", "C-2")
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        assert lines.free_units(f"exchange/{SLUG}/X/free/BTC") == 49_400
        assert lines.free_units(f"exchange/{SLUG}/X/N-1/BTC") == 0
        assert (lines.length(f"money/{SLUG}/N-1/USD"), lines.length(f"money/{SLUG}/free/USD")) == (396, 100)
    tied(ledger)


def test_all_coins_of_a_deposit_bear_its_network_fee_alike(tmp_path: Path) -> None:
    ledger = sent(tmp_path)
    deposit(ledger, "D-1", "sale", 99_997, 3)
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        borne = [
            sum(
                v.units
                for v in follow(lines, COINS, *gift)
                if isinstance(v, Ending) and v.kind is PartKind.FEE
            )
            for gift in ((0, 60_000), (60_000, 100_000))
        ]
    assert borne == [1, 2]


def test_unsold_coins_come_back_to_the_line_of_those_who_gave_them(tmp_path: Path) -> None:
    """The coin that they come as is no gift; all of them bear its fees alike."""
    ledger = sent(tmp_path)
    deposit(ledger, "D-1", "sale", 99_000, 1_000)
    ledger.do("recorder", "custody-fee", "add", number="F-1", exchange="X", amount=100, date=DAY)
    decide(ledger, "custody-fee", "F-1")
    sell(ledger, "C-1", 59_340, 5_934)
    decide(ledger, "conversion", "C-1")
    ledger.mine("back", tx("back", (2, 39_000)))
    ledger.bury()
    coin = f"{name('back')}:0"
    facts = {"number": "W-1", "exchange": "X", "outpoint": coin, "amount": 39_000, "fee": 560, "date": DAY}
    with pytest.raises(Refused, match="undecided first"):
        ledger.do("recorder", "withdrawal", "add", **facts)
    ledger.do("approver", "incoming", "decide", outpoint=coin, counts_as="undecided", date=DAY)
    with pytest.raises(Refused, match=r"more than the 0\.00039560 BTC"):
        ledger.do("recorder", "withdrawal", "add", **(facts | {"fee": 561}))
    ledger.do("recorder", "withdrawal", "add", **facts)
    with pytest.raises(Conflict, match="withdrawal W-1 waits"):
        ledger.do("approver", "incoming", "decide", outpoint=coin, n=2, counts_as="top_up", date=DAY)
    limit = {"role": "approver", "currency": "BTC"}
    ledger.do("admin", "limit", "set", number="L-1", **limit, most=39_559, date=DAY)
    with pytest.raises(NotAllowed, match=r"this withdrawal comes to 0\.00039560 BTC"):
        decide(ledger, "withdrawal", "W-1")
    ledger.do("admin", "limit", "lift", number="L-2", **limit, date=DAY)
    seq = decide(ledger, "withdrawal", "W-1")
    assert (lies(ledger), waiting(ledger, DAY), trail(ledger, "back").outcome) == (0, [], "withdrawal")
    second = trail(ledger, "gift1")
    assert {place.kind: place.amount.minor for place in second.places} == {
        ExitKind.HELD: 39_000,
        ExitKind.FEE: 1_000,
    }
    assert [(step.kind, step.place) for step in second.steps if step.kind is StepKind.WITHDRAWN] == [
        (StepKind.WITHDRAWN, "X")
    ]
    with ledger.store.read() as reading:
        rows = {row.key: row.minor for row in campaign_report(reading, SLUG, now=ledger.now).sums[0].rows}
        bars = [bar for stage in campaign_flow(reading, SLUG).stages for bar in stage.bars]
    assert (rows[SumKey.HELD], rows[SumKey.NETWORK_FEES], rows[SumKey.EXCHANGE_FEES]) == (39_000, 1_000, 660)
    assert [bar.units for bar in bars if bar.asset == "BTC"] == [100_000]
    tied(ledger)
    with pytest.raises(Conflict, match="reverse that withdrawal first"):
        ledger.do("approver", "incoming", "decide", outpoint=coin, n=2, counts_as="gift", date=DAY)
    ledger.do("approver", "reversal", "add", entry=seq, reason="not ours", date=DAY)
    assert lies(ledger) == 39_560
    decide_again = ledger.do("recorder", "withdrawal", "add", **(facts | {"number": "W-2", "fee": 0}))
    assert decide_again.seq is not None
    decide(ledger, "withdrawal", "W-2")
    # A reorganisation has the coin on its way again: it is a shortfall, and is not sold at the exchange meanwhile.
    ledger.reorg(6, *((f"b{n}", ()) for n in range(7)))
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).shortfall.minor == 39_000
    assert lies(ledger) == 560
    ledger.mine("again", tx("back", (2, 39_000)))
    ledger.bury()
    tied(ledger)
