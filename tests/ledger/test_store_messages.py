"""A kept message is rows, the same message again when it is read, and is forgotten with the last who named it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import func, select

from ledger.checks.finding import Finding, load_findings, save_findings
from ledger.core.wording import Figure, Value, Wording
from ledger.model.columns import table_of
from ledger.model.messages import MessageRow, MessageValueRow
from ledger.model.tables import METADATA
from ledger.recording.set_aside import Liar, load_liars, save_liars
from ledger.store.database import Store
from ledger.store.messages import NAMING, keep_messages, kept_messages
from tests.tools.store_places import BOTH, filled, fresh_url

NAMES = st.sampled_from(["n", "order", "why"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def messages(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Wording]:
    return st.builds(Wording, TEXTS, st.dictionaries(NAMES, values, max_size=3), st.sampled_from(["", "{n}"]))


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(TEXTS, st.integers(), st.builds(Figure, st.sampled_from(["BTC", "USD"]), st.integers())),
    lambda inner: st.one_of(st.lists(inner, max_size=3), messages(inner)),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(filled(fresh_url("sqlite", tmp_path_factory.mktemp("messages")), entries=0)) as made:
        yield made


@settings(max_examples=40)
@given(told=st.lists(messages(VALUES), min_size=1, max_size=4))
def test_a_message_is_the_same_when_it_is_read_again(store: Store, told: list[Wording]) -> None:
    with store.write() as tx:
        keys = keep_messages(tx.session, told)
        again = kept_messages(tx.session, keys.values())
        assert [again[keys[one]] for one in told] == told
        assert [str(again[keys[one]].data()) for one in told] == [str(one.data()) for one in told]


@pytest.mark.parametrize("kind", BOTH)
def test_what_nobody_names_any_more_is_forgotten_with_its_values(kind: str, tmp_path: Path) -> None:
    """A number of more than 64 bits, and what no database takes as text, are kept as well."""
    odd = Wording("{size} of {what}", {"size": 2**70, "what": ["a\0b", Figure("BTC", -5)]})
    shared = Wording("{why}", {"why": Wording("{n} day", {"n": 2}, "{n} days")})
    liar = Liar("explorer", 1, 1, shared)
    with closing(filled(fresh_url(kind, tmp_path), entries=0)) as store:
        with store.write() as tx:
            save_findings(tx, [Finding("c", "s", odd), Finding("c", "t", shared)])
            save_liars(tx, [liar])
        with store.read() as tx:
            told = [one.sentence for one in load_findings(tx)]
        assert told == [f"{2**70} of a\ufffdb, -0.00000005 BTC", "2 days"]
        with store.write() as tx:
            save_findings(tx, [])
        with store.read() as tx:
            assert load_liars(tx) == [liar]
            assert tx.session.exec(select(func.count()).select_from(MessageRow)).one() == 1
        with store.write() as tx:
            save_liars(tx, [])
            assert tx.session.exec(select(func.count()).select_from(MessageValueRow)).one() == 0


def test_every_column_that_names_a_message_keeps_it() -> None:
    """Else a message that a new table names would be forgotten, or the database would refuse to."""
    naming = {
        column
        for table in METADATA.sorted_tables
        for column in table.columns
        if any(key.target_fullname == "messages.key" for key in column.foreign_keys)
    }
    assert {*NAMING, table_of(MessageValueRow).c.message} == naming
