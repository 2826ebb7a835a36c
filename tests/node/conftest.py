"""Brings the real node to the tests that ask for it, one process for the whole run.
Without a bitcoind they are skipped with one line, and in CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.node.install import HOW, find_bitcoind
from tests.node.knots import Node


@pytest.fixture(scope="session")
def bitcoind_or_skip() -> None:
    """Skips where no bitcoind is found; where CI=true its absence is a failure."""
    if find_bitcoind() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW, pytrace=False)
        pytest.skip(HOW)


@pytest.fixture
def node(bitcoind_or_skip: None) -> Iterator[Node]:
    """A fresh regtest node of its own for one test, stopped and removed afterwards."""
    with Node() as running:
        yield running
