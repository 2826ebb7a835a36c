"""Coins moved between own addresses: nothing left but the fee, all bear it alike, and nobody has to explain it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.pages.sentences import suggested_why
from ledger.core.accounts import AccountClass, account
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import Conflict
from ledger.core.look import SeenTx, TxFacts
from ledger.recording.valuing import value_waiting
from ledger.rules.books import Books
from ledger.store.addresses import Address
from ledger.tracing.follow import Ending, follow
from ledger.views.chain_coins import unexplained_spends
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.reconcile import books_state
from ledger.views.sum_tables import SumKey
from ledger.views.trail import ChangeKind
from ledger.views.unsettled_spends import unsettled_spends
from tests.tools.gifts import gift
from tests.tools.ledgers import SLUG, Ledger, QuietLedger, made_once, name, script, tx

BTC = 100_000_000
LINE = f"money/{SLUG}/free/BTC"
OUTSIDE = 900


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """Two gifts that have settled, of 1 BTC and of 100,000 sats."""
    return gifts(Ledger.new(tmp_path), BTC, 100_000)


def gifts(ledger: Ledger, *sats: int) -> Ledger:
    ledger.mine("a", *(tx(f"gift{i}", (i, n), position=i + 1) for i, n in enumerate(sats)))
    ledger.bury()
    return ledger


def moved(total: int, fee: int, *coins: str, label: str = "move", to: int = 15) -> TxFacts:
    return tx(label, (to, total - fee), spends=tuple((coin, 0) for coin in coins))


def both(fee: int = 1000, **more: Any) -> TxFacts:
    return moved(BTC + 100_000, fee, "gift0", "gift1", **more)


def fees_of(ledger: Ledger, *sats: int) -> list[int]:
    """What of each gift ended as a fee, the gifts lying on the line one after the other."""
    found, at = [], 0
    with ledger.store.read() as reading:
        for units in sats:
            ends = follow(Books(reading).lines, LINE, at, at + units)
            found.append(sum(visit.units for visit in ends if isinstance(visit, Ending)))
            at += units
    return found


def waiting(ledger: Ledger) -> list[OpenItemKind]:
    with ledger.store.read() as reading:
        return [row.kind for row in decisions(reading, SLUG, now=ledger.now)]


def unexplained(ledger: Ledger) -> int:
    with ledger.store.read() as reading:
        return books_state(reading, SLUG, now=ledger.now).unexplained.minor


def test_a_move_between_own_addresses_explains_itself_when_it_settles(ledger: Ledger) -> None:
    ledger.mine("m", both())
    ledger.bury()
    assert ledger.kinds()[-2:] == ["spend", "own-move"]
    assert OpenItemKind.UNEXPLAINED_SPEND not in waiting(ledger)
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        assert books_state(reading, SLUG, now=ledger.now).reconciled
        assert all(conservation(reading, slug).holds for slug in (SLUG, None))
    sums = {row.key: row.minor for row in report.sums[0].rows}
    assert (sums[SumKey.NETWORK_FEES], sums[SumKey.HELD], sums[SumKey.UNEXPLAINED]) == (1000, BTC + 99_000, 0)


def test_nothing_of_it_is_unexplained_from_its_first_sighting_on(ledger: Ledger) -> None:
    facts = both()
    ledger.look((), [], (SeenTx(facts.txid, facts.inputs, facts.outputs, "node"),))
    assert (unexplained(ledger), OpenItemKind.UNEXPLAINED_SPEND in waiting(ledger)) == (0, False)
    with ledger.store.read() as reading:
        assert [row.amount.minor for row in unexplained_spends(reading, SLUG, unsettled_spends(reading))] == [
            1000
        ]
    ledger.mine("m", facts)
    assert unexplained(ledger) == 0


def test_all_that_was_moved_bears_the_fee_alike(ledger: Ledger) -> None:
    """docs/rules.md, 11: no small gift is eaten by a fee because it lies lowest on the line."""
    ledger.mine("m", both(fee=1001))
    ledger.bury()
    assert fees_of(ledger, BTC, 100_000) == [1000, 1]


@settings(max_examples=6, deadline=None)
@given(
    sats=st.lists(st.integers(1000, 90_000), min_size=1, max_size=8),
    chosen=st.sets(st.integers(0, 7), min_size=1),
    permille=st.integers(0, 20),
    used=st.integers(0, 30_000),
)
def test_each_gift_bears_its_floor_of_the_fee_and_the_shares_sum_to_it(
    sats: list[int], chosen: set[int], permille: int, used: int
) -> None:
    """Whatever was spent before, and whichever coins are moved; docs/rules.md, T4."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = gifts(QuietLedger.new(Path(folder), addresses=20), *sats, 50_000)
        last = len(sats)
        paid = tx("paid", (16, 50_000 - used), (OUTSIDE, used), spends=((f"gift{last}", 0),))
        ledger.mine("p", *((paid,) if used else ()))
        coins = sorted({index % len(sats) for index in chosen})
        total = sum(sats[index] for index in coins)
        fee = max(1, total * permille // 1000)
        ledger.mine("m", moved(total, fee, *(f"gift{index}" for index in coins)))
        ledger.bury(6)
        wanted, at, bearing = [], 0, min(total, sum(sats) + 50_000 - used)
        for units in [*sats, 50_000]:
            low, high = (min(max(0, edge - used), bearing) for edge in (at, at + units))
            wanted.append(high * fee // bearing - low * fee // bearing)
            at += units
        assert ledger.kinds()[-1] == "own-move"
        assert fees_of(ledger, *sats, 50_000) == wanted
        assert sum(wanted) == fee
        Ledger.audit(ledger)


def test_a_donor_reads_what_the_move_cost(ledger: Ledger) -> None:
    """The story of a gift: it came, was put together with another, was sold, and is told what the way cost."""
    ledger.mine("m", both(fee=1001))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("move", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC + 98_999, network_fee=0,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    with ledger.store.read() as reading:
        trail = donation_trails(reading, f"{name('gift0')}:0")[0]
        assert books_state(reading, SLUG, now=ledger.now).unexplained.minor == 0
    assert [change.kind for change in trail.changes] == [ChangeKind.FEE]
    assert [step.kind.value for step in trail.steps][:2] == ["settled", "converted"]


def test_a_gift_is_worth_what_it_fetched_though_a_part_of_it_paid_the_move(tmp_path: Path) -> None:
    """In a campaign that values by conversion the fee fetched nothing, and nothing of the gift is left to sell."""
    ledger = gifts(Ledger.new(tmp_path, valuation="conversion"), BTC, 100_000)
    ledger.mine("m", both(fee=1001))
    ledger.mine("s", tx("sale", spends=(("move", 0),)))
    ledger.bury(6)
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC + 98_999, network_fee=0,
        currency="USD", proceeds=BTC + 98_999, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    with ledger.store.write() as writing:
        value_waiting(writing, now=ledger.now)
    assert gift(ledger, f"{name('gift0')}:0").value == BTC - 1000


def test_an_extraordinary_fee_waits_for_a_person_with_the_command_that_explains_it(ledger: Ledger) -> None:
    fee = (BTC + 100_000) * 20 // 1000 + 1
    ledger.mine("m", both(fee=fee))
    ledger.bury()
    assert unexplained(ledger) == fee
    with ledger.store.read() as reading:
        first = next(
            row.suggestions[0]
            for row in decisions(reading, SLUG, now=ledger.now)
            if row.kind is OpenItemKind.UNEXPLAINED_SPEND
        )
    assert (first.kind, first.score, first.minor) == ("move", 100, fee)
    command = suggested_why(first.why[1]).split("`")[1].replace("NUMBER", "M-1").split()
    told = dict(pair.split("=", 1) for pair in command if "=" in pair)
    numbers = {key: int(told[key]) for key in ("amount", "fee")}
    ledger.do("recorder", *command[:2], **(told | numbers))
    ledger.do("approver", "move", "approve", number="M-1", date="2023-11-21")
    assert unexplained(ledger) == 0


def _outside() -> TxFacts:
    return tx("move", (15, BTC), (OUTSIDE, 99_000), spends=(("gift0", 0), ("gift1", 0)))


def _stranger() -> TxFacts:
    return tx("move", (15, BTC + 99_000), spends=(("gift0", 0), ("gift1", 0), ("somebody", 0)))


def _elsewhere() -> TxFacts:
    return tx("move", (15, BTC), (50, 99_000), spends=(("gift0", 0), ("gift1", 0)))


def _undecided() -> TxFacts:
    return tx("move", (15, BTC + 99_000), spends=(("gift0", 0), ("odd", 0)))


def _blocked() -> TxFacts:
    return tx("move", (15, 199_000), spends=(("gift1", 0), ("bad", 0)))


@pytest.mark.parametrize("made", [_outside, _stranger, _elsewhere, _undecided, _blocked])
def test_what_may_be_more_than_a_move_waits_for_a_person(tmp_path: Path, made: Any) -> None:
    """An output or an input that is not ours, another campaign's address, a coin that was set apart."""
    ledger = Ledger.new(tmp_path)
    ledger.do(
        "admin", "campaign", "add", slug="other", title="Other", purpose="Else", start="2023-11-01",
        end="2023-12-31",
    )  # fmt: skip
    with ledger.store.write() as writing:
        writing.addresses.add([Address(script(50), "address50", "other", "receive", 0, "list")])
    ledger.do("recorder", "block", "add", number="B-1", gift=f"{name('bad')}:0", date="2023-11-20")
    ledger.mine("o", tx("odd", (16, 100_000)), tx("bad", (2, 100_000), position=2))
    gifts(ledger, BTC, 100_000)
    ledger.mine("m", made())
    ledger.bury()
    assert "own-move" not in ledger.kinds()
    assert OpenItemKind.UNEXPLAINED_SPEND in waiting(ledger)


def test_dust_that_is_swept_together_pays_its_own_way(tmp_path: Path) -> None:
    """docs/rules.md, 5: dust is on no line, so no donor bears its fee."""
    ledger = gifts(Ledger.new(tmp_path), BTC)
    ledger.mine("d", *(tx(f"dust{i}", (i, 900), position=i + 1) for i in range(5)))
    ledger.bury()
    ledger.mine("m", tx("sweep", (15, 4420), spends=tuple((f"dust{i}", 0) for i in range(5))))
    ledger.bury()
    assert ledger.kinds()[-1] == "own-move"
    assert fees_of(ledger, BTC) == [0]
    with ledger.store.read() as reading:
        assert Books(reading).net(account(AccountClass.DUST, SLUG), "BTC") == 4420


def test_who_began_to_explain_it_goes_on(ledger: Ledger) -> None:
    ledger.mine("m", both())
    facts = {"number": "M-1", "asset": "BTC", "amount": 0, "txid": name("move"), "date": "2023-11-21"}
    ledger.do("recorder", "move", "add", fee=1000, **facts)
    ledger.bury()
    assert ledger.kinds()[-2:] == ["spend", "move"]
    ledger.do("approver", "move", "approve", number="M-1", date="2023-11-21")
    assert unexplained(ledger) == 0


def test_its_explanation_is_reversed_like_any_other(ledger: Ledger) -> None:
    ledger.mine("m", both())
    ledger.bury()
    facts = {"number": "M-1", "asset": "BTC", "amount": 0, "txid": name("move"), "date": "2023-11-21"}
    with pytest.raises(Conflict, match="explained already, by move between own addresses"):
        ledger.do("recorder", "move", "add", fee=1000, **facts)
    with ledger.store.read() as reading:
        row = reading.journal.by_key(f"own-move:{name('move')}")
    assert row is not None
    ledger.do(
        "approver", "reversal", "add", entry=row.seq, reason="a listed address is not ours", date="2023-11-21"
    )
    assert unexplained(ledger) == 1000
    ledger.do("recorder", "move", "add", fee=1000, **facts)
    ledger.do("approver", "move", "approve", number="M-1", date="2023-11-21")
    assert unexplained(ledger) == 0


def test_a_reorganisation_takes_the_coins_back_and_the_fee_again(ledger: Ledger) -> None:
    """docs/rules.md, 4: the use stands, what is undone is a row, and settled again all is as it was."""
    ledger.mine("m", both())
    ledger.bury()
    ledger.reorg(6, *((f"B{i}", ()) for i in range(7)))
    with ledger.store.read() as reading:
        state = books_state(reading, SLUG, now=ledger.now)
    assert (state.shortfall.minor, state.unexplained.minor) == (1000, 0)
    ledger.mine("n", both())
    ledger.bury()
    with ledger.store.read() as reading:
        state = books_state(reading, SLUG, now=ledger.now)
    assert (state.shortfall.minor, state.unexplained.minor, state.difference.minor) == (0, 0, 0)
    assert ledger.kinds().count("own-move") == 1


def test_a_young_move_that_a_reorganisation_undid_is_still_one(ledger: Ledger) -> None:
    """Between its first block and the one that settles it nothing becomes unexplained, and it is recorded once."""
    ledger.mine("m", both())
    ledger.reorg(1, ("M", ()))
    assert unexplained(ledger) == 0
    ledger.mine("n", both())
    ledger.bury()
    assert ledger.kinds()[-2:] == ["spend", "own-move"]


def test_a_coinbase_moves_between_own_addresses_like_any_coin(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("reward", (0, BTC), position=0, coinbase=True))
    ledger.bury(99)
    ledger.mine("m", moved(BTC, 500, "reward"))
    ledger.bury()
    assert (ledger.kinds()[-1], fees_of(ledger, BTC)) == ("own-move", [500])


def test_in_a_closed_period_it_is_booked_on_the_first_open_day(ledger: Ledger) -> None:
    """docs/rules.md, 13: what the chain says is never refused."""
    ledger.now += 30 * 86_400
    for role, verb in (("recorder", "close"), ("approver", "approve")):
        ledger.do(role, "period", verb, number="2023-11", date="2023-12-02")
    ledger.mine("m", both())
    ledger.bury()
    with ledger.store.read() as reading:
        row = reading.journal.by_key(f"own-move:{name('move')}")
    assert row is not None
    assert entry_from_bytes(row.data).date == "2023-12-01"


def test_a_move_with_a_higher_fee_takes_the_place_of_the_first(ledger: Ledger) -> None:
    for label, fee in (("slow", 500), ("fast", 3000)):
        facts = both(fee=fee, label=label)
        ledger.look((), [], (SeenTx(facts.txid, facts.inputs, facts.outputs, "node"),))
    ledger.mine("m", both(fee=3000, label="fast"))
    ledger.bury()
    with ledger.store.read() as reading:
        rows = unexplained_spends(reading, SLUG, unsettled_spends(reading))
    assert [(row.txid, row.amount.minor, row.explained_at is not None) for row in rows] == [
        (name("fast"), 3000, True)
    ]
