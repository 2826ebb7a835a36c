"""Statements of a campaign's addresses: signed outside, verified by vectors of BIP 322, shown, and watched."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from bitcoin.signmessage import BitcoinMessage, SignMessage
from bitcoin.wallet import CBitcoinSecret, P2PKHBitcoinAddress
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.core.times import unix_seconds
from service.address_statements import alarms, statements_in
from service.command import BadUse
from service.config import AddressStatementConfig
from tests.tools.ledgers import SLUG, Ledger
from watchers.proof.networks import MAINNET
from watchers.proof.scripts import AddressRefused
from watchers.proof.signed_messages import SignatureRefused, is_signed_by

KEY_HASH = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l"
TAPROOT = "bc1ppv609nr0vr25u07u95waq5lucwfm6tde4nydujnu8npg4q75mr5sxq8lt3"
VECTORS = (
    (
        KEY_HASH, "",
        "AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlk"
        "QpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
    ),
    (
        KEY_HASH, "Hello World",
        "AkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlk"
        "QpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
    ),
    (
        TAPROOT, "Hello World",
        "AUHd69PrJQEv+oKTfZ8l+WROBHuy9HKrbFCJu7U1iK2iiEy1vMU5EfMtjc+VSHM7aU0SDbak5IUZRVno2P5mjSafAQ==",
    ),
)  # fmt: skip
"""Of BIP 322."""
SECRET = CBitcoinSecret.from_secret_bytes(b"\x07" * 32)
OWN = str(P2PKHBitcoinAddress.from_pubkey(SECRET.pub))
TEXT = f"campaign: {SLUG}\nissuer: Relief Trust\nfrom: 2023-11-01\nuntil: 2023-12-31\naddress: {OWN}"


@cache
def signed(text: str) -> str:
    return f"{OWN} {SignMessage(SECRET, BitcoinMessage(text)).decode()}"


@pytest.mark.parametrize(("address", "message", "signature"), VECTORS)
def test_the_vectors_of_bip_322_verify_and_nothing_else_does(
    address: str, message: str, signature: str
) -> None:
    assert is_signed_by(address, message, signature, MAINNET)
    assert not is_signed_by(address, f"{message} ", signature, MAINNET)
    other = TAPROOT if address == KEY_HASH else KEY_HASH
    assert not is_signed_by(other, message, signature, MAINNET)
    middle = len(signature) // 2
    changed = signature[:middle] + ("A" if signature[middle] != "A" else "B") + signature[middle + 1 :]
    assert not is_signed_by(address, message, changed, MAINNET)
    for cut in ("AA==", signature[:40] + "=" * (-len(signature[:40]) % 4)):
        assert not is_signed_by(address, message, cut, MAINNET)


def test_what_cannot_be_verified_is_said_so() -> None:
    with pytest.raises(SignatureRefused, match="cannot be verified here"):
        is_signed_by("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "x", "AA==", MAINNET)
    with pytest.raises(SignatureRefused, match="no base64"):
        is_signed_by(KEY_HASH, "x", "not so", MAINNET)
    with pytest.raises(AddressRefused):
        is_signed_by("nobody", "x", "AA==", MAINNET)


def test_a_statement_is_verified_at_the_start_and_shown_with_its_days(tmp_path: Path) -> None:
    (tmp_path / "masks.txt").write_text(TEXT + "\n")
    told = AddressStatementConfig("masks.txt", (signed(TEXT),))
    statements = statements_in([told], MAINNET, tmp_path)
    ledger = Ledger.new(tmp_path)
    settings = SiteSettings(statements=statements)
    client = TestClient(create_app(Ports(ledger.store, lambda: ledger.now, settings, str, list)))
    page = client.get(f"/c/{SLUG}/statements").text
    assert "In force: by Relief Trust, from 1 November 2023 until 31 December 2023." in page
    assert signed(TEXT).partition(" ")[2] in page.replace("&#43;", "+")
    for path in (f"/c/{SLUG}/give", "/about"):
        assert f'href="/c/{SLUG}/statements"' in client.get(path).text
    bare = TestClient(create_app(Ports(ledger.store, lambda: ledger.now, SiteSettings(), str, list)))
    assert bare.get(f"/c/{SLUG}/statements").status_code == 404
    ledger.store.close()


@pytest.mark.parametrize(
    ("text", "signatures", "said"),
    [
        (TEXT.replace("Relief", "Belief"), (signed(TEXT),), "does not verify the text of masks.txt"),
        (TEXT, (), "has none; sign the text with its key"),
        (TEXT, (OWN,), "ADDRESS SIGNATURE"),
        (TEXT.replace("issuer", "owner"), (signed(TEXT),), "line 2 of masks.txt"),
        (TEXT.replace("2023-12-31", "31.12.2023"), (signed(TEXT),), "YYYY-MM-DD"),
        (TEXT.rpartition("\n")[0], (signed(TEXT),), "an address or more"),
    ],
)
def test_a_statement_that_does_not_hold_is_refused(
    tmp_path: Path, text: str, signatures: tuple[str, ...], said: str
) -> None:
    (tmp_path / "masks.txt").write_text(text)
    with pytest.raises(BadUse, match=said):
        statements_in([AddressStatementConfig("masks.txt", signatures)], MAINNET, tmp_path)


def test_the_end_of_a_statement_is_told_before_and_after_and_so_is_another_address(tmp_path: Path) -> None:
    (tmp_path / "masks.txt").write_text(TEXT)
    told = statements_in([AddressStatementConfig("masks.txt", (signed(TEXT),))], MAINNET, tmp_path)

    def at(day: str, shown: str = OWN) -> list[str]:
        return alarms(told, {SLUG: shown}, unix_seconds(f"{day}T12:00:00Z"))

    assert at("2023-11-20") == []
    assert at("2023-12-20") == [f"The address statement of {SLUG} ends on 2023-12-31."]
    assert at("2024-01-01")[0] == f"The address statement of {SLUG} was over on 2023-12-31."
    assert at("2023-11-20", KEY_HASH) == [
        f"The pages of {SLUG} show {KEY_HASH}, which no address statement in force names."
    ]
