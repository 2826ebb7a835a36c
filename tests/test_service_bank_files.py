"""Bank statements: read exactly or refused whole, taken once, matched by a person and never twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.bank_state import bank_states, movements, open_lines
from ledger.books import Books
from ledger.check_bank import bank_matches_tie
from ledger.conservation import conservation
from ledger.decisions import Matter, decisions
from ledger.errors import Conflict, NotFound, Refused
from ledger.money import MAX_AMOUNT, decimal_text
from service.bank_files import Layout, csv_statement, exact_minor, layout_from
from service.camt_files import camt_statements
from service.command import BadUse
from tests.demo_data import Ran, run_command
from tests.ledgers import SLUG, Ledger, name, tx

BTC = 100_000_000
MAPPING = """bank = "B"
currency = "USD"
delimiter = ";"
decimal = ","
thousands = "."
date = "%d.%m.%Y"
[columns]
date = "Booked"
amount = "Amount"
balance = "Balance"
text = ["Payee", "Purpose"]
reference = "Ref"
"""
HEAD = "Booked;Payee;Purpose;Amount;Balance;Ref\n"
SALE = "20.11.2023;Exchange;sale C-1;19.900,00;19.900,00;\n"
FEE = "21.11.2023;Bank;account fee;-3,50;19.896,50;\n"
LAYOUT = layout_from(MAPPING.encode())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with 19,900.00 USD at bank B, by conversion C-1, in a folder that commands find."""
    made = Ledger.new(tmp_path, valuation="conversion")
    made.mine("a", tx("gift", (0, BTC)))
    made.bury()
    made.mine("s", tx("sale", spends=(("gift", 0),)))
    made.bury()
    made.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=1_990_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    made.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    (tmp_path / "aidtrail.toml").write_text(f'[database]\nurl = "sqlite:///{tmp_path / "ledger.db"}"\n')
    (tmp_path / "mapping.toml").write_text(MAPPING)
    yield made
    made.store.close()


def taken(folder: Path, text: str, *more: str) -> Ran:
    (folder / "bank.csv").write_text(text)
    line = ["import", "bank", "bank.csv", "--mapping", "mapping.toml", "--as", "recorder", *more]
    return run_command(line, folder)


def waiting(ledger: Ledger) -> list[tuple[str, int]]:
    with ledger.store.read() as reading:
        return [(line.booked, line.left) for line in open_lines(reading, SLUG)]


def line_of(ledger: Ledger, at: int = 0) -> str:
    with ledger.store.read() as reading:
        return open_lines(reading, SLUG)[at].identity


def entry_of(ledger: Ledger, key: str = f"approval:conversion:{SLUG}:C-1") -> int:
    with ledger.store.read() as reading:
        row = reading.journal.by_key(key)
    assert row is not None
    return row.seq


def test_a_statement_is_taken_once_and_says_so(ledger: Ledger, tmp_path: Path) -> None:
    first = taken(tmp_path, HEAD + SALE + FEE)
    assert first.code == 0, first.err
    assert "2 lines recorded, 0 known already." in first.out
    entries = len(ledger.kinds())
    again = taken(tmp_path, HEAD + SALE + FEE)
    assert "0 lines recorded, 2 known already; nothing changed." in again.out
    assert len(ledger.kinds()) == entries
    ledger.audit()


def test_a_later_file_that_overlaps_adds_only_what_is_new(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    assert "1 lines recorded, 1 known already." in taken(tmp_path, HEAD + SALE + FEE).out
    assert waiting(ledger) == [("2023-11-20", 1_990_000), ("2023-11-21", -350)]


def test_the_same_line_twice_on_a_day_is_two_lines(ledger: Ledger, tmp_path: Path) -> None:
    twin = "21.11.2023;Bank;account fee;-3,50;19.893,00;\n"
    assert "3 lines recorded" in taken(tmp_path, HEAD + SALE + FEE + twin).out
    assert "0 lines recorded, 3 known" in taken(tmp_path, HEAD + SALE + FEE + twin).out


def test_the_banks_own_reference_identifies_a_line_and_must_not_change_its_amount(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + "20.11.2023;X;a;5,00;5,00;R1\n")
    entries = len(ledger.kinds())
    ran = taken(tmp_path, HEAD + "20.11.2023;X;new words;6,00;6,00;R1\n20.11.2023;X;b;1,00;7,00;R2\n")
    assert ran.code == 2
    assert "recorded already with other facts" in ran.err
    assert len(ledger.kinds()) == entries


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (SALE + "21.11.2023;Bank;fee;-3,50;19.896,00;\n", "does not follow"),
        ("31.02.2023;X;a;5,00;5,00;\n", "row 2 has no date"),
        ("20.11.2023;X;a;5.00;5,00;\n", "groups of three"),
        ("20.11.2023;X;a;5,001;5,00;\n", "more than the 2 decimals"),
        ("20.11.2023;X;a;1e3;5,00;\n", "no amount"),
        ("20.11.2023;X;a;5,00\n", "more or fewer cells"),
        ("", "no lines"),
    ],
)
def test_a_file_that_does_not_tie_or_cannot_be_read_is_refused_whole(
    ledger: Ledger, tmp_path: Path, rows: str, reason: str
) -> None:
    entries = len(ledger.kinds())
    ran = taken(tmp_path, HEAD + rows)
    assert ran.code == 2
    assert reason in ran.err
    assert len(ledger.kinds()) == entries


def test_without_a_column_of_balances_opening_and_closing_are_given_and_have_to_tie(
    ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "mapping.toml").write_text(MAPPING.replace('balance = "Balance"\n', ""))
    assert "give opening and closing" in taken(tmp_path, HEAD + SALE + FEE).err
    off = taken(tmp_path, HEAD + SALE + FEE, "--opening", "0,00", "--closing", "19.896,49")
    assert off.code == 2
    assert "the lines lead 0.01 USD too far" in off.err
    assert waiting(ledger) == []
    assert taken(tmp_path, HEAD + SALE + FEE, "--opening", "0", "--closing", "19.896,50").code == 0


def test_the_words_of_a_line_are_in_no_entry_and_can_be_forgotten(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + "20.11.2023;Ada Donor;for the kits;5,00;5,00;REF-77\n")
    with ledger.store.write() as writing:
        published = b"".join(row.data for row in writing.journal.rows())
        (line,) = open_lines(writing, SLUG)
        assert line.text == "Ada Donor for the kits"
        document = json.loads(writing.shelf.load("document", f"bank_line|{SLUG}|{line.identity}") or b"")
        writing.desk.delete_opening(document["facts"]["text"])
        assert open_lines(writing, SLUG)[0].text is None
    assert b"Ada" not in published
    assert b"REF-77" not in published
    assert (
        "0 lines recorded, 1 known"
        in taken(tmp_path, HEAD + "20.11.2023;Ada Donor;for the kits;5,00;5,00;REF-77\n").out
    )


def test_a_line_is_proposed_confirmed_by_a_person_and_never_matched_twice(
    ledger: Ledger, tmp_path: Path
) -> None:
    ran = taken(tmp_path, HEAD + SALE + FEE)
    assert "the amount is the same, the same day, the text names it" in ran.out
    line, entry = line_of(ledger), entry_of(ledger)
    with ledger.store.read() as reading:
        rows = [d for d in decisions(reading, SLUG, now=ledger.now) if d.matter is Matter.BANK_LINE]
        assert [(d.minor, len(d.suggestions)) for d in rows] == [(1_990_000, 1), (-350, 0)]
        assert rows[0].suggestions[0].reference == str(entry)
        assert rows[0].suggestions[0].score == 100
    ledger.do("recorder", "bank", "match", line=line, entry=entry)
    assert waiting(ledger) == [("2023-11-21", -350)]
    with pytest.raises(Conflict, match="nothing is matched twice"):
        ledger.do("recorder", "bank", "match", line=line, entry=entry, n=1)
    with pytest.raises(Conflict, match="reverse that match first"):
        ledger.do("approver", "reversal", "add", entry=entry, reason="wrong", date="2023-11-21")
    seq = entry_of(ledger, f"bank.match:{SLUG}:{line}:{entry}")
    ledger.do("approver", "reversal", "add", entry=seq, reason="wrong", date="2023-11-21")
    assert waiting(ledger)[0] == ("2023-11-20", 1_990_000)
    ledger.do("recorder", "bank", "match", line=line, entry=entry, n=1)
    assert waiting(ledger) == [("2023-11-21", -350)]


def test_one_entry_may_be_two_lines_but_no_more_than_it_moved(ledger: Ledger, tmp_path: Path) -> None:
    taken(
        tmp_path,
        HEAD + "20.11.2023;E;first;10.000,00;10.000,00;\n20.11.2023;E;rest;9.900,00;19.900,00;\n"
        "20.11.2023;E;more;1,00;19.901,00;\n",
    )
    entry = entry_of(ledger)
    by_amount: dict[int, str] = {}
    with ledger.store.read() as reading:
        by_amount = {line.left: line.identity for line in open_lines(reading, SLUG)}
    ledger.do("recorder", "bank", "match", line=by_amount[1_000_000], entry=entry)
    with pytest.raises(Refused, match=r"only 9900\.00 USD"):
        ledger.do("recorder", "bank", "match", line=by_amount[990_000], entry=entry, amount=990_001)
    ledger.do("recorder", "bank", "match", line=by_amount[990_000], entry=entry)
    with pytest.raises(Conflict, match="nothing is matched twice"):
        ledger.do("recorder", "bank", "match", line=by_amount[100], entry=entry)


def test_a_line_does_not_match_an_entry_that_moved_nothing_there_or_the_other_way(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + "20.11.2023;E;out;-5,00;-5,00;\n")
    line = line_of(ledger)
    with pytest.raises(Refused, match="not this line"):
        ledger.do("recorder", "bank", "match", line=line, entry=entry_of(ledger))
    with pytest.raises(Refused, match="not this line"):
        ledger.do("recorder", "bank", "match", line=line, entry=1)
    with pytest.raises(NotFound):
        ledger.do("recorder", "bank", "match", line="0" * 64, entry=1)


def test_the_bank_is_reconciled_only_when_every_line_is_matched_or_set_aside(
    ledger: Ledger, tmp_path: Path
) -> None:
    assert run_command(["reconcile", "--data", "."], tmp_path).code == 0
    taken(tmp_path, HEAD + SALE + FEE)
    assert run_command(["reconcile", "--data", "."], tmp_path).code == 1
    ledger.do("recorder", "bank", "match", line=line_of(ledger), entry=entry_of(ledger))
    open_still = run_command(["inbox", "--data", "."], tmp_path)
    assert open_still.code == 1
    assert "-3.50 USD" in open_still.out
    ledger.do("recorder", "bank", "aside", line=line_of(ledger), reason="the fee of another account")
    done = run_command(["reconcile", "--data", "."], tmp_path)
    assert done.code == 0, done.out
    assert "help: bank B closes 2023-11-21 with 19896.50 USD: reconciled" in done.out
    assert "bank help/B: 19896.50 = in the books 19900.00 + set aside -3.50" in done.out


def test_a_statement_that_is_missing_between_two_shows_by_how_much(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    taken(tmp_path, HEAD + "25.11.2023;X;later;5,00;19.855,00;\n")
    with ledger.store.read() as reading:
        (state,) = bank_states(reading, SLUG)
        assert state.difference == 5_000
        ties = [tie for tie in conservation(reading, SLUG).ties if tie.what == "bank"]
    assert [tie.difference for tie in ties] == [5_000]


def gaps(ledger: Ledger) -> list[tuple[str, int | None]]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
    return [(row.asset, row.minor) for row in rows if row.matter is Matter.BANK_GAP]


def test_statements_that_do_not_follow_wait_for_the_missing_one(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    assert gaps(ledger) == []
    taken(tmp_path, HEAD + "25.11.2023;X;later;5,00;19.855,00;\n")
    assert gaps(ledger) == [("USD", -5_000)]
    told = run_command(["inbox", "--data", "."], tmp_path).out
    assert "its statements do not lead from 0.00 to 19855.00; import the one that is missing" in told
    taken(tmp_path, HEAD + "22.11.2023;X;between;-50,00;19.850,00;\n")
    assert gaps(ledger) == []


def test_a_line_like_one_of_the_same_day_in_the_file_that_follows_is_another_line(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + SALE + FEE)
    afternoon = HEAD + "21.11.2023;Bank;account fee;-3,50;19.893,00;\n"
    assert "1 lines recorded, 0 known" in taken(tmp_path, afternoon).out
    assert "0 lines recorded, 1 known" in taken(tmp_path, afternoon).out
    assert waiting(ledger) == [("2023-11-20", 1_990_000), ("2023-11-21", -350), ("2023-11-21", -350)]
    assert gaps(ledger) == []
    whole = HEAD + SALE + FEE + "21.11.2023;Bank;account fee;-3,50;19.893,00;\n"
    assert "0 lines recorded, 3 known" in taken(tmp_path, whole).out
    assert gaps(ledger) == []


def test_lines_that_sum_to_nothing_and_come_again_are_the_same_lines(ledger: Ledger, tmp_path: Path) -> None:
    back = "21.11.2023;Bank;account fee;3,50;19.900,00;\n"
    taken(tmp_path, HEAD + SALE + FEE + back)
    assert "0 lines recorded, 2 known" in taken(tmp_path, HEAD + FEE + back).out


def test_a_row_that_came_in_and_went_out_is_refused() -> None:
    layout = layout_from(
        b'bank = "B"\ncurrency = "USD"\n[columns]\ndate = "D"\ncame = "In"\nwent = "Out"\nbalance = "S"\n'
    )
    with pytest.raises(BadUse, match="it came in and went out in one row"):
        csv_statement(b"D,In,Out,S\n2023-11-20,3.50,3.50,0.00\n", layout)


def test_a_column_that_is_not_there_is_told_beside_those_that_are() -> None:
    with pytest.raises(
        BadUse, match="no column 'Booked', which the mapping names; its columns are 'Date', 'Amount'"
    ):
        csv_statement(b"Date;Amount\n1;2\n", LAYOUT)


@given(st.integers(-MAX_AMOUNT // 100, MAX_AMOUNT // 100), st.sampled_from([".", ",", ""]))
def test_what_a_bank_writes_is_read_exactly(minor: int, thousands: str) -> None:
    decimal = "," if thousands == "." else "."
    whole, part = decimal_text("USD", abs(minor)).split(".")
    grouped = f"{int(whole):,}".replace(",", thousands)
    text = f"{'-' if minor < 0 else ''}{grouped}{decimal}{part}"
    layout = Layout("B", decimal=decimal, thousands=thousands)
    assert exact_minor(text, "USD", layout) == minor


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_sentence(text: str) -> None:
    with suppress(ValueError):
        assert abs(exact_minor(text, "USD", LAYOUT)) <= MAX_AMOUNT


@given(st.binary(max_size=200))
def test_any_bytes_are_a_statement_or_one_sentence(data: bytes) -> None:
    for read in (csv_statement, camt_statements):
        with suppress(BadUse):
            read(data, LAYOUT)


def test_debits_and_credits_in_two_columns_and_the_newest_first() -> None:
    layout = layout_from(
        b'bank = "B"\ncurrency = "EUR"\nnewest_first = true\n[columns]\ndate = "D"\ncame = "C"\nwent = "W"\n'
        b'balance = "S"\n'
    )
    told = csv_statement(b"D,C,W,S\n2023-11-21,,3.50,6.50\n2023-11-20,10.00,,10.00\n", layout)
    assert [(line.booked, line.minor) for line in told.lines] == [("2023-11-20", 1000), ("2023-11-21", -350)]
    assert (told.opening, told.closing, told.off) == (0, 650, 0)


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        (b"bank = 1", "wrong shape"),
        (b'currency = "USD"', "bank is missing"),
        (b'bank = "B"\ncolour = "red"', "not known"),
        (b'bank = "B"\ndecimal = ","\nthousands = ","', "two ways"),
        (b'bank = "B"\ncurrency = "XXX"', "currency"),
        (b"\xff", "not TOML"),
    ],
)
def test_a_mapping_that_is_wrong_names_its_key(mapping: bytes, reason: str) -> None:
    with pytest.raises(BadUse, match=reason):
        layout_from(mapping)


CAMT = """<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">19896.5</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="USD">19900.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>2023-11-20</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>
<NtryDtls><TxDtls><RmtInf><Ustrd>sale C-1</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="USD">3.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2023-11-21T10:00:00</DtTm></BookgDt></Ntry>
<Ntry><Amt Ccy="USD">7.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def test_camt_is_taken_by_booked_entries_and_ties(ledger: Ledger, tmp_path: Path) -> None:
    assert "2 lines recorded" in taken(tmp_path, CAMT).out
    assert waiting(ledger) == [("2023-11-20", 1_990_000), ("2023-11-21", -350)]
    off = taken(tmp_path, CAMT.replace("19896.5<", "19896.51<"))
    assert off.code == 2
    assert "-0.01 USD too far" in off.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_camt_with_a_document_type_or_entities_is_not_read(encoding: str) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>'
    )
    with pytest.raises(BadUse, match="document type or entities"):
        camt_statements(bomb.encode(encoding), LAYOUT)


def test_camt_of_another_account_is_refused() -> None:
    layout = layout_from(b'bank = "B"\naccount = "DE00 0000"')
    with pytest.raises(BadUse, match="no statement of the account"):
        camt_statements(CAMT.encode(), layout)
    right = layout_from(b'bank = "B"\naccount = "DE02 1203 0000 0000 2020 51"')
    assert len(camt_statements(CAMT.encode(), right)) == 1


def test_a_line_that_is_matched_for_more_than_it_is_is_found(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    identity = line_of(ledger)
    with ledger.store.write() as writing:
        documents = Books(writing.shelf).documents
        line = documents.require("bank_line", SLUG, identity)
        documents.save("bank_line", SLUG, identity, line | {"matched": 1_990_001})
    with ledger.store.read() as reading:
        found = list(bank_matches_tie(reading))
    assert [finding.subject for finding in found] == [identity]


def test_a_match_that_is_changed_on_both_sides_or_gone_from_both_is_found(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Line and entry agree with each other, and not with the entry that matched them."""
    taken(tmp_path, HEAD + SALE)
    identity = line_of(ledger)
    with ledger.store.read() as reading:
        (moved,) = [m for m in movements(reading, SLUG) if m.left]
    ledger.do("recorder", "bank", "match", line=identity, entry=moved.entry)
    number = f"{moved.entry}:B"
    for matched in (moved.moved - 1, 0):
        with ledger.store.write() as writing:
            documents = Books(writing.shelf).documents
            line, sums = (documents.require(*at) for at in _sides(identity, number))
            documents.save("bank_line", SLUG, identity, line | {"matched": matched})
            documents.save("bank_matched", SLUG, number, {"matched": matched})
            assert [finding.subject for finding in bank_matches_tie(writing)] == [identity, number]
            documents.save("bank_line", SLUG, identity, line)
            documents.save("bank_matched", SLUG, number, sums)
            assert list(bank_matches_tie(writing)) == []


def _sides(identity: str, number: str) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    return ("bank_line", SLUG, identity), ("bank_matched", SLUG, number)


def test_a_line_whose_facts_are_not_those_of_its_entry_or_that_no_entry_tells_is_found(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + SALE)
    identity = line_of(ledger)
    with ledger.store.write() as writing:
        documents = Books(writing.shelf).documents
        line = documents.require("bank_line", SLUG, identity)
        documents.save("bank_line", SLUG, identity, line | {"facts": line["facts"] | {"amount": 1}})
        documents.save("bank_line", SLUG, "0" * 64, line)
        assert [finding.subject for finding in bank_matches_tie(writing)] == [identity, "0" * 64]
