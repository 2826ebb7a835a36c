"""Periods and limits as people reach them: over JSON and on the command line, with the same refusals."""

from __future__ import annotations

import gzip
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.period import period_page
from api.pages.render import STYLE, PageRenderer
from api.pages.sentences.accounts import ACCOUNTS, account_label
from api.ports import Ports, SiteSettings
from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.times import unix_seconds
from ledger.recording.desk import act
from ledger.recording.users import actor_named, add_token, add_user
from ledger.store.database import Store
from ledger.views.controls import AccountBalance, ClosedPeriod
from tests.tools.builders_views import head
from tests.tools.demo_data import run_command

NOW = unix_seconds("2024-01-14T00:00:00Z")
API = "/api/v1/campaigns/help"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A campaign with 1000.00 USD of November, in `data` of the test's folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "aidtrail.toml").write_text('[chain]\nnetwork = "regtest"\n', encoding="utf-8")
    made = Store.create(f"sqlite:///{tmp_path / 'data' / 'aidtrail.db'}")
    call = {"slug": "help", "title": "Help", "purpose": "All", "start": "2023-11-01", "end": "2023-12-31"}
    gift = {"number": "B-1", "bank": "B", "currency": "USD", "amount": 100_000, "date": "2023-11-20"}
    with made.write() as tx:
        for role in ("admin", "recorder", "approver"):
            add_user(tx, role, role, now=NOW, by=None)
        act(tx, actor_named(tx, "admin", now=NOW), "help", "campaign", "add", call, now=NOW)
        act(tx, actor_named(tx, "recorder", now=NOW), "help", "contribution", "add", gift, now=NOW)
    return made


def test_a_period_is_closed_and_read_over_json(store: Store) -> None:
    site = TestClient(create_app(Ports(store, lambda: NOW, SiteSettings(), lambda: "", list)))
    with store.write() as tx:
        tokens = {name: add_token(tx, name, "t", now=NOW, by=None) for name in ("recorder", "approver")}

    def post(who: str, path: str, **facts: object) -> tuple[int, str]:
        answer = site.post(f"{API}/{path}", json=facts, headers={"Authorization": f"Bearer {tokens[who]}"})
        return answer.status_code, answer.json().get("detail", "")

    day = {"number": "2023-11", "date": "2024-01-10"}
    assert site.get(f"{API}/periods").json()["items"] == []
    assert post("recorder", "periods/close", **day) == (201, "")
    assert post("approver", "periods/approve", **day) == (201, "")
    (period,) = site.get(f"{API}/periods").json()["items"]
    assert (period["number"], period["last"], period["reopened"]) == ("2023-11", "2023-11-30", None)
    rows = site.get(f"{API}/periods/2023-11").json()["rows"]
    assert [(row["account"], row["closing"]["decimal"]) for row in rows] == [
        ("bank/help/B", "1000.00"), ("gifts/help", "-1000.00"),
    ]  # fmt: skip
    assert site.get(f"{API}/periods/2023-12").status_code == 404
    gift = {"number": "B-2", "bank": "B", "currency": "USD", "amount": 5, "date": "2023-11-21"}
    status, why = post("recorder", "contributions", **gift)
    assert status == 422
    assert "first open day is 2023-12-01" in why
    late = gift | {"date": "2023-12-01", "happened": "2023-11-21"}
    assert post("recorder", "contributions", **late) == (201, "")


def test_an_approval_above_the_limit_is_answered_403_and_exit_77(store: Store, tmp_path: Path) -> None:
    with store.write() as tx:
        tokens = {
            name: add_token(tx, name, "t", now=NOW, by=None) for name in ("admin", "recorder", "approver")
        }
    site = TestClient(create_app(Ports(store, lambda: NOW, SiteSettings(), lambda: "", list)))

    def post(who: str, path: str, **facts: object) -> tuple[int, str]:
        answer = site.post(f"{API}/{path}", json=facts, headers={"Authorization": f"Bearer {tokens[who]}"})
        return answer.status_code, answer.json().get("detail", "")

    set_to = {"number": "L-1", "role": "approver", "currency": "USD", "most": 5000, "date": "2023-11-21"}
    assert post("recorder", "limits/set", **set_to)[0] == 403
    assert post("admin", "limits/set", **set_to) == (201, "")
    move = {"number": "M-1", "asset": "USD", "amount": 5001, "from_bank": "B", "to_bank": "C"}
    assert post("recorder", "moves", **move, date="2023-11-21") == (201, "")
    status, why = post("approver", "moves/approve", number="M-1", date="2023-11-21")
    assert (status, "up to 50.00 USD" in why, "these can: admin" in why) == (403, True, True)
    line = ["move", "approve", "--data", "data", "--set", "number=M-1", "--set", "date=2023-11-21", "--as"]
    ran = run_command([*line, "approver"], tmp_path)
    assert (ran.code, "up to 50.00 USD" in ran.err) == (77, True)
    assert run_command([*line, "admin"], tmp_path).code == 0


def site_of(store: Store) -> TestClient:
    return TestClient(create_app(Ports(store, lambda: NOW, SiteSettings(), lambda: "", list)))


def tell(store: Store, who: str, noun: str, verb: str, **facts: object) -> int:
    """Record a fact as a user of that role; gives the entry's number."""
    with store.write() as tx:
        outcome = act(tx, actor_named(tx, who, now=NOW), "help", noun, verb, facts, now=NOW)
    assert outcome.seq is not None
    return outcome.seq


def control(site: TestClient) -> str:
    """The part of the campaign's page for auditors, as words."""
    (part,) = re.findall(
        r'<section aria-labelledby="control">.*?</section>', site.get("/c/help/accounts").text, re.S
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_an_auditor_sees_which_periods_are_closed_since_when_and_opens_the_trial_balance(
    store: Store,
) -> None:
    """Nothing closed is said too; a period that was opened again stays there and says so."""
    site = site_of(store)
    assert "No period is closed yet" in control(site)
    day = {"number": "2023-11", "date": "2024-01-10"}
    tell(store, "recorder", "period", "close", **day)
    assert "No period is closed yet" in control(site), "one that waits for approval is not closed"
    froze = tell(store, "approver", "period", "approve", **day)
    assert f"2023-11 Closed 10 January 2024, entry {froze} Trial balance" in control(site)
    (href,) = re.findall(r'href="(/c/[^"]+/periods/[^"]+)"', site.get("/c/help/accounts").text)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", site.get(href).text))
    assert "What every account held at the end of 30 November 2023 ." in page
    assert f"Entry {froze} froze it on 10 January 2024, and counts entries up to {froze - 1}." in page
    assert "Bank: B 0.00 1,000.00 1,000.00 – Gifts 0.00 -1,000.00 – 1,000.00" in page
    assert "Total 1,000.00 1,000.00" in page
    assert "opened the period again" not in page
    assert site.get("/c/help/periods/2023-12").status_code == 404
    href = f"{API}/periods/2023-11"
    assert href in site.get("/c/help/periods/2023-11").text
    assert site.get(href).json()["rows"][0]["closing"]["decimal"] == "1000.00"
    (told,) = site.get(f"{API}").json()["periods"]
    assert told == {
        "number": "2023-11", "first": "2023-11-01", "last": "2023-11-30", "closed_on": "2024-01-10", "seq": froze,
        "campaign": "help", "through": froze - 1, "reopened": None, "href": href,
    }  # fmt: skip
    again = tell(
        store, "admin", "reversal", "add", entry=froze, reason="a bill is missing", date="2024-01-11"
    )
    assert f"; open again by entry {again}" in control(site)
    assert site.get(f"{API}").json()["periods"][0]["reopened"] == again
    assert f"Entry {again} opened the period again" in site.get("/c/help/periods/2023-11").text


def test_every_kind_of_account_is_told_in_words() -> None:
    """An account of any class, and a class that is none."""
    assert set(ACCOUNTS) == set(AccountClass)
    assert account_label("dust_gifts/m", "m") == "Gifts below the dust line"
    assert account_label("supplier/m/Maker/PO-1", "m") == "Paid to suppliers: Maker, PO-1"
    assert account_label("other", "m") == "other"


def test_a_long_trial_balance_is_small_and_still_ties(store: Store) -> None:
    """Of sixty accounts and thirty assets a page shows some; the rest of an asset is one row that is counted."""

    def row(account: str, asset: str, opening: int, closing: int) -> AccountBalance:
        return AccountBalance(
            account=account,
            opening=Amount.of(asset, opening),
            change=Amount.of(asset, closing - opening),
            closing=Amount.of(asset, closing),
        )

    assets = ("USD", *(f"KIT#L{lot:02}" for lot in range(30)))
    rows = [row(f"bank/help/{n:02}", asset, n, 2 * n) for asset in assets for n in range(1, 61)]
    rows += [row("gifts/help", asset, -1830, -3660) for asset in assets]
    period = ClosedPeriod(
        campaign="help",
        number="2023-11",
        first="2023-11-01",
        last="2023-11-30",
        closed_on="2024-01-10",
        seq=9,
        through=8,
        reopened=None,
        rows=tuple(rows),
    )
    html = period_page(PageRenderer(SiteSettings()), head("help"), period)
    assert len(gzip.compress(html, 6)) + len(gzip.compress(STYLE, 6)) <= 14 * 1024
    tables = re.findall(r"<section>.*?</section>", html.decode(), re.S)
    assert len(tables) == 12
    assert "<h2>US dollars (USD)</h2>" in tables[0]
    assert "19 more assets are in the data." in html.decode()
    for table in tables:
        body, foot = table.split("<tfoot>")
        debits, credits_ = (
            [figure.replace(",", "") for figure in re.findall(f'data-l="{name}" class="n">([0-9,.]+)<', body)]
            for name in ("Debit", "Credit")
        )
        assert len(re.findall("<tr><td", body)) == 25
        assert "37 more accounts" in body
        whole = re.findall(r'class="n">([0-9,.]+)<', foot)
        assert whole[0] == whole[1]
        for side in (debits, credits_):
            assert sum(map(Decimal, side)) == Decimal(whole[0].replace(",", ""))


def test_the_most_that_each_role_approves_is_public_and_no_limit_is_said(store: Store) -> None:
    site = site_of(store)
    assert "Admin No limit Approver No limit" in control(site)
    most = {"role": "approver", "currency": "USD", "date": "2023-11-21"}
    tell(store, "admin", "limit", "set", number="L-1", most=500_000, **most)
    assert "Admin No limit Approver 5,000.00 USD, since 21 November 2023" in control(site)
    assert site.get(f"{API}").json()["limits"] == [
        {"role": "admin", "most": None, "date": None},
        {
            "role": "approver",
            "most": {"asset": "USD", "minor": 500_000, "decimal": "5000.00"},
            "date": "2023-11-21",
        },
    ]
    tell(store, "admin", "limit", "set", number="L-2", most=5, **most | {"currency": "EUR"})
    tell(store, "admin", "limit", "lift", number="L-3", **most)
    assert "Approver 0.05 EUR, since 21 November 2023" in control(site)
    assert [row["role"] for row in site.get(f"{API}").json()["limits"]] == ["admin", "approver"]
    tell(store, "admin", "limit", "lift", number="L-4", **most | {"currency": "EUR"})
    assert "Admin No limit Approver No limit" in control(site)


def test_a_late_fact_shows_the_day_it_happened_beside_its_accounting_date(store: Store) -> None:
    """On the list, on the gift's own page and in the data; a fact that is not late shows one day."""
    day = {"number": "2023-11", "date": "2024-01-10"}
    tell(store, "recorder", "period", "close", **day)
    tell(store, "approver", "period", "approve", **day)
    late = {"number": "B-2", "bank": "B", "currency": "USD", "amount": 5, "happened": "2023-11-21"}
    tell(store, "recorder", "contribution", "add", date="2023-12-01", **late)
    site = site_of(store)
    page = site.get("/c/help").text.replace("\u00a0", " ")
    assert re.findall(r'data-l="Date">([^<]*)<', page) == [
        "20 November 2023", "21 November 2023, booked 1 December 2023",
    ]  # fmt: skip
    assert "Booked on 1 December 2023" in site.get("/d/contribution:help:B-2").text
    assert "Booked on" not in site.get("/d/contribution:help:B-1").text
    rows = site.get(f"{API}/donations").json()["items"]
    assert [(row["at"], row["happened"]) for row in rows] == [
        ("2023-11-20", None), ("2023-12-01", "2023-11-21"),
    ]  # fmt: skip


def test_the_command_line_closes_a_period_and_prints_its_trial_balance(store: Store, tmp_path: Path) -> None:
    def run(*line: str, user: str = "recorder") -> str:
        ran = run_command([*line, "--data", "data", *(["--as", user] if "--set" in line else [])], tmp_path)
        assert ran.code == 0, ran.err
        return ran.out

    day = ("--set", "number=2023-11", "--set", "date=2024-01-10")
    assert "no period is closed" in run("period", "balances")
    run("period", "close", *day)
    run("period", "approve", *day, user="approver")
    printed = run("period", "balances", "2023-11")
    assert "2023-11: 2023-11-01 to 2023-11-30, frozen by entry 4" in printed
    bank = next(line.split() for line in printed.splitlines() if "bank/help/B" in line)
    assert bank == ["bank/help/B", "USD", "0.00", "1000.00", "1000.00"]
    total = next(line.split() for line in printed.splitlines() if "total" in line)
    assert total == ["total", "USD", "1000.00", "1000.00"]
    (told,) = json.loads(run("period", "balances", "--json"))
    gone = {"asset": "USD", "minor": -100_000, "decimal": "-1000.00"}
    assert told["rows"][1] == {
        "account": "gifts/help", "opening": gone | {"minor": 0, "decimal": "0.00"}, "closing": gone, "change": gone,
    }  # fmt: skip
    run("contribution", "add", "--set", "number=B-2", "--set", "bank=B", "--set", "currency=USD", "--set", "amount=5",
        "--set", "date=2023-12-01", "--set", "happened=2023-11-21")  # fmt: skip
    assert '"happened": "2023-11-21"' in run("contribution", "show", "B-2")
    assert run_command(["period", "balances", "2023-12", "--data", "data"], tmp_path).code == 2
