"""Headers added many at once are judged as they are one by one: the same tree, or the same refusal."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.chain import Header
from tests.tools.builders_block import EASY, after
from watchers.proof.headers import HeaderChain, HeaderRefused
from watchers.proof.networks import MAINNET, REGTEST, TESTNET3, Network

GENESIS = Header(REGTEST.genesis_header)
NOW = 1_300_100_000
HARDER = 0x1F7FFFFF
NETWORKS = (
    REGTEST,
    replace(MAINNET, name="easy-main", pow_limit_bits=EASY, genesis_header=GENESIS.raw),
    replace(TESTNET3, name="easy-test", pow_limit_bits=EASY, genesis_header=GENESIS.raw),
)


@cache
def child(parent: Header, time: int, bits: int) -> Header:
    return after(parent, time, bits)


@cache
def older(bits: int) -> tuple[Header, ...]:
    """Eleven headers whose last one is pinned."""
    made = [after(GENESIS, 1_300_000_000, bits)]
    while len(made) < 11:
        made.append(after(made[-1], made[-1].time + 600, bits))
    return tuple(made)


def pinned(network: Network, height: int, bits: int) -> HeaderChain:
    *before, last = older(bits)
    return HeaderChain(network, (height, last), previous=before, table=None)


def added(chain: HeaderChain, batches: list[list[Header]]) -> str | None:
    """The refusal, or None."""
    try:
        for batch in batches:
            chain.add(batch, now=NOW)
    except HeaderRefused as refused:
        return str(refused)
    return None


def state(chain: HeaderChain) -> tuple[object, ...]:
    return list(chain.rows()), chain.tips(), chain.best(), [chain.on_best_chain(t.hash) for t in chain.tips()]


STEPS = st.tuples(
    st.sampled_from([600, 600, 600, 1, 0, -700, -6_000, 1_300, 200_000]),
    st.sampled_from(["bits", "bits", "bits", "bits", "other bits", "no work"]),
    st.integers(0, 20),
)


def branch(steps: list[tuple[int, str, int]], bits: int) -> list[Header]:
    """Each on the one before, or on an earlier one (the last number of a step, when small), some of them wrong."""
    line = [older(bits)[-1]]
    for delta, what, back in steps:
        parent = line[-1 - back] if 0 < back <= 2 and back < len(line) else line[-1]
        own = {"bits": bits, "no work": bits}.get(what, EASY if bits != EASY else HARDER)
        made = child(parent, parent.time + delta, own)
        if what == "no work" and back > 15:
            made = Header(made.raw[:-4] + b"\xff\xff\xff\xff")
        line.append(made)
    return line[1:]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(NETWORKS),
    st.sampled_from([100, 2_010, 2_015]),
    st.sampled_from([EASY, HARDER]),
    st.lists(STEPS, min_size=1, max_size=14),
    st.integers(0, 14),
)
def test_many_at_once_are_judged_as_one_by_one(
    network: Network, height: int, bits: int, steps: list[tuple[int, str, int]], again: int
) -> None:
    """Bits, work, times, links, forks, period ends and headers given twice; a refused batch changes nothing."""
    headers = branch(steps, bits)
    headers += headers[:again]
    whole, single = pinned(network, height, bits), pinned(network, height, bits)
    before = state(whole)
    refusal = added(whole, [headers])
    assert refusal == added(single, [[one] for one in headers])
    assert state(whole) == (before if refusal else state(single))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
@pytest.mark.parametrize("wrong", [3, 12, 19])
def test_a_header_without_work_in_a_long_run_is_refused(network: Network, wrong: int) -> None:
    """Every other rule is kept by it."""
    headers = branch([(600, "bits", 0)] * 20, HARDER)
    stem = headers[wrong].raw[:-4]
    nonces = (Header(stem + nonce.to_bytes(4, "little")) for nonce in range(1 << 16))
    headers[wrong] = next(one for one in nonces if int(one.hash, 16) >> 240 > 0x7F)
    refusal = added(pinned(network, 100, HARDER), [headers])
    assert refusal is not None
    assert refusal.startswith("header.hash")


def test_a_long_run_advances_the_best_chain() -> None:
    """A run of eighteen from a known tip, and its first half known already."""
    headers = branch([(600, "bits", 0)] * 18, EASY)
    chain = pinned(REGTEST, 100, EASY)
    assert chain.add(headers[:9], now=NOW).height == 109
    assert chain.add(headers, now=NOW).height == 118
    assert chain.best().hash == headers[-1].hash
    assert [tip.hash for tip in chain.tips()] == [headers[-1].hash]
    assert chain.ancestor(headers[-1].hash, 101) == headers[0].hash
