"""One workflow for all that needs two people: proposed → approved or rejected → reversed.

Recording holds the units that will be taken; nothing moves before the approval. A noun says what it holds, what its
approval does and what a reversal takes back; who may decide, in which states, and what becomes of held units is the
same for all, and written here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import ClassVar, Generic, TypedDict

from pydantic import ConfigDict
from sqlalchemy import ColumnElement, CompoundSelect, Exists, Text, bindparam, exists, literal, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar
from typing_extensions import TypeVar

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict
from ledger.core.facts import STRICT, Date, Facts, Number
from ledger.core.lines import Change, Operation, UnitState, Use, common
from ledger.core.names import approval_key
from ledger.model.journal import EntryRow
from ledger.model.proposals import COUNTS, HoldRow, Proposal, ProposalStatus
from ledger.rules.asked import Also, Asked
from ledger.rules.block_holds import blocked_intervals, held_again
from ledger.rules.books import Books
from ledger.rules.doubts import Doubtful
from ledger.rules.questions import take_back_questions
from ledger.rules.restrictions import Taking, restriction_of
from ledger.rules.rows import find_numbered, require_numbered
from ledger.rules.spec import (
    APPROVERS,
    RECORDERS,
    Context,
    Explains,
    Following,
    Kind,
    Pending,
    Proposals,
    Undoing,
    numbered,
)

F = TypeVar("F", bound=Facts)
N = TypeVar("N")
P = TypeVar("P", default=None)
R = TypeVar("R", bound=Proposal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Which recorded fact is approved or rejected, and the accounting date."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    date: Date


class Heads(TypedDict):
    """The columns that every proposal has when it is recorded."""

    entry: int
    campaign: str
    number: str
    date: str
    document_date: str
    happened: str | None
    recorded_at: str


def proposed(entry: Entry[F, P], number: str, document_date: str) -> Heads:
    """What of a row comes from the entry, and not from the facts of its noun."""
    day = entry.happened or document_date
    return Heads(
        entry=entry.seq,
        campaign=entry.campaign,
        number=number,
        date=entry.date,
        document_date=document_date,
        happened=None if day == entry.date else day,
        recorded_at=entry.at,
    )


def holding(takings: Sequence[Taking], ref: str) -> Posting[None]:
    """The posting of a proposal: it holds what it will take, and moves nothing. Empty takings hold nothing."""
    return Posting(
        (),
        tuple(
            Change(taking.line, taking.pieces, UnitState.FREE, UnitState.HELD, ref)
            for taking in takings
            if taking.pieces
        ),
    )


def held_takings(session: Session, proposal: Proposal) -> tuple[Taking, ...]:
    """What a proposal holds, line by line, in the order in which it will be taken."""
    rows = session.exec(select(HoldRow).where(HoldRow.entry == proposal.entry).order_by(col(HoldRow.n)))
    return tuple(
        Taking(restriction_of(line), line, tuple((row.start, row.stop) for row in of_line))
        for line, of_line in groupby(rows, key=lambda row: row.line)
    )


def release_of(session: Session, proposal: Proposal) -> tuple[Change, ...]:
    """The changes that free what a proposal holds, one a line."""
    return tuple(
        Change(taking.line, taking.pieces, UnitState.HELD, UnitState.FREE, "")
        for taking in held_takings(session, proposal)
    )


@dataclass(frozen=True, kw_only=True)
class Workflow(Generic[F, R, N, P]):
    """A noun that two people decide. What is left out does nothing.

    F: its facts. R: its row. N: what its approval notes. P: what its proposal notes.
    """

    noun: str
    facts: type[F]
    row: type[R]
    doc: str
    hold: Callable[[Context, F], Posting[P]]
    """What recording it holds; raises Refused, NotFound or Conflict."""
    keep: Callable[[Books, Entry[F, P]], R]
    """Its row, made of its facts."""
    effect: Callable[[Context, R, Decision], Posting[N]]
    """What its approval does, what it holds released first; raises Refused or Conflict."""
    notes: type[N] | None = None
    """What the approval notes."""
    proposal_notes: type[P] | None = None
    proposed_by: tuple[str, str] | None = None
    """Noun and verb of the proposal where they are others than the noun and `add`: `purchase`, `close`."""
    kept: Callable[[Books, R, Entry[F, P]], None] = lambda _books, _row, _entry: None
    """What recording it leaves beside its row: items, or that something waits for it."""
    also_in: Callable[[Session, str, F], tuple[str, ...]] = lambda _session, _campaign, _facts: ()
    """Campaigns in whose books its approval writes too, as in `Kind`."""
    approved_in: Callable[[Session, R], tuple[str, ...]] = lambda _session, _row: ()
    """The same campaigns, of what was recorded: who approves it needs the role there too."""
    approved: Callable[[Books, R, Entry[Decision, N]], None] = lambda _books, _row, _entry: None
    read_elsewhere: bool = False
    """May other campaigns' inboxes say something else after its approval, or the reversal of that?"""
    follows: Callable[[Books, R, Entry[Decision, N]], Iterable[Following]] = lambda *_: ()
    """What its approval leads to by itself, as in `Kind`."""
    rejected: Callable[[Books, R, Entry[Decision, None]], None] = lambda _books, _row, _entry: None
    reversed: Callable[[Books, R, Entry[Decision, N]], None] = lambda _books, _row, _entry: None
    """What else these change in the model."""
    reversible: bool = True
    require: Callable[[Context, R, Entry[Decision, N]], None] = lambda _context, _row, _entry: None
    """Raises Conflict where something that came later stands on the approval."""
    retakes: Callable[[Context, R, Entry[Decision, N]], tuple[Use, ...]] = lambda _context, _row, _entry: ()
    voids: Callable[[Context, R, Entry[Decision, N]], tuple[Operation, ...]] = lambda _context, _row, _entry: ()
    instead: Callable[[Context, R, Entry[Decision, N]], tuple[Operation, ...] | None] = (
        lambda _context, _row, _entry: None
    )
    """As in `Undoing`."""
    doubts: Callable[[Books, R], Iterator[Doubtful]] = lambda _books, _row: iter(())
    """What is doubtful of what was recorded just now; its approval waits until that is answered."""
    explains: Callable[[F], Explains | None] = lambda _facts: None
    early: Callable[[Context, F], None] = lambda _context, _facts: None
    """As in `Kind`."""
    rests_on: Callable[[Context, F], Iterable[int]] = lambda _context, _facts: ()
    """As in `Kind`: of what it would do, where recording it holds nothing."""
    covered: Callable[[Context, F, str], Iterable[int]] = lambda _context, _facts, _since: ()
    approval_covered: Callable[[Context, R, Decision, str], Iterable[int]] = lambda *_: ()
    """As in `Kind`: of recording it, and of its approval."""
    stopped_by_block: bool = True
    """May it not be approved when a gift whose money it holds was blocked since?"""
    about: Callable[[Session, R], tuple[str, int | None]] = lambda _session, _row: ("", None)
    """Asset and minor units that it is about, for who decides; none where it is about no amount."""
    asks: Callable[[Session, R], Asked | None] = lambda _session, _row: None
    """What its approval lets go; None for what moves no money."""
    same_payee: Callable[[R], tuple[ColumnElement[bool], ...]] = lambda _row: ()
    """Narrows what is looked at for others to that payee; without it each row is."""
    asks_also: Callable[[Session, R, Asked], Iterator[Also]] | None = None
    """What else of this noun goes to the payee of that: a question to the database instead of a look at each row."""

    def kinds(self) -> tuple[Kind[F, P], Kind[Decision, N], Kind[Decision, None]]:
        """The proposal, its approval and its rejection."""
        return self._proposal(), self._approval(), self._rejection()

    def find(self, session: Session, campaign: str, number: str) -> R | None:
        return find_numbered(session, self.row, campaign, number)

    def require_row(self, session: Session, campaign: str, number: str) -> R:
        """Raises NotFound."""
        return require_numbered(session, self.row, self.noun, campaign, number)

    def pending(self, session: Session, campaign: str) -> Iterator[Pending]:
        """What of this noun waits for a decision, by number."""
        for row in session.exec(self._waiting, params={"of_campaign": campaign}):
            about, asked = self.about(session, row), self.asks(session, row)
            yield Pending(self.noun, row.number, row.recorded_at, *about, asked)

    @cached_property
    def _waiting(self) -> SelectOfScalar[R]:
        waits = (self.row.campaign == bindparam("of_campaign"), self.row.status == ProposalStatus.PENDING)
        return select(self.row).where(*waits).order_by(col(self.row.number))

    @cached_property
    def waits(self) -> Exists:
        """Does anything of this noun wait for a decision in the campaign `of_campaign`?"""
        of_campaign = col(self.row.campaign) == bindparam("of_campaign", type_=Text)
        return exists().where(of_campaign, col(self.row.status) == ProposalStatus.PENDING)

    def statuses(self, session: Session, campaign: str) -> Iterator[tuple[str, ProposalStatus]]:
        """The number of each, and where it stands, by number."""
        rows = select(self.row).where(self.row.campaign == campaign).order_by(col(self.row.number))
        for row in session.exec(rows):
            yield row.number, row.status

    def require_pending(self, context: Context, number: str) -> R:
        """The proposal that waits for a decision; raises NotFound or Conflict."""
        row = self.require_row(context.books.session, context.campaign, number)
        if row.status is not ProposalStatus.PENDING:
            raise Conflict.field(
                "number",
                "{noun} {number} is {status}; only a pending one can be decided",
                noun=self.noun,
                number=number,
                status=row.status,
            )
        return row

    def _recorded_by(self, books: Books, campaign: str, facts: Decision) -> int | None:
        row = self.find(books.session, campaign, facts.number)
        return None if row is None else row.entry

    def _also(self, session: Session, row: R, asked: Asked) -> Iterator[Also]:
        """What else of this noun goes to the payee of a row, pending and approved, of all campaigns."""
        if self.asks_also is not None:
            yield from self.asks_also(session, row, asked)
            return
        others = (
            select(self.row, EntryRow.recorded_at)
            .join(EntryRow, col(EntryRow.seq) == self.row.decided_by, isouter=True)
            .where(
                col(self.row.status).in_(COUNTS),
                or_(col(self.row.campaign) != row.campaign, col(self.row.number) != row.number),
                *self.same_payee(row),
            )
        )
        for other, decided_at in session.exec(others):
            also = self.asks(session, other)
            if also is not None and also.payee == asked.payee:
                yield Also(also.currency, also.minor, also.invoice, decided_at or other.recorded_at)

    def _proposal(self) -> Kind[F, P]:
        def fold(books: Books, entry: Entry[F, P]) -> None:
            row = self.keep(books, entry)
            books.session.add(row)
            books.session.flush()
            pieces = [
                (operation.line, *piece)
                for operation in entry.operations
                if isinstance(operation, Change) and operation.after is UnitState.HELD
                for piece in operation.pieces
            ]
            for n, (line, start, stop) in enumerate(pieces, 1):
                books.session.add(HoldRow(entry=entry.seq, n=n, line=line, start=start, stop=stop))
            self.kept(books, row, entry)

        noun, verb = self.proposed_by or (self.noun, "add")
        return Kind(
            name=self.noun,
            noun=noun,
            verb=verb,
            facts=self.facts,
            notes=self.proposal_notes,
            doc=self.doc,
            roles=RECORDERS,
            key=numbered(self.noun),
            post=self.hold,
            fold=fold,
            explains=self.explains,
            early=self.early,
            also_in=self.also_in,
            rests_on=self.rests_on,
            covered=self.covered,
            doubts=lambda books, entry: self.doubts(books, books.session.get_one(self.row, entry.seq)),
            workflow=self,
        )

    def _approval(self) -> Kind[Decision, N]:
        def post(context: Context, facts: Decision) -> Posting[N]:
            row = self.find(context.books.session, context.campaign, facts.number)
            if self.stopped_by_block and row is not None and row.status is ProposalStatus.PENDING:
                self._require_unblocked(context, row)
            return self.effect(context, self.require_pending(context, facts.number), facts)

        def also_in(session: Session, campaign: str, facts: Decision) -> tuple[str, ...]:
            row = self.find(session, campaign, facts.number)
            return () if row is None else self.approved_in(session, row)

        def asks(context: Context, facts: Decision) -> Asked | None:
            row = self.find(context.books.session, context.campaign, facts.number)
            return None if row is None else self.asks(context.books.session, row)

        def covered(context: Context, facts: Decision, since: str) -> Iterable[int]:
            row = self.require_row(context.books.session, context.campaign, facts.number)
            return self.approval_covered(context, row, facts, since)

        def also(context: Context, facts: Decision, asked: Asked) -> Iterator[Also]:
            row = self.require_row(context.books.session, context.campaign, facts.number)
            return self._also(context.books.session, row, asked)

        def fold(books: Books, entry: Entry[Decision, N]) -> None:
            self.approved(books, self._decided(books, entry, ProposalStatus.APPROVED), entry)

        return Kind(
            name=f"{self.noun}.approved",
            noun=self.noun,
            verb="approve",
            facts=Decision,
            notes=self.notes,
            doc=f"Approve a recorded {self.noun}; its recorder may not.",
            roles=APPROVERS,
            key=lambda campaign, facts: approval_key(numbered(self.noun)(campaign, facts)),
            post=post,
            fold=fold,
            approves=self._recorded_by,
            also_in=also_in,
            asks=asks,
            covered=covered,
            asks_also=also,
            read_elsewhere=self.read_elsewhere,
            follows=lambda books, entry: self.follows(
                books, self.require_row(books.session, entry.campaign, entry.facts.number), entry
            ),
            undoing=self._undoing() if self.reversible else None,
        )

    def _rejection(self) -> Kind[Decision, None]:
        def post(context: Context, facts: Decision) -> Posting[None]:
            released = release_of(context.books.session, self.require_pending(context, facts.number))
            freed = [(change.line, change.pieces) for change in released]
            return Posting((), (*released, *held_again(context.books, context.campaign, freed)))

        def fold(books: Books, entry: Entry[Decision, None]) -> None:
            row = self._decided(books, entry, ProposalStatus.REJECTED)
            take_back_questions(books.session, row.entry, entry.seq)
            self.rejected(books, row, entry)

        return Kind(
            name=f"{self.noun}.rejected",
            noun=self.noun,
            verb="reject",
            facts=Decision,
            doc=f"Reject a recorded {self.noun}; what it held is free again. Its recorder may withdraw it so.",
            roles=RECORDERS,
            key=lambda campaign, facts: f"rejection:{self.noun}:{campaign}:{facts.number}",
            post=post,
            fold=fold,
            rests_on=lambda context, facts: (
                self.require_row(context.books.session, context.campaign, facts.number).entry,
            ),
        )

    def _undoing(self) -> Undoing[Decision, N]:
        def row_of(context: Context, entry: Entry[Decision, N]) -> R:
            return self.require_row(context.books.session, context.campaign, entry.facts.number)

        def unfold(books: Books, entry: Entry[Decision, N], seq: int) -> None:
            row = self.require_row(books.session, entry.campaign, entry.facts.number)
            row.status, row.reversed_by = ProposalStatus.REVERSED, seq
            books.session.add(row)
            take_back_questions(books.session, row.entry, seq)
            self.reversed(books, row, entry)

        return Undoing(
            unfold,
            require=lambda context, entry: self.require(context, row_of(context, entry), entry),
            retakes=lambda context, entry: self.retakes(context, row_of(context, entry), entry),
            voids=lambda context, entry: self.voids(context, row_of(context, entry), entry),
            instead=lambda context, entry: self.instead(context, row_of(context, entry), entry),
        )

    def _decided(
        self, books: Books, entry: Entry[Decision, N] | Entry[Decision, None], status: ProposalStatus
    ) -> R:
        row = self.require_row(books.session, entry.campaign, entry.facts.number)
        row.status, row.decided_by, row.decided_on = status, entry.seq, entry.date
        books.session.add(row)
        return row

    def _require_unblocked(self, context: Context, proposal: R) -> None:
        """Conflict where what a proposal holds is of a gift that was blocked since it was recorded."""
        held = held_takings(context.books.session, proposal)
        blocked = list(blocked_intervals(context.books, context.campaign)) if held else []
        for taking in held:
            for block, line, start, end in blocked:
                if taking.line == line and common(taking.pieces, ((start, end),)):
                    raise Conflict.field(
                        "number",
                        "{noun} {proposal} holds money of a gift that {block} has blocked since; release the block "
                        "first, or reject this and record it again with other money",
                        noun=self.noun,
                        proposal=proposal.number,
                        block=block,
                    )


def nouns_waiting(workflows: Iterable[Proposals]) -> CompoundSelect[str]:
    """The question of which nouns something waits for a decision in the campaign `of_campaign`: one for all."""
    return union_all(*(select_columns(literal(of.noun)).where(of.waits) for of in workflows))
