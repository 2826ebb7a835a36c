"""Names: what is read back is what was written, whatever numbers and places people give; nothing else is read."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.accounts import AccountClass
from ledger.core.names import (
    FREE,
    Account,
    EndedLine,
    GiftKind,
    GiftName,
    GoodsLine,
    HoldCause,
    HoldName,
    LoanLine,
    Lot,
    MoneyLine,
    OrderLine,
    RepaidBy,
    RepaidLine,
    SpentLine,
    UseCause,
    UseName,
    account_named,
    gift_named,
    hold_named,
    line_named,
    lot_named,
    repaid_by,
    use_named,
)

slugs = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)
numbers = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
OTHERS: tuple[Literal["C"]] = ("C",)
places = st.text(st.characters(exclude_characters="|/#<>{}\\", exclude_categories=OTHERS), min_size=1)
txids = st.sampled_from(["ab" * 32, "0" * 64])
spends = st.builds(lambda txid, part: txid + part, txids, st.sampled_from(["", ":1", ":27"]))
assets = st.sampled_from(["BTC", "USD", "CNY"])
restrictions = numbers | st.just(FREE)
lots = st.builds(Lot, numbers, numbers)
paper_uses = st.builds(
    UseName,
    st.sampled_from([cause for cause in UseCause if cause is not UseCause.SPEND]),
    slugs,
    numbers,
    st.lists(numbers | lots.map(str), max_size=2).map(tuple),
    st.sampled_from(["", "0", "release:B-1", "kept:R.1"]),
)
spend_uses = st.builds(
    UseName,
    st.just(UseCause.SPEND),
    slugs,
    spends,
    st.lists(restrictions, max_size=1).map(tuple),
    st.sampled_from(["", "3", "for:R-2"]),
)
uses = paper_uses | spend_uses
lines = st.one_of(
    st.builds(MoneyLine, slugs, restrictions, assets),
    st.builds(OrderLine, slugs, numbers, numbers, assets),
    st.builds(GoodsLine, slugs, st.sampled_from(AccountClass), places, lots),
    st.builds(SpentLine, spends, restrictions),
    st.builds(LoanLine, slugs, numbers, assets),
    st.builds(RepaidLine, slugs, numbers, assets),
    st.builds(EndedLine, uses.map(str), st.integers(0, 9), numbers),
)
gifts = st.one_of(
    st.builds(lambda txid, vout: GiftName(GiftKind.COINS, f"{txid}:{vout}"), txids, st.integers(0, 9999)),
    st.builds(GiftName, st.sampled_from([GiftKind.CONTRIBUTION, GiftKind.IN_KIND]), numbers),
    st.builds(GiftName, st.just(GiftKind.LOAN), numbers, slugs),
)


@given(lines)
def test_a_line_is_read_back_as_it_was_named(line: MoneyLine) -> None:
    assert line_named(str(line)) == line


@given(uses)
def test_a_use_is_read_back_as_it_was_named(use: UseName) -> None:
    assert use_named(str(use)) == use


@given(st.sampled_from(HoldCause), numbers)
def test_a_hold_is_read_back_as_it_was_named(cause: HoldCause, number: str) -> None:
    assert hold_named(str(HoldName(cause, number))) == HoldName(cause, number)


@given(slugs, numbers)
def test_a_repayment_is_read_back_as_its_lender_calls_it(borrower: str, number: str) -> None:
    assert repaid_by(str(RepaidBy(borrower, number))) == RepaidBy(borrower, number)


@given(gifts)
def test_a_gift_is_read_back_as_it_was_named(gift: GiftName) -> None:
    assert gift_named(str(gift)) == gift


@given(st.sampled_from(AccountClass), slugs, st.lists(places | numbers, max_size=2).map(tuple))
def test_an_account_is_read_back_as_it_was_named(
    kind: AccountClass, campaign: str, detail: tuple[str, ...]
) -> None:
    assert account_named(str(Account(kind, campaign, detail))) == Account(kind, campaign, detail)


@given(lots)
def test_what_came_too_much_with_a_lot_is_a_lot_of_its_own(lot: Lot) -> None:
    assert lot_named(str(lot.over)) == lot.over
    assert lot.over.is_over
    assert lot.over.ordered == lot.ordered


@pytest.mark.parametrize("name", ["", "money", "money/m/free", "purse/m/free/BTC", "goods/m/stock:Depot/KIT"])
def test_what_is_no_name_of_a_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"line|lot"):
        line_named(name)


@pytest.mark.parametrize("name", ["", "payment", "payment:m", "theft:m:1"])
def test_what_is_no_name_of_a_use_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="use"):
        use_named(name)
