"""An outsider recomputes every share from the published journal alone, and finds what the donors are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.store.database import Store
from tests.tools.demo_data import told_demo
from tests.tools.drawn import drawn
from tests.tools.kept.compare import retold
from tests.tools.kept.house import House
from tests.tools.kept.journal import Moment, journals
from tests.tools.ledgers import Ledger, name, tx
from tests.tools.plain_shares import PublishedLines, boundaries
from tests.tools.store_places import fresh_url

KEPT = {journal.name: journal for journal in journals()}
API = "/api/v1"
AT = {"stock": "in_stock", "transit": "in_transit", "handed": "waiting", "distributed": "distributed"}
"""What a trail calls pieces on a line of a class of places."""


def pages(site: TestClient, path: str) -> Iterator[dict[str, Any]]:
    """The rows of all pages of a list, by its links."""
    while path:
        answer = site.get(path)
        assert answer.status_code == 200, (path, answer.text)
        yield from answer.json()["items"]
        path = answer.headers.get("link", "").partition(">")[0].lstrip("<")


def told_places(trail: dict[str, Any]) -> Counter[tuple[str, str, str]]:
    """(what it is called, asset, place) -> units that lie somewhere, services and orders aside."""
    found: Counter[tuple[str, str, str]] = Counter()
    for place in trail["places"]:
        if (
            place["kind"] in {*AT.values(), "held", "blocked", "at_exchange"}
            and not place["service"]
            and not place["elsewhere"]
        ):
            # That it is blocked is no matter of lines: it lies where it is held.
            kind = "held" if place["kind"] == "blocked" else place["kind"]
            found[kind, place["amount"]["asset"], place["place"]] += int(place["amount"]["minor"])
    return found


def found_places(lines: PublishedLines, line: str, start: int, end: int) -> Counter[tuple[str, str, str]]:
    """The same, from the lines that the units rest on."""
    found: Counter[tuple[str, str, str]] = Counter()
    for of, units in lines.rests(line, start, end).items():
        match of.split("/"):
            case ["money", _, _, asset]:
                found["held", asset, ""] += units
            case ["exchange", _, exchange, _, asset]:
                found["at_exchange", asset, exchange] += units
            case ["goods", _, where, lot] if where.partition(":")[0] in AT:
                at, _, place = where.partition(":")
                found[AT[at], lot.partition("#")[0], place] += units
    return +found


def recomputed(store: Store, now: int) -> tuple[int, int]:
    """Compare each donor's trail with the published journal; how many there are, and intervals of lines in them."""
    site = TestClient(create_app(Ports(store, lambda: now, SiteSettings(), lambda: "", list)))
    slugs = [row["slug"] for row in pages(site, f"{API}/campaigns")]
    lines = PublishedLines(
        entry for slug in slugs for entry in pages(site, f"{API}/campaigns/{slug}/entries?limit=100")
    )
    trails = intervals = 0
    for slug in slugs:
        for row in pages(site, f"{API}/campaigns/{slug}/donations?limit=100"):
            trail = site.get(f"{API}/donations/{row['key']}/trail").json()
            if not trail["shares"]:
                continue  # waits, is dust, was voided or reversed: it has no share now
            gift = row["outpoint"] or ":".join((row["key"].split(":")[0], row["key"].split(":")[-1]))
            given = lines.given(slug, gift)
            assert given is not None, row["key"]
            told: dict[str, list[tuple[int, int]]] = {}
            for share in trail["shares"]:
                told.setdefault(share["line"], []).append((int(share["start"]), int(share["end"])))
            assert lines.shares(*given) == told, row["key"]
            if trail["restriction"] is None:
                assert found_places(lines, *given) == told_places(trail), row["key"]
            trails, intervals = trails + 1, intervals + len(trail["shares"])
    return trails, intervals


def test_the_demonstration_is_recomputed_from_its_journal(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """Downloaded over the API, page by page, as anybody may."""
    told_demo(tmp_path_factory, tmp_path)
    store = Store.open(f"sqlite:///{next(tmp_path.rglob('aidtrail.db'))}")
    try:
        trails, intervals = recomputed(store, 1_610_000_000)
    finally:
        store.close()
    assert trails > 20
    assert intervals > 5 * trails


@pytest.mark.parametrize("name", drawn("recomputed journals", [n for n in sorted(KEPT) if n != "demo"], 1))
def test_random_journals_of_the_machine_are_recomputed(name: str, tmp_path: Path) -> None:
    """One a run; and wherever the machine tells a story, it compares the same (`machine_world`)."""
    house = House.new(fresh_url("sqlite", tmp_path))
    try:
        steps = [step for step in KEPT[name].steps if not isinstance(step, Moment)]
        for _ in retold(steps, house):
            pass
        recomputed(house.store, 1_800_000_000)
    finally:
        house.close()


def test_what_lies_at_an_exchange_and_came_back_from_there_is_recomputed(tmp_path: Path) -> None:
    """A part of each deposit is sold, a part came back, and the rest lies there; all of it bore fees."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift0", (0, 60_007)), tx("gift1", (1, 39_993), position=2))
    ledger.bury()
    ledger.mine("s", tx("sent", spends=(("gift0", 0), ("gift1", 0))), tx("back", (15, 30_000), position=2))
    ledger.bury()
    for noun, facts in (
        ("deposit", {"number": "D-1", "txid": name("sent"), "amount": 99_001, "network_fee": 999}),
        ("custody-fee", {"number": "F-1", "amount": 77}),
        ("conversion", {"number": "C-1", "sold": 40_003, "proceeds": 1_201, "currency": "USD", "bank": "B"}),
        ("withdrawal", {"number": "W-1", "outpoint": f"{name('back')}:0", "amount": 30_000, "fee": 11}),
    ):
        ledger.do("recorder", noun, "add", **facts, exchange="X", date="2023-11-20")
        ledger.do("approver", noun, "approve", number=facts["number"], date="2023-11-20")
    assert recomputed(ledger.store, ledger.now)[0] == 2


def test_a_use_is_parted_as_the_rules_print_it() -> None:
    """docs/rules.md, T10: 1,000 units became 301 pieces, of which a fee of 7 and a loss of 3 are parted first."""
    parts = [
        {"share": 7, "out": 7},
        {"share": 3, "out": 3},
        {"share": 291, "out": 291, "line": "x", "start": 0},
    ]
    use = {"id": "u", "line": "l", "pieces": [[0, 600], [900, 1300]], "scale": 301, "parts": parts}
    assert boundaries(use, 0) == [0, 0, 0]
    assert boundaries(use, 500) == [3, 1, 146]
    assert boundaries(use, 1000) == [7, 3, 291]
