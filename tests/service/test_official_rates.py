"""Official rates of a month are read from the UN's file, those that the campaign has to do with, all or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.times import unix_seconds
from ledger.rules.exchange_rates import rate_of_pair
from ledger.store.database import Store
from service.command import BadUse
from service.official_rates import official_rates
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger


def row(code: str, rate: str, day: str = "1 Dec 2023") -> str:
    return (
        f"<UN_OPERATIONAL_RATES><f_curr_code>{code}\t</f_curr_code><f_curr_longname>A name</f_curr_longname>"
        f"<rate>{rate}\t</rate><eff_date>{day}</eff_date></UN_OPERATIONAL_RATES>"
    )


def file(*rows: str) -> bytes:
    told = "".join(rows)
    return (
        f'<?xml version="1.0"?><UN_OPERATIONAL_RATES_DATASET>{told}</UN_OPERATIONAL_RATES_DATASET>'.encode()
    )


def test_the_newest_rate_of_each_currency_is_read_and_a_wrong_row_is_named() -> None:
    rates = official_rates(
        file(row("XOF", "601.2"), row("CNY", "7.10", "15 Nov 2023"), row("CNY", "7.13"), row("XOF", "601.2"))
    )
    assert [(rate.currency, rate.price, rate.day) for rate in rates] == [
        ("CNY", "7.13", "2023-12-01"), ("XOF", "601.2", "2023-12-01"),
    ]  # fmt: skip
    for data, says in (
        (b"<Document/>", "file: holds no UN operational rates"),
        (file(row("X", "1")), "file: row 1, f_curr_code: is no code"),
        (file(row("XOF", "")), "file: row 1, rate: is empty"),
        (file(row("XOF", "1", "31 Feb 2023")), "file: row 1, eff_date: is no day"),
        (file(row("XOF", "1"), row("XOF", "2")), "file: row 2: XOF has two rates of 2023-12-01"),
    ):
        with pytest.raises(BadUse, match=f"^{says}"):
            official_rates(data)


def test_what_the_campaign_has_to_do_with_is_recorded_once_and_counts_for_a_month(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'aidtrail.db'}"
    made = Ledger.new(tmp_path, url=url)
    made.do(
        "recorder",
        "contribution",
        "add",
        number="G-1",
        bank="B",
        currency="CNY",
        amount=500,
        date="2023-11-20",
    )
    made.store.close()
    (tmp_path / "aidtrail.toml").write_text('[chain]\nnetwork = "regtest"\n', encoding="utf-8")
    (tmp_path / "rates.xml").write_bytes(file(row("USD", "1"), row("CNY", "7.13"), row("XOF", "601.2")))
    now = unix_seconds("2023-12-02T00:00:00Z")

    def run(*words: str) -> tuple[int, str]:
        told = ["import", "rates", "rates.xml", "--as", "recorder", "--data", ".", *words]
        ran = run_command(told, tmp_path, clock=lambda: now)
        return ran.code, ran.out + ran.err

    code, said = run()
    assert (code, "recorded: 1 USD is 7.13 CNY from 2023-12-01 on." in said, "XOF" in said) == (
        0,
        True,
        False,
    ), said
    assert "recorded already: 1 USD is 7.13 CNY" in run()[1]
    assert "recorded: 1 USD is 601.2 XOF" in run("--currency", "XOF")[1]
    code, said = run("--currency", "EUR")
    assert (code, "the file has no rate of EUR" in said) == (2, True)
    store = Store.open(url)
    with store.read() as reading:
        worth = [
            rate_of_pair(reading.session, SLUG, "USD", 100, "CNY", day)
            for day in ("2024-01-05", "2024-01-06")
        ]
    store.close()
    assert worth == [713, None]
