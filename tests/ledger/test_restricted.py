"""Money for one need: it is spent on that need and on nothing else, and what it fetches is restricted alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.accounts import AccountClass, account
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.recording.address_gaps import UnreadPast, save_past
from ledger.rules.books import Books
from ledger.store.addresses import Address
from ledger.views.queries import campaign_flow
from tests.tools.gifts import gifts_of
from tests.tools.ledgers import SLUG, name, script, tx
from tests.tools.needs import (
    DAY,
    approve,
    ask,
    contribute,
    convert,
    free,
    given,
    order,
    pay,
    spend,
    taken,
    with_needs,
)


def test_a_gift_to_an_address_for_a_need_lies_on_that_needs_line(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    given(ledger, ("N-1", 5_000), (None, 7_000), ("N-2", 9_000))
    assert free(ledger, "BTC", "free", "N-1", "N-2") == [7_000, 5_000, 9_000]
    with ledger.store.read() as reading:
        gifts = gifts_of(reading.session, SLUG)
    assert sorted((gift.sats, gift.restriction) for gift in gifts) == [
        (5_000, "N-1"),
        (7_000, None),
        (9_000, "N-2"),
    ]


def test_an_address_is_kept_for_a_need_that_stands_and_never_the_shared_one(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path, addresses=1)
    with pytest.raises(NotFound, match="there is no need N-9"):
        ask(ledger, "N-9")
    assert ask(ledger, "N-1").need == "N-1"
    with pytest.raises(Conflict, match="no address to give out"):
        ask(ledger, "N-1")
    with ledger.store.write() as tx:
        tx.addresses.add([Address(script(90), "everybodys", SLUG, "fixed", 0, "list")])
    shared = ask(ledger, "N-1")
    assert (shared.fresh, shared.need, shared.claim_code) == (False, None, "")
    with ledger.store.write() as tx:
        save_past(tx, UnreadPast(frozenset({bytes(22)}), frozenset(), 1))
    assert ask(ledger, "N-1") == shared
    with pytest.raises(Refused, match="word for money of no restriction"):
        ledger.do(
            "recorder", "need", "add", number="free", recipient="R", product="KIT", quantity=1, place="P",
            by=DAY, date=DAY,
        )  # fmt: skip


def test_a_contribution_for_a_need_lies_on_its_line(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 1_000, "N-1")
    contribute(ledger, "B-2", 2_000, None)
    assert free(ledger, "USD", "free", "N-1") == [2_000, 1_000]
    with pytest.raises(NotFound, match="there is no need N-9"):
        contribute(ledger, "B-3", 1, "N-9")


def test_a_spend_takes_unrestricted_money_first_then_restricted_lines_by_number(tmp_path: Path) -> None:
    """docs/rules.md, 12."""
    ledger = with_needs(tmp_path)
    given(ledger, ("N-2", 5_000), ("N-1", 5_000), (None, 5_000))
    spend(ledger, "s", keep=3_000)
    assert free(ledger, "BTC", "free", "N-1", "N-2") == [0, 0, 3_000]
    assert taken(ledger, f"spend:{SLUG}:{name('s')}:N-2") == 2_000


def test_what_restricted_coins_fetch_is_restricted_alike_and_fees_are_shared(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    given(ledger, (None, 6_000), ("N-1", 3_000), ("N-2", 1_000))
    spend(ledger, "s")
    convert(ledger, "s", 9_000, 1_800, fee=1_000)
    approve(ledger, "conversion", "C-s")
    assert free(ledger, "USD", "free", "N-1", "N-2") == [1_080, 540, 180]


def test_fills_are_cut_between_restrictions_and_each_keeps_its_price(tmp_path: Path) -> None:
    """The first fills sell the coins that were taken first; what each restriction fetched sums to the whole."""
    ledger = with_needs(tmp_path, dust=1)
    given(ledger, (None, 500), ("N-1", 500))
    spend(ledger, "s")
    fills = [{"sold": 300, "proceeds": 30, "fee": 0}, {"sold": 700, "proceeds": 700, "fee": 7}]
    convert(ledger, "s", 1_000, 730, fills=fills, exchange_fee=7)
    seq = approve(ledger, "conversion", "C-s")
    assert free(ledger, "USD", "free", "N-1") == [230, 500]
    ledger.do("approver", "reversal", "add", entry=seq, reason="another number", date=DAY)
    assert free(ledger, "USD", "free", "N-1") == [0, 0]


def test_an_explanation_given_early_for_a_need_takes_its_money_first(tmp_path: Path) -> None:
    """docs/rules.md, T3: a use names its lines, restricted money that fits goes first."""
    ledger = with_needs(tmp_path)
    given(ledger, (None, 6_000), ("N-1", 6_000))
    spends = tuple((gift, 0) for gift in ledger.gifts)  # type: ignore[attr-defined]
    ledger.mine("s", tx("s", (15, 5_000), spends=spends))
    convert(ledger, "s", 7_000, 700, need="N-1")
    ledger.bury()
    approve(ledger, "conversion", "C-s")
    assert free(ledger, "BTC", "free", "N-1") == [5_000, 0]
    assert free(ledger, "USD", "free", "N-1") == [100, 600]


def test_a_need_named_after_the_spend_settled_is_refused(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    given(ledger, (None, 6_000), ("N-1", 6_000))
    spend(ledger, "s", keep=5_000)
    with pytest.raises(Refused, match="named too late"):
        convert(ledger, "s", 7_000, 700, need="N-1")


def test_coins_of_two_campaigns_in_one_transaction_are_each_explained_by_their_own(tmp_path: Path) -> None:
    """An explanation takes what the spend carried away of its own campaign, and nothing of the other's."""
    ledger = with_needs(tmp_path)
    ledger.do(
        "admin", "campaign", "add", slug="other", title="Other", purpose="Else", start="2023-11-01",
        end="2023-12-31",
    )  # fmt: skip
    with ledger.store.write() as writing:
        writing.addresses.add([Address(script(50), "address50", "other", "receive", 0, "list")])
    ledger.mine("a", tx("ours", (0, 50_000)), tx("theirs", (50, 30_000), position=2))
    ledger.bury()
    ledger.mine("s", tx("s", spends=(("ours", 0), ("theirs", 0))))
    ledger.bury()
    convert(ledger, "s", 50_000, 500)
    approve(ledger, "conversion", "C-s")
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        assert lines.use(f"conversion:{SLUG}:C-s").units == 50_000
        assert lines.free_units(f"spent/{name('s')}/BTC") == 30_000


def test_an_order_that_only_other_needs_money_would_cover_is_refused_with_the_reason(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-1")
    contribute(ledger, "B-2", 2_000, None)
    for need in (None, "N-2"):
        with pytest.raises(Refused, match=r"only 20\.00 USD is free; .* not serve: 100\.00 USD to N-1"):
            order(ledger, "PO-1", 2_001, need)
    order(ledger, "PO-1", 12_000, "N-1")


def test_money_bound_for_a_need_leaves_unrestricted_money_to_the_others(tmp_path: Path) -> None:
    """docs/rules.md, 9: what a need's own money covers of its orders takes nothing from the others."""
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-1")
    contribute(ledger, "B-2", 5_000, None)
    order(ledger, "PO-1", 11_000, "N-1")
    approve(ledger, "purchase", "PO-1")
    with pytest.raises(Refused, match=r"only 40\.00 [A-Z]{3} is free"):
        order(ledger, "PO-2", 4_001, None)
    order(ledger, "PO-2", 4_000, "N-2", "BED")
    order(ledger, "PO-3", 4_000, None)
    approve(ledger, "purchase", "PO-2")
    with pytest.raises(Refused, match=r"only 0\.00 [A-Z]{3} is still free"):
        approve(ledger, "purchase", "PO-3")


def test_a_payment_takes_its_needs_money_first_then_unrestricted_and_no_other(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 6_000, "N-1")
    contribute(ledger, "B-2", 6_000, None)
    contribute(ledger, "B-3", 6_000, "N-2")
    order(ledger, "PO-1", 9_000, "N-1")
    approve(ledger, "purchase", "PO-1")
    pay(ledger, "P-1", "PO-1", 8_900, fee=100)
    assert free(ledger, "USD", "free", "N-1", "N-2") == [3_000, 0, 6_000]
    seq = approve(ledger, "payment", "P-1")
    assert taken(ledger, f"payment:{SLUG}:P-1:N-1") == 6_000
    assert taken(ledger, f"payment:{SLUG}:P-1") == 3_000
    ledger.do("approver", "reversal", "add", entry=seq, reason="another account", date=DAY)
    assert free(ledger, "USD", "free", "N-1", "N-2") == [6_000, 6_000, 6_000]


def test_a_rejected_payment_frees_what_it_held_on_every_line(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 6_000, "N-1")
    contribute(ledger, "B-2", 6_000, None)
    order(ledger, "PO-1", 9_000, "N-1")
    approve(ledger, "purchase", "PO-1")
    pay(ledger, "P-1", "PO-1", 9_000)
    ledger.do("recorder", "payment", "reject", number="P-1", date=DAY)
    assert free(ledger, "USD", "free", "N-1") == [6_000, 6_000]


def test_coins_restricted_to_another_need_do_not_pay_an_order(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-2")
    given(ledger, ("N-1", 50_000))
    spend(ledger, "s")
    order(ledger, "PO-2", 5_000, "N-2", "BED")
    approve(ledger, "purchase", "PO-2")
    told: dict[str, Any] = {
        "number": "P-1", "asset": "BTC", "amount": 50_000, "discharges": 1_000, "txid": name("s"), "date": DAY,
    }  # fmt: skip
    with pytest.raises(
        Refused, match=r"0\.00050000 BTC of this transaction is restricted to N-1 and PO-2 serves"
    ):
        ledger.do("recorder", "payment", "add", order="PO-2", **told)
    contribute(ledger, "B-2", 10_000, "N-1")
    order(ledger, "PO-1", 5_000, "N-1")
    approve(ledger, "purchase", "PO-1")
    ledger.do("recorder", "payment", "add", order="PO-1", **told)
    approve(ledger, "payment", "P-1")


def test_a_move_between_banks_keeps_restrictions_and_all_of_it_bears_the_fee(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 6_000, "N-1")
    contribute(ledger, "B-2", 4_000, None)
    ledger.do(
        "recorder", "move", "add", number="M-1", asset="USD", amount=9_900, fee=100, from_bank="B",
        to_bank="A", date=DAY,
    )  # fmt: skip
    approve(ledger, "move", "M-1")
    assert free(ledger, "USD", "free", "N-1") == [3_960, 5_940]


def test_a_refund_goes_back_to_the_lines_that_paid(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 6_000, "N-1")
    contribute(ledger, "B-2", 3_000, None)
    order(ledger, "PO-1", 9_000, "N-1")
    approve(ledger, "purchase", "PO-1")
    pay(ledger, "P-1", "PO-1", 9_000)
    approve(ledger, "payment", "P-1")
    ledger.do(
        "recorder", "purchase", "close", number="PO-1", order="PO-1", claim=9_000, reason="none", date=DAY
    )
    approve(ledger, "closing", "PO-1")
    ledger.do(
        "recorder", "refund", "add", number="R-1", order="PO-1", item="1", failure="undelivered", value=9_000,
        asset="USD", amount=4_500, bank="B", date=DAY,
    )  # fmt: skip
    approve(ledger, "refund", "R-1")
    assert free(ledger, "USD", "free", "N-1") == [1_500, 3_000]


def test_the_report_counts_restricted_money_once_and_names_its_need(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    given(ledger, (None, 6_000), ("N-1", 4_000))
    spend(ledger, "s")
    convert(ledger, "s", 10_000, 1_000)
    approve(ledger, "conversion", "C-s")
    with ledger.store.read() as reading:
        flow = campaign_flow(reading, SLUG)
        held = Books(reading).net(account(AccountClass.BANK, SLUG, "B"), "USD")
    stages = {stage.kind.value: stage for stage in flow.stages}
    assert (stages["donated"].totals[0].minor, stages["money"].totals[0].minor, held) == (
        10_000,
        1_000,
        1_000,
    )
    assert [bar.label for bar in stages["money"].bars] == ["USD", "USD N-1"]
