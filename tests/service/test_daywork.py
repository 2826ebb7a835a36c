"""The commands of a day's work do what they say: init, check, rebuild, reconcile, trail, backup, restore, scan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.core.chain import Outpoint
from ledger.core.times import unix_seconds
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.config import load_config
from service.demo.replay import Replay
from tests.tools.demo_data import played_demo, run_command
from watchers.proof.block import parse_block

XPUB = "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz"
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `data` holds the told ledger."""
    folder = tmp_path_factory.mktemp("daywork")
    (folder / "data").mkdir()
    store = played_demo(tmp_path_factory, folder / "data", "aidtrail.db")
    with store.write() as tx:
        # As the demo does: its day is the story's, or its masks would have expired by now.
        tx.progress.save("demo_clock", str(unix_seconds(chain_status(tx, now=0).looked_at or "")))
    store.close()
    (folder / "data" / "aidtrail.toml").write_text('[chain]\nnetwork = "regtest"\n', encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "line", [["check"], ["rebuild", "--compare"], ["reconcile"], ["reconcile", "bithelp"]]
)
def test_a_sound_ledger_passes(home: Path, line: list[str]) -> None:
    ran = run_command([*line, "--data", "data"], home)
    assert ran.code == 0, ran.out + ran.err


def test_reconcile_names_a_campaign_that_is_not_there(home: Path) -> None:
    ran = run_command(["reconcile", "nobody", "--data", "data"], home)
    assert ran.code == 2
    assert "nobody" in ran.err


def test_a_trail_begins_with_a_sentence_for_the_donor_in_each_of_its_forms(home: Path) -> None:
    """By txid, by outpoint and by address the same payment is found, and told in words."""
    coin = next(coin for coin in Replay.load().coins if not coin.change)
    for key in (coin.outpoint, coin.outpoint.partition(":")[0], coin.address):
        ran = run_command(["trail", str(key), "--data", "data"], home)
        assert ran.code == 0, ran.err
        assert "Your " in ran.out
        assert str(coin.outpoint) in ran.out


def test_a_trail_of_an_unknown_transaction_is_refused(home: Path) -> None:
    assert run_command(["trail", "ab" * 32, "--data", "data"], home).code == 2


def test_a_backup_restores_to_the_same_journal_and_overwrites_nothing(home: Path) -> None:
    assert run_command(["backup", "copy.db", "--data", "data"], home).code == 0
    assert run_command(["backup", "copy.db", "--data", "data"], home).code == 2
    assert run_command(["restore", "copy.db", "--data", "again"], home).code == 0
    assert run_command(["restore", "copy.db", "--data", "again"], home).code == 2
    heads = []
    for name in ("data", "again"):
        store = Store.open(f"sqlite:///{home / name / 'aidtrail.db'}")
        with store.read() as tx:
            heads.append(tx.journal.head())
        store.close()
    assert heads[0] == heads[1]


def test_scan_of_a_block_reports_spends_of_coins_that_the_data_know(home: Path) -> None:
    """Without an address named: every spend in the block that the ledger saw is printed with its value."""
    replay = Replay.load()
    replay.advance(replay.end)
    ours = {str(coin.outpoint) for coin in replay.coins}
    blocks = [replay.recording.blocks[name].raw for name in replay.view.best]
    spending = [(raw, spent) for raw in blocks if (spent := ours & _inputs(raw))]
    assert spending
    for raw, spent in spending[:3]:
        ran = run_command(["scan", "-", "--data", "data", "--json"], home, raw)
        assert ran.code == 0, ran.err
        told = json.loads(ran.out)
        assert {f"{one['txid']}:{one['vout']}" for one in told["spends"]} == spent
        assert all(isinstance(one["sats"], int) for one in told["spends"])
    raw, _ = spending[0]
    for name, pile in (
        ("some.bin", bytes.fromhex("fabfb5da") + len(raw).to_bytes(4, "little") + raw),
        ("blk00000.dat", bytes(byte ^ 0x5A for byte in raw)),
    ):
        (home / name).write_bytes(pile)
        ran = run_command(["scan", name, "--data", "data"], home)
        assert (ran.code, f"{name}: is one of a node's block files" in ran.err) == (2, True)


def _inputs(raw: bytes) -> set[str]:
    return {str(Outpoint.from_wire(wire)) for wire in parse_block(raw).outpoints}


def test_init_makes_a_configuration_that_loads_and_a_database_and_overwrites_neither(tmp_path: Path) -> None:
    line = ["init", "--descriptor", XPUB, "--checkpoint", f"800000:{'ab' * 32}", "--data", "new"]
    assert run_command(line, tmp_path).code == 0
    config = load_config(tmp_path / "new" / "aidtrail.toml")
    assert config.wallets[0].descriptor == XPUB
    assert config.chain.checkpoint.startswith("800000:")
    before = (tmp_path / "new" / "aidtrail.toml").read_bytes()
    assert run_command(line, tmp_path).code == 2
    assert (tmp_path / "new" / "aidtrail.toml").read_bytes() == before
    assert run_command(["check", "--data", "new"], tmp_path).code == 0


def test_init_refuses_a_private_key_without_showing_it_and_writes_nothing(tmp_path: Path) -> None:
    ran = run_command(["init", "--descriptor", XPRV, "--data", "new"], tmp_path)
    assert ran.code == 2
    assert XPRV not in ran.err + ran.out
    assert not (tmp_path / "new").exists()


def test_the_plan_names_each_host_and_what_it_learns(tmp_path: Path) -> None:
    ran = run_command(["look", "--plan", "--json"], tmp_path)
    assert ran.code == 0
    hosts = [row["host"] for row in json.loads(ran.out)["sources"]]
    assert hosts[:2] == ["blockstream.info", "mempool.space"]
    assert "data-api.ecb.europa.eu" in hosts


def test_look_proves_a_transaction_and_an_address_at_a_live_source(tmp_path: Path) -> None:
    replay = Replay.load()
    replay.advance(replay.end)
    url = replay.serve()
    try:
        coin = next(coin for coin in replay.coins if not coin.change)
        txid = str(coin.outpoint).partition(":")[0]
        shown = run_command(["look", txid, "--source", url, "--network", "regtest", "--json"], tmp_path)
        assert shown.code == 0, shown.err
        assert json.loads(shown.out)["proven"] is True
        line = ["look", coin.address, "--source", url, "--network", "regtest", "--json"]
        listed = run_command(line, tmp_path)
        assert listed.code == 0, listed.err
        assert str(coin.outpoint) in {
            f"{row['txid']}:{row['vout']}" for row in json.loads(listed.out)["payments"]
        }
        unknown = run_command(["look", "ab" * 32, "--source", url, "--network", "regtest"], tmp_path)
        assert unknown.code == 69
    finally:
        replay.stop()
