"""Addresses and scripts agree with the published vectors and an independent library; private keys never get in."""

from __future__ import annotations

import hashlib

import bdkpython as bdk
import pytest
import wallycore as wally
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.secret import Secret, secret_in, secret_in_prose
from tests.tools.builders_block import mainnet_block
from watchers.proof.block import parse_block
from watchers.proof.networks import MAINNET, NETWORKS, REGTEST, SIGNET, TESTNET3, Network, network_named
from watchers.proof.scripts import AddressRefused, ScriptKind, address_of, kind_of, script_of, scripthash_hex

BDK = {"mainnet": bdk.Network.BITCOIN, "testnet3": bdk.Network.TESTNET, "regtest": bdk.Network.REGTEST}

# BIP 350, test vectors for native segregated witness addresses; versions 2 and up and odd sizes are apart.
VALID = [
    ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
    (
        "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
        "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
    ),
    (
        "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
        "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    ),
    (
        "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
        "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    ),
    (
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    ),
]
WITHOUT_RULES = [
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
    "BC1SW50QGDZ25J",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
]
INVALID = [
    "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
    "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
    "bc1pw5dgrnzv",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
    "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",
    "bc1gmk9yu",
]
# BIP 341, wallet test vectors: the scripts that its seven internal keys and trees lead to.
TAPROOT = [
    "53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343",
    "147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3",
    "e4d810fd50586274face62b8a807eb9719cef49c04177cc6b76a9a4251d5450e",
    "712447206d7a5238acc7ff53fbe94a3b64539ad291c7cdbc490b7577e4b17df5",
    "77e30a5522dd9f894c3f8b8bd4c4b2cf82ca7da8a3ea6a239655c39c050ab220",
    "91b64d5324723a985170e4dc5a0f84c041804f2cd12660fa5dec09fc21783605",
    "75169f4001aa68f15bbed28b218df1d0a62cbbcf1188c6665110c293c907b831",
]


def network_of(address: str) -> Network:
    return MAINNET if address.lower().startswith("bc1") else TESTNET3


@pytest.mark.parametrize(("address", "script"), VALID)
def test_valid_vectors_of_bip_350_lead_to_their_scripts_and_back(address: str, script: str) -> None:
    network = network_of(address)
    assert script_of(address, network).hex() == script
    assert address_of(bytes.fromhex(script), network) == address.lower()


@pytest.mark.parametrize("address", INVALID)
@pytest.mark.parametrize("network", [MAINNET, TESTNET3])
def test_invalid_vectors_of_bip_350_are_refused_on_every_network(address: str, network: Network) -> None:
    with pytest.raises(AddressRefused):
        script_of(address, network)


@pytest.mark.parametrize("address", WITHOUT_RULES)
def test_witness_versions_without_spending_rules_are_refused_though_well_formed(address: str) -> None:
    """Anyone could take what is paid there."""
    with pytest.raises(AddressRefused, match="no spending rules"):
        script_of(address, MAINNET)


@pytest.mark.parametrize("key", TAPROOT)
def test_taproot_scripts_of_bip_341_have_the_address_that_an_independent_library_gives(key: str) -> None:
    script = bytes.fromhex("5120" + key)
    assert kind_of(script) is ScriptKind.P2TR
    address = str(bdk.Address.from_script(bdk.Script(script), bdk.Network.BITCOIN))
    assert address_of(script, MAINNET) == address
    assert script_of(address, MAINNET) == script


def test_the_first_taproot_vector_has_its_published_address() -> None:
    address = "bc1p2wsldez5mud2yam29q22wgfh9439spgduvct83k3pm50fcxa5dps59h4z5"
    assert script_of(address, MAINNET).hex() == "5120" + TAPROOT[0]


def test_every_standard_output_of_a_mainnet_block_has_the_address_of_an_independent_library() -> None:
    """5,992 outputs; the 23 data outputs have none."""
    checked = 0
    for script in parse_block(mainnet_block()).scripts:
        address = address_of(script, MAINNET)
        if address is None:
            assert kind_of(script) is ScriptKind.DATA
            continue
        other = bdk.Address(address, bdk.Network.BITCOIN)
        assert bytes(other.script_pubkey().to_bytes()) == script == script_of(address, MAINNET)
        assert str(bdk.Address.from_script(bdk.Script(script), bdk.Network.BITCOIN)) == address
        checked += 1
    assert checked == 5992


FORMS = [("76a914", 20, "88ac"), ("a914", 20, "87"), ("0014", 20, ""), ("0020", 32, ""), ("5120", 32, "")]


@given(
    st.sampled_from(FORMS), st.binary(min_size=32, max_size=32), st.sampled_from([MAINNET, TESTNET3, REGTEST])
)
def test_any_standard_script_goes_to_its_address_and_back_on_every_network(
    form: tuple[str, int, str], digest: bytes, network: Network
) -> None:
    script = bytes.fromhex(form[0]) + digest[: form[1]] + bytes.fromhex(form[2])
    address = address_of(script, network)
    assert address is not None
    assert script_of(address, network) == script
    if not address.startswith(
        ("bc1p", "tb1p", "bcrt1p")
    ):  # the library checks that taproot keys are on the curve
        other = bdk.Address(address, BDK[network.name])
        assert bytes(other.script_pubkey().to_bytes()) == script


@given(st.binary(max_size=60))
def test_a_script_has_an_address_exactly_when_it_is_of_a_standard_kind(script: bytes) -> None:
    standard = kind_of(script) not in (ScriptKind.OTHER, ScriptKind.DATA)
    assert (address_of(script, MAINNET) is not None) == standard


@given(st.text(max_size=33))
def test_no_short_text_is_an_address_by_chance(text: str) -> None:
    """And whatever it holds, the refusal is one sentence of ours, never another error."""
    with pytest.raises(AddressRefused, match=r"^address: "):
        script_of(text, MAINNET)


@pytest.mark.parametrize("address", [*(a for a, _ in VALID), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"])
@given(data=st.data())
def test_an_address_with_one_other_character_is_refused(address: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(address) - 1))
    instead = data.draw(
        st.characters(codec="ascii", exclude_characters=address[at] + " \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f")
    )
    with pytest.raises(AddressRefused):
        script_of(address[:at] + instead + address[at + 1 :], network_of(address))


@pytest.mark.parametrize(
    ("address", "network", "says"),
    [
        ("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7", MAINNET, "mainnet with bc1"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", REGTEST, "regtest with bcrt1"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", SIGNET, "one of mainnet"),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", MAINNET, "testnet3"),
        ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", MAINNET, "no Bitcoin network"),
    ],
)
def test_an_address_of_another_network_is_refused_by_name(address: str, network: Network, says: str) -> None:
    with pytest.raises(AddressRefused, match=says):
        script_of(address, network)


WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
SHARE = (
    "duckling enlarge academic academic agency result length solution fridge kidney "
    "coal piece deal husband erode duke ajar critical decision keyboard"
)
"""The first of SLIP-39's published vectors."""
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
SECRETS = [
    ("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", Secret.WIF),
    ("KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617", Secret.WIF),
    ("cMzLdeGd5vEqxB8B6VFQoRopQ3sLAAvEzDAoQgvX54xwofSWj1fx", Secret.WIF),
    (XPRV, Secret.EXTENDED),
    *((letter + XPRV[1:], Secret.EXTENDED) for letter in "yzYZtuvUV"),
    ("6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg", Secret.ENCRYPTED),
    ("ms10testsxxxxxxxxxxxxxxxxxxxxxxxxxx4nzvca9cmczlw", Secret.CODEX),
    ("MS12NAMEA320ZYXWVUTSRQPNMLKJHGFEDCAXRPP870HKKQRM", Secret.CODEX),
    ("S6c56bnXQiBjk9mqSYE7ykVQ7NzrRy", Secret.MINI),
    ("0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d", Secret.RAW),
    (WORDS, Secret.WORDS),
    (WORDS.replace(" ", ", ").upper(), Secret.WORDS),
    (" ".join([WORDS, WORDS]), Secret.WORDS),
    ("的" * 12, Secret.WORDS),
    (" ".join("的一是在不了有和人这中大"), Secret.WORDS),
    ("あいこくしん　" * 12, Secret.WORDS),
    (SHARE, Secret.WORDS),
    (" ".join(f"{n}. {word[:4].upper()}" for n, word in enumerate(SHARE.split(), 1)), Secret.WORDS),
    (SHARE.replace("keyboard", "keybored"), Secret.WORDS),
    (f"{SHARE} {SHARE}", Secret.WORDS),
]


@pytest.mark.parametrize(("text", "kind"), SECRETS)
def test_a_private_key_of_any_form_is_recognised_and_refused_without_being_repeated(
    text: str, kind: Secret
) -> None:
    """In the message, and in what a traceback would show of its cause."""
    assert secret_in(text) is kind
    with pytest.raises(AddressRefused) as caught:
        script_of(f" {text}\n", MAINNET)
    shown = str(caught.value)
    assert kind.value in shown
    assert all(part not in shown for part in (text, text[:12], text[-12:]))
    assert caught.value.__cause__ is None


def test_a_mistyped_private_key_is_still_recognised() -> None:
    """By its form: a wrong checksum must not let it into a log as a bad address."""
    assert secret_in("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTK") is Secret.WIF
    assert secret_in(XPRV[:-5]) is Secret.EXTENDED
    assert secret_in(f"wpkh([d34db33f/84h]{XPRV}/0/*)") is Secret.EXTENDED


def test_a_seed_is_told_by_the_words_of_its_list_with_one_mistyped() -> None:
    """In any language that the library has, numbered, among other words, cut to the letters that tell them apart."""
    for language in wally.bip39_get_languages().split():
        words = wally.bip39_mnemonic_from_bytes(wally.bip39_get_wordlist(language), bytes(range(16))).split()
        assert secret_in(" ".join(words)) is Secret.WORDS, language
        assert secret_in(f"my wallet: {' '.join(words)} !") is Secret.WORDS, language
        assert secret_in(" ".join([*words[:5], "xqzj", *words[6:]])) is Secret.WORDS, language
        assert secret_in(" ".join(["xqzj", "jqzx", *words[2:]])) is None, language
    assert secret_in(" ".join(f"{n}. {word[:4]}" for n, word in enumerate(WORDS.split(), 1))) is Secret.WORDS


def test_labels_and_prose_are_no_seed() -> None:
    label = "Donations that come in through the desk at the Accra office for masks and gloves"
    assert len(label.split()) == 15
    chinese = "\u4e2d\u56fd\u7ea2\u5341\u5b57\u4f1a\u6350\u8d60\u7684\u7269\u8d44\u5df2\u7ecf\u5230\u8fbe"
    for text in (label, f"{chinese};bc1q", "wpkh multi sortedmulti wsh tr pk " * 3):
        assert (secret_in(text), secret_in_prose(text)) == (None, None)
    assert secret_in_prose("SICHERHEITSVERANTWORTE") is None
    assert secret_in_prose(chinese) is None
    assert secret_in_prose("3f" * 32) is None


@pytest.mark.parametrize(
    "text", ["", *(a for a, _ in VALID), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "hello there"]
)
def test_what_is_no_secret_is_not_called_one(text: str) -> None:
    assert secret_in(text) is None


def test_the_script_hash_is_plain_sha256_in_hex() -> None:
    """Esplora's order; Electrum's is byte-reversed."""
    script = bytes.fromhex("0014751e76e8199196d454941c45d1b3a323f1433bd6")
    assert scripthash_hex(script) == hashlib.sha256(script).hexdigest()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_is_found_by_its_name(network: Network) -> None:
    assert network_named(network.name) is network


def test_an_unknown_network_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="mainnet, testnet3, testnet4, signet, regtest"):
        network_named("main")
