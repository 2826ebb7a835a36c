"""Ledgers in which the machine told every kind of entry: each ties, and whatever is wrong in its model `rebuild` names.

What is changed here is changed past all conditions of the database, as by a broken disk or a careless hand.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    TableClause,
    and_,
    create_engine,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy import column as column_named
from sqlalchemy import table as table_named
from sqlmodel import Session

from ledger.checks.finding import Finding
from ledger.checks.run import CHECKS
from ledger.core.errors import LedgerError
from ledger.model.tables import model_tables
from ledger.recording.rebuild import differences, folded
from ledger.recording.valuing import value_waiting
from ledger.store.database import Store
from ledger.store.scratch import Scratch
from ledger.store.transaction import Reading
from tests.tools.drawn import drawn
from tests.tools.kept.house import House
from tests.tools.kept.journal import Moment, journals
from tests.tools.ledgers import Ledger, name, script, tx
from tests.tools.machine_telling import names, reach
from tests.tools.machine_world import Needs, World
from tests.tools.store_places import fresh_url
from tests.tools.things import BTC, DATE, order, receive, seq_of

KEPT = ("14", "23", "demo", "16")
"""Kept journals that leave a row in nearly every table; the later ones are told only where one is still missing."""

Story = Callable[[Path], None]
"""Makes a ledger in a folder."""
Value = int | str | bytes | None
Change = Callable[[Connection, Table, RowMapping], str]
"""Does something to one row of a table; what has to be named then."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the machine told: each ledger's database, and what was in the way of kinds that are in none."""

    urls: Sequence[str]
    missing: Mapping[str, str | None]


def _told(database: str, folder: Path, kinds: Set[str]) -> Told:
    """Worlds of the machine, each with the kinds that none before had: what was in the way in one is seldom in another.

    The whole state is audited now and then, and in the end.
    """
    found: set[str] = set()
    why: dict[str, str] = {}
    urls: list[str] = []
    for seed in range(8):
        wanted = sorted(kinds - found)
        if not wanted:
            break
        world_folder = folder / str(seed)
        world_folder.mkdir()
        urls.append(fresh_url(database, world_folder))
        world = World(urls[-1], every=40, checked=5)
        try:
            for name in wanted:
                world.rnd = random.Random(f"{seed} {name}")
                try:
                    reach(world, name)
                except (Needs, LedgerError) as in_the_way:
                    why[name] = repr(in_the_way)
            with world.store.read() as tx:
                found |= {row.kind for row in tx.journal.rows()}
            world.audit(whole=True)
        finally:
            world.close()
    return Told(urls, {name: why.get(name) for name in kinds - found})


@pytest.fixture(scope="module")
def of_every_kind(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return _told("sqlite", tmp_path_factory.mktemp("every"), set(names()))


def test_the_machine_brings_about_every_kind_of_entry(of_every_kind: Told) -> None:
    """Each kind is in a journal in the end, and the whole state ties."""
    assert of_every_kind.missing == {}


@pytest.mark.postgresql
def test_kinds_that_stand_on_many_others_tie_on_postgresql(tmp_path: Path) -> None:
    deep = {"payment.approved", "release.approved", "repayment.approved", "over.accepted"}
    assert _told("postgresql", tmp_path, deep).missing == {}


def test_rebuild_names_any_value_that_was_changed_and_any_row_that_was_lost_or_added(
    more_stories: MoreStories,
) -> None:
    """For every table of the model."""
    waiting = set(model_tables())
    for n, url in enumerate(more_stories):
        with _open(url) as connection, folded(_reading(connection)) as made:
            filled = {table: row for table in waiting if (row := _first(connection, table)) is not None}
            for change in drawn(f"changes {n}", _changes(filled), 10):
                _are_named(connection, made, filled, change)
        waiting -= filled.keys()
        if not waiting:
            break
    assert not waiting, f"no story of this test leaves a row in {sorted(table.name for table in waiting)}"


class MoreStories:
    """The databases of those ledgers, and then of other stories, each told when somebody first wants it."""

    def __init__(self, told: Told, folder: Path) -> None:
        stories: tuple[Story, ...] = (_papers_and_values, *map(_kept, KEPT))
        self._made = list(told.urls)
        self._more = _made(stories, folder)

    def __iter__(self) -> Iterator[str]:
        yield from self._made
        for url in self._more:
            self._made.append(url)
            yield url


@pytest.fixture(scope="module")
def more_stories(of_every_kind: Told, tmp_path_factory: pytest.TempPathFactory) -> MoreStories:
    return MoreStories(of_every_kind, tmp_path_factory.mktemp("more"))


def _made(stories: Iterable[Story], folder: Path) -> Iterator[str]:
    for n, make in enumerate(stories):
        into = folder / str(n)
        into.mkdir()
        make(into)
        yield fresh_url("sqlite", into)


def _are_named(
    connection: Connection, made: Scratch, filled: Mapping[Table, RowMapping], change: Change
) -> None:
    """Change a row of each table at once, look whether each is named, and undo it all."""
    connection.exec_driver_sql("BEGIN")
    wanted = {change(connection, table, row) for table, row in filled.items()}
    found = differences(_reading(connection), made)
    connection.exec_driver_sql("ROLLBACK")
    assert wanted <= set(found), wanted - set(found)


def _changes(filled: Iterable[Table]) -> Iterator[Change]:
    for n in range(max((len(table.columns) for table in filled), default=0)):
        yield _value_changed(n)
    yield _row_lost
    yield _row_added


def _value_changed(n: int) -> Change:
    """The column of that number is another, in each table that has so many."""

    def change(connection: Connection, table: Table, row: RowMapping) -> str:
        column = table.columns[min(n, len(table.columns) - 1)]
        new = {column.name: _another(column, row[column.name])}
        assert connection.execute(update(_plain(table)).where(_is(table, row)).values(new)).rowcount == 1
        if column.primary_key:
            return f"{_named(table, row)} is missing"
        return f"{_named(table, row)} differs in {column.name}"

    return change


def _row_lost(connection: Connection, table: Table, row: RowMapping) -> str:
    assert connection.execute(delete(_plain(table)).where(_is(table, row))).rowcount == 1
    return f"{_named(table, row)} is missing"


def _row_added(connection: Connection, table: Table, row: RowMapping) -> str:
    """A copy in which each value is another, so that no key clashes."""
    new = {column.name: _another(column, row[column.name]) for column in table.columns}
    connection.execute(insert(_plain(table)).values(new))
    return f"{table.name} {' '.join(str(new[c.name]) for c in table.primary_key.columns)} should not be"


@cache
def _plain(table: Table) -> TableClause:
    """The same table with columns of no type: values go to and fro as they stand in the file."""
    return table_named(table.name, *(column_named(column.name) for column in table.columns))


def _is(table: Table, row: RowMapping) -> ColumnElement[bool]:
    keys = [column.name for column in table.primary_key.columns]
    return and_(*(_plain(table).c[key] == row[key] for key in keys))


def _another(column: Column[Value], value: Value) -> Value:
    """A value of the same type that is not in the column: longer than all, or greater; of an enum no word."""
    if isinstance(value, bytes):
        return value + b"\0"
    if isinstance(value, str):
        return f"{value} changed"
    if isinstance(value, int):
        return value + 1_000_003
    if column.type.python_type is bytes:
        return b"x"
    return 1 if issubclass(column.type.python_type, int) else "x"


def _named(table: Table, row: RowMapping) -> str:
    return f"{table.name} {' '.join(str(row[column.name]) for column in table.primary_key.columns)}"


def _first(connection: Connection, table: Table) -> RowMapping | None:
    return connection.execute(select(_plain(table)).limit(1)).mappings().first()


def _reading(connection: Connection) -> Reading:
    return Reading(Session(connection))


@contextmanager
def _open(url: str) -> Iterator[Connection]:
    """A connection that no condition of a table holds back."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            yield connection
    finally:
        engine.dispose()


def _kept(journal: str) -> Story:
    """What was kept under a name, told again."""

    def make(folder: Path) -> None:
        house = House.new(fresh_url("sqlite", folder))
        for kept in journals():
            if kept.name == journal:
                for step in kept.steps:
                    if not isinstance(step, Moment):
                        house.do(step)
        house.close()

    return make


def _papers_and_values(folder: Path) -> None:
    """What those do not hold: a gift valued by the conversion that sold it, whose sender is known, a credit note for
    pieces, surplus that a find explains, and a paper whose metadata were taken out."""
    ledger = Ledger.new(folder, url=fresh_url("sqlite", folder), valuation="conversion")
    ledger.mine("a", replace(tx("gift", (0, BTC)), spent=(script(99),)))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    with ledger.store.write() as writing:
        value_waiting(writing, now=ledger.now)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    order(ledger)
    receive(ledger, good=990, short=10)
    lot = {"product": "KIT", "quantity": 3, "reason": "counted again", "date": DATE}
    ledger.do("recorder", "over", "count", number="SC-1", place="Depot", lot="L1", **lot)
    short = {"by": "receipt", "document": "GRN-1", "was": "short", "place": "Depot", "lot": "L1"}
    ledger.do("recorder", "loss", "find", number="F-1", **(lot | short))
    ledger.do("recorder", "over", "explain", number="O-1", by="find", document="F-1", lot="L1.over", **lot)
    invoice = {"number": "I-1", "order": "PO-1", "quantity": 1000, "amount": 500_000, "date": DATE}
    ledger.do("recorder", "invoice", "add", **invoice)
    right = {"number": "CR-1", "field": "expiry", "new": "2027-01-31", "reason": "left out", "date": DATE}
    ledger.do("recorder", "correction", "add", entry=seq_of(ledger, "receipt", "GRN-1"), **right)
    recall = {"number": "RC-1", "product": "KIT", "lot": "L1", "reason": "maker's warning", "date": DATE}
    ledger.do("approver", "recall", "add", **recall)
    ended = {"number": "RE-1", "recall": "RC-1", "at": "stock", "place": "Depot", "became": "destroyed"}
    ledger.do("recorder", "recall", "end", quantity=5, reason="burnt", date=DATE, **ended)
    credited = [{"item": "1", "quantity": 10, "amount": 5_000}]
    note = {"number": "CN-1", "order": "PO-1", "invoice": "I-1", "amount": 5_000, "reason": "short"}
    ledger.do("recorder", "credit-note", "add", lines=credited, date=DATE, **note)
    photo = {
        "title": "Photo",
        "paper": "photo",
        "shows": "The store",
        "access": "public",
        "about": "campaign",
    }
    treated = {"sha256": "a" * 64, "original": "b" * 64, "done": ["metadata-removed", "thumbnails-removed"]}
    ledger.do("recorder", "evidence", "add", date=DATE, **photo, **treated)
    ledger.store.close()


def _one(table: str, change: str, keys: str, where: str = "1") -> str:
    """Changes one row of a table."""
    return f"UPDATE {table} SET {change} WHERE ({keys}) IN (SELECT {keys} FROM {table} WHERE {where} LIMIT 1)"


STANDS = "reversed_by IS NULL"
APPROVED = "status = 'approved'"
NO_HASH = "0" * 64
MEDDLED: Mapping[str, str] = {
    "assets_balance": _one("balances", "debits = debits + 1", "account, asset"),
    "no_negative_place": _one("balances", "credits = debits + 1", "account, asset", "kind = 'stock'"),
    "places_tie": _one("transfers", "amount = amount + 1", "seq, n"),
    "no_day_below_zero": "UPDATE transfers SET amount = amount * 1000 WHERE credit LIKE 'stock/%'",
    "days_in_order": "UPDATE entries SET day = '2000-01-01', date = '2000-01-01' WHERE kind = 'receipt'",
    "lines_are_tiled": _one("line_spans", "stop = stop - 1", "line, start", "stop > start + 1"),
    "parts_sum": _one("use_parts", "share = share + 1", "use, n", "use IN (SELECT ref FROM line_spans)"),
    "orders_tie": (
        "UPDATE purchase_order_items SET quantity = quantity + 1"
        f" WHERE order_entry IN (SELECT entry FROM purchase_orders WHERE {APPROVED})"
    ),
    "closed_orders_left_nothing": (
        f"UPDATE purchase_orders SET closed_by = entry, closed_on = date WHERE {APPROVED} AND closed_by IS NULL"
    ),
    "lots_tie": _one("lot_deliveries", "noted = noted + 1", "entry, n", STANDS),
    "bytes_hash": _one("entries", "hash = replace(hash, substr(hash, 1, 1), 'g')", "seq"),
    "rows_are_bytes": _one("entries", "recorded_at = '2000-01-01T00:00:00Z'", "seq"),
    "recorded_acts_stand": _one(
        "entries", "key = 'gone:' || key", "seq", "key IN (SELECT subject FROM audit)"
    ),
    "outpoints_live_once": (
        "INSERT INTO entries SELECT 1000000, key || '+', kind, campaign, recorded_at, date, day, out_of_order, data,"
        " hash, transfers FROM entries WHERE kind = 'donation' LIMIT 1"
    ),
    "books_are_chain": _one("observed_unspent", "sats = sats + 1", "campaign"),
    "unspent_sums_tie": _one("observed_unspent", "sats = sats + 1", "campaign"),
    "gift_sums_tie": _one("gift_days", "sats = sats + 1", "campaign, date"),
    "unvalued_sums_tie": _one("unvalued_moments", "sats = sats + 1", "campaign, at"),
    "gift_values_tie": _one("gifts", "value = value + 1", "entry", "valued_by IS NOT NULL"),
    "money_on_lines": _one(
        "line_spans", "state = 'void'", "line, start", "state = 'free' AND line LIKE 'money/%'"
    ),
    "results_tie": _one("indicators", "actual = actual + 1", "entry", "actual > 0"),
    "carrying_values_tie": "DELETE FROM line_spans WHERE line LIKE 'money/%/BTC' AND state IN ('free', 'held')",
    "bank_matches_tie": _one("bank_lines", "matched = matched + 1", "entry", "matched > 0"),
    "bank_movements_tie": _one("bank_movements", "moved = moved + 1", "entry, campaign, bank", STANDS),
    "conversions_tie": _one("conversion_sales", "sold = sold + 1", "conversion_entry, n"),
    "coins_at_exchanges_tie": _one("deposits", "amount = amount + 1", "entry", APPROVED),
    "loans_tie": _one("balances", "debits = debits + 1", "account, asset", "kind = 'lent'"),
    "pledges_tie": _one("pledge_matches", "amount = 1000000000000", "entry", STANDS),
    "blocked_gifts_are_held": "UPDATE gift_blocks SET status = 'standing' WHERE status = 'released'",
    "published_sums_tie": _one("lot_deliveries", "good = good + 1", "entry, n", STANDS),
    "papers_hash": f"INSERT INTO papers VALUES ('{NO_HASH}', 'text/plain', '{NO_HASH}', x'00')",
    "openings_open": f"INSERT INTO openings VALUES ('{NO_HASH}', x'00', x'00')",
}
"""What somebody who dropped the guards changed, by the check that has to tell."""
ELSEWHERE = {
    "bank_outstanding_ties",  # tests/ledger/test_bank_both_ways.py
    "closed_periods_stand",  # tests/ledger/test_periods.py
    "headers_link",  # tests/service/test_check.py
    "sealed_papers_are_not_kept",  # tests/api/test_papers.py
}
"""Checks of what none of these ledgers has."""


class _Undone(Exception):
    """What was meddled with is put back."""


def _found_by(check: Callable[[Reading], Iterable[Finding]], meddling: str, urls: Iterable[str]) -> set[str]:
    """The names of the findings of a check in the first ledger in which there is something to meddle with."""
    for url in urls:
        store, found = Store.open(url), set[str]()
        try:
            with store.write() as tx:
                run = tx.session.connection().exec_driver_sql
                for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                    run(f"DROP TRIGGER {name}")
                run("PRAGMA defer_foreign_keys = ON")
                if run(meddling).rowcount:
                    found = {finding.check for finding in check(tx)}
                raise _Undone
        except _Undone:
            pass
        finally:
            store.close()
        if found:
            return found
    return set()


def test_each_check_finds_what_was_meddled_with(more_stories: MoreStories) -> None:
    """Guards dropped and one column changed, or a row added: the check whose matter that is says so."""
    silent = {}
    for check in CHECKS:
        if check.__name__ not in ELSEWHERE:
            found = _found_by(check, MEDDLED[check.__name__], more_stories)
            if check.__name__ not in found:
                silent[check.__name__] = found
    assert silent == {}
