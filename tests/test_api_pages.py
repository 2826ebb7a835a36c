"""The public pages: sentences that tie, books that say when they do not, no script, small first view."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages import sentences as say
from api.pages.figures import rfc3339
from api.pages.render import STYLE, STYLE_PATH
from ledger.flow import ExitKind
from ledger.report import CampaignReport, OpenCount, OpenMatter, PledgeRow, UnexplainedSpend
from ledger.trail import ChangeKind, DonationStatus, Place, TrailChange
from tests import builders_views as built
from tests.fakes_api import CLAIM, FakeStore, FakeViews, ports

FIRST_VIEW = 14 * 1024


@pytest.fixture(scope="module")
def site() -> TestClient:
    return TestClient(create_app(ports()), follow_redirects=False)


def text_of(html: str) -> str:
    return (
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
        .replace(" ,", ",")
        .replace(" :", ":")
        .replace(" .", ".")
    )


def test_a_campaign_says_one_sentence_whose_figures_add_up(site: TestClient) -> None:
    """217,000 + 32,400 + 2,600 = 252,000, all four in the heading."""
    html = site.get("/c/bithelp").text
    (heading,) = re.findall(r"<h1>(.*?)</h1>", html, re.S)
    assert text_of(heading).strip() == (
        "71.84 BTC from 412 donations bought 252,000 masks: 217,000 are distributed in 15 places, "
        "32,400 are on the way or waiting, 2,600 were damaged, short or lost."
    )


def test_a_sentence_that_would_not_add_up_names_the_rest() -> None:
    """What is in no figure is said, never left out."""
    report = replace(built.story_report(), under_way=32_000)
    assert "400 are not accounted for" in say.plain(say.campaign_sentence(report))


def test_a_donation_says_what_it_became(site: TestClient) -> None:
    """The donor's sentence: coins, goods, each place; 30 + 7 = 37."""
    html = site.get(f"/d/{built.TXID}:1").text
    (heading,) = re.findall(r"<h1>(.*?)</h1>", html, re.S)
    assert (
        text_of(heading).strip()
        == "Your 0.01 BTC bought 37 masks: 30 handed out in Ghana, 7 waiting at WAHO."
    )


@pytest.mark.parametrize("unit", ["mask", "student trained", "box", "pair of gloves"])
def test_units_come_from_data(unit: str) -> None:
    """Any product's name is the word on the page, in the plural where there are several."""
    report = built.story_report(unit)
    many = {
        "mask": "masks",
        "student trained": "students trained",
        "box": "boxes",
        "pair of gloves": "pairs of gloves",
    }
    assert f"252,000 {many[unit]}:" in say.plain(say.campaign_sentence(report))
    assert f"37 {many[unit]}:" in say.plain(say.donation_sentence(built.story_trail(unit)))


def test_sums_close_with_their_total(site: TestClient) -> None:
    """Every row of every sums table is printed exactly, and the rows add up to the last."""
    html = site.get("/c/bithelp").text
    tables = re.findall(r'<table class="sum"><caption>.*?</table>', html, re.S)
    assert len(tables) == 3
    for table in tables:
        figures = [
            int(re.sub(r"[,.]", "", cell)) for cell in re.findall(r'<td class="n">([\d,.]+)</td>', table)
        ]
        assert sum(figures[:-1]) == figures[-1]


def test_books_that_tie_name_their_block(site: TestClient) -> None:
    """The strip says books = chain at block N, with a time and the sources."""
    html = site.get("/c/bithelp").text
    assert "Books = chain at block 650,412" in html
    assert "3.2260 BTC, difference 0" in html
    assert "28 September 2020, 14:16 UTC, 3 of 3" in html


def test_books_that_do_not_tie_say_by_how_much_and_since_when(site: TestClient) -> None:
    """A public alarm: amount, time, and what the chain holds."""
    html = site.get("/c/broken").text
    assert 'class="strip broken"' in html
    assert "Does not reconcile, since 24 June 2020, 11:20 UTC" in html
    assert "0.0050 BTC unexplained" in html
    assert "3.2210 BTC" in html


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"agreed": False, "no_chain_since": "2020-09-28T12:00:00Z"},
            "No agreed chain since 28 September 2020, 12:00 UTC",
        ),
        ({"behind": 3, "behind_hours": 1}, "3 blocks behind the chain, about 1 hour"),
        ({"shortfall": 1_000_000}, "0.01 BTC was undone by the chain after it was used"),
        (
            {"unvalued": 2, "unvalued_sats": 1_000_000, "unvalued_since": "2020-09-28T12:00:00Z"},
            "Without a value since 28 September 2020, 12:00 UTC: 2 donations, 0.01 BTC.",
        ),
    ],
)
def test_the_age_of_figures_is_said(change: dict[str, object], said: str) -> None:
    """Old figures stay visible, with why they are old."""
    assert said in " ".join(say.books_notes(replace(built.tied_books(), **change)))  # type: ignore[arg-type]


def test_an_unexplained_coin_is_a_row_until_it_is_explained() -> None:
    """Open ones stand with amount and time; closed ones are counted."""
    spend = UnexplainedSpend("cd" * 32, 500_000, "2020-06-24T11:20:00Z", None)
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    mine.views.reports["open"] = replace(built.story_report(), unexplained=(spend,))
    html = TestClient(create_app(mine)).get("/c/open").text
    assert "0.00500000 BTC" in html
    assert "No entry says why, since 24 June 2020, 11:20 UTC" in html
    assert "1 explained, the last on 24 June 2020" in TestClient(create_app(mine)).get("/c/bithelp").text


@pytest.mark.parametrize(
    "path", ["/", "/c/bithelp", "/c/new", "/d/seen", f"/d/{built.TXID}", "/docs", "/nothing", "/d/nope"]
)
def test_every_page_of_a_demonstration_says_so(site: TestClient, path: str) -> None:
    """The banner stands on every page, errors and documentation too."""
    assert say.DEMONSTRATION in site.get(path).text


def test_a_real_site_has_no_banner() -> None:
    """Only demonstrations say so."""
    site = TestClient(create_app(ports(demonstration=False)))
    assert say.DEMONSTRATION not in site.get("/").text


@pytest.mark.parametrize("path", ["/", "/c/bithelp", f"/d/{built.TXID}:1", "/docs"])
def test_pages_carry_no_script_and_no_inline_style(site: TestClient, path: str) -> None:
    """The policy forbids both; nothing comes from another host."""
    answer = site.get(path)
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", answer.text)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/c/bithelp", f"/d/{built.TXID}:1"])
def test_the_first_view_is_small(site: TestClient, path: str) -> None:
    """HTML and blocking CSS together, gzip, at most 14 KB with both drawings in it."""
    html = site.get(path).content
    assert len(gzip.compress(html, 6)) + len(gzip.compress(STYLE, 6)) <= FIRST_VIEW


def test_what_is_open_of_deliveries_comes_first_and_the_rest_is_counted(site: TestClient) -> None:
    """A gap, then what nobody counted, then what agrees; the newest losses; what is not shown is in the data."""
    html = site.get("/c/bithelp").text
    (table,) = re.findall(r'id="deliveries".*?</table>', html, re.S)
    rows = re.findall(r'data-l="Delivery">([^<]*)<', table)
    assert rows[:3] == ["Waybill W-000", "Handover H-7, not signed yet", "Waybill W-001"]
    assert len(rows) == 8
    assert "1 gap without an explanation; 1 delivery not counted" in table
    assert "23 more rows in the data" in table
    assert "The last 8 of 30. 6,400 pieces in stock are past the last day of use." in html


def test_the_picture_has_its_table(site: TestClient) -> None:
    """Directly after both drawings: stage, yours, arrived, stays, lost, and each receiver."""
    html = site.get(f"/d/{built.TXID}:1").text
    assert html.count("<svg class=") == 2
    after = html.split("</svg></div>", 1)[1]
    assert after.lstrip().startswith("<details><summary>The same as a table")
    for name, number in built.COUNTRIES:
        assert re.search(rf'<th scope="row">{name}</th><td>\d+</td><td>{number:,}</td>', after), name


@pytest.mark.parametrize("status", [s for s in DonationStatus if s is not DonationStatus.SETTLED])
def test_every_status_is_a_word_and_a_sentence(site: TestClient, status: DonationStatus) -> None:
    """A donation that is not settled says what it is, in the status's own word."""
    html = site.get(f"/d/{status}").text
    assert f'class="chip s-{status}">{say.status_word(status)}<' in html
    assert "Your 0.01 BTC" in text_of(html)


def test_a_key_with_several_donations_lists_them(site: TestClient) -> None:
    """An address that was paid twice shows both, each with a link of its own."""
    html = site.get(f"/d/{built.story_trail().address}").text
    assert "several donations" in html
    assert f'href="/d/{built.TXID}:1"' in html
    assert f'href="/d/{"ab" * 32}:0"' in html


def test_an_unknown_key_is_answered_with_help(site: TestClient) -> None:
    """404, the sentence of the ledger, and the form with the key in it."""
    answer = site.get("/d/3f9ac21")
    assert answer.status_code == 404
    assert "A transaction id has 64 characters; yours has 7." in answer.text
    assert 'value="3f9ac21"' in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_the_form_finds_without_a_script(site: TestClient) -> None:
    """GET /find redirects to the donation, with the key quoted."""
    answer = site.get("/find", params={"key": f" {built.TXID}:1 "})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/d/{built.TXID}:1"
    assert site.get("/find", params={"key": "//evil.example"}).headers["location"] == "/d/%2F%2Fevil.example"
    assert site.get("/find").status_code == 400


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
    report = built.story_report()
    mine.views.reports["evil"] = replace(
        report, title=evil, purpose=evil, unit=evil, papers=(replace(report.papers[0], title=evil, shows=evil),),
        sources_of_facts=((evil, evil),),
    )  # fmt: skip
    html = TestClient(create_app(mine)).get("/c/evil").text
    assert "<script" not in html
    assert "\u202e" not in html
    assert "\x07" not in html
    assert "&lt;script&gt;" in html


def test_a_page_is_rendered_once_until_a_head_moves() -> None:
    """Bytes are kept under the heads of journal and observations; a strong tag answers 304."""
    mine = ports()
    site = TestClient(create_app(mine))
    assert isinstance(mine.views, FakeViews)
    assert isinstance(mine.store, FakeStore)
    first = site.get("/c/bithelp")
    asked = mine.views.asked
    again = site.get("/c/bithelp", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert mine.views.asked == asked
    mine.store.reading.seq += 1
    assert site.get("/c/bithelp").status_code == 200
    assert mine.views.asked > asked


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


def test_a_sealed_paper_has_no_link(site: TestClient) -> None:
    """It is known by its hash only."""
    html = site.get("/c/bithelp").text
    assert f"/papers/{'6' * 64}" not in html
    assert f'title="{"6" * 64}"' in html


def test_the_style_sheet_is_named_by_its_bytes(site: TestClient) -> None:
    """So that it can be kept for ever."""
    assert f'href="{STYLE_PATH}"' in site.get("/").text
    sheet = site.get(STYLE_PATH)
    assert sheet.text == STYLE.decode()
    assert "immutable" in sheet.headers["cache-control"]


def test_an_empty_campaign_says_what_is_known(site: TestClient) -> None:
    """Nothing has come, nothing is called reconciled, and nothing is drawn."""
    html = site.get("/c/new").text
    assert "No donation has settled yet." in text_of(html)
    assert "Not reconciled yet" in html
    assert "<svg class=" not in html


def test_many_places_are_said_with_their_rest() -> None:
    """The four largest are named; the others are one figure, and the sum still holds."""
    places = tuple(Place(None, "kit", 10 - i, "kit", f"P{i}", "2020-06-01") for i in range(8))
    said = say.plain(say.donation_sentence(replace(built.story_trail("kit"), places=places)))
    assert "bought 52 kits:" in said
    assert said.endswith("18 in 4 other places.")


def test_a_gift_too_small_for_a_piece_is_told_so() -> None:
    """It shares one with its neighbours."""
    said = say.plain(say.donation_sentence(replace(built.story_trail(), places=())))
    assert "shares one with its neighbours" in said


def test_money_that_waits_is_said_as_waiting() -> None:
    """A settled gift that bought nothing yet says where it lies."""
    held = (Place(ExitKind.HELD, "BTC", 1_000_000, "", "", "2020-06-01"),)
    said = say.plain(say.donation_sentence(replace(built.story_trail(), places=held)))
    assert said == "Your 0.01 BTC is settled and bought nothing yet: 0.01 BTC held."


def test_no_product_is_named_in_the_code_of_pages() -> None:
    """The core and the pages know no product; the report's unit is the only word for it."""
    report: CampaignReport = built.story_report("kit")
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    mine.views.reports["kits"] = replace(report, title="Kits", withheld=(), purpose="", needs=())
    assert "mask" not in TestClient(create_app(mine)).get("/c/kits").text.lower()


def test_a_wait_is_not_painted_as_an_alarm(site: TestClient) -> None:
    """Before the first look, and while catching up, nothing is called reconciled and nothing is red."""
    assert 'class="strip waits"' in site.get("/c/new").text
    behind = replace(built.tied_books(), reconciled=False, behind=12, behind_hours=2)
    assert say.books_facts(behind)[0] == ("Not reconciled yet", "Read to block 650,412")
    lost = replace(behind, unexplained=500_000)
    assert say.books_facts(lost)[0][0].startswith("Does not reconcile")


def test_losses_of_one_kind_are_one_figure() -> None:
    """Damage at receipt and on the way is said once; the table keeps both."""
    places = (
        Place(None, "kit", 30, "kit", "Ghana", ""),
        Place(ExitKind.DAMAGED, "kit", 2, "kit", "GRN-1", ""),
        Place(ExitKind.DAMAGED, "kit", 3, "kit", "W-1", ""),
    )
    said = say.plain(say.donation_sentence(replace(built.story_trail("kit"), places=places)))
    assert said == "Your 0.01 BTC bought 35 kits: 30 handed out in Ghana, 5 damaged."


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("money/c/free/BTC", "BTC"),
        ("money/c/health/USD", "USD, for health"),
        (f"spent/{'ab' * 32}/N-1/BTC", "BTC, for N-1, spent in abababab…"),
        ("order/c/PO-2/1/USD", "Order PO-2, item 1"),
        ("goods/c/stock:Beijing/KIT#L-1", "In stock at Beijing, lot L-1"),
        ("goods/c/handed:WAHO/KIT#L-1", "Handed over to WAHO, lot L-1"),
        ("something else", "something else"),
    ],
)
def test_a_line_has_a_name_for_people(line: str, name: str) -> None:
    """What is of no known shape is shown as it is."""
    assert say.line_name(line) == name


def test_what_changed_is_told_with_what_was_said_what_is_said_and_why() -> None:
    """The newest first, in the reason's own words, which are escaped; a trail without changes has no such part."""
    said = Place(ExitKind.WAITING, "MASK", 300, "mask", "WAHO", "")
    back = TrailChange(
        ChangeKind.REVERSED, 41, "2020-09-22T09:00:00Z", "2020-09-22", 38, "a <b>slip</b>", (said,),
        (replace(said, kind=ExitKind.IN_STOCK, place="Abuja"),), (("undone", "handover H-1"),),
    )  # fmt: skip
    left = TrailChange(
        ChangeKind.VOIDED, 40, "2020-09-21T09:00:00Z", "2020-09-21", None, "", (), (),
        (("block_said", "650400"), ("used_already", "5000 BTC")),
    )  # fmt: skip
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    mine.views.trails[built.TXID] = [replace(built.story_trail(), changes=(left, back))]
    site = TestClient(create_app(mine))
    html = site.get(f"/d/{built.TXID}").text
    told = text_of(html)
    assert "Entry 41 took back entry 38, handover H-1: a &lt;b&gt;slip&lt;/b&gt;." in html
    assert "It said: 300 masks waiting at WAHO. It says: 300 masks in stock at Abuja." in told
    assert "its block left the chain" in told
    assert "0.00005000 BTC of it was used already and block 650,400" in told
    assert told.index("Entry 41") < told.index("Entry 40")
    data = site.get(f"/api/v1/donations/{built.TXID}:1/trail").json()
    assert data["changes"] == []
    assert "What changed" not in site.get(f"/d/{built.TXID}:1").text


def test_what_waits_is_on_the_page_with_age_and_amount_and_keeps_it_from_being_reconciled() -> None:
    """Books that are the chain are not reconciled while an order or a bank line is not matched: counts, no alarm."""
    waits = (OpenCount("open_match", 1, "2020-09-01"), OpenCount("bank_line", 2, "2020-09-20"))
    row = OpenMatter("open_match", "PO-3/1 invoice I-9", "2020-09-01", "USD", 12_500, "correct one")
    books = replace(built.tied_books(), reconciled=False, open=waits)
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    mine.views.reports["open"] = replace(built.story_report(), books=books, waiting=(row,))
    site = TestClient(create_app(mine))
    html = site.get("/c/open").text
    told = text_of(html)
    assert 'class="strip waits"' in html
    assert (
        "Not reconciled yet 1 order line or invoice that does not match and 2 bank lines without a match"
        in told
    )
    assert "Order line or invoice that does not match PO-3/1 invoice I-9 125.00 USD" in told
    assert "since 1 September 2020, 27 days correct one" in told
    assert site.get("/api/v1/campaigns/open").json()["books"]["open"] == [
        {"matter": "open_match", "count": 1, "since": "2020-09-01"},
        {"matter": "bank_line", "count": 2, "since": "2020-09-20"},
    ]
    assert "Nothing waits for a decision." in site.get("/c/bithelp").text


def test_when_a_gift_settled_stands_beside_the_time_of_its_block() -> None:
    """Two moments: when the books took it in, and what the chain says of its block."""
    trail = built.story_trail()
    assert trail.block is not None
    said = say.status_detail(trail)
    assert said.startswith("since 29 May 2020; in block ")
    assert f"of {say.time(rfc3339(trail.block.time))}" in said
    assert "Block of 29 May 2020, 13:20 UTC" in say.step_facts(
        replace(trail.steps[0], detail=(("block_time", "2020-05-29T13:20:00Z"),))
    )


def test_promises_are_in_a_part_of_their_own_and_in_no_total() -> None:
    """Pledged, paid in part, lapsed: a row each, and every figure of the campaign is what it is without them."""
    rows = (
        PledgeRow("PL-2", "2020-05-20", "USD", 250_000, 200_000, 0, "commitment"),
        PledgeRow("PL-1", "2020-05-18", "USD", 90_000, 0, 90_000, "lapsed"),
    )
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    mine.views.reports["promised"] = replace(built.story_report(), pledges=rows)
    site = TestClient(create_app(mine))
    told = text_of(site.get("/c/promised").text)
    assert "PL-2 20 May 2020 2,500.00 USD Binding 2,000.00 USD paid and 500.00 USD still to come" in told
    assert "PL-1 18 May 2020 900.00 USD Lapsed 900.00 USD lapsed" in told
    with_them, without = (site.get(f"/api/v1/campaigns/{slug}").json() for slug in ("promised", "bithelp"))
    assert with_them.pop("pledges")[0]["open"] == {"asset": "USD", "minor": 50_000, "decimal": "500.00"}
    assert without.pop("pledges") == []
    assert with_them == without
    assert "Promised" not in site.get("/c/bithelp").text
