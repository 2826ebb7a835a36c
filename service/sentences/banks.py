"""English: `import bank`, `bank forget` and `bank accounts`: what was recorded or forgotten, and whose money it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.pages.figures import exact_with_asset
from api.pages.messages import Message, worded
from ledger.core.frozen import Amount
from ledger.model.bank import Account
from ledger.recording.bank_statements import Statement, Taken
from ledger.views.bank_accounts import BankAccount
from ledger.views.bank_state import OpenLine
from service.bank_files.formats import FileRead
from service.sentences.reconciliation import suggested

_MOST_SHOWN = 20
_FORGOTTEN = Message(
    "the words of {n} bank line are forgotten, in the kept backups too; entries and matches stand. Copies that were "
    "made by hand before still hold them until they are put back.",
    many="the words of {n} bank lines are forgotten, in the kept backups too; entries and matches stand. Copies that "
    "were made by hand before still hold them until they are put back.",
)
_NONE_FORGOTTEN = Message(
    "no words to forget. Copies that were made by hand before still hold those that were forgotten."
)
_TAKEN_BACK = Message(
    "taken back: lines {lines}, statements {statements}; now the file can be read anew.",
    "a bank's file",
    "{lines}, {statements}: how many",
)
_LINES = Message("{n} line recorded", "lines of a bank", many="{n} lines recorded")
_KNOWN = Message(
    "{recorded}, {known} known already.", "{recorded}: as: 2 lines recorded", "{known}: how many lines"
)
_KNOWN_ALL = Message(
    "{recorded}, {known} known already; nothing changed.",
    "{recorded}: as: 0 lines recorded",
    "{known}: how many lines",
)
_STATEMENT = Message(
    "statement of {first} to {last}, from {opening} to {closing}, is entry {entry}.",
    "{first}, {last}: days",
    "{opening}, {closing}: balances, or ? where the file has none",
    "{entry}: its number",
)
_NOTIFIED = Message(
    "the file has no balances that prove its lines: they are notified, and count as reconciled when a statement with "
    "balances covers their days."
)
_LEFT_OUT = Message("rows that the mapping leaves out: {rows}.", "{rows}: how many")
_UNKNOWN = Message("?", "a balance that a file does not have")
_WAITS = Message(
    "waits: {line} {day} {money} at {bank}",
    "a line of a bank that is matched with no entry",
    "{line}: what it is known by",
    "{day}: when it was booked",
    "{money}: a sum",
    "{bank}: its name",
)
_WAIT = Message(
    "{n} waits; `bank match` with line and entry confirms one, `bank aside` sets one aside.",
    "lines of a bank; words in backquotes are commands",
    many="{n} wait; `bank match` with line and entry confirms one, `bank aside` sets one aside.",
)


def forgotten(number: int) -> str:
    """Of how many lines the words are forgotten."""
    return worded(_FORGOTTEN, n=number) if number else worded(_NONE_FORGOTTEN)


def taken_back(lines: int, statements: int) -> str:
    return worded(_TAKEN_BACK, lines=lines, statements=statements)


def taken(file_read: FileRead, written: Taken) -> Iterator[str]:
    """What of a file was written."""
    recorded = worded(_LINES, n=written.new)
    changed = written.new or written.statements
    yield worded(_KNOWN if changed else _KNOWN_ALL, recorded=recorded, known=written.known)
    statements = [file_read.statements[part] for part in written.parts]
    for entry, statement in zip(written.statements, statements, strict=True):
        yield worded(
            _STATEMENT,
            first=statement.first,
            last=statement.last,
            opening=_balance(statement, statement.opening),
            closing=_balance(statement, statement.closing),
            entry=str(entry),
        )
    if any(statement.closing is None for statement in file_read.statements):
        yield worded(_NOTIFIED)
    if file_read.left_out:
        yield worded(_LEFT_OUT, rows=file_read.left_out)


def _balance(statement: Statement, minor: int | None) -> str:
    return worded(_UNKNOWN) if minor is None else exact_with_asset(Amount.of(statement.currency, minor))


def waiting(lines: Sequence[OpenLine]) -> Iterator[str]:
    """Lines that are matched with no entry, with what they may be; the first of them."""
    for line in lines[:_MOST_SHOWN]:
        left = Amount.of(line.currency, line.left)
        money = exact_with_asset(left)
        yield worded(_WAITS, line=line.identity, day=line.booked, money=money, bank=line.bank)
        if line.words is not None:
            yield f"       {line.words.said}"
        for proposal in line.proposals:
            yield f"  {proposal.score:>3}  {suggested(proposal, None)}"
    if lines:
        yield worded(_WAIT, n=len(lines))


_ENTRY = "{entry}: number of an entry"
_LINE_OPEN = Message("it is a part: {money} of the line stays open.", "a match", "{money}: a sum")
_ENTRY_OPEN = Message(
    "it is a part: {money} of entry {entry} is on no line and stays open.",
    "a match",
    "{money}: a sum",
    _ENTRY,
)
_AT = Message("{money} at {bank}", "a line of a bank", "{money}: a sum", "{bank}: its name")
_REVERSED = Message("reversed by entry {entry}", _ENTRY)
_ASIDE = Message("set aside by entry {entry}", "a line of a bank", _ENTRY)
_UNMATCHED = Message("{money} without a match", "a line of a bank", "{money}: a sum")
_MATCHED = Message("matched", "a line of a bank")


def line_left_open(left: Amount) -> str:
    """Of a match that is a part: what of the line is left."""
    return worded(_LINE_OPEN, money=exact_with_asset(left))


def entry_left_open(left: Amount, entry: int) -> str:
    """Of a match that is a part: what of the entry is left."""
    return worded(_ENTRY_OPEN, money=exact_with_asset(left), entry=str(entry))


def at_bank(moved: Amount, bank: str) -> str:
    """What a line is of."""
    return worded(_AT, money=exact_with_asset(moved), bank=bank)


def fate(left: Amount, reversed_by: int | None, aside_by: int | None) -> str:
    """What became of a line."""
    if reversed_by is not None:
        return worded(_REVERSED, entry=str(reversed_by))
    if aside_by is not None:
        return worded(_ASIDE, entry=str(aside_by))
    return worded(_UNMATCHED, money=exact_with_asset(left)) if left.minor else worded(_MATCHED)


_ACCOUNT = "a bank and what is expected of it"
_BANK_NAME = "{bank}: its name"
_DAYS = "{days}: days until an entry is on a statement"
_EVERY = "{every}: days until there is another statement"
_OWN = Message(
    "{bank}: the campaign's own; an entry is on a statement within {days} days, and there is one every {every} days",
    *(_ACCOUNT, _BANK_NAME, _DAYS, _EVERY),
)
_SHARED = Message(
    "{bank}: shared with others' money; an entry is on a statement within {days} days, and there is one every {every} "
    "days",
    *(_ACCOUNT, _BANK_NAME, _DAYS, _EVERY),
)
_CASH = Message("{bank}: cash, which two people count", _ACCOUNT, _BANK_NAME)
_ADVANCE = Message(
    "{bank}: an advance to {holder}, accounted for by {until}",
    *(_ACCOUNT, _BANK_NAME, "{holder}: the organisation that has the money", "{until}: a day"),
)
_VAT = Message(
    "{bank}: value added tax that {holder} gives back by {until}",
    *(_ACCOUNT, _BANK_NAME, "{holder}: the tax office", "{until}: a day"),
)
_OTHERS = Message(
    "any other: an entry is on a statement within {days} days, and there is one every {every} days",
    *(_ACCOUNT, _DAYS, _EVERY),
)


def account_said(row: BankAccount) -> str:
    """`First Bank: the campaign's own; …`."""
    if row.bank is None:
        return worded(_OTHERS, days=row.days, every=row.statement_days)
    match row.account:
        case Account.CASH:
            return worded(_CASH, bank=row.bank)
        case Account.ADVANCE:
            return worded(_ADVANCE, bank=row.bank, holder=row.holder, until=row.until)
        case Account.VAT:
            return worded(_VAT, bank=row.bank, holder=row.holder, until=row.until)
        case Account.SHARED:
            return worded(_SHARED, bank=row.bank, days=row.days, every=row.statement_days)
        case Account.OWN:
            return worded(_OWN, bank=row.bank, days=row.days, every=row.statement_days)
