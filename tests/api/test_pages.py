"""What every public page keeps to: no script, a small first view, help for an unknown key, and text that stays text."""

from __future__ import annotations

import gzip
import itertools
import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.flow.layout import SHOWN
from api.pages import sentences as say
from api.pages.render import REST_STYLE, REST_STYLE_PATH, STYLE, STYLE_PATH
from api.pages.sentences import receipt
from ledger.core.frozen import Amount
from ledger.views.campaign import SourceOfFact
from ledger.views.flow import Band, Bar, Exit, ExitKind, Flow, Stage, StageKind, Substance, totals_of
from tests.tools import builders_views as built
from tests.tools.fakes_api import CLAIM, FakeViews, ports, text_of

FIRST_VIEW = 14 * 1024


@pytest.fixture(scope="module")
def site() -> TestClient:
    return TestClient(create_app(ports()), follow_redirects=False)


@pytest.mark.parametrize(
    "path", ["/", "/c/bithelp", "/c/new", "/d/seen", f"/d/{built.TXID}", "/docs", "/nothing", "/d/nope"]
)
def test_every_page_of_a_demonstration_says_so(site: TestClient, path: str) -> None:
    """The banner stands on every page, errors and documentation too."""
    assert str(say.DEMONSTRATION) in site.get(path).text


def test_no_answer_sends_to_the_host_that_the_asker_names(site: TestClient) -> None:
    """A last slash too much is taken off by a place on this host; elsewhere nothing is guessed."""
    for path, place in (
        ("/c/bithelp/", "/c/bithelp"),
        ("/c/bithelp/give/?need=N-1", "/c/bithelp/give?need=N-1"),
        ("/c//evil.example/", "/c/evil.example"),
        ("/c/%5Cevil.example/", "/c/%5Cevil.example"),
    ):
        answer = site.get(path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.headers["location"]) == (308, place)
    for path in ("/docs/", "/papers/", "/find/", "/api/v1/campaigns/"):
        answer = site.get(path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.headers.get("location")) == (404, None)


def test_a_real_site_has_no_banner() -> None:
    """Only demonstrations say so."""
    site = TestClient(create_app(ports(demonstration=False)))
    assert str(say.DEMONSTRATION) not in site.get("/").text


@pytest.mark.parametrize("path", ["/", "/c/bithelp", f"/d/{built.TXID}:1", "/docs"])
def test_pages_carry_no_script_and_no_inline_style(site: TestClient, path: str) -> None:
    """The policy forbids both; nothing comes from another host."""
    answer = site.get(path)
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", answer.text)
    # The one link elsewhere is that of a raw block, which nothing loads before somebody follows it.
    taken = re.sub(
        r'<a href="https://mempool.space/api/block/[0-9a-f]{64}/raw" rel="noreferrer">', "", answer.text
    )
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', taken)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/c/bithelp", f"/d/{built.TXID}:1"])
def test_the_first_view_is_small(site: TestClient, path: str) -> None:
    """HTML and blocking CSS together, gzip, at most 14 KB with both drawings in it."""
    html = site.get(path)
    sheets = re.findall('<link rel="stylesheet" href="([^"]+)">', html.text)
    assert sheets[0] == STYLE_PATH
    sent = [html.content, *(site.get(sheet).content for sheet in sheets)]
    assert sum(len(gzip.compress(part, 6)) for part in sent) <= FIRST_VIEW


def test_a_receipt_says_what_a_tax_office_asks_and_nothing_of_the_donor(site: TestClient) -> None:
    """What, when, worth by whom, which transaction in which block; a key with several gifts has their sum."""
    key = f"{built.TXID}:1"
    assert f'<a href="/receipt/{key}">' in site.get(f"/d/{key}").text
    page = site.get(f"/receipt/{key}")
    told = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    trail = built.story_trail()
    assert page.headers["cache-control"].startswith("private")
    assert trail.block is not None
    for fact in (
        "0.01000000 BTC",
        key,
        trail.address,
        f"block {trail.block.height}",
        "None is recorded.",
        "Value when",
    ):
        assert str(fact) in told, fact
    assert "Together" not in told
    assert site.get("/receipt/seen").status_code == 404
    assert receipt.sum_given([trail, trail]) == "0.02000000 BTC"


def crowded_flow(orders: int) -> Flow:
    """The story's flow with so many conversions and orders, of each of which something is still to come or came bad."""
    story = built.story_flow()
    donated, _, _, stock, *later = story.stages
    sats, cents, pieces = 10_000_000, 500_000, stock.bars[0].units // orders
    numbers = range(1, orders + 1)
    converted = tuple(
        Bar(key=f"C-{n}", label=f"C-{n}", substance=Substance.MONEY, amount=Amount.of("USD", cents))
        for n in numbers
    )
    ordered = tuple(
        Bar(key=f"PO-{n}", label=f"PO-{n}", substance=Substance.GOODS, amount=Amount.of("mask", pieces + 10))
        for n in numbers
    )
    coins = donated.bars[0].model_copy(update={"amount": Amount.of("BTC", orders * sats)})
    stages = (
        donated.model_copy(update={"bars": (coins,)}),
        Stage(kind=StageKind.MONEY, place="", count=orders, bars=converted, totals=()),
        Stage(kind=StageKind.ORDERED, place="", count=orders, bars=ordered, totals=()),
        stock,
        *later,
    )
    bands = [band for band in story.bands if not band.source.startswith(("btc", "C-", "PO-"))]
    exits = [row for row in story.exits if not row.source.startswith(("btc", "C-", "PO-"))]
    for n in numbers:
        at, there = sats * (n - 1), pieces * (n - 1)
        bands += [
            Band(source="btc", target=f"C-{n}", taken=(at, at + sats), joined=(0, cents)),
            Band(source=f"C-{n}", target=f"PO-{n}", taken=(0, cents), joined=(0, pieces + 10)),
            Band(source=f"PO-{n}", target="beijing", taken=(0, pieces), joined=(there, there + pieces)),
        ]
        kind = ExitKind.OPEN if n % 2 else ExitKind.DAMAGED
        taken, left = (pieces, pieces + 10), Amount.of("mask", 10)
        exits.append(Exit(source=f"PO-{n}", kind=kind, label="", taken=taken, amount=left))
    return Flow(units=story.units, stages=stages, bands=tuple(bands), exits=tuple(exits))


def spread_flow(products: int, depots: int, partners: int) -> Flow:
    """A dozen orders of each product, whose pieces lie at many depots and went to many organisations."""
    stages: dict[tuple[StageKind, str], list[Bar]] = {}
    bands: list[Band] = []
    for n in range(12 * products):
        product = f"P{n % products}"
        depot, partner = f"Depot number {n % depots}", f"Organisation number {n % partners}"
        way = ((StageKind.ORDERED, ""), (StageKind.STOCK, depot), (StageKind.HANDED, partner))
        keys = [f"{n}:{kind.value}" for kind, _ in way]
        for key, stage in zip(keys, way, strict=True):
            label, amount = stage[1] or f"PO-{n}", Amount.of(product, 100 + n)
            bar = Bar(key=key, label=label, substance=Substance.GOODS, amount=amount)
            stages.setdefault(stage, []).append(bar)
        bands += [
            Band(source=source, target=target, taken=(0, 100 + n), joined=(0, 100 + n))
            for source, target in itertools.pairwise(keys)
        ]
    names = {f"P{n}": f"Thing number {n}" for n in range(products)}
    rows = sorted(stages.items(), key=lambda row: list(StageKind).index(row[0][0]))
    return Flow(
        units=dict.fromkeys(names, "piece"),
        names=names,
        stages=tuple(
            Stage(kind=kind, place=place, count=len(bars), totals=totals_of(bars), bars=tuple(bars))
            for (kind, place), bars in rows
        ),
        bands=tuple(bands),
        exits=(),
    )


def test_the_first_view_is_small_however_many_products_and_places_there_are() -> None:
    """The strips of the products on which most was spent are drawn; the table has all."""
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    flow = spread_flow(12, 30, 25)
    mine.views.pages["spread"] = built.changed(built.story_page(), flow=flow)
    html = TestClient(create_app(mine)).get("/c/spread")
    assert html.status_code == 200
    assert len(gzip.compress(html.content, 6)) + len(gzip.compress(STYLE, 6)) <= FIRST_VIEW
    assert html.text.count('class="flow wide"') == 4
    assert all(f"Thing number {n}, in pieces" in html.text for n in range(12))
    assert "9 more products in the table." in html.text


@pytest.mark.parametrize("orders", [9, 99, 999])
def test_the_first_view_is_small_however_many_orders_there_are(orders: int) -> None:
    """Bars beyond some twenty a stage are drawn as one, which says how many they are and leads to all of them."""
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    flow = crowded_flow(orders)
    mine.views.pages["crowded"] = built.changed(built.story_page(), flow=flow)
    site = TestClient(create_app(mine))
    html = site.get("/c/crowded")
    assert html.status_code == 200
    assert len(gzip.compress(html.content, 6)) + len(gzip.compress(STYLE, 6)) <= FIRST_VIEW
    listed = re.findall(r'href="(/c/[^"]*/flow/2)"', html.text)
    assert bool(listed) == (orders > SHOWN)
    if listed:
        assert "PO-1<" in site.get("/c/crowded/flow/2").text


def test_the_picture_has_its_table(site: TestClient) -> None:
    """Directly after both drawings: stage, yours, arrived, stays, lost, and each receiver."""
    html = site.get(f"/d/{built.TXID}:1").text
    assert html.count("<svg class=") == 2
    after = html.split("</svg></div>", 1)[1]
    assert after.lstrip().startswith("<details><summary>The same as a table")
    for name, number in built.COUNTRIES:
        assert re.search(rf'<th scope="row">{name}</th><td>\d+</td><td>{number:,}</td>', after), name


def test_a_key_with_several_donations_lists_them(site: TestClient) -> None:
    """An address that was paid twice shows both, each with a link of its own."""
    html = site.get(f"/d/{built.story_trail().address}").text
    text = text_of(html)
    assert "This key has 2 payments. 1 settled: 0.01 BTC together." in text
    assert "Together they paid for 37 masks." in text
    assert "Your 0.01 BTC paid for 37 masks" in text
    assert "Not in that sum: " in text
    assert f'href="/d/{built.TXID}:1"' in html
    assert f'href="/d/{"ab" * 32}:0"' in html


def test_an_unknown_key_is_answered_with_help(site: TestClient) -> None:
    """404, the sentence of the ledger, and the form with the key in it."""
    answer = site.get("/d/3f9ac21")
    assert answer.status_code == 404
    assert "A transaction id has 64 characters; yours has 7.<" in answer.text
    assert 'value="3f9ac21"' in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_what_is_not_there_is_told_to_people_without_names_of_fields(site: TestClient) -> None:
    """Title and text differ, a campaign that is not there is told so, and an empty search is not sent."""
    for path in ("/c/nope", "/d/3f9ac21", "/nothing"):
        answer = site.get(path)
        assert answer.status_code == 404, path
        (title,) = re.findall(r"<h1>(.*?)</h1>", answer.text)
        (lead,) = re.findall(r'<p class="lead">(.*?)</p>', answer.text)
        assert title.rstrip(".") not in lead, path
        assert "campaign:" not in answer.text, path
    assert re.search(r'<input id="key"[^>]* required', site.get("/").text)


def test_the_form_finds_without_a_script(site: TestClient) -> None:
    """What is posted to /find is sent on to the donation, with the key quoted; no address ever held it before."""
    answer = site.post("/find", data={"key": f" {built.TXID}:1 "})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/d/{built.TXID}:1"
    request = f"bitcoin:{CLAIM}?message={'x' * 400}"
    assert site.post("/find", data={"key": request}).headers["location"] == f"/d/{CLAIM}"
    assert site.post("/find", data={"key": built.TXID + " " * 400 + "x"}).status_code == 400
    other = site.post("/find", data={"key": "//evil.example"})
    assert other.headers["location"] == "/d/%2F%2Fevil.example"
    assert site.post("/find").status_code == 400
    assert site.get("/find", params={"key": built.TXID}).status_code == 405
    for path in ("/", f"/d/{built.TXID}:1"):
        assert '<form class="find" action="/find" method="post"' in site.get(path).text


def test_a_private_key_in_place_of_a_donations_is_warned_of_and_not_repeated(site: TestClient) -> None:
    """In the form before it is in an address; under /d/ and in the data too, for whoever wrote it there."""
    for key in ("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "abandon " * 11 + "about"):
        for answer in (
            site.post("/find", data={"key": key}),
            site.get(f"/d/{key}"),
            site.get(f"/api/v1/donations/{key}"),
        ):
            assert (answer.status_code, answer.headers.get("location")) == (422, None)
            assert "treat that key as seen" in answer.text
            assert key[:20] not in answer.text
    code = "S6c56bnXQiBjk9mqSYE7yk"  # has the form of a short private key, and of a claim code
    assert site.post("/find", data={"key": code}).headers["location"] == f"/d/{code}"


def test_a_claim_code_is_a_secret_link(site: TestClient) -> None:
    """No index, no referrer, no shared cache, and the code is nowhere on the page."""
    answer = site.get(f"/d/{CLAIM}")
    assert answer.status_code == 200
    assert answer.headers["x-robots-tag"].startswith("noindex")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "private, no-store"
    assert CLAIM not in answer.text
    assert "x-robots-tag" not in site.get(f"/d/{built.TXID}").headers


def test_markup_in_data_stays_text() -> None:
    """Titles, places and papers from outside are escaped, and bidirectional characters are dropped."""
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    evil = "<script>alert(1)</script>\u202eevil\x07"
    page = built.story_page(evil)
    report = built.changed(
        page.report, title=evil, purpose=evil, sources_of_facts=(SourceOfFact(fact=evil, source=evil),)
    )
    paper = built.changed(page.papers[0], title=evil, shows=evil)
    mine.views.pages["evil"] = built.changed(page, report=report, papers=(paper,))
    html = TestClient(create_app(mine)).get("/c/evil").text
    assert "<script" not in html
    assert "\u202e" not in html
    assert "\x07" not in html
    assert "&lt;script&gt;" in html


def test_papers_are_served_as_they_were_hashed(site: TestClient) -> None:
    """Bytes by their SHA-256, in a sandbox; what a browser could run is only downloaded."""
    pdf = site.get("/papers/" + "1" * 64)
    assert pdf.content.startswith(b"%PDF")
    assert "sandbox" in pdf.headers["content-security-policy"]
    page = site.get("/papers/" + "2" * 64)
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment")
    assert site.get("/papers/" + "3" * 64).status_code == 404
    assert site.get("/papers/../../etc/passwd").status_code == 404


def test_the_style_sheet_is_named_by_its_bytes(site: TestClient) -> None:
    """So that it can be kept for ever."""
    assert f'href="{STYLE_PATH}"' in site.get("/").text
    sheet = site.get(STYLE_PATH)
    assert sheet.text == STYLE.decode()
    assert "immutable" in sheet.headers["cache-control"]
    assert REST_STYLE_PATH in site.get("/").text
    assert REST_STYLE_PATH not in site.get(f"/c/{built.SLUG}").text


def test_no_product_is_named_in_the_code_of_pages() -> None:
    """The core and the pages know no product; the report's unit is the only word for it."""
    page = built.story_page("kit")
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    report = built.changed(page.report, title="Kits", withheld=(), purpose="", needs=())
    mine.views.pages["kits"] = built.changed(page, report=report)
    assert "mask" not in TestClient(create_app(mine)).get("/c/kits").text.lower()


def test_a_payment_says_its_block_and_the_one_line_that_checks_it(site: TestClient) -> None:
    """Height, position, raw block, Merkle path, and the SHA-256 of each paper whole, as docs/donors.md promises."""
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    trail = built.story_trail()
    assert trail.block is not None
    block = built.changed(trail.block, position=7, branch=("ab" * 32, "cd" * 32))
    mine.views.trails[built.TXID] = [built.changed(trail, block=block)]
    html = TestClient(create_app(mine)).get(f"/d/{built.TXID}").text
    words = text_of(html)
    assert "In block 632,214 of 29 May 2020, 14:00 UTC: transaction 7 of it, counted from 0." in words
    raw = f"https://mempool.space/api/block/{block.hash}/raw"
    assert f'<a href="{raw}" rel="noreferrer">' in html
    assert f"curl -sL {raw} | ./aidtrail scan - --address {trail.address}" in unescape(
        re.sub(r"<[^>]+>", "", html)
    )
    assert '<span class="o">--address</span>' in html, "no line ends within an option"
    assert all(node in words for node in block.branch)
    assert all(paper.sha256 in words for step in trail.steps for paper in step.evidence)
    assert sum(len(gzip.compress(sent, 6)) for sent in (html.encode(), STYLE, REST_STYLE)) <= FIRST_VIEW
