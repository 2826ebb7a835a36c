"""Trails of a large fund: a hundred thousand gifts over five hundred conversions, an order, a lot and fifteen places.

Run it with `python -m bench trail`; it writes to a temporary folder only. Its limits stand in the lines that it prints.
"""

from __future__ import annotations

import gc
import random
import tempfile
import time
from pathlib import Path
from statistics import median, median_low

from bench.measuring import HEAD, Line, printed
from ledger.core.entry import entry_hash
from ledger.core.lines import Append, Open, Part, PartKind, Use
from ledger.store.database import Store
from ledger.store.journal import JournalRow
from ledger.tracing.changing import LinesWriting
from ledger.tracing.follow import Ending, Stay, follow
from ledger.tracing.state import Lines

GIFTS, CONVERSIONS, PLACES = 100_000, 500, 15
SAMPLE = 2_000
MONEY, BANK, ORDER, STOCK = "money/c/free/BTC", "money/c/free/USD", "order/c/O/1/USD", "goods/c/stock:B/M#L"


def fund(
    lines: LinesWriting, gifts: int, conversions: int, entry: int
) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Put such a fund on lines; the gifts' intervals, and that of one gift that is half of the fund."""
    chance = random.Random(250_000)
    spans: list[tuple[int, int]] = []
    at = 0
    for number in range(gifts):
        units = chance.randint(20_000, 200_000)
        lines.apply(Append(MONEY, "BTC", at, units, f"g{number}"), entry)
        spans.append((at, at + units))
        at += units
    half = (at, 2 * at)
    lines.apply(Append(MONEY, "BTC", at, at, "half"), entry)
    total = 2 * at
    cents = 0
    for number in range(conversions):
        start, end = total * number // conversions, total * (number + 1) // conversions
        fee, out = (end - start) // 1000, (end - start) // 111
        parts = (Part(PartKind.FEE, fee, fee), Part(PartKind.ON, end - start - fee, out, BANK, cents))
        lines.apply(Use(f"conversion:c:{number}", MONEY, ((start, end),), end - start, parts), entry)
        cents += out
    lines.apply(Open(ORDER, "USD", cents), entry)
    paid = (Part(PartKind.ON, cents, cents, ORDER, 0),)
    lines.apply(Use("payment:c:P", BANK, ((0, cents),), cents, paid), entry)
    masks = cents // 42
    lost = masks // 100
    parts = (Part(PartKind.DAMAGED, lost, lost), Part(PartKind.ON, masks - lost, masks - lost, STOCK, 0))
    lines.apply(Use("receipt:c:R:L", ORDER, ((0, cents),), masks, parts), entry)
    for place in range(PLACES):
        first, last = (masks - lost) * place // PLACES, (masks - lost) * (place + 1) // PLACES
        there = Part(PartKind.ON, last - first, last - first, f"goods/c/distributed:P{place}/M#L", 0)
        use = f"distribution:c:D:M#L:{place}"
        lines.apply(Use(use, STOCK, ((first, last),), last - first, (there,)), entry)
    return spans, half


def filled(
    folder: Path, gifts: int, conversions: int
) -> tuple[Store, list[tuple[int, int]], tuple[int, int]]:
    """A store with such a fund on its lines."""
    store = Store.create(f"sqlite:///{folder / 'trail.db'}")
    with store.write() as tx:
        tx.journal.append(JournalRow(1, "key", "kind", "c", "", "", "", None, b"", entry_hash(b""), []))
        spans, half = fund(LinesWriting(tx.session), gifts, conversions, 1)
    return store, spans, half


def leaves_of(lines: Lines, start: int, end: int) -> int:
    return sum(isinstance(visit, Stay | Ending) for visit in follow(lines, MONEY, start, end))


def _half(lines: Lines, half: tuple[int, int]) -> tuple[float, int]:
    """CPU seconds of the trail of half the fund, and how many leaves it has."""
    began = time.process_time()
    count = leaves_of(lines, *half)
    return time.process_time() - began, count


def main(short: bool = False) -> None:
    """Print the table; about a minute, most of them to fill the store."""
    print(printed([HEAD, *(lines(2_000, 5, 20) if short else lines())]))


def lines(gifts: int = GIFTS, conversions: int = CONVERSIONS, sample: int = SAMPLE) -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        store, spans, half = filled(Path(folder), gifts, conversions)
        chance = random.Random(1)
        gc.collect()
        gc.freeze()  # the list of gifts is the measurement's, and no trail's
        with store.read() as tx:
            read = Lines(tx.session)
            times = []
            for start, end in chance.sample(spans, min(sample, len(spans))):
                began = time.process_time()
                leaves_of(read, start, end)
                times.append(time.process_time() - began)
            took, count = median_low(_half(read, half) for _ in range(5))
        store.close()
    return [
        Line(
            "median trail, ms of CPU",
            f"{median(times) * 1000:.2f}",
            "5",
            f"{0.005 / median(times):.1f}",
            "< 5 ms",
        ),
        Line(
            f"trail of half the fund, {count:,} leaves, ms of CPU",
            f"{took * 1000:.0f}",
            "100",
            f"{0.1 / took:.1f}",
            "< 100 ms",
        ),
    ]
