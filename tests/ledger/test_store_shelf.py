"""The stored shelf is `MemoryShelf` on disk: after commits, rollbacks and what another connection writes."""

from __future__ import annotations

import copy
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ledger.store import projections
from ledger.store.database import Store
from ledger.store.shelf import MemoryShelf
from tests.tools.store_places import BOTH, fresh_url

SPACES = st.sampled_from(["balance", "é"])
SAVED = ("", "a", "a|b", "Z", "\U0001f600", "\uffff")
KEYS = st.sampled_from(SAVED)
BOUNDS = st.one_of(
    KEYS, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3)
)
VALUES = st.one_of(st.none(), st.binary(max_size=6))


class ShelfMachine(RuleBasedStateMachine):
    """Two stores on one database, one transaction at a time, beside a shelf in memory."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        url = fresh_url(self.kind, self.folder)
        self.stores = [Store.create(url), Store.open(url)]
        self.truth = MemoryShelf()
        self.before = MemoryShelf()
        self.opened = None
        self.tx = None

    def teardown(self) -> None:
        if self.opened is not None:
            self.opened.__exit__(None, None, None)
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    @precondition(lambda self: self.tx is None)
    @rule(number=st.sampled_from([0, 1]))
    def begin(self, number: int) -> None:
        self.before = copy.deepcopy(self.truth)
        self.opened = self.stores[number].write()
        self.tx = self.opened.__enter__()

    @precondition(lambda self: self.tx is not None)
    @rule()
    def commit(self) -> None:
        self.opened.__exit__(None, None, None)
        self.opened = self.tx = None

    @precondition(lambda self: self.tx is not None)
    @rule()
    def roll_back(self) -> None:
        failure = RuntimeError("undone")
        assert not self.opened.__exit__(RuntimeError, failure, None), "the failure was swallowed"
        self.truth = self.before
        self.opened = self.tx = None

    @precondition(lambda self: self.tx is not None)
    @rule(space=SPACES, key=KEYS, value=VALUES)
    def save(self, space: str, key: str, value: bytes | None) -> None:
        self.tx.shelf.save(space, key, value)
        self.truth.save(space, key, value)

    @precondition(lambda self: self.tx is not None)
    @rule()
    def clear(self) -> None:
        self.tx.shelf.clear()
        self.truth = MemoryShelf()

    @precondition(lambda self: self.tx is not None)
    @rule(
        space=SPACES,
        low=BOUNDS,
        high=st.none() | BOUNDS,
        reverse=st.booleans(),
        limit=st.none() | st.integers(0, 4),
    )
    def range_within(self, space: str, low: str, high: str | None, reverse: bool, limit: int | None) -> None:
        stored = list(self.tx.shelf.rows(space, low, high, reverse=reverse, limit=limit))
        assert stored == list(self.truth.rows(space, low, high, reverse=reverse, limit=limit))

    @precondition(lambda self: self.tx is not None)
    @rule(space=SPACES, keys=st.lists(KEYS))
    def expect_within(self, space: str, keys: list[str]) -> None:
        self.tx.shelf.expect(space, keys)
        assert [self.tx.shelf.load(space, key) for key in keys] == [
            self.truth.load(space, key) for key in keys
        ]

    @precondition(lambda self: self.tx is not None)
    @rule(space=SPACES, key=KEYS)
    def load_within(self, space: str, key: str) -> None:
        assert self.tx.shelf.load(space, key) == self.truth.load(space, key)

    @rule(number=st.sampled_from([0, 1]), space=SPACES, key=KEYS)
    def load_outside(self, number: int, space: str, key: str) -> None:
        committed = self.truth if self.tx is None else self.before
        with self.stores[number].read() as reading:
            assert reading.shelf.load(space, key) == committed.load(space, key)

    @rule(number=st.sampled_from([0, 1]))
    def all_outside(self, number: int) -> None:
        committed = self.truth if self.tx is None else self.before
        with self.stores[number].read() as reading:
            assert reading.shelf.spaces() == committed.spaces()
            for space in committed.spaces():
                assert list(reading.shelf.rows(space)) == list(committed.rows(space))

    @precondition(lambda self: self.tx is not None)
    @rule(
        changes=st.lists(st.tuples(SPACES, KEYS, VALUES)), how=st.sampled_from(["wait", "flush", "clear", "write"]),
        keep=st.booleans(),
    )  # fmt: skip
    def part(self, changes: list[tuple[str, str, bytes | None]], how: str, keep: bool) -> None:
        """A part that is undone leaves what came before it, also where some of it is in the database already."""
        kept = copy.deepcopy(self.truth)
        try:
            with self.tx.part():
                for index, (space, key, value) in enumerate(changes):
                    self.save(space, key, value)
                    if index == 1 and how == "flush":
                        self.tx.shelf.flush()
                    if index == 1 and how == "clear":
                        self.clear()
                    if index == 1 and how == "write":
                        self.tx.progress.save("word", key)
                    self.load_within(space, key)
                    assert list(self.tx.shelf.rows(space)) == list(self.truth.rows(space))
                if not keep:
                    raise RuntimeError("undone")
        except RuntimeError:
            self.truth = kept
        for space in ("balance", "é"):
            assert list(self.tx.shelf.rows(space)) == list(self.truth.rows(space))
            for key in SAVED:
                self.load_within(space, key)

    @precondition(lambda self: self.tx is None)
    @rule(
        number=st.sampled_from([0, 1]), changes=st.lists(st.tuples(SPACES, KEYS, VALUES)), keep=st.booleans()
    )
    def whole_transaction(
        self, number: int, changes: list[tuple[str, str, bytes | None]], keep: bool
    ) -> None:
        self.begin(number)
        for space, key, value in changes:
            self.save(space, key, value)
        (self.commit if keep else self.roll_back)()

    @precondition(lambda self: self.tx is None)
    @rule()
    def all_point_reads_agree_everywhere(self) -> None:
        """Both stores, reading and writing: each of the four connections has a cache of its own."""
        for store in self.stores:
            for opened in (store.read(), store.write()):
                with opened as tx:
                    for space in ("balance", "é"):
                        assert {k: tx.shelf.load(space, k) for k in SAVED} == {
                            k: self.truth.load(space, k) for k in SAVED
                        }


class PostgresqlShelfMachine(ShelfMachine):
    kind = "postgresql"


TestShelf = ShelfMachine.TestCase
TestShelf.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.postgresql
class TestPostgresqlShelf(PostgresqlShelfMachine.TestCase):
    settings = settings(max_examples=12, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("kind", BOTH)
def test_a_small_cache_forgets_but_never_lies(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for ten rows, a thousand saved in one transaction are all there, waiting ones included."""
    monkeypatch.setattr(projections, "MOST_CACHED", 10)
    monkeypatch.setattr(projections, "MOST_PENDING", 7)
    store = Store.create(fresh_url(kind, tmp_path))
    with store.write() as tx:
        for number in range(1000):
            tx.shelf.save("space", f"{number:04d}", b"%d" % number)
            assert tx.shelf.load("space", f"{number // 2:04d}") == b"%d" % (number // 2)
    with store.read() as tx:
        assert [value for _, value in tx.shelf.rows("space")] == [b"%d" % number for number in range(1000)]
    store.close()


def test_a_range_is_a_stable_copy(tmp_path: Path) -> None:
    """Rows saved while a range is walked do not join it."""
    store = Store.create(fresh_url("sqlite", tmp_path))
    with store.write() as tx:
        for key in "abc":
            tx.shelf.save("space", key, b"1")
        walked = []
        for key, _ in tx.shelf.rows("space"):
            tx.shelf.save("space", key + "x", b"2")
            tx.shelf.save("space", "c", None)
            walked.append(key)
        assert walked == ["a", "b", "c"]
    store.close()
