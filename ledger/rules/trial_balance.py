"""Trial balances: what each account held of each asset at the end of a closed period, by accounting date.

The figures are those that the closing froze; nothing here closes a period or dates an entry.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, PlainSerializer
from sqlalchemy import BigInteger, bindparam
from sqlmodel import Session, col, select

from ledger.core import accounts
from ledger.core.entry import Entry
from ledger.core.facts import STRICT
from ledger.core.money import MAX_AMOUNT
from ledger.core.wording import Figure, Wording
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.periods import PeriodBalanceRow, PeriodClosingRow, PeriodRow
from ledger.rules.campaigns import campaign_of

Sums = dict[tuple[str, str], int]
"""(account, asset) -> debits less credits, minor units."""


def _published(minor: int) -> int | str:
    return minor if abs(minor) <= MAX_AMOUNT else str(minor)


Sum = Annotated[int, PlainSerializer(_published, return_type=int | str)]
"""A sum in minor units; above 2^53-1 it is published as a string (RFC 8785, I-JSON)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenBalance:
    """One account in one asset before and at the end of a period, as an entry publishes it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    account: str
    asset: str
    opening: Sum
    closing: Sum


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account in one asset, minor units; below zero it is a credit balance."""

    account: str
    asset: str
    opening: int
    closing: int

    @property
    def change(self) -> int:
        return self.closing - self.opening


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """A period that was closed: its days, both included, and its balances. `seq` is the entry that froze them, booked
    on `closed_on`, `through` the last entry that they count, `reopened` the reversal that opened the period again."""

    number: str
    first: str
    last: str
    closed_on: str
    seq: int
    through: int
    reopened: int | None
    rows: tuple[TrialRow, ...]

    def totals(self) -> dict[str, tuple[int, int]]:
        """Of each asset: the debit balances and the credit balances at the end, which are equal."""
        sums: dict[str, tuple[int, int]] = {}
        for row in self.rows:
            debit, credit = sums.get(row.asset, (0, 0))
            sums[row.asset] = debit + max(row.closing, 0), credit - min(row.closing, 0)
        return sums


def add_transfers(sums: Sums, campaign: str, entry: Entry) -> None:
    """Add what an entry moved on a campaign's accounts; a loan moves on those of two."""
    for transfer in entry.transfers:
        if accounts.campaign_of(transfer.debit) == campaign:
            sums[transfer.debit, transfer.asset] += transfer.amount
        if accounts.campaign_of(transfer.credit) == campaign:
            sums[transfer.credit, transfer.asset] -= transfer.amount


def touches(campaign: str, entry: Entry) -> bool:
    """Is an entry the campaign's own, or does it move anything on its accounts?"""
    return entry.campaign == campaign or any(
        campaign in {accounts.campaign_of(transfer.debit), accounts.campaign_of(transfer.credit)}
        for transfer in entry.transfers
    )


def empty_sums() -> Sums:
    return defaultdict(int)


def frozen_balances(opening: Sums, closing: Sums) -> tuple[FrozenBalance, ...]:
    """The balances that an entry publishes, by account and asset; without those that are 0 before and after."""
    keys = sorted(key for key in opening.keys() | closing.keys() if opening.get(key) or closing.get(key))
    return tuple(
        FrozenBalance(
            account=name,
            asset=asset,
            opening=opening.get((name, asset), 0),
            closing=closing.get((name, asset), 0),
        )
        for name, asset in keys
    )


_BALANCES = (
    select(PeriodBalanceRow)
    .where(col(PeriodBalanceRow.closing_entry) == bindparam("of_closing", type_=BigInteger))
    .order_by(col(PeriodBalanceRow.account), col(PeriodBalanceRow.asset))
)


def _balances(session: Session, closing: PeriodClosingRow) -> Sequence[PeriodBalanceRow]:
    return session.exec(_BALANCES, params={"of_closing": closing.entry}).all()


def closing_sums(session: Session, closing: PeriodClosingRow) -> Sums:
    """What each account held at the end of a closed period."""
    sums = empty_sums()
    sums.update({(row.account, row.asset): row.closing for row in _balances(session, closing)})
    return sums


_CLOSED = (
    select(PeriodRow, PeriodClosingRow)
    .join(PeriodClosingRow, col(PeriodClosingRow.period_entry) == PeriodRow.entry)
    .where(col(PeriodRow.campaign) == OF_CAMPAIGN)
    .order_by(col(PeriodRow.last), col(PeriodClosingRow.entry))
)


def trial_balances(session: Session, campaign: str) -> tuple[TrialBalance, ...]:
    """Every period of a campaign that was ever closed, by its last day; raises NotFound for an unknown campaign."""
    campaign_of(session, campaign)
    closed = session.exec(_CLOSED, params={"of_campaign": campaign})
    return tuple(
        TrialBalance(
            number=period.number,
            first=period.first,
            last=period.last,
            closed_on=closing.date,
            seq=closing.entry,
            through=closing.through,
            reopened=period.reversed_by,
            rows=tuple(
                TrialRow(row.account, row.asset, row.opening, row.closing)
                for row in _balances(session, closing)
            ),
        )
        for period, closing in closed.all()
    )


def frozen_differs(
    session: Session, campaign: str, entries: Iterable[Entry]
) -> Iterator[tuple[str, Wording]]:
    """(number, what is wrong) of each closed period that is not what `entries`, the whole journal, say."""
    closed = [period for period in trial_balances(session, campaign) if period.reopened is None]
    if not closed:
        return
    lasts = [period.last for period in closed]
    before, within = empty_sums(), [empty_sums() for _ in closed]
    for entry in entries:
        at = bisect_left(lasts, entry.date)
        if at == len(closed) or not touches(campaign, entry):
            continue
        if entry.seq > closed[at].through:
            yield (
                closed[at].number,
                Wording(
                    "entry {entry} is dated {day}, in a period that was closed before",
                    {"entry": entry.seq, "day": entry.date},
                ),
            )
        early = entry.date < closed[0].first
        add_transfers(before if early else within[at], campaign, entry)
    sums = before
    for period, moved in zip(closed, within, strict=True):
        opening = dict(sums)
        for key, minor in moved.items():
            sums[key] += minor
        frozen = {(row.account, row.asset): (row.opening, row.closing) for row in period.rows}
        for key in sorted(frozen.keys() | opening.keys() | sums.keys()):
            frozen_sums = frozen.get(key, (0, 0))
            are = opening.get(key, 0), sums.get(key, 0)
            if frozen_sums != are:
                yield (
                    period.number,
                    Wording(
                        "{place} was frozen at {frozen} (from {opening}) and the entries give {given} (from {began})",
                        {
                            "place": key[0],
                            "frozen": Figure(key[1], frozen_sums[1]),
                            "opening": Figure(key[1], frozen_sums[0]),
                            "given": Figure(key[1], are[1]),
                            "began": Figure(key[1], are[0]),
                        },
                    ),
                )
