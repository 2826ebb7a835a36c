"""Setting lines of a bank aside: they are none of the campaign's, as two people say. It moves nothing.

What was set aside stays public with amount, reason and role: line by line where the account is the fund's own, a row a
month and reason where it is shared with others (docs/rules.md, 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Sha256, Text, matching
from ledger.core.money import MAX_AMOUNT
from ledger.core.wording import Wording
from ledger.model.bank import Account, AsideLineRow, AsideRow, BankLineRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.bank import Balance, open_line, signed
from ledger.rules.bank_terms import terms_of
from ledger.rules.books import Books
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed

MOST = 2000
"""Lines that one decision sets aside; a month of a busy account is several."""
Month = Annotated[str, matching(r"[0-9]{4}-(0[1-9]|1[0-2])", Wording("write a month as YYYY-MM"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Lines of a bank that are none of this campaign's, and why (public: no names of people).

    Either `lines` by their identities; or, in a shared account, `month`: all of its lines at `bank` in `currency` that
    are neither matched nor set aside, but for `lines`. `opening`: minor units that were others' before the first
    statement of a shared account.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    lines: Annotated[tuple[Sha256, ...], Field(max_length=MOST)] = ()
    bank: Name | None = None
    currency: Currency | None = None
    month: Month | None = None
    opening: Balance | None = None
    reason: Text
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideOf:
    """Whose lines are set aside, and which they are."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    bank: Name
    currency: Currency
    lines: tuple[Sha256, ...]


def asides_of(session: Session, campaign: str) -> Sequence[AsideRow]:
    """What stands as set aside, by number."""
    return session.exec(
        select(AsideRow)
        .where(AsideRow.campaign == campaign, AsideRow.status == ProposalStatus.APPROVED)
        .order_by(col(AsideRow.number))
    ).all()


def lines_of_aside(session: Session, aside: AsideRow) -> Sequence[BankLineRow]:
    """The lines that a proposal is about, by booking day."""
    return session.exec(
        select(BankLineRow)
        .join(AsideLineRow, col(AsideLineRow.line_entry) == BankLineRow.entry)
        .where(AsideLineRow.entry == aside.entry)
        .order_by(col(BankLineRow.booked), col(BankLineRow.identity))
    ).all()


def _named(context: Context, facts: Aside) -> Sequence[BankLineRow]:
    """The lines that are asked for one by one; raises NotFound or Conflict."""
    lines = []
    for identity in dict.fromkeys(facts.lines):
        line = open_line(context, identity)
        _require_unmatched(line)
        lines.append(line)
    return lines


def _require_unmatched(line: BankLineRow) -> None:
    if line.matched:
        raise Conflict.field("line", "it is matched, in part or whole; reverse the match first")


def _of_month(context: Context, facts: Aside) -> Sequence[BankLineRow]:
    """All open lines of a month but those named; Refused where the account is not shared or there are none."""
    asked = select(AsideLineRow.line_entry).join(AsideRow, col(AsideRow.entry) == AsideLineRow.entry)
    pending = asked.where(AsideRow.campaign == context.campaign, AsideRow.status == ProposalStatus.PENDING)
    lines = context.books.session.exec(
        select(BankLineRow)
        .where(
            BankLineRow.campaign == context.campaign,
            BankLineRow.bank == facts.bank,
            BankLineRow.currency == facts.currency,
            col(BankLineRow.booked).between(f"{facts.month}-01", f"{facts.month}-31"),
            col(BankLineRow.reversed_by).is_(None),
            col(BankLineRow.aside_by).is_(None),
            col(BankLineRow.matched) == 0,
            col(BankLineRow.identity).not_in(facts.lines),
            col(BankLineRow.entry).not_in(pending),
        )
        .order_by(col(BankLineRow.booked), col(BankLineRow.identity))
        .limit(MOST)
    ).all()
    if not lines:
        raise Refused.field("month", "has no line at that bank that is neither matched nor set aside")
    return lines


def _hold(context: Context, facts: Aside) -> Posting[AsideOf]:
    in_bulk = facts.month is not None or facts.opening is not None
    if in_bulk and (facts.bank is None or facts.currency is None):
        raise Refused.field("bank", "is missing; name bank and currency of a month or of an opening balance")
    if not in_bulk and (facts.bank is not None or facts.currency is not None):
        raise Refused.field("month", "is missing; lines alone say of which bank they are")
    if in_bulk:
        account = terms_of(context.books.session, context.campaign).at(str(facts.bank)).account
        if account is not Account.SHARED:
            raise Refused.field(
                "bank",
                "is the fund's own account; say that it is shared first (`bank terms`), or name its lines",
            )
    lines = _named(context, facts) if facts.month is None else _of_month(context, facts)
    if not lines and not facts.opening:
        raise Refused.field("lines", "is missing; name the lines that are none of this campaign's")
    _require_not_asked(context, lines)
    places = {(line.bank, line.currency) for line in lines}
    if in_bulk:
        places.add((str(facts.bank), str(facts.currency)))
    if len(places) != 1:
        raise Refused.field("lines", "are of several banks or currencies; set those of each aside apart")
    ((bank, currency),) = places
    return Posting(notes=AsideOf(bank=bank, currency=currency, lines=tuple(line.identity for line in lines)))


def _require_not_asked(context: Context, lines: Sequence[BankLineRow]) -> None:
    """Conflict where another proposal about one of the lines waits for a decision."""
    entries = [line.entry for line in lines]
    asked = (
        select(AsideRow.number)
        .join(AsideLineRow, col(AsideLineRow.entry) == AsideRow.entry)
        .where(AsideRow.status == ProposalStatus.PENDING, col(AsideLineRow.line_entry).in_(entries))
    )
    number = context.books.session.exec(asked).first()
    if number is not None:
        raise Conflict.field("line", "{number} asks to set it aside and waits for a decision", number=number)


def _effect(context: Context, aside: AsideRow, _decision: Decision) -> Posting[None]:
    for line in lines_of_aside(context.books.session, aside):
        _require_unmatched(open_line(context, line.identity))
    return Posting()


def _row(_books: Books, entry: Entry[Aside, AsideOf]) -> AsideRow:
    facts, of = entry.facts, entry.notes
    return AsideRow(
        **proposed(entry, facts.number, facts.date),
        bank=of.bank,
        currency=of.currency,
        reason=facts.reason,
        opening=facts.opening or 0,
    )


def _kept(books: Books, aside: AsideRow, entry: Entry[Aside, AsideOf]) -> None:
    """Which lines it is about, by their identities; of one identity there is one row."""
    books.session.flush()
    for line in books.session.exec(
        select(BankLineRow).where(
            BankLineRow.campaign == aside.campaign, col(BankLineRow.identity).in_(entry.notes.lines)
        )
    ):
        books.session.add(AsideLineRow(entry=aside.entry, line_entry=line.entry))


def _approved(books: Books, aside: AsideRow, entry: Entry[Decision, None]) -> None:
    aside.role = entry.role
    for line in lines_of_aside(books.session, aside):
        line.aside_by = entry.seq


def _reversed(books: Books, aside: AsideRow, _entry: Entry[Decision, None]) -> None:
    """Lines that were set aside by mistake wait again."""
    for line in lines_of_aside(books.session, aside):
        line.aside_by = None


def _about(session: Session, aside: AsideRow) -> tuple[str, int | None]:
    """What it sets aside, below zero where it went out; nothing where a sum is beyond what is told exactly."""
    total = aside.opening + sum(map(signed, lines_of_aside(session, aside)))
    return aside.currency, total if abs(total) <= MAX_AMOUNT else None


ASIDES: Workflow[Aside, AsideRow, None, AsideOf] = Workflow(
    noun="aside",
    proposed_by=("bank", "aside"),
    facts=Aside,
    row=AsideRow,
    doc=(
        "Say that lines of a bank are none of this campaign's, and why; it waits for another person's approval "
        "(`aside approve`)."
    ),
    hold=_hold,
    keep=_row,
    effect=_effect,
    proposal_notes=AsideOf,
    kept=_kept,
    approved=_approved,
    reversed=_reversed,
    about=_about,
)
KINDS = ASIDES.kinds()
