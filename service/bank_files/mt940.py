"""Bank statements as MT940 (SWIFT), read by the library `mt-940`, with every mend that it offers switched on: without
them a credit that was taken back (RC) comes out as a credit. It records nothing.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import mt940
from mt940.models import Transaction, Transactions

from ledger.core.line_words import LineWords
from ledger.core.wording import Wording, WrongValue
from ledger.recording.bank_statements import Statement, StatementLine
from service.bank_files.amounts import exact_number
from service.bank_files.mapping import Layout
from service.bank_files.reading import known_currency, of_account, quoted, silence, statement_of
from service.command import BadUse

silence("mt940")
_TAG = re.compile(rb"^:(20|25|28C?):", re.MULTILINE)
_LOOKED_AT, _LONGEST = 5_000, 5_000
_BROKEN = (ValueError, RuntimeError, ArithmeticError, LookupError, TypeError, AttributeError)
"""What the library raises for what it cannot read."""
_NAMES = ("applicant_name", "recipient_name", "deviate_applicant", "deviate_recipient")
_TEXTS = ("posting_text", "purpose", "additional_purpose", "transaction_details", "extra_details")
_REFERENCES = ("customer_reference", "end_to_end_reference", "additional_position_reference")


def is_mt940(data: bytes) -> bool:
    """Does it begin with the fields that every message of an account begins with?"""
    return len(set(_TAG.findall(data[:_LOOKED_AT].replace(b"\r", b"\n")))) > 1


def mt940_statements(text: str, layout: Layout) -> tuple[Statement, ...]:
    """The statements of the mapping's account, or of the only one in the file; raises BadUse."""
    if max(map(len, re.split(r"^:", text, flags=re.MULTILINE))) > _LONGEST:
        raise BadUse(
            "file: is MT940 with a field of more than {longest} characters; no bank writes one.",
            longest=_LONGEST,
        )
    try:
        blocks = mt940.parse_statements(io.StringIO(text), options=mt940.Options.all())
    except _BROKEN as failure:
        raise BadUse("file: is MT940, and cannot be read ({failure}).", failure=quoted(failure)) from None
    if not blocks:
        raise BadUse("file: is MT940 without a statement (:20:).")
    return of_account([_statement(block, layout, at) for at, block in enumerate(blocks, 1)], layout)


def _statement(block: Transactions, layout: Layout, at: int) -> Statement:
    opening, _ = _balance(block, "opening", at)
    closing, day = _balance(block, "closing", at)
    currency = known_currency(str(block.currency), _where(at))
    lines = [
        _line(transaction, currency, _where(at, number))
        for number, transaction in enumerate(block, 1)
        if "amount" in transaction.data
    ]
    return statement_of(
        [line for line in lines if line.minor],
        layout,
        currency=currency,
        opening=_minor(opening, currency, _where(at)),
        closing=_minor(closing, currency, _where(at)),
        account=str(block.data.get("account_identification") or ""),
        first="" if lines else day,
        last=day,
    )


def _balance(block: Transactions, end: str, at: int) -> tuple[Any, str]:
    """(what it opens or closes with, the day): the final balance, or the interim one of a page."""
    for name in (f"final_{end}_balance", f"intermediate_{end}_balance", f"{end}_balance"):
        balance = block.data.get(name)
        if balance is not None:
            return balance.amount, _day(balance.date, _where(at))
    raise BadUse(
        "file: statement {at} is without its {end} balance (:60F: or :62F:), as MT942 is; ask your bank "
        "for MT940.",
        at=at,
        end=end,
    )


def _where(at: int, line: int | None = None) -> Wording:
    """Which statement, or which line of it."""
    if line is None:
        return Wording("statement {at}", {"at": at})
    return Wording("statement {at}, line {line}", {"at": at, "line": line})


def _line(transaction: Transaction, currency: str, where: Wording) -> StatementLine:
    fields = transaction.data
    booked = fields.get("guessed_entry_date") or fields.get("entry_date") or fields.get("date")
    return StatementLine(
        _day(booked, where), _minor(fields["amount"], currency, where), _words(fields), where
    )


def _words(fields: dict[str, Any]) -> LineWords:
    def texts(names: tuple[str, ...]) -> Iterator[str]:
        return (str(fields[name]) for name in names if fields.get(name))

    return LineWords.of(
        names=texts(_NAMES),
        texts=texts(_TEXTS),
        reference=str(fields.get("bank_reference") or ""),
        others=texts(_REFERENCES),
    )


def _minor(amount: Any, currency: str, where: Wording) -> int:
    number, of = amount.amount, amount.currency
    if not isinstance(number, Decimal) or of != currency:
        raise BadUse(
            "file: {where} is in {of}, and its statement in {currency}.",
            where=where,
            of=quoted(of),
            currency=currency,
        )
    try:
        return exact_number(number, currency)
    except WrongValue as failure:
        raise BadUse(
            "file: {where}: {number} is no amount that can be read exactly: {failure}.",
            where=where,
            number=quoted(number),
            failure=failure.wording,
        ) from None


def _day(day: object, where: Wording) -> str:
    if not isinstance(day, dt.date):
        raise BadUse("file: {where} has no day on which it was booked.", where=where)
    return dt.date(day.year, day.month, day.day).isoformat()
