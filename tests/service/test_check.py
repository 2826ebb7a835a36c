"""`check` tells what stands beside the journal too: a kept head, and what the audit log tells of."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger.checks.run import run_checks
from ledger.core.chain import Header
from ledger.recording.papers import keep_paper
from ledger.recording.users import actor_named
from ledger.store.seal import end_of_pages, is_as_sealed, seal
from service.paper_files.treating import treated
from tests.tools.demo_data import run_command
from tests.tools.easy_headers import easy_header
from tests.tools.things import funded


def test_a_head_that_was_kept_elsewhere_is_held_against_the_journal(tmp_path: Path) -> None:
    """Same number and hash: fine; another hash, or none any more, is broken; what is no head is refused."""
    ledger = funded(tmp_path)
    (tmp_path / "aidtrail.toml").write_text(
        f"sources = []\n[database]\nurl = 'sqlite:///{ledger.store.file}'\n"
    )
    ledger.store.close()
    head = json.loads(run_command(["check", "--json"], tmp_path).out)["head"]
    kept = f"{head['entry']}:{head['hash']}"
    for same in (kept, f" {kept.upper()}\n"):
        assert run_command(["check", "--head", same], tmp_path).code == 0
    other = run_command(["check", "--head", f"{head['entry']}:{'0' * 64}"], tmp_path)
    assert (other.code, head["hash"] in other.out) == (1, True)
    gone = run_command(["check", "--head", f"{head['entry'] + 1}:{'0' * 64}"], tmp_path)
    assert (gone.code, "is gone" in gone.out) == (1, True)
    for wrong in ("7", "0:" + "0" * 64, f"{kept}0", "x:" + "0" * 64):
        assert run_command(["check", "--head", wrong], tmp_path).code == 2


def test_an_act_that_the_audit_log_tells_of_is_missed_when_its_entry_is_gone(tmp_path: Path) -> None:
    """Whoever drops the guards and cuts the journal's end leaves the log that told of it."""
    ledger = funded(tmp_path)
    with ledger.store.write() as tx:
        run = tx.session.connection().exec_driver_sql
        last, key = (
            tx.session.connection()
            .exec_driver_sql(
                "SELECT e.seq, e.key FROM entries e JOIN audit a ON a.subject = e.key ORDER BY e.seq DESC LIMIT 1"
            )
            .one()
        )
        for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            run(f"DROP TRIGGER {name}")
        run("PRAGMA defer_foreign_keys = ON")
        run(f"UPDATE entries SET key = 'gone:' || key WHERE seq = {last}")
        found = [(one.check, one.subject) for one in run_checks(tx)]
    assert ("recorded_acts_stand", key) in found


LETTER = b"A letter that tells who signed."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A ledger with a paper, two headers and a backup `copy.db`."""
    ledger = funded(tmp_path)
    (tmp_path / "aidtrail.toml").write_text(
        f"sources = []\n[database]\nurl = 'sqlite:///{ledger.store.file}'\n"
    )
    first = easy_header(bytes(32), 1_700_000_000)
    second = easy_header(bytes.fromhex(Header(first).hash)[::-1], 1_700_000_600)
    with ledger.store.write() as tx:
        keep_paper(tx, actor_named(tx, "recorder", now=ledger.now), treated(LETTER), now=ledger.now)
        tx.progress.add_headers([(0, first), (1, second)])
        tx.progress.save("tip_height", "1")
        tx.progress.save("checkpoint", f"0:{Header(first).hash}")
    ledger.store.close()
    assert run_command(["backup", "copy.db"], tmp_path).code == 0
    return tmp_path


def flip(path: Path, statement: str) -> None:
    """Change a row behind the program's back, and leave no trace of it in the schema."""
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in made:
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount > 0
        for _, sql in made:
            connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE papers SET data = CAST('FORGED' AS BLOB)", "papers_hash"),
        ("UPDATE papers SET media_type = 'text/html'", "papers_hash"),
        ("UPDATE headers SET raw = zeroblob(80) WHERE height = 0", "headers_link, 0"),
        (
            "UPDATE headers SET raw = (SELECT raw FROM headers WHERE height = 0) WHERE height = 1",
            "headers_link, 1",
        ),
        ("DELETE FROM headers", "headers_link, 0: 2 kept headers are gone, from that of block 0 on"),
        ("UPDATE conversions SET number = 'C-7'", "differs in number"),
    ],
)
def test_what_a_flipped_bit_leaves_is_named_by_check_and_refused_by_restore(
    home: Path, statement: str, said: str
) -> None:
    """Of papers, headers and the model, with the triggers as they were; nothing is left where it was put back."""
    flip(home / "copy.db", statement)
    assert (
        "not those that `aidtrail backup` sealed"
        in run_command(["restore", "copy.db", "--data", "back"], home).err
    )
    seal(home / "copy.db")  # as if it had been so when the backup was made
    refused = run_command(["restore", "copy.db", "--data", "back"], home)
    assert (refused.code, said in refused.err, "copy.db" not in refused.out) == (2, True, True)
    assert not list((home / "back").glob("aidtrail.db*"))
    assert run_command(["restore", "copy.db", "--data", "back", "--damaged"], home).code == 1
    checked = run_command(["check", "--data", "back"], home)
    assert (checked.code, said in checked.out) == (1, True)


def test_no_bit_of_a_backup_changes_unnoticed(home: Path) -> None:
    """Wherever it is: what no check asks of, such as users and addresses, and what SQLite never reads."""
    whole, flipped = (home / "copy.db").read_bytes(), home / "flipped.db"
    assert is_as_sealed(home / "copy.db")
    some = random.Random(len(whole))
    for at in (*some.sample(range(100, len(whole)), 40), len(whole) - 1):
        flipped.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert is_as_sealed(flipped) is False, at
    flipped.write_bytes(whole[: end_of_pages(home / "copy.db")])
    assert is_as_sealed(flipped) is None


def test_a_backup_that_is_damaged_cut_short_or_no_whole_copy_is_told_as_that(home: Path) -> None:
    """And not as a file of another program; a bare file of a served database may lack its newest entries."""
    whole = (home / "copy.db").read_bytes()
    for spoiled, said in (
        (
            whole[: len(whole) // 2],
            f"is cut short, at byte {len(whole) // 2} of {end_of_pages(home / 'copy.db')};",
        ),
        (whole[:200], "is cut short, at byte 200 of"),
        (b"", "is empty"),
        (whole[:4096] + b"\xff" * 4096 + whole[8192:], "is damaged"),
        (b"no database" * 100, "is no database of aidtrail"),
        (
            whole[:68] + b"AIDX" + whole[72:],
            "is damaged, the number of its program is gone; use another backup",
        ),
    ):
        (home / "spoiled.db").write_bytes(spoiled)
        refused = run_command(["restore", "spoiled.db", "--data", "back"], home)
        assert (refused.code, said in refused.err) == (2, True), refused.err
        assert not list((home / "back").glob("aidtrail.db*"))
    numberless = ["restore", "spoiled.db", "--data", "numberless", "--damaged"]
    assert run_command(numberless, home).code == 0, "where there is nothing better"
    assert run_command(["check", "--data", "numberless"], home).code == 0
    bare = whole[: end_of_pages(home / "copy.db")]
    (home / "bare.db").write_bytes(bare[:18] + b"\2\2" + bare[20:])
    told = run_command(["restore", "bare.db", "--data", "back"], home)
    assert (told.code, "no copy by `aidtrail backup`" in told.out) == (0, True)
    told = run_command(["restore", "copy.db", "--data", "again"], home)
    assert (told.code, "bare" in told.out) == (0, False)


def test_a_file_that_lost_what_it_held_is_told_with_a_remedy_that_can_be_followed(tmp_path: Path) -> None:
    """What `check` says leads to `restore`, and so does `init`, which overwrites no file, an empty one neither."""
    init = ["init", "--address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"]
    for left, said in ((b"", "its file is empty"), (b"\0" * 9_000, "does not begin as a database does")):
        (tmp_path / "aidtrail.db").write_bytes(left)
        for told in (run_command(["check", "--data", "."], tmp_path), run_command(init, tmp_path)):
            assert told.code == 2
            assert "`aidtrail restore`" in told.err
            assert said in told.err or "exists; nothing is overwritten" in told.err
        assert (tmp_path / "aidtrail.db").read_bytes() == left
    (tmp_path / "aidtrail.db").unlink()
    assert run_command(init, tmp_path).code == 0


def test_a_long_journal_has_a_sample_compared_and_all_of_it_on_demand(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.recording.rebuild._SHORT", 0)
    told = json.loads(run_command(["check", "--json"], home).out)
    assert (told["all_compared"], told["differences"]) == (False, [])
    drawn, rows = told["rows_compared"], told["rows"]
    assert 3 < drawn < rows
    said = run_command(["check"], home).out
    assert f"{drawn} rows drawn of the {rows:,} in the tables: their entry, campaign and number" in said
    told = json.loads(run_command(["check", "--all", "--json"], home).out)
    assert (told["all_compared"], told["differences"]) == (True, [])
    assert told["rows_compared"] == told["rows"] == rows
    flip(home / "ledger.db", "UPDATE conversions SET number = 'C-7'")
    assert "differs from its entry" in run_command(["check"], home).out


def test_a_backup_that_is_put_back_is_told_what_papers_were_removed_since(home: Path) -> None:
    """By the list beside it or by one that is named, and the next backup of what was put back as well."""
    name = hashlib.sha256(LETTER).hexdigest()
    assert run_command(["paper", "remove", name, "--as", "admin"], home).code == 0
    assert run_command(["restore", "copy.db", "--data", "back"], home).code == 0
    for path in [*(home / "back").glob("aidtrail.db*")]:
        assert LETTER not in path.read_bytes()
    (home / "apart").mkdir()
    (home / "apart" / "copy.db").write_bytes((home / "copy.db").read_bytes())
    assert run_command(["restore", "apart/copy.db", "--data", "held"], home).code == 0
    assert LETTER in (home / "held" / "aidtrail.db").read_bytes()
    named = ["restore", "apart/copy.db", "--data", "again", "--removed", "back/removed-papers.txt"]
    assert run_command(named, home).code == 0
    assert LETTER not in (home / "again" / "aidtrail.db").read_bytes()
