"""What donors read at moments of the demonstration and of a mixed campaign: each figure of sentence, trail, picture,
table and data ties.

A parser takes the figures with their units out of what is shown; addends make the total, and a gift's parts the gift.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.flow.svg import width_of
from api.pages import sentences as say
from api.pages.figures import exact
from api.pages.parts import picture
from api.pages.sentences.spending import shares_of
from api.ports import Ports, SiteSettings
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.store.database import Store
from ledger.views.campaign import CampaignReport
from ledger.views.flow import ExitKind, Flow, StageKind
from ledger.views.queries import campaign_flow, campaign_report, donation_rows, donation_trails
from ledger.views.sum_tables import SumKey
from ledger.views.time_line import Doing
from ledger.views.trail import DonationStatus, DonationTrail, StepKind
from service.demo import plan
from tests.api.test_flow import SVG, assert_inside, ends_of
from tests.tools import mixed_story
from tests.tools.demo_data import MIXED, MOMENTS, demo_moments, mixed_moments
from tests.tools.drawn import drawn
from tests.tools.fakes_api import text_of

ALL = [("demo", number) for number in range(len(MOMENTS))] + [("mixed", number) for number in range(MIXED)]
DRAWN = [*drawn("moments", ALL[: len(MOMENTS)], 3), *ALL[len(MOMENTS) :]]
"""Some moments of the demonstration, and all of the mixed campaign."""
PIECES = {"mask", "kit", "net", "student"}
"""What pieces are called in both stories."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A campaign at a moment: what its page and all trails are made of."""

    report: CampaignReport
    flow: Flow
    trails: tuple[DonationTrail, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger lies that stands at a moment."""

    file: Path
    slug: str
    now: int


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Place]:
    demo = demo_moments(tmp_path_factory)
    found = {("demo", n): Place(demo[at], plan.SLUG, at) for n, at in enumerate(MOMENTS)}
    for n, (at, file) in enumerate(mixed_moments(tmp_path_factory)):
        found["mixed", n] = Place(file, mixed_story.SLUG, at)
    return found


@cache
def told(place: Place) -> Moment:
    store = Store.open(f"sqlite:///{place.file}")
    with store.read() as tx:
        report = campaign_report(tx, place.slug, now=place.now)
        flow = campaign_flow(tx, place.slug)
        rows, _ = donation_rows(tx, place.slug, after=None, limit=200)
        trails = tuple(trail for row in rows for trail in donation_trails(tx, row.key))
    store.close()
    return Moment(report, flow, trails)


def figures(words: str) -> list[tuple[Decimal, str]]:
    """Every number of a text with the word behind it: (3,431, masks), (0.15, BTC)."""
    return [
        (Decimal(number.replace(",", "")), unit)
        for number, unit in re.findall(r"(?<![\w.-])(\d[\d,]*(?:\.\d+)?) ([A-Za-z]+)", words)
    ]


def pieces_in(words: str) -> Counter[str]:
    """The pieces of a text, added up by what they are called: `30 kits and 1 net`."""
    found: Counter[str] = Counter()
    for number, unit in figures(words):
        if (name := unit.removesuffix("s")) in PIECES:
            found[name] += int(number)
    return found


def in_pieces(trail: DonationTrail) -> Counter[str]:
    """What a gift's places say of goods, by what they are called."""
    found: Counter[str] = Counter()
    for place in trail.places:
        if not is_money(place.amount.asset) and not place.service:
            found[place.unit] += place.amount.minor
    return found


@pytest.mark.parametrize("at", ALL)
def test_what_every_donor_reads_ties_at_any_moment(
    files: dict[tuple[str, int], Place], at: tuple[str, int]
) -> None:
    """The pieces that were paid for are those of the parts; and nobody whose money bought something reads otherwise."""
    for trail in told(files[at]).trails:
        sentence = say.plain(say.donation_sentence(trail))
        bought = [step for step in trail.steps if step.kind in {StepKind.ORDERED, StepKind.PAID}]
        is_spent = bool(bought or [place for place in trail.places if place.service])
        assert "nothing" not in sentence
        waits = (
            trail.status is DonationStatus.SETTLED and trail.outcome is None and is_money(trail.amount.asset)
        )
        assert ("not spent yet" in sentence) == (waits and not is_spent), sentence
        assert sentence.startswith(f"Your {say.amount(trail.amount, trail.unit)} "[:-1]), sentence
        head, is_bought, parts = sentence.partition(": ")
        _, paid_for, goods = head.partition(" paid for ")
        if not is_bought or not paid_for:
            continue
        whole = pieces_in(goods)
        assert +whole == +in_pieces(trail), sentence
        if len(whole) > 1:
            assert all(pieces_in(parts)[unit] == count for unit, count in whole.items()), sentence
        else:
            others = {"BTC", "USD", "XOF", *PIECES, *(f"{unit}s" for unit in PIECES)}
            assert sum(n for n, unit in figures(parts) if unit not in others) == sum(whole.values()), sentence


def money_ends(trail: DonationTrail) -> Iterable[tuple[str, int]]:
    """Where money of a gift went or is, as its places say."""
    for place in trail.places:
        if place.service and place.paid is not None:
            yield place.paid.asset, place.paid.minor
        elif is_money(place.amount.asset):
            yield place.amount.asset, place.amount.minor


@pytest.mark.parametrize("at", ALL)
def test_the_parts_of_a_gift_make_the_gift_at_any_moment(
    files: dict[tuple[str, int], Place], at: tuple[str, int]
) -> None:
    """What was given, or fetched, or paid back, is held, blocked, returned, a fee, or was paid; pieces are pieces."""
    for trail in told(files[at]).trails:
        if trail.status not in {DonationStatus.SETTLED, DonationStatus.BLOCKED}:
            assert not trail.places
            continue
        made: Counter[str] = Counter()
        for asset, units in money_ends(trail):
            made[asset] += units
        came: Counter[str] = Counter({trail.amount.asset: trail.amount.minor})
        if not is_money(trail.amount.asset):
            made[trail.amount.asset] += sum(in_pieces(trail).values())
        for step in trail.steps:
            if step.kind is StepKind.CONVERTED:
                made["BTC"] += step.figures["sold"].minor
                came[step.amount.asset] += step.amount.minor
            if step.kind is StepKind.ORDERED:
                paid = step.figures["paid"]
                made[paid.asset] += paid.minor
            if step.kind is StepKind.REFUNDED:
                came[step.amount.asset] += step.amount.minor
        assert made == came, trail.key


def assert_what_money_went_to(moment: Moment) -> None:
    """Goods, services and fees are those of the accounts, and those that the picture draws from the lines."""
    ordered = {
        bar.key for stage in moment.flow.stages if stage.kind is StageKind.ORDERED for bar in stage.bars
    }
    assets = {bar.key: bar.amount.asset for stage in moment.flow.stages for bar in stage.bars}
    drawn_to: Counter[tuple[str, str]] = Counter()
    for band in moment.flow.bands:
        if band.target in ordered:
            drawn_to["goods", assets[band.source]] += band.taken[1] - band.taken[0]
    for left in moment.flow.exits:
        kinds = {ExitKind.SPENT: "services", ExitKind.FEE: "fees", ExitKind.CHARGES: "fees"}
        if left.kind in kinds:
            drawn_to[kinds[left.kind], left.amount.asset] += left.amount.minor
    for row in moment.report.service.spending:
        asset = row.whole.asset
        parts = [row.goods.minor, row.services.minor, row.fees.minor, row.rest.minor]
        assert sum(parts) == row.whole.minor
        assert row.goods.minor == drawn_to["goods", asset]
        assert row.services.minor == drawn_to["services", asset]
        tables = [table for table in moment.report.sums if table.asset == asset]
        fees = {SumKey.NETWORK_FEES, SumKey.CHARGES, SumKey.EXCHANGE_FEES}
        assert row.fees.minor == sum(each.minor for t in tables for each in t.rows if each.key in fees)
        kept = sum(each.minor for t in tables for each in t.rows if each.key is SumKey.EXCHANGE_FEES)
        assert row.fees.minor - (0 if asset == "BTC" else kept) == drawn_to["fees", asset]
        assert sum(shares_of(parts)) == 10_000
    assert {row.whole.asset for row in moment.report.service.spending} >= {asset for _, asset in drawn_to}


@pytest.mark.parametrize("at", ALL)
def test_the_campaigns_figures_tie_at_any_moment(
    files: dict[tuple[str, int], Place], at: tuple[str, int]
) -> None:
    """What was ordered is what was distributed, is under way or to come, and was lost; each table of sums closes."""
    moment = told(files[at])
    for table in moment.report.sums:
        for rows in (table.came, table.rows):
            assert not rows or sum(row.minor for row in rows) == table.total.minor, table
    assert_what_money_went_to(moment)
    often = {row.doing: row.count for row in moment.report.time_line}
    assert often.get(Doing.GIVEN, 0) + often.get(Doing.GIVEN_BY_BANK, 0) == moment.report.donations
    assert bool(moment.report.given_in_kind.came) == (Doing.GIVEN_IN_KIND in often)
    for words in map(say.plain, say.campaign_more(moment.report)):
        assert ": 0 " not in words, words
    sentence = say.plain(say.campaign_sentence(moment.report))
    assert "nothing" not in sentence
    ordered = re.search(r"\. (\d[^.]*?) ordered", sentence)
    if ordered is None:
        assert "Nothing is ordered" in sentence or "No donation has settled" in sentence
        return
    parts = re.split(r": ", sentence, maxsplit=1)[1]
    assert pieces_in(ordered.group(1)) == +pieces_in(
        " ".join(re.sub(r"([\d,]+) (are|were)\b", r"\1 masks \2", parts).split())
    ), sentence


@pytest.mark.parametrize("at", DRAWN)
def test_each_donors_picture_is_their_places(
    files: dict[tuple[str, int], Place], at: tuple[str, int]
) -> None:
    """Thread and picture hold what the places do: a band ends where the thing is, and nothing lies outside."""
    moment = told(files[at])
    receivers = {
        bar.key for stage in moment.flow.stages for bar in stage.bars if stage.kind is StageKind.DISTRIBUTED
    }
    threaded = [trail for trail in moment.trails if trail.thread]
    for trail in threaded:
        data = trail.data()
        left: Counter[tuple[str, str]] = Counter()
        for point in data["thread"]:
            if point["left"]:
                left[point["left"], point["amount"]["asset"]] += int(point["amount"]["minor"])
        there: Counter[tuple[str, str]] = Counter()
        for place in data["places"]:
            if place["service"]:
                paid = place["paid"] or place["amount"]
                there["spent", paid["asset"]] += int(paid["minor"])
            elif place["kind"] != "distributed":
                there[place["kind"], place["amount"]["asset"]] += int(place["amount"]["minor"])
        assert left == there, trail.key
    for trail in drawn(f"pictures of {at}", threaded, 3):
        made = picture(moment.flow, trail.thread)
        assert made is not None
        drawings = [
            ElementTree.fromstring(str(svg).replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))
            for strip in made.strips
            for svg in (strip.wide, strip.tall)
            if svg
        ]
        for svg in drawings:
            assert_inside(svg)
            for element in svg.iter(f"{SVG}text"):
                css = element.attrib.get("class", "").split()
                size = next((int(name[1:]) for name in css if name[1:].isdigit()), 13)
                if "e" not in css:
                    end = float(element.attrib["x"]) + width_of("".join(element.itertext()), size)
                    assert end <= float(svg.attrib["viewBox"].split()[2]) + 2, (trail.key, element.text)
        stops = {(point.node, point.left, point.label) for point in trail.thread if point.left}
        served = {point.node for point in trail.thread} & receivers
        named = {strip.label for strip in made.strips if strip.label}
        assert named <= {"Kit, in kits", "Net, in nets"}, "by the product's name, not its code"
        if len(made.strips) == 1:
            assert {len(ends_of(svg)) for svg in drawings} == {len(stops) + len(served)}, trail.key
        words = " ".join("".join(svg.itertext()) for svg in drawings)
        # Goods that ended alike at several bars are told at each; money that ended alike is told once.
        ends: dict[tuple[str | None, str, str], Counter[str]] = defaultdict(Counter)
        for point in trail.thread:
            if point.amount is not None:
                ends[point.left, point.amount.asset, point.label][point.node] += point.amount.minor
        for (_, asset, _), at_bars in ends.items():
            figures_of = [
                exact(Amount.of(asset, units)).rstrip("0").rstrip(".") for units in at_bars.values() if units
            ]
            whole = exact(Amount.of(asset, at_bars.total())).rstrip("0").rstrip(".")
            assert whole in words or all(figure in words for figure in figures_of), (trail.key, figures_of)


@pytest.mark.parametrize("at", DRAWN)
def test_pages_say_what_the_data_say_at_any_moment(
    files: dict[tuple[str, int], Place], at: tuple[str, int]
) -> None:
    """The campaign's page and that of a donor: the sentence, each place with its figure, and the same as data."""
    place, moment = files[at], told(files[at])
    store = Store.open(f"sqlite:///{place.file}")
    site = TestClient(create_app(Ports(store, lambda: place.now, SiteSettings(), lambda: "", list)))
    campaign = unescape(text_of(site.get(f"/c/{place.slug}").text))
    assert say.plain(say.campaign_sentence(moment.report)) in campaign
    for table in moment.report.sums:
        for row in (*table.rows, table.total):
            assert not row.minor or exact(row) in campaign
    for trail in drawn(f"pages {at}", moment.trails, 2):
        html = site.get(f"/d/{trail.key}").text
        words = unescape(text_of(html))
        assert say.plain(say.donation_sentence(trail)) in words
        shown = unescape(text_of(html.partition('id="places"')[2].partition("</table>")[0]))
        for part in trail.places:
            assert f"{say.gift_amount(part.amount, part.unit)} {say.where(part)}" in shown
        assert site.get(f"/api/v1/donations/{trail.key}/trail").json() == trail.data()
        if trail.status is DonationStatus.BLOCKED:
            assert {place.kind for place in trail.places} == {ExitKind.BLOCKED}
            assert "held" not in shown
    store.close()


def test_who_wrote_before_a_block_took_it_reads_of_the_campaign_without_them(
    files: dict[tuple[str, int], Place],
) -> None:
    """A gift that is in no line yet has no picture of its own; and what waits says where, how long, and where to."""
    place = files["demo", 1]
    store = Store.open(f"sqlite:///{place.file}")
    site = TestClient(create_app(Ports(store, lambda: place.now, SiteSettings(), lambda: "", list)))
    trails = told(place).trails
    waits = next(trail for trail in trails if trail.status is DonationStatus.CONFIRMED)
    assert "The campaign so far, without your gift" in site.get(f"/d/{waits.key}").text
    held = next(trail for trail in trails if trail.status is DonationStatus.SETTLED)
    words = text_of(site.get(f"/d/{held.key}").text)
    assert "Where it went" in words
    assert held.settled_at is not None
    assert f"held in the wallet, since {say.day(held.settled_at)}" in words
    store.close()


def test_goods_on_the_way_say_where_to(files: dict[tuple[str, int], Place]) -> None:
    """In the sentence, the steps, the places and the picture: the place as well as the waybill."""
    place = files["demo", 9]
    store = Store.open(f"sqlite:///{place.file}")
    site = TestClient(create_app(Ports(store, lambda: place.now, SiteSettings(), lambda: "", list)))
    trails = told(place).trails
    trail = next(t for t in trails if any(row.kind is ExitKind.IN_TRANSIT for row in t.places))
    words = text_of(site.get(f"/d/{trail.key}").text)
    assert words.count("on the way to Praia, W-005") >= 4
    store.close()


def test_a_service_is_told_by_its_own_name_and_verb(files: dict[tuple[str, int], Place]) -> None:
    """In the steps: what was paid for, when it was ordered, and what was done; goods too say when they were ordered."""
    trail = next(t for t in told(files["mixed", 11]).trails if any(place.service for place in t.places))
    steps = {say.plain(say.step_said(step)): say.step_facts(step) for step in trail.steps}
    assert "Ordered on 21 November 2023" in steps["Computer course for 10 students paid to Maker of TRAINING"]
    assert "Of Computer course" in steps["4 students trained, Port"]
    assert "Ordered on 21 November 2023" in steps["4 kits paid for, Maker of KIT"]


def test_a_blocked_gift_is_blocked_since_it_was_and_says_so_in_one_word(
    files: dict[tuple[str, int], Place],
) -> None:
    """Sentence, places and the campaign's picture, of one that lies on a line and of one that never did."""
    moment = told(files["mixed", 11])
    blocked = [trail for trail in moment.trails if trail.status is DonationStatus.BLOCKED]
    assert [[(place.kind, place.since) for place in trail.places] for trail in blocked] == [
        [(ExitKind.BLOCKED, "2023-11-18")],
        [(ExitKind.BLOCKED, "2023-11-14")],
    ]
    assert all(" is blocked: " in say.plain(say.donation_sentence(trail)) for trail in blocked)
    left = {row.kind for row in moment.flow.exits if row.amount.minor == 1_000_000}
    assert left == {ExitKind.BLOCKED}
