"""CAMT.053 of any version is read by what its elements are called, and cannot make the reader grow or fetch."""

from __future__ import annotations

import pytest

from ledger.recording.bank_statements import StatementLine
from service.bank_files.camt import camt_statements
from service.bank_files.mapping import layout_from
from service.command import BadUse
from tests.tools.bank_scene import CAMT

LAYOUT = layout_from(b'bank = "B"')


def statement(
    entries: str, *, opening: str = "0.00", closing: str = "0.00", version: str = "001.02"
) -> bytes:
    ends = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{amount}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2023-05-31</Dt></Dt></Bal>"
        for code, amount in (("PRCD", opening), ("CLBD", closing))
    )
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.{version}"><BkToCstmrStmt><Stmt>'
        f"<Acct><Id><Othr><Id>77</Id></Othr></Id></Acct>{ends}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(amount: str, side: str, inner: str = "", *, day: str = "2023-05-02") -> str:
    return (
        f'<Ntry><Amt Ccy="USD">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{inner}</Ntry>"
    )


def read(entries: str, **more: str) -> tuple[StatementLine, ...]:
    (found,) = camt_statements(statement(entries, **more), LAYOUT)
    return found.lines


def test_a_batch_is_the_line_that_the_account_shows_with_the_names_of_all_its_payments() -> None:
    payment = (
        "<TxDtls><Refs><EndToEndId>{ref}</EndToEndId></Refs><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>"
        "<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    )
    batch = payment.format(ref="E1", name="Ada", text="masks") + payment.format(
        ref="NOTPROVIDED", name="Bo", text="masks"
    )
    (line,) = read(entry("30.00", "CRDT", f"<AcctSvcrRef>B7</AcctSvcrRef><NtryDtls>{batch}</NtryDtls>"))
    assert (line.minor, line.words.name, line.words.text) == (3000, "Ada, Bo", "masks")
    assert (line.words.reference, line.words.references) == ("B7", ("E1",))


@pytest.mark.parametrize("version", ["001.02", "001.08", "001.13"])
def test_names_and_structured_references_are_found_in_every_version(version: str) -> None:
    party = "<Nm>Ada</Nm>" if version == "001.02" else "<Pty><Nm>Ada</Nm></Pty>"
    details = (
        f"<NtryDtls><TxDtls><Refs><AcctSvcrRef>R1</AcctSvcrRef></Refs><RltdPties><Dbtr>{party}</Dbtr>"
        "<Cdtr><Nm>Us</Nm></Cdtr></RltdPties><RmtInf><Strd><CdtrRefInf><Ref>RF18 539007547034</Ref></CdtrRefInf></Strd>"
        "</RmtInf></TxDtls></NtryDtls>"
    )
    (line,) = read(entry("5.00", "CRDT", details), version=version)
    assert (line.words.name, line.words.reference) == ("Ada", "R1")
    assert line.words.references == ("RF18 539007547034",)


def test_a_reversal_goes_the_way_that_its_indicator_says_and_names_the_first_payer() -> None:
    parties = "<RltdPties><Dbtr><Nm>Ada</Nm></Dbtr><Cdtr><Nm>Us</Nm></Cdtr></RltdPties>"
    details = f"<NtryDtls><TxDtls>{parties}</TxDtls></NtryDtls>"
    taken_back = entry("5.00", "DBIT", f"<RvslInd>true</RvslInd>{details}")
    assert [(line.minor, line.words.name) for line in read(taken_back)] == [(-500, "Ada")]


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        (entry("5.00", "CRDT", day=""), "entry 1 is booked, and has no booking date"),
        (entry("5,00", "CRDT"), "entry 1: '5,00' is no amount"),
        (entry("-5.00", "CRDT"), "entry 1: '-5.00' is neither credit"),
        (entry("5.00", "BOTH"), "neither credit"),
        (entry("5.00", "CRDT").replace("USD", "EUR"), "entry 1 is in EUR"),
    ],
)
def test_what_cannot_be_read_is_named_by_entry_and_text(entries: str, reason: str) -> None:
    with pytest.raises(BadUse, match=reason):
        read(entries)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE d SYSTEM "http://example.org/d.dtd">',
        '<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_or_entities_are_not_read(declared: str, encoding: str) -> None:
    bomb = f'<?xml version="1.0"?>{declared}<Document>&b;</Document>'
    with pytest.raises(BadUse, match="document type or entities"):
        camt_statements(bomb.encode(encoding), LAYOUT)


@pytest.mark.parametrize(
    "data", [b"<a>" * 100 + b"</a>" * 100, b"<a>" * 1000, b"<Document>", b"<a b='&c;'/>"]
)
def test_what_is_too_deep_or_no_xml_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(BadUse, match="file: is n"):
        camt_statements(data, LAYOUT)


def test_camt_of_another_account_is_refused() -> None:
    layout = layout_from(b'bank = "B"\naccount = "DE00 0000"')
    with pytest.raises(BadUse, match="no statement of the account"):
        camt_statements(CAMT.encode(), layout)
    right = layout_from(b'bank = "B"\naccount = "DE02 1203 0000 0000 2020 51"')
    assert len(camt_statements(CAMT.encode(), right)) == 1
