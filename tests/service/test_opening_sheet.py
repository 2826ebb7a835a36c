"""What stood on a day is read from one table, and a row that is refused refuses the file in a sentence that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.command import BadUse
from service.opening_sheet import read_opening, template
from tests.tools.demo_data import run_command
from tests.tools.ledgers import START, Ledger
from tests.tools.spreadsheets import xlsx
from tests.tools.things import paper


def test_the_template_is_a_table_that_is_read() -> None:
    read = read_opening(template().encode())
    told = read.opening("O-1", "2020-05-31", None)
    for mark in (";", "\t"):
        parted = read_opening(template().replace(",", mark).encode("utf-8-sig"))
        assert parted.opening("O-1", "2020-05-31", None) == told
    assert [(row.exchange, row.amount, row.until) for row in told.exchanges] == [
        ("Exchange", 25_000_000, "2020-06-15")
    ]
    assert [(row.bank, row.currency, row.amount) for row in told.money] == [
        ("First Bank", "USD", 1_000_000),
        ("Cash box", "XOF", 250_000),
    ]
    assert [(row.place, str(row.of), row.quantity) for row in told.stock] == [("Depot", "KIT#L1", 400)]
    assert (told.given[0].gifts, told.given[0].given) == (7, "2020-03-01")
    assert told.delivered[0].quantity == 5_000
    (order,) = told.orders
    assert (order.number, order.items[0].value, order.items[0].received, order.items[0].paid) == (
        "PO-7", 500_000, 400, 150_000,
    )  # fmt: skip
    assert (told.payables[0].amount, told.payables[0].due) == (200_000, "2020-06-20")
    assert told.pledges[0].amount == 800_000


def table(*rows: str) -> bytes:
    return "\n".join(("row,bank,currency,amount,place,product,lot,expiry,quantity", *rows)).encode()


MONEY = "money,B,USD,10.00,,,,,"


WRONG = (
    ("money,B,USD,ten,,,,,", "row 3, column amount: is no amount of USD but a text of 3 characters"),
    ("money,B,USD,10.001,,,,,", "row 3, column amount: is no amount of USD"),
    ("money,B,,10.00,,,,,", "row 3, column currency: is empty"),
    ("money,B,XXQ,10.00,,,,,", "file: row 3, column currency: 'XXQ' is no currency"),
    ("money,,USD,10.00,,,,,", "row 3, column bank: is missing"),
    ("money,B,USD,10.00,Depot,,,,", "row 3, column place: a row of money has none"),
    ("stock,,,,Depot,KIT,L1,31.5.2020,4", "row 3, column expiry: is no day but a text of 9 characters"),
    ("stock,,,,Depot,KIT,L1,,4.5", "row 3, column quantity: is no whole number but a text of 3"),
    ("stock,,,,Depot,KIT,L1,,0", "row 3, column quantity: must be at least 1"),
    (
        "wares,,,,Depot,KIT,L1,,4",
        "row 3, column row: says 'wares'; write one of coins, exchange, money, stock",
    ),
)


def test_a_wrong_row_is_named_with_its_column_and_what_to_write() -> None:
    for row, says in WRONG:
        with pytest.raises(BadUse) as refusal:
            read_opening(table(MONEY, row)).opening("O-1", "2020-05-31", None)
        assert str(refusal.value).startswith(says)


NONE = (
    (b"", "file: is empty"),
    (b"row,bank\n", "file: has headings and no rows"),
    (b"bank,amount\nB,1\n", "row 1: there is no column row"),
    (b"row,bank,colour\nmoney,B,red\n", "row 1: 'colour' is no column of an opening"),
    (b"row,bank,bank\nmoney,B,B\n", "row 1: 'bank' stands twice"),
)


def test_a_table_that_is_none_of_an_opening_says_so() -> None:
    for data, says in NONE:
        with pytest.raises(BadUse, match=f"^{says}"):
            read_opening(data)


def test_a_spreadsheet_says_the_same_as_a_csv() -> None:
    """Numbers and days of a spreadsheet are values, not text; 45838 is 2025-06-30."""
    made = xlsx(
        [
            ["row", "bank", "currency", "amount", "place", "product", "lot", "expiry", "quantity"],
            ["money", "B", "USD", 10.0, "", "", "", "", ""],
            ["stock", "", "", "", "Depot", "KIT", 77.0, "=45838", 4.0],
        ]
    )
    as_csv = read_opening(table(MONEY, "stock,,,,Depot,KIT,77,2025-06-30,4"))
    assert read_opening(made).opening("O-1", "2020-05-31", None) == as_csv.opening("O-1", "2020-05-31", None)


def test_a_table_is_looked_at_proposed_and_approved_on_the_command_line(tmp_path: Path) -> None:
    made = Ledger.new(tmp_path, url=f"sqlite:///{tmp_path / 'aidtrail.db'}")
    made.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    signed = paper(made)
    made.store.close()
    (tmp_path / "aidtrail.toml").write_text('[chain]\nnetwork = "regtest"\n', encoding="utf-8")

    def run(*words: str) -> tuple[int, str]:
        ran = run_command([*words, "--data", "."], tmp_path, clock=lambda: START + 86_400 * 30)
        return ran.code, ran.out + ran.err

    assert run_command(["opening", "template", "there.csv"], tmp_path).code == 0
    rows = (tmp_path / "there.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "there.csv").write_text("\n".join(row for row in rows if not row.startswith("coins")))
    names = ["--number", "O-1", "--day", "2023-11-18"]
    code, said = run("import", "opening", "there.csv", *names, "--preview")
    assert (code, "3 of them do not tie" in said, "nothing was recorded" in said) == (0, True, True), said
    assert "it is recorded with --paper" in said
    code, said = run("import", "opening", "there.csv", *names, "--as", "recorder")
    assert (code, "paper: name the paper that shows what was there" in said) == (2, True), said
    names += ["--paper", signed]
    (tmp_path / "wrong.csv").write_bytes(table(MONEY, "stock,,,,Depot,NONE,L1,,4"))
    code, said = run("import", "opening", "wrong.csv", *names, "--as", "recorder")
    assert (code, "row 3, column product: " in said) == (2, True)
    code, said = run("import", "opening", "there.csv", *names, "--as", "recorder")
    assert code == 0, said
    approve = ("opening", "approve", "--set", "number=O-1", "--set", "date=2023-11-18")
    assert run(*approve, "--as", "recorder")[0] == 77
    assert run(*approve, "--as", "approver")[0] == 0
    assert "Depot  KIT#L1  400" in run("stock", "list")[1]
