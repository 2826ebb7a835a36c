"""Brings the real node, and the real Electrum server, to the tests that ask for them: fresh ones for each.
Without the programs they are skipped and one line says what to install; where CI=true they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node import install_electrum
from tests.node.electrum import RealElectrum
from tests.node.install import HOW, find_bitcoind
from tests.node.knots import Node

_MISSING = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def bitcoind(request: pytest.FixtureRequest) -> Path:
    """The node's program; skips where there is none, and fails where CI=true."""
    return _found(find_bitcoind(), HOW, request.config)


@pytest.fixture(scope="session")
def electrum_program(request: pytest.FixtureRequest) -> Path:
    """The Electrum server's program; skips where there is none, and fails where CI=true."""
    return _found(install_electrum.electrum_program(), install_electrum.HOW, request.config)


def _found(program: Path | None, how: str, config: pytest.Config) -> Path:
    if program is not None:
        return program
    if os.environ.get("CI") == "true":
        pytest.fail(how, pytrace=False)
    config.stash.setdefault(_MISSING, []).append(how)
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A line for each program; a quiet run shows no reasons for skips by itself."""
    missing: list[str] = config.stash.get(_MISSING, [])
    for how in dict.fromkeys(missing):
        terminalreporter.write_line(f"node tests skipped: {how}")
