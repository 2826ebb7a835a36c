"""The journeys of the public by keyboard alone: give, find, read, check; and no cookie, no motion, nothing cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from api.app import create_app
from api.pages.render import STYLE
from api.ports import Ports, SiteSettings
from ledger.core.gift_accounts import GiftAccount
from service.config import Wallet
from service.wallets import add_addresses
from tests.browser.conftest import served
from tests.browser.trees import tab_to, tree_is_kept
from tests.tools import builders_views as built
from tests.tools.fake_chain import script_no
from tests.tools.ledgers import SLUG, Ledger
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of

pytestmark = pytest.mark.browser
ACCOUNT = GiftAccount(SLUG, "First Bank", "Relief Trust", "GB82 WEST 1234 5698 7654 32", "USD")


@pytest.fixture(scope="module")
def giving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A campaign with a shared address, two for donors, and a bank account."""
    made = Ledger.new(tmp_path_factory.mktemp("giving"))
    addresses = tuple(address_of(script_no(number), REGTEST) or "" for number in range(200, 203))
    add_addresses(made.store, (Wallet(SLUG, "", addresses),), REGTEST)
    ports = Ports(made.store, lambda: made.now, SiteSettings(gift_accounts=(ACCOUNT,)), str, list)
    with served(create_app(ports)) as base:
        yield base
    made.store.close()


def test_an_address_and_a_reference_are_had_by_keyboard_alone_and_without_a_cookie(
    page: Page, giving: str
) -> None:
    page.set_viewport_size({"width": 640, "height": 400})  # 1280 at 200 %
    page.goto(f"{giving}/c/{SLUG}/give")
    tree_is_kept(page, "give")
    tab_to(page, "Give me an address")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Nothing has come to this address yet").wait_for()
    tree_is_kept(page, "awaited")
    page.goto(f"{giving}/c/{SLUG}/give")
    tab_to(page, "A page of this reference")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Nothing has come with this reference yet").wait_for()
    tree_is_kept(page, "awaited-bank")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    assert page.context.cookies() == []


def test_a_gift_is_found_read_and_checked_by_keyboard_alone_and_without_a_cookie(
    page: Page, site: str
) -> None:
    page.set_viewport_size({"width": 640, "height": 400})
    page.goto(site)
    tab_to(page, "Find my donation")
    page.keyboard.type(f"{built.TXID}:1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/d/{built.TXID}:1")
    tab_to(page, "The same as a table")
    page.keyboard.press("Enter")
    assert page.get_by_role("row", name="Ghana 30 22,000").is_visible()
    page.goto(f"{site}/d/{built.TXID}:1")
    tab_to(page, "A receipt to print")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Receipt for a donation").wait_for()
    tree_is_kept(page, "receipt")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    assert page.context.cookies() == []


def test_nothing_moves_and_so_nothing_has_to_be_stilled() -> None:
    assert not any(word in STYLE for word in (b"transition", b"animation", b"scroll-behavior"))
