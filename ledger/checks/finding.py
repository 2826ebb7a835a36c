"""A finding: one thing that is wrong, told by a check. It finds and mends nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ledger.core.wording import Value, Wording, wording_from


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

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `data` made."""
        return cls(data["check"], data["subject"], wording_from(data["message"]))
