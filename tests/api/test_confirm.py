"""Two-key delivery: the other side counts by a link that is used once, and both counts are public."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.model.deliveries import DeliveryPaper
from ledger.model.tables import METADATA
from ledger.recording.actors import Actor
from ledger.recording.confirming import DAY, make_link
from ledger.recording.users import add_token
from ledger.rules.questions import open_questions
from ledger.rules.two_counts import TwoCounts, two_counts
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from tests.tools.ledgers import SLUG, Ledger, made_once
from tests.tools.store_places import outside, place
from tests.tools.things import DATE, lots, net, ship, stocked

API = f"/api/v1/campaigns/{SLUG}/confirmations"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """100 of 1,000 kits are on waybill W-1."""
    made = stocked(tmp_path)
    ship(made, 100, "W-1")
    return made


@pytest.fixture
def site(ledger: Ledger) -> TestClient:
    ports = Ports(
        ledger.store, lambda: ledger.now, SiteSettings(base_url="https://aid.example"), lambda: "", list
    )
    return TestClient(create_app(ports), follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def token(ledger: Ledger) -> str:
    with ledger.store.write() as writing:
        return add_token(writing, "recorder", "desk", now=ledger.now, by=None)


def link(site: TestClient, token: str, **more: Any) -> dict[str, Any]:
    body = {"about": "shipment", "paper": "W-1"} | more
    answer = site.post(f"{API}/link", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def counted(site: TestClient, code: str, entered: dict[str, str]) -> Any:
    """What is answered when it was looked at once more and is recorded."""
    return site.post(f"/confirm/{code}", data=entered | {"step": "record"})


def counts(ledger: Ledger) -> list[TwoCounts]:
    with ledger.store.read() as reading:
        return two_counts(reading.session, SLUG)


def test_a_link_is_made_by_a_role_shown_once_and_kept_only_as_a_hash(
    site: TestClient, token: str, ledger: Ledger, tmp_path: Path
) -> None:
    assert site.post(f"{API}/link", json={"about": "shipment", "paper": "W-1"}).status_code == 401
    told = link(site, token)
    assert told["url"] == f"https://aid.example/confirm/{told['code']}"
    assert told["qr"].startswith("<svg")
    assert "script" not in told["qr"]
    assert len(told["code"]) == 22
    with outside(place(tmp_path)) as connection:
        rows = [row for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    assert rows
    assert told["code"] not in repr(rows)


def test_an_auditor_makes_no_link_and_a_paper_has_to_exist(ledger: Ledger) -> None:
    wanted = {"about": "shipment", "paper": "W-1"}
    with ledger.store.write() as writing:
        with pytest.raises(NotAllowed):
            make_link(writing, Actor.everywhere(9, "auditor", "auditor"), SLUG, wanted, now=ledger.now)
        with pytest.raises(NotFound):
            make_link(writing, ledger.actors["recorder"], SLUG, wanted | {"paper": "W-9"}, now=ledger.now)
        with pytest.raises(Refused, match="days"):
            make_link(writing, ledger.actors["recorder"], SLUG, wanted | {"days": 91}, now=ledger.now)


def test_the_page_asks_blind_without_scripts_index_or_referrer(site: TestClient, token: str) -> None:
    page = site.get(f"/confirm/{link(site, token)['code']}")
    assert page.status_code == 200
    assert "100" not in page.text
    assert "<script" not in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.text


def test_a_count_is_recorded_once_beside_the_senders_and_names_no_person(
    site: TestClient, token: str, ledger: Ledger
) -> None:
    code = link(site, token)["code"]
    done = counted(site, code, {"good.0": "90", "damaged.0": "4"})
    assert done.status_code == 200
    assert "10 fewer good than sent" in done.text
    ledger.audit()
    with ledger.store.read() as reading:
        entry = json.loads(next(iter(reading.journal.rows(kind="confirmation"))).data)
    assert entry["role"] == "system"
    assert set(entry["facts"]) == {"number", "about", "paper", "by", "lots", "date"}
    assert code not in json.dumps(entry)
    for again in (site.get(f"/confirm/{code}"), counted(site, code, {"good.0": "100"})):
        assert again.status_code == 404
        assert "was used, or has expired" in again.text
    (row,) = site.get(API).json()["items"]
    assert (row["sent"], row["good"], row["damaged"], row["gap"]) == (100, 90, 4, 10)


def test_what_was_entered_is_shown_once_more_and_can_be_changed_before_it_is_recorded(
    site: TestClient, token: str, ledger: Ledger
) -> None:
    """Only then does the page say what the sender counted, and nothing is recorded until the second press."""
    code = link(site, token)["code"]
    shown = site.post(
        f"/confirm/{code}",
        data={
            "good.0": "90",
            "damaged.0": "4",
            "other.lot.0": "L9",
            "other.pieces.0": "7",
            "other.for.0": "0",
        },
    )
    assert shown.status_code == 200
    assert "90 good, 4 damaged" in shown.text
    assert ">100<" in shown.text
    assert "Lot L9, not on the paper: 7 pieces, instead of lot L1" in shown.text
    assert counts(ledger) == []
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', shown.text))
    changed = site.post(f"/confirm/{code}", data=kept | {"step": "change"})
    assert changed.status_code == 200
    assert 'name="good.0" value="90"' in changed.text
    assert counts(ledger) == []
    assert site.post(f"/confirm/{code}", data=kept | {"step": "record"}).status_code == 200
    assert [(row.good, row.damaged) for row in counts(ledger)] == [(90, 4)]


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "١٢", "1e3", "9" * 16])
def test_what_is_no_count_is_refused_in_words_and_the_link_still_works(
    site: TestClient, token: str, ledger: Ledger, typed: str
) -> None:
    code = link(site, token)["code"]
    refused = counted(site, code, {"good.0": typed})
    assert refused.status_code == 422
    assert "whole number" in refused.text
    assert counts(ledger) == []
    assert site.get(f"/confirm/{code}").status_code == 200


def test_a_link_expires_and_one_that_nobody_made_says_the_same(
    site: TestClient, token: str, ledger: Ledger
) -> None:
    code = link(site, token, days=1)["code"]
    ledger.now += DAY
    expired, unknown = site.get(f"/confirm/{code}"), site.get("/confirm/" + "x" * 22)
    assert (expired.status_code, unknown.status_code) == (404, 404)
    assert expired.text == unknown.text


def test_of_two_links_for_one_paper_the_first_used_counts(
    site: TestClient, token: str, ledger: Ledger
) -> None:
    first, second = link(site, token)["code"], link(site, token)["code"]
    assert counted(site, second, {"good.0": "100"}).status_code == 200
    assert counted(site, first, {"good.0": "1"}).status_code == 404
    with pytest.raises(Conflict, match="confirmed already"), ledger.store.write() as writing:
        make_link(
            writing, ledger.actors["recorder"], SLUG, {"about": "shipment", "paper": "W-1"}, now=ledger.now
        )


def test_no_error_page_and_no_log_repeats_a_code(site: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    code = "k" * 22
    assert code not in site.get(f"/confirm/{code}").text
    assert code not in caplog.text


def explain(ledger: Ledger, quantity: int, by: str, number: str, name: str = "E-1") -> None:
    facts = {"number": name, "about": "shipment", "paper": "W-1", "product": "KIT", "lot": "L1", "by": by}
    ledger.do(
        "recorder", "confirmation", "explain", quantity=quantity, document=number, reason="stolen at night",
        date=DATE, **facts,
    )  # fmt: skip


def test_a_gap_stays_until_a_loss_or_a_correction_explains_it(
    site: TestClient, token: str, ledger: Ledger
) -> None:
    counted(site, link(site, token)["code"], {"good.0": "90"})

    def gap() -> int:
        with ledger.store.read() as reading:
            return sum(row.gap for row in two_counts(reading.session, SLUG))

    assert gap() == 10
    row = {"product": "KIT", "lot": "L1", "good": 97, "lost": 3}
    ledger.do(
        "recorder",
        "shipment",
        "arrive",
        number="A-1",
        waybill="W-1",
        lots=[row],
        reason="fell off",
        date=DATE,
    )
    assert gap() == 7
    with pytest.raises(NotFound, match="no standing loss L-1"):
        explain(ledger, 7, "loss", "L-1")
    ledger.do(
        "recorder", "loss", "add", number="L-1", place="Port", product="KIT", lot="L1", quantity=7,
        cause="stolen", reason="the lock was broken", date=DATE,
    )  # fmt: skip
    with pytest.raises(Refused, match="8 are explained and 7 are not yet"):
        explain(ledger, 8, "loss", "L-1")
    explain(ledger, 7, "loss", "L-1")
    assert gap() == 0


def test_a_reversed_confirmation_is_counted_again(site: TestClient, token: str, ledger: Ledger) -> None:
    counted(site, link(site, token)["code"], {"good.0": "9"})
    with ledger.store.read() as reading:
        seq = next(iter(reading.journal.rows(kind="confirmation"))).seq
    ledger.do("approver", "reversal", "add", entry=seq, reason="a slip of the pen", date=DATE)
    counted(site, link(site, token)["code"], {"good.0": "90"})
    assert [row.good for row in counts(ledger)] == [90]
    ledger.audit()


def test_a_count_is_corrected_by_a_second_link_of_another_person_and_both_stay(
    site: TestClient, token: str, ledger: Ledger
) -> None:
    """Gaps are computed of the later count, what explained the first explains it too, and reversals bring that back."""
    with pytest.raises(Conflict, match="not confirmed yet"), ledger.store.write() as writing:
        make_link(writing, ledger.actors["approver"], SLUG, AGAIN, now=ledger.now)
    counted(site, link(site, token)["code"], {"good.0": "9"})
    ledger.do(
        "recorder", "loss", "add", number="L-1", place="Depot", product="KIT", lot="L1", quantity=3, cause="stolen",
        reason="seen", date=DATE,
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="another person gives the link"), ledger.store.write() as writing:
        make_link(writing, ledger.actors["recorder"], SLUG, AGAIN, now=ledger.now)
    with ledger.store.write() as writing:
        codes = [
            make_link(writing, ledger.actors["approver"], SLUG, AGAIN, now=ledger.now).code for _ in range(2)
        ]
    assert "correct the count" in site.get(f"/confirm/{codes[0]}").text
    assert counted(site, codes[0], {"good.0": "90", "damaged.0": "4"}).status_code == 200
    assert counted(site, codes[1], {"good.0": "100"}).status_code == 404
    (row,) = site.get(API).json()["items"]
    assert (row["good"], row["damaged"], row["gap"]) == (90, 4, 10)
    assert [(first["good"], first["damaged"]) for first in row["earlier"]] == [(9, 0)]
    assert "90 good, 4 damaged; first 9 good" in site.get(f"/c/{SLUG}").text
    first, second = entries(ledger)
    with pytest.raises(Conflict, match="reverse that first"):
        ledger.do("approver", "reversal", "add", entry=first, reason="No.", date=DATE)
    ledger.do("approver", "reversal", "add", entry=second, reason="The first was right.", date=DATE)
    (again,) = counts(ledger)
    assert (again.good, again.earlier) == (9, ())
    ledger.audit()


AGAIN = {"about": "shipment", "paper": "W-1", "again": True}


def entries(ledger: Ledger) -> list[int]:
    """The entries of all counts by links."""
    with ledger.store.read() as reading:
        return [row.seq for row in reading.journal.rows(kind="confirmation")]


def test_a_lot_that_the_waybill_does_not_list_is_counted_by_the_link_and_waits_apart(
    site: TestClient, token: str, ledger: Ledger
) -> None:
    """It is a question about both lots, and the sender's count of the same pieces adds none."""
    code = link(site, token)["code"]
    other = {"other.lot.0": "L9", "other.pieces.0": "", "other.for.0": "0"}
    assert counted(site, code, {"good.0": "90"} | other).status_code == 422
    other["other.pieces.0"] = "7"
    listed = counted(site, code, {"good.0": "90"} | other | {"other.lot.0": "L1"})
    assert listed.status_code == 422
    assert "is on the paper" in listed.text
    assert counted(site, code, {"good.0": "90"} | other).status_code == 200
    assert net(ledger, f"over/{SLUG}/Port", "KIT#L9.over") == 7
    with ledger.store.read() as reading:
        (question,) = open_questions(reading.session, SLUG)
        rows = {str(row.subject): row.kind for row in decisions(reading, SLUG, now=ledger.now)}
    assert (question.name, question.other_name) == ("KIT#L9", "KIT#L1")
    assert rows["KIT#L9.over at Port"] is OpenItemKind.SURPLUS
    arrived = [{"product": "KIT", "lot": "L9", "good": 0, "over": 7, "instead_of": "L1"}]
    ledger.do("recorder", "shipment", "arrive", number="A-1", waybill="W-1", lots=arrived, date=DATE)
    assert net(ledger, f"over/{SLUG}/Port", "KIT#L9.over") == 7
    ledger.do(
        "recorder", "over", "return", number="OV-1", product="KIT", lot="L9.over", quantity=7, date=DATE,
        confirmation=hashlib.sha256(code.encode()).hexdigest()[:16],
    )  # fmt: skip
    assert net(ledger, f"over/{SLUG}/Port", "KIT#L9.over") == 0
    with pytest.raises(Conflict, match="reverse that first"):
        ledger.do("approver", "reversal", "add", entry=entries(ledger)[0], reason="No.", date=DATE)
    ledger.audit()


def test_the_recipient_of_a_handover_counts_too(site: TestClient, token: str, ledger: Ledger) -> None:
    facts = {"number": "H-1", "place": "Depot", "organisation": "Aid", "lots": lots(50), "date": DATE}
    ledger.do("recorder", "handover", "add", **facts)
    code = link(site, token, about="handover", paper="H-1")["code"]
    assert counted(site, code, {"good.0": "52"}).status_code == 200
    (row,) = counts(ledger)
    assert (row.sent, row.good, row.gap) == (50, 52, -2)


@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    sent=st.integers(0, 100),
    good=st.integers(0, 120),
    damaged=st.integers(0, 20),
    told=st.integers(0, 100),
    explained=st.integers(0, 150),
)
def test_a_gap_is_never_more_than_the_difference_and_never_turns_round(
    sent: int, good: int, damaged: int, told: int, explained: int
) -> None:
    row = TwoCounts(
        about=DeliveryPaper.SHIPMENT,
        paper="W",
        product="KIT",
        lot="L",
        sent=sent,
        good=good,
        damaged=damaged,
        explained=explained,
        date=DATE,
        reported_missing=min(told, sent),
    )
    difference = sent - min(told, sent) - good
    assert abs(row.gap) <= abs(difference)
    assert row.gap * difference >= 0
    assert (row.gap == 0) == (explained >= abs(difference))
