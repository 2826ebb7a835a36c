"""Words, help for donors, who runs the site, and what is not shown: each page is linked from every other."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.documents import DOCUMENTS
from api.pages.help import HELP_PATHS
from api.pages.render import code
from api.pages.sentences.help import TERMS
from api.ports import SiteSettings
from ledger.views.trail import DonationStatus
from tests.tools import builders_views as built
from tests.tools.fakes_api import ports


def site_of(settings: SiteSettings | None = None) -> TestClient:
    made = ports()
    return TestClient(create_app(made if settings is None else replace(made, settings=settings)))


@pytest.mark.parametrize("path", ["/", f"/c/{built.SLUG}", f"/d/{built.TXID}:1", "/nothing", "/docs"])
def test_every_page_leads_to_words_help_operator_and_what_is_not_shown(path: str) -> None:
    site = site_of()
    html = site.get(path).text
    for name in HELP_PATHS:
        assert f'href="/{name}"' in html
        page = site.get(f"/{name}")
        assert page.status_code == 200
        assert page.text.count("<h1>") == 1
        assert "<script" not in page.text


def test_every_status_that_a_payment_may_have_is_a_word() -> None:
    page = site_of().get("/words").text
    for status in DonationStatus:
        if status not in {DonationStatus.SEEN, DonationStatus.REVERSED, DonationStatus.BELOW_DUST}:
            assert f'<dt id="{status.value}">' in page
    for said in (
        "Outpoint",
        "Mempool",
        "Dust line",
        "GRN",
        "waybill",
        "Lot",
        "Unexplained",
        "Sealed",
        "sealed",
    ):
        assert said.lower() in page.lower()
    assert len(re.findall("<dt ", page)) == len(TERMS)


def test_who_runs_the_site_is_told_as_the_operator_wrote_it() -> None:
    told = site_of(
        SiteSettings(
            operator="Relief & Co", contact="mailto:desk@example.org", source="https://code.example/aidtrail"
        )
    )
    page = told.get("/about").text
    assert "Relief &amp; Co runs this site." in page
    assert 'href="mailto:desk@example.org">desk@example.org</a>' in page
    assert 'href="https://code.example/aidtrail"' in page
    assert "has not written who it is" in site_of().get("/about").text


def test_every_document_is_a_page_whose_links_lead_to_pages_and_whose_code_keeps_its_lines() -> None:
    site = site_of()
    listed = site.get("/docs").text
    told = {f"/docs/{name}": site.get(f"/docs/{name}") for name in DOCUMENTS}
    places = {path: set(re.findall(r'id="([^"]+)"', page.text)) for path, page in told.items()}
    for path, page in told.items():
        assert page.status_code == 200
        assert f'href="{path}"' in listed
        assert page.text.count("<h1>") == 1
        assert not re.search(r"<script| style=|<img", page.text)
        for href in re.findall(r'href="(/docs/[^"]+|#[^"]+)"', page.text.split("<main", 1)[1]):
            leads, _, place = href.partition("#")
            assert leads in {"", "/docs", *told}, href
            assert leads == "/docs" or not place or place in places[leads or path], href
    example = unescape(told["/docs/example"].text)
    block = (Path(__file__).resolve().parents[2] / "docs/example.md").read_text().split("```sh\n")[2]
    assert block.partition("\n```")[0] in example
    assert "Readable &lt;b&gt;" in str(code("Readable <b>"))
