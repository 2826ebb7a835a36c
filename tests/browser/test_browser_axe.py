"""axe finds no fault on any public page: WCAG 2.2 AA and good practice, in light and dark."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.browser.install_axe import faults_in
from tests.browser.test_browser_pages import PATHS
from tests.tools import builders_views as built

pytestmark = pytest.mark.browser
PAGES = {
    **PATHS, "words": "/words", "donors": "/donors", "about": "/about", "not shown": "/not-shown",
    "nothing": "/nothing", "receipt": f"/receipt/{built.TXID}:1",
}  # fmt: skip


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
        assert faults_in(tab, axe) == [], name
    context.close()
