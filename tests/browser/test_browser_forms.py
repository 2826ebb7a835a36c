"""What people fill in and copy, in a real browser: the counting form on a small phone, and addresses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from api.app import create_app
from api.pages.account_lists import ACCOUNT_LISTS
from api.pages.lists import LISTS
from api.ports import Ports, SiteSettings
from ledger.recording.confirming import make_link
from tests.browser.conftest import served
from tests.browser.install_axe import faults_in
from tests.browser.trees import tab_to, tree_is_kept
from tests.tools import builders_views as built
from tests.tools.ledgers import SLUG, Ledger
from tests.tools.things import ship, stocked

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Ledger]]:
    """A site of which 100 kits are on waybill W-1, to be counted at the port."""
    made = stocked(tmp_path_factory.mktemp("delivery"))
    ship(made, 100, "W-1")
    ports = Ports(made.store, lambda: made.now, SiteSettings(), lambda: "", list)
    with served(create_app(ports)) as base:
        yield base, made


def link(ledger: Ledger) -> str:
    """The path of a fresh link."""
    wanted = {"about": "shipment", "paper": "W-1"}
    with ledger.store.write() as tx:
        return f"/confirm/{make_link(tx, ledger.actors['recorder'], SLUG, wanted, now=ledger.now).code}"


@pytest.mark.parametrize("width", [320, 360])
def test_every_field_of_the_counting_form_is_on_a_small_screen(
    page: Page, delivery: tuple[str, Ledger], width: int
) -> None:
    """Stacked under its lot, each with its label, wide and high enough for a thumb."""
    base, ledger = delivery
    page.set_viewport_size({"width": width, "height": 640})
    page.goto(base + link(ledger))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for label in ("Good", "Damaged"):
        field = page.get_by_label(label, exact=True)
        assert field.count() == 1
        box = field.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] >= 44
        assert box["height"] >= 44
    assert page.get_by_role("group", name="kits, lot L1, to Port").count() == 1


def test_no_list_and_no_form_has_a_fault_that_axe_finds(
    browser: Browser, delivery: tuple[str, Ledger], axe: str
) -> None:
    """Every list, the accounts, the forms for giving and counting; in turn light and dark, small and wide."""
    base, ledger = delivery
    lists = [f"/c/{SLUG}/{told.name}" for told in (*LISTS, *ACCOUNT_LISTS)]
    context = browser.new_context(bypass_csp=True)
    tab = context.new_page()
    for number, path in enumerate((*lists, f"/c/{SLUG}/accounts", f"/c/{SLUG}/give", link(ledger))):
        tab.emulate_media(color_scheme=("light", "dark")[number % 2])
        tab.set_viewport_size({"width": 320, "height": 800})
        tab.goto(base + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 320, path
        tab.set_viewport_size({"width": (320, 1280)[number // 2 % 2], "height": 800})
        assert faults_in(tab, axe) == [], path
    context.close()


def test_a_count_is_given_checked_and_recorded_by_the_keyboard_alone(
    page: Page, delivery: tuple[str, Ledger]
) -> None:
    base, ledger = delivery
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(base + link(ledger))
    tree_is_kept(page, "count")
    page.get_by_label("Good", exact=True).focus()
    page.keyboard.type("96")
    page.keyboard.press("Tab")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Is this what you counted?").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.get_by_text("96 good, 4 damaged").is_visible()
    assert page.get_by_text("4 fewer good than sent").is_visible()
    tree_is_kept(page, "count-check")
    tab_to(page, "Record this count")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your count is recorded").wait_for()


@pytest.mark.parametrize("width", [320, 1280])
def test_an_address_is_copied_whole_by_one_click(browser: Browser, site: str, width: int) -> None:
    """It stands in groups of four, and is selected as one run of text, without spaces or lines."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(site + f"/c/{built.SLUG}")
    tab.locator(".address span").nth(1).click()
    assert tab.evaluate("getSelection().toString()") == built.story_report().fixed_address
    tab.close()
