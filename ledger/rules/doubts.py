"""What a noun finds doubtful of a fact that it has just recorded: what somebody else than its author has to answer.

Each noun says it of its own facts (`Kind.doubts`); `questions` keeps the answers, and refuses what rests on doubts.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.model.questions import Doubt


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A doubt about an entry; `other` is the entry of the fact that it may be the same as."""

    doubt: Doubt
    other: int | None = None
