"""What the ledger refuses, in sentences that a person can act on. Nothing here is ever half-written."""

from __future__ import annotations

from dataclasses import dataclass


def one(word: str) -> str:
    """A word of ours with its article: `a receipt`, `an over`."""
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong: its dotted name, and why with the remedy (never the whole value)."""

    field: str
    reason: str


class LedgerError(Exception):
    """Any refusal of the ledger; `str()` is one sentence."""


class Refused(LedgerError):
    """Bad input. The ledger is as it was."""

    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{e.field}: {e.reason}" for e in errors))

    @classmethod
    def field(cls, field: str, reason: str) -> Refused:
        return cls(FieldError(field, reason))


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

    def __init__(self, sentence: str, *, full: bool = False) -> None:
        self.full = full
        super().__init__(sentence)


class ForeignDatabase(LedgerError):
    """The database belongs to another program, or to a newer version of this one."""
