"""By which clock a campaign values: the block that buried the gift, or the conversion that sold it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.core.chain import Header
from ledger.core.frozen import Amount
from ledger.recording.valuing import DESK_SECONDS
from ledger.rules.rates import minute_of
from ledger.views.queries import donation_trails
from tests.tools.easy_headers import easy_header
from tests.tools.ledgers import START, Ledger, name, tx
from tests.tools.price_servers import only
from tests.tools.valuing_scene import MONTHS, SATS, Open, Scene, scenes


@pytest.fixture
def open_scene(tmp_path: Path) -> Iterator[Open]:
    with scenes(tmp_path) as opened:
        yield opened


def add_headers(ledger: Ledger) -> None:
    """The headers of the ledger's chain, as a look leaves them: each names the one below it, by the least of work."""
    previous = bytes(32)
    with ledger.store.write() as writing:
        for height in range(len(ledger.chain)):
            moment = START + 600 * (height + 1)
            raw = easy_header(previous, moment)
            writing.progress.add_headers([(height, raw)])
            previous = bytes.fromhex(Header(raw).hash)[::-1]


def test_by_the_settlement_clock_the_block_that_buried_the_gift_tells_the_time(open_scene: Open) -> None:
    scene = open_scene(valuation="settlement")
    moment = scene.give()
    for server in scene.servers:
        server.prices = only({minute_of(moment): "1.00", minute_of(moment + 5 * 600): "32000.00"})
    assert scene.round() == []  # its header is not known yet
    add_headers(scene.ledger)
    scene.ledger.now += MONTHS
    scene.round()
    value = scene.value()
    assert value is not None
    assert value["price"] == 3_200_000


def convert(scene: Scene, *, spent: int, fee: int, proceeds: int, exchange_fee: int) -> None:
    ledger = scene.ledger
    ledger.mine("sale", tx("sale", (15, SATS - spent), spends=(("gift", 0),)))
    ledger.bury(5)
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=spent - fee, network_fee=fee,
        currency="USD", proceeds=proceeds, exchange_fee=exchange_fee, exchange="Exchange", bank="Bank",
        date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")


def test_by_the_conversion_clock_a_gift_is_worth_what_it_fetched_once_all_of_it_is_sold(
    open_scene: Open,
) -> None:
    scene = open_scene(valuation="conversion")
    scene.give()
    assert scene.round() == []
    scene.ledger.now += 2 * DESK_SECONDS
    assert scene.open() == (0, 0)
    convert(scene, spent=SATS, fee=2_000, proceeds=29_000, exchange_fee=940)
    (entry,) = scene.round()
    # 299.40 USD for 998,000 sats; the 2,000 that miners took are worth as much a sat.
    assert entry.notes["valuation"] == {"currency": "USD", "value": 30_000, "conversions": ["C-1"]}
    assert scene.asked() == []
    with scene.ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    assert (trail.value, trail.rate_sources) == (Amount.of("USD", 30_000), ("C-1",))


def test_by_the_conversion_clock_half_a_gift_has_no_value(open_scene: Open) -> None:
    scene = open_scene(valuation="conversion")
    scene.give()
    convert(scene, spent=SATS // 2, fee=0, proceeds=15_000, exchange_fee=0)
    assert scene.round() == []
    assert scene.value() is None


def test_a_value_falls_with_the_conversion_that_gave_it_and_comes_back_with_another(open_scene: Open) -> None:
    scene = open_scene(valuation="conversion")
    scene.give()
    convert(scene, spent=SATS, fee=0, proceeds=30_000, exchange_fee=0)
    scene.round()
    with scene.ledger.store.read() as reading:
        approved = next(row.seq for row in reading.journal.rows() if row.kind == "conversion.approved")
    scene.ledger.do("approver", "reversal", "add", entry=approved, reason="A slip.", date="2023-11-21")
    assert scene.value() is None
    assert scene.round() == []
    scene.ledger.do(
        "recorder", "conversion", "add", number="C-2", txid=name("sale"), sold=SATS, network_fee=0,
        currency="USD", proceeds=29_000, exchange_fee=0, exchange="Exchange", bank="Bank", date="2023-11-21",
    )  # fmt: skip
    scene.ledger.do("approver", "conversion", "approve", number="C-2", date="2023-11-21")
    scene.round()
    value = scene.value()
    assert value is not None
    assert (value["value"], value["conversions"]) == (29_000, ["C-2"])
