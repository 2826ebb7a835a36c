"""Brings a real browser to the tests that ask for it, and pages served by uvicorn on loopback.
Without Chromium they are skipped and one line says what to install; where CI=true they fail."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import ASGIApp

from api.app import create_app
from tests.browser.install_axe import HOW as NO_AXE
from tests.browser.install_axe import axe_file
from tests.conftest import skipped_for
from tests.tools.fakes_api import ports

HOW = "install Chromium: apt-get install chromium fonts-noto-core (or set CHROMIUM to its path)"
SHOTS = Path(__file__).parent / "shots"


def find_chromium() -> Path | None:
    """The browser's program, by CHROMIUM or on PATH."""
    named = os.environ.get("CHROMIUM")
    for name in (named, "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return Path(found)
    return None


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The application on a free port of loopback; gives its base address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    started = threading.Event()
    usual = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await usual(sockets=sockets)
        started.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert started.wait(20), "the server did not start"
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; skips where there is none, and fails where CI=true."""
    program = find_chromium()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW, pytrace=False)
        pytest.skip(HOW)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe; where it is missing the test is skipped, and fails where CI=true."""
    path = axe_file()
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(NO_AXE, pytrace=False)
        pytest.skip(NO_AXE)
    return path.read_text("utf-8")


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Pages of hand-made data on loopback."""
    with served(create_app(ports())) as base:
        yield base


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab without JavaScript, since the pages need none; every request outside loopback fails the test."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    outside: list[str] = []
    tab.on("request", lambda request: None if "//127.0.0.1:" in request.url else outside.append(request.url))
    yield tab
    context.close()
    assert not outside


@pytest.fixture
def shot() -> Callable[[Page, str], Path]:
    """Takes a picture of the whole page into tests/browser/shots, to be looked at."""

    def take(tab: Page, name: str) -> Path:
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}.png"
        tab.screenshot(path=path, full_page=True)
        return path

    return take


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The one line; a quiet run shows no reasons for skips by itself."""
    for reason in skipped_for(terminalreporter, HOW):
        terminalreporter.write_line(f"browser tests skipped: {reason}")
