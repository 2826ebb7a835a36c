"""Records entries of two transfers, rules and model included, beside bare inserts, beancount and hledger.

Run it with `python -m bench ledger`; it asks no network and writes to temporary folders only.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, count, islice
from pathlib import Path

from bench.furnished import STATES, distributions, furnished, record_all, recorded
from bench.ledger_state import lines as state_lines
from bench.measuring import HEAD, Line, printed, times
from bench.plain_text import beancount_text, find_hledger, hledger_text, load_beancount, load_hledger
from bench.postgresql import another_database, cluster
from bench.raw import CLIENTS, RawPostgresql, RawSqlite, insert_like_the_journal
from ledger.core.entry import Entry, entry_from_bytes
from ledger.rules.deliveries import Distribution
from ledger.store.database import Store

BATCH = 100
"""Entries a commit, where one writer records several together."""

ROUNDS = 3
"""Ours and theirs take turns; the ratio is the median of the rounds, so that what disturbs one round counts little."""

SINGLE, SHARED, BATCHED, TEXT = 400, 1_920, 2_000, 10_000
"""Entries a round: one a commit, by 64 clients, by one writer in batches; and entries of the plain text files."""


def seconds_of(act_once: Callable[[], object]) -> float:
    start = time.perf_counter()
    act_once()
    return time.perf_counter() - start


def by_clients(works: Sequence[Callable[[], object]]) -> float:
    """Seconds until all of them, each in a thread, are through; raises what one of them raises."""
    failures: list[BaseException] = []
    begin = threading.Barrier(len(works) + 1)

    def run(work: Callable[[], object]) -> None:
        begin.wait()
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if failures:
        raise failures[0]
    return seconds


def kept(stored: list[bytes], make: Callable[[], list[bytes]]) -> Callable[[], None]:
    """Does it, and keeps what it made."""
    return lambda: stored.extend(make())


class Bench:
    """One database: ours and a bare table beside it."""

    def __init__(self, name: str, store: Store, raw: RawSqlite | RawPostgresql) -> None:
        self.name, self.store, self.raw = name, store, raw
        self.numbers = distributions(count(1))
        record_all(store, self.numbers, 2 * STATES, BATCH)  # now every account and line is there

    def one_writer(self, entries: int, together: int, rounds: int) -> tuple[float, float]:
        """Entries a second of ours, and of the bare inserts of the same bytes: of the middle round."""
        figures = []
        for _ in range(rounds):
            stored: list[bytes] = []
            ours = seconds_of(kept(stored, partial(record_all, self.store, self.numbers, entries, together)))
            bare = seconds_of(partial(self.raw.write, stored, together))
            figures.append((entries / ours, entries / bare))
        return middle(figures)

    def many_clients(
        self, entries: int, rounds: int, writer: Callable[[], Callable[[bytes], None]]
    ) -> tuple[float, float]:
        figures = []
        each = entries // CLIENTS
        for _ in range(rounds):
            stored: list[list[bytes]] = [[] for _ in range(CLIENTS)]
            facts = [list(islice(self.numbers, each)) for _ in range(CLIENTS)]
            ours = by_clients([self._client(*one) for one in zip(facts, stored, strict=True)])
            works = [_bare_client(writer(), rows) for rows in stored]
            figures.append((entries / ours, entries / by_clients(works)))
        return middle(figures)

    def _client(self, facts: list[Distribution], stored: list[bytes]) -> Callable[[], None]:
        def run() -> None:
            for one in facts:
                with self.store.write() as tx:
                    stored.append(recorded(tx, one))

        return run

    def lines(self, single: int, shared: int, batched: int, rounds: int) -> Iterator[Line]:
        ours, bare = self.one_writer(single, 1, rounds)
        yield compared(f"{self.name}: 1 client, one a commit", ours, bare, "0.5")
        ours, bare = self.many_clients(shared, rounds, self.raw.writer)
        yield compared(f"{self.name}: {CLIENTS} clients; bare ones commit each", ours, bare, "0.5")
        ours, bare = self.one_writer(batched, BATCH, rounds)
        yield compared(f"{self.name}: 1 client, {BATCH} a commit", ours, bare, "")


def _bare_client(write: Callable[[bytes], None], rows: Sequence[bytes]) -> Callable[[], None]:
    def run() -> None:
        for data in rows:
            write(data)

    return run


def middle(figures: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The round whose ratio is the median one."""
    return sorted(figures, key=lambda pair: pair[0] / pair[1])[(len(figures) - 1) // 2]


def compared(name: str, ours: float, theirs: float, aim: str) -> Line:
    return Line(name, f"{ours:,.0f}", f"{theirs:,.0f}", times(ours / theirs), aim)


def journal_rows_line(name: str, url_of: Callable[[str], str], single: int, rounds: int) -> Line:
    """Ours beside the rows that the journal itself keeps, with its keys and guards and nothing else.

    `url_of` makes the URL of a new database.
    """
    store = furnished(url_of("ours"))
    numbers = distributions(count(1))
    record_all(store, numbers, 2 * STATES, BATCH)
    figures = []
    for turn in range(rounds):
        stored: list[bytes] = []
        ours = seconds_of(kept(stored, partial(record_all, store, numbers, single, 1)))
        bare = Store.create(url_of(f"bare{turn}"))
        theirs = seconds_of(partial(insert_like_the_journal, bare, stored))
        bare.close()
        figures.append((single / ours, single / theirs))
    store.close()
    ours, theirs = middle(figures)
    return compared(f"{name}: 1 client; bare rows of the journal, guarded", ours, theirs, "0.5")


def text_lines(folder: Path, entries: int) -> Iterator[Line]:
    """Ours in batches beside programs that load the same entries from text."""
    store = furnished(f"sqlite:///{folder / 'text.db'}")
    stored: list[bytes] = []
    ours = entries / seconds_of(
        lambda: stored.extend(record_all(store, distributions(count(1)), entries, BATCH))
    )
    store.close()
    told: list[Entry] = [entry_from_bytes(data) for data in stored]
    text = beancount_text(told)
    theirs = entries / seconds_of(lambda: load_beancount(text, entries))
    yield compared(f"recorded, {BATCH} a commit; beancount loads {entries:,}", ours, theirs, "")
    program = find_hledger()
    if program is None:
        yield Line("hledger is not installed (Debian: hledger)", "", "", "")
        return
    file = folder / "bench.journal"
    file.write_text(hledger_text(told))
    theirs = entries / seconds_of(lambda: load_hledger(program, file))
    yield compared(f"recorded, {BATCH} a commit; hledger loads {entries:,}", ours, theirs, "")


def lines(
    single: int = SINGLE, shared: int = SHARED, batched: int = BATCHED, text: int = TEXT, rounds: int = ROUNDS
) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = furnished(f"sqlite:///{folder / 'ledger.db'}")
        raw = RawSqlite(folder)
        yield from Bench("sqlite", store, raw).lines(single, shared, batched, rounds)
        raw.close()
        store.close()
        yield journal_rows_line("sqlite", lambda name: f"sqlite:///{folder / f'{name}.db'}", single, rounds)
        with cluster() as url:
            if url is None:
                yield Line("PostgreSQL is not installed (Debian: postgresql)", "", "", "")
            else:
                store = furnished(url)
                bare = RawPostgresql(url)
                yield from Bench("postgresql", store, bare).lines(single, shared, batched, rounds)
                bare.close()
                store.close()
                yield journal_rows_line("postgresql", partial(another_database, url), single, rounds)
        yield from text_lines(folder, text)


def main(short: bool = False) -> None:
    """Print the table as it comes; about three minutes."""
    entries = lines(single=2, shared=64, batched=4, text=20, rounds=1) if short else lines()
    state = state_lines(entries=30, sizes=(10, 20_000)) if short else state_lines()
    print("entries of two transfers (and two uses of lines) a second, rules and model included")
    print(printed([HEAD]), flush=True)
    for line in chain(entries, state):
        print(printed([line]), flush=True)


if __name__ == "__main__":
    main()
