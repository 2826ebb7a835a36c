"""Banks and stocks list the entries that moved something there, and read no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from ledger.checks.bank import bank_outstanding_ties
from ledger.checks.books import places_tie
from ledger.core.accounts import AccountClass
from ledger.model.balances import BalanceRow
from ledger.model.columns import table_of
from ledger.rules.bank import movement_left
from ledger.store.journal import Journal, JournalRow
from ledger.views.bank_state import movements
from ledger.views.stock import stock_card
from tests.ledger.test_conservation import bought, sold
from tests.tools.ledgers import SLUG, Ledger

DAY = "2023-12-02"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Coins sold for dollars; kits received at the depot, 20 of them handed over, 5 of those by mistake."""
    made = Ledger.new(tmp_path)
    sold(made)
    bought(made)
    for number, quantity in (("H-1", 15), ("H-2", 5)):
        handed = made.do(
            "recorder", "handover", "add", number=number, place="Depot", organisation="O", date=DAY,
            lots=[{"product": "KIT", "lot": "L1", "quantity": quantity}],
        )  # fmt: skip
    made.do("approver", "reversal", "add", entry=handed.seq, reason="wrong", date=DAY)
    yield made
    made.store.close()


def test_a_stock_card_reads_the_entries_of_its_place_and_lot_only(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    whole = Journal.by_seq

    def counted(self: Journal, seq: int) -> JournalRow | None:
        read.append(seq)
        return whole(self, seq)

    monkeypatch.setattr(Journal, "by_seq", counted)
    monkeypatch.setattr(Journal, "rows", None)
    with ledger.store.read() as reading:
        card = stock_card(reading, SLUG, "Depot", "KIT", "L1")
    assert [(row.came, row.went, row.balance) for row in card] == [
        (50, 0, 50),
        (0, 15, 35),
        (0, 5, 30),
        (5, 0, 35),
    ]
    assert read == [row.seq for row in card]


def test_a_bank_lists_what_stands_and_what_no_statement_tells(ledger: Ledger) -> None:
    with ledger.store.read() as reading:
        assert [(m.bank, m.moved, movement_left(m)) for m in movements(reading, SLUG)] == [
            ("B", 1_990_000, 1_990_000)
        ]


def test_the_checks_notice_what_lies_at_a_place_and_no_entry_moved_there(ledger: Ledger) -> None:
    with ledger.store.write() as writing:
        table, connection = table_of(BalanceRow), writing.session.connection()
        rows = connection.execute(select(table)).all()
        for row in rows:
            one = (table.c.account == row.account, table.c.asset == row.asset)
            connection.execute(update(table).where(*one).values(debits=row.debits + 1))
            assert [finding.subject for finding in places_tie(writing)] == [row.account]
            connection.execute(delete(table).where(*one))
            assert [finding.subject for finding in places_tie(writing)] == [row.account]
            connection.execute(insert(table), row._asdict())
        made_up = {"account": f"bank/{SLUG}/C", "place": "C", "asset": "USD", "debits": 7}
        other = {"kind": AccountClass.BANK, "campaign": SLUG, "item": "", "credits": 0}
        connection.execute(insert(table), made_up | other)
        assert [finding.subject for finding in places_tie(writing)] == [f"bank/{SLUG}/C"]
        assert list(bank_outstanding_ties(writing)) == []
        connection.execute(delete(table).where(table.c.account == f"bank/{SLUG}/C"))


def test_a_statement_that_misses_other_money_than_the_entries_left_is_found(ledger: Ledger) -> None:
    ledger.do(
        "recorder", "bank", "statement", bank="B", currency="USD", sha256="0" * 64, opening=0, came=0, went=0,
        closing=0, lines=0, first=DAY, last=DAY,
    )  # fmt: skip
    with ledger.store.write() as writing:
        table, connection = table_of(BalanceRow), writing.session.connection()
        for row in connection.execute(select(table).where(table.c.kind == AccountClass.BANK)).all():
            one = update(table).where(table.c.account == row.account, table.c.asset == row.asset)
            connection.execute(one.values(credits=row.credits + 1))
            assert [finding.subject for finding in bank_outstanding_ties(writing)] == [f"{SLUG}/B"]
            connection.execute(one.values(credits=row.credits))
