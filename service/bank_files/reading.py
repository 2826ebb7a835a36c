"""What all readers of bank files share: the words of their refusals, days, and the period of a statement."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from ledger.core.line_words import plain_words
from ledger.core.money import CODES, DECIMALS
from ledger.core.wording import Wording
from ledger.recording.bank_statements import Statement, StatementLine
from service.bank_files.mapping import Layout
from service.command import BadUse

MOST_LINES = 100_000
_MOST_QUOTED = 40


def silence(library: str) -> None:
    """A library tells its log what it could not read, and with it the words of a bank; nothing of that is kept."""
    logging.getLogger(library).setLevel(logging.CRITICAL + 1)


def quoted(text: object) -> str:
    """A text of a file as a refusal shows it: in one line, bounded."""
    words = plain_words(str(text))
    return repr(words if len(words) <= _MOST_QUOTED else f"{words[:_MOST_QUOTED]}…")


def known_currency(code: str, where: Wording) -> str:
    """The code in capitals; BadUse where no currency has it."""
    currency = code.strip().upper()
    if currency not in DECIMALS:
        raise BadUse(
            "file: {where}: {code} is no currency that is known here; {remedy}.",
            where=where,
            code=quoted(code),
            remedy=CODES,
        )
    return currency


def day_of(text: str, name: str) -> str:
    """A day that a person gave as YYYY-MM-DD; BadUse says which option or key."""
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadUse("{name}: write the day as YYYY-MM-DD.", name=name) from None


def statement_of(
    lines: Sequence[StatementLine],
    layout: Layout,
    *,
    currency: str,
    opening: int | None,
    closing: int | None,
    account: str = "",
    first: str = "",
    last: str = "",
) -> Statement:
    """A statement over the days that it says, that the mapping gives, and of its lines.

    The balances are None for both where the file has none that prove its lines. Raises BadUse where none of these
    says a day.
    """
    if len(lines) > MOST_LINES:
        raise BadUse("file: has more than {most} lines; split it.", most=MOST_LINES)
    days = [line.booked for line in lines]
    firsts = [day for day in (first, layout.first, *days) if day]
    lasts = [day for day in (last, layout.last, *days) if day]
    if not firsts or not lasts:
        raise BadUse("file: has no lines, and no days that it covers; give them with --first and --last.")
    return Statement(account, currency, opening, closing, min(firsts), max(lasts), tuple(lines))


def of_account(statements: Sequence[Statement], layout: Layout) -> tuple[Statement, ...]:
    """Those of the mapping's account and currency; BadUse where they are several accounts', or nobody's."""
    wanted = _account(layout.account)
    of_wanted = [s for s in statements if not wanted or wanted == _account(s.account)]
    if not of_wanted:
        raise BadUse("file: holds no statement of the account that the mapping names.")
    if len({(s.account, s.currency) for s in of_wanted}) > 1:
        if layout.currency and len({s.account for s in of_wanted}) == 1:
            of_wanted = [s for s in of_wanted if s.currency == layout.currency]
        else:
            raise BadUse("file: holds several accounts; name one in the mapping (account).")
    if not of_wanted or (layout.currency and of_wanted[0].currency != layout.currency):
        there = ", ".join(sorted({s.currency for s in statements}))
        raise BadUse(
            "file: is in {there}; the mapping says {currency}.", there=there, currency=layout.currency
        )
    return tuple(of_wanted)


def _account(text: str) -> str:
    return "".join(c for c in text if c.isalnum()).upper()
