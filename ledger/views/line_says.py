"""What a bank line says, as people of the desk read it; nobody else is ever given it."""

from __future__ import annotations

from ledger.core.frozen import Frozen
from ledger.core.line_words import LineWords


class LineSays(Frozen):
    """The private words of a bank line; each is empty where the bank gives none."""

    name: str
    """Who is on the other side."""
    text: str
    """What the payment is said to be for."""
    reference: str
    """The bank's own reference."""
    references: tuple[str, ...]
    """All other references."""

    @classmethod
    def of(cls, words: LineWords | None) -> LineSays | None:
        """None where there are none, or they were forgotten."""
        if words is None:
            return None
        return cls(name=words.name, text=words.text, reference=words.reference, references=words.references)

    @property
    def said(self) -> str:
        """All of them in one line."""
        return LineWords(self.name, self.text, self.reference, self.references).said
