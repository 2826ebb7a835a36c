"""The shipped table of periods says what mainnet's chain says, and a damaged one is refused."""

from __future__ import annotations

import pytest

from tests.tools.builders_block import mainnet_block
from watchers.proof.block import parse_block
from watchers.proof.networks import MAINNET, NETWORKS
from watchers.proof.periods import PERIOD, PeriodTable, TableRefused
from watchers.proof.work import target_of

A, B = "00" * 31 + "01", "00" * 31 + "02"


def table() -> PeriodTable:
    shipped = PeriodTable.load(MAINNET)
    assert shipped is not None
    return shipped


@pytest.mark.parametrize(
    ("height", "bits"),
    [(0, 0x1D00FFFF), (32_255, 0x1D00FFFF), (32_256, 0x1D00D86A), (34_271, 0x1D00D86A)],
)
def test_the_targets_are_those_of_the_first_retarget_in_history(height: int, bits: int) -> None:
    """Difficulty rose for the first time at block 32,256, on 30 December 2009."""
    assert table().target(height) == target_of(bits)


def test_a_real_block_has_the_target_that_the_table_says_for_its_height() -> None:
    block = parse_block(mainnet_block())
    assert table().target(702_861) == target_of(block.header.bits)


def test_the_table_ends_one_period_after_its_last_hash() -> None:
    """The target of the period that follows is known, its blocks are not."""
    last = table().last_height
    assert (last + 1) % PERIOD == 0
    assert table().target(last + PERIOD) is not None
    assert table().target(last + PERIOD + 1) is None
    assert table().target(-1) is None


def test_only_the_last_block_of_a_period_has_a_hash() -> None:
    first = table().hash_at(2015)
    assert first == "00000000693067b0e6b440bc51450b9f3850561b07f6d3c021c54fbd6abb9763"
    assert table().height_of(first) == 2015
    assert (table().hash_at(2014), table().hash_at(2016), table().hash_at(-1)) == (None, None, None)
    assert table().hash_at(table().last_height + PERIOD) is None
    assert table().height_of("00" * 32) is None


@pytest.mark.parametrize("network", NETWORKS)
def test_only_mainnet_ships_a_table(network: object) -> None:
    loaded = PeriodTable.load(network)  # type: ignore[arg-type]
    assert (loaded is not None) == (network == MAINNET)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{A}", "not a hash"),
        (f"{A[:-1]} 1d00ffff", "not a hash"),
        (f"{A} 1d00fff", "not a hash"),
        (f"{A} xyzxyzxy", "line 1"),
        (f"{A} 00000000", "zero"),
        (f"{'ff' * 32} 1d00ffff", "does not meet"),
        (f"{A} 1d01ffff", "fourfold"),
        (f"# a comment\n{A} 1d00ffff\n\n{B} 1c00ffff", "line 4.*fourfold"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(TableRefused, match=says):
        PeriodTable.parse(MAINNET, text)
