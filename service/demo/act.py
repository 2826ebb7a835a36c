"""One thing that somebody records in the story: facts of the desk, by a role, at a moment.
Never posts itself; whoever plays it moves the chain and the clock there first."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.roles import Role


@dataclass(frozen=True, slots=True)
class Act:
    """`facts` of the desk's `noun` and `verb`, recorded by a role at `at` seconds since 1970.

    A recorder's `add` of a purchase, conversion or payment is followed by the `approve` of an approver.
    `paper` holds the bytes that an evidence's `sha256` names; None for other facts; of a sealed paper
    only the hash leaves the safe.
    """

    at: int
    by: Role
    noun: str
    verb: str
    facts: object
    paper: bytes | None = None
