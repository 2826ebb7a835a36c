"""On paper and with forced colours: what was done, arrived and is to come keeps its shape; tables are open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.tools import builders_views as built

pytestmark = pytest.mark.browser
DONATION = f"/d/{built.TXID}:1"


@pytest.fixture(params=["print", "forced"])
def bare(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A tab that paints no grounds."""
    forced: Literal["active", "none"] = "active" if request.param == "forced" else "none"
    tab = browser.new_page(viewport={"width": 718, "height": 900}, forced_colors=forced)
    if request.param == "print":
        tab.emulate_media(media="print")
    yield tab
    tab.close()


def test_marks_of_steps_and_states_are_borders_where_no_ground_is_painted(bare: Page, site: str) -> None:
    """Done is a full disc, to come is a ring; a settled payment's mark is full, and none is like a seen one's."""
    bare.goto(site + DONATION)
    width = "element => getComputedStyle(element, '::before').borderTopWidth"
    assert bare.locator(".steps .done").first.evaluate(width) == "7px"
    assert bare.locator(".chip.s-settled").first.evaluate(width) == "5px"
    bare.goto(site + "/d/seen")
    assert bare.locator(".chip.s-seen").first.evaluate(width) == "1px"


def test_the_table_is_open_on_paper_and_steps_have_the_whole_width(browser: Browser, site: str) -> None:
    tab = browser.new_page(viewport={"width": 718, "height": 900})
    tab.emulate_media(media="print")
    tab.goto(site + DONATION)
    table = tab.locator("table.flowt")
    assert table.bounding_box() is not None
    assert (
        tab.evaluate(
            "getComputedStyle(document.querySelector('details'), '::details-content').contentVisibility"
        )
        == "visible"
    )
    step = tab.locator(".steps li p b").first.bounding_box()
    assert step is not None
    box = tab.locator(".steps li").first.bounding_box()
    assert box is not None
    assert box["width"] > 500
    hrefs = tab.locator('.steps a[href^="/papers/"]').all()
    for link in hrefs:
        shown = link.evaluate("element => getComputedStyle(element, '::after').content")
        assert (link.get_attribute("href") or "-") in shown or "attr" in shown
    tab.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_links_in_tables_are_as_high_as_a_thumb(browser: Browser, site: str, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(site + f"/c/{built.SLUG}")
    boxes = [link.bounding_box() for link in tab.locator(".list td a").all() if link.is_visible()]
    assert boxes
    assert all(box is not None and box["height"] >= 44 for box in boxes)
    tab.close()


def test_a_gift_takes_three_lines_of_a_phone(browser: Browser, site: str) -> None:
    """It took six, a label each."""
    tab = browser.new_page(viewport={"width": 360, "height": 800})
    tab.goto(site + f"/c/{built.SLUG}")
    box = tab.locator(".gifts tbody tr").first.bounding_box()
    assert box is not None
    assert box["height"] <= 130
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.close()
