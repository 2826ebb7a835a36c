"""Lists as pages: all that came, in every status, the newest first, 25 a page, found by a search, and as a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.account_lists import ACCOUNT_LISTS
from api.pages.lists import CSV_ROWS, csv_of
from api.pages.sentences import public_to_do
from api.pages.sentences.to_do import TO_DO
from api.ports import Ports, SiteSettings
from ledger.core.chain import Outpoint
from ledger.core.look import SeenTx
from ledger.core.telling import Telling
from ledger.core.wording import Wording
from ledger.store.database import Store
from ledger.views.campaign import DonationRow
from ledger.views.gift_list import GiftsWanted, GivenBy
from ledger.views.queries import donation_rows, newest_gifts
from ledger.views.trail import DonationStatus
from tests.tools.demo_data import mixed_moments
from tests.tools.ledgers import SLUG, Ledger, name, script, tx
from tests.tools.things import DATE, ship, stocked

DAY = "2023-11-20"
MANY = 60


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """60 settled gifts, dust, one blocked, one back in the mempool's queue, one replaced, one by bank, one in kind."""
    made = Ledger.new(tmp_path_factory.mktemp("lists"), dust=1_000)
    made.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    made.do("recorder", "block", "add", number="B-1", gift=f"{name('apart')}:0", list="List", date=DAY)
    for block in range(3):
        made.mine(
            f"b{block}",
            *(tx(f"g{block}.{n}", (n % 5, 100_000 + n), position=n + 1) for n in range(MANY // 3)),
        )
    made.mine("rest", tx("apart", (3, 70_000), position=1), tx("dust", (4, 500), position=2))
    seen = [_seen("waits"), _seen("loses")]
    made.look((), [], seen=tuple(seen), mempool=tuple(row.txid for row in seen))
    made.bury()
    made.mine("wins", tx("other", (6, 50_000), spends=(("in loses", 0),)))
    made.do(
        "recorder", "contribution", "add", number="C-1", bank="First", currency="USD", amount=7_000, date=DAY
    )
    made.do("recorder", "in-kind", "add", number="K-1", product="KIT", place="Depot", quantity=8, date=DAY)
    return made


def _seen(label: str) -> SeenTx:
    return SeenTx(name(label), (Outpoint(name(f"in {label}"), 0),), ((script(5), 40_000),), "test")


@pytest.fixture(scope="module")
def site(ledger: Ledger) -> Iterator[TestClient]:
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)
    yield TestClient(create_app(ports))
    ledger.store.close()


def pages_of(site: TestClient, path: str) -> list[list[str]]:
    """The keys of each page of a list, followed by its links to what is older."""
    pages = []
    while path:
        page = site.get(path)
        assert page.status_code == 200
        pages.append(re.findall(r'<td data-l="Donation"><span><a href="/d/([^"]+)">', page.text))
        older = re.findall(r'<a href="([^"]+)" rel="next">', page.text)
        path = older[0].replace("&amp;", "&") if older else ""
    return pages


def test_every_gift_stands_once_the_newest_first_25_a_page(site: TestClient, ledger: Ledger) -> None:
    pages = pages_of(site, f"/c/{SLUG}/donations")
    assert [len(page) for page in pages[:-1]] == [25] * (len(pages) - 1)
    keys = [key for page in pages for key in page]
    assert len(keys) == len(set(keys)) == MANY + 5
    assert keys[0] == f"{name('waits')}:0", "what is on its way is the newest"
    assert keys[-1] == f"{name('loses')}:0", "what never counts is last"
    with ledger.store.read() as tx:
        heights = [
            row.block_height for row in newest_gifts(tx, SLUG, GiftsWanted(), before=None, limit=99)[0]
        ]
    in_blocks = [height for height in heights if height is not None]
    assert in_blocks == sorted(in_blocks, reverse=True)


def test_a_choice_of_one_status_has_those_gifts_and_no_others(ledger: Ledger) -> None:
    """The list by status is the list of the data, which says the status row by row."""
    with ledger.store.read() as tx:
        rows, _ = donation_rows(tx, SLUG, after=None, limit=200)
        told = {row.key: row.status for row in rows if row.outpoint}
        told[f"{name('loses')}:0"] = DonationStatus.REPLACED
        for status in DonationStatus:
            wanted = GiftsWanted(GivenBy.COIN, status)
            found, _ = newest_gifts(tx, SLUG, wanted, before=None, limit=200)
            assert {row.key for row in found} == {key for key, value in told.items() if value is status}
            assert all(row.status is status for row in found)
        assert {DonationStatus.SEEN, DonationStatus.BELOW_DUST, DonationStatus.BLOCKED} < set(told.values())


def test_gifts_by_bank_and_in_kind_have_their_lists(site: TestClient) -> None:
    assert pages_of(site, f"/c/{SLUG}/donations?show=bank") == [[f"contribution:{SLUG}:C-1"]]
    assert pages_of(site, f"/c/{SLUG}/donations?show=kind") == [[f"in-kind:{SLUG}:K-1"]]


def test_lists_by_bank_and_in_kind_are_the_list_of_the_data_in_every_cut(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """By status and by a part of the number, a page at a time, the newest first: as the whole list says."""
    file = mixed_moments(tmp_path_factory)[-1][1]
    with closing(Store.open(f"sqlite:///{file}")) as store, store.read() as reading:
        whole, _ = donation_rows(reading, SLUG, after=None, limit=200)
        for limit in (1, 2, 3):
            cut, after = list[DonationRow](), None
            while True:
                rows, after = donation_rows(reading, SLUG, after=after, limit=limit)
                cut += rows
                if after is None:
                    break
            assert cut == whole
        for by, status, search, limit in product(
            (GivenBy.BANK, GivenBy.KIND),
            (None, *DonationStatus),
            ("", "1", "CONTRIBUTION:", "%", "none"),
            (1, 3),
        ):
            wanted, leafed, before = GiftsWanted(by, status, search), list[DonationRow](), None
            while True:
                rows, before = newest_gifts(reading, SLUG, wanted, before=before, limit=limit)
                leafed += rows
                if before is None:
                    break
            noun = "contribution" if by is GivenBy.BANK else "in-kind"
            assert leafed == sorted(
                (
                    row
                    for row in whole
                    if row.key.startswith(f"{noun}:")
                    and status in {None, row.status}
                    and search.lower() in row.key.lower()
                ),
                key=lambda row: (row.at, row.key),
                reverse=True,
            )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (name("dust")[:9], 1),
        (f"{name('dust')}:0", 1),
        (f"{name('dust')}:1", 0),
        (f"https://mempool.space/tx/{name('dust')}", 1),
        ("address4", 13),
        ("no such", 0),
    ],
)
def test_a_search_finds_a_transaction_an_output_or_an_address(
    site: TestClient, typed: str, found: int
) -> None:
    page = site.get(f"/c/{SLUG}/donations", params={"q": typed})
    assert page.text.count('<td data-l="Donation">') == found
    assert ("Nothing is found." in page.text) is (not found)


def test_the_file_has_every_row_of_the_list(site: TestClient) -> None:
    answer = site.get(f"/c/{SLUG}/donations.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{SLUG}-donations.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["key"] for row in rows] == [
        key for page in pages_of(site, f"/c/{SLUG}/donations") for key in page
    ]
    assert len(rows) < CSV_ROWS
    assert {row["status"] for row in rows} == {
        "seen",
        "settled",
        "below_dust",
        "blocked",
        "confirmed",
        "replaced",
    }
    assert rows[-1]["amount"] == "0.00040000"


def test_the_campaigns_page_shows_the_newest_gifts_and_leads_to_pages_only(site: TestClient) -> None:
    page = site.get(f"/c/{SLUG}").text
    first = re.findall(r'<td data-l="Donation"><a href="/d/([^"]+)">', page)[:3]
    assert first == pages_of(site, f"/c/{SLUG}/donations")[0][:3]
    for kind in ("donations", "donations?show=bank", "donations?show=kind", "entries"):
        assert f'href="/c/{SLUG}/{kind}"' in page
    assert not re.search(rf"/api/v1/campaigns/{SLUG}/(donations|evidence|confirmations|losses)\">All", page)


def test_what_no_list_has_is_refused_in_words(site: TestClient) -> None:
    for query in ("show=nope", "before=x", "show=bank&before=b1.1." + "0" * 64 + ".0"):
        answer = site.get(f"/c/{SLUG}/donations?{query}")
        assert answer.status_code == 422, query
    assert site.get("/c/nobody/donations").status_code == 404
    assert site.get("/c/nobody/losses.csv").status_code == 404


@pytest.fixture(scope="module")
def goods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A shipment that came short, a paper, and a journal."""
    made = stocked(tmp_path_factory.mktemp("goods"))
    ship(made, 100, "W-1")
    row = {"product": "KIT", "lot": "L1", "good": 97, "lost": 3, "cause": "stolen"}
    made.do(
        "recorder", "shipment", "arrive", number="A-1", waybill="W-1", lots=[row], reason="=2+2", date=DATE
    )
    ports = Ports(made.store, lambda: made.now + 86_400 * 60, SiteSettings(), lambda: "", list)
    yield TestClient(create_app(ports))
    made.store.close()


def test_losses_deliveries_and_entries_are_pages_and_files(goods: TestClient) -> None:
    losses = goods.get(f"/c/{SLUG}/losses").text
    assert "stolen" in losses
    assert "Waybill W-1" in goods.get(f"/c/{SLUG}/deliveries?show=uncounted").text
    assert "Waybill W-1" not in goods.get(f"/c/{SLUG}/deliveries?show=agreed").text
    assert "Nothing is found." in goods.get(f"/c/{SLUG}/losses?q=nowhere").text
    entries = goods.get(f"/c/{SLUG}/entries?q=shipment").text
    kinds = set(re.findall(r'<td data-l="Kind"><span>([^<]+)<', entries))
    assert kinds
    assert all("shipment" in kind for kind in kinds)
    rows = list(csv.DictReader(io.StringIO(goods.get(f"/c/{SLUG}/entries.csv").text)))
    numbers = [int(row["seq"]) for row in rows]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] <= 3
    assert goods.get(f"/c/{SLUG}/papers").status_code == 200
    assert "'=2+2" in goods.get(f"/c/{SLUG}/losses.csv").text, "no spreadsheet computes what a reason says"


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=5))
def test_no_cell_of_a_file_is_a_formula_and_each_comes_back(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_of(("a", "b"), rows).decode(), newline="")))
    assert len(read) == len(rows) + 1
    for told, got in zip(rows, read[1:], strict=True):
        for before, after in zip(told, got, strict=True):
            assert after in {before, f"'{before}"}
            assert not after.startswith(("=", "@", "\t", "\r"))


def test_no_list_of_the_accounts_ends_in_data(site: TestClient, ledger: Ledger) -> None:
    """Each has its page and its file, with every row of the data."""
    accounts = site.get(f"/c/{SLUG}/accounts").text
    assert "/api/" not in accounts.split("<main", 1)[1].split("</main>")[0]
    for told in ACCOUNT_LISTS:
        page = site.get(f"/c/{SLUG}/{told.name}")
        assert page.status_code == 200
        data = re.findall(r'<a href="(/api/[^"]+)">', page.text)[-1]
        assert site.get(data).status_code == 200, data
        head, *_ = site.get(f"/c/{SLUG}/{told.name}.csv").text.splitlines()
        assert head == ",".join(told.values)
    rows = list(csv.DictReader(io.StringIO(site.get(f"/c/{SLUG}/waiting.csv").text)))
    items = site.get(f"/api/v1/campaigns/{SLUG}/decisions?limit=100").json()["items"]
    assert [row["kind"] for row in rows] == [item["kind"] for item in reversed(items)]
    assert rows


def test_what_waits_is_told_to_the_public_without_commands() -> None:
    for kind, message in TO_DO.items():
        values = {name: Wording("it") for name in message.placeholders if name != "n"}
        told = public_to_do(Telling(kind, values | ({"n": 2} if "n" in message.placeholders else {})))
        assert told
        assert not re.search(r"[`_=]| [ ,;.]", told), told
