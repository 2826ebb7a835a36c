"""What pages say in words: of a campaign, of a gift and what it became, and of what changed."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages import sentences as say
from api.pages.figures import with_asset
from ledger.core.frozen import Amount
from ledger.views.flow import ExitKind
from ledger.views.trail import ChangeKind, DonationStatus, Outcome, Place, TrailChange
from tests.tools import builders_views as built
from tests.tools.builders_views import changed
from tests.tools.fakes_api import FakeViews, ports, text_of


@pytest.fixture(scope="module")
def site() -> TestClient:
    return TestClient(create_app(ports()), follow_redirects=False)


def test_a_campaign_says_one_sentence_whose_figures_add_up(site: TestClient) -> None:
    """217,000 + 32,400 + 2,600 = 252,000, all four in the heading; of those 200 were short, and so not received."""
    html = site.get("/c/bithelp").text
    (heading,) = re.findall(r"<h1>(.*?)</h1>", html, re.S)
    assert text_of(heading).strip() == (
        "71.84 BTC from 412 donations. 252,000 masks ordered and paid, 251,800 masks received: "
        "217,000 are distributed in 15 places, "
        "32,400 are on the way or waiting, 2,600 were damaged, short or lost."
    )


def test_a_sentence_that_would_not_add_up_names_the_rest() -> None:
    """What is in no figure is said, never left out."""
    report = changed(
        built.story_report(), goods=changed(built.story_goods(), under_way=built.pieces("mask", 32_000))
    )
    assert "400 are not accounted for" in say.plain(say.campaign_sentence(report))


def test_a_donation_says_what_it_became(site: TestClient) -> None:
    """The donor's sentence: coins, goods, each place; 30 + 7 = 37."""
    html = site.get(f"/d/{built.TXID}:1").text
    (heading,) = re.findall(r"<h1>(.*?)</h1>", html, re.S)
    assert (
        text_of(heading).strip()
        == "Your 0.01 BTC paid for 37 masks: 30 handed out in Ghana, 7 waiting at WAHO."
    )


@pytest.mark.parametrize(
    ("asset", "minor", "told"),
    [
        ("KWD", 1_500_250, "1,500.250 KWD"),
        ("KWD", 1_500_000, "1,500 KWD"),
        ("USD", 99_900, "999.00 USD"),
        ("XOF", 900_001, "900,001 XOF"),
        ("BTC", 1_000_000, "0.01 BTC"),
    ],
)
def test_money_has_the_decimals_of_its_currency(asset: str, minor: int, told: str) -> None:
    assert with_asset(Amount.of(asset, minor)) == told


@pytest.mark.parametrize("unit", ["mask", "student trained", "box", "pair of gloves", "people"])
def test_units_come_from_data(unit: str) -> None:
    """Any product's name is the word on the page, in the plural where there are several."""
    report = built.story_report(unit)
    many = {
        "mask": "masks",
        "student trained": "students trained",
        "box": "boxes",
        "pair of gloves": "pairs of gloves",
        "people": "people",
    }
    assert f"252,000 {many[unit]} ordered and paid" in say.plain(say.campaign_sentence(report))
    assert f"37 {many[unit]}:" in say.plain(say.donation_sentence(built.story_trail(unit)))


@pytest.mark.parametrize("status", [s for s in DonationStatus if s is not DonationStatus.SETTLED])
def test_every_status_is_a_word_and_a_sentence(site: TestClient, status: DonationStatus) -> None:
    """A donation that is not settled says what it is, in the status's own word."""
    html = site.get(f"/d/{status}").text
    assert f'class="chip s-{status}">{say.status_word(status)}<' in html
    assert "Your 0.01 BTC" in text_of(html)


def test_many_places_are_said_with_their_rest() -> None:
    """The four largest are named; the others are one figure, and the sum still holds."""
    places = tuple(
        Place(
            kind=ExitKind.DISTRIBUTED,
            unit="kit",
            place=f"P{i}",
            since="2020-06-01",
            amount=Amount.of("kit", 10 - i),
        )
        for i in range(8)
    )
    said = say.plain(say.donation_sentence(changed(built.story_trail("kit"), places=places)))
    assert "paid for 52 kits:" in said
    assert said.endswith("18 in 4 other places.")


def test_a_gift_too_small_for_a_piece_is_told_so() -> None:
    """It shares one with its neighbours."""
    said = say.plain(say.donation_sentence(changed(built.story_trail(), places=())))
    assert "shares one with its neighbours" in said


def test_money_that_waits_is_said_as_waiting() -> None:
    """A settled gift that bought nothing yet says where it lies."""
    held = (
        Place(kind=ExitKind.HELD, unit="", place="", since="2020-06-01", amount=Amount.of("BTC", 1_000_000)),
    )
    said = say.plain(say.donation_sentence(changed(built.story_trail(), places=held)))
    assert said == "Your 0.01 BTC is settled and not spent yet: 0.01 BTC held in the wallet."
    left = (changed(held[0], kind=ExitKind.UNEXPLAINED),)
    said = say.plain(say.donation_sentence(changed(built.story_trail(), places=left)))
    assert said == "Your 0.01 BTC is settled: 0.01 BTC left the wallet, unexplained yet."


def test_a_gift_has_the_colour_of_what_it_is() -> None:
    """Coins those of the chain, money those of a bank, things those of goods."""
    for asset, mark in (("BTC", "coin"), ("USD", "money"), ("kit", "goods")):
        trail = changed(built.story_trail(), amount=Amount.of(asset, 5_000), unit="kit")
        assert next(piece.mark for piece in say.donation_sentence(trail) if piece.mark) == mark


def test_a_gift_that_went_back_for_less_says_what_was_kept() -> None:
    back = tuple(
        Place(kind=kind, unit="", place="", since="", amount=Amount.of("BTC", sats))
        for kind, sats in ((ExitKind.RETURNED, 990_000), (ExitKind.FEE, 10_000))
    )
    trail = changed(built.story_trail(), places=back, outcome=Outcome.RETURNED)
    assert say.plain(say.donation_sentence(trail)).startswith(
        "Your 0.01 BTC went back: 0.0099 BTC returned, 0.0001 BTC network fees. "
    )


def test_losses_of_one_kind_are_one_figure() -> None:
    """Damage at receipt and on the way is said once; the table keeps both."""
    places = (
        Place(kind=ExitKind.DISTRIBUTED, unit="kit", place="Ghana", since="", amount=Amount.of("kit", 30)),
        Place(kind=ExitKind.DAMAGED, unit="kit", place="GRN-1", since="", amount=Amount.of("kit", 2)),
        Place(kind=ExitKind.DAMAGED, unit="kit", place="W-1", since="", amount=Amount.of("kit", 3)),
    )
    said = say.plain(say.donation_sentence(changed(built.story_trail("kit"), places=places)))
    assert said == "Your 0.01 BTC paid for 35 kits: 30 handed out in Ghana, 5 damaged."


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("money/c/free/BTC", "BTC"),
        ("money/c/health/USD", "USD, for health"),
        (f"spent/{'ab' * 32}/N-1/BTC", "BTC, for N-1, spent in abababab…"),
        ("order/c/PO-2/1/USD", "Order PO-2, item 1"),
        ("goods/c/stock:Beijing/KIT#L-1", "In stock at Beijing, lot L-1"),
        ("goods/c/handed:WAHO/KIT#L-1", "Handed over to WAHO, lot L-1"),
        ("goods/c/delivered:Abuja/TRAIN#K-1", "Delivered in Abuja, lot K-1"),
    ],
)
def test_a_line_has_a_name_for_people(line: str, name: str) -> None:
    """What is of no known shape is shown as it is."""
    assert say.line_name(line) == name


def test_what_changed_is_told_with_what_was_said_what_is_said_and_why() -> None:
    """The newest first, in the reason's own words, which are escaped; a trail without changes has no such part."""
    said = Place(kind=ExitKind.WAITING, unit="mask", place="WAHO", since="", amount=Amount.of("MASK", 300))
    back = TrailChange(
        kind=ChangeKind.REVERSED,
        entry=41,
        at="2020-09-22T09:00:00Z",
        date="2020-09-22",
        of=38,
        why="a <b>slip</b>",
        said=(said,),
        says=(changed(said, kind=ExitKind.IN_STOCK, place="Abuja"),),
        detail={"undone": "handover H-1"},
    )
    left = TrailChange(
        kind=ChangeKind.VOIDED,
        entry=40,
        at="2020-09-21T09:00:00Z",
        date="2020-09-21",
        of=None,
        why="",
        said=(),
        says=(),
        detail={"block_said": "650400", "used_already": "5000 BTC"},
    )
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    mine.views.trails[built.TXID] = [changed(built.story_trail(), changes=(left, back))]
    site = TestClient(create_app(mine))
    html = site.get(f"/d/{built.TXID}").text
    told = text_of(html)
    assert "Entry 41 took back entry 38, handover H-1: a &lt;b&gt;slip&lt;/b&gt;." in html
    assert "It said: 300 masks waiting at WAHO. It says: 300 masks in stock at Abuja." in told
    assert "its block left the chain" in told
    assert "0.00005000 BTC of it was used already, which stands and block 650,400" in told
    assert told.index("Entry 41") < told.index("Entry 40")
    data = site.get(f"/api/v1/donations/{built.TXID}:1/trail").json()
    assert data["changes"] == []
    assert "What changed" not in site.get(f"/d/{built.TXID}:1").text


def test_when_a_gift_settled_stands_beside_the_time_of_its_block() -> None:
    """Two moments: when the books took it in, and what the chain says of its block."""
    trail = built.story_trail()
    assert trail.block is not None
    said = say.status_detail(trail)
    assert said.startswith("since 29 May 2020; in block ")
    assert f"of {say.time(trail.block.time)}" in said
    assert "Block of 29 May 2020, 13:20 UTC" in say.step_facts(
        changed(trail.steps[0], detail={"block_time": "2020-05-29T13:20:00Z"})
    )
