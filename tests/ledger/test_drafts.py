"""Explanations told before their transaction settles: refused at once where that mends nothing, seen, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Conflict, LedgerError, NotAllowed, NotFound, Refused
from ledger.views.decisions import decisions, public_decisions
from ledger.views.open_items import OpenItem, OpenItemKind
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of, tx
from tests.tools.things import funded, order

BTC = 100_000_000
DAY = "2023-11-20"


def drafts(ledger: Ledger) -> list[OpenItem]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
        shown = public_decisions(rows)
    found = [row for row in rows if row.kind in {OpenItemKind.WAITING_DRAFT, OpenItemKind.REFUSED_DRAFT}]
    assert not set(found) & set(shown)
    return found


def convert(ledger: Ledger, label: str = "to come", role: str = "recorder", **more: Any) -> Any:
    facts = {
        "number": "C-9",
        "txid": name(label),
        "sold": BTC,
        "network_fee": 0,
        "currency": "USD",
        "proceeds": 5,
    }
    return ledger.do(
        role, "conversion", "add", **(facts | {"exchange": "E", "bank": "B", "date": DAY} | more)
    )


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    made = funded(tmp_path)
    made.mine("g", tx("second", (1, BTC)))
    made.bury()
    return made


@pytest.mark.parametrize(
    ("noun", "facts", "error", "said"),
    [
        ("conversion", {"need": "N-9"}, NotFound, "no need N-9"),
        ("conversion", {"currency": "BTC"}, Refused, "another currency than BTC"),
        ("conversion", {"fills": [{"sold": 2, "proceeds": 5}]}, Refused, "the fills sum to 2"),
        ("payment", {"order": "PO-9"}, NotFound, "no purchase PO-9"),
        ("payment", {"asset": "USD", "bank": "B"}, Refused, "names the bank and no transaction"),
        ("move", {"asset": "USD"}, Refused, "names both banks and no transaction"),
        ("move", {"amount": 5}, Refused, "is 0 for coins"),
        ("loan", {"to": "nobody"}, NotFound, "no campaign nobody"),
        ("gift-return", {"gift": f"{name('nothing')}:0"}, NotFound, "there is no"),
    ],
)
def test_what_no_settling_can_mend_is_refused_before_it_settles(
    ledger: Ledger, noun: str, facts: dict[str, Any], error: type[LedgerError], said: str
) -> None:
    order(ledger)
    told: dict[str, Any] = {"number": "X-1", "txid": name("to come"), "date": DAY}
    shapes: dict[str, dict[str, Any]] = {
        "conversion": {
            "sold": BTC,
            "network_fee": 0,
            "currency": "USD",
            "proceeds": 5,
            "exchange": "E",
            "bank": "B",
        },
        "payment": {"order": "PO-1", "asset": "BTC", "amount": 5, "discharges": 5},
        "move": {"asset": "BTC", "amount": 0, "fee": 5},
        "loan": {"to": "other", "asset": "BTC", "amount": 5},
        "gift-return": {"amount": 5, "reason": "asked"},
    }
    told |= shapes[noun]
    with pytest.raises(error, match=said):
        ledger.do("recorder", noun, "add", **(told | facts))
    assert drafts(ledger) == []


def test_a_draft_of_a_transaction_that_nobody_has_seen_waits_in_the_inbox_until_it_comes(
    ledger: Ledger,
) -> None:
    convert(ledger)
    (row,) = drafts(ledger)
    assert (row.kind, row.subject, sum_of(row).minor) == (
        OpenItemKind.WAITING_DRAFT,
        f"conversion:{SLUG}:C-9",
        BTC,
    )
    ledger.mine("later", tx("to come", spends=(("second", 0),)))
    assert drafts(ledger) == []


def test_a_draft_is_taken_back_by_its_author_or_an_approver(ledger: Ledger) -> None:
    convert(ledger, role="admin")
    with pytest.raises(NotAllowed, match="only who told this draft"):
        ledger.do("recorder", "conversion", "reject", number="C-9", date=DAY)
    outcome = ledger.do("approver", "conversion", "reject", number="C-9", date=DAY)
    assert (outcome.seq, outcome.already, outcome.waiting_for) == (None, False, None)
    assert drafts(ledger) == []
    ledger.mine("later", tx("to come", spends=(("second", 0),)))
    ledger.bury()
    assert ledger.kinds()[-1] == "spend"


def test_one_number_is_no_draft_of_two_transactions(ledger: Ledger) -> None:
    convert(ledger)
    with pytest.raises(Conflict, match="a draft of this number waits already"):
        convert(ledger, "another")
    with pytest.raises(Conflict, match="C-1 is recorded already"):
        convert(ledger, number="C-1")


def test_a_transaction_that_settled_and_took_nothing_of_ours_is_no_draft(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="took no coins of ours"):
        convert(ledger, "second")


def test_a_refused_draft_that_is_recorded_right_waits_no_longer(ledger: Ledger) -> None:
    convert(ledger, sold=BTC - 1)
    ledger.mine("later", tx("to come", spends=(("second", 0),)))
    ledger.bury()
    assert [row.kind for row in drafts(ledger)] == [OpenItemKind.REFUSED_DRAFT]
    convert(ledger)
    assert drafts(ledger) == []


def test_a_refused_draft_is_taken_back(ledger: Ledger) -> None:
    convert(ledger, sold=BTC - 1)
    ledger.mine("later", tx("to come", spends=(("second", 0),)))
    ledger.bury()
    ledger.do("recorder", "conversion", "reject", number="C-9", date=DAY)
    assert drafts(ledger) == []
