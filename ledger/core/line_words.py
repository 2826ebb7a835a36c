"""The private words of a bank line: who is on the other side, what the payment says, and the references it carries.

They lie beside the journal, opened by the commitment that the line's entry holds; people of the desk read them.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.core.canonical import canonical
from ledger.core.facts import BIDI

MOST_WORDS = 2_000
"""Characters of each field that are kept; one that was longer ends with an ellipsis."""
MOST_REFERENCES = 1_000
"""Other references of a line that are kept: a bank books what many gave as one line. Of more, an ellipsis says so."""
_NONE = frozenset(
    [
        "nonref",
        "noref",
        "noreference",
        "notprovided",
        "none",
        "na",
        "null",
        "nil",
        "notavailable",
        "notapplicable",
    ]
) | {""}


def plain_words(*texts: str) -> str:
    """Texts from a file in one line: no control and no bidirectional characters, bounded."""
    kept = (
        "".join(
            c if unicodedata.category(c) not in {"Cs", "Co", "Cn"} and c not in BIDI else " " for c in text
        )
        for text in texts
    )
    words = " ".join(kept).split()
    return _bounded("".join(c for c in " ".join(words) if unicodedata.category(c) != "Cc"))


def _bounded(words: str) -> str:
    """What is cut says so."""
    return words if len(words) <= MOST_WORDS else f"{words[: MOST_WORDS - 1]}…"


def _counted(references: tuple[str, ...]) -> tuple[str, ...]:
    """What is left out says so."""
    return references if len(references) <= MOST_REFERENCES else (*references[:MOST_REFERENCES], "…")


def reference_of(text: str) -> str:
    """A bank's reference in one line; empty where it says that there is none, as NONREF and NOTPROVIDED do."""
    reference = plain_words(text)
    letters = "".join(c for c in reference if c.isalnum()).casefold()
    return "" if letters in _NONE or not letters.strip("0") else reference


@dataclass(frozen=True, slots=True)
class LineWords:
    """`reference` is the bank's own; `references` are all others. Empty where there are none."""

    name: str = ""
    text: str = ""
    reference: str = ""
    references: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        names: Iterable[str] = (),
        texts: Iterable[str] = (),
        reference: str = "",
        others: Iterable[str] = (),
    ) -> LineWords:
        """Of what a file says; the same twice is kept once."""
        own = reference_of(reference)
        references = dict.fromkeys(other for text in others if (other := reference_of(text)) and other != own)
        return cls(
            name=_bounded(", ".join(dict.fromkeys(name for text in names if (name := plain_words(text))))),
            text=plain_words(*dict.fromkeys(texts)),
            reference=own,
            references=_counted(tuple(references)),
        )

    @classmethod
    def opened(cls, value: bytes) -> LineWords:
        """Of the bytes that are kept."""
        fields = json.loads(value)
        return cls(fields["name"], fields["text"], fields["reference"], tuple(fields["references"]))

    def kept(self) -> bytes:
        """The bytes that are kept, and committed to; none where nothing is said."""
        if self == LineWords():
            return b""
        return canonical(self.as_json())

    def as_json(self) -> dict[str, str | list[str]]:
        """As JSON shows them."""
        return {
            "name": self.name,
            "text": self.text,
            "reference": self.reference,
            "references": [*self.references],
        }

    @property
    def said(self) -> str:
        """All of them in one line, for people."""
        return " · ".join(word for word in (self.name, self.text, self.reference, *self.references) if word)
