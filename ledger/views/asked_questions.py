"""What is doubtful and waits for an answer, for the inbox. Pure reading; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.core.entry import entry_from_bytes
from ledger.core.telling import Telling
from ledger.core.wording import Value, Wording
from ledger.model.questions import Doubt, QuestionRow
from ledger.rules.questions import UNUSUAL, answer_of, open_questions, said_of
from ledger.rules.rests_on import called_as
from ledger.store.transaction import Reading
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.to_do import ToDo


def questions_waiting(tx: Reading, slug: str) -> Iterator[OpenItem]:
    for question in open_questions(tx.session, slug):
        one, other = _called(tx, question.entry), _called(tx, question.other)
        yield OpenItem(
            kind=OpenItemKind.QUESTION,
            campaign=slug,
            subject=one,
            since=question.since,
            amount=None,
            to_do=_asked(
                question, said_of(question, one, other), answer_of(tx.session, question) is not None
            ),
        )


def _asked(question: QuestionRow, doubt: Wording, is_answered: bool) -> Telling:
    if question.doubt in UNUSUAL:
        if is_answered:
            return Telling(ToDo.REJECT_WRONG, {"doubt": doubt})
        return Telling(
            ToDo.ANSWER_UNUSUAL,
            {"doubt": doubt, "entry": str(question.entry), "of": question.doubt.value},
        )
    of_both: dict[str, Value] = {
        "doubt": doubt,
        "entry": str(question.entry),
        "other": str(question.other),
    }
    if question.doubt is Doubt.NAME:
        return Telling(ToDo.ANSWER_NAME, {**of_both, "name": question.name or ""})
    if is_answered:
        return Telling(ToDo.REVERSE_SAME, of_both)
    if question.doubt in {Doubt.LOT, Doubt.LOT_NAME}:
        return Telling(ToDo.ANSWER_LOT, {**of_both, "name": question.name or ""})
    return Telling(ToDo.ANSWER, of_both)


def _called(tx: Reading, number: int | None) -> str | Wording:
    row = None if number is None else tx.journal.by_seq(number)
    return "" if row is None else called_as(entry_from_bytes(row.data))
