"""The state of a ledger: what a balance costs in accounts of all sizes, and folding the whole model again.

Run it with `python -m bench.ledger_state [ENTRIES]`; it writes to a temporary folder only.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from sqlalchemy import func
from sqlmodel import select

from bench.furnished import DAY, NOW, SLUG, distributions, furnished, record_all
from bench.measuring import HEAD, Line, cpu_seconds, printed, times
from bench.plain_text import beancount_text, load_beancount
from ledger.core.entry import GENESIS, Entry, Transfer, entry_bytes, entry_from_bytes, entry_hash
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.model.journal import TransferRow
from ledger.recording.rebuild import fold_all
from ledger.rules.books import Books
from ledger.store.database import Store
from ledger.store.journal import JournalRow
from ledger.store.scratch import scratch

SIZES = (1_000, 100_000, 1_000_000)
"""Transfers of the accounts whose balances are asked."""

ENTRIES = 10_000
"""Entries that are folded again; the cost of each does not grow with their number."""

_A_ENTRY = 10_000
"""Transfers of one entry, to fill an account."""


def filled_account(store: Store, account: str, transfers: int) -> None:
    """An account with so many transfers, in the journal and in the books."""
    for start in range(0, transfers, _A_ENTRY):
        moved = tuple(
            Transfer(account, "gifts/bench", "USD", 1 + n % 97)
            for n in range(min(_A_ENTRY, transfers - start))
        )
        with store.write() as tx:
            head = tx.journal.head()
            seq, previous = (1, GENESIS) if head is None else (head[0] + 1, head[1])
            key, at = f"fill:{account}:{start}", rfc3339(NOW)
            entry: Entry = Entry(
                seq, previous, key, "bench", SLUG, at, DAY, Role.SYSTEM, {}, {}, moved, (), None
            )
            Books(tx).apply(entry)
            data = entry_bytes(entry)
            rows = [(t.debit, t.credit, t.asset, t.amount) for t in moved]
            tx.journal.append(
                JournalRow(seq, key, "bench", SLUG, at, DAY, DAY, None, data, entry_hash(data), rows)
            )


def balance_lines(folder: Path, sizes: tuple[int, ...]) -> Iterator[Line]:
    store = Store.create(f"sqlite:///{folder / 'balance.db'}")
    for size in sizes:
        account = f"bank/bench/{size}"
        filled_account(store, account, size)
        asked = []
        for _ in range(200):
            with store.read() as tx:
                began = time.perf_counter()
                net = Books(tx).net(account, "USD")
                asked.append(time.perf_counter() - began)
        with store.read() as tx:
            began = time.perf_counter()
            query = select(func.sum(TransferRow.amount)).where(
                TransferRow.debit == account, TransferRow.asset == "USD"
            )
            summed = tx.session.exec(query).one()
            adding = time.perf_counter() - began
        assert net == summed
        ours = sorted(asked)[len(asked) // 2]
        yield Line(
            f"balance of {size:,} transfers, µs; theirs adds them",
            f"{ours * 1e6:.1f}", f"{adding * 1e6:,.0f}", times(adding / ours), "constant",
        )  # fmt: skip
    store.close()


def rebuild_lines(folder: Path, entries: int) -> Iterator[Line]:
    store = furnished(f"sqlite:///{folder / 'rebuild.db'}")
    record_all(store, distributions(count(1)), entries, 1000)

    def fold() -> None:
        with store.read() as tx, scratch() as made:
            fold_all(tx, made)

    def hash_and_parse() -> None:
        with store.read() as tx:
            for row in tx.journal.rows():
                hashlib.sha256(row.data).hexdigest()
                json.loads(row.data)

    bare = cpu_seconds(hash_and_parse, 3)
    ours = cpu_seconds(fold, 3)
    bare = min(bare, cpu_seconds(hash_and_parse, 3))
    with store.read() as tx:
        entries_told = tx.journal.count()
        moved = (entry for entry in map(_entry, tx.journal.rows()) if entry.transfers)
        text = beancount_text(moved)
        moving = sum(bool(_entry(row).transfers) for row in tx.journal.rows())
    store.close()
    theirs = cpu_seconds(lambda: load_beancount(text, moving), 1)
    rate, much = entries_told / ours, f"rebuild of {entries_told:,} entries, a CPU second;"
    yield Line(
        f"{much} hash and parse", f"{rate:,.0f}", f"{entries_told / bare:,.0f}", times(bare / ours), "0.3"
    )
    yield Line(f"{much} beancount", f"{rate:,.0f}", f"{entries_told / theirs:,.0f}", times(theirs / ours))


def _entry(row: JournalRow) -> Entry:
    return entry_from_bytes(row.data)


def lines(entries: int = ENTRIES, sizes: tuple[int, ...] = SIZES) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as name:
        yield from rebuild_lines(Path(name), entries)
        yield from balance_lines(Path(name), sizes)


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    print(printed([HEAD]), flush=True)
    for line in lines(entries):
        print(printed([line]), flush=True)


if __name__ == "__main__":
    main()
