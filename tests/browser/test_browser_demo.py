"""The told demonstration in a real browser: the service's own application over the database that the demo kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from ledger.store.database import Store
from ledger.views.queries import donation_rows
from service.clock import MovableClock
from service.config import Chain, Config, Site
from service.demo import gifts, plan
from service.demo.replay import Replay
from service.wiring import build
from tests.browser.conftest import served
from tests.tools.demo_data import told_demo

pytestmark = pytest.mark.browser
NOTICE = "A demonstration. Donors, amounts and papers are invented."


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("told")
    told_demo(tmp_path_factory, home)
    store = Store.open(f"sqlite:///{home / 'story' / 'aidtrail.db'}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def demo(told: Store) -> Iterator[str]:
    config = Config(site=Site(demonstration=True), chain=Chain(network="regtest"), sources=())
    service = build(told, config, MovableClock(Replay.load().end), {}, Path())
    with served(service.app) as base:
        yield base


def test_every_page_says_that_it_is_a_demonstration(page: Page, demo: str) -> None:
    for path in ("/", f"/c/{plan.SLUG}", f"/c/{plan.SLUG}/give", "/d/unknown", "/docs"):
        page.goto(demo + path)
        assert page.get_by_text(NOTICE).first.is_visible(), path


def test_from_the_front_page_to_ones_own_masks(page: Page, demo: str, told: Store) -> None:
    """A donor with nothing but a transaction id finds what the gift became, without a script."""
    with told.read() as tx:
        rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
    row = next(r for r in rows if r.amount.minor == 20_000_000)
    assert row.outpoint is not None
    page.goto(demo)
    page.get_by_label("Find my donation").fill(row.outpoint)
    page.keyboard.press("Enter")
    page.wait_for_url("**/d/**")
    heading = page.locator("h1").inner_text()
    assert re.match(r"Your 0\.20? BTC paid for [\d,]+ masks: [\d,]+ handed out in ", heading)
    assert page.get_by_role("heading", name="Step by step").is_visible()


def test_the_campaigns_sentence_ties(page: Page, demo: str) -> None:
    """What was ordered is what was distributed, is under way, and was lost."""
    page.goto(f"{demo}/c/{plan.SLUG}")
    words = page.locator("h1").inner_text().replace(",", "")
    ordered, _, distributed, under_way, lost = (int(n) for n in re.findall(r"\d{4,}(?= |\n|$)", words)[-5:])
    assert ordered == distributed + under_way + lost


def test_a_transaction_that_pays_three_addresses_lists_three_donations(page: Page, demo: str) -> None:
    page.goto(f"{demo}/d/{Replay.load().transactions[gifts.THREE]}")
    assert page.locator("main a[href*=':']").count() >= 3


def test_an_unconfirmed_payment_is_told_so(page: Page, demo: str) -> None:
    page.goto(f"{demo}/d/{Replay.load().transactions[gifts.WAITING.tx]}")
    assert page.get_by_text("Seen", exact=True).first.is_visible()


def test_a_donor_asks_for_an_address_for_one_need(page: Page, demo: str) -> None:
    """From the need on the campaign's page to an address, by links, a radio and a button; loaded again it stays."""
    page.goto(f"{demo}/c/{plan.SLUG}")
    page.get_by_role("link", name="Give for it").click()
    assert page.get_by_role("radio", name="N-1").is_checked()
    page.get_by_role("button", name="Give me an address").click()
    page.wait_for_url("**/d/**")
    shown = page.locator(".address").first.inner_text()
    assert page.get_by_text("Restricted to need N-1").is_visible()
    page.reload()
    assert page.locator(".address").first.inner_text() == shown


@pytest.mark.parametrize("width", [360, 1280])
def test_pictures_of_the_demonstration_are_taken(
    browser: Browser, demo: str, shot: Callable[[Page, str], Path], width: int
) -> None:
    """For people to look at; nothing spills over the side."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(f"{demo}/c/{plan.SLUG}/give")
    tab.get_by_role("button", name="Give me an address").click()
    tab.wait_for_url("**/d/**")
    paths = {
        "give": f"/c/{plan.SLUG}/give",
        "awaited": tab.url.removeprefix(demo),
        "donation": f"/d/{Replay.load().transactions['g17']}",
        "campaign": f"/c/{plan.SLUG}",
    }
    for name, path in paths.items():
        tab.goto(demo + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
        assert shot(tab, f"demo-{name}-{width}").stat().st_size > 10_000
    tab.close()
