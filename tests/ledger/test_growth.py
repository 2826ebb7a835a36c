"""What people wait for costs the same however many gifts a fund has: statements, and steps that the database takes.

SQLite counts the instructions of its virtual machine: one that reads each gift, even within a sum, shows here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bench.furnished import NOW, SLUG
from bench.growth import Fund
from ledger.store.transaction import Reading
from ledger.views.decisions import decisions
from ledger.views.queries import campaign_page, donation_page, donation_rows, donation_trails
from ledger.views.reconcile import reconciliation

LATER = NOW + 10_000
BLOCKS = 2
FEW, MANY = 40, 400
SLACK = 20
"""Instructions by which a statement may differ: a few more rows of a last page."""


@dataclass(frozen=True, slots=True)
class Made:
    """A fund, and the key of its first gift."""

    fund: Fund
    key: str


def _campaign(tx: Reading, made: Made) -> None:
    campaign_page(tx, SLUG, now=LATER)
    donation_rows(tx, SLUG, after=None, limit=8)


def _donation(tx: Reading, made: Made) -> None:
    (trail,) = donation_trails(tx, made.key)
    donation_page(tx, trail, now=LATER)


def _inbox(tx: Reading, made: Made) -> None:
    decisions(tx, now=LATER)


def _reconcile(tx: Reading, made: Made) -> None:
    reconciliation(tx, SLUG, now=LATER)


ANSWERS = {
    "the campaign page": _campaign,
    "the donation page": _donation,
    "the inbox": _inbox,
    "reconcile": _reconcile,
}
MOST = {"the campaign page": 216, "the donation page": 258, "the inbox": 105, "reconcile": 116}
"""Statements of such an answer, at most: each costs some 0.2 ms whatever it finds, and they were twice as many."""


def _made(folder: Path, gifts: int) -> Made:
    """So many gifts in two blocks, without a value; half of them became masks that reached two places."""
    fund = Fund(f"sqlite:///{folder / f'{gifts}.db'}")
    coins = [coin for _ in range(BLOCKS) for coin in fund.given(gifts // BLOCKS)]
    fund.settle()
    fund.spend_half(coins)
    return Made(fund, f"{coins[0].txid}:0")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    folder = tmp_path_factory.mktemp("growth")
    return _made(folder, FEW), _made(folder, MANY)


def _asked(made: Made, answer: Callable[[Reading, Made], None]) -> list[tuple[str, int]]:
    """The statements of an answer in their order, each with the instructions that it took."""
    statements: list[str] = []
    steps: list[int] = []

    def began(*told: Any) -> None:
        statements.append(told[2])
        steps.append(0)

    def step() -> int:
        steps[-1] += 1
        return 0

    with made.fund.store.read() as tx:
        connection = tx.session.connection()
        driver = connection.connection.driver_connection
        assert driver is not None
        event.listen(connection, "before_cursor_execute", began)
        driver.set_progress_handler(step, 1)
        try:
            answer(tx, made)
        finally:
            driver.set_progress_handler(None, 1)
    return list(zip(statements, steps, strict=True))


@pytest.mark.parametrize("name", ANSWERS)
def test_ten_times_the_gifts_take_the_same_statements_and_steps(both: tuple[Made, Made], name: str) -> None:
    few, many = (_asked(made, ANSWERS[name]) for made in both)
    assert [statement for statement, _ in many] == [statement for statement, _ in few]
    grown = [
        (statement, steps, before)
        for (statement, steps), (_, before) in zip(many, few, strict=True)
        if steps > before + SLACK
    ]
    assert not grown, "\n".join(map(str, grown))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_takes_no_more_statements_than_it_has_questions(both: tuple[Made, Made], name: str) -> None:
    """What a page shows twice is asked once, and about all lines of the picture together."""
    assert len(_asked(both[0], ANSWERS[name])) <= MOST[name]
