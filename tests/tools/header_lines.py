"""Lines of headers with an easy proof of work, and networks that nobody runs, whose whole periods tests can mine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.core.chain import Header
from tests.tools.builders_block import EASY, after
from watchers.proof.headers import HeaderChain, HeaderRefused
from watchers.proof.networks import MAINNET, REGTEST, TESTNET3

NOW = 2_000_000_000
GENESIS = Header(REGTEST.genesis_header)
FIRST = 1_300_000_000
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
    assert caught.value.field == f"header.{field}"
    return str(caught.value.reason)
