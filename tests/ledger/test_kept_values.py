"""What is kept of gifts with and without a value is what they are one by one, whatever becomes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from ledger.checks.gifts import gift_values_tie
from ledger.core.errors import Conflict, LedgerError
from ledger.core.times import rfc3339
from ledger.core.wording import Wording
from ledger.model.columns import table_of
from ledger.model.gifts import GiftRow
from ledger.recording import valuing
from ledger.recording.valuing import (
    DESK_SECONDS,
    DESK_TRIES,
    RateWanted,
    note_refusal,
    rate_tries,
    unvalued_gifts,
    value_waiting,
)
from ledger.rules import gift_values as gift_values
from ledger.rules.books import Books
from ledger.rules.gift_records import SettledGift, add_gift, gift_of, save_gift
from ledger.rules.gift_values import Worth, worths
from ledger.rules.rates import minute_of
from ledger.rules.unvalued import unvalued_gifts_of
from ledger.store.scratch import scratch
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.reconcile import books_state
from tests.tools.gifts import gifts_of, on_a_line
from tests.tools.ledgers import SLUG, START, Ledger, QuietLedger, name, tx
from tests.tools.stories import stories

DAY = "2023-11-20"
PAPER = name("paper")


def worth_one_by_one(gifts: list[tuple[int, int, int | None]], start: int, end: int) -> Worth:
    """From each gift that touches `start..end`: the floor below its cut, and what has no value."""
    value = units = 0
    for first, last, worth in gifts:
        low, high = max(start, first) - first, min(end, last) - first
        if worth is not None and low < high:
            value += worth * high // (last - first) - worth * low // (last - first)
            units += high - low
    return Worth(value, end - start - units)


changes = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 50), st.one_of(st.none(), st.integers(0, 999))), max_size=40
)


@given(told=changes, cuts=st.lists(st.integers(0, 900), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_units_are_worth_the_same_from_the_database_as_gift_by_gift(
    told: list[tuple[int, int, int | None]], cuts: list[int]
) -> None:
    """Gifts join the end of the line, are valued later, lose their value, leave the line and join it again."""
    at, gifts = 0, dict[int, SettledGift]()
    with scratch() as made:
        session = made.session
        session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for number, units, value in told:
            before = gifts.get(number)
            if before is None or before.line is None:
                after = on_a_line(number, at, at + units, None)
                at += units
            elif units % 5 == 0:
                after = before._replace(line=None, line_start=None, line_end=None)
            else:
                after = before._replace(value=value, currency=None if value is None else "USD")
            if before is None:
                add_gift(session, after)
            else:
                save_gift(session, before, after)
            gifts[number] = after
        places = list(zip(sorted(cuts), sorted(cuts)[1:], strict=False))
        one_by_one = [worth_one_by_one(intervals("L", gifts.values()), *place) for place in places]
        assert worths(session, "L", places) == one_by_one


def intervals(line: str, gifts: Iterable[SettledGift]) -> list[tuple[int, int, int | None]]:
    """(start, end, value) of the gifts that lie on a line."""
    found = [(gift.units, gift.value) for gift in gifts]
    return sorted((units[1], units[2], value) for units, value in found if units and units[0] == line)


class Fates:
    """Gifts to which all sorts of things happen; what is refused changes nothing."""

    def __init__(self, folder: Path) -> None:
        self.ledger = QuietLedger.new(folder, dust=1)
        self.made = 0
        self.coins: list[str] = []
        self.blocks: dict[str, tuple[Any, ...]] = {}
        self.ledger.do(
            "recorder", "evidence", "add", sha256=PAPER, title="Letter", paper="letter", shows="A rate.",
            access="public", about="campaign", date=DAY,
        )  # fmt: skip

    def step(self, what: int, how: int) -> None:
        steps = (
            self.give, self.give, self.rate, self.figure, self.unvalue, self.sell, self.reorg, self.give_back,
            self.refuse, self.unsell,
        )  # fmt: skip
        try:
            steps[what](how)
        except LedgerError:
            return

    def mine(self, *txs: Any) -> None:
        label = f"block {len(self.ledger.chain)} {self.ledger.now}"
        self.blocks[label] = txs
        self.ledger.mine(label, *txs)
        self.bury()

    def bury(self) -> None:
        for _ in range(5):
            label = f"empty {len(self.ledger.chain)} {self.ledger.now}"
            self.blocks[label] = ()
            self.ledger.mine(label)

    def give(self, how: int) -> None:
        if how % 3 == 0:
            self._rate(START + 600 * (len(self.ledger.chain) + 1), how)
        self.made += 1
        labels = [f"g{self.made}.{i}" for i in range(1 + how % 2)]
        self.coins += labels
        self.mine(*(tx(label, (how % 10, 90_000 + how), position=i + 1) for i, label in enumerate(labels)))

    def _rate(self, moment: int, how: int) -> None:
        at = minute_of(moment)
        quotes = [{"source": source, "price": 1_000_000 + 7 * how} for source in ("One", "Two")]
        self.ledger.do("recorder", "rate", "add", date=rfc3339(at)[:10], currency="USD", at=at, quotes=quotes)

    def waiting(self) -> list[SettledGift]:
        with self.ledger.store.read() as reading:
            return list(unvalued_gifts_of(reading.session, SLUG))

    def rate(self, how: int) -> None:
        waiting = self.waiting()
        if waiting:
            self._rate(waiting[how % len(waiting)].time, how)
        with self.ledger.store.write() as writing:
            value_waiting(writing, now=self.ledger.now)

    def figure(self, how: int) -> None:
        waiting = self.waiting()
        if waiting:
            gift = waiting[how % len(waiting)]
            more = {"n": gift.valuations_undone} if gift.valuations_undone else {}
            self.ledger.do(
                "recorder", "valuation", "add", outpoint=gift.outpoint, value=how, paper=PAPER, **more
            )

    def _undo(self, kind: str, how: int) -> None:
        with self.ledger.store.read() as reading:
            told = [row.seq for row in reading.journal.rows(kind=kind, campaign=SLUG)]
        if told:
            entry = told[how % len(told)]
            self.ledger.do("approver", "reversal", "add", entry=entry, reason="A slip.", date=DAY)

    def unvalue(self, how: int) -> None:
        self._undo("valuation", how)

    def unsell(self, how: int) -> None:
        self._undo("conversion.approved", how)

    def _spend(self, how: int) -> tuple[str, int]:
        coin = self.coins.pop(how % len(self.coins)) if self.coins else "none"
        label = f"spend of {coin}"
        with self.ledger.store.read() as reading:
            gift = gift_of(reading.session, SLUG, f"{name(coin)}:0")
        if not gift.live:
            raise Conflict("coin: it is on the chain no more; nothing can spend it")
        self.mine(tx(label, spends=((coin, 0),)))
        return label, gift.sats

    def sell(self, how: int) -> None:
        label, sats = self._spend(how)
        if how % 4:
            facts = {"number": f"C{len(self.blocks)}", "date": DAY}
            self.ledger.do(
                "recorder", "conversion", "add", txid=name(label), sold=sats - 100, network_fee=100,
                exchange="E", bank="B", proceeds=50_000, currency="USD", **facts,
            )  # fmt: skip
            self.ledger.do("approver", "conversion", "approve", **facts)

    def give_back(self, how: int) -> None:
        coin = self.coins[how % len(self.coins)] if self.coins else "none"
        label, sats = self._spend(how)
        facts = {"number": f"R{len(self.blocks)}", "date": DAY}
        self.ledger.do(
            "recorder", "gift-return", "add", gift=f"{name(coin)}:0", amount=sats - 100, fee=100,
            txid=name(label), reason="asked", **facts,
        )  # fmt: skip
        self.ledger.do("approver", "gift-return", "approve", **facts)

    def reorg(self, how: int) -> None:
        """The last blocks go; what was in them comes back at once, later, or never."""
        depth = min(len(self.ledger.chain) - 1, 6 + how % 8)
        gone = self.ledger.chain[-depth:]
        again = [(f"{label}'", self.blocks.get(label, ())) for label in gone] if how % 3 else []
        self.blocks |= dict(again)
        empty = [(f"other {len(self.blocks)} {i}", ()) for i in range(depth + 1)]
        self.blocks |= dict(empty)
        self.ledger.reorg(depth, *(again or empty))
        self.bury()

    def refuse(self, how: int) -> None:
        """The sources were asked often enough for the moment of a gift."""
        for gift in self.waiting()[how % 3 :][:1]:
            wanted = RateWanted(SLUG, "USD", minute_of(gift.time), 20)
            with self.ledger.store.write() as writing:
                note_refusal(writing, wanted, Wording("no"), now=self.ledger.now, final=True)


def desk_one_by_one(fates: Fates, now: int) -> list[tuple[str, str, int]]:
    """(since, outpoint, sats) of what the desk has to value, read gift by gift."""
    with fates.ledger.store.read() as reading:
        tried = rate_tries(reading)
        found = []
        for gift in gifts_of(reading.session, SLUG):
            if gift.is_counted and gift.value is None:
                told = tried.get((SLUG, "USD", minute_of(gift.time)))
                often = told is not None and told.tries >= DESK_TRIES
                if gift.at <= rfc3339(now - DESK_SECONDS) or often:
                    found.append((gift.at, gift.outpoint, gift.sats))
        return sorted(found)


def tied(fates: Fates) -> None:
    """All checks and a rebuild; each line's spans; the desk's list, now and after a day."""
    Ledger.audit(fates.ledger)
    with fates.ledger.store.read() as reading:
        books = Books(reading)
        for line in map(str, books.lines.money(asset="BTC")):
            gifts = intervals(line, gifts_of(reading.session, SLUG))
            places = [(span.start, span.end) for span in books.lines.spans(line)]
            one_by_one = [worth_one_by_one(gifts, *place) for place in places]
            assert worths(reading.session, line, places) == one_by_one
        for now in (fates.ledger.now, fates.ledger.now + DESK_SECONDS // 2, fates.ledger.now + DESK_SECONDS):
            wanted, told = desk_one_by_one(fates, now), unvalued_gifts(reading, SLUG, now=now)
            assert sum(row.count for row in told) == len(wanted)
            assert sum(row.sats for row in told) == sum(sats for *_, sats in wanted)
            assert {row.outpoint for row in told[:2]} <= {outpoint for _, outpoint, _ in wanted}
            assert [row.outpoint for row in told[2:]] == [""] * (len(wanted) > 2)
            assert books_state(reading, SLUG, now=now).unvalued.count == len(wanted)


@settings(max_examples=stories(5), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), min_size=3, max_size=9))
def test_kept_values_tie_after_rates_figures_reversals_sales_voids_and_returns(
    steps: list[tuple[int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(gift_values, "AT_ONCE", 2)
        patch.setattr(valuing, "LISTED", 2)
        fates = Fates(Path(folder))
        for what, how in [(0, 3), (1, 4), *steps]:
            fates.step(what, how)
            tied(fates)
        fates.ledger.store.close()


@pytest.fixture
def given_four(tmp_path: Path) -> Iterator[Ledger]:
    """Four gifts of one block, and nobody knows what they are worth."""
    made = Ledger.new(tmp_path)
    made.mine("a", *(tx(f"g{i}", (i, 100_000 + i), position=i + 1) for i in range(4)))
    made.bury()
    yield made
    made.store.close()


def test_a_long_list_of_gifts_without_a_value_names_the_first_and_counts_the_rest(
    given_four: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valuing, "LISTED", 3)
    now = given_four.now + DESK_SECONDS
    with given_four.store.read() as reading:
        waits = [d for d in decisions(reading, SLUG, now=now) if d.kind is OpenItemKind.UNVALUED_GIFT]
        state = books_state(reading, SLUG, now=now)
    assert [row.count for row in waits] == [1, 1, 1, 1]
    assert "1 more gift" in [str(row.subject) for row in waits]
    monkeypatch.setattr(valuing, "LISTED", 1)
    with given_four.store.read() as reading:
        rest = [d for d in decisions(reading, SLUG, now=now) if d.count > 1]
    assert [(str(row.subject), row.count) for row in rest] == [("3 more gifts", 3)]
    assert sum(row.amount.minor for row in waits if row.amount) == state.unvalued.minor == 400_006
    assert state.unvalued.count == 4


def test_one_rate_values_all_gifts_of_its_moment_and_the_list_is_empty(given_four: Ledger) -> None:
    (moment,) = {gift.time for gift in _waiting(given_four)}
    quotes = [{"source": source, "price": 2_000_000} for source in ("One", "Two")]
    at = minute_of(moment)
    given_four.do("recorder", "rate", "add", date=rfc3339(at)[:10], currency="USD", at=at, quotes=quotes)
    with given_four.store.write() as writing:
        assert len(value_waiting(writing, now=given_four.now)) == 4
    given_four.audit()
    assert _waiting(given_four) == []


def _waiting(ledger: Ledger) -> list[SettledGift]:
    with ledger.store.read() as reading:
        return list(unvalued_gifts_of(reading.session, SLUG))


def test_the_check_notices_a_value_that_no_valuation_gave(given_four: Ledger) -> None:
    (first, *_) = _waiting(given_four)
    with given_four.store.write() as writing:
        assert list(gift_values_tie(writing)) == []
        gifts = table_of(GiftRow)
        writing.session.connection().execute(
            update(gifts).where(gifts.c.entry == first.entry).values(value=7)
        )
        assert [finding.subject for finding in gift_values_tie(writing)] == [first.outpoint]
