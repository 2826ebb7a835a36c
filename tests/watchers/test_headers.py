"""A header is taken when the rules of its network allow it, and for no other reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.chain import Header
from tests.tools.builders_block import EASY, after, header
from tests.tools.header_lines import FIRST, GENESIS, NOW, line, refusal, regtest
from watchers.proof.headers import HeaderChain, Tip
from watchers.proof.networks import MAINNET, NETWORKS, TESTNET3, Network
from watchers.proof.periods import PeriodTable
from watchers.proof.work import BadBits, bits_of, target_of, work_of

BLOCK_ONE = Header(
    bytes.fromhex(
        "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000"
        "982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"
    )
)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_networks_first_block_has_its_known_hash(network: Network) -> None:
    hashes = {
        "mainnet": "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
        "testnet3": "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
        "testnet4": "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
        "signet": "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
        "regtest": "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
    }
    assert (
        HeaderChain(network, (0, Header(network.genesis_header)), table=None).best().hash
        == hashes[network.name]
    )


def test_mainnets_block_one_is_taken_after_its_first_block() -> None:
    chain = HeaderChain(MAINNET, (0, Header(MAINNET.genesis_header)), table=PeriodTable.load(MAINNET))
    added = chain.add([BLOCK_ONE], now=NOW)
    assert added == Tip(1, BLOCK_ONE.hash, 2 * 4_295_032_833, 1_231_469_665)


def test_a_first_block_of_another_network_is_refused() -> None:
    refusal(lambda: HeaderChain(MAINNET, (0, Header(TESTNET3.genesis_header)), table=None), "hash")


@given(st.integers(1, (1 << 256) - 1))
def test_compact_bits_lose_only_what_rounding_loses(target: int) -> None:
    """Down to three bytes, and the compact form is stable from then on."""
    rounded = target_of(bits_of(target))
    assert rounded <= target
    assert target - rounded < 1 << max(0, target.bit_length() - 15)
    assert bits_of(rounded) == bits_of(target)


@pytest.mark.parametrize("bits", [0, 0x01000000, 0x1D800001, 0x04923456, 0x23000100, 0xFF123456, 0x00123456])
def test_bits_without_a_positive_target_are_refused(bits: int) -> None:
    with pytest.raises(BadBits):
        target_of(bits)


def test_the_work_of_targets_is_that_of_the_network() -> None:
    """One block of difficulty 1 stands for 2^32 hashes and a bit; one of regtest for two."""
    assert (work_of(target_of(0x1D00FFFF)), work_of(target_of(EASY))) == (4_295_032_833, 2)


def test_known_headers_are_passed_over_and_an_empty_list_changes_nothing() -> None:
    chain, made = regtest(), line(GENESIS, 3)
    first = chain.add(made, now=NOW)
    before = len(chain)
    assert (chain.add(made, now=NOW), len(chain)) == (first, before)
    assert chain.add([], now=NOW) == chain.best() == first
    assert len(chain) == 4


def test_a_refused_header_leaves_the_tree_as_it_was() -> None:
    """Though four good ones came before it in the same list."""
    chain, made = regtest(), line(GENESIS, 4)
    before = list(chain.rows())
    bad = after(made[-1], NOW + 7201)
    refusal(lambda: chain.add([*made, bad], now=NOW), "time")
    assert list(chain.rows()) == before
    assert made[0].hash not in chain


def test_a_header_on_an_unknown_parent_is_refused() -> None:
    refusal(lambda: regtest().add([header()], now=NOW), "previous")


def test_a_header_without_proof_of_work_is_refused() -> None:
    good = after(GENESIS, FIRST)
    bad = next(
        made
        for nonce in range(1000)
        if int((made := Header(good.raw[:76] + nonce.to_bytes(4, "little"))).hash, 16) > target_of(EASY)
    )
    refusal(lambda: regtest().add([bad], now=NOW), "hash")


@pytest.mark.parametrize("bits", [0x207FFFFE, 0x1F7FFFFF])
def test_regtest_never_changes_its_target(bits: int) -> None:
    assert "harder" in refusal(lambda: regtest().add([after(GENESIS, FIRST, bits)], now=NOW), "bits")


def test_a_target_above_the_networks_limit_is_refused() -> None:
    """It meets its own target; that proves nothing."""
    easy = after(Header(MAINNET.genesis_header), FIRST, EASY)
    chain = HeaderChain(MAINNET, (0, Header(MAINNET.genesis_header)), table=None)
    assert "easier than mainnet ever allows" in refusal(lambda: chain.add([easy], now=NOW), "bits")


def test_bits_that_stand_for_no_target_are_refused() -> None:
    good = after(GENESIS, FIRST)
    bad = Header(good.raw[:72] + (0x1D800001).to_bytes(4, "little") + good.raw[76:])
    refusal(lambda: regtest().add([bad], now=NOW), "bits")


def test_time_must_be_after_the_median_of_the_eleven_before() -> None:
    """It may go back, but not to the median."""
    chain, made = regtest(), line(GENESIS, 11)
    chain.add(made, now=NOW)
    median = made[5].time
    refusal(lambda: chain.add([after(made[-1], median)], now=NOW), "time")
    assert chain.add([after(made[-1], median + 1)], now=NOW).height == 12


def test_time_must_not_be_more_than_two_hours_ahead_of_our_clock() -> None:
    chain = regtest()
    late = after(GENESIS, FIRST + 7201)
    assert "two hours" in refusal(lambda: chain.add([late], now=FIRST), "time")
    assert chain.add([late], now=FIRST + 1).height == 1
