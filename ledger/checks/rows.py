"""What the database keeps of an entry, checked against its bytes: its columns, and the table of transfers.

It mends nothing. The bytes are what was published; somebody changed a column or a transfer that says something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile, groupby

from ledger.checks.finding import Finding
from ledger.core.entry import Entry, entry_from_bytes, entry_hash
from ledger.core.errors import LedgerError
from ledger.core.wording import Figure, Wording
from ledger.store.journal import JournalRow
from ledger.store.transaction import Reading

StoredTransfer = tuple[str, str, str, int]


def rows_are_bytes(tx: Reading, after: int = 0) -> Iterator[Finding]:
    """Columns and transfers that stand beside an entry's bytes say the same as they, of entries above `after`.

    Entries whose bytes do not hash to their name are left out: another check names them.
    """
    transfers = dropwhile(lambda row: 0 < row[0] <= after, tx.journal.transfers())
    stored = groupby(transfers, key=lambda row: row[0])
    here = next(stored, None)
    for row in tx.journal.rows(after):
        while here is not None and here[0] < row.seq:
            yield _stray(here[0])
            here = next(stored, None)
        of_entry: list[StoredTransfer] = []
        if here is not None and here[0] == row.seq:
            of_entry = [transfer for _, _, transfer in here[1]]
            here = next(stored, None)
        if entry_hash(row.data) != row.hash:
            continue
        try:
            entry = entry_from_bytes(row.data)
        except LedgerError:
            continue
        for what in (*_of_columns(row, entry), *_of_transfers(entry, of_entry)):
            yield Finding("rows_are_bytes", str(row.seq), what)
    while here is not None:
        yield _stray(here[0])
        here = next(stored, None)


def _stray(seq: int) -> Finding:
    return Finding.of(
        "rows_are_bytes", str(seq), "transfers stand under {number}, which is no entry", number=seq
    )


def _of_columns(row: JournalRow, entry: Entry) -> Iterator[Wording]:
    columns = (
        ("key", row.key, entry.key),
        ("kind", row.kind, entry.kind),
        ("campaign", row.campaign, entry.campaign),
        ("recorded_at", row.recorded_at, entry.at),
        ("date", row.date, entry.date),
        ("day", row.day, entry.day),
        ("out_of_order", row.out_of_order, entry.out_of_order),
    )
    for name, kept, published in columns:
        if kept != published:
            yield Wording(
                "{column} of entry {entry} is {kept} in the database and {published} in its bytes",
                {"column": name, "entry": row.seq, "kept": str(kept), "published": str(published)},
            )


def _of_transfers(entry: Entry, transfers: list[StoredTransfer]) -> Iterator[Wording]:
    published = [(t.debit, t.credit, t.asset, t.amount) for t in entry.transfers]
    if transfers == published:
        return
    if len(transfers) != len(published):
        yield Wording(
            "transfers of entry {entry}: {published} in its bytes and {kept} in the database",
            {"entry": entry.seq, "published": len(published), "kept": len(transfers)},
        )
        return
    for n, (kept, meant) in enumerate(zip(transfers, published, strict=True), start=1):
        if kept != meant:
            yield Wording(
                "transfer {number} of entry {entry} is {kept} in the database and {published} in its bytes",
                {"number": n, "entry": entry.seq, "kept": _said(kept), "published": _said(meant)},
            )


def _said(transfer: StoredTransfer) -> Wording:
    debit, credit, asset, amount = transfer
    return Wording(
        "{amount} from {credit} to {debit}",
        {"amount": Figure(asset, amount), "credit": credit, "debit": debit},
    )
