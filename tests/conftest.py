"""Options of the whole test run, and how many processes share it."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

from tests.tools.compiled_once import share_compiled
from tests.tools.drawn import SEED
from tests.tools.ending import end_all
from tests.tools.store_places import BOTH, USUAL, dropped_afterwards, usual, usually
from tests.tools.unsynced import durable, wait_for_no_disk

MOST_WORKERS = 4
LONGEST = (
    "bench/test_short.py",
    "ledger/test_every_kind.py",
    "service/test_kill_desk.py",
    "service/test_commands.py",
    "node/test_real_node.py",
    "node/test_real_conformance.py",
    "node/test_node_recording.py",
    "node/test_real_kills.py",
    "service/test_kill_nine.py",
    "service/test_demo_plan_in_ledger.py",
    "browser/test_browser_forms.py",
    "ledger/test_days.py",
    "ledger/test_machine.py",
    "ledger/test_kept_figures.py",
    "ledger/test_restricted_paths.py",
    "api/test_ledger.py",
    "api/test_conformance.py",
    "api/test_moments.py",
    "watchers/test_sources_mutations.py",
    "watchers/test_life.py",
)
"""Files whose tests take tens of seconds, and more together than those of others."""
COLLECTED = (20_000, 20, 20)
"""How many objects more than were given back, and how often of that, before cycles are looked for: young, old, all."""

share_compiled()
wait_for_no_disk()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=10, help="how often the service is killed while it looks")
    parser.addoption(
        "--cuts", type=int, default=150, help="how often the power is cut while the store writes"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """At the end: a quiet run, as all are unless asked otherwise, prints no header."""
    terminalreporter.write_line(f"drawn by AIDTRAIL_SEED={SEED}")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process more than cores, each with whole files: tests of real nodes and servers wait more than they compute.

    One file alone runs in this process, where nothing has to start.
    """
    named = [Path(word.partition("::")[0]) for word in config.args]
    if len(named) == 1 and named[0].is_file():
        return 0
    return min(MOST_WORKERS, (os.cpu_count() or 1) + 1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each plain test of a file that is `on_both` runs twice; stories told by chance are told to SQLite."""
    on_both = metafunc.definition.get_closest_marker("on_both") is not None
    if on_both and USUAL == "sqlite" and not is_hypothesis_test(metafunc.function):
        metafunc.parametrize("usual_database", BOTH, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The files that take longest are begun first, then those of most tests: no process ends minutes after the others.

    What PostgreSQL does otherwise, plain tests find: where all run on it, stories told by chance are left out.
    """
    tests = Counter(item.path for item in items)
    first = {str(config.rootpath / "tests" / name): n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (first.get(str(item.path), len(first)), -tests[item.path], str(item.path)))
    if USUAL == "sqlite":
        return
    by_chance = [item for item in items if is_hypothesis_test(getattr(item, "obj", None))]
    config.hook.pytest_deselected(items=by_chance)
    items[:] = [item for item in items if item not in by_chance]


@pytest.fixture(scope="module", autouse=True)
def usual_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of database that a test takes which names none; a fixture of a module that makes one asks for it."""
    with usually(getattr(request, "param", USUAL)):
        yield usual()


@pytest.fixture(scope="module", autouse=True)
def waits_for_the_disk(request: pytest.FixtureRequest) -> Iterator[None]:
    """Only in a file that is `durable`."""
    with durable(request.node.get_closest_marker("durable") is not None):
        yield


@pytest.fixture(autouse=True)
def databases_end_with_their_test(usual_database: str) -> Iterator[None]:
    with dropped_afterwards():
        yield


def pytest_collection_finish() -> None:
    """What all tests share stays to the end: looking for cycles in it again and again was a tenth of what they cost."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def pytest_sessionfinish() -> None:
    end_all()


def skipped_for(reporter: pytest.TerminalReporter, reason: str) -> Iterator[str]:
    """The reason, once, if a test of any process was skipped for it."""
    for report in reporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple) and reason in report.longrepr[2]:
            yield reason
            return
