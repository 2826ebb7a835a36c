"""The measurements of watching run whole in a small size, and say what they are said to say."""

from __future__ import annotations

import pytest

from bench import watch, watch_requests
from watchers.look import Watcher


def test_a_look_in_blocks_mode_costs_the_same_for_any_number_of_addresses() -> None:
    """Requests and bytes of one address and of a thousand; `bit` asks twice for each."""
    block = watch_requests.full_block(20, 10_000)
    one, many = (watch_requests.look_cost(Watcher, count, block) for count in (1, 1_000))
    assert one == many
    assert one[1] > 9_000
    assert [watch_requests.bit_cost(count)[0] for count in (1, 3)] == [2, 6]


def test_the_table_has_its_columns_and_says_what_is_carried_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Requests and bytes for each number in each mode; a star where a straight line was drawn."""
    watch.report((("small", lambda: watch_requests.lines((1, 40), 20, 10_000)),))
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["what", "ours", "theirs", "ratio", "aim"]
    rows = [row for row in out if row.startswith(("requests:", "bytes:"))]
    assert len(rows) == 8
    assert [("40 addresses *" in row) for row in rows] == ["40 addresses" in row for row in rows]
