"""The measurements of the ledger run whole in a small size, and say what they are said to say."""

from __future__ import annotations

from bench import ledger, ledger_state


def test_entries_are_measured() -> None:
    """By one client and by many, in both databases, and beside programs that load the same journal as text."""
    lines = list(ledger.lines(single=2, shared=64, batched=4, text=20, rounds=1))
    names = [line.name for line in lines]
    databases = (
        ["sqlite"]
        if any("PostgreSQL is not installed" in name for name in names)
        else ["sqlite", "postgresql"]
    )
    for database in databases:
        assert f"{database}: 1 client, one a commit" in names
        assert f"{database}: 64 clients; bare ones commit each" in names
        assert f"{database}: 1 client; bare rows of the journal, guarded" in names
    assert any("beancount loads 20" in name for name in names)
    assert any("hledger" in name for name in names)


def test_balances_and_the_rebuild_are_measured() -> None:
    names = [line.name for line in ledger_state.lines(entries=30, sizes=(10, 20_000))]
    assert [name.split(" ")[0] for name in names] == ["rebuild", "rebuild", "balance", "balance"]
