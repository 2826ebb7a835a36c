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
        if place["kind"] in {*AT.values(), "held"} and not place["service"] and not place["elsewhere"]:
            found[place["kind"], place["amount"]["asset"], place["place"]] += int(place["amount"]["minor"])
    return found


def found_places(lines: PublishedLines, line: str, start: int, end: int) -> Counter[tuple[str, str, str]]:
    """The same, from the lines that the units rest on."""
    found: Counter[tuple[str, str, str]] = Counter()
    for name, units in lines.rests(line, start, end).items():
        match name.split("/"):
            case ["money", _, _, asset]:
                found["held", asset, ""] += units
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
