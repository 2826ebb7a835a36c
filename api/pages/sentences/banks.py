"""English: what each bank says beside the books, as of which day, and what was set aside of its lines."""

from __future__ import annotations

import datetime as dt

from api.pages.figures import count, with_asset
from api.pages.sentences.units import day
from ledger.views.bank_state import BankState, OutstandingInstrument, SetAside


def bank_as_of(bank: BankState) -> str:
    """`Second Bank, USD, as of 31 August 2020`."""
    return f"{bank.bank}, {bank.closing.asset}, as of {day(bank.last)}"


def bank_open(bank: BankState) -> tuple[str, ...]:
    """Whether it is reconciled; else what is open, a sentence each."""
    if bank.reconciled:
        return ("Reconciled",)
    found = []
    if bank.unmatched_lines == 1:
        found.append("1 line of its statements is no entry of the books")
    elif bank.unmatched_lines:
        found.append(f"{count(bank.unmatched_lines)} lines of its statements are no entries of the books")
    if bank.unlisted_entries == 1:
        found.append("1 entry of the books is on no statement that should show it")
    elif bank.unlisted_entries:
        found.append(
            f"{count(bank.unlisted_entries)} entries of the books are on no statement that should show them"
        )
    if bank.opening_open.minor:
        found.append(
            f"The first statement opens with {with_asset(bank.opening_open)} that the books do not show"
        )
    if bank.difference.minor:
        found.append(f"Statements are missing, {with_asset(bank.difference)} between them")
    return tuple(found) or ("Not reconciled: see what waits",)


def bank_under_way(row: OutstandingInstrument) -> str:
    """What is in the books and on no statement yet, with its last day."""
    what, sum_of_it = _INSTRUMENTS[row.instrument], with_asset(row.amount)
    return f"{what} of {day(row.since)}, {sum_of_it}, outstanding until {day(row.until)}"


_INSTRUMENTS = {
    "cheque": "Cheque",
    "transfer": "Transfer",
    "money_order": "Money order",
    "card": "Card payment",
    "deposit": "Deposit",
}


def aside_what(bank: BankState, row: SetAside) -> str:
    """Which lines were set aside: one of a day, those of a month in a shared account, or what was there before."""
    if not row.when:
        return f"Balance of {bank.bank} before its first statement"
    if len(row.when) == len("2020-05-03"):
        return f"Bank line of {day(row.when)} at {bank.bank}"
    month = dt.date.fromisoformat(f"{row.when}-01").strftime("%B %Y")
    if row.lines == 1:
        return f"1 line of {month} at {bank.bank}, an account that is shared"
    return f"{count(row.lines)} lines of {month} at {bank.bank}, an account that is shared"


def aside_amount(row: SetAside) -> str:
    """What came in and went out on them."""
    if not row.went.minor:
        return f"{with_asset(row.came)} in"
    if not row.came.minor:
        return f"{with_asset(row.went)} out"
    return f"{with_asset(row.came)} in, {with_asset(row.went)} out"
