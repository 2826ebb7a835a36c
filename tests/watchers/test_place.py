"""A lone block is placed in the chain only by hash; its own word on its height is a claim and no more."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ledger.core.chain import Header
from tests.tools.builders_block import EASY, after, header, mainnet_block
from watchers.proof.block import parse_block
from watchers.proof.headers import HeaderChain, HeaderRefused
from watchers.proof.networks import MAINNET, REGTEST
from watchers.proof.periods import PERIOD, PeriodTable
from watchers.proof.place import BesideChain, Bound, ConnectedBy, OnChain, WorkOnly, place_of
from watchers.proof.work import bits_of, target_of, work_of

TABLE = PeriodTable.load(MAINNET)
REAL = parse_block(mainnet_block()).header
FIRST = 1_600_000_000
EASY_MAIN = replace(MAINNET, name="easy-main", pow_limit_bits=EASY)


def easy_table(*hashes: str, bits: int) -> PeriodTable:
    return PeriodTable("easy-main", EASY, hashes, (bits,) * len(hashes))


def test_the_real_block_alone_shows_its_work_and_not_its_place() -> None:
    """Its height 702,861 is what its coinbase claims; its target is that of the claimed period."""
    place = place_of(REAL, 702_861, MAINNET, TABLE)
    assert place == WorkOnly(702_861, work_of(target_of(REAL.bits)), Bound.PERIOD)
    assert place.work > 10**22


@pytest.mark.parametrize(
    ("height", "how"), [(702_861 + PERIOD, "easier|harder"), (690_000, "easier|harder"), (1, "harder")]
)
def test_a_header_of_another_target_than_its_claimed_period_is_refused(height: int, how: str) -> None:
    with pytest.raises(HeaderRefused, match=how):
        place_of(REAL, height, MAINNET, TABLE)


def test_a_header_easier_than_its_claimed_period_is_refused() -> None:
    """It meets its own target, and even the network's limit."""
    table = easy_table("11" * 32, bits=bits_of(target_of(EASY) // 4))
    with pytest.raises(HeaderRefused, match=re.escape(f"{EASY:08x} is easier")):
        place_of(header(), PERIOD + 5, EASY_MAIN, table)


def test_beyond_the_table_a_target_may_ease_fourfold_each_period_and_no_more() -> None:
    hard = bits_of(target_of(EASY) // 4**3)
    table = easy_table("11" * 32, bits=hard)
    forged = header(bits=bits_of(target_of(hard) * 4**3))
    for height in (2 * PERIOD, 4 * PERIOD - 1):
        with pytest.raises(HeaderRefused, match="easier than"):
            place_of(forged, height, EASY_MAIN, table)
    assert place_of(forged, 4 * PERIOD, EASY_MAIN, table) == WorkOnly(4 * PERIOD, 2, Bound.RETARGETS)


def test_a_header_easier_than_the_network_ever_allows_is_refused() -> None:
    with pytest.raises(HeaderRefused, match="ever allows"):
        place_of(header(), None, MAINNET, TABLE)


def test_a_header_without_its_proof_of_work_is_refused() -> None:
    changed = Header(REAL.raw[:-1] + bytes([REAL.raw[-1] ^ 1]))
    with pytest.raises(HeaderRefused, match="no proof of work"):
        place_of(changed, 702_861, MAINNET, TABLE)


def test_bits_that_stand_for_no_target_are_refused() -> None:
    with pytest.raises(HeaderRefused, match="bits"):
        place_of(Header(REAL.raw[:72] + bytes(4) + REAL.raw[76:]), 702_861, MAINNET, TABLE)


def test_a_block_that_claims_no_height_is_held_against_the_networks_limit_only() -> None:
    assert place_of(REAL, None, MAINNET, TABLE) == WorkOnly(
        None, work_of(target_of(REAL.bits)), Bound.NETWORK
    )


def test_a_regtest_block_is_held_against_the_networks_limit_only() -> None:
    assert place_of(header(), 5, REGTEST, None) == WorkOnly(5, 2, Bound.NETWORK)


def test_a_hash_that_the_table_names_shows_its_place() -> None:
    pinned = header()
    table = easy_table(pinned.hash, bits=EASY)
    assert place_of(pinned, PERIOD - 1, EASY_MAIN, table) == OnChain(PERIOD - 1, ConnectedBy.TABLE, 2)


def test_the_block_after_one_that_the_table_names_shows_its_place() -> None:
    """If it has the target of that period; an easier one is held against it and refused."""
    pinned = header()
    following = after(pinned, FIRST)
    table = easy_table(pinned.hash, bits=EASY)
    assert place_of(following, PERIOD, EASY_MAIN, table) == OnChain(PERIOD, ConnectedBy.TABLE, 2)
    harder = easy_table(pinned.hash, bits=bits_of(target_of(EASY) // 4))
    with pytest.raises(HeaderRefused, match="easier"):
        place_of(following, PERIOD, EASY_MAIN, harder)


def known() -> tuple[HeaderChain, list[Header]]:
    chain = HeaderChain(REGTEST, (0, Header(REGTEST.genesis_header)), table=None)
    one = after(Header(REGTEST.genesis_header), FIRST)
    two, beside = after(one, FIRST + 1), after(one, FIRST + 2)
    chain.add([one, two, after(two, FIRST + 3), beside], now=FIRST)
    return chain, [one, two, beside]


def test_a_block_on_our_best_chain_has_its_height_from_there() -> None:
    chain, (_, two, _) = known()
    assert place_of(two, 2, REGTEST, None, chain) == OnChain(2, ConnectedBy.HEADERS, 2)


def test_a_block_on_a_branch_that_lost_is_said_to_be_beside_the_chain() -> None:
    chain, (_, _, beside) = known()
    assert place_of(beside, 2, REGTEST, None, chain) == BesideChain(2, chain.best().hash, 2)


def test_the_next_block_after_our_tip_shows_its_place_and_is_not_added() -> None:
    chain, _ = known()
    tip = chain.header(chain.best().hash)
    assert tip is not None
    following = after(tip, FIRST + 9)
    assert place_of(following, 4, REGTEST, None, chain) == OnChain(4, ConnectedBy.HEADERS, 2)
    assert following.hash not in chain
    with pytest.raises(HeaderRefused, match="median"):
        place_of(after(tip, FIRST + 1), 4, REGTEST, None, chain)


def test_a_block_unknown_to_our_headers_has_no_place() -> None:
    chain, _ = known()
    assert place_of(header(time=FIRST + 77), 2, REGTEST, None, chain) == WorkOnly(2, 2, Bound.NETWORK)


def test_a_claim_that_contradicts_the_place_of_the_hash_is_refused() -> None:
    """Since BIP 34 is enforced; a real mainnet block can only tell its own height."""
    pinned = header()
    table = easy_table(pinned.hash, bits=EASY)
    with pytest.raises(HeaderRefused, match="claims 7"):
        place_of(pinned, 7, EASY_MAIN, table)
    early = header(time=1_300_000_000)
    assert place_of(early, 7, EASY_MAIN, easy_table(early.hash, bits=EASY)) == OnChain(
        2015, ConnectedBy.TABLE, 2
    )
