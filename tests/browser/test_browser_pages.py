"""Real pages in a real browser, without JavaScript: nothing spills over, the right drawing shows, the form finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from api.app import create_app
from ledger.views.trail import DonationStatus
from tests.browser.conftest import served
from tests.tools import builders_views as built
from tests.tools.fakes_api import FakeStore, FakeViews, ports

pytestmark = pytest.mark.browser
PATHS = {
    "home": "/",
    "campaign": f"/c/{built.SLUG}",
    "accounts": f"/c/{built.SLUG}/accounts",
    "empty": "/c/new",
    "broken": "/c/broken",
    "donation": f"/d/{built.TXID}:1",
    "seen": "/d/seen",
    "unknown": "/d/3f9ac21",
    "several": f"/d/{built.story_trail().address}",
    "docs": "/docs",
    "document": "/docs/coordinators",
}


@pytest.mark.parametrize("width", [320, 360, 800, 1280])
def test_no_page_spills_over(browser: Browser, site: str, width: int) -> None:
    """Nothing is wider than the screen but the boxes that scroll."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    for name, path in PATHS.items():
        tab.goto(site + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
    tab.close()


@pytest.mark.parametrize(("width", "seen", "hidden"), [(360, "tall", "wide"), (1280, "wide", "tall")])
def test_one_drawing_shows(page: Page, site: str, width: int, seen: str, hidden: str) -> None:
    """The vertical picture on a phone, the horizontal one from 64 rem."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site + PATHS["campaign"])
    assert page.locator(f"svg.{seen}").is_visible()
    assert not page.locator(f"svg.{hidden}").is_visible()


@pytest.mark.parametrize(("width", "kind"), [(360, "tall"), (1280, "wide")])
@pytest.mark.parametrize("name", ["campaign", "donation"])
def test_words_of_the_picture_keep_apart(
    browser: Browser, site: str, name: str, width: int, kind: str
) -> None:
    """As the browser's own font sets them, no two words overlap and none leaves the view box."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(site + PATHS[name])
    clashes = tab.evaluate(
        """kind => {
          const svg = document.querySelector('svg.' + kind), box = svg.viewBox.baseVal;
          const all = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBBox()]);
          const bad = all.filter(([, b]) => b.x < -1 || b.x + b.width > box.width + 1).map(([t]) => t);
          for (let i = 0; i < all.length; i++) for (let j = i + 1; j < all.length; j++) {
            const [s, a] = all[i], [t, b] = all[j];
            const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
            const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
            if (w > 1 && h > 7) bad.push(s + ' / ' + t);
          }
          return bad;
        }""",
        kind,
    )
    assert clashes == []
    tab.close()


def test_a_donor_finds_the_donation_by_the_form(page: Page, site: str) -> None:
    """From the list of campaigns to the sentence, with the keyboard and without a script."""
    page.goto(site)
    page.get_by_label("Find my donation").fill(f"{built.TXID}:1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/d/{built.TXID}:1")
    assert page.locator("h1").inner_text().startswith("Your 0.01 BTC paid for 37 masks")


def test_the_picture_opens_as_a_table(page: Page, site: str) -> None:
    """The same figures without the picture, one press away."""
    page.goto(site + PATHS["donation"])
    page.get_by_text("The same as a table").click()
    assert page.get_by_role("row", name="Ghana 30 22,000").is_visible()


def test_every_page_has_one_heading_and_names_its_parts(page: Page, site: str) -> None:
    """One h1, one main, a language, and a name for every picture and field."""
    for name, path in PATHS.items():
        page.goto(site + path)
        assert page.locator("h1").count() == 1, name
        assert page.locator("main").count() == 1, name
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("svg[role=img]:not([aria-labelledby])").count() == 0, name
        assert page.get_by_role("textbox").count() == page.get_by_label("Find my donation").count(), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["campaign", "donation"])
def test_pictures_are_taken_to_be_looked_at(
    browser: Browser,
    site: str,
    shot: Callable[[Page, str], Path],
    name: str,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    """The whole page in light and dark, on a phone and a desk; it is painted in the paper's colour."""
    tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab.goto(site + PATHS[name])
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 23)"}[scheme]
    assert shot(tab, f"{name}-{width}-{scheme}").stat().st_size > 10_000
    tab.close()


def test_a_page_that_waits_is_loaded_anew_when_something_was_recorded(browser: Browser) -> None:
    """By one script of this site, under a policy that allows no other."""
    made = ports()
    assert isinstance(made.views, FakeViews)
    assert isinstance(made.store, FakeStore)
    trail = made.views.trails["seen"][0]
    with served(create_app(made)) as base:
        tab = browser.new_page()
        faults: list[str] = []
        tab.on("console", lambda told: faults.append(told.text))
        with tab.expect_request("**/d/live/seen?since=*"):
            tab.goto(f"{base}/d/seen")
        made.views.trails["seen"] = [built.waiting_trail(DonationStatus.CONFIRMED)]
        made.store.reading.counted[trail.campaign] = 1
        made.store.writes += 1
        tab.locator(".chip", has_text="Confirmed").wait_for()
        assert faults == []
        tab.close()
