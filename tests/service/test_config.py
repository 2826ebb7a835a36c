"""The configuration: the documented file and the program keep step, and what is not known is refused by name."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.gift_accounts import GiftAccount
from service.command import BadUse
from service.config import (
    AddressStatementConfig,
    Config,
    SourceConfig,
    Wallet,
    load_config,
    parse_config,
    secret,
)

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"
WALLET = re.compile(r"^# (?=\[\[wallets|\[\[gift_accounts|\[\[address_statements|# |[a-z_]+ =)", re.MULTILINE)


def documented() -> dict[str, Any]:
    """The example as a document, its commented wallet written out."""
    return tomllib.loads(WALLET.sub("", EXAMPLE.read_text(encoding="utf-8")))


def test_the_example_says_every_default() -> None:
    """Reading config.example.toml gives exactly what no configuration gives."""
    assert load_config(EXAMPLE) == Config()


def test_the_example_documents_every_key() -> None:
    """No key of the program is missing from the example, in any section."""
    told = documented()
    for section in dataclasses.fields(Config):
        value = getattr(Config(), section.name)
        shape = {
            "sources": SourceConfig,
            "wallets": Wallet,
            "gift_accounts": GiftAccount,
            "address_statements": AddressStatementConfig,
        }.get(section.name, type(value))
        body = told[section.name][0] if isinstance(told[section.name], list) else told[section.name]
        assert set(body) == {key.name for key in dataclasses.fields(shape)}, section.name


def test_the_examples_wallet_has_the_default_gap() -> None:
    assert documented()["wallets"][0]["gap_limit"] == Wallet().gap_limit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[site]\ntitel = 'x'", "'title'"),
        ("[sight]\ntitle = 'x'", "'site'"),
        ("[serve]\nprot = 1", "'port'"),
        ("[serve]\nport = '1'", "whole number"),
        ("[serve]\nport = true", "whole number"),
        ("[serve]\nport = 65536", "0 to 65535"),
        ("[site]\ndemonstration = 1", "true or false"),
        ("[chain]\nnetwork = 'mainet'", "'mainnet'"),
        ("[[sources]]\nkind = 'esplora'", "sources.name is missing"),
        ("[[sources]]\nname = 'a'\nurl = 'ftp://x'", "https://"),
        ("[[sources]]\nname='a'\nurl='http://x'\n[[sources]]\nname='a'\nurl='http://y'", "'a'"),
        ("[[wallets]]\ngap_limit = 5", "descriptor, addresses and addresses_file"),
        ("[[wallets]]\naddresses = ['a']\nfirst_index = 5", "wallets.first_index: counts"),
        ("[[wallets]]\ndescriptor = 'a'\nfirst_index = 5\nfixed_index = 105", "gap_limit together, 105"),
        ("sources = 3", "list"),
        ("site = 3", "[site]"),
        ("x =", "TOML"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_remedy(text: str, said: str) -> None:
    with pytest.raises(BadUse) as refusal:
        parse_config(text)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_secret_in_the_file_is_refused_without_repeating_it() -> None:
    """The sentence says where a secret may be, and never what it is."""
    with pytest.raises(BadUse) as refusal:
        parse_config("[[sources]]\nname = 'a'\nurl = 'http://x'\npassword = 'hunter2'")
    assert "password_file" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_private_key_in_any_text_of_the_file_is_refused_without_repeating_it() -> None:
    wif = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
    for text in (f"[site]\ntitle = 'Help {wif}'", f"[[wallets]]\naddresses = ['{wif}']"):
        with pytest.raises(BadUse, match="treat that key as seen") as refusal:
            parse_config(text)
        assert wif not in str(refusal.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    """A configuration never ends in anything but a Config or a refusal."""
    with contextlib.suppress(BadUse):
        assert isinstance(parse_config(text), Config)


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("from file\n")
    assert secret("p", "P", "", {"P": "from environment"}, tmp_path) == "from environment"
    assert secret("p", "", "kept", {}, tmp_path) == "from file"
    assert secret("p", "", "", {}, tmp_path) == ""
    with pytest.raises(BadUse, match="P is not set"):
        secret("p", "P", "", {}, tmp_path)
    with pytest.raises(BadUse, match="cannot be read"):
        secret("p", "", "missing", {}, tmp_path)
