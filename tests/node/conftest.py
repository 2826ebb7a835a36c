"""Brings the real node, and the real Electrum server, to the tests that ask for them: fresh ones for each.
Without the programs they are skipped and one line says what to install; where CI=true they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import skipped_for
from tests.node import install_electrum
from tests.node.electrum import RealElectrum
from tests.node.install import HOW, find_bitcoind
from tests.node.knots import Node


@pytest.fixture(scope="session")
def bitcoind() -> Path:
    """The node's program; skips where there is none, and fails where CI=true."""
    return _found(find_bitcoind(), HOW)


@pytest.fixture(scope="session")
def electrum_program() -> Path:
    """The Electrum server's program; skips where there is none, and fails where CI=true."""
    return _found(install_electrum.electrum_program(), install_electrum.HOW)


def _found(program: Path | None, how: str) -> Path:
    if program is not None:
        return program
    if os.environ.get("CI") == "true":
        pytest.fail(how, pytrace=False)
    pytest.skip(how)


@pytest.fixture
def node(bitcoind: Path) -> Iterator[Node]:
    """A running regtest node of this test's own, stopped and removed afterwards."""
    with Node(bitcoind) as running:
        yield running


@pytest.fixture
def electrum(node: Node, electrum_program: Path) -> Iterator[RealElectrum]:
    """A running Electrum server of this test's own beside its node."""
    with RealElectrum(electrum_program, node) as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each program; a quiet run shows no reasons for skips by itself."""
    for how in (HOW, install_electrum.HOW):
        for reason in skipped_for(terminalreporter, how):
            terminalreporter.write_line(f"node tests skipped: {reason}")
