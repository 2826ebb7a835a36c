"""Backwards is forwards: the gifts that a line names, with their shares, are those whose trails end in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.lines import Append, Open, Part, PartKind, UnitState, Use
from ledger.rules.books import Books
from ledger.rules.gift_records import gift_of
from ledger.tracing.follow import Arrival, Ending, follow
from ledger.tracing.owners import owners, owners_of_use
from ledger.tracing.state import Lines
from ledger.views.stock import lot_traces
from tests.ledger.test_tracing import COINS, GOODS, MONEY, ORDER, PAYMENT, Story, play, steps
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.lines import ENTRY, no_lines
from tests.tools.stories import stories
from tests.tools.things import BTC, DATE, order, pay


def forwards(lines: Lines, source: str, gifts: dict[str, tuple[int, int]]) -> dict[str, Counter[str]]:
    """Units of each line by the gift whose trail arrived there."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for gift, (start, end) in gifts.items():
        for visit in follow(lines, source, start, end):
            if isinstance(visit, Arrival):
                found[visit.line][gift] += visit.end - visit.start
    return found


def backwards(lines: Lines, line: str) -> Counter[str]:
    """Units of a line by gift, from the line's side; what a reversal took back is nobody's."""
    found: Counter[str] = Counter()
    for span in lines.spans(line):
        if span.state is UnitState.VOID:
            continue
        runs = owners(lines, line, span.start, span.end)
        assert [span.start, *(run.end for run in runs)] == [*(run.start for run in runs), span.end]
        for run in runs:
            if run.gift is not None:
                found[run.gift] += run.end - run.start
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=3, max_size=30))
def test_the_shares_named_backwards_are_the_shares_that_arrived(script: list[tuple[object, ...]]) -> None:
    """Rule 9: exact, unit by unit, through fees, rates, voids, restores and reversals."""
    with no_lines() as lines:
        story = Story(lines)
        for step in script:
            play(story, step)
        arrived = forwards(story.lines, COINS, story.gifts)
        for line in (MONEY, GOODS):
            if story.lines.exists(line):
                assert +backwards(story.lines, line) == +arrived[line]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=8),
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 12)), min_size=1, max_size=4),
)
def test_lots_of_an_order_that_is_paid_in_part_name_their_gifts_piece_by_piece(
    sums: list[int], quantity: int, receipts: list[tuple[int, int, int]]
) -> None:
    """Rule 5: a lot takes its order value wherever that falls within a piece, and what is unpaid has no owner."""
    with no_lines() as lines:
        gifts: dict[str, tuple[int, int]] = {}
        for index, units in enumerate(sums):
            start = lines.length(MONEY)
            lines.apply(Append(MONEY, "USD", start, units, f"g{index}"), ENTRY)
            gifts[f"g{index}"] = (start, start + units)
        total = sum(sums)
        value = total + 7
        lines.apply(Open(ORDER, "USD", value), ENTRY)
        lines.apply(
            Use(PAYMENT, MONEY, ((0, total),), total, (Part(PartKind.ON, total, total, ORDER, 0),)), ENTRY
        )
        done = 0
        for index, (short, damaged, good) in enumerate(receipts):
            noted = short + damaged + good
            if done + noted > quantity:
                break
            first, last = done * value // quantity, (done + noted) * value // quantity
            done += noted
            parts = [Part(PartKind.SHORT, short, short), Part(PartKind.DAMAGED, damaged, damaged)]
            parts = [part for part in parts if part.share]
            parts.append(Part(PartKind.ON, good, good, f"goods/m/stock:Depot/KIT#L{index}", 0))
            pieces = ((first, last),) if first < last else ()
            lines.apply(Use(f"receipt:m:{index}:L{index}", ORDER, pieces, noted, tuple(parts)), ENTRY)
            arrived = forwards(lines, MONEY, gifts)
            assert (
                +backwards(lines, f"goods/m/stock:Depot/KIT#L{index}")
                == +arrived[f"goods/m/stock:Depot/KIT#L{index}"]
            )
            whole: Counter[str] = Counter()
            for gift, (start, end) in gifts.items():
                for visit in follow(lines, MONEY, start, end):
                    if isinstance(visit, Arrival) and visit.use.id == f"receipt:m:{index}:L{index}":
                        whole[gift] += visit.end - visit.start
                    elif isinstance(visit, Ending) and visit.use.id == f"receipt:m:{index}:L{index}":
                        whole[gift] += visit.units
            use = lines.use(f"receipt:m:{index}:L{index}")
            named: Counter[str] = Counter()
            for run in owners_of_use(lines, use):
                named[run.gift or ""] += run.end - run.start
            assert sum(named.values()) == noted
            del named[""]
            assert +named == +whole


LOTS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 5), st.integers(0, 5)).filter(any), min_size=1, max_size=3
)


@settings(max_examples=stories(4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(2_000, BTC // 4), min_size=2, max_size=5), LOTS, st.booleans(), st.integers(1, 500)
)
def test_a_lot_names_the_pieces_that_its_gifts_trails_say(
    tmp_path_factory: object, gifts: list[int], counts: list[tuple[int, int, int]], early: bool, paid: int
) -> None:
    """The same in the real ledger: gifts, conversion, order, payment before or after the goods, lots and losses."""
    folder: Path = tmp_path_factory.mktemp("owners")  # type: ignore[attr-defined]
    ledger = Ledger.new(folder)
    ledger.mine("a", *(tx(f"gift{i}", (i, sats), position=i + 1) for i, sats in enumerate(gifts)))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=tuple((f"gift{i}", 0) for i in range(len(gifts)))))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=sum(gifts) - 1000,
        network_fee=1000, currency="USD", proceeds=500, exchange="E", bank="B", date=DATE,
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date=DATE)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    pieces = sum(map(sum, counts))
    order(ledger, quantity=pieces, value=500, approved=DATE)
    if early:
        pay(ledger, paid)
    lots = [
        {"lot": f"L{i}", "noted": good + short + damaged, "good": good, "short": short, "damaged": damaged}
        for i, (good, short, damaged) in enumerate(counts)
    ]
    ledger.do(
        "recorder", "receipt", "add", number="R-1", order="PO-1", item="1", place="D", lots=lots, date=DATE
    )
    if not early:
        ledger.do(
            "recorder", "invoice", "add", number="I-1", order="PO-1", quantity=pieces, amount=500, date=DATE
        )
        pay(ledger, paid)
    with ledger.store.read() as reading:
        books = Books(reading)
        lines = books.lines
        for lot in lots:
            (trace,) = lot_traces(books, SLUG, f"KIT#{lot['lot']}")
            named = {row.gift: row.pieces for row in trace.gifts if row.gift and row.pieces}
            assert sum(row.pieces for row in trace.gifts) == lot["noted"]
            told: Counter[str] = Counter()
            for index in range(len(gifts)):
                outpoint = f"{name(f'gift{index}')}:0"
                gift = gift_of(reading.session, SLUG, outpoint)
                assert gift.units is not None
                for visit in follow(lines, *gift.units):
                    if isinstance(visit, Arrival) and visit.use.id == f"receipt:{SLUG}:R-1:{lot['lot']}":
                        told[outpoint] += visit.end - visit.start
                    if isinstance(visit, Ending) and visit.use.id == f"receipt:{SLUG}:R-1:{lot['lot']}":
                        told[outpoint] += visit.units
            assert +told == Counter(named)
