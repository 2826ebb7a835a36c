"""What a noun finds doubtful of a fact that it has just recorded: what somebody else than its author has to answer.

Each noun says it of its own facts (`Kind.doubts`); `questions` keeps the answers, and refuses what rests on doubts.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.model.named import NameOf
from ledger.model.questions import Doubt


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A doubt about an entry; `other` is the entry of the fact that it may be the same as.

    Where two names look alike: of what (`kind`), the new one, and the one that there was.
    """

    doubt: Doubt
    other: int | None = None
    kind: NameOf | None = None
    name: str | None = None
    other_name: str | None = None
