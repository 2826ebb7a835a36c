"""Files over the same days are paired line by line; what was read wrong is taken back and read anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.core.line_words import reference_of
from tests.tools.bank_scene import CAMT, FEE, HEAD, MAPPING, SALE, banked, entry_of, line_of, taken, waiting
from tests.tools.demo_data import Ran
from tests.tools.ledgers import Ledger

US = """bank = "B"
currency = "USD"
date = "{date}"
[columns]
date = "Date"
amount = "Amount"
balance = "Balance"
reference = "Ref"
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with banked(tmp_path) as made:
        yield made


def camt(*entries: tuple[str, str, str], opening: str, closing: str) -> str:
    """A statement of (day, amount, bank's reference), all of which came in."""
    told = "".join(
        f'<Ntry><Amt Ccy="USD">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef></Ntry>"
        for day, amount, reference in entries
    )
    ends = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{amount}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
        f"<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>{ends}{told}</Stmt></BkToCstmrStmt></Document>"
    )


def took_back(folder: Path) -> Ran:
    return taken(
        folder,
        (folder / "bank.csv").read_text(),
        "--take-back",
        "read by a wrong mapping",
        "--as",
        "approver",
    )


def test_nonref_is_no_reference(ledger: Ledger, tmp_path: Path) -> None:
    assert {reference_of(text) for text in ("NOREF", "No reference", "n/a", "//", "000000")} == {""}
    may = [("2023-05-02", "10.00", "NONREF"), ("2023-05-02", "10.00", "NOTPROVIDED")]
    assert "2 lines recorded" in taken(tmp_path, camt(*may, opening="0.00", closing="20.00")).out
    june = camt(("2023-06-02", "10.00", "NONREF"), opening="20.00", closing="30.00")
    assert "1 line recorded" in taken(tmp_path, june).out
    assert waiting(ledger) == [("2023-05-02", 1000), ("2023-05-02", 1000), ("2023-06-02", 1000)]
    ledger.audit()


def test_two_gifts_of_one_day_and_amount_in_two_files_are_two(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, camt(("2023-05-02", "10.00", "NONREF"), opening="0.00", closing="10.00"))
    evening = camt(("2023-05-02", "10.00", "NONREF"), opening="10.00", closing="20.00")
    assert "1 line recorded, 0 known" in taken(tmp_path, evening).out
    assert "0 lines recorded, 1 known already; nothing changed" in taken(tmp_path, evening).out


def test_a_reference_that_a_bank_repeats_does_not_make_one_line_of_two(
    ledger: Ledger, tmp_path: Path
) -> None:
    same = [("2023-05-02", "10.00", "CUSTOMER 7"), ("2023-05-02", "10.00", "CUSTOMER 7")]
    assert "2 lines recorded" in taken(tmp_path, camt(*same, opening="0.00", closing="20.00")).out
    month = [*same, ("2023-05-09", "10.00", "CUSTOMER 7")]
    assert "1 line recorded, 2 known" in taken(tmp_path, camt(*month, opening="0.00", closing="30.00")).out


def test_another_format_over_the_same_days_adds_nothing_and_says_what_it_wrote(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + SALE + FEE)
    entries = len(ledger.kinds())
    ran = taken(tmp_path, CAMT)
    assert "0 lines recorded, 2 known already." in ran.out
    assert "nothing changed" not in ran.out
    assert f"from 0.00 USD to 19,896.50 USD, is entry {entries + 1}." in ran.out
    assert len(ledger.kinds()) == entries + 1


def test_two_formats_that_give_a_line_two_references_are_paired_where_all_lines_are(
    ledger: Ledger, tmp_path: Path
) -> None:
    lines = [("2023-05-02", "10.00", "A1"), ("2023-05-02", "10.00", "A2")]
    taken(tmp_path, camt(*lines, opening="0.00", closing="20.00"))
    csv = HEAD + "02.05.2023;X;a;10,00;10,00;77\n02.05.2023;X;b;10,00;20,00;78\n"
    assert "0 lines recorded, 2 known" in taken(tmp_path, csv).out
    assert len(waiting(ledger)) == 2


def test_a_line_that_only_one_of_two_files_has_is_named_before_anything_is_taken(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(
        tmp_path, HEAD + "02.05.2023;X;a;1,00;1,00;\n03.05.2023;X;b;2,00;3,00;\n04.05.2023;X;c;4,00;7,00;\n"
    )
    entries = len(ledger.kinds())
    for rows, named in (
        ("02.05.2023;X;a;1,00;1,00;\n04.05.2023;X;c;4,00;5,00;\n", "only the books have 2023-05-03 2.00 USD"),
        (
            "02.05.2023;X;a;1,00;1,00;\n03.05.2023;X;b;2,00;3,00;\n03.05.2023;X;d;8,00;11,00;\n"
            "04.05.2023;X;c;4,00;15,00;\n",
            "only the file has 2023-05-03 8.00 USD (row 4)",
        ),
    ):
        ran = taken(tmp_path, HEAD + rows)
        assert (ran.code, named in ran.err) == (2, True), ran.err
    assert len(ledger.kinds()) == entries


def test_a_file_that_was_read_by_a_wrong_mapping_is_taken_back_and_read_rightly(
    ledger: Ledger, tmp_path: Path
) -> None:
    rows = "Date,Amount,Balance,Ref\n05/04/2023,3.00,3.00,R1\n06/04/2023,-1.00,2.00,\n"
    (tmp_path / "mapping.toml").write_text(US.format(date="%m/%d/%Y"))
    assert "2 lines recorded" in taken(tmp_path, rows).out
    assert waiting(ledger)[0] == ("2023-05-04", 300)
    assert "lines 2, statements 1" in took_back(tmp_path).out
    assert waiting(ledger) == []
    (tmp_path / "mapping.toml").write_text(US.format(date="%d/%m/%Y"))
    assert "2 lines recorded, 0 known" in taken(tmp_path, rows).out
    assert waiting(ledger) == [("2023-04-05", 300), ("2023-04-06", -100)]
    assert "lines 2, statements 1" in took_back(tmp_path).out
    assert "2 lines recorded, 0 known" in taken(tmp_path, rows).out
    ledger.audit()


def test_one_line_and_its_statement_that_were_reversed_are_free_again(ledger: Ledger, tmp_path: Path) -> None:
    rows = HEAD + "20.11.2023;X;a;5,00;5,00;\n"
    taken(tmp_path, rows)
    last = len(ledger.kinds())
    for entry in (last, last - 1):
        ledger.do("approver", "reversal", "add", entry=entry, reason="wrong", date="2023-11-21")
    assert "1 line recorded, 0 known" in taken(tmp_path, rows).out
    assert waiting(ledger) == [("2023-11-20", 500)]


def test_what_is_matched_is_not_taken_back_and_nothing_else_of_its_file(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + SALE + FEE)
    ledger.do("recorder", "bank", "match", line=line_of(ledger), entry=entry_of(ledger))
    entries = len(ledger.kinds())
    ran = took_back(tmp_path)
    assert (ran.code, "matched" in ran.err) == (2, True)
    assert len(ledger.kinds()) == entries
    nobody = taken(tmp_path, "never imported", "--take-back", "x", "--as", "approver")
    assert (nobody.code, "came from it" in nobody.err) == (2, True)


def test_a_line_of_a_day_to_come_is_refused_with_its_row(ledger: Ledger, tmp_path: Path) -> None:
    ran = taken(tmp_path, HEAD + "20.11.2023;X;a;5,00;5,00;\n01.02.2030;X;b;5,00;10,00;\n")
    assert ran.code == 2
    assert "row 3 is booked on 2030-02-01, which is still to come" in ran.err
    assert waiting(ledger) == []


def test_a_month_without_lines_is_a_statement(ledger: Ledger, tmp_path: Path) -> None:
    days = ["--first", "2023-06-01", "--last", "2023-06-30"]
    ran = taken(tmp_path, HEAD, "--opening", "5,00", "--closing", "5,00", *days)
    assert "statement of 2023-06-01 to 2023-06-30, from 5.00 USD to 5.00 USD" in ran.out, ran.err
    july = camt(opening="5.00", closing="5.00")
    said = july.replace("<Bal>", "<FrToDt><FrDtTm>2023-07-01T00:00:00</FrDtTm>"
                        "<ToDtTm>2023-08-01T00:00:00</ToDtTm></FrToDt><Bal>", 1)  # fmt: skip
    assert "statement of 2023-07-01 to 2023-07-31" in taken(tmp_path, said).out
    assert "--first and --last" in taken(tmp_path, july).err
    (tmp_path / "mapping.toml").write_text(MAPPING)
