"""The commands of a day's work, as a person types them; and whatever is typed, one sentence and an unchanged ledger."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from ledger.model.balances import BalanceRow, EntrySubjectRow
from ledger.model.columns import table_of
from ledger.rules.balances import balances
from ledger.store.database import Store
from service.command import Exit
from service.commands import TABLE
from service.config import load_config
from tests.tools.demo_data import run_command, told_demo
from tests.tools.postgresql_server import fresh_postgresql
from tests.tools.store_places import outside
from tests.tools.stories import stories

ADDRESS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    told_demo(tmp_path_factory, folder)
    return folder


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{home / 'story' / 'aidtrail.db'}")
    yield opened
    opened.close()


def test_commands_find_the_last_demo_and_say_so(home: Path) -> None:
    ran = run_command(["check"], home)
    assert ran.code == 0
    assert "the last demo" in ran.err
    assert "0 broken" in ran.out


def test_rebuild_finds_no_difference(home: Path) -> None:
    ran = run_command(["rebuild", "--compare", "--json"], home)
    assert ran.code == 0
    assert json.loads(ran.out)["differences"] == []


def test_a_projection_that_was_meddled_with_is_named(home: Path, tmp_path: Path) -> None:
    run_command(["backup", str(tmp_path / "copy.db")], home)
    run_command(["restore", str(tmp_path / "copy.db"), "--data", str(tmp_path / "other")], home)
    copy = Store.open(f"sqlite:///{tmp_path / 'other' / 'aidtrail.db'}")
    with copy.write() as tx:
        account = str(balances(tx.session)[0].account)
        meddling = update(table_of(BalanceRow)).where(table_of(BalanceRow).c.account == account)
        tx.session.connection().execute(meddling.values(credits=2))
    copy.close()
    compared = run_command(["rebuild", "--compare", "--data", str(tmp_path / "other")], home)
    assert compared.code == 1
    assert account in compared.out
    checked = run_command(["check", "--data", str(tmp_path / "other")], home)
    assert checked.code == 1


@pytest.mark.parametrize("data", [b"\0", b"{}", b'{"v":1,"seq":9}', b"null"])
def test_an_entry_that_was_meddled_with_is_named_and_so_are_the_triggers_dropped_and_made_for_it(
    home: Path, tmp_path: Path, data: bytes
) -> None:
    """Whatever the bytes are now: `check` says which, and neither it nor `rebuild` breaks off without a sentence."""
    run_command(["backup", str(tmp_path / "copy.db")], home)
    other = str(tmp_path / "other")
    run_command(["restore", str(tmp_path / "copy.db"), "--data", other], home)
    with outside(f"sqlite:///{other}/aidtrail.db") as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_update")
        connection.exec_driver_sql("UPDATE entries SET data = ? WHERE seq = 7", (data,))
        connection.exec_driver_sql("CREATE TRIGGER forget BEFORE INSERT ON progress BEGIN SELECT 1; END")
    checked = run_command(["check", "--data", other], home)
    assert checked.code == 1
    assert "lacks the trigger entries_update" in checked.out
    assert "has the trigger forget on progress, which this program did not make" in checked.out
    assert "the bytes of entry 7 do not hash" in checked.out
    compared = run_command(["rebuild", "--compare", "--data", other], home)
    assert compared.code != 0
    assert "cannot be read" in compared.out + compared.err


FIRST = "(SELECT min(seq) FROM transfers)"


@pytest.mark.parametrize(
    ("trigger", "change", "said"),
    [
        ("transfers_update", f"UPDATE transfers SET amount = amount + 5 WHERE seq = {FIRST}", "transfer 1 of"),
        ("transfers_delete", f"DELETE FROM transfers WHERE seq = {FIRST}", "in its bytes and 0 in"),
        ("entries_update", "UPDATE entries SET kind = 'x' WHERE seq = 6", "kind of entry 6 is x in the database"),
        ("entries_update", "UPDATE entries SET campaign = 'x' WHERE seq = 6", "campaign of entry 6 is x in the"),
    ],
)  # fmt: skip
def test_what_stands_beside_an_entrys_bytes_and_differs_from_them_is_named_by_check(
    home: Path, tmp_path: Path, trigger: str, change: str, said: str
) -> None:
    """The trigger that was dropped for it is back: only the bytes tell."""
    run_command(["backup", str(tmp_path / "copy.db")], home)
    other = str(tmp_path / "other")
    run_command(["restore", str(tmp_path / "copy.db"), "--data", other], home)
    with outside(f"sqlite:///{other}/aidtrail.db") as connection:
        found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (trigger,))
        made = str(found.scalar_one())
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        assert connection.exec_driver_sql(change).rowcount >= 1
        connection.exec_driver_sql(made)
    checked = run_command(["check", "--data", other], home)
    assert checked.code == 1
    assert said in checked.out
    assert "trigger" not in checked.out


def test_reconcile_says_books_are_chain(home: Path) -> None:
    ran = run_command(["reconcile"], home)
    assert ran.code == 0
    assert "reconciled." in ran.out


def test_a_backup_is_restored_elsewhere_whole(home: Path, tmp_path: Path) -> None:
    assert run_command(["backup", str(tmp_path / "b.db")], home).code == 0
    again = run_command(["backup", str(tmp_path / "b.db")], home)
    assert again.code == 2
    assert "nothing is overwritten" in again.err
    restored = run_command(["restore", str(tmp_path / "b.db"), "--data", str(tmp_path / "new")], home)
    assert restored.code == 0
    assert run_command(["check", "--data", str(tmp_path / "new")], home).code == 0


def test_init_watches_fixed_addresses_and_refuses_to_do_it_twice(tmp_path: Path) -> None:
    ran = run_command(["init", "--address", ADDRESS], tmp_path)
    assert ran.code == 0, ran.err
    assert "requests" in ran.out
    assert run_command(["init", "--address", ADDRESS], tmp_path).code == 2
    assert run_command(["user", "add", "alice", "--role", "admin"], tmp_path).code == 0
    facts = ["--set", "slug=help", "--set", "title=Help", "--set", "purpose=All of it"]
    days = ["--set", "start=2026-11-01", "--set", "end=2026-12-01"]
    added = run_command(["campaign", "add", "--as", "alice", *facts, *days], tmp_path)
    assert added.code == 0, added.err
    assert run_command(["check"], tmp_path).code == 0


def test_init_in_a_repository_keeps_its_files_out_of_that(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "mine").mkdir()
    ran = run_command(["init", "--address", ADDRESS, "--data", "mine"], tmp_path)
    assert ran.code == 0, ran.err
    assert "keeps all of its files out" in ran.out
    assert (tmp_path / "mine" / ".gitignore").read_text().endswith("*\n")
    shortened = run_command(["init", "--descriptor", "wpkh(xpub6CUGR…/<0;1>/*)", "--data", "other"], tmp_path)
    assert shortened.code == 2
    assert "is shortened, as the dots in it say; copy the key whole" in shortened.err


def test_init_makes_a_ledger_on_a_database_server(tmp_path: Path) -> None:
    """The configuration names it, commands work on it, and nothing of it is overwritten."""
    url = fresh_postgresql().replace("postgresql+psycopg", "postgresql")
    line = ["init", "--address", ADDRESS, "--database", url]
    ran = run_command(line, tmp_path)
    assert ran.code == 0, ran.err
    assert load_config(tmp_path / "aidtrail.toml").database.url == url
    assert not (tmp_path / "aidtrail.db").exists()
    assert run_command(["user", "add", "alice", "--role", "admin"], tmp_path).code == 0
    assert run_command(["rebuild", "--compare"], tmp_path).code == 0
    assert run_command([*line, "--data", "again"], tmp_path).code == 2
    assert not (tmp_path / "again" / "aidtrail.toml").exists()
    assert "alice" in run_command(["user", "list"], tmp_path).out


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush-hush@/ledger",
        "postgresql://me@/ledger?password=hush-hush",
        "mysql://me@host/hush-hush",
        "hush-hush",
        "postgresql://[hush-hush/ledger",
    ],
)
def test_init_writes_no_password_and_no_database_that_it_does_not_know(tmp_path: Path, url: str) -> None:
    ran = run_command(["init", "--address", ADDRESS, "--database", url], tmp_path)
    assert ran.code == 2
    assert "hush-hush" not in ran.err + ran.out
    assert list(tmp_path.iterdir()) == []


def test_init_writes_nothing_where_the_server_is_not_there(tmp_path: Path) -> None:
    away = f"postgresql://aidtrail@/ledger?host={tmp_path}"
    assert (
        run_command(["init", "--address", ADDRESS, "--database", away, "--data", "new"], tmp_path).code == 69
    )
    assert not (tmp_path / "new" / "aidtrail.toml").exists()
    unset = ["init", "--address", ADDRESS, "--database-env", "NOWHERE", "--data", "new"]
    assert run_command(unset, tmp_path).code == 2
    assert not (tmp_path / "new" / "aidtrail.toml").exists()


def test_what_was_reversed_says_so_in_its_list_and_is_shown_with_the_reversal(tmp_path: Path) -> None:
    def told(*line: str) -> str:
        ran = run_command(list(line), tmp_path)
        assert ran.code == 0, ran.err
        return ran.out

    def facts(**fields: str) -> list[str]:
        return [part for name, value in fields.items() for part in ("--set", f"{name}={value}")]

    told("init", "--address", ADDRESS)
    told("user", "add", "alice", "--role", "admin")
    opened = facts(slug="help", title="Help", purpose="All of it", start="2026-11-01", end="2026-12-01")
    told("campaign", "add", "--as", "alice", *opened)
    for number in ("C-1", "C-2"):
        money = facts(number=number, bank="B", currency="USD", amount="500", date="2026-01-02")
        told("contribution", "add", "--as", "alice", *money)
    told("reversal", "add", "--as", "alice", *facts(entry="2", reason="twice", date="2026-01-03"))
    first, second = told("contribution", "list").splitlines()
    assert first.endswith("reversed by entry 4")
    assert "reversed" not in second
    shown = json.loads(told("contribution", "show", "C-1", "--json"))
    assert [entry["seq"] for entry in shown] == [2, 4]
    assert [entry["seq"] for entry in json.loads(told("contribution", "show", "C-2", "--json"))] == [3]
    promise = facts(number="P-1", asset="USD", amount="925000", date="2026-11-02")
    told("pledge", "add", "--as", "alice", *promise)
    assert "P-1  9,250.00 USD" in told("pledge", "list")


def test_help_says_what_a_noun_can_do_and_which_inner_fields_may_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(["--help"], tmp_path)
    assert "add, approve, reject, list, show" in capsys.readouterr().out
    run_command(["receipt", "add", "--help"], tmp_path)
    told = capsys.readouterr().out
    assert "list of {lot, expiry?, noted?, packs?: {count, of}, good, " in told
    assert "replaces?: {lot, discrepancy: short|rejected}}" in told


@pytest.mark.parametrize("key", [XPRV, f"wpkh({XPRV}/0/*)", WIF, WORDS])
def test_init_takes_no_private_key_and_never_repeats_it(tmp_path: Path, key: str) -> None:
    for option in ("--descriptor", "--address"):
        ran = run_command(["init", option, key], tmp_path)
        assert ran.code == 2
        assert "private key" in ran.err
        assert key[:12] not in ran.err + ran.out
    assert list(tmp_path.glob("aidtrail.*")) == []


def test_a_role_that_may_not_is_told_so_with_its_own_exit_code(home: Path) -> None:
    facts = ["--set", "slug=x", "--set", "title=X", "--set", "purpose=X"]
    days = ["--set", "start=2026-11-01", "--set", "end=2026-12-01"]
    ran = run_command(["campaign", "add", "--as", "demo-recorder", *facts, *days], home)
    assert ran.code == 77
    assert "your role, recorder, does not allow `campaign add`" in ran.err


def test_a_list_of_a_campaign_that_is_not_there_is_refused(home: Path) -> None:
    ran = run_command(["purchase", "list", "--campaign", "nowhere"], home)
    assert ran.code == 2
    assert "there is no campaign nowhere" in ran.err


def test_a_field_that_is_set_twice_is_refused_and_nothing_is_recorded(home: Path) -> None:
    facts = ["--set", "code=X", "--set", "name=X", "--set", "unit=x", "--set", "plural=x", "--set", "code=Y"]
    ran = run_command(["product", "add", "--as", "demo-recorder", *facts], home)
    assert ran.code == 2
    assert "--set code: stands twice; write it once." in ran.err


fields = st.dictionaries(
    st.sampled_from(["number", "order", "date", "lots", "amount", "asset", "txid", "items", "place", "x"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=6,
)
NOUNS = sorted(row.words for row in TABLE.values() if row.load().facts_by_json)


@settings(
    max_examples=stories(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.sampled_from(NOUNS), told=fields, role=st.sampled_from(["admin", "recorder", "approver"]))
def test_whatever_facts_are_told_they_are_refused_by_field(
    home: Path, store: Store, words: str, told: dict[str, object], role: str
) -> None:
    with store.read() as tx:
        head = tx.journal.head()
    body = json.dumps(told).encode()
    ran = run_command([*words.split(" "), "--as", f"demo-{role}", "--json", "-"], home, stdin=body)
    assert ran.code in {2, 77}, (ran.code, ran.err)
    assert ran.err.strip()
    with store.read() as tx:
        assert tx.journal.head() == head


def test_projections_that_another_version_folded_are_made_anew_once(home: Path, tmp_path: Path) -> None:
    """What a fold leaves may change with a version; the journal never does."""
    run_command(["backup", str(tmp_path / "copy.db")], home)
    other = str(tmp_path / "other")
    run_command(["restore", str(tmp_path / "copy.db"), "--data", other], home)
    copy = Store.open(f"sqlite:///{other}/aidtrail.db")
    with copy.write() as tx:
        tx.progress.save("folds", "1")
        tx.session.connection().execute(delete(table_of(EntrySubjectRow)))
        before = [row.hash for row in tx.journal.rows()]
    copy.close()
    checked = run_command(["check", "--data", other], home)
    assert checked.code == 0, checked.out
    assert f"made anew from {len(before)} entries" in checked.err
    compared = run_command(["rebuild", "--compare", "--data", other], home)
    assert (compared.code, "made anew" in compared.err) == (0, False)
    copy = Store.open(f"sqlite:///{other}/aidtrail.db")
    with copy.read() as reading:
        assert [row.hash for row in reading.journal.rows()] == before
    copy.close()


def test_the_help_of_an_action_says_what_its_fields_mean_and_how_they_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(["conversion", "add", "--help"], tmp_path)
    told = capsys.readouterr().out
    assert "became `proceeds` minor units of `currency` at the bank, after `exchange_fee`" in told
    assert "date: day, YYYY-MM-DD" in told
    assert "currency: currency, by ISO 4217, or BTC" in told
    assert "amounts are whole minor units" in told


@pytest.mark.parametrize("table", ["meta", "alembic_version", "entries", "addresses", None])
def test_a_damaged_file_is_called_damaged_and_not_another_programs(
    home: Path, tmp_path: Path, table: str | None
) -> None:
    """Whoever was told to choose an empty database would abandon the journal; who sealed it, have no backup.

    Tables that no invariant reads count too, and (None) the number by which the file says whose it is.
    """
    run_command(["backup", str(tmp_path / "copy.db")], home)
    run_command(["restore", str(tmp_path / "copy.db"), "--data", str(tmp_path / "other")], home)
    path = tmp_path / "other" / "aidtrail.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'"))
    with path.open("r+b") as file:
        file.seek(68 if table is None else (roots[table] - 1) * size)
        file.write(b"\xff" * (4 if table is None else 64))
    for command in (["check"], ["backup", str(tmp_path / "sealed.db")]):
        ran = run_command([*command, "--data", str(tmp_path / "other")], home)
        assert ran.code == Exit.UNAVAILABLE
        assert "restore a backup" in ran.err
        assert "another program" not in ran.err
    assert not (tmp_path / "sealed.db").exists()
