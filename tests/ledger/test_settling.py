"""What the chain does to the books: settling, voids, restores, spends, change, drafts; audited after every step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.pages.sentences import came_instead, donation_sentence, plain, replaces
from ledger.core.accounts import AccountClass, account
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.look import SeenTx, TxFacts
from ledger.core.times import rfc3339
from ledger.model.observed import TxState
from ledger.rules.books import Books
from ledger.rules.observing import Observed
from ledger.store.addresses import Address
from ledger.views.chain_coins import unexplained_spends
from ledger.views.queries import donation_page, donation_rows, donation_trails
from ledger.views.reconcile import books_state
from ledger.views.trail import DonationStatus, StepKind
from ledger.views.unsettled_spends import unsettled_spends
from ledger.views.watch_list import sighting_scripts
from tests.tools.gifts import gift
from tests.tools.ledgers import SLUG, START, Ledger, made_once, name, script, tx

BTC = 100_000_000


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.new(tmp_path)


def wallet(ledger: Ledger, kind: AccountClass = AccountClass.WALLET) -> int:
    with ledger.store.read() as reading:
        return Books(reading).net(account(kind, SLUG), "BTC")


def interval(ledger: Ledger, label: str, vout: int = 0) -> tuple[int | None, int | None]:
    settled = gift(ledger, f"{name(label)}:{vout}")
    return settled.line_start, settled.line_end


def status(ledger: Ledger, label: str) -> DonationStatus:
    with ledger.store.read() as reading:
        return donation_trails(reading, name(label))[0].status


def test_a_payment_settles_at_the_depth_and_not_a_block_earlier(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury(4)
    assert status(ledger, "gift") is DonationStatus.CONFIRMED
    assert wallet(ledger) == 0
    ledger.bury(1)
    assert status(ledger, "gift") is DonationStatus.SETTLED
    assert wallet(ledger) == BTC


def test_a_gift_settles_when_its_block_was_buried_whenever_that_was_read(ledger: Ledger) -> None:
    """A service that was down for three days tells and orders it by the chain's time; only recording has our own."""
    blocks: list[tuple[str, tuple[TxFacts, ...]]] = [("a", (tx("late", (0, 5_000)),))]
    ledger.look((), [*blocks, *((f"b{i}", ()) for i in range(9))], seconds=3 * 86_400)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"{name('late')}:0")
    buried = START + 600 * (1 + 6)
    assert (trail.settled_at, trail.recorded_at) == (rfc3339(buried), rfc3339(ledger.now))
    (step,) = [step for step in trail.steps if step.kind is StepKind.SETTLED]
    assert (step.at, step.detail["block_time"]) == (rfc3339(buried), rfc3339(START + 600 * 2))
    kept = gift(ledger, f"{name('late')}:0")
    assert kept.date == rfc3339(buried)[:10] != rfc3339(ledger.now)[:10]


def test_one_transaction_that_pays_one_address_twice_is_two_donations(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, 5000), (0, 7000), (1, 9000)))
    ledger.bury()
    assert ledger.kinds().count("donation") == 3
    assert wallet(ledger) == 21_000


def test_gifts_lie_in_order_of_block_position_and_output(ledger: Ledger) -> None:
    ledger.mine("a", tx("late", (0, 5000), position=7), tx("early", (1, 6000), (2, 7000), position=3))
    ledger.bury()
    assert interval(ledger, "early", 0) == (0, 6000)
    assert interval(ledger, "early", 1) == (6000, 13_000)
    assert interval(ledger, "late", 0) == (13_000, 18_000)


def test_dust_is_recorded_apart_and_on_no_line(ledger: Ledger) -> None:
    ledger.mine("a", tx("dust", (0, 999)), tx("gift", (0, 1000), position=2))
    ledger.bury()
    assert (wallet(ledger), wallet(ledger, AccountClass.DUST)) == (1000, 999)
    assert status(ledger, "dust") is DonationStatus.BELOW_DUST


def test_a_gift_that_falls_out_is_voided_and_keeps_its_interval_when_it_comes_back(ledger: Ledger) -> None:
    """A, then B without it, then A' with it again: void and restore, nobody else moves."""
    ledger.mine("a", tx("first", (0, 5000)))
    ledger.mine("b", tx("gift", (1, 7000)))
    ledger.mine("c", tx("last", (2, 9000)))
    ledger.bury()
    before = {label: interval(ledger, label) for label in ("first", "gift", "last")}
    longer = tuple((f"B{i}", (tx("last", (2, 9000)),) if i == 1 else ()) for i in range(8))
    ledger.reorg(7, *longer)
    assert status(ledger, "gift") is DonationStatus.REORGED
    assert "void" in ledger.kinds()
    assert wallet(ledger) == 14_000
    back = tuple(
        (f"C{i}", (tx("gift", (1, 7000)), tx("last", (2, 9000), position=2)) if i == 0 else ())
        for i in range(9)
    )
    ledger.reorg(8, *back)
    assert status(ledger, "gift") is DonationStatus.SETTLED
    assert {label: interval(ledger, label) for label in before} == before
    assert wallet(ledger) == 21_000


def test_a_gift_that_only_changes_its_block_is_moved_and_keeps_its_interval(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, 5000)))
    ledger.bury(6)
    before = interval(ledger, "gift")
    ledger.reorg(7, *((f"B{i}", (tx("gift", (0, 5000)),) if i == 0 else ()) for i in range(8)))
    assert "moved" in ledger.kinds()
    assert "void" not in ledger.kinds()
    assert interval(ledger, "gift") == before


def test_a_reorg_before_settling_leaves_no_trace_in_the_journal(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, 5000)))
    ledger.bury(2)
    ledger.reorg(3, ("B0", ()), ("B1", (tx("gift", (0, 5000)),)), ("B2", ()), ("B3", ()))
    ledger.bury(5)
    assert [k for k in ledger.kinds() if k != "campaign"] == ["donation"]


def test_a_coinbase_settles_after_a_hundred_blocks(ledger: Ledger) -> None:
    ledger.mine("a", tx("reward", (0, 5000), position=0, coinbase=True))
    ledger.bury(98)
    assert wallet(ledger) == 0
    ledger.bury(1)
    assert wallet(ledger) == 5000


def test_change_is_never_a_gift_and_what_left_is_unexplained_at_once(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    ledger.mine("s", tx("sale", (15, 40_000_000), spends=(("gift", 0),)))
    with ledger.store.read() as reading:
        rows = unexplained_spends(reading, SLUG, unsettled_spends(reading))
    assert [row.amount.minor for row in rows] == [60_000_000]
    ledger.bury()
    assert ledger.kinds().count("donation") == 1
    assert wallet(ledger) == 40_000_000
    with ledger.store.read() as reading:
        state = books_state(reading, SLUG, now=ledger.now)
    assert not state.reconciled
    assert state.unexplained.minor == 60_000_000
    assert state.difference.minor == 0


def test_what_comes_back_above_what_went_in_waits_for_a_decision(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, 50_000)))
    ledger.bury()
    ledger.mine("s", tx("join", (15, 80_000), spends=(("gift", 0), ("somebody", 0))))
    ledger.bury()
    assert wallet(ledger) == 50_000
    assert wallet(ledger, AccountClass.UNDECIDED) == 30_000


def test_a_payment_to_a_change_address_is_no_gift(ledger: Ledger) -> None:
    ledger.mine("a", tx("odd", (16, 50_000)))
    ledger.bury()
    assert wallet(ledger) == 0
    assert wallet(ledger, AccountClass.UNDECIDED) == 50_000


def test_dust_that_is_spent_comes_from_the_dust_and_from_no_donor(ledger: Ledger) -> None:
    ledger.mine("a", tx("dust", (0, 900)), tx("gift", (1, 50_000), position=2))
    ledger.bury()
    ledger.mine("s", tx("sweep", spends=(("dust", 0),)))
    ledger.bury()
    assert wallet(ledger, AccountClass.DUST) == 0
    assert wallet(ledger) == 50_000
    with ledger.store.read() as reading:
        assert Books(reading).lines.free_units(f"money/{SLUG}/free/BTC") == 50_000


def sold(ledger: Ledger, **changes: object) -> dict[str, object]:
    facts: dict[str, object] = {
        "number": "C-1", "txid": name("sale"), "sold": 59_990_000, "network_fee": 10_000, "currency": "USD",
        "proceeds": 2_000_000, "exchange": "E", "bank": "B", "date": "2023-11-20",
    }  # fmt: skip
    return facts | changes


def with_sale(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    ledger.mine("s", tx("sale", (15, 40_000_000), spends=(("gift", 0),)))


def test_an_explanation_given_early_waits_and_is_recorded_when_the_spend_settles(ledger: Ledger) -> None:
    with_sale(ledger)
    outcome = ledger.do("recorder", "conversion", "add", **sold(ledger))
    assert outcome.waiting_for == name("sale")
    assert ledger.do("recorder", "conversion", "add", **sold(ledger)).already
    ledger.bury()
    assert ledger.kinds()[-2:] == ["spend", "conversion"]
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).reconciled


def test_an_explanation_covers_exactly_what_left(ledger: Ledger) -> None:
    with_sale(ledger)
    ledger.bury()
    with pytest.raises(Conflict, match=r"took 0\.60000000 BTC and this explains 0\.59990000 BTC"):
        ledger.do("recorder", "conversion", "add", **sold(ledger, network_fee=0))
    with pytest.raises(Conflict, match=r"this explains 0\.60000001 BTC"):
        ledger.do("recorder", "conversion", "add", **sold(ledger, sold=59_990_001))


def test_who_recorded_cannot_approve(ledger: Ledger) -> None:
    with_sale(ledger)
    ledger.bury()
    ledger.do("approver", "conversion", "add", **sold(ledger))
    with pytest.raises(NotAllowed, match="another person"):
        ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    with pytest.raises(NotAllowed, match="role"):
        ledger.do("recorder", "conversion", "approve", number="C-1", date="2023-11-20")
    ledger.do("admin", "conversion", "approve", number="C-1", date="2023-11-20")


def test_a_rejected_conversion_leaves_the_spend_unexplained_and_its_units_free(ledger: Ledger) -> None:
    with_sale(ledger)
    ledger.bury()
    ledger.do("recorder", "conversion", "add", **sold(ledger))
    ledger.do("recorder", "conversion", "reject", number="C-1", date="2023-11-20")
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).unexplained.minor == 60_000_000
    ledger.do("recorder", "conversion", "add", **sold(ledger, number="C-2"))


def test_an_approved_conversion_is_reversed_only_while_its_money_is_free(ledger: Ledger) -> None:
    with_sale(ledger)
    ledger.bury()
    ledger.do("recorder", "conversion", "add", **sold(ledger))
    seq = ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20").seq
    ledger.do("approver", "reversal", "add", entry=seq, reason="wrong bank", date="2023-11-21")
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).unexplained.minor == 60_000_000
    with pytest.raises(Conflict, match="recorded already"):
        ledger.do("approver", "reversal", "add", entry=seq, reason="again", date="2023-11-21")


def test_a_spend_that_a_reorg_undoes_comes_back_and_its_use_stands(ledger: Ledger) -> None:
    """docs/rules.md, 4: spends are voided before gifts, no wallet goes negative, the shortfall is a row."""
    with_sale(ledger)
    ledger.bury()
    ledger.do("recorder", "conversion", "add", **sold(ledger))
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    ledger.reorg(6, *((f"B{i}", ()) for i in range(7)))
    assert wallet(ledger) == BTC
    with ledger.store.read() as reading:
        state = books_state(reading, SLUG, now=ledger.now)
    assert state.shortfall.minor == 60_000_000
    assert not state.reconciled
    ledger.reorg(
        7,
        ("C0", (tx("sale", (15, 40_000_000), spends=(("gift", 0),)),)),
        *((f"C{i}", ()) for i in range(1, 9)),
    )
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).reconciled


def seen(label: str, index: int, sats: int, spends: str | None = None) -> SeenTx:
    facts = tx(label, (index, sats), spends=((spends, 0),) if spends else ())
    return SeenTx(facts.txid, facts.inputs, facts.outputs, "node")


def test_a_sighting_is_in_no_total_and_not_in_the_journal(ledger: Ledger) -> None:
    ledger.look((), [], (seen("gift", 0, BTC),))
    assert status(ledger, "gift") is DonationStatus.SEEN
    assert ledger.kinds() == ["campaign"]


def test_a_replacement_in_the_mempool_is_noticed_and_counted_once(ledger: Ledger) -> None:
    ledger.look((), [], (seen("slow", 0, 5000, "coin"),))
    ledger.look((), [], (seen("fast", 0, 5000, "coin"),))
    assert status(ledger, "slow") is DonationStatus.REPLACED
    ledger.mine("a", tx("fast", (0, 5000), spends=(("coin", 0),)))
    ledger.bury()
    assert wallet(ledger) == 5000


def test_a_confirmed_conflict_that_leaves_us_out_replaces(ledger: Ledger) -> None:
    ledger.look((), [], (seen("gift", 0, 5000, "coin"),))
    ledger.mine("a", tx("elsewhere", spends=(("coin", 0),)))
    assert status(ledger, "gift") is DonationStatus.REPLACED


def test_missing_is_not_evicted_until_three_looks_over_an_hour(ledger: Ledger) -> None:
    ledger.look((), [], (seen("gift", 0, 5000),), ("node",))
    for _ in range(5):
        ledger.look((), [], (), ("node",))
    assert status(ledger, "gift") is DonationStatus.SEEN
    ledger.look((), [], (), ("node",), seconds=3600)
    assert status(ledger, "gift") is DonationStatus.EVICTED


def test_a_spend_that_a_reorganisation_undid_is_evicted_when_no_mempool_has_it(ledger: Ledger) -> None:
    """It is on its way again for three looks over an hour; then its coin is as it was before."""
    ledger.mine("a", tx("gift", (0, 5000)))
    ledger.bury()
    ledger.mine("b", tx("away", spends=(("gift", 0),)))
    ledger.reorg(1, ("B", ()), ("C", ()))

    def unexplained() -> int:
        with ledger.store.read() as reading:
            return books_state(reading, SLUG, now=ledger.now).unexplained.minor

    for _ in range(2):
        ledger.look((), [], (), ("node",), seconds=3600)
        assert unexplained() == 5000
    ledger.look((), [], (), ("node",), seconds=3600)
    assert unexplained() == 0
    with ledger.store.read() as reading:
        assert books_state(reading, SLUG, now=ledger.now).reconciled
    ledger.mine("d", tx("away", spends=(("gift", 0),)))
    assert unexplained() == 5000, "mined after all, it counts"


def test_a_payment_that_a_reorganisation_undid_is_evicted_by_the_same_rule(ledger: Ledger) -> None:
    """Reorged until no mempool had it for an hour, whether it was settled or not; and it may come back."""
    gift = tx("gift", (0, 5000))
    ledger.mine("a", gift, tx("settled", (1, 7000), position=2))
    ledger.bury()
    ledger.reorg(7, *((f"B{i}", ()) for i in range(8)))
    for _ in range(2):
        ledger.look((), [], (), ("node",), seconds=3600)
        assert status(ledger, "gift") is status(ledger, "settled") is DonationStatus.REORGED
    ledger.look((), [], (), ("node",), seconds=3600)
    assert status(ledger, "gift") is status(ledger, "settled") is DonationStatus.EVICTED
    ledger.look((), [], (SeenTx(gift.txid, gift.inputs, gift.outputs, "node"),), ("node",))
    assert status(ledger, "gift") is DonationStatus.REORGED
    ledger.mine("d", gift)
    assert status(ledger, "gift") is DonationStatus.CONFIRMED


def test_what_spends_a_replaced_payment_is_replaced_with_it(ledger: Ledger) -> None:
    """Children and theirs, by the one that took the inputs; what was in a block before it left as well."""
    parent, rival = tx("parent", (0, 5000)), TxFacts(name("rival"), 1, False, tx("parent").inputs, (), ())
    child = tx("child", (1, 4000), spends=(("parent", 0),))
    below = tx("below", (2, 3000), spends=(("child", 0),))
    seen = tuple(SeenTx(one.txid, one.inputs, one.outputs, "node") for one in (parent, child, below))
    ledger.look((), [], seen, ("node",))
    ledger.mine("a", rival)
    undone = tx("undone", (3, 6000))
    ledger.mine("b", undone, tx("out of it", (4, 2000), spends=(("undone", 0),), position=2))
    ledger.reorg(1, ("B", (TxFacts(name("other"), 1, False, undone.inputs, (), ()),)), ("C", ()))
    with ledger.store.read() as reading:
        told = {
            label: Observed(reading.session).tx(name(label))
            for label in ("parent", "child", "below", "undone", "out of it")
        }
    assert {label: (one.state, one.by) for label, one in told.items() if one is not None} == {
        **dict.fromkeys(("parent", "child", "below"), (TxState.REPLACED, rival.txid)),
        **dict.fromkeys(("undone", "out of it"), (TxState.REPLACED, name("other"))),
    }


def test_mempools_are_asked_about_what_an_open_spend_takes_its_coins_from(ledger: Ledger) -> None:
    """However long ago its address was given out: without that nothing could say that the spend is gone."""
    ledger.mine("a", tx("gift", (3, 5000)))
    with ledger.store.read() as reading:
        assert sighting_scripts(reading, now=ledger.now) == []
    away = tx("away", (99, 4000), spends=(("gift", 0),))
    ledger.look((), [], (SeenTx(away.txid, away.inputs, away.outputs, "node"),), ("node",))
    with ledger.store.read() as reading:
        assert sighting_scripts(reading, now=ledger.now) == [script(3)]


def test_absence_where_no_mempool_was_shown_means_nothing(ledger: Ledger) -> None:
    ledger.look((), [], (seen("gift", 0, 5000),), ("node",))
    for _ in range(5):
        ledger.look((), [], (), (), seconds=3600)
    assert status(ledger, "gift") is DonationStatus.SEEN


def test_an_evicted_payment_that_is_mined_after_all_counts(ledger: Ledger) -> None:
    ledger.look((), [], (seen("gift", 0, 5000),), ("node",))
    for _ in range(4):
        ledger.look((), [], (), ("node",), seconds=3600)
    assert status(ledger, "gift") is DonationStatus.EVICTED
    ledger.mine("a", tx("gift", (0, 5000)))
    ledger.bury()
    assert status(ledger, "gift") is DonationStatus.SETTLED


def test_fifty_spam_payments_leave_one_sum(ledger: Ledger) -> None:
    ledger.mine("a", *(tx(f"spam {i}", (0, 1), position=i + 1) for i in range(50)))
    ledger.bury()
    assert wallet(ledger, AccountClass.DUST) == 50
    with ledger.store.read() as reading:
        assert len(donation_rows(reading, SLUG, after=None, limit=100)[0]) == 50
        seen = [Observed(reading.session).tx(name(f"spam {i}")) for i in range(50)]
        assert all(one is not None and one.state is TxState.CONFIRMED for one in seen)


def test_an_order_beyond_what_is_free_is_refused_with_the_figures(ledger: Ledger) -> None:
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    with pytest.raises(Refused, match=r"1\.00 USD and only 0\.00 [A-Z]{3} is free"):
        ledger.do(
            "recorder", "purchase", "add", number="PO-1", supplier="M", currency="USD", date="2023-11-20",
            items=[{"item": "1", "product": "KIT", "quantity": 1, "value": 100}],
        )  # fmt: skip


def test_a_transaction_that_spends_coins_of_two_campaigns_is_explained_by_each(ledger: Ledger) -> None:
    """docs/rules.md, 12: change goes to them in input order, up to what each put in; no wallet goes negative."""
    ledger.do(
        "admin", "campaign", "add", slug="other", title="Other", purpose="Else", start="2023-11-01",
        end="2023-12-31",
    )  # fmt: skip
    with ledger.store.write() as writing:
        writing.addresses.add([Address(script(50), "address50", "other", "receive", 0, "list")])
    ledger.mine("a", tx("ours", (0, 50_000)), tx("theirs", (50, 30_000), position=2))
    ledger.bury()
    ledger.mine("s", tx("both", (15, 60_000), spends=(("ours", 0), ("theirs", 0))))
    ledger.bury()
    with ledger.store.read() as reading:
        keys = [row.key for row in reading.journal.rows(kind="spend")]
        books = Books(reading)
        held = [books.net(account(AccountClass.WALLET, slug), "BTC") for slug in (SLUG, "other")]
    assert keys[0] == f"spend:{name('both')}"
    assert sum(held) == 60_000
    assert min(held) >= 0


def test_each_step_on_the_chain_has_its_own_block_and_time(ledger: Ledger) -> None:
    """Seen first, then in the block that holds it now; a block that was left is told of no more."""
    gift = tx("gift", (0, 5_000))
    ledger.look((), [], (SeenTx(gift.txid, gift.inputs, gift.outputs, "node"),), ("node",))
    ledger.mine("a", gift)

    def steps() -> list[tuple[StepKind, str]]:
        with ledger.store.read() as reading:
            (trail,) = donation_trails(reading, gift.txid)
            first = Observed(reading.session).tx(gift.txid)
        assert first is not None
        at = [rfc3339(first.block_time)] if first.block_time is not None else []
        assert [step.at for step in trail.steps] == [first.first_at, *at]
        return [(step.kind, step.detail.get("block", "")) for step in trail.steps]

    height = len(ledger.chain) - 1
    assert steps() == [(StepKind.SEEN, ""), (StepKind.CONFIRMED, str(height))]
    ledger.reorg(1, ("B", ()), ("C", ()))
    assert steps() == [(StepKind.SEEN, "")]
    ledger.mine("d", gift)
    assert steps() == [(StepKind.SEEN, ""), (StepKind.CONFIRMED, str(height + 2))]


def test_a_payjoin_is_told_to_wait_for_a_decision(ledger: Ledger) -> None:
    """Its donor asks by the txid: before and after it settles; change alone is no donation."""
    ledger.mine("a", tx("coin", (0, 50_000)), tx("other", (1, 40_000), position=2))
    ledger.bury()
    joined = tx("payjoin", (2, 80_000), (3, 1_000), spends=(("coin", 0),))
    for label, told in (("b", joined), ("c", tx("plain", (99, 39_000), (4, 900), spends=(("other", 0),)))):
        ledger.mine(label, told)
    for _ in range(2):
        with ledger.store.read() as reading:
            with pytest.raises(NotFound, match="waits for a decision"):
                donation_trails(reading, name("payjoin"))
            with pytest.raises(NotFound, match="change of its own coins, and that is no donation"):
                donation_trails(reading, name("plain"))
        ledger.bury()


def test_who_was_replaced_reads_whether_the_coins_went_elsewhere(ledger: Ledger) -> None:
    """And whoever looks up the one that took them reads that it pays nothing here."""
    for label, pays in (("away", ()), ("kept", ((1, 4_000),))):
        gift = tx(label, (0, 5_000))
        ledger.look((), [], (SeenTx(gift.txid, gift.inputs, gift.outputs, "node"),), ("node",))
        rival = replace(tx(f"rival of {label}", *pays), inputs=gift.inputs)
        ledger.mine(f"block of {label}", rival)
        with ledger.store.read() as reading:
            (trail,) = donation_trails(reading, gift.txid)
            told = "".join(piece.text for piece in donation_sentence(trail))
            assert (trail.status, trail.went_elsewhere) == (DonationStatus.REPLACED, not pays)
            assert ("the coins went elsewhere" in told) is (not pays)
            if not pays:
                with pytest.raises(NotFound, match="pays nothing to a campaign"):
                    donation_trails(reading, rival.txid)
                continue
            page = donation_page(reading, trail, now=ledger.now)
            told = plain(donation_sentence(trail, page.instead))
            assert told.endswith("That one is in a block, and what it pays here counts once.")
            (other,) = page.instead
            assert f"/d/{rival.txid}:0" in {piece.href for piece in came_instead(other)}
            (kept,) = donation_trails(reading, rival.txid)
            assert (kept.replaces, trail.replaces) == ((gift.txid,), ())
            assert f"/d/{gift.txid}" in {piece.href for piece in replaces(kept)}
