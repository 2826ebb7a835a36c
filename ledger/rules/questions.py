"""Questions: something doubtful was recorded, and nothing that rests on it is approved until somebody answers.

Who answers is another person than who recorded it. The answer is kept, and the same is not asked again
(docs/rules.md, 21). What is doubtful each noun says of its own facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, exists
from sqlmodel import Session, col, func, or_, select, update

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Name, Positive, Text
from ledger.core.wording import Value, Wording, translatable
from ledger.model.columns import OF_CAMPAIGN, OF_ENTRY, TEXT, Word
from ledger.model.named import NamedRow, NameOf
from ledger.model.questions import Answer, AnswerRow, Doubt, QuestionRow
from ledger.rules.books import Books
from ledger.rules.named import named_by, note_names
from ledger.rules.rests_on import called, rests_on
from ledger.rules.rows import mark_reversed
from ledger.rules.spec import APPROVERS, Context, F, Kind, N, Undoing

_SOME = 500
"""Entries are asked for so many at a time."""

_SAYS: Mapping[Doubt, str] = {
    Doubt.NAME: translatable("the {kind} {name} of {one} looks like {other_name}, which {other} named"),
    Doubt.PAPER: translatable("the numbers of {one} and {other} look like one paper of one issuer"),
    Doubt.LOT: translatable("{one} counted lot {name} where {other} lists lot {other_name}"),
    Doubt.LOT_NAME: translatable("lot {name} of {one} looks like lot {other_name}, which {other} brought"),
    Doubt.REFERENCE: translatable("{one} and {other} have one reference of a bank"),
    Doubt.FEE: translatable("the fee of {one} is large for its amount, or for that bank or exchange"),
    Doubt.RATE: translatable("{one} is off the rate of its day by more than the campaign's tolerance"),
    Doubt.NO_RATE: translatable(
        "no rate of its day was recorded by which {one} is held against what it was worth"
    ),
}

UNUSUAL = frozenset({Doubt.FEE, Doubt.RATE, Doubt.NO_RATE})
"""Doubts about one fact alone: it is right or wrong."""
SETTLES: frozenset[Answer] = frozenset({Answer.DIFFERENT, Answer.RIGHT})
"""Answers by which a doubt is none; any other says what has to be taken back. About names any answer settles it: two
spellings may be of one record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """What the question of an entry is answered with, and why (public: no names of people).

    `entry` is what was doubtful, `other` what it looks like, `name` which, where an entry brought several new names.
    `different`: two things. `same`: one, told twice; then one of both entries is to be reversed, or rejected while it
    waits. Two names that are the same are two spellings of one record, and both stand. A fee or a rate (`doubt` says
    which) is `right` or `wrong`; what is wrong is rejected.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    entry: Positive
    other: Positive | None = None
    name: Name | None = None
    doubt: Doubt | None = None
    answer: Answer
    reason: Text
    date: Date


def _stands(answers: frozenset[Answer]) -> ColumnElement[bool]:
    """Was the question answered so, and does that answer stand?"""
    return exists().where(
        col(AnswerRow.question_entry) == QuestionRow.entry,
        col(AnswerRow.question_n) == QuestionRow.n,
        col(AnswerRow.reversed_by).is_(None),
        col(AnswerRow.answer).in_(answers),
    )


_OPEN = and_(
    col(QuestionRow.gone_by).is_(None),
    ~_stands(SETTLES),
    or_(QuestionRow.doubt != Doubt.NAME, ~_stands(frozenset(Answer))),
)


_IN_ORDER = select(QuestionRow).where(_OPEN).order_by(col(QuestionRow.entry), col(QuestionRow.n))
_kind = bindparam("of_kind", type_=Word(NameOf))
_OF_CAMPAIGN = _IN_ORDER.where(col(QuestionRow.campaign) == OF_CAMPAIGN)
_OF_ENTRIES = _IN_ORDER.where(col(QuestionRow.entry).in_(bindparam("of_entries", expanding=True)))
_OF_NAME = _IN_ORDER.where(
    col(QuestionRow.kind) == _kind, col(QuestionRow.name) == bindparam("of_name", type_=TEXT)
)
_NAMES = select(QuestionRow.name).where(
    col(QuestionRow.kind) == _kind,
    col(QuestionRow.other_name).in_(bindparam("of_names", expanding=True)),
    _OPEN,
)
_ANSWER = select(AnswerRow.answer).where(
    col(AnswerRow.question_entry) == OF_ENTRY,
    col(AnswerRow.question_n) == bindparam("of_n", type_=BigInteger),
    col(AnswerRow.reversed_by).is_(None),
)


def open_questions(session: Session, campaign: str) -> Sequence[QuestionRow]:
    """What nobody answered, and what was answered so that something has to be taken back; the oldest first."""
    return session.exec(_OF_CAMPAIGN, params={"of_campaign": campaign}).all()


def questions_about(session: Session, entries: set[int]) -> Iterator[QuestionRow]:
    """The open questions of those entries."""
    numbers = sorted(entries)
    for at in range(0, len(numbers), _SOME):
        yield from session.exec(_OF_ENTRIES, params={"of_entries": numbers[at : at + _SOME]})


def questions_of_names(session: Session, names: set[tuple[NameOf, str]]) -> Iterator[QuestionRow]:
    """The open questions whether those new names are of records that there were."""
    for kind, name in sorted(names):
        yield from session.exec(_OF_NAME, params={"of_kind": kind, "of_name": name})


def names_in_question(session: Session, kind: NameOf, names: set[str]) -> list[str]:
    """New names that look like one of these, and of which nobody has said yet whether they are the same."""
    rows = session.exec(_NAMES, params={"of_kind": kind, "of_names": sorted(names)})
    return sorted({name for name in rows if name is not None})


def answer_of(session: Session, question: QuestionRow) -> Answer | None:
    """How a question was answered, if that answer stands."""
    row = session.exec(_ANSWER, params={"of_entry": question.entry, "of_n": question.n}).first()
    return None if row is None else Answer(row)


def said_of(question: QuestionRow, one: Value, other: Value) -> Wording:
    """What is doubtful, of things that are called so."""
    values: dict[str, Value] = {"one": one, "other": other}
    if question.doubt in {Doubt.NAME, Doubt.LOT, Doubt.LOT_NAME}:
        values |= {
            "kind": question.kind or "",
            "name": question.name or "",
            "other_name": question.other_name or "",
        }
    return Wording(_SAYS[question.doubt], values)


def require_answered(context: Context, kind: Kind[F, N], facts: F, posting: Posting[N]) -> None:
    """Conflict where an approval rests on something doubtful that nobody answered."""
    session, numbers = context.books.session, rests_on(context, kind, facts, posting)
    entries = (entry for entry in map(context.entry, sorted(numbers)) if entry is not None)
    names = {named for entry in entries for named in named_by(entry.kind, entry.facts)}
    for question in (*questions_about(session, numbers), *questions_of_names(session, names)):
        one = called(context, question.entry)
        other = "" if question.other is None else called(context, question.other)
        raise Conflict.field(
            "question",
            "{doubt}; somebody else than its author answers that first (`question answer`)",
            doubt=said_of(question, one, other),
        )


def note_questions(books: Books, kind: Kind[F, N], entry: Entry, typed: Entry[F, N]) -> None:
    """Fold what is doubtful of an entry, as it was published and as its kind reads it.

    What one is about that is reversed is asked no more.
    """
    session = books.session
    if entry.reverses is not None:
        take_back_questions(session, entry.reverses, entry.seq)
    for n, doubt in enumerate((*kind.doubts(books, typed), *note_names(session, entry, books.known_names))):
        session.add(
            QuestionRow(
                entry=entry.seq,
                n=n,
                campaign=entry.campaign,
                doubt=doubt.doubt,
                other=doubt.other,
                kind=doubt.kind,
                name=doubt.name,
                other_name=doubt.other_name,
                since=entry.at,
            )
        )


def take_back_questions(session: Session, entry: int, by: int) -> None:
    """The fact of an entry stands no more, by that of another one: nothing about it is asked."""
    about = or_(col(QuestionRow.entry) == entry, col(QuestionRow.other) == entry)
    # A name stays known, whatever becomes of the fact that used it first.
    asked = (about, col(QuestionRow.gone_by).is_(None), col(QuestionRow.doubt) != Doubt.NAME)
    session.exec(update(QuestionRow).where(*asked).values(gone_by=by))


def _question(session: Session, facts: QuestionAnswer) -> QuestionRow | None:
    wanted = select(QuestionRow).where(QuestionRow.entry == facts.entry, QuestionRow.other == facts.other)
    if facts.name is not None:
        wanted = wanted.where(QuestionRow.name == facts.name)
    if facts.doubt is not None:
        wanted = wanted.where(QuestionRow.doubt == facts.doubt)
    return session.exec(wanted.order_by(col(QuestionRow.n))).first()


def _post(context: Context, facts: QuestionAnswer) -> Posting[None]:
    session = context.books.session
    question = _question(session, facts)
    if question is None or question.campaign != context.campaign:
        asked = [open_question.other for open_question in questions_about(session, {facts.entry})]
        if asked and asked[0] is not None:
            raise NotFound.field(
                "entry",
                "nothing like that is asked about entry {entry} in campaign {campaign}; name {other} as `other`",
                entry=facts.entry,
                campaign=context.campaign,
                other=asked[0],
            )
        raise NotFound.field(
            "entry",
            "nothing like that is asked about entry {entry} in campaign {campaign}; see the inbox for what is",
            entry=facts.entry,
            campaign=context.campaign,
        )
    fitting = (Answer.RIGHT, Answer.WRONG) if question.doubt in UNUSUAL else (Answer.DIFFERENT, Answer.SAME)
    if facts.answer not in fitting:
        raise Refused.field("answer", "is no answer to that question; say one of {words}", words=fitting)
    if question.gone_by is not None:
        raise Conflict.field(
            "entry",
            "entry {by} took it back, so that nothing is asked any more",
            by=question.gone_by,
        )
    return Posting()


def _fold(books: Books, entry: Entry[QuestionAnswer, None]) -> None:
    facts, session = entry.facts, books.session
    question = _question(session, facts)
    if question is None:
        raise LookupError(f"questions: entry {facts.entry} left none")
    session.add(
        AnswerRow(
            entry=entry.seq,
            campaign=entry.campaign,
            date=entry.date,
            question_entry=question.entry,
            question_n=question.n,
            answer=facts.answer,
            reason=facts.reason,
        )
    )
    if question.doubt is Doubt.NAME and facts.answer is Answer.SAME:
        _new_name(session, question).same_as = question.other_name


def _new_name(session: Session, question: QuestionRow) -> NamedRow:
    return session.get_one(NamedRow, (question.kind, question.name))


def _times_reversed(books: Books, _campaign: str, facts: QuestionAnswer) -> int:
    question = _question(books.session, facts)
    if question is None:
        return 0
    answered = select(func.count()).where(
        AnswerRow.question_entry == question.entry,
        AnswerRow.question_n == question.n,
        col(AnswerRow.reversed_by).is_not(None),
    )
    return books.session.exec(answered).one()


def _unfold(books: Books, entry: Entry[QuestionAnswer, None], seq: int) -> None:
    session = books.session
    mark_reversed(session, AnswerRow, entry.seq, seq)
    question = _question(session, entry.facts)
    if question is not None and question.doubt is Doubt.NAME and entry.facts.answer is Answer.SAME:
        _new_name(session, question).same_as = None


ANSWER: Kind[QuestionAnswer, None] = Kind(
    name="question.answered",
    noun="question",
    verb="answer",
    facts=QuestionAnswer,
    doc="Answer what is doubtful of an entry: two or one told twice, right or wrong; its recorder may not.",
    roles=APPROVERS,
    named="entry",
    key=lambda campaign, facts: (
        f"answer:{campaign}:{facts.entry}:{facts.other or 0}:{facts.name or facts.doubt or ''}"
    ),
    times_reversed=_times_reversed,
    post=_post,
    fold=_fold,
    approves=lambda _books, _campaign, facts: facts.entry,
    undoing=Undoing(_unfold),
)
KINDS = (ANSWER,)
