"""Options of the whole test run, and how many processes share it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.ending import end_all

MOST_WORKERS = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=10, help="how often the service is killed while it looks")
    parser.addoption(
        "--cuts", type=int, default=150, help="how often the power is cut while the store writes"
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process a core, each with whole files; one file alone runs in this process, where nothing has to start."""
    named = [Path(word.partition("::")[0]) for word in config.args]
    if len(named) == 1 and named[0].is_file():
        return 0
    return min(MOST_WORKERS, os.cpu_count() or 1)


def pytest_sessionfinish() -> None:
    end_all()


def skipped_for(reporter: pytest.TerminalReporter, reason: str) -> Iterator[str]:
    """The reason, once, if a test of any process was skipped for it."""
    for report in reporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple) and reason in report.longrepr[2]:
            yield reason
            return
