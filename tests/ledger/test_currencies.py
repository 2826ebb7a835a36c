"""Currencies have the minor units of ISO 4217, and count on the days on which they were money (docs/rules.md, 18)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Refused
from ledger.core.money import DECIMALS, decimal_text
from tests.tools.ledgers import Ledger
from tests.tools.things import paper


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        # Those of which CLDR has other digits than ISO 4217, or which it lacks. No list has those of withdrawn ones.
        *(
            ("AFN", 2),
            ("ALL", 2),
            ("COP", 2),
            ("HUF", 2),
            ("IDR", 2),
            ("IQD", 3),
            ("IRR", 2),
            ("KPW", 2),
            ("LAK", 2),
        ),
        *(
            ("LBP", 2),
            ("MMK", 2),
            ("PKR", 2),
            ("SOS", 2),
            ("SYP", 2),
            ("UYW", 4),
            ("YER", 2),
            ("SLL", 2),
            ("SLE", 2),
        ),
        *(
            ("XCG", 2),
            ("ZWG", 2),
            ("VED", 2),
            ("VES", 2),
            ("ANG", 2),
            ("HRK", 2),
            ("ZWL", 2),
            ("BYR", 0),
            ("CLF", 4),
        ),
        *(("XOF", 0), ("BTC", 8)),
    ],
)
def test_minor_units_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert DECIMALS[currency] == digits
    assert decimal_text(currency, 10**digits).startswith("1")


def test_what_has_no_minor_unit_is_no_money() -> None:
    """Gold, units of account and codes for tests."""
    assert not {"XAU", "XDR", "XTS", "XXX", "XUA"} & DECIMALS.keys()


@pytest.mark.parametrize(
    ("currency", "last", "after"),
    [
        ("HRK", "2023-01-31", "2023-02-01"),
        ("SLL", "2023-12-31", "2024-01-01"),
        ("ZWL", "2024-09-30", "2024-10-01"),
        ("ANG", "2025-03-31", "2025-04-01"),
    ],
)
def test_a_historic_currency_is_taken_as_long_as_it_was_money(
    currency: str, last: str, after: str, tmp_path: Path
) -> None:
    """Until the end of the month in which it was withdrawn; then the refusal names that month and the day."""
    ledger = Ledger.new(tmp_path)
    gift = {"number": "G-1", "bank": "A", "currency": currency, "amount": 5000}
    ledger.do("recorder", "contribution", "add", **gift, date=last)
    with pytest.raises(Refused) as refused:
        ledger.do("recorder", "contribution", "add", **(gift | {"number": "G-2"}), date=after)
    assert last[:7] in str(refused.value)
    assert after in str(refused.value)
    with pytest.raises(Refused):
        ledger.do("recorder", "pledge", "add", number="PL-1", asset=currency, amount=5000, date=after)


def test_a_currency_is_not_taken_before_it_was_money_nor_exchanged_into_then(tmp_path: Path) -> None:
    """The refusal names its first day, which is taken, and the field, whatever that is called."""
    ledger = Ledger.new(tmp_path)
    gift = {"bank": "A", "currency": "ZWG", "amount": 5000}
    with pytest.raises(Refused, match="currency: ZWG began on 2024-04-05, after 2024-04-04"):
        ledger.do("recorder", "contribution", "add", number="G-1", date="2024-04-04", **gift)
    rate = {"currency": "USD", "price": "0.5", "source": "un"}
    with pytest.raises(Refused, match="base: XCG began on 2025-03-31, after 2025-03-30"):
        ledger.do("recorder", "exchange-rate", "add", base="XCG", date="2025-03-30", **rate)
    with pytest.raises(Refused, match="base: ANG was withdrawn in 2025-03, before 2025-04-01"):
        ledger.do("recorder", "exchange-rate", "add", base="ANG", date="2025-04-01", **rate)
    ledger.do("recorder", "contribution", "add", number="G-1", date="2024-04-05", **gift)


def test_a_currency_in_a_row_of_a_list_is_held_to_its_days_too(tmp_path: Path) -> None:
    """The refusal names the row. What was given before an opening has its own day, where anybody knows it."""
    ledger = Ledger.new(tmp_path)
    day = "2023-11-14"
    facts: dict[str, Any] = {"number": "OP-1", "date": day, "paper": paper(ledger)}
    there = [{"bank": "A", "currency": "USD", "amount": 5}, {"bank": "A", "currency": "ZWG", "amount": 5}]
    with pytest.raises(Refused, match=r"money\.1\.currency: ZWG began on 2024-04-05, after 2023-11-14"):
        ledger.do("recorder", "opening", "add", money=there, **facts)
    with pytest.raises(Refused, match=r"pledges\.0\.asset: HRK was withdrawn in 2023-01"):
        ledger.do(
            "recorder", "opening", "add", pledges=[{"number": "P-1", "asset": "HRK", "amount": 5}], **facts
        )
    given = {"asset": "HRK", "amount": 5}
    with pytest.raises(Refused, match=r"given\.0\.asset: HRK was withdrawn in 2023-01, before 2023-02-01"):
        ledger.do("recorder", "opening", "add", given=[given | {"given": "2023-02-01"}], **facts)
    known = [given, given | {"given": "2022-12-31"}]
    ledger.do("recorder", "opening", "add", money=there[:1], given=known, **facts)
