"""A finding: one thing that is wrong, told by a check. It finds and mends nothing itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which check says so, about what, in a sentence with figures."""

    check: str
    subject: str
    sentence: str
