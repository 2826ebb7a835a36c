"""Sources that were caught lying, and until when they are left alone, so that a restart does not forgive them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlmodel import col, select

from ledger.core.wording import Wording
from ledger.model.columns import as_written, replace_all
from ledger.model.looks import SetAsideRow
from ledger.store.messages import forget_messages, keep_messages, kept_messages
from ledger.store.transaction import Reading, Writing


class Liar(NamedTuple):
    """A source that is not asked before `until` (Unix seconds), for the `times`-th time, and what it told."""

    name: str
    until: int
    times: int
    lied: Wording


def save_liars(tx: Writing, liars: Iterable[Liar]) -> None:
    in_order = sorted(liars, key=lambda liar: liar.name)
    if in_order != load_liars(tx):
        keys = keep_messages(tx.session, [liar.lied for liar in in_order])
        rows = [liar._asdict() | {"lied": keys[liar.lied]} for liar in in_order]
        replace_all(tx.session, SetAsideRow, rows)
        forget_messages(tx.session)


def load_liars(tx: Reading) -> list[Liar]:
    """By their names."""
    rows = tx.session.exec(as_written(select(SetAsideRow).order_by(col(SetAsideRow.name)))).all()
    messages = kept_messages(tx.session, [row.lied for row in rows])
    return [Liar(row.name, row.until, row.times, messages[row.lied]) for row in rows]
