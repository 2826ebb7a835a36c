"""What people say of a gift's value: a rate of the day, a figure with its paper; and what outlives a reorganisation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.core.errors import Conflict, Refused
from ledger.core.frozen import Amount
from ledger.recording.valuing import DESK_SECONDS
from ledger.views.queries import campaign_report, donation_trails
from tests.tools.ledgers import SLUG, name, tx
from tests.tools.price_servers import always
from tests.tools.valuing_scene import SATS, Scene, add_paper, day_of_gift, figure, scenes


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scenes(tmp_path) as opened:
        yield opened()


def test_a_rate_of_the_day_by_hand_values_the_gifts_that_wait(scene: Scene) -> None:
    scene.give()
    quotes = [{"source": "Newspaper", "price": 2_900_000}, {"source": "Bank", "price": 2_900_000}]
    scene.ledger.do("recorder", "rate", "add", date=day_of_gift(scene), currency="USD", quotes=quotes)
    scene.round()
    value = scene.value()
    assert value is not None
    assert value["price"] == 2_900_000
    assert scene.asked() == []


def test_a_rate_never_changes_a_value_already_given(scene: Scene) -> None:
    scene.give()
    scene.round()
    before = scene.value()
    quotes = [{"source": "Newspaper", "price": 9_900_000}, {"source": "Bank", "price": 9_900_000}]
    scene.ledger.do("recorder", "rate", "add", date=day_of_gift(scene), currency="USD", quotes=quotes)
    assert scene.round() == []
    assert scene.value() == before != None  # noqa: E711 - it is there


def test_a_figure_with_its_paper_decides_what_sources_could_not(scene: Scene) -> None:
    scene.give()
    scene.servers[1].prices = always("40000.00")
    scene.round()
    figure(scene, 29_950, add_paper(scene))
    assert scene.open() == (0, 0)
    with scene.ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
        report = campaign_report(reading, SLUG, now=scene.ledger.now)
    assert trail.value == report.value == Amount.of("USD", 29_950)
    assert trail.rate_sources == ("Bank's letter",)


def test_a_figure_without_its_paper_is_refused(scene: Scene) -> None:
    scene.give()
    with pytest.raises(Refused, match="paper"):
        figure(scene, 29_950, name("unknown paper"))
    with pytest.raises(Refused, match="value"):
        scene.ledger.do("recorder", "valuation", "add", outpoint=f"{name('gift')}:0")


def test_a_second_value_is_refused(scene: Scene) -> None:
    scene.give()
    scene.round()
    with pytest.raises(Conflict, match="recorded already"):
        figure(scene, 1, add_paper(scene))


def test_a_value_in_the_gifts_own_entry_is_as_final(scene: Scene) -> None:
    quotes = [{"source": "Newspaper", "price": 2_900_000}, {"source": "Bank", "price": 2_900_000}]
    scene.ledger.do("recorder", "rate", "add", date="2023-11-14", currency="USD", quotes=quotes)
    scene.give()
    assert scene.value() is not None
    with pytest.raises(Conflict, match="has a value"):
        figure(scene, 1, add_paper(scene))


def test_a_reversed_value_is_for_a_person_to_give_again(scene: Scene) -> None:
    scene.give()
    paper = add_paper(scene)
    wrong = figure(scene, 1, paper)
    scene.ledger.do("approver", "reversal", "add", entry=wrong.seq, reason="A slip.", date="2023-11-20")
    assert scene.value() is None
    entries = scene.round()
    assert [entry.kind for entry in entries] in ([], ["rate"])
    assert scene.value() is None
    with pytest.raises(Conflict, match="recorded already"):
        figure(scene, 29_950, paper)
    with pytest.raises(Refused, match="n:"):
        figure(scene, 29_950, paper, n=2)
    figure(scene, 29_950, paper, n=1)
    value = scene.value()
    assert value is not None
    assert value["value"] == 29_950


def test_a_void_takes_a_gift_off_the_list_and_a_restore_puts_it_back(scene: Scene) -> None:
    ledger = scene.ledger
    gift = tx("gift", (0, SATS))
    ledger.mine("a", gift)
    ledger.bury(5)
    ledger.now += DESK_SECONDS
    assert scene.open() == (1, SATS)
    ledger.reorg(6, *((f"other {n}", ()) for n in range(7)))
    assert scene.open() == (0, 0)
    assert scene.round() == []
    ledger.mine("b", gift)
    ledger.bury(5)
    assert scene.open() == (1, SATS)
    scene.round()
    assert scene.value() is not None


def test_a_value_stands_when_the_gift_moves_to_another_block(scene: Scene) -> None:
    ledger = scene.ledger
    gift = tx("gift", (0, SATS))
    ledger.mine("a", gift)
    ledger.bury(5)
    scene.round()
    before = scene.value()
    ledger.reorg(6, ("other", (gift,)), *((f"other {n}", ()) for n in range(6)))
    assert "moved" in ledger.kinds()
    assert scene.value() == before != None  # noqa: E711 - it is there
