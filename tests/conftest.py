"""Options of the whole test run."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=10, help="how often the service is killed while it looks")
    parser.addoption(
        "--cuts", type=int, default=150, help="how often the power is cut while the store writes"
    )
