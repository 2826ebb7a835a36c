"""What the ledger refuses, in sentences that a person can act on. Nothing here is ever half-written.

A refusal names the field that is wrong, and says why and what to do in one whole text whose places are named:
`Refused.field("until", "lies before {day}; give a later one", day=row.date)`. The sentence is made by who shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ledger.core.wording import AT_FIELD, ENGLISH, Catalogue, Value, Wording, translatable

_BOTH = translatable("{first}; {next}")
"""What is wrong with two fields."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong: its dotted name ("" for none), and why with the remedy (never the whole value)."""

    field: str
    wording: Wording

    @property
    def reason(self) -> str:
        """In English."""
        return str(self.wording)

    @property
    def named(self) -> Wording:
        """The reason, behind the field where there is one."""
        return (
            Wording(AT_FIELD, {"field": self.field, "reason": self.wording}) if self.field else self.wording
        )

    def translated(self, catalogue: Catalogue = ENGLISH) -> str:
        """Field and reason in one line."""
        return self.named.translated(catalogue)


class LedgerError(Exception):
    """Any refusal of the ledger; `str()` is one English sentence."""

    def __init__(self, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__()
        self.errors: tuple[FieldError, ...] = (FieldError("", Wording(text, values, many)),)

    @classmethod
    def field(cls, field: str, text: str, /, *, many: str = "", **values: Value) -> Self:
        """What is wrong with one field. `text` is a literal, whole, with a name in braces for each of `values`.

        Where a number `n` decides the form, `many` is the text for all but one.
        """
        refusal = cls(text, many=many, **values)
        refusal.errors = (FieldError(field, Wording(text, values, many)),)
        return refusal

    @classmethod
    def of(cls, field: str, wording: Wording) -> Self:
        """What is wrong with one field, in a wording that is told elsewhere too."""
        return cls.field(field, wording.text, many=wording.many, **wording.values)

    def __str__(self) -> str:
        return self.translated()

    @property
    def wording(self) -> Wording:
        """All that is wrong, for what tells it within a text of its own; of several fields, one behind the other."""
        whole, *others = (error.named for error in self.errors)
        for other in others:
            whole = Wording(_BOTH, {"first": whole, "next": other})
        return whole

    def translated(self, catalogue: Catalogue = ENGLISH) -> str:
        """The sentence, in English where nothing else is chosen."""
        return self.wording.translated(catalogue)


class Refused(LedgerError):
    """Bad input. The ledger is as it was."""

    @classmethod
    def fields(cls, errors: tuple[FieldError, ...]) -> Self:
        """What is wrong with several fields at once."""
        refusal = cls("")
        refusal.errors = errors
        return refusal


class NotFound(LedgerError):
    """What was named does not exist here."""


class NothingYet(NotFound):
    """What was named is ours, and nothing has come to it yet."""


class Conflict(LedgerError):
    """Something else is already recorded under the same key, or the state does not allow it."""


class NotAllowed(LedgerError):
    """The user's role, or the four-eyes rule, does not allow it."""


class StorageFailed(LedgerError):
    """The database cannot be read or written now, whatever was asked; `full` for want of room on its disk."""

    def __init__(self, text: str, /, *, full: bool = False, many: str = "", **values: Value) -> None:
        super().__init__(text, many=many, **values)
        self.full = full


class Damaged(LedgerError):
    """What is kept is not what it was: somebody meddled with it, or a disk failed. Nothing of it is given out."""


class ForeignDatabase(LedgerError):
    """The database belongs to another program, or to a newer version of this one."""
