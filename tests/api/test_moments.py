"""What donors read at moments of the demonstration: every figure of a sentence, of the trail and of the picture ties.

A parser takes the figures with their units out of what is shown; addends make the total, and a gift's parts the gift.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages import sentences as say
from api.ports import Ports, SiteSettings
from ledger.store.database import Store
from ledger.views.flow import ExitKind
from ledger.views.queries import campaign_report, donation_rows, donation_trails
from ledger.views.trail import DonationStatus, DonationTrail, StepKind
from service.demo import plan
from tests.tools.demo_data import MOMENTS, demo_moments
from tests.tools.drawn import drawn
from tests.tools.fakes_api import text_of

LOOKED_AT = drawn("moments", MOMENTS, 4)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is said at a moment: the campaign's sentence, and all trails."""

    campaign: str
    trails: tuple[DonationTrail, ...]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    return demo_moments(tmp_path_factory)


@cache
def told(file: Path, at: int) -> Moment:
    store = Store.open(f"sqlite:///{file}")
    with store.read() as tx:
        campaign = say.plain(say.campaign_sentence(campaign_report(tx, plan.SLUG, now=at)))
        rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
        trails = tuple(trail for row in rows for trail in donation_trails(tx, row.key, now=at))
    store.close()
    return Moment(campaign, trails)


def figures(words: str) -> list[tuple[Decimal, str]]:
    """Every number of a text with the word behind it: (3,431, masks), (0.15, BTC)."""
    return [
        (Decimal(number.replace(",", "")), unit)
        for number, unit in re.findall(r"(?<![\w.-])(\d[\d,]*(?:\.\d+)?) ([A-Za-z]+)", words)
    ]


@pytest.mark.parametrize("moment", LOOKED_AT)
def test_what_every_donor_reads_ties_at_any_moment(files: dict[int, Path], moment: int) -> None:
    """The pieces that were paid for are those of the parts; and nobody whose money bought something reads otherwise."""
    for trail in told(files[moment], moment).trails:
        sentence = say.plain(say.donation_sentence(trail))
        bought = [step for step in trail.steps if step.kind in {StepKind.ORDERED, StepKind.PAID}]
        services = [place for place in trail.places if place.service]
        assert "nothing" not in sentence
        assert ("not spent yet" in sentence) == (
            trail.status is DonationStatus.SETTLED and not bought and not services
        ), sentence
        head, paid_for, parts = sentence.partition(" masks: ")
        assert trail.amount.minor == figures(head)[0][0] * 10**8
        if paid_for:
            whole = Decimal(head.rpartition(" ")[2].replace(",", ""))
            goods = [n for n, unit in figures(parts) if unit not in {"BTC", "USD", "masks"}]
            assert sum(goods) == whole, sentence
            assert whole == sum(place.amount.minor for place in trail.places if place.amount.asset == plan.MASK
                                and not place.service), sentence  # fmt: skip


@pytest.mark.parametrize("moment", LOOKED_AT)
def test_the_parts_of_a_gift_make_the_gift_at_any_moment(files: dict[int, Path], moment: int) -> None:
    """Coins: held, fees, sold and paid are what was given. Money: what was fetched is held, fees, paid and services."""
    for trail in told(files[moment], moment).trails:
        if trail.status is not DonationStatus.SETTLED:
            assert not trail.places
            continue
        made: Counter[str] = Counter()
        for place in trail.places:
            if place.kind in {ExitKind.HELD, ExitKind.FEE, ExitKind.AT_EXCHANGE}:
                made[place.amount.asset] += place.amount.minor
            if place.service and place.paid is not None:
                made[place.paid.asset] += place.paid.minor
            elif place.kind is ExitKind.SPENT:
                made[place.amount.asset] += place.amount.minor
        came: Counter[str] = Counter({"BTC": trail.amount.minor})
        for step in trail.steps:
            if step.kind is StepKind.CONVERTED:
                made["BTC"] += step.figures["sold"].minor
                came["USD"] += step.amount.minor
            if step.kind is StepKind.ORDERED:
                paid = step.figures["paid"]
                made[paid.asset] += paid.minor
        assert made == came, trail.key


@pytest.mark.parametrize("moment", LOOKED_AT)
def test_the_campaigns_sentence_ties_at_any_moment(files: dict[int, Path], moment: int) -> None:
    """What was ordered is what was distributed, is under way or to come, and was lost."""
    sentence = told(files[moment], moment).campaign
    ordered = re.search(r"([\d,]+) masks ordered", sentence)
    if ordered is None:
        assert "Nothing is ordered" in sentence or "No donation has settled" in sentence
        return
    parts = re.findall(r"([\d,]+) (?:are|were) ", sentence)
    assert sum(int(part.replace(",", "")) for part in parts) == int(ordered.group(1).replace(",", ""))


@pytest.mark.parametrize("moment", LOOKED_AT[:2])
def test_picture_table_and_data_of_a_page_say_the_same(files: dict[int, Path], moment: int) -> None:
    """Each figure at the foot of a donor's picture, or beside it, is one of the places in the data."""
    store = Store.open(f"sqlite:///{files[moment]}")
    site = TestClient(create_app(Ports(store, lambda: moment, SiteSettings(), lambda: "", list)))
    trails = [trail for trail in told(files[moment], moment).trails if trail.thread]
    for trail in drawn(f"pages {moment}", trails, 4):
        html = site.get(f"/d/{trail.key}").text
        data = site.get(f"/api/v1/donations/{trail.key}/trail").json()
        left: Counter[tuple[str, str]] = Counter()
        for point in data["thread"]:
            if point["left"]:
                left[point["left"], point["amount"]["asset"]] += int(point["amount"]["minor"])
        there: Counter[tuple[str, str]] = Counter()
        for place in data["places"]:
            if place["service"]:
                there["spent", place["paid"]["asset"]] += int(place["paid"]["minor"])
            elif place["kind"] != "distributed":
                there[place["kind"], place["amount"]["asset"]] += int(place["amount"]["minor"])
        assert left == there, trail.key
        places = text_of(html.partition('id="places"')[2].partition("</table>")[0])
        for place in trail.places:
            assert say.gift_amount(place.amount, place.unit) in places
        drawn_words = text_of(html.partition('id="flow"')[2].partition("<details>")[0])
        for point in trail.thread:
            if point.amount is not None and point.amount.minor:
                assert say.amount(point.amount, "") in drawn_words, (trail.key, point)
    store.close()


def test_who_wrote_before_a_block_took_it_reads_of_the_campaign_without_them(files: dict[int, Path]) -> None:
    """A gift that is in no line yet has no picture of its own; and what waits says where, how long, and where to."""
    moment = MOMENTS[1]
    store = Store.open(f"sqlite:///{files[moment]}")
    site = TestClient(create_app(Ports(store, lambda: moment, SiteSettings(), lambda: "", list)))
    trails = told(files[moment], moment).trails
    waits = next(trail for trail in trails if trail.status is DonationStatus.CONFIRMED)
    assert "The campaign so far, without your gift" in site.get(f"/d/{waits.key}").text
    held = next(trail for trail in trails if trail.status is DonationStatus.SETTLED)
    words = text_of(site.get(f"/d/{held.key}").text)
    assert "Where it went" in words
    assert held.settled_at is not None
    assert f"held in the wallet, since {say.day(held.settled_at)}" in words
    store.close()


def test_goods_on_the_way_say_where_to(files: dict[int, Path]) -> None:
    """In the sentence, the steps, the places and the picture: the place as well as the waybill."""
    moment = MOMENTS[9]
    store = Store.open(f"sqlite:///{files[moment]}")
    site = TestClient(create_app(Ports(store, lambda: moment, SiteSettings(), lambda: "", list)))
    trails = told(files[moment], moment).trails
    trail = next(t for t in trails if any(place.kind is ExitKind.IN_TRANSIT for place in t.places))
    words = text_of(site.get(f"/d/{trail.key}").text)
    assert words.count("on the way to Praia, W-005") >= 4
    store.close()
