"""What wallets export is read as the wallet that they have, and shown before anything is published."""

from __future__ import annotations

import json
from pathlib import Path

import bdkpython as bdk
import pytest
import wallycore as wally

from tests.tools.demo_data import Ran, run_command
from watchers.proof.descriptors import Descriptor
from watchers.proof.networks import MAINNET

X = "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V"
X2 = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
SEED = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
ORIGIN = "[d34db33f/84h/0h/0h]"
SEGWIT = f"wpkh({ORIGIN}{X}/<0;1>/*)"
SIGNERS = f"wsh(sortedmulti(2,[0f056943/48h/0h/0h/2h]{X}/<0;1>/*,[aabbccdd/48h/0h/0h/2h]{X2}/<0;1>/*))"


def _as(version: str, key: str = X) -> str:
    return str(
        wally.base58check_from_bytes(bytes.fromhex(version) + bytes(wally.base58check_to_bytes(key))[4:])
    )


def _summed(text: str) -> str:
    """With the checksum of an independent library."""
    return str(bdk.Descriptor(text, bdk.NetworkKind.MAIN))


def _row(form: str, branch: int, *, active: bool = True) -> dict[str, object]:
    written = _summed(form.format(f"{ORIGIN}{X}/{branch}/*"))
    return {
        "desc": written,
        "timestamp": 1_600_000_000,
        "active": active,
        "internal": branch == 1,
        "range": [0, 999],
    }


ZPUB = _as("04b24746")
CORE = {
    "wallet_name": "fund",
    "descriptors": [
        *(_row("wpkh({})", branch) for branch in (0, 1)),
        *(_row("pkh({})", branch, active=False) for branch in (0, 1)),
    ],
}
COLDCARD = {
    "chain": "BTC", "xfp": "D34DB33F", "account": 0, "xpub": X2,
    "bip44": {"name": "p2pkh", "deriv": "m/44h/0h/0h", "xpub": X, "first": "1…"},
    "bip84": {"name": "p2wpkh", "xfp": "8DFECFC3", "deriv": "m/84'/0'/0'", "xpub": X, "_pub": ZPUB, "first": "bc1q…"},
    "bip48_1": {"name": "p2sh-p2wsh", "deriv": "m/48'/0'/0'/1'", "xpub": X2},
}  # fmt: skip
ELECTRUM = {
    "seed_version": 59, "use_encryption": False, "wallet_type": "standard",
    "addresses": {"receiving": [], "change": []},
    "keystore": {
        "type": "bip32", "xpub": ZPUB, "xprv": None, "derivation": "m/84h/0h/0h", "root_fingerprint": "d34db33f",
    },
}  # fmt: skip


def _signer(key: str, fingerprint: str) -> dict[str, str]:
    return {"xpub": _as("02aa7ed3", key), "derivation": "m/48h/0h/0h/2h", "root_fingerprint": fingerprint}


OF_TWO = {"wallet_type": "2of2", "x1/": _signer(X, "0f056943"), "x2/": _signer(X2, "aabbccdd")}
SETUP = f"""# BlueWallet Multisig setup file
# this file contains only public keys and is safe to
Name: Fund
Policy: 2 of 2
Derivation: m/48'/0'/0'/2'
Format: P2WSH

0F056943: {X}
AABBCCDD: {X2}
"""
SPARROW = f"""# Receive and change descriptor (BIP389):
{SEGWIT}

# Receive descriptor (Bitcoin Core):
{_summed(f"wpkh({ORIGIN}{X}/0/*)")}

# Change descriptor (Bitcoin Core):
{_summed(f"wpkh({ORIGIN}{X}/1/*)")}
"""


def _init(folder: Path, content: str, *more: str) -> Ran:
    (folder / "export").write_text(content)
    return run_command(["init", "--wallet-file", "export", "--json", "--data", "made", *more], folder)


@pytest.mark.parametrize(
    ("content", "wallet"),
    [
        pytest.param(json.dumps(CORE), SEGWIT, id="Bitcoin Core lists"),
        pytest.param(json.dumps(CORE, indent=1), SEGWIT, id="Bitcoin Core lists, indented"),
        pytest.param(f"importdescriptors '{json.dumps(CORE['descriptors'][:2])}'", SEGWIT, id="for Core's console"),
        pytest.param(SPARROW, SEGWIT, id="Sparrow"),
        pytest.param(
            json.dumps({"label": "Fund", "blockheight": 0, "descriptor": f"wpkh({ORIGIN}{X}/0/*)", "devices": []}),
            SEGWIT,
            id="Specter",
        ),
        pytest.param(json.dumps(ELECTRUM), SEGWIT, id="Electrum"),
        pytest.param(ZPUB + "\n", f"wpkh({X}/<0;1>/*)", id="BlueWallet"),
        pytest.param(json.dumps(OF_TWO), SIGNERS, id="Electrum, several signers"),
        pytest.param(SETUP, SIGNERS, id="Coldcard and BlueWallet, several signers"),
    ],
)  # fmt: skip
def test_an_export_is_the_wallet_that_made_it(tmp_path: Path, content: str, wallet: str) -> None:
    ran = _init(tmp_path, content)
    assert ran.code == 0, ran.err
    made = Descriptor.parse(wallet, MAINNET)
    assert made.text.partition("#")[0] in (tmp_path / "made" / "aidtrail.toml").read_text()
    shown = json.loads(ran.out)["wallet"]
    assert shown["receiving"] == [made.address(n) for n in range(3)]
    assert len(shown["change"]) == 1


def test_a_wallet_that_gave_out_addresses_before_begins_with_the_next_one(tmp_path: Path) -> None:
    """Donors would be given those of others; the option says so for other wallets, and against the listing."""
    rows = [_row("wpkh({})", 0) | {"next": 137, "next_index": 137}, _row("wpkh({})", 1) | {"next": 900}]
    (tmp_path / "export").write_text(json.dumps({"descriptors": rows}))
    told = run_command(["init", "--wallet-file", "export", "--data", "made"], tmp_path)
    next_one = Descriptor.parse(SEGWIT, MAINNET).address(137)
    assert f"donors get those from index 137 on, {next_one} first" in told.out
    assert "first_index = 137" in (tmp_path / "made" / "aidtrail.toml").read_text()
    wallet = ["--wallet-file", "export"]
    assert run_command(["init", *wallet, "--data", "new", "--first-index", "0"], tmp_path).code == 0
    assert "first_index" not in (tmp_path / "new" / "aidtrail.toml").read_text()
    told = run_command(["init", "--descriptor", SEGWIT, "--first-index", "1", "--data", "one"], tmp_path)
    assert "1 address before: it is watched as well" in told.out
    address = Descriptor.parse(SEGWIT, MAINNET).address(0)
    for wrong in (["--address", address, "--first-index", "1"], [*wallet, "--first-index", "-1"]):
        refused = run_command(["init", *wrong, "--data", "wrong"], tmp_path)
        assert (refused.code, "--first-index: " in refused.err) == (2, True)


def test_of_several_wallets_one_is_to_be_chosen(tmp_path: Path) -> None:
    refused = _init(tmp_path, json.dumps(COLDCARD))
    assert refused.code == 2
    assert "pkh, wpkh" in refused.err
    assert "--script" in refused.err
    ran = _init(tmp_path, json.dumps(COLDCARD), "--script", "wpkh")
    assert json.loads(ran.out)["wallet"]["receiving"][0] == Descriptor.parse(SEGWIT, MAINNET).address(0)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ELECTRUM).replace('"xprv": null', f'"xprv": "{XPRV}"'),
        json.dumps(ELECTRUM).replace('"xprv": null', f'"seed": "{SEED}"'),
        json.dumps({"descriptors": [{"desc": f"wpkh({XPRV}/0/*)", "active": True}]}),
        f"wpkh({XPRV}/0/*)\n",
        SEED,
    ],
)
def test_an_export_with_a_private_key_is_refused_and_never_repeated(tmp_path: Path, content: str) -> None:
    ran = _init(tmp_path, content)
    assert ran.code == 2
    assert "private key" in ran.err
    assert XPRV[:12] not in ran.err + ran.out
    assert "abandon" not in ran.err + ran.out
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "hello", '{"descriptor": 5}', '{"wallet_type": "standard"}']
)
def test_what_is_no_export_is_refused_with_what_to_export(tmp_path: Path, content: str) -> None:
    ran = _init(tmp_path, content)
    assert ran.code == 2
    assert "export the wallet's descriptor" in ran.err
    assert not (tmp_path / "made").exists()


def test_init_shows_what_to_compare_with_the_wallet_and_where_change_is_not_watched(tmp_path: Path) -> None:
    made = Descriptor.parse(SEGWIT, MAINNET)
    ran = run_command(["init", "--descriptor", SEGWIT, "--data", "both"], tmp_path)
    assert "native segwit addresses (wpkh)" in ran.out
    assert all(made.address(n) in ran.out for n in range(3))
    assert "change address 0: bc1q" in ran.out
    alone = run_command(["init", "--descriptor", f"wpkh({X}/0/*)", "--data", "alone"], tmp_path)
    assert "no change is watched" in alone.out


@pytest.mark.parametrize(
    "text",
    [
        "Payment Address,Label\n{0},shop\n{1},web\n",
        "{0}\n{1}\n",
        "shop;{0}\nweb;{1}\n",
        "address\n{0}\n{1}\n",
    ],
)
def test_a_list_of_addresses_is_read_with_and_without_headings(tmp_path: Path, text: str) -> None:
    made = Descriptor.parse(SEGWIT, MAINNET)
    (tmp_path / "list.csv").write_text(text.format(made.address(0), made.address(1)))
    ran = run_command(["init", "--addresses-file", "list.csv", "--data", "made"], tmp_path)
    assert ran.code == 0, ran.err
