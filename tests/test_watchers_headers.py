"""The header tree takes what the rules of its network allow, nothing else, and always knows the most work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain import Header
from tests.builders_block import EASY, after, header
from watchers.headers import HeaderChain, HeaderRefused, Tip
from watchers.networks import MAINNET, NETWORKS, REGTEST, TESTNET3, Network
from watchers.periods import PERIOD, PeriodTable
from watchers.work import BadBits, bits_of, target_of, work_of

NOW = 2_000_000_000
GENESIS = Header(REGTEST.genesis_header)
FIRST = 1_300_000_000
BLOCK_ONE = Header(
    bytes.fromhex(
        "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000"
        "982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"
    )
)

# Networks that nobody runs: real rules over an easy proof of work, so that tests can mine whole periods.
RETARGETING = replace(MAINNET, name="easy-main", pow_limit_bits=EASY, genesis_header=GENESIS.raw)
TWENTY_MINUTES = replace(TESTNET3, name="easy-test", pow_limit_bits=EASY, genesis_header=GENESIS.raw)
BIP94 = replace(TWENTY_MINUTES, name="easy-test4", bip94=True)


def regtest() -> HeaderChain:
    return HeaderChain(REGTEST, (0, GENESIS), table=None)


def line(
    parent: Header, count: int, *, start: int = FIRST, step: int = 600, bits: int = EASY
) -> list[Header]:
    made = []
    for index in range(count):
        parent = after(parent, start + index * step, bits)
        made.append(parent)
    return made


def refusal(act: Callable[[], object], field: str) -> str:
    with pytest.raises(HeaderRefused) as caught:
        act()
    assert caught.value.field == field
    return caught.value.sentence


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


@cache
def period(step: int) -> tuple[Header, ...]:
    """The first 2,015 headers after the first block, `step` seconds apart."""
    return tuple(line(GENESIS, PERIOD - 1, start=GENESIS.time + step, step=step))


def expected(span: int, bits: int = EASY) -> int:
    """The retarget rule written down once more, on its own."""
    fortnight = 1_209_600
    span = max(fortnight // 4, min(fortnight * 4, span))
    return bits_of(min(target_of(bits) * span // fortnight, target_of(EASY)))


@pytest.mark.parametrize("step", [60, 400, 550])
def test_after_2016_blocks_the_target_follows_the_time_they_took(step: int) -> None:
    """Clamped to a quarter; one bit off is refused."""
    made = period(step)
    chain = HeaderChain(RETARGETING, (0, GENESIS), table=None)
    chain.add(made, now=NOW)
    bits = expected(made[-1].time - GENESIS.time)
    assert bits < EASY
    time = made[-1].time + step
    assert "easier" in refusal(lambda: chain.add([after(made[-1], time, bits + 1)], now=NOW), "bits")
    assert "harder" in refusal(lambda: chain.add([after(made[-1], time, bits - 1)], now=NOW), "bits")
    assert "easier" in refusal(lambda: chain.add([after(made[-1], time)], now=NOW), "bits")
    tip = chain.add([after(made[-1], time, bits)], now=NOW)
    assert tip.height == PERIOD
    assert "easier" in refusal(
        lambda: chain.add([after(chain_header(chain, tip), time + 1)], now=NOW), "bits"
    )


def chain_header(chain: HeaderChain, tip: Tip) -> Header:
    found = chain.header(tip.hash)
    assert found is not None
    return found


def test_a_slow_period_never_makes_the_target_easier_than_the_limit() -> None:
    made = period(2400)
    chain = HeaderChain(RETARGETING, (0, GENESIS), table=None)
    chain.add(made, now=NOW)
    assert chain.add([after(made[-1], made[-1].time + 600)], now=NOW).height == PERIOD


def test_a_slow_period_after_a_hard_one_eases_by_four_at_most() -> None:
    """A checkpoint at a period's start, of a quarter of a quarter of the limit's target."""
    bits = bits_of(target_of(EASY) // 64)
    base = header(time=FIRST, bits=bits)
    made = line(base, PERIOD - 1, start=FIRST + 6000, step=6000, bits=bits)
    chain = HeaderChain(RETARGETING, (PERIOD, base), table=None)
    chain.add(made, now=NOW)
    easier = bits_of(target_of(bits) * 4)
    top = made[-1].time + 600
    assert "easier" in refusal(lambda: chain.add([after(made[-1], top, easier + 1)], now=NOW), "bits")
    assert chain.add([after(made[-1], top, easier)], now=NOW).height == 2 * PERIOD


def test_a_retarget_whose_period_start_is_unknown_is_refused_with_the_remedy() -> None:
    """Unless the headers before the checkpoint are given, or the table reaches there."""
    made = period(550)
    bits = expected(made[-1].time - GENESIS.time)
    boundary = after(made[-1], made[-1].time + 550, bits)
    bare = HeaderChain(RETARGETING, (PERIOD - 1, made[-1]), table=None)
    assert "give the headers from height 0" in refusal(lambda: bare.add([boundary], now=NOW), "bits")
    informed = HeaderChain(RETARGETING, (PERIOD - 1, made[-1]), previous=[GENESIS, *made[:-1]], table=None)
    assert informed.add([boundary], now=NOW).height == PERIOD
    table = PeriodTable("easy-main", EASY, (made[-1].hash,), (bits,))
    pinned = HeaderChain(RETARGETING, (PERIOD - 1, made[-1]), table=table)
    assert pinned.add([boundary], now=NOW).height == PERIOD


def test_a_header_that_is_not_the_one_that_the_table_names_is_refused() -> None:
    """However much work stands behind it: the table pins the last block of each period."""
    made = period(550)
    table = PeriodTable("easy-main", EASY, ("11" * 32,), (EASY,))
    chain = HeaderChain(RETARGETING, (0, GENESIS), table=table)
    chain.add(made[:-1], now=NOW)
    assert "table" in refusal(lambda: chain.add([made[-1]], now=NOW), "hash")
    with pytest.raises(HeaderRefused, match="table"):
        HeaderChain(RETARGETING, (PERIOD - 1, made[-1]), table=table)


HARD = bits_of(target_of(EASY) // 4)


def hard_test_chain(network: Network = TWENTY_MINUTES) -> tuple[HeaderChain, Header]:
    base = header(time=FIRST, bits=HARD)
    return HeaderChain(network, (PERIOD, base), table=None), base


def test_on_testnet_a_block_more_than_20_minutes_late_uses_the_limit() -> None:
    """And must use it; one in time must not."""
    chain, base = hard_test_chain()
    assert "harder" in refusal(lambda: chain.add([after(base, FIRST + 1201, HARD)], now=NOW), "bits")
    assert "easier" in refusal(lambda: chain.add([after(base, FIRST + 1200, EASY)], now=NOW), "bits")
    assert chain.add([after(base, FIRST + 1201, EASY)], now=NOW).height == PERIOD + 1
    assert chain.add([after(base, FIRST + 1200, HARD)], now=NOW).height == PERIOD + 1


def test_on_testnet_the_target_comes_back_after_late_blocks() -> None:
    """The last one of the period that is not at the limit rules again."""
    chain, base = hard_test_chain()
    late = after(base, FIRST + 1201, EASY)
    later = after(late, FIRST + 2500, EASY)
    chain.add([late, later], now=NOW)
    assert "easier" in refusal(lambda: chain.add([after(later, FIRST + 2600, EASY)], now=NOW), "bits")
    assert chain.add([after(later, FIRST + 2600, HARD)], now=NOW).height == PERIOD + 3


def test_on_testnet_the_search_for_the_target_ends_at_the_periods_start() -> None:
    """A period whose first block is at the limit stays there."""
    base = header(time=FIRST, bits=EASY)
    chain = HeaderChain(TWENTY_MINUTES, (PERIOD, base), table=None)
    assert chain.add([after(base, FIRST + 600, EASY)], now=NOW).height == PERIOD + 1


def test_on_testnet_a_search_that_runs_below_the_checkpoint_is_refused_with_the_remedy() -> None:
    base = header(time=FIRST, bits=EASY)
    chain = HeaderChain(TWENTY_MINUTES, (PERIOD + 5, base), table=None)
    sentence = refusal(lambda: chain.add([after(base, FIRST + 600, EASY)], now=NOW), "bits")
    assert f"from height {PERIOD} on" in sentence


@pytest.mark.parametrize("network", [TWENTY_MINUTES, BIP94])
def test_at_a_retarget_testnet3_starts_from_the_last_block_and_testnet4_from_the_first(
    network: Network,
) -> None:
    """So on testnet3 one late block at a period's end throws the difficulty away; BIP 94 ends that."""
    chain, base = hard_test_chain(network)
    made = line(base, PERIOD - 2, start=FIRST + 600, bits=HARD)
    late = after(made[-1], made[-1].time + 1201, EASY)
    chain.add([*made, late], now=NOW)
    start = HARD if network.bip94 else EASY
    bits = expected(late.time - FIRST, start)
    other = expected(late.time - FIRST, EASY if network.bip94 else HARD)
    assert bits != other
    refusal(lambda: chain.add([after(late, late.time + 600, other)], now=NOW), "bits")
    assert chain.add([after(late, late.time + 600, bits)], now=NOW).height == 2 * PERIOD


def test_bip_94_refuses_a_new_period_that_goes_back_by_more_than_ten_minutes() -> None:
    chain, base = hard_test_chain(BIP94)
    made = line(base, PERIOD - 1, start=FIRST + 600, bits=HARD)
    chain.add(made, now=NOW)
    bits = expected(made[-1].time - FIRST, HARD)
    assert "BIP 94" in refusal(
        lambda: chain.add([after(made[-1], made[-1].time - 601, bits)], now=NOW), "time"
    )
    assert chain.add([after(made[-1], made[-1].time - 600, bits)], now=NOW).height == 2 * PERIOD


def test_most_work_wins_and_not_most_blocks() -> None:
    """Three easy late blocks weigh less than one in time."""
    chain, base = hard_test_chain()
    easy = [after(base, FIRST + 1201, EASY)]
    for _ in range(2):
        easy.append(after(easy[-1], easy[-1].time + 1201, EASY))
    hard = after(base, FIRST + 600, HARD)
    chain.add(easy, now=NOW)
    assert chain.best().hash == easy[-1].hash
    chain.add([hard], now=NOW)
    assert chain.best().hash == hard.hash
    assert [tip.hash for tip in chain.tips()] == [hard.hash, easy[-1].hash]


def test_of_equal_work_the_first_seen_stays_best() -> None:
    chain = regtest()
    a, b = after(GENESIS, FIRST), after(GENESIS, FIRST + 1)
    chain.add([a], now=NOW)
    chain.add([b], now=NOW)
    assert chain.best().hash == a.hash
    c = after(b, FIRST + 2)
    chain.add([c], now=NOW)
    assert chain.best().hash == c.hash
    assert chain.fork(a.hash, c.hash) == GENESIS.hash
    assert chain.path(GENESIS.hash, c.hash) == [b.hash, c.hash]
    assert not chain.on_best_chain(a.hash)


def test_a_fork_below_the_checkpoint_is_refused() -> None:
    made = line(GENESIS, 5)
    chain = HeaderChain(REGTEST, (5, made[4]), previous=made[:4], table=None)
    assert "below the pinned checkpoint" in refusal(
        lambda: chain.add([after(made[2], FIRST + 9999)], now=NOW), "previous"
    )


def test_headers_before_the_checkpoint_must_lead_to_it() -> None:
    made = line(GENESIS, 5)
    refusal(lambda: HeaderChain(REGTEST, (5, made[4]), previous=made[:3], table=None), "previous")
    refusal(lambda: HeaderChain(REGTEST, (2, made[4]), previous=made[:4], table=None), "height")


def test_what_is_unknown_is_refused_or_none() -> None:
    chain = regtest()
    assert (chain.header("00" * 32), chain.height("00" * 32)) == (None, None)
    assert "00" * 32 not in chain
    for ask in (
        lambda: chain.work("00" * 32),
        lambda: chain.tip("00" * 32),
        lambda: chain.ancestor("00" * 32, 0),
        lambda: chain.fork("00" * 32, GENESIS.hash),
        lambda: chain.path(GENESIS.hash, "00" * 32),
    ):
        refusal(ask, "hash")
    refusal(lambda: chain.ancestor(GENESIS.hash, 1), "height")


def test_there_is_no_path_from_what_is_no_ancestor() -> None:
    chain = regtest()
    a, b = after(GENESIS, FIRST), after(GENESIS, FIRST + 1)
    chain.add([a, b], now=NOW)
    refusal(lambda: chain.path(a.hash, b.hash), "previous")
    assert chain.path(a.hash, a.hash) == []


@cache
def child(parent: Header, label: int) -> Header:
    return after(parent, max(parent.time, FIRST) + 1 + label)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 1)), max_size=30), st.data())
def test_any_tree_answers_as_a_plain_model_of_it_and_is_restored_as_it_was(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Best tip, leaves, ancestors, forks and paths, in any shape of branches."""
    chain, known, parents = regtest(), [GENESIS], {GENESIS.hash: ""}
    heights, best = {GENESIS.hash: 0}, GENESIS.hash
    for at, label in steps:
        parent = known[at % len(known)]
        made = child(parent, label)
        chain.add([made], now=NOW)
        if made.hash in parents:
            continue
        known.append(made)
        parents[made.hash], heights[made.hash] = parent.hash, heights[parent.hash] + 1
        if heights[made.hash] > heights[best]:
            best = made.hash

    def down(name: str) -> list[str]:
        return [name, *down(parents[name])] if name else []

    again = HeaderChain.restore(REGTEST, chain.rows(), None)
    for tree in (chain, again):
        assert tree.best().hash == best
        assert {tip.hash for tip in tree.tips()} == set(parents) - set(parents.values())
        a, b = (data.draw(st.sampled_from(known)).hash for _ in range(2))
        shared = next(name for name in down(a) if name in down(b))
        assert tree.fork(a, b) == shared
        assert tree.path(shared, a) == down(a)[: heights[a] - heights[shared]][::-1]
        height = data.draw(st.integers(0, heights[a]))
        assert tree.ancestor(a, height) == down(a)[heights[a] - height]
        assert tree.on_best_chain(a) == (a in down(best))
        assert (tree.height(a), tree.work(a)) == (heights[a], 2 * (heights[a] + 1))
    assert list(again.rows()) == list(chain.rows())
    assert again.tips() == chain.tips()


def test_a_restored_tree_keeps_its_checkpoint_and_refuses_damaged_rows() -> None:
    made = line(GENESIS, 6)
    chain = HeaderChain(REGTEST, (4, made[3]), previous=made[1:3], table=None)
    chain.add(made[4:], now=NOW)
    again = HeaderChain.restore(REGTEST, chain.rows(), None, checkpoint_height=4)
    assert again.best() == chain.best()
    refusal(lambda: again.add([after(made[2], FIRST + 9999)], now=NOW), "previous")
    rows = list(chain.rows())
    refusal(lambda: HeaderChain.restore(REGTEST, [], None), "height")
    refusal(lambda: HeaderChain.restore(REGTEST, [rows[0], rows[2]], None), "previous")
    refusal(lambda: HeaderChain.restore(REGTEST, [rows[0], (9, rows[1][1])], None), "previous")
