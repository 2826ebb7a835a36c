"""Brings the real node to the tests that ask for it: a fresh one for each.
Without a bitcoind they are skipped and one line says what to install; where CI=true they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.install import HOW, find_bitcoind
from tests.node.knots import Node

_MISSING = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def bitcoind(request: pytest.FixtureRequest) -> Path:
    """The node's program; skips where there is none, and fails where CI=true."""
    found = find_bitcoind()
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(HOW, pytrace=False)
    request.config.stash[_MISSING] = True
    pytest.skip(HOW)


@pytest.fixture
def node(bitcoind: Path) -> Iterator[Node]:
    """A running regtest node of this test's own, stopped and removed afterwards."""
    with Node(bitcoind) as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The one line; a quiet run shows no reasons for skips by itself."""
    if config.stash.get(_MISSING, False):
        terminalreporter.write_line(f"node tests skipped: {HOW}")
