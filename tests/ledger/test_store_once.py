"""A row that is written once is never written over: not in memory, not on disk, and nothing else is kept with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.errors import Conflict
from ledger.store.database import Store
from ledger.store.shelf import Form, MemoryShelf
from tests.tools.store_places import BOTH, filled, fresh_url

ONCE: Form[str] = Form("once", str.encode, bytes.decode, once=True)


def rows(store: Store) -> list[tuple[str, bytes]]:
    with store.read() as tx:
        return [*tx.shelf.rows("once"), *tx.shelf.rows("beside")]


def test_in_memory_the_second_row_of_a_name_is_refused() -> None:
    shelf = MemoryShelf()
    shelf.put(ONCE, "a", "first")
    with pytest.raises(Conflict, match="a is recorded already"):
        shelf.put(ONCE, "a", "second")
    assert shelf.load("once", "a") == b"first"


@pytest.mark.parametrize("kind", BOTH)
def test_on_disk_a_row_that_is_remembered_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    store = filled(fresh_url(kind, tmp_path))
    with store.write() as tx:
        tx.shelf.put(ONCE, "a", "first")
    with pytest.raises(Conflict, match="a is recorded already"), store.write() as tx:
        tx.shelf.put(ONCE, "a", "second")
    assert rows(store) == [("a", b"first")]
    store.close()


@pytest.mark.parametrize("kind", BOTH)
def test_on_disk_a_row_that_nobody_remembers_is_refused_with_the_whole_commit(
    kind: str, tmp_path: Path
) -> None:
    """Nobody asks before: the database refuses, what was to be kept beside it is not, and the next one is taken."""
    url = fresh_url(kind, tmp_path)
    store, other = filled(url), Store.open(url)
    with other.write() as tx:
        tx.shelf.put(ONCE, "a", "first")

    def tell(name: str) -> None:
        with store.write() as tx:
            tx.shelf.save("beside", name, b"beside")
            tx.shelf.put(ONCE, name, "told")

    with pytest.raises(Conflict, match="nothing was written"):
        tell("a")
    assert rows(store) == rows(other) == [("a", b"first")]
    tell("c")
    assert rows(other) == [("a", b"first"), ("c", b"told"), ("c", b"beside")]
    store.close()
    other.close()
