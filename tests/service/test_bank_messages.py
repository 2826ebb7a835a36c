"""MT940 and OFX are read as banks bend them, with the signs that they mean; what is broken is named."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.money import decimal_text
from ledger.recording.bank_statements import Statement
from service.bank_files.formats import read_file
from service.bank_files.mapping import layout_from
from service.command import BadUse

MAPPING = 'bank = "B"\n'


def read(text: str, told: str = MAPPING, encoding: str = "utf-8") -> tuple[Statement, ...]:
    return read_file(text.encode(encoding), layout_from(told.encode())).statements


def refusal(text: str, told: str = MAPPING) -> str:
    with pytest.raises(BadUse) as refused:
        read(text, told)
    return str(refused.value)


def mt940(lines: str, *, opening: str = "C231120USD0,00", closing: str = "C231122USD0,00") -> str:
    return f":20:STARTUMS\n:25:12030000/202051\n:28C:5/1\n:60F:{opening}\n{lines}:62F:{closing}\n"


def test_mt940_keeps_names_words_and_references() -> None:
    told = mt940(
        ":61:2311201121C5,00NTRFKREF+1//R1\n:86:166?00GUTSCHRIFT?20EREF+E2E-1?21SVWZ+for the kits?32ADA DONOR\n"
        ":61:2311221122D5,00NCHGNONREF\n:86:account fee\n"
    )
    (found,) = read(
        "{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\n" + told.replace("\n", "\r\n") + "-}"
    )
    first, fee = found.lines
    assert (first.booked, first.minor, first.words.name) == ("2023-11-21", 500, "ADA DONOR")
    assert "for the kits" in first.words.text
    assert (first.words.reference, "E2E-1" in first.words.references) == ("R1", True)
    assert (fee.minor, fee.words.reference, fee.words.references) == (-500, "", ())
    assert (found.account, found.currency, found.last) == ("12030000/202051", "USD", "2023-11-22")


@pytest.mark.parametrize(("mark", "minor"), [("C", 700), ("D", -700), ("RC", -700), ("RD", 700)])
def test_a_credit_that_was_taken_back_went_out_and_a_debit_came_back(mark: str, minor: int) -> None:
    side = "C" if minor > 0 else "D"
    (found,) = read(mt940(f":61:231122{mark}7,NTRFK1//R9\n", closing=f"{side}231122USD7,"))
    assert [line.minor for line in found.lines] == [minor]


def test_pages_and_months_without_lines_are_statements() -> None:
    pages = mt940(":61:231121C7,NTRFa\n", closing="C231121USD7,").replace(":62F:", ":62M:") + mt940(
        "", opening="C231121USD7,", closing="C231130USD7,"
    ).replace(":60F:", ":60M:")
    assert [(s.opening, s.closing, s.last, len(s.lines)) for s in read(pages)] == [
        (0, 700, "2023-11-21", 1), (700, 700, "2023-11-30", 0)
    ]  # fmt: skip


def test_mt940_that_is_broken_or_has_no_balances_is_refused_by_its_name() -> None:
    assert "is MT940, and cannot be read" in refusal(mt940(":61:rubbish\n"))
    assert "do not tie: the lines lead 7.00 USD too far" in refusal(mt940(":61:231121C7,NTRFa\n"))
    assert "MT942" in refusal(":20:X\n:25:1\n:28C:1\n:34F:USD0,\n:61:231121C7,NTRFa\n")
    assert "name one in the mapping (account)" in refusal(mt940("") + mt940("").replace("202051", "77"))


def test_what_cannot_be_read_is_told_to_nobody_but_who_asked(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The library writes the lines that it cannot read into its log."""
    refusal(mt940(":61:Ada Donor\n"))
    assert ("Ada" in caplog.text, "Ada" in "".join(capfd.readouterr())) == (False, False)
    assert "field of more than" in refusal(mt940(f":86:{'x' * 6_000}\n"))


OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>77<ACCTTYPE>CHECKING
</BANKACCTFROM><BANKTRANLIST><DTSTART>20231101<DTEND>20231130
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20231121<TRNAMT>-3,50<FITID>F2<NAME>Bank<CHECKNUM>12</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20231120233000[-5:EST]<TRNAMT>19900.00<FITID>F1<NAME>Ada &amp; Bo<MEMO>sale C-1
</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>19896.50<DTASOF>20231130</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1>
</OFX>"""


def test_ofx_is_read_in_order_with_names_and_references_however_its_elements_stand() -> None:
    (found,) = read(OFX)
    assert [(line.booked, line.minor, line.words.said) for line in found.lines] == [
        ("2023-11-20", 1_990_000, "Ada & Bo · sale C-1 · F1"), ("2023-11-21", -350, "Bank · F2 · 12")
    ]  # fmt: skip
    assert (found.opening, found.closing, found.first, found.last) == (
        0,
        1_989_650,
        "2023-11-01",
        "2023-11-30",
    )
    xml = '<?xml version="1.0"?><?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" '
    xml += 'NEWFILEUID="NONE"?>'
    tags = "TRNUID CURDEF BANKID ACCTID ACCTTYPE DTSTART DTEND TRNTYPE DTPOSTED TRNAMT FITID NAME CHECKNUM MEMO BALAMT"
    body = "<OFX>" + OFX.split("<OFX>")[1]
    for tag in [*tags.split(), "DTASOF"]:
        parts = body.split(f"<{tag}>")
        body = parts[0] + "".join(
            f"<{tag}>{p.split('<', 1)[0].strip()}</{tag}><{p.split('<', 1)[1]}" for p in parts[1:]
        )
    assert read(xml + body) == (found,)


def test_an_ofx_whose_balance_is_of_another_day_is_only_notified() -> None:
    (found,) = read(OFX.replace("<DTASOF>20231130", "<DTASOF>20231215"))
    assert (found.opening, found.closing, len(found.lines)) == (None, None, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<TRNAMT>-3,50", "<TRNAMT>x", "statement 1, line 1: 'x' is no amount"),
        ("<DTPOSTED>20231121", "<DTPOSTED>soon", "'soon' is no day"),
        ("<CURDEF>USD", "<CURDEF>ZZZ", "'ZZZ' is no currency"),
        ("STMTRS", "OTHERS", "without a statement of a bank"),
        ("OFXHEADER:100", "OFXHEADER:", "is OFX, and cannot be read"),
    ],
)
def test_ofx_that_is_broken_is_refused_by_what_is_wrong(old: str, new: str, said: str) -> None:
    assert said in refusal(OFX.replace(old, new))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_in_a_message_is_a_statement_or_one_sentence(text: str) -> None:
    for whole in (
        mt940(f":61:{text}\n"),
        mt940("", opening=text),
        OFX.replace("Bank<", text),
        OFX.replace("19900.00", text),
    ):
        with suppress(BadUse):
            read_file(whole.encode(errors="replace"), layout_from(MAPPING.encode()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 28), st.integers(-(10**8), 10**8).filter(bool)), max_size=5))
def test_known_lines_are_read_back_from_either_message(known: list[tuple[int, int]]) -> None:
    told = [(f"2023-05-{day:02}", minor) for day, minor in sorted(known, key=lambda line: line[0])]
    closing = sum(minor for _, minor in told)

    def amount(minor: int, mark: str) -> str:
        return decimal_text("USD", abs(minor)).replace(".", mark)

    swift = "".join(
        f":61:{day[2:].replace('-', '')}{'C' if minor > 0 else 'D'}{amount(minor, ',')}NTRFx//{at}\n"
        for at, (day, minor) in enumerate(told)
    )
    side = "D" if closing < 0 else "C"
    (found,) = read(mt940(swift, opening="C230430USD0,", closing=f"{side}230531USD{amount(closing, ',')}"))
    assert [(line.booked, line.minor) for line in found.lines] == told
    lines = "".join(
        f"<STMTTRN><DTPOSTED>{day.replace('-', '')}<TRNAMT>{decimal_text('USD', minor)}<FITID>{at}</STMTTRN>"
        for at, (day, minor) in enumerate(told)
    )
    head, _, tail = OFX.partition("<STMTTRN>")
    tail = tail.rpartition("</STMTTRN>")[2].replace("19896.50", decimal_text("USD", closing))
    (found,) = read(head + lines + tail)
    assert [(line.booked, line.minor) for line in found.lines] == told
