"""`check` tells what stands beside the journal too: a kept head, and what the audit log tells of."""

from __future__ import annotations

import json
from pathlib import Path

from ledger.checks.run import run_checks
from tests.tools.demo_data import run_command
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
    assert run_command(["check", "--head", kept], tmp_path).code == 0
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
