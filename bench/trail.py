"""Trails of a large fund: a million gifts over five hundred conversions, an order, a lot and fifteen places.

Run it with `python -m bench trail`; it writes to a temporary folder only. The limit is the work that DESIGN names.
"""

from __future__ import annotations

import gc
import random
import tempfile
import time
from pathlib import Path
from statistics import median, median_low

from bench.measuring import HEAD, Line, printed
from ledger.core.lines import Append, Open, Part, PartKind, Use
from ledger.store.database import Store
from ledger.tracing.changing import LinesWriting
from ledger.tracing.follow import Ending, Stay, follow
from ledger.tracing.state import Lines
from ledger.tracing.traced import TracedLines

GIFTS, CONVERSIONS, PLACES = 1_000_000, 500, 15
SAMPLE = 2_000
MONEY, BANK, ORDER, STOCK = "money/c/free/BTC", "money/c/free/USD", "order/c/O/1/USD", "goods/c/stock:B/M#L"


def filled(
    folder: Path, gifts: int, conversions: int
) -> tuple[Store, list[tuple[int, int]], tuple[int, int]]:
    """A store with such a fund on its lines; the gifts' intervals, and that of one gift that is half of the fund."""
    chance = random.Random(250_000)
    store = Store.create(f"sqlite:///{folder / 'trail.db'}")
    spans: list[tuple[int, int]] = []
    at = 0
    with store.write() as tx:
        lines = LinesWriting(tx.shelf)
        for number in range(gifts):
            units = chance.randint(20_000, 200_000)
            lines.apply(Append(MONEY, "BTC", at, units, f"g{number}"))
            spans.append((at, at + units))
            at += units
        half = (at, 2 * at)
        lines.apply(Append(MONEY, "BTC", at, at, "half"))
        total = 2 * at
        cents = 0
        for number in range(conversions):
            start, end = total * number // conversions, total * (number + 1) // conversions
            fee, out = (end - start) // 1000, (end - start) // 111
            parts = (
                Part(PartKind.FEE, fee, fee),
                Part(PartKind.ON, end - start - fee, out, BANK, cents),
            )
            lines.apply(Use(f"conversion:c:{number}", MONEY, ((start, end),), end - start, parts))
            cents += out
        lines.apply(Open(ORDER, "USD", cents))
        lines.apply(
            Use("payment:c:P", BANK, ((0, cents),), cents, (Part(PartKind.ON, cents, cents, ORDER, 0),))
        )
        masks = cents // 42
        lost = masks // 100
        parts = (
            Part(PartKind.DAMAGED, lost, lost),
            Part(PartKind.ON, masks - lost, masks - lost, STOCK, 0),
        )
        lines.apply(Use("receipt:c:R:L", ORDER, ((0, cents),), masks, parts))
        for place in range(PLACES):
            first = (masks - lost) * place // PLACES
            last = (masks - lost) * (place + 1) // PLACES
            there = Part(PartKind.ON, last - first, last - first, f"goods/c/distributed:P{place}/M#L", 0)
            lines.apply(Use(f"distribution:c:D:M#L:{place}", STOCK, ((first, last),), last - first, (there,)))
    return store, spans, half


def leaves_of(lines: Lines, start: int, end: int) -> int:
    return sum(isinstance(visit, Stay | Ending) for visit in follow(lines, MONEY, start, end))


def _half(lines: Lines, half: tuple[int, int]) -> tuple[float, int]:
    """CPU seconds of the trail of half the fund, and how many leaves it has."""
    began = time.process_time()
    count = leaves_of(lines, *half)
    return time.process_time() - began, count


def _half_alone(store: Store, half: tuple[int, int]) -> tuple[float, int]:
    """The same, with nothing of the database in memory but what SQLite keeps of it."""
    with store.write() as tx:
        tx.shelf.save("bench", "changed", b"")  # so that readers forget what they remember
    with store.read() as tx:
        return _half(TracedLines(tx.shelf), half)


def main(short: bool = False) -> None:
    """Print the table; about three minutes, most of them to fill the store."""
    print(printed([HEAD, *(lines(2_000, 5, 20) if short else lines())]))


def lines(gifts: int = GIFTS, conversions: int = CONVERSIONS, sample: int = SAMPLE) -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        store, spans, half = filled(Path(folder), gifts, conversions)
        chance = random.Random(1)
        gc.collect()
        gc.freeze()  # the list of a million gifts is the measurement's, and no trail's
        with store.read() as tx:
            read = Lines(tx.shelf)
            traced = TracedLines(tx.shelf)
            times = []
            for start, end in chance.sample(spans, min(sample, len(spans))):
                began = time.process_time()
                leaves_of(read, start, end)
                times.append(time.process_time() - began)
            cold, count = median_low(_half_alone(store, half) for _ in range(5))
            anew, _ = median_low(_half(TracedLines(tx.shelf), half) for _ in range(5))
            warm, _ = median_low(_half(traced, half) for _ in range(5))
            began = time.process_time()
            for start, end in spans:
                leaves_of(traced, start, end)
            all_of_them = time.process_time() - began
        store.close()
    return [
        Line(
            "median trail, ms of CPU",
            f"{median(times) * 1000:.2f}",
            "2",
            f"{0.002 / median(times):.1f}",
            "< 2 ms",
        ),
        *(
            Line(
                f"a leaf of half the fund ({count:,}){how}, µs",
                f"{took / count * 1e6:.1f}",
                "10",
                f"{count * 1e-5 / took:.2f}",
                "< 10 µs",
            )
            for how, took in (
                ("", warm),
                (", its lines read for it alone", anew),
                (", by a process that begins", cold),
            )
        ),
        Line(
            f"all {gifts:,} trails, s of CPU",
            f"{all_of_them:.0f}",
            "60",
            f"{60 * gifts / GIFTS / all_of_them:.2f}",
            "< 60 s",
        ),
    ]
