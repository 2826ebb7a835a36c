"""The same transfers as plain text, for beancount and hledger to load."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from beancount import loader

from ledger.core.entry import Entry


def beancount_text(entries: Iterable[Entry]) -> str:
    """The same transfers as a beancount file: two postings each."""
    names: dict[str, str] = {}

    def named(account: str) -> str:
        return names.setdefault(account, f"Assets:A{len(names)}")

    body = []
    for entry in entries:
        body.append(f'{entry.date} * "{entry.key}"')
        for transfer in entry.transfers:
            asset = transfer.asset.replace("#", "-")
            body.append(f"  {named(transfer.debit)}  {transfer.amount} {asset}")
            body.append(f"  {named(transfer.credit)}  -{transfer.amount} {asset}")
    opened = [f"2020-01-01 open {name}" for name in names.values()]
    return "\n".join([*opened, *body, ""])


def load_beancount(text: str, entries: int) -> None:
    """Parse, book and validate; raises AssertionError when beancount refuses the text or drops something."""
    loaded, errors, _ = loader.load_string(text)
    assert not errors, errors[:1]
    assert sum(type(one).__name__ == "Transaction" for one in loaded) == entries


def hledger_text(entries: Sequence[Entry]) -> str:
    """The same transfers as an hledger journal."""
    body = []
    for entry in entries:
        body.append(f"{entry.date} {entry.key}")
        for transfer in entry.transfers:
            body.append(f'    {transfer.debit}  {transfer.amount} "{transfer.asset}"')
            body.append(f'    {transfer.credit}  -{transfer.amount} "{transfer.asset}"')
    return "\n".join([*body, ""])


def find_hledger() -> str | None:
    """The program, where it is installed (Debian: hledger)."""
    return shutil.which("hledger")


def load_hledger(program: str, file: Path) -> None:
    """Parse and balance, the start of its process included."""
    subprocess.run([program, "-f", str(file), "stats"], check=True, capture_output=True)
