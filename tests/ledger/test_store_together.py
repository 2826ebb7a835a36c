"""Writers who come at once share a transaction: each has its own answer, and a refusal undoes nobody else's."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.checks.run import run_checks
from ledger.core.errors import Conflict, LedgerError, NotFound, Refused
from ledger.core.times import rfc3339
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from ledger.store.transaction import Writing
from tests.tools.ledgers import SLUG, START, Ledger
from tests.tools.store_places import BOTH, entry, filled, fresh_url


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = filled(fresh_url(request.param, tmp_path))
    yield made
    made.close()


def all_at_once(store: Store, works: list[Callable[[Writing], Any]]) -> list[Any]:
    """What became of each: they wait while somebody writes, and so share the next transaction."""
    answers: list[Any] = [None] * len(works)
    shared = threading.Event()

    def run(index: int) -> None:
        try:
            answers[index] = store.together(works[index])
        except Exception as refusal:
            answers[index] = refusal

    def first(_: Writing) -> None:
        for thread in threads:
            thread.start()
        while len(store._together._waiting) < len(works):
            shared.wait(0.001)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    store.together(first)
    for thread in threads:
        thread.join()
    return answers


def appended(tx: Writing, name: str) -> int:
    head = tx.journal.head()
    assert head is not None
    tx.journal.append(entry(head[0] + 1, key=name))
    tx.shelf.save("space", name, b"there")
    tx.desk.note_author(head[0] + 1, 1)
    tx.desk.audit(rfc3339(START), 1, "did", name)
    return head[0] + 1


def test_each_has_its_own_answer(store: Store) -> None:
    """One is refused before it wrote, one after, one by the database, one goes through the database and is refused."""

    def good(name: str) -> Callable[[Writing], Any]:
        return lambda tx: appended(tx, name)

    def refused_at_once(_: Writing) -> None:
        raise Refused.field("amount", "is refused")

    def refused_late(tx: Writing) -> None:
        appended(tx, "late")
        raise NotFound("late: refused")

    def refused_by_the_journal(tx: Writing) -> None:
        appended(tx, "twice")
        head = tx.journal.head()
        assert head is not None
        tx.journal.append(entry(head[0] + 1, key="a"))

    def refused_by_the_database(tx: Writing) -> None:
        tx.shelf.save("space", "database", b"there")
        tx.desk.add_user("ada", "admin", "2026-01-01T00:00:00Z")

    def refused_after_writing(tx: Writing) -> None:
        appended(tx, "after")
        tx.progress.save("word", "after")
        assert [row.key for row in tx.journal.rows()][-1] == "after"
        tx.shelf.flush()
        raise NotFound("after: refused")

    works = [
        good("a"), refused_at_once, good("b"), refused_late, refused_by_the_journal, refused_by_the_database,
        good("c"), refused_after_writing, good("d"),
    ]  # fmt: skip
    answers = all_at_once(store, works)
    kinds = [type(one) for one in answers]
    assert kinds == [int, Refused, int, NotFound, Conflict, Conflict, int, NotFound, int]
    numbers = {key: answers[index] for index, key in ((0, "a"), (2, "b"), (6, "c"), (8, "d"))}
    assert sorted(numbers.values()) == [4, 5, 6, 7]
    with store.read() as tx:
        assert {row.key: row.seq for row in tx.journal.rows(after=3)} == numbers
        assert [key for key, _ in tx.shelf.rows("space", "a", "e")] == ["a", "b", "c", "d"]
        assert [tx.desk.author(seq) for seq in range(1, 9)] == [None, None, None, 1, 1, 1, 1, None]
        assert [line.subject for line in tx.desk.audited(after=3)] == sorted(numbers, key=numbers.__getitem__)
        assert tx.progress.load("word") is None
    with store.write() as tx:
        assert appended(tx, "e") == 8


def test_where_the_commit_fails_nobody_is_told_anything_else(store: Store) -> None:
    """A refusal that rested on what was not written is no answer either."""

    def amount_out_of_bounds(tx: Writing) -> None:
        row = entry(4, key="bad")
        tx.journal.append(
            type(row)(4, "bad", "k", "c", row.recorded_at, row.data, row.hash, [("a", "b", "X", 0)])
        )

    def refused(tx: Writing) -> None:
        assert tx.journal.by_key("bad") is not None
        raise Refused.field("amount", "is refused")

    answers = all_at_once(store, [amount_out_of_bounds, refused])
    assert [type(one) for one in answers] == [Conflict, Conflict]
    with store.read() as tx:
        assert tx.journal.count() == 3


def test_where_the_database_undid_all_nobody_goes_on(tmp_path: Path) -> None:
    """A full disk may end the whole transaction in one writer's statement: no other writes outside of it."""
    store = filled(fresh_url("sqlite", tmp_path))

    def ended_by_the_database(tx: Writing) -> None:
        tx._session.connection.execute("ROLLBACK")
        raise Refused.field("amount", "is refused")

    works = [lambda tx: appended(tx, "a"), ended_by_the_database, lambda tx: appended(tx, "b")]
    answers = all_at_once(store, works)
    assert all("nothing was written" in str(one) for one in answers)
    with store.read() as tx:
        assert tx.journal.count() == 3
    assert store.together(lambda tx: appended(tx, "c")) == 4
    store.close()


def test_writing_within_writing_is_refused(store: Store) -> None:
    """A writer that waits for itself would wait for ever."""
    with pytest.raises(LedgerError, match="writes already"):
        store.together(lambda _: store.together(lambda tx: tx.journal.count()))
    assert store.together(lambda tx: tx.journal.count()) == 3


def test_pieces_are_handed_over_once_however_many_ask_at_once(tmp_path: Path) -> None:
    """Eight want ten of fifty pieces each: five have them, three are refused, and the whole state is right."""
    ledger = Ledger.new(tmp_path)
    ledger.do("recorder", "product", "add", code="M", name="Mask", unit="mask", plural="masks")
    ledger.do(
        "recorder",
        "contribution",
        "add",
        number="B-1",
        bank="B",
        currency="USD",
        amount=500,
        date="2023-11-10",
    )
    item = {"item": "1", "product": "M", "quantity": 50, "value": 500}
    ledger.do(
        "recorder", "purchase", "add", number="P-1", supplier="Maker", currency="USD", items=[item], date="2023-11-21"
    )  # fmt: skip
    ledger.do("approver", "purchase", "approve", number="P-1", date="2023-11-21")
    lots = [{"lot": "L", "noted": 50, "good": 50}]
    ledger.do(
        "recorder", "receipt", "add", number="R-1", order="P-1", item="1", place="Depot", lots=lots, date="2023-11-25"
    )  # fmt: skip

    def hand_over(number: int) -> Callable[[Writing], Any]:
        lots = [{"product": "M", "lot": "L", "quantity": 10}]
        facts = {
            "number": f"H-{number}",
            "place": "Depot",
            "organisation": "Home",
            "lots": lots,
            "date": "2023-11-26",
        }
        recorder = ledger.actors["recorder"]
        return lambda tx: act(tx, recorder, SLUG, "handover", "add", facts, now=ledger.now).seq

    answers = all_at_once(ledger.store, [hand_over(number) for number in range(8)])
    assert sum(isinstance(one, int) for one in answers) == 5
    assert sum(isinstance(one, Refused) for one in answers) == 3
    with ledger.store.read() as tx:
        assert list(run_checks(tx)) == []
        assert rebuild(tx) == []


WRITER = """
import sys, threading
from ledger.store.database import Store
from tests.ledger.test_store_together import appended
store = Store.open(sys.argv[1])
def write(name):
    for number in range(10000):
        seq = store.together(lambda tx: appended(tx, f"{name}:{number}"))
        sys.stdout.write(f"{seq} {name}:{number}\\n")
        sys.stdout.flush()
for name in "abcdefgh":
    threading.Thread(target=write, args=(name,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("kind", BOTH)
def test_a_crash_loses_nothing_that_was_acknowledged(kind: str, tmp_path: Path) -> None:
    """Eight threads share transactions; the process is killed in the middle."""
    url = fresh_url(kind, tmp_path)
    filled(url).close()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline() for _ in range(60)]
    writer.kill()
    acknowledged += list(writer.stdout)
    writer.wait()
    writer.stdout.close()
    store = Store.open(url)
    with store.read() as tx:
        rows = {f"{row.seq} {row.key}\n" for row in tx.journal.rows()}
        assert {line for line in acknowledged if line.endswith("\n")} <= rows
        assert [row.seq for row in tx.journal.rows()] == list(range(1, len(rows) + 1))
        assert len(list(tx.shelf.rows("space"))) == len(rows)
        assert len(tx.desk.audited(limit=100_000)) == len(rows)
    store.close()
