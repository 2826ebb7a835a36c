"""What partners of the story promised before the call, and what came of it: kept whole, kept in part, or lapsed.
Invented, to the sat. A promise is in no total; which gift kept it is said by the gift's place on the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.core.roles import Role
from ledger.rules.pledges import Match, Pledge, Step
from service.demo.act import Act
from service.demo.gifts import moment


@dataclass(frozen=True, slots=True)
class Kept:
    """`sats` of a promise came with a gift: output `vout` of the transaction of this label, as it was recorded."""

    tx: str
    vout: int
    sats: int


@dataclass(frozen=True, slots=True)
class Promise:
    number: str
    sats: int
    day: str
    kept: tuple[Kept, ...]


PROMISES = (
    Promise("PL-1", 200_000_000, "2020-05-16", (Kept("g17", 0, 50_000_000), Kept("g33", 0, 150_000_000))),
    Promise("PL-2", 50_000_000, "2020-05-17", (Kept("g44", 1, 40_000_000),)),
    Promise("PL-3", 25_000_000, "2020-05-17", (Kept("g23", 0, 25_000_000),)),
)
"""PL-1 came in two gifts, PL-3 in one; 0.1 BTC of PL-2 never came."""

MATCHED, LAPSED = "2020-06-03", "2020-07-01"
"""The day after the call, when the gifts had settled; and a month later."""


def promised(transactions: Mapping[str, str]) -> Iterator[Act]:
    """Each promise, the gifts that kept it, and the lapse of what did not come."""
    matches = 0
    for promise in PROMISES:
        pledge = Pledge(number=promise.number, asset="BTC", amount=promise.sats, date=promise.day)
        yield _recorded(f"{promise.day}T12:00", "add", pledge)
        for kept in promise.kept:
            matches += 1
            match = Match(
                number=f"PM-{matches}",
                pledge=promise.number,
                gift=f"{transactions[kept.tx]}:{kept.vout}",
                amount=kept.sats,
                date=MATCHED,
            )
            yield _recorded(f"{MATCHED}T11:00", "match", match)
        if sum(kept.sats for kept in promise.kept) < promise.sats:
            yield _recorded(f"{LAPSED}T09:00", "lapse", Step(number=promise.number, date=LAPSED))


def _recorded(at: str, verb: str, facts: object) -> Act:
    return Act(moment(at), Role.RECORDER, "pledge", verb, facts)
