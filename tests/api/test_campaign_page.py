"""A campaign's page: sums that close, books that say when they do not tie, what waits, and what is promised."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages import sentences as say
from ledger.core.frozen import Amount
from ledger.core.gift_accounts import GiftAccount
from ledger.core.telling import Telling
from ledger.core.wording import Wording
from ledger.model.bank import Instrument
from ledger.rules.pledges import PledgeStatus
from ledger.views.bank_state import BankState, OutstandingInstrument, SetAside
from ledger.views.campaign import (
    Apart,
    CoinsApart,
    OpenCount,
    PledgeRow,
    PublicOpenItem,
    UnexplainedSpend,
    Unvalued,
)
from ledger.views.to_do import ToDo
from tests.tools import builders_views as built
from tests.tools.builders_views import changed
from tests.tools.fakes_api import FakeViews, ports, text_of


@pytest.fixture(scope="module")
def site() -> TestClient:
    return TestClient(create_app(ports()), follow_redirects=False)


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
        ({"agreed": False, "block": None}, "No agreed chain. No coins are counted until the sources agree"),
        ({"behind_blocks": 3, "behind_hours": 1}, "3 blocks behind the chain, about 1 hour"),
        ({"shortfall": Amount.of("BTC", 1_000_000)}, "0.01 BTC was undone by the chain after it was used"),
        (
            {"unvalued": Unvalued(asset="BTC", minor=1_000_000, count=2, since="2020-09-28T12:00:00Z")},
            "Without a value since 28 September 2020, 12:00 UTC: 2 donations, 0.01 BTC.",
        ),
    ],
)
def test_the_age_of_figures_is_said(change: dict[str, object], said: str) -> None:
    """Old figures stay visible, with why they are old."""
    assert said in " ".join(say.books_notes(changed(built.tied_books(), **change)))


def test_an_unexplained_coin_is_a_row_until_it_is_explained() -> None:
    """Open ones stand with amount and time; closed ones are counted."""
    spend = UnexplainedSpend(
        txid="cd" * 32, seen_at="2020-06-24T11:20:00Z", explained_at=None, amount=Amount.of("BTC", 500_000)
    )
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    report = changed(built.story_report(), unexplained=(spend,))
    mine.views.pages["open"] = changed(built.story_page(), report=report)
    html = TestClient(create_app(mine)).get("/c/open").text
    assert "0.00500000 BTC" in html
    assert "No entry says why, since 24 June 2020, 11:20 UTC" in html
    assert "1 explained, the last on 24 June 2020" in TestClient(create_app(mine)).get("/c/bithelp").text


def test_what_is_open_of_deliveries_comes_first_and_the_rest_is_counted(site: TestClient) -> None:
    """A gap, then what nobody counted, then what agrees; the newest losses; what is not shown is in the data."""
    html = site.get("/c/bithelp").text
    (table,) = re.findall(r'id="deliveries".*?</table>', html, re.S)
    rows = re.findall(r'data-l="Delivery">([^<]*)<', table)
    assert rows[:3] == ["Waybill W-000", "Handover H-7, not signed yet", "Waybill W-001"]
    assert len(rows) == 8
    assert "1 gap without an explanation; 1 delivery not counted" in table
    assert "23 more rows in the data" in table
    assert "The last 8 of 30. 6,400 masks in stock are past the last day of use." in html


def test_a_sealed_paper_has_no_link(site: TestClient) -> None:
    """It is known by its hash only."""
    html = site.get("/c/bithelp").text
    assert f"/papers/{'6' * 64}" not in html
    assert f'title="{"6" * 64}"' in html


def test_an_empty_campaign_says_what_is_known(site: TestClient) -> None:
    """Nothing has come, nothing is called reconciled, and nothing is drawn."""
    html = site.get("/c/new").text
    assert "No donation has settled yet." in text_of(html)
    assert "Not reconciled yet" in html
    assert "<svg class=" not in html


def test_coins_that_are_not_held_for_the_campaign_are_named_beside_those_that_are() -> None:
    dust = CoinsApart(asset="BTC", minor=700, why=Apart.DUST)
    books = changed(built.tied_books(), in_books=Amount.of("BTC", 351_108_006), apart=(dust,))
    said = dict(say.books_facts(books))["Wallets"]
    assert said.startswith("3.51108006 BTC (3.51107306 held + 0.00000700 below the dust line)")


def test_a_wait_is_not_painted_as_an_alarm(site: TestClient) -> None:
    """Before the first look, and while catching up, nothing is called reconciled and nothing is red."""
    assert 'class="strip waits"' in site.get("/c/new").text
    behind = changed(built.tied_books(), reconciled=False, behind_blocks=12, behind_hours=2)
    assert say.books_facts(behind)[0] == ("Not reconciled yet", "Read to block 650,412")
    lost = changed(behind, unexplained=Amount.of("BTC", 500_000))
    assert say.books_facts(lost)[0][0].startswith("Does not reconcile")


def test_what_waits_is_on_the_page_with_age_and_amount_and_keeps_it_from_being_reconciled() -> None:
    """Books that are the chain are not reconciled while an order or a bank line is not matched: counts, no alarm."""
    waits = (
        OpenCount(kind="open_match", count=1, since="2020-09-01"),
        OpenCount(kind="bank_line", count=2, since="2020-09-20"),
    )
    row = PublicOpenItem(
        kind="open_match",
        subject="PO-3/1 invoice I-9",
        since="2020-09-01",
        to_do=Telling(ToDo.SETTLE_MATCH, {"reasons": [Wording("correct one")]}),
        amount=Amount.known("USD", 12_500),
    )
    books = changed(built.tied_books(), reconciled=False, open=waits)
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    report = changed(built.story_report(), books=books)
    mine.views.pages["open"] = changed(built.story_page(), report=report, waiting=(row,))
    site = TestClient(create_app(mine))
    assert 'class="strip waits"' in site.get("/c/open").text
    told = text_of(site.get("/c/open/accounts").text)
    assert (
        "Not reconciled yet 1 order line or invoice that does not match and 2 bank lines without a match"
        in told
    )
    assert "Order line or invoice that does not match PO-3/1 invoice I-9 125.00 USD" in told
    assert "since 1 September 2020, 27 days order, receipt and invoice do not agree (correct one)" in told
    assert site.get("/api/v1/campaigns/open").json()["books"]["open"] == [
        {"kind": "open_match", "count": 1, "since": "2020-09-01"},
        {"kind": "bank_line", "count": 2, "since": "2020-09-20"},
    ]
    assert "Nothing waits for a decision." in site.get("/c/bithelp/accounts").text


def test_promises_are_in_a_part_of_their_own_and_in_no_total() -> None:
    """Pledged, paid in part, lapsed: a row each, and every figure of the campaign is what it is without them."""
    rows = (
        PledgeRow(
            number="PL-2",
            date="2020-05-20",
            promised=Amount.of("USD", 250_000),
            paid=Amount.of("USD", 200_000),
            lapsed=Amount.of("USD", 0),
            status=PledgeStatus.COMMITMENT,
        ),
        PledgeRow(
            number="PL-1",
            date="2020-05-18",
            promised=Amount.of("USD", 90_000),
            paid=Amount.of("USD", 0),
            lapsed=Amount.of("USD", 90_000),
            status=PledgeStatus.LAPSED,
        ),
    )
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    report = changed(built.story_report(), pledges=rows)
    mine.views.pages["promised"] = changed(built.story_page(), report=report)
    site = TestClient(create_app(mine))
    told = text_of(site.get("/c/promised/accounts").text)
    assert "PL-2 20 May 2020 2,500.00 USD Binding 2,000.00 USD paid and 500.00 USD still to come" in told
    assert "PL-1 18 May 2020 900.00 USD Lapsed 900.00 USD lapsed" in told
    with_them, without = (site.get(f"/api/v1/campaigns/{slug}").json() for slug in ("promised", "bithelp"))
    assert with_them.pop("pledges")[0]["open"] == {"asset": "USD", "minor": 50_000, "decimal": "500.00"}
    assert without.pop("pledges") == []
    assert with_them == without
    assert "Promised" not in site.get("/c/bithelp/accounts").text


def test_each_bank_says_as_of_which_day_and_what_was_set_aside_stands_among_what_is_withheld() -> None:
    """Amount, reason and role of a line that is none of the campaign's; of a shared account a row a month."""
    aside = SetAside(
        when="2020-08-31",
        lines=1,
        came=Amount.of("USD", 0),
        went=Amount.of("USD", 450_000),
        reason="of another fund",
        decided_by="approver",
        decided_on="2020-09-02",
    )
    month = changed(aside, when="2020-07", lines=12, came=Amount.of("USD", 5_000))
    cheque = OutstandingInstrument(
        number="O-1",
        entry=7,
        instrument=Instrument.CHEQUE,
        since="2020-08-20",
        until="2020-10-31",
        amount=Amount.of("USD", -10_000),
    )
    nothing = Amount.of("USD", 0)
    bank = BankState(
        bank="Second Bank",
        last="2020-08-31",
        reconciled=False,
        shared=True,
        unmatched_lines=0,
        unlisted_entries=1,
        opening_open=Amount.of("USD", 100),
        outstanding_instruments=(cheque,),
        set_aside=(aside, month),
        opening=Amount.of("USD", 100),
        closing=Amount.of("USD", 500_000),
        books=Amount.of("USD", 900_000),
        unmatched=nothing,
        aside=nothing,
        outstanding=nothing,
        notified=nothing,
        difference=nothing,
    )
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    mine.views.pages["banked"] = changed(built.story_page(), banks=(bank,))
    site = TestClient(create_app(mine))
    told = text_of(site.get("/c/banked/accounts").text)
    assert "Second Bank, USD, as of 31 August 2020 5,000.00 USD" in told
    assert "1 entry of the books is on no statement that should show it" in told
    assert "opens with 1.00 USD that the books do not show" in told
    assert "Cheque of 20 August 2020, -100.00 USD, outstanding until 31 October 2020" in told
    told = text_of(site.get("/c/banked").text)
    assert (
        "Set aside Bank line of 31 August 2020 at Second Bank 4,500 USD out of another fund Approver, 2 September 2020"
        in told
    )
    assert "Set aside 12 lines of July 2020 at Second Bank" in told
    assert "50.00 USD in, 4,500 USD out" in told


def test_no_outgoing_coin_is_called_explained_before_a_block_was_looked_at() -> None:
    before = dict(say.books_facts(changed(built.tied_books(), block=None)))
    assert before["Outgoing coins"] == "None looked for yet"
    assert dict(say.books_facts(built.tied_books()))["Outgoing coins"] == "Every one explained"


def test_the_loudest_button_gives_only_while_the_call_is_open() -> None:
    """Before the first day and after the last one a gift counts too, and nothing presses anybody."""
    mine = ports()
    assert isinstance(mine.views, FakeViews)
    page = built.story_page()
    main = '<a class="button main" href="#give">'
    for dates, is_main, said in (
        ({"start": "2020-05-18", "end": "2020-12-31", "closed": False}, True, "Open until 31 December 2020."),
        ({"start": "2020-05-18", "end": "2020-06-02", "closed": True}, False, "give all the same"),
        ({"start": "2021-01-01", "end": "2021-02-01", "closed": False}, False, "begins on 1 January 2021"),
    ):
        mine.views.pages["dated"] = changed(page, report=changed(page.report, **dates))
        html = TestClient(create_app(mine)).get("/c/dated").text
        assert (main in html) is is_main
        assert said in text_of(html)
    account = GiftAccount(page.report.slug, "First", "Relief Trust", "123", "USD")
    banked = replace(mine, settings=replace(mine.settings, gift_accounts=(account,)))
    open_now = {"start": "2020-05-18", "end": "2020-12-31", "closed": False}
    no_address = {"fixed_address": None, "gives_addresses": False}
    mine.views.pages["dated"] = changed(page, report=changed(page.report, **open_now, **no_address))
    html = TestClient(create_app(banked)).get("/c/dated").text
    assert '<a class="button main" href="#give">Give by bank</a>' in html
    assert 'href="/c/bithelp/give#bank"' in html
    assert 'id="give"' not in TestClient(create_app(mine)).get("/c/dated").text
