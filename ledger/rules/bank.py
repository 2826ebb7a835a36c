"""Bank statements, their lines, and which line is which entry of the books. They move nothing by themselves.

What is said of a bank beside its statements, and of lines that are no entry, is in `bank_terms`, `bank_asides` and
`bank_outstanding`.

Text and references of a line are private: an entry holds their commitments, never the words (docs/rules.md, 14).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import Text, bindparam
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Positive, Sha256
from ledger.core.money import MAX_AMOUNT
from ledger.core.wording import Figure
from ledger.model.bank import (
    AsideLineRow,
    AsideRow,
    BankLineRow,
    BankMatchRow,
    BankMovementRow,
    BankStatementRow,
    Direction,
)
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing

Balance = Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One booked line of a statement: `amount` minor units that came in or went out on the day `booked`.

    `identity` commits to account, day, amount and its n-th occurrence that day; `reference` to the bank's own
    reference, `text` to the words. `file` is the hash of the file that told of it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    bank: Name
    currency: Currency
    identity: Sha256
    direction: Direction
    amount: Positive
    booked: Date
    text: Sha256 | None = None
    reference: Sha256 | None = None
    file: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStatement:
    """A statement as its file says: `opening` + `came` - `went` = `closing`, in minor units of `currency`.

    `n` counts how often the same file was recorded and reversed before.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    bank: Name
    currency: Currency
    sha256: Sha256  # of the file
    part: Count = 0  # of a file that holds several
    opening: Balance
    came: Count
    went: Count
    closing: Balance
    lines: Count
    first: Date
    last: Date
    n: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMatch:
    """A person says that a line is the money that an entry moved at that bank; `amount` where it is only a part.

    `n` counts how often the same pair was matched and reversed before.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    line: Sha256
    entry: Positive
    amount: Positive | None = None
    n: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a match takes of a line, minor units, and the bank that the line is of.

    A match is a part where it leaves something of the line, `line_open`, or of the entry, `entry_open`: minor units
    that wait for another match or for an explanation.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    amount: Positive
    bank: Name
    currency: Currency
    line_open: Positive | None = None
    entry_open: Positive | None = None


def moved_at(transfers: Iterable[Transfer], campaign: str, bank: str, currency: str) -> int:
    """What an entry's transfers moved at a bank, minor units; above zero it came in."""
    places = {account(kind, campaign, bank) for kind in (AccountClass.BANK, AccountClass.OVERDRAFT)}
    moved = 0
    for transfer in transfers:
        if transfer.asset == currency:
            moved += transfer.amount * ((transfer.debit in places) - (transfer.credit in places))
    return moved


def last_day(today: str) -> str:
    """The last day that a bank can have booked on: where it lies farthest east, it is tomorrow already (UTC)."""
    return (dt.date.fromisoformat(today) + dt.timedelta(days=1)).isoformat()


def require_booked(field: str, day: str, today: str) -> None:
    """Refused where a bank cannot have booked on that day yet."""
    if day > last_day(today):
        raise Refused.field(
            field, "{day} is still to come; see whether day and month are read the right way round", day=day
        )


def signed(line: BankLineRow) -> int:
    """A line's amount, below zero where it went out."""
    return line.amount if line.direction is Direction.IN else -line.amount


def line_left(line: BankLineRow) -> int:
    """What of a line is neither matched nor set aside, minor units."""
    return 0 if line.aside_by is not None else line.amount - line.matched


_LINES = (
    select(BankLineRow)
    .where(col(BankLineRow.campaign) == OF_CAMPAIGN, col(BankLineRow.reversed_by).is_(None))
    .order_by(col(BankLineRow.identity))
)
_LINE = _LINES.where(col(BankLineRow.identity) == bindparam("of_identity", type_=Text))


def find_line(session: Session, campaign: str, identity: str) -> BankLineRow | None:
    """The line of an identity that stands."""
    return session.exec(_LINE, params={"of_campaign": campaign, "of_identity": identity}).one_or_none()


def lines_of(session: Session, campaign: str) -> Sequence[BankLineRow]:
    """The lines of a campaign that stand, by identity."""
    return session.exec(_LINES, params={"of_campaign": campaign}).all()


_STATEMENTS = (
    select(BankStatementRow)
    .where(col(BankStatementRow.campaign) == OF_CAMPAIGN, col(BankStatementRow.reversed_by).is_(None))
    .order_by(
        col(BankStatementRow.bank),
        col(BankStatementRow.currency),
        col(BankStatementRow.last),
        col(BankStatementRow.entry),
    )
)


def statements_of(session: Session, campaign: str) -> Sequence[BankStatementRow]:
    """The statements of a campaign that stand: by bank, currency and last day, of one day as they were recorded."""
    return session.exec(_STATEMENTS, params={"of_campaign": campaign}).all()


def movement_of(
    session: Session, campaign: str, entry: int, bank: str, currency: str
) -> BankMovementRow | None:
    """What an entry moved at a bank of a campaign; None where it moved nothing there."""
    return session.get(BankMovementRow, (entry, campaign, bank, currency))


def movement_left(moved: BankMovementRow) -> int:
    """What of a movement no line shows, minor units, below zero where it went out."""
    left = abs(moved.moved) - moved.matched
    return left if moved.moved > 0 else -left


def require_unmatched(context: Context, entry: Entry) -> None:
    """Conflict where a bank line stands on an entry that would be reversed."""
    standing = select(BankMatchRow.entry).where(
        BankMatchRow.of == entry.seq, col(BankMatchRow.reversed_by).is_(None)
    )
    if context.books.session.exec(standing).first() is not None:
        raise Conflict.field("entry", "a bank line is matched to it; reverse that match first")


def _post_line(context: Context, facts: BankLine) -> Posting[None]:
    require_campaign(context)
    require_booked("booked", facts.booked, context.today)
    return Posting()


def _fold_line(books: Books, entry: Entry[BankLine, None]) -> None:
    facts = entry.facts
    books.session.add(
        BankLineRow(
            entry=entry.seq,
            campaign=entry.campaign,
            bank=facts.bank,
            currency=facts.currency,
            identity=facts.identity,
            direction=facts.direction,
            amount=facts.amount,
            booked=facts.booked,
            text=facts.text,
            reference=facts.reference,
            file=facts.file,
            at=entry.at,
        )
    )


def _require_line_unmatched(context: Context, entry: Entry[BankLine, None]) -> None:
    line = context.books.session.get_one(BankLineRow, entry.seq)
    if line.matched or line.aside_by is not None:
        raise Conflict.field("entry", "this bank line is matched or set aside; reverse that first")
    asked = (
        select(AsideRow.number)
        .join(AsideLineRow, col(AsideLineRow.entry) == AsideRow.entry)
        .where(AsideLineRow.line_entry == line.entry, AsideRow.status == ProposalStatus.PENDING)
    )
    number = context.books.session.exec(asked).first()
    if number is not None:
        raise Conflict.field(
            "entry", "{number} asks to set this bank line aside; reject that first", number=number
        )


def _unfold_line(books: Books, entry: Entry[BankLine, None], seq: int) -> None:
    """A line that no statement has, such as one read with the wrong sign."""
    books.session.get_one(BankLineRow, entry.seq).reversed_by = seq


def _post_statement(context: Context, facts: BankStatement) -> Posting[None]:
    require_campaign(context)
    off = facts.opening + facts.came - facts.went - facts.closing
    if off:
        raise Refused.field(
            "closing",
            "the lines lead to {closing}, which is {off} off; take the whole statement as the bank gave it",
            closing=Figure(facts.currency, facts.closing + off),
            off=Figure(facts.currency, off),
        )
    if facts.last < facts.first:
        raise Refused.field("last", "lies before the first day")
    require_booked("last", facts.last, context.today)
    return Posting()


def _fold_statement(books: Books, entry: Entry[BankStatement, None]) -> None:
    facts = entry.facts
    books.session.add(
        BankStatementRow(
            entry=entry.seq,
            campaign=entry.campaign,
            bank=facts.bank,
            currency=facts.currency,
            sha256=facts.sha256,
            part=facts.part,
            opening=facts.opening,
            came=facts.came,
            went=facts.went,
            closing=facts.closing,
            lines=facts.lines,
            first=facts.first,
            last=facts.last,
        )
    )


def _unfold_statement(books: Books, entry: Entry[BankStatement, None], seq: int) -> None:
    """What a file was told wrongly to open and close with counts no longer; its lines stay."""
    books.session.get_one(BankStatementRow, entry.seq).reversed_by = seq


def open_line(context: Context, identity: str) -> BankLineRow:
    """The line, where it is not set aside; raises NotFound or Conflict."""
    line = find_line(context.books.session, context.campaign, identity)
    if line is None:
        raise NotFound.field(
            "line", "there is no such bank line in this campaign; `aidtrail inbox` lists them"
        )
    if line.aside_by is not None:
        raise Conflict.field(
            "line", "it was set aside by entry {entry}; reverse that first", entry=line.aside_by
        )
    return line


def _post_match(context: Context, facts: BankMatch) -> Posting[Matched]:
    line = open_line(context, facts.line)
    bank, currency = line.bank, line.currency
    moved = require_movement(context, facts.entry, bank, currency)
    if moved.moved * signed(line) <= 0:
        raise Refused.field(
            "entry", "moved {moved} at {bank}; not this line", moved=Figure(currency, moved.moved), bank=bank
        )
    of_line, of_entry = line_left(line), abs(movement_left(moved))
    left = min(of_line, of_entry)
    if left <= 0:
        raise Conflict.field("line", "it, or the entry, is matched whole already; nothing is matched twice")
    if facts.amount is not None and facts.amount > left:
        raise Refused.field("amount", "only {left} is not matched yet", left=Figure(currency, left))
    amount = facts.amount or left
    return Posting(
        notes=Matched(
            amount=amount,
            bank=bank,
            currency=currency,
            line_open=of_line - amount or None,
            entry_open=of_entry - amount or None,
        )
    )


def require_movement(context: Context, entry: int, bank: str, currency: str) -> BankMovementRow:
    """What an entry that stands moved at a bank of the campaign; raises NotFound or Refused.

    The money of a loan or a repayment is of two campaigns: each matches what moved at its own bank.
    """
    moved = movement_of(context.books.session, context.campaign, entry, bank, currency)
    if moved is None:
        movement_entry = context.entry(entry)
        if movement_entry is None or movement_entry.campaign != context.campaign:
            raise NotFound.field("entry", "there is no entry {entry} in this campaign", entry=entry)
        if movement_entry.reverses is None:
            raise Refused.field(
                "entry", "moved {moved} at {bank}; not this line", moved=Figure(currency, 0), bank=bank
            )
    if moved is None or moved.reversed_by is not None:
        raise Refused.field("entry", "is reversed, or a reversal; such money never passed the bank")
    return moved


def named_line(books: Books, campaign: str, identity: str) -> BankLineRow:
    """The line that a fact names; of one identity there is one, reversed or not."""
    wanted = (col(BankLineRow.campaign) == campaign, col(BankLineRow.identity) == identity)
    return books.session.exec(select(BankLineRow).where(*wanted)).one()


def _fold_match(books: Books, entry: Entry[BankMatch, Matched]) -> None:
    line = named_line(books, entry.campaign, entry.facts.line)
    line.matched += entry.notes.amount
    moved = movement_of(books.session, entry.campaign, entry.facts.entry, line.bank, line.currency)
    assert moved is not None  # it was looked at when the match was recorded
    moved.matched += entry.notes.amount
    books.session.add(
        BankMatchRow(
            entry=entry.seq,
            line_entry=line.entry,
            of=entry.facts.entry,
            bank=line.bank,
            amount=entry.notes.amount,
        )
    )


def _unfold_match(books: Books, entry: Entry[BankMatch, Matched], seq: int) -> None:
    """A reversed match leaves line and entry open as they were."""
    match = books.session.get_one(BankMatchRow, entry.seq)
    match.reversed_by = seq
    line = books.session.get_one(BankLineRow, match.line_entry)
    line.matched -= match.amount
    moved = movement_of(books.session, line.campaign, match.of, line.bank, line.currency)
    assert moved is not None
    moved.matched -= match.amount


def _nth(n: int) -> str:
    return f":{n}" if n else ""


def _again(facts: BankStatement) -> str:
    return f":n{facts.n}" if facts.n else ""


LINE = Kind(
    name="bank.line",
    noun="bank",
    verb="line",
    facts=BankLine,
    notes=None,
    doc="Record one booked line of a bank statement (`import bank` does it for a whole file).",
    roles=RECORDERS,
    named="identity",
    key=lambda campaign, facts: f"bank.line:{campaign}:{facts.identity}",
    post=_post_line,
    fold=_fold_line,
    undoing=Undoing(_unfold_line, _require_line_unmatched),
)
STATEMENT = Kind(
    name="bank.statement",
    noun="bank",
    verb="statement",
    facts=BankStatement,
    notes=None,
    doc="Record what a bank statement opens and closes with; refused where it does not tie.",
    roles=RECORDERS,
    named="sha256",
    key=lambda campaign, facts: (
        f"import:{campaign}:{facts.sha256}" + (f":{facts.part}" if facts.part else "") + _again(facts)
    ),
    post=_post_statement,
    fold=_fold_statement,
    undoing=Undoing(_unfold_statement),
)
MATCH = Kind(
    name="bank.match",
    noun="bank",
    verb="match",
    facts=BankMatch,
    notes=Matched,
    doc="Say which entry's money a bank line is; neither is ever matched twice.",
    roles=RECORDERS,
    named="entry",
    key=lambda campaign, facts: f"bank.match:{campaign}:{facts.line}:{facts.entry}{_nth(facts.n)}",
    post=_post_match,
    fold=_fold_match,
    undoing=Undoing(_unfold_match),
)
KINDS = (LINE, STATEMENT, MATCH)
