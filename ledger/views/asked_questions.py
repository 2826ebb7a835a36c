"""What is doubtful and waits for an answer, for the inbox. Pure reading; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.core.entry import entry_from_bytes
from ledger.model.questions import Doubt
from ledger.rules.questions import UNUSUAL, answer_of, open_questions, said_of
from ledger.rules.rests_on import called_as
from ledger.store.transaction import Reading
from ledger.views.open_items import OpenItem, OpenItemKind

_ASK = (
    "{doubt}: another person than who recorded it says whether they are two things or one told twice (`question "
    "answer` with entry={entry}, other={other}, answer=different or same)"
)
_ASK_NAME = (
    "{doubt}: another person than who recorded it says whether they are two, or one spelled twice (`question answer` "
    "with entry={entry}, other={other}, name={name}, answer=different or same)"
)
_ASK_LOT = (
    "{doubt}: another person than who counted it says whether they are two lots, or one with another label (`question "
    "answer` with entry={entry}, other={other}, name={name}, answer=different or same)"
)
_ASK_RIGHT = (
    "{doubt}: another person than who recorded it says whether it is right (`question answer` with entry={entry}, "
    "doubt={of}, answer=right or wrong)"
)
_WRONG = "{doubt}, and it was answered that it is wrong: reject it"
_SAME = "{doubt}, and it was answered that they are one: reverse entry {entry} or entry {other}"


def questions_waiting(tx: Reading, slug: str) -> Iterator[OpenItem]:
    for question in open_questions(tx.session, slug):
        one, other = _called(tx, question.entry), _called(tx, question.other)
        asks = _ASK if answer_of(tx.session, question) is None else _SAME
        if question.doubt in UNUSUAL:
            asks = _ASK_RIGHT if asks is _ASK else _WRONG
        if question.doubt is Doubt.NAME:
            asks = _ASK_NAME
        if question.doubt is Doubt.LOT and asks is _ASK:
            asks = _ASK_LOT
        yield OpenItem(
            kind=OpenItemKind.QUESTION,
            campaign=slug,
            subject=one,
            since=question.since,
            amount=None,
            what_to_do=asks.format(
                doubt=said_of(question, one, other),
                entry=question.entry,
                other=question.other,
                name=question.name,
                of=question.doubt.value,
            ),
        )


def _called(tx: Reading, number: int | None) -> str:
    row = None if number is None else tx.journal.by_seq(number)
    return "" if row is None else called_as(entry_from_bytes(row.data))
