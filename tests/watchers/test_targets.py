"""Targets follow the rules of their network: retargets, late blocks of test networks, and what pins them."""

from __future__ import annotations

from functools import cache

import pytest

from ledger.core.chain import Header
from tests.tools.builders_block import EASY, after, header
from tests.tools.header_lines import BIP94, FIRST, GENESIS, NOW, RETARGETING, TWENTY_MINUTES, line, refusal
from watchers.proof.headers import HeaderChain, HeaderRefused, Tip
from watchers.proof.networks import Network
from watchers.proof.periods import PERIOD, PeriodTable
from watchers.proof.work import bits_of, target_of


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
