"""A descriptor gives the addresses that an independent library gives, and never takes a private key."""

from __future__ import annotations

import bdkpython as bdk
import pytest
import wallycore as wally
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.watchers.test_scripts import SECRETS, XPRV
from watchers.proof.descriptors import Descriptor, DescriptorRefused
from watchers.proof.networks import MAINNET, REGTEST, TESTNET3, Network
from watchers.proof.scripts import script_of


def _as(key: str, version: str) -> str:
    """The same extended key under other version bytes."""
    payload = bytes(wally.base58check_to_bytes(key))
    return str(wally.base58check_from_bytes(bytes.fromhex(version) + payload[4:]))


X = "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V"
Z = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"
X2 = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
BELOW = wally.bip32_key_from_parent(wally.bip32_key_from_base58(X), 0, wally.BIP32_FLAG_KEY_PUBLIC)
FORMS = [
    f"pkh({X}/0/*)",
    f"wpkh({X}/0/*)",
    f"sh(wpkh({X}/0/*))",
    f"tr({X}/0/*)",
    f"wsh(sortedmulti(2,{X}/0/*,{X2}/0/*))",
    f"sh(wsh(multi(1,{X}/0/*,{X2}/0/*)))",
    f"sh(sortedmulti(2,{X}/0/*,{X2}/0/*))",
    f"wpkh([d34db33f/84h/0h/0h]{X}/0/*)",
    f"wpkh([d34db33f/84h/0h/0h/0]{X}/*)",
    f"wsh(sortedmulti(2,[d34db33f/84h/0h/0h]{X}/0/*,{X2}/0/*))",
]


@pytest.mark.parametrize("text", FORMS)
@settings(max_examples=20, deadline=None)
@given(index=st.integers(0, (1 << 31) - 1))
def test_every_form_gives_the_addresses_of_an_independent_library(text: str, index: int) -> None:
    other = bdk.Descriptor(text, bdk.NetworkKind.MAIN)
    address = str(other.derive_address(index, bdk.Network.BITCOIN))
    assert Descriptor.parse(text, MAINNET).address(index) == address


def test_the_zpub_of_bip_84_gives_its_published_addresses() -> None:
    """First receiving, second receiving and first change address of the BIP's test vector."""
    made = Descriptor.parse(Z, MAINNET)
    assert made.address(0) == "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
    assert made.address(1) == "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"
    change = script_of("bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el", MAINNET)
    assert made.change_scripts(0, 1) == [change]


def test_the_first_bip_341_vector_gives_its_script() -> None:
    key = "d6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d"
    made = Descriptor.parse(f"tr({key})", MAINNET)
    assert made.script(0).hex() == "512053a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343"
    assert not made.ranged


def test_the_checksum_of_bip_380_is_checked_when_present() -> None:
    good = Descriptor.parse(f"wpkh({X}/0/*)", MAINNET).text
    assert Descriptor.parse(good, MAINNET).text == good
    assert str(bdk.Descriptor(good, bdk.NetworkKind.MAIN)) == good
    for bad in (good[:-1] + "q", good[:-1], good + "x", good.replace("/0/", "/1/"), good.split("#")[0] + "#"):
        with pytest.raises(DescriptorRefused):
            Descriptor.parse(bad, MAINNET)


def test_both_marks_of_a_hardened_step_mean_the_same() -> None:
    """Text with its own checksum over either mark included; the canonical text has h."""
    marked = [f"wpkh([d34db33f/84{m}/0{m}/0{m}]{X}/0/*)" for m in "h'H"]
    assert len({Descriptor.parse(text, MAINNET).text for text in marked}) == 1
    with_checksum = "wpkh([d34db33f/84'/0'/0']" + X + "/0/*)"
    over_quotes = str(bdk.Descriptor(with_checksum, bdk.NetworkKind.MAIN))
    assert "84'" in over_quotes
    assert "84h" in Descriptor.parse(over_quotes, MAINNET).text


def test_a_descriptor_of_two_branches_keeps_receiving_and_change_apart() -> None:
    both = Descriptor.parse(f"wpkh({X}/<0;1>/*)", MAINNET)
    receiving = Descriptor.parse(f"wpkh({X}/0/*)", MAINNET)
    change = bdk.Descriptor(f"wpkh({X}/1/*)", bdk.NetworkKind.MAIN)
    of_change = [str(change.derive_address(n, bdk.Network.BITCOIN)) for n in range(3, 8)]
    assert both.scripts(3, 5) == receiving.scripts(3, 5)
    assert both.change_scripts(3, 5) == [script_of(address, MAINNET) for address in of_change]
    assert receiving.change_scripts(0, 5) == []


@pytest.mark.parametrize(
    ("letter", "form"), [("xpub", "pkh({})"), ("ypub", "sh(wpkh({}))"), ("zpub", "wpkh({})")]
)
def test_a_bare_key_means_the_script_that_its_version_implies(letter: str, form: str) -> None:
    bare = {"xpub": X, "ypub": _as(X, "049d7cb2"), "zpub": _as(X, "04b24746")}[letter]
    assert bare.startswith(letter)
    made = Descriptor.parse(bare, MAINNET)
    assert made == Descriptor.parse(form.format(X + "/<0;1>/*"), MAINNET)
    assert made.ranged
    purpose = {"xpub": 44, "ypub": 49, "zpub": 84}[letter]
    assert Descriptor.parse(f"[d34db33f/{purpose}'/0'/0']{bare}/0/*", MAINNET).branches == 1


@pytest.mark.parametrize(("purpose", "form"), [(44, "pkh"), (49, "sh(wpkh"), (84, "wpkh"), (86, "tr")])
def test_a_bare_xpub_is_of_the_kind_that_its_origin_says(purpose: int, form: str) -> None:
    origin = f"[6272ef45/{purpose}'/0'/0']"
    whole = f"{form}({origin}{X}/<0;1>/*){')' * form.count('(')}"
    assert Descriptor.parse(f"{origin}{X}", MAINNET) == Descriptor.parse(whole, MAINNET)


@pytest.mark.parametrize(
    ("version", "form"), [("043587cf", "pkh({})"), ("044a5262", "sh(wpkh({}))"), ("045f1cf6", "wpkh({})")]
)
@pytest.mark.parametrize("network", [TESTNET3, REGTEST])
def test_a_bare_key_of_a_test_network_does_so_too(version: str, form: str, network: Network) -> None:
    made = Descriptor.parse(_as(X, version), network)
    tpub = _as(X, "043587cf")
    assert made == Descriptor.parse(form.format(tpub + "/<0;1>/*"), network)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"tr({X}/0/*,pk({X}/1/*))", "script tree"),
        (f"wpkh({X}/<0;1;2>/*)", "3 branches"),
        (f"wpkh({X}/*h)", "hardened"),
        (f"wpkh({X}/0h/*)", "hardened|cannot be read"),
        (f"multi(1,{X}/0/*)", "no address"),
        (f"sh(wpkh({Z}/0/*))", "zpub belongs into"),
        (_as(X, "02aa7ed3"), "several signers"),
        (_as(X, "043587cf"), "test network"),
        (X[:-1] + "W", "checksum"),
        (f"[6272ef45/48h/0h/0h/2h]{X}", "purpose 48h"),
        (f"[6272ef45/84h/0h/0h]{_as(X, '049d7cb2')}", "purpose 84h and a ypub"),
        (str(wally.bip32_key_to_base58(BELOW, wally.BIP32_FLAG_KEY_PUBLIC)), "below an account"),
        (f"wpkh([6272ef45/84h/0h/0h]{X})", "one address of a whole account"),
        (f"wpkh({X}/0)", "one address of a whole account"),
        (f"wpkh({X}/1/*)", "change addresses"),
        (f"wsh(sortedmulti(2,{X}/1/*,{X2}/1/*))", "change addresses"),
        (f"wpkh({X}/2/*)", "addresses of /2/\\*"),
        (f"wsh(sortedmulti(2,{X}/0/*,{X2}/12/*))", "addresses of /12/\\*"),
        (f"pkh([6272ef45/84h/0h/0h]{X}/<0;1>/*)", "84h is of wpkh.* in pkh"),
        (f"tr([6272ef45/84h/0h/0h]{X}/0/*)", "84h is of wpkh.* in tr"),
        (f"wpkh([6272ef45/49'/0'/0']{X}/0/*)", r"49h is of sh\(wpkh"),
        (f"sh(wpkh([6272ef45/44h/0h/0h]{X}/0/*))", "44h is of pkh"),
        (f"wpkh([6272ef45/84h/0h/0h]{X}/*)", "here at 0h/0h;"),
        (f"wpkh([6272ef45/84h/0h/0h/1]{X}/*)", "here at 0h/0h/1;"),
        (f"wpkh([6272ef45/84h/0h/0h]{X}/2/*)", "addresses of /2/"),
        (f"wpkh({X}/<0;0>/*)", "write <0;1>"),
        (f"wpkh({X}/<1;0>/*)", "write <0;1>"),
        (f"wpkh({X}/0/*", "cannot be read"),
        ("wpkh()", "cannot be read"),
        ("", "0 characters"),
        ("wpkh(\u0445pub)", "ASCII"),
        ("a" * 30_000, "30000 characters"),
        (f"wpkh({X}/0/*) x", "cannot be read"),
    ],
)
def test_what_is_no_usable_descriptor_is_refused_in_one_sentence(text: str, says: str) -> None:
    with pytest.raises(DescriptorRefused, match=says):
        Descriptor.parse(text, MAINNET)


def test_a_mainnet_key_is_refused_on_a_test_network() -> None:
    with pytest.raises(DescriptorRefused, match="mainnet"):
        Descriptor.parse(f"wpkh({X}/0/*)", REGTEST)


@pytest.mark.parametrize("text", [text for text, _ in SECRETS])
def test_private_keys_of_every_form_are_refused_before_parsing(text: str) -> None:
    with pytest.raises(DescriptorRefused) as caught:
        Descriptor.parse(text, MAINNET)
    assert text[:12] not in str(caught.value)


@pytest.mark.parametrize(
    "form", ["pkh({}/0/*)", "wpkh([d34db33f/84h/0h/0h]{}/0/*)", "wsh(multi(1,{}/0/*,{}/1/*))", "tr({})"]
)
@pytest.mark.parametrize("letter", "xyzYZtuvUV")
def test_a_private_key_inside_any_descriptor_is_refused(form: str, letter: str) -> None:
    """The library below would derive addresses from it."""
    with pytest.raises(DescriptorRefused, match="private key"):
        Descriptor.parse(form.format(*[letter + XPRV[1:]] * 2), MAINNET)


def test_a_private_key_with_unknown_version_bytes_is_refused_too() -> None:
    with pytest.raises(DescriptorRefused, match="private key"):
        Descriptor.parse(f"wpkh({_as(XPRV, '01020304')}/0/*)", MAINNET)


@pytest.mark.parametrize("index", [-1, 1 << 31])
def test_an_index_outside_the_range_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="outside 0 to 2147483647"):
        Descriptor.parse(f"wpkh({X}/0/*)", MAINNET).script(index)


def test_a_descriptor_without_a_range_has_one_address_only() -> None:
    """Otherwise the same address would be given out again and again."""
    seventh = wally.bip32_key_from_parent_path(
        wally.bip32_key_from_base58(X), [0, 7], wally.BIP32_FLAG_KEY_PUBLIC
    )
    made = Descriptor.parse(f"wpkh({wally.bip32_key_get_pub_key(seventh).hex()})", MAINNET)
    assert made.address(0) == Descriptor.parse(f"wpkh({X}/0/*)", MAINNET).address(7)
    with pytest.raises(ValueError, match="outside 0 to 0"):
        made.address(1)


@given(st.text(max_size=60))
def test_no_short_text_is_a_descriptor(text: str) -> None:
    with pytest.raises(DescriptorRefused, match=r"^descriptor: "):
        Descriptor.parse(text, MAINNET)
