"""A date is the day on which it happened; the day of recording it stands apart (docs/rules.md, 13)."""

from __future__ import annotations

from pathlib import Path

from api.pages import sentences as say
from ledger.core.times import rfc3339
from ledger.views.queries import donation_trails
from ledger.views.trail import DonationTrail, StepKind
from tests.tools.ledgers import SLUG, START, Ledger, name, tx

HALF_A_YEAR = 183 * 86_400


def trail(ledger: Ledger, key: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, key)
    return found


def test_bank_money_that_is_recorded_months_later_is_told_by_the_day_that_it_came(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.now += HALF_A_YEAR
    facts = {"number": "G-1", "bank": "B", "currency": "USD", "amount": 50_000, "date": "2023-11-20"}
    ledger.do("recorder", "contribution", "add", **facts)
    told = trail(ledger, f"contribution:{SLUG}:G-1")
    assert (told.settled_at, told.recorded_at) == ("2023-11-20", rfc3339(ledger.now))
    assert say.status_detail(told) == f"since 20 November 2023; recorded on {say.day(rfc3339(ledger.now))}"


def test_a_coin_whose_block_is_read_months_later_settled_when_the_chain_buried_it(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.now += HALF_A_YEAR
    ledger.mine("a", tx("gift", (0, 1_000_000)))
    ledger.bury()
    told = trail(ledger, name("gift"))
    assert told.block is not None
    assert told.settled_at == rfc3339(START + 600 * (told.block.height + told.needed))
    assert told.recorded_at is not None
    assert told.recorded_at[:10] > told.settled_at[:10]
    (settled,) = [step for step in told.steps if step.kind is StepKind.SETTLED]
    assert settled.at == told.settled_at
