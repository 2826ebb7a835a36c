"""A finding: one thing that is wrong, told by a check. It mends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlmodel import col, select

from ledger.core.wording import Value, Wording
from ledger.model.columns import as_written, replace_all
from ledger.model.inquiries import FindingRow
from ledger.store.messages import forget_messages, keep_messages, kept_messages
from ledger.store.transaction import Reading, Writing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which check says so, about what, and in what words, with figures."""

    check: str
    subject: str
    wording: Wording

    @classmethod
    def of(cls, check: str, subject: str, text: str, /, *, many: str = "", **values: Value) -> Self:
        """`text` is a literal, whole, with a name in braces for each of `values`, as refusals have it."""
        return cls(check, subject, Wording(text, values, many))

    @property
    def sentence(self) -> str:
        """In English."""
        return str(self.wording)

    def data(self) -> dict[str, object]:
        """For programs: the sentence, and beside it the text and its values."""
        return {
            "check": self.check,
            "subject": self.subject,
            "sentence": self.sentence,
            "message": self.wording.data(),
        }


def save_findings(tx: Writing, findings: Sequence[Finding]) -> None:
    """Keep what the last run found, in place of what was kept before."""
    keys = keep_messages(tx.session, [one.wording for one in findings])
    rows = [
        {"n": n, "name": one.check, "subject": one.subject, "message": keys[one.wording]}
        for n, one in enumerate(findings)
    ]
    replace_all(tx.session, FindingRow, rows)
    forget_messages(tx.session)


def load_findings(tx: Reading) -> tuple[Finding, ...]:
    rows = tx.session.exec(as_written(select(FindingRow).order_by(col(FindingRow.n)))).all()
    messages = kept_messages(tx.session, [row.message for row in rows])
    return tuple(Finding(row.name, row.subject, messages[row.message]) for row in rows)
