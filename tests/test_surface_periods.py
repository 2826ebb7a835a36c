"""Periods and limits as people reach them: over JSON and on the command line, with the same refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.desk import act, actor_named, add_token, add_user
from ledger.record import unix_seconds
from ledger.store.database import Store
from tests.demo_data import run_command

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
        act(tx, actor_named(tx, "admin"), "help", "campaign", "add", call, now=NOW)
        act(tx, actor_named(tx, "recorder"), "help", "contribution", "add", gift, now=NOW)
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
    assert (status, "up to 50.00 USD" in why, "an admin can" in why) == (403, True, True)
    line = ["move", "approve", "--data", "data", "--set", "number=M-1", "--set", "date=2023-11-21", "--as"]
    ran = run_command([*line, "approver"], tmp_path)
    assert (ran.code, "up to 50.00 USD" in ran.err) == (77, True)
    assert run_command([*line, "admin"], tmp_path).code == 0


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
    assert told["rows"][1] == {
        "account": "gifts/help", "asset": "USD", "opening": 0, "closing": -100_000, "change": -100_000,
    }  # fmt: skip
    run("contribution", "add", "--set", "number=B-2", "--set", "bank=B", "--set", "currency=USD", "--set", "amount=5",
        "--set", "date=2023-12-01", "--set", "happened=2023-11-21")  # fmt: skip
    assert '"happened": "2023-11-21"' in run("contribution", "show", "B-2")
    assert run_command(["period", "balances", "2023-12", "--data", "data"], tmp_path).code == 2
