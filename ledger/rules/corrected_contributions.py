"""The amount of a contribution that was mistyped: what putting it right moves (docs/rules.md, 32).

Fewer units leave its line, of those that are free; more join it, where they can lie beside its own. What of it was used
stands and counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.lines import Append, Change, Operation, Part, PartKind, Piece, Undo, UnitState, Use, units_in
from ledger.core.names import UseCause, UseName
from ledger.core.wording import Figure
from ledger.model.gifts import ContributionRow
from ledger.rules.books import Books
from ledger.rules.contributions import gift_of
from ledger.rules.pledges import matched_of_gift
from ledger.rules.spec import Context
from ledger.tracing.state import Lines


def says_amount(session: Session, entry: int) -> int:
    """What a contribution is, minor units."""
    return session.get_one(ContributionRow, entry).amount


def corrected_amount(context: Context, entry: int, new: int) -> Posting[None]:
    """What moves when a contribution is `new`; raises Refused or Conflict where it cannot be."""
    session = context.books.session
    row = session.get_one(ContributionRow, entry)
    if row.blocked_by is not None:
        raise Conflict.field("entry", "this contribution is blocked; two persons release it first")
    bound = max(row.fee + 1, matched_of_gift(session, row.campaign, gift_of(row.number), row.currency))
    if new < bound:
        raise Refused.field(
            "new",
            "is below {bound}, what its fee and the pledges that it keeps take of it",
            bound=Figure(row.currency, bound),
        )
    more = new - row.amount
    bank = account(AccountClass.BANK, row.campaign, row.bank)
    gifts = account(AccountClass.GIFTS, row.campaign)
    moved = (
        Transfer(bank, gifts, row.currency, more) if more > 0 else Transfer(gifts, bank, row.currency, -more)
    )
    lines = context.books.lines
    return Posting((moved,), _more(lines, row, more) if more > 0 else _fewer(lines, row, -more))


def _in_state(lines: Lines, row: ContributionRow, state: UnitState) -> list[Piece]:
    spans = lines.spans(row.line, row.line_start, row.line_end)
    return [(span.start, span.end) for span in spans if span.state is state]


def _last(pieces: Iterable[Piece], units: int) -> tuple[Piece, ...]:
    """The last so many units of some pieces."""
    last_pieces: list[Piece] = []
    for start, end in reversed(list(pieces)):
        if units:
            last_pieces.append((max(start, end - units), end))
            units -= end - last_pieces[-1][0]
    return tuple(reversed(last_pieces))


def _fewer(lines: Lines, row: ContributionRow, units: int) -> tuple[Operation, ...]:
    """So many free units leave the line, the last ones first."""
    free = _in_state(lines, row, UnitState.FREE)
    if units_in(free) < units:
        used = row.amount - units_in(free)
        raise Refused.field(
            "new",
            "leaves less than the {used} of it that are used or held, which count",
            used=Figure(row.currency, used),
        )
    return (Change(row.line, _last(free, units), UnitState.FREE, UnitState.VOID, gift_of(row.number)),)


def _more(lines: Lines, row: ContributionRow, units: int) -> tuple[Operation, ...]:
    """So many more units: those that a correction took off before, or new ones beside its own."""
    gift, void = gift_of(row.number), _in_state(lines, row, UnitState.VOID)
    back = _last(void, min(units, units_in(void)))
    again = (Change(row.line, back, UnitState.VOID, UnitState.FREE, ""),) if back else ()
    units -= units_in(back)
    if not units:
        return again
    if lines.length(row.line) == row.line_end:
        return (*again, Append(row.line, row.currency, row.line_end, units, gift))
    fee = str(UseName(UseCause.CONTRIBUTION, row.campaign, row.number))
    spans = lines.spans(row.line, row.line_start, row.line_end)
    if any(s.state is UnitState.HELD or (s.state is UnitState.USED and s.ref != fee) for s in spans):
        raise Refused.field(
            "new",
            "is {more} more of a gift that is used, behind which others lie; record the rest as a contribution of its "
            "own",
            more=Figure(row.currency, units),
        )
    start = lines.length(row.line)
    end = start + row.amount + units + units_in(back)
    whole = ((row.line_start, row.line_end),)
    undone = (Undo(fee),) if row.fee else ()
    off = Change(row.line, whole, UnitState.FREE, UnitState.VOID, gift)
    kept = (Part(PartKind.FEE, row.fee, row.fee),)
    borne = (Use(fee, row.line, ((end - row.fee, end),), row.fee, kept),) if row.fee else ()
    return (*undone, *again, off, Append(row.line, row.currency, start, end - start, gift), *borne)


def write_amount(books: Books, entry: int, more: int, operations: Iterable[Operation]) -> None:
    """A contribution is so much more from now on, on the units that `operations` gave it."""
    row = books.session.get_one(ContributionRow, entry)
    row.amount += more
    for op in operations:
        if isinstance(op, Append):
            row.line_start = row.line_start if op.start == row.line_end else op.start
            row.line_end = op.start + op.units
    books.session.add(row)
