"""Records entries of two transfers, rules and projections included, beside raw inserts and beside beancount.

Run it with `python -m bench.ledger`; it asks no network and writes to a temporary folder only.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from beancount import loader

from ledger.desk import Actor, act, add_user
from ledger.entry import Entry, entry_from_bytes
from ledger.kinds.deliveries import DISTRIBUTION, Distribution
from ledger.kinds.gifts import DONATION, Gift
from ledger.kinds.goods import LotCount
from ledger.kinds.rates import SATS
from ledger.kinds.spec import Role
from ledger.record import record
from ledger.store.database import Store
from ledger.store.transaction import Writing

NOW = 1_590_000_000
DAY = "2020-05-20"
SLUG, PRODUCT, LOTS = "bench", "MASK", ("L-1", "L-2")
PIECES = 100_000_000
STATES = 15
"""Receivers that take turns."""

BATCH = 100
"""Entries a commit, where several are recorded together."""

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -65536",
    "wal_autocheckpoint = 4000",
)
"""Those of the store."""


def furnished(url: str) -> Store:
    """A ledger in which an organisation holds two large lots, ready to be handed out."""
    store = Store.create(url)
    actors: dict[str, Actor] = {}
    with store.write() as tx:
        for role in ("admin", "recorder", "approver"):
            actors[role] = Actor(add_user(tx, role, role, now=NOW, by=None), role, role)
    for role, noun, verb, facts in _prelude():
        with store.write() as tx:
            if noun == "purchase" and verb == "add":
                record(tx, DONATION, SLUG, _gift(), now=NOW, role=Role.SYSTEM)
            act(tx, actors[role], SLUG, noun, verb, facts, now=NOW)
    return store


def _gift() -> Gift:
    """Money enough for the order."""
    hashed = "00" * 32
    return Gift(
        outpoint=f"{hashed}:0",
        script="0014" + "00" * 20,
        sats=10_000 * SATS,
        block=hashed,
        height=1,
        position=1,
        time=NOW,
        date=DAY,
    )


def _prelude() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    lots = [{"lot": lot, "noted": PIECES, "good": PIECES} for lot in LOTS]
    handed = [{"product": PRODUCT, "lot": lot, "quantity": PIECES} for lot in LOTS]
    item = {"item": "1", "product": PRODUCT, "quantity": PIECES * len(LOTS), "value": PIECES}
    order = {"number": "O-1", "supplier": "Maker", "currency": "USD", "items": [item], "date": DAY}
    receipt = {"number": "R-1", "order": "O-1", "item": "1", "place": "Beijing", "lots": lots, "date": DAY}
    yield (
        "admin",
        "campaign",
        "add",
        {"slug": SLUG, "title": "Bench", "purpose": "Measuring", "start": DAY, "end": DAY},
    )
    yield "recorder", "product", "add", {"code": PRODUCT, "name": "Mask", "unit": "mask", "plural": "masks"}
    quotes = [{"source": source, "price": 900_000} for source in ("One", "Other")]
    yield "recorder", "rate", "add", {"currency": "USD", "date": DAY, "quotes": quotes}
    yield "recorder", "purchase", "add", order
    yield "approver", "purchase", "approve", {"number": "O-1", "date": DAY}
    yield "recorder", "receipt", "add", receipt
    yield (
        "recorder",
        "handover",
        "add",
        {"number": "H-1", "place": "Beijing", "organisation": "WAHO", "lots": handed, "date": DAY},
    )


def distributions(numbers: Iterator[int]) -> Iterator[Distribution]:
    """Endless entries of two transfers and two uses each: some pieces of both lots to one of the receivers."""
    for number in numbers:
        lots = tuple(LotCount(product=PRODUCT, lot=lot, quantity=1 + number % 37) for lot in LOTS)
        place = f"State {number % STATES}"
        yield Distribution(number=f"D-{number}", organisation="WAHO", place=place, lots=lots, date=DAY)


def record_all(store: Store, facts: Sequence[Distribution], together: int) -> list[bytes]:
    """Record the facts, so many a commit; the bytes that were stored."""
    stored: list[bytes] = []
    for start in range(0, len(facts), together):
        with store.write() as tx:
            stored += [_recorded(tx, one) for one in facts[start : start + together]]
    return stored


def _recorded(tx: Writing, facts: Distribution) -> bytes:
    return record(tx, DISTRIBUTION, SLUG, facts, now=NOW, role=Role.RECORDER, author=None).data


def insert_raw(path: Path, rows: Sequence[bytes], together: int) -> None:
    """What the same bytes cost in the same database with the same promises on power loss, and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT"
    )
    for start in range(0, len(rows), together):
        connection.execute("BEGIN IMMEDIATE")
        for data in rows[start : start + together]:
            connection.execute("INSERT INTO entries (data) VALUES (?)", (data,))
        connection.execute("COMMIT")
    connection.close()


def beancount_text(entries: Sequence[Entry]) -> str:
    """The same transfers as a beancount file: two postings each."""
    names: dict[str, str] = {}

    def named(account: str) -> str:
        return names.setdefault(account, f"Assets:A{len(names)}")

    body = []
    for entry in entries:
        body.append(f'{entry.date} * "{entry.key}"')
        for transfer in entry.transfers:
            asset = transfer.asset.replace("#", "-")
            body.append(f"  {named(transfer.debit)}  {transfer.amount} {asset}")
            body.append(f"  {named(transfer.credit)}  -{transfer.amount} {asset}")
    opened = [f"2020-01-01 open {name}" for name in names.values()]
    return "\n".join([*opened, *body, ""])


def load_beancount(text: str, entries: int) -> None:
    """Parse, book and validate; raises AssertionError when beancount refuses the text or drops something."""
    loaded, errors, _ = loader.load_string(text)
    assert not errors, errors[:1]
    assert sum(type(one).__name__ == "Transaction" for one in loaded) == entries


def seconds_of(act_once: Callable[[], object]) -> float:
    start = time.perf_counter()
    act_once()
    return time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class Compared:
    """Entries a second of one way to record, of the bare inserts, and of beancount's loading."""

    what: str
    ours: float
    raw: float
    beancount: float


def compare(store: Store, facts: Sequence[Distribution], together: int, folder: Path) -> Compared:
    """Record the facts in commits of `together`, then do the peers' part with what was stored."""
    stored: list[bytes] = []
    ours = seconds_of(lambda: stored.extend(record_all(store, facts, together)))
    raw = seconds_of(lambda: insert_raw(folder / f"raw-{together}.db", stored, together))
    text = beancount_text([entry_from_bytes(data) for data in stored])
    library = seconds_of(lambda: load_beancount(text, len(facts)))
    return Compared(f"{together} a commit", *(len(facts) / seconds for seconds in (ours, raw, library)))


def measure(single: int, batched: int) -> list[Compared]:
    numbers = distributions(count(1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = furnished(f"sqlite:///{folder / 'ledger.db'}")
        record_all(store, list(islice(numbers, 2 * STATES)), BATCH)  # now every account and line is there
        figures = [
            compare(store, list(islice(numbers, single)), 1, folder),
            compare(store, list(islice(numbers, batched)), BATCH, folder),
        ]
        store.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--single", type=int, default=1_000, help="entries recorded one a commit")
    parser.add_argument("--batched", type=int, default=10_000, help=f"entries recorded {BATCH} a commit")
    options = parser.parse_args()
    print(
        "entries of two transfers (and two uses of lines) a second, rules and projections included, one run"
    )
    for one in measure(options.single, options.batched):
        print(
            f"{one.what:<13} aidtrail {one.ours:7,.0f}   raw inserts {one.raw:9,.0f}   beancount {one.beancount:7,.0f}"
            f"   raw / ours {one.raw / one.ours:6.1f}   ours / beancount {one.ours / one.beancount:5.2f}"
        )


if __name__ == "__main__":
    main()
