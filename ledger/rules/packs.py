"""Packs of so many pieces, as papers count them; the books count pieces, and entries say both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.facts import STRICT, Positive
from ledger.core.money import MAX_AMOUNT
from ledger.core.wording import WrongValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Packs:
    """`count` packs of so many pieces each: 50 of 100."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    count: Positive
    of: Positive

    @property
    def pieces(self) -> int:
        return self.count * self.of


def packs_text(rows: Iterable[tuple[int | None, int | None]]) -> str:
    """`9x100, 1x50`, of rows (packs, pieces in each); empty where all were told in pieces."""
    return ", ".join(f"{packs}x{of}" for packs, of in rows if packs is not None)


def in_pieces(pieces: int | None, packs: Packs | None) -> int:
    """The pieces that a paper means; raises WrongValue where it says none, or the two do not agree."""
    if packs is None:
        if pieces is None:
            raise WrongValue("says neither pieces nor packs; give one of them")
        return pieces
    if packs.pieces > MAX_AMOUNT:
        raise WrongValue(
            "is more than {most} pieces, which no line can hold; check the packs", most=MAX_AMOUNT
        )
    if pieces not in {None, packs.pieces}:
        raise WrongValue(
            "is {told}, and {n} pack of {size} is {pieces}; leave one out",
            many="is {told}, and {n} packs of {size} are {pieces}; leave one out",
            told=str(pieces),
            n=packs.count,
            size=packs.of,
            pieces=packs.pieces,
        )
    return packs.pieces
