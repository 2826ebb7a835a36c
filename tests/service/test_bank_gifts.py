"""A gift by bank: account and reference are shown, the line that brings it is proposed, and the donor finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.core.creditor_reference import is_iban, is_reference, own_length_in, reference_with
from ledger.core.gift_accounts import GiftAccount
from service.command import BadUse
from service.config import parse_config
from service.gift_accounts import require_payable
from tests.tools.bank_scene import HEAD, SALE, banked, line_of, taken
from tests.tools.ledgers import SLUG, Ledger

ACCOUNT = GiftAccount(SLUG, "B", "Relief Trust", "GB82 WEST 1234 5698 7654 32", "USD")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with banked(tmp_path) as made:
        yield made


def site(ledger: Ledger) -> TestClient:
    settings = SiteSettings(gift_accounts=(ACCOUNT,))
    return TestClient(create_app(Ports(ledger.store, lambda: ledger.now, settings, str, list)))


def asked(client: TestClient) -> str:
    page = client.get(f"/c/{SLUG}/give").text
    assert "GB82 WEST 1234 5698 7654 32" in page
    found: list[str] = re.findall(r'href="/d/(RF[0-9A-Z]{18})"', page)
    return found[0]


def test_a_transfer_with_a_donors_own_reference_is_proposed_as_that_gift_and_found_by_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    client = site(ledger)
    assert f'<a href="/c/{SLUG}/give#bank">' in client.get(f"/c/{SLUG}").text
    reference, other = asked(client), asked(client)
    assert reference != other
    kept = client.get(f"/d/{reference}")
    assert "Nothing has come with this reference yet." in kept.text
    assert "Relief Trust" in kept.text
    spaced = " ".join(re.findall("....", reference)).lower()
    gift = f"21.11.2023;Donor;ref. {spaced} thank you;50,00;19.950,00;\n"
    forged = reference_with(f"{reference[4:14]}000000")
    ran = taken(tmp_path, HEAD + SALE + gift + f"22.11.2023;E;{forged};7,00;19.957,00;\n")
    proposed = f"contribution {reference}: it carries a reference that was given to a donor here, "
    assert proposed in ran.out
    assert f"--set amount=5000 --set reference={reference}" in ran.out
    assert f"contribution {forged}" not in ran.out
    facts = {"number": "G-1", "bank": "B", "currency": "USD", "amount": 5000, "date": "2023-11-21"}
    entry = ledger.do("recorder", "contribution", "add", **facts, reference=reference).seq
    again = taken(tmp_path, HEAD + SALE + gift + f"22.11.2023;E;{forged};7,00;19.957,00;\n")
    assert (
        f"entry {entry}: contribution G-1, the amount is the same, the same day, the text names it"
        in again.out
    )
    ledger.do("recorder", "bank", "match", line=line_of(ledger, 1), entry=entry)
    found = client.post("/find", data={"key": spaced}, headers={"Origin": "http://testserver"})
    assert found.url.path == f"/d/{reference}"
    assert "50.00 USD" in found.text
    assert client.get(f"/d/{other}").status_code == 200
    assert client.get(f"/d/{forged}").status_code == 404


def test_a_gift_is_found_by_the_banks_own_reference_and_by_the_pledge_that_it_fulfils(ledger: Ledger) -> None:
    client = site(ledger)
    facts = {"bank": "B", "currency": "USD", "date": "2023-11-21"}
    ledger.do("recorder", "contribution", "add", number="G-1", amount=5000, reference="FT-77", **facts)
    ledger.do("recorder", "contribution", "add", number="G-2", amount=7000, **facts)
    ledger.do("recorder", "pledge", "add", number="P-1", asset="USD", amount=12_000, date="2023-11-21")
    assert "50.00 USD" in client.get("/d/FT-77").text
    promised = client.get("/d/P-1")
    assert promised.status_code == 404
    assert "Nothing that was promised with this pledge has come yet." in promised.text
    for number, amount in (("G-1", 5000), ("G-2", 7000)):
        told = {"number": f"M-{number}", "pledge": "P-1", "gift": f"contribution:{number}", "amount": amount}
        ledger.do("recorder", "pledge", "match", **told, date="2023-11-21")
    for key in ("P-1", f"pledge:{SLUG}:P-1"):
        assert "2 donations: 120.00 USD together" in re.sub(r"<[^>]+>", "", client.get(f"/d/{key}").text)
    assert client.get("/d/pledge:other:P-1").status_code == 404


def sort_of(character: str) -> str:
    return "0123456789" if character.isdigit() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=16, max_size=16), st.integers(2, 19), st.data())
def test_a_reference_is_found_among_other_text_and_one_changed_character_is_noticed(
    body: str, at: int, data: st.DataObject
) -> None:
    """ISO 7064 MOD 97-10 catches every wrong digit among digits and every wrong letter among letters."""
    reference = reference_with(body)
    assert is_reference(reference)
    assert list(own_length_in(f"SEPA{' '.join(reference)}x12")) == [reference]
    other = data.draw(st.sampled_from(sorted(set(sort_of(reference[at])) - {reference[at]})))
    assert not is_reference(reference[:at] + other + reference[at + 1 :])


def test_the_examples_of_the_standards_hold_and_a_mistyped_account_is_refused() -> None:
    assert is_reference("RF18539007547034")
    assert is_iban("GB82WEST12345698765432")
    told = '[[gift_accounts]]\ncampaign = "a"\nbank = "B"\nholder = "H"\ncurrency = "EUR"\naccount = '
    right, wrong = (f'{told}"GB82 WEST 1234 5698 7654 {end}"' for end in ("32", "23"))
    require_payable(parse_config(right).gift_accounts)
    refused = {
        wrong: "gift_accounts.account of 'H': has the form of an IBAN, and its country, length or check ",
        right.replace("EUR", "BTC"): "gift_accounts.currency of 'H': write a code of ISO 4217",
        right.replace('"B"', '""'): "gift_accounts: campaign, bank, holder and account are empty nowhere",
    }
    for text, sentence in refused.items():
        with pytest.raises(BadUse) as refusal:
            require_payable(parse_config(text).gift_accounts)
        assert str(refusal.value).startswith(sentence)
        assert "\n" not in str(refusal.value)
