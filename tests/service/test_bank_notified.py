"""What comes without balances is notified: it counts when a statement covers it, and no minus is guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.rules.books import Books
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_states, statement_gaps
from ledger.views.conservation import conservation
from service.bank_files.formats import read_file
from service.bank_files.mapping import layout_from
from service.command import BadUse
from tests.tools.bank_scene import CAMT, FEE, HEAD, MAPPING, SALE, banked, entry_of, line_of, taken, waiting
from tests.tools.ledgers import SLUG, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with banked(tmp_path) as made:
        yield made


def figures(ledger: Ledger) -> tuple[int, int, int]:
    """(notified, difference, gaps) of the one bank."""
    with ledger.store.read() as reading:
        (state,) = bank_states(Books(reading), BankReadings(reading.session, SLUG, "2023-11-30"))
        ties = [tie.difference.minor for tie in conservation(reading, SLUG).ties if tie.what == "bank"]
        assert ties == [state.difference.minor]
        return (
            state.notified.minor,
            state.difference.minor,
            len(statement_gaps(BankReadings(reading.session, SLUG, ""))),
        )


NOTICE = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn>'
    "<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>"
    '<Ntry><Amt Ccy="USD">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
    "<BookgDt><Dt>2023-11-22</Dt></BookgDt><AcctSvcrRef>R7</AcctSvcrRef></Ntry>"
    "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
)


def test_a_notice_counts_when_a_statement_covers_its_day(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE + FEE)
    ran = taken(tmp_path, NOTICE)
    assert "1 line recorded" in ran.out
    assert "notified" in ran.out
    assert waiting(ledger)[-1] == ("2023-11-22", 500)
    assert figures(ledger) == (500, 0, 0)
    ledger.audit()
    whole = HEAD + SALE + FEE + "22.11.2023;Ada;kits;5,00;19.901,50;R7\n"
    assert "0 lines recorded, 3 known" in taken(tmp_path, whole).out
    assert figures(ledger) == (0, 0, 0)
    ledger.audit()


def test_a_matched_notice_is_no_statement_yet(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + "19.11.2023;X;before;1,00;1,00;\n")
    taken(tmp_path, NOTICE.replace("5.00", "19900.00").replace("2023-11-22", "2023-11-20"))
    ledger.do("recorder", "bank", "match", line=line_of(ledger, 1), entry=entry_of(ledger))
    assert figures(ledger) == (1_990_000, 0, 0)
    ledger.audit()


def test_a_report_of_a_day_is_notified_whatever_balances_it_has() -> None:
    report = CAMT.replace("BkToCstmrStmt", "BkToCstmrAcctRpt").replace("Stmt>", "Rpt>")
    (found,) = read_file(report.encode(), layout_from(b'bank = "B"')).statements
    assert (found.opening, found.closing, len(found.lines), found.currency) == (None, None, 2, "USD")


def test_a_statement_that_lacks_a_notified_line_names_it(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, NOTICE)
    ran = taken(tmp_path, HEAD + SALE + "22.11.2023;Bank;other;1,00;19.901,00;\n")
    assert (ran.code, "only the books have 2023-11-22 5.00 USD" in ran.err) == (2, True)


def test_a_table_without_balances_is_notified_and_known_again(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(MAPPING.replace('balance = "Balance"\n', ""))
    assert "notified" in taken(tmp_path, HEAD + SALE + FEE).out
    assert "0 lines recorded, 2 known already; nothing changed" in taken(tmp_path, HEAD + SALE + FEE).out
    assert "is entry" in taken(tmp_path, HEAD + SALE + FEE, "--opening", "0", "--closing", "19.896,50").out
    assert figures(ledger) == (0, 0, 0)


def test_without_balances_a_minus_in_a_column_of_what_went_out_is_refused_with_its_row() -> None:
    told = 'bank = "B"\ncurrency = "USD"\n{more}[columns]\ndate = "D"\ncame = "In"\nwent = "Out"\n'
    table = b"D,In,Out\n2023-05-01,100.00,\n2023-05-02,-30.00,\n2023-05-03,,-5.00\n"
    with pytest.raises(BadUse, match="row 4 has a minus where it says what went out"):
        read_file(table, layout_from(told.format(more="").encode()))
    (found,) = read_file(
        table, layout_from(told.format(more='minus_is_out = ["went"]\n').encode())
    ).statements
    assert [line.minor for line in found.lines] == [10_000, -3_000, -500]
