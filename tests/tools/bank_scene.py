"""A ledger with money at a bank, a statement of it, and what commands take of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.views.bank_state import open_lines
from service.bank_files.mapping import layout_from
from tests.tools.demo_data import Ran, run_command
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.store_places import configure

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


@contextmanager
def banked(folder: Path) -> Iterator[Ledger]:
    """A ledger with 19,900.00 USD at bank B, by conversion C-1, in a folder that commands find."""
    made = Ledger.new(folder, valuation="conversion")
    made.mine("a", tx("gift", (0, BTC)))
    made.bury()
    made.mine("s", tx("sale", spends=(("gift", 0),)))
    made.bury()
    made.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=1_990_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    made.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    configure(folder)
    (folder / "mapping.toml").write_text(MAPPING)
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
