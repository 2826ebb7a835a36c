"""axe finds no fault on any public page: WCAG 2.2 AA and good practice, in light and dark."""

from __future__ import annotations

import os
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.browser.install_axe import HOW, axe_file
from tests.browser.test_browser_pages import PATHS
from tests.tools import builders_views as built

pytestmark = pytest.mark.browser
PAGES = {
    **PATHS, "words": "/words", "donors": "/donors", "about": "/about", "not shown": "/not-shown",
    "nothing": "/nothing", "receipt": f"/receipt/{built.TXID}:1",
}  # fmt: skip
_RUN = """
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
  .then(found => [found.passes.length, found.violations.map(v => v.id + ': ' + v.nodes[0].html.slice(0, 200))])
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The script; where it is missing the test is skipped, and fails where CI=true."""
    path = axe_file()
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(HOW, pytrace=False)
        pytest.skip(HOW)
    return path.read_text("utf-8")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_no_page_has_a_fault_that_axe_finds(
    browser: Browser, site: str, axe: str, scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    tab = context.new_page()
    for name, path in PAGES.items():
        tab.goto(site + path)
        tab.evaluate(axe)
        passes, faults = tab.evaluate(_RUN)
        assert passes > 10, "axe has looked at this page"
        assert faults == [], name
    context.close()
