"""Charge-backs: a bank takes a gift back, whatever became of it; what of it was used is a shortfall, as with coins.

What the gift has free goes back; the use of the rest stands, no other gift pays for it, and the shortfall stays a row
until a person covers it with money that is no gift (docs/rules.md, 4 and 26).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from pydantic import ConfigDict
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Number, Positive
from ledger.core.lines import Change, Part, PartKind, UnitState, Use, units_in
from ledger.core.names import HoldCause, HoldName, UseCause, gift_named, money_use
from ledger.core.wording import Figure
from ledger.model.bank_money import ChargeBackRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.covers import CoverRow
from ledger.model.gifts import ContributionRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.contributions import gift_of
from ledger.rules.gift_records import find_contribution, note_returned
from ledger.rules.own_money import own_money
from ledger.rules.pledges import ContributionRef
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, held_takings, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeBack:
    """`amount` minor units of the contribution `gift` (`contribution:NUMBER`) that its bank took back."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    gift: ContributionRef
    amount: Positive
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanting:
    """What of a charge-back had been used, minor units of the gift's currency."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    shortfall: Count


_standing = (
    col(ChargeBackRow.campaign) == OF_CAMPAIGN,
    col(ChargeBackRow.status) == ProposalStatus.APPROVED,
)
_CHARGE_BACKS = select(ChargeBackRow).where(*_standing).order_by(col(ChargeBackRow.number))


def charge_backs_of(session: Session, campaign: str) -> Sequence[ChargeBackRow]:
    """The charge-backs of a campaign that stand, by number."""
    return session.exec(_CHARGE_BACKS, params={"of_campaign": campaign}).all()


def uncovered(session: Session, row: ChargeBackRow, *, waiting: bool = False) -> int:
    """What of a shortfall nobody covered, minor units; `waiting`: what is asked for counts as covered."""
    statuses = COUNTS if waiting else (ProposalStatus.APPROVED,)
    covered = select(func.coalesce(func.sum(CoverRow.amount), 0)).where(
        CoverRow.charge_back_entry == row.entry, col(CoverRow.status).in_(statuses)
    )
    return row.shortfall - int(session.exec(covered).one())


_COVERED = (
    select(CoverRow.charge_back_entry, func.sum(CoverRow.amount))
    .where(col(CoverRow.campaign) == OF_CAMPAIGN, col(CoverRow.status) == ProposalStatus.APPROVED)
    .group_by(col(CoverRow.charge_back_entry))
)


def uncovered_charges(session: Session, campaign: str) -> list[tuple[ChargeBackRow, int]]:
    """(charge-back, minor units of its shortfall that nobody covered), of those that stand and where some are."""
    charged = charge_backs_of(session, campaign)
    if not charged:
        return []
    sums = session.exec(_COVERED, params={"of_campaign": campaign})
    covered = {entry: int(minor) for entry, minor in sums}
    left = [(row, row.shortfall - covered.get(row.entry, 0)) for row in charged]
    return [(row, minor) for row, minor in left if minor]


class Charged(NamedTuple):
    """Gifts in one currency that banks took back: how much, and how much of it had been used, covered or not."""

    taken: int = 0
    used: int = 0


_CHARGED = (
    select(ChargeBackRow.currency, func.sum(ChargeBackRow.amount), func.sum(ChargeBackRow.shortfall))
    .where(*_standing)
    .group_by(col(ChargeBackRow.currency))
)


def charged_back(session: Session, campaign: str) -> dict[str, Charged]:
    """What banks took back of a campaign's gifts, by currency: none of it counts as given (docs/rules.md, 26)."""
    sums = session.exec(_CHARGED, params={"of_campaign": campaign})
    return {asset: Charged(int(taken), int(used)) for asset, taken, used in sums}


def shortfall_at_banks(session: Session, campaign: str, currency: str) -> int:
    """What was charged back after it was used, and nobody covered: lines hold so much more than the banks."""
    return sum(minor for row, minor in uncovered_charges(session, campaign) if row.currency == currency)


def _gift(context: Context, name: str) -> ContributionRow:
    gift = find_contribution(context.books.session, context.campaign, gift_named(name).number)
    if gift is None:
        raise NotFound.field(
            "gift", "there is no {name} in campaign {campaign}", name=name, campaign=context.campaign
        )
    if gift.reversed_by is not None:
        raise Conflict.field("gift", "{name} is reversed; it never came", name=name)
    if gift.blocked_by is not None:
        raise Conflict.field("gift", "{name} is blocked; two persons release it first", name=name)
    return gift


def _asked_already(session: Session, gift: ContributionRow) -> int:
    """What other charge-backs of a gift wait to take."""
    asked = select(func.coalesce(func.sum(ChargeBackRow.amount), 0)).where(
        ChargeBackRow.gift_entry == gift.entry, ChargeBackRow.status == ProposalStatus.PENDING
    )
    return int(session.exec(asked).one())


def _hold(context: Context, facts: ChargeBack) -> Posting[None]:
    require_campaign(context)
    gift = _gift(context, facts.gift)
    left = gift.amount - gift.returned - _asked_already(context.books.session, gift)
    if facts.amount > left:
        raise Refused.field(
            "amount",
            "is more than the {left} of this gift that did not go back",
            left=Figure(gift.currency, left),
        )
    own = own_money(context.books.lines, (gift.line, gift.line_start, gift.line_end))
    ref = str(HoldName(HoldCause.CHARGE_BACK, facts.number))
    held = [
        Change(line, pieces, UnitState.FREE, UnitState.HELD, ref)
        for line, pieces in own.lowest_free(facts.amount)
    ]
    return Posting((), tuple(held))


def _effect(context: Context, row: ChargeBackRow, _decision: Decision) -> Posting[Wanting]:
    books, campaign = context.books, context.campaign
    there = min(row.amount, max(0, books.net(account(AccountClass.BANK, campaign, row.bank), row.currency)))
    back = account(AccountClass.GIVEN_BACK, campaign)
    transfers = [
        Transfer(back, account(kind, campaign, row.bank), row.currency, units)
        for kind, units in ((AccountClass.BANK, there), (AccountClass.OVERDRAFT, row.amount - there))
        if units
    ]
    takings = held_takings(books.session, row)
    uses = tuple(
        Use(
            str(money_use(UseCause.CHARGE_BACK, campaign, row.number, taking.restriction)),
            taking.line,
            taking.pieces,
            taking.units,
            (Part(PartKind.RETURNED, taking.units, taking.units),),
        )
        for taking in takings
    )
    wanting = row.amount - sum(units_in(taking.pieces) for taking in takings)
    return Posting(tuple(transfers), (*release_of(books.session, row), *uses), Wanting(shortfall=wanting))


def _row(books: Books, entry: Entry[ChargeBack, None]) -> ChargeBackRow:
    facts = entry.facts
    gift = find_contribution(books.session, entry.campaign, gift_named(facts.gift).number)
    assert gift is not None  # it was looked at when this was recorded
    return ChargeBackRow(
        **proposed(entry, facts.number, facts.date),
        gift_entry=gift.entry,
        bank=gift.bank,
        currency=gift.currency,
        amount=facts.amount,
    )


def _note(session: Session, row: ChargeBackRow, units: int) -> None:
    """So many more units of the gift went back, by its bank; fewer where negative."""
    gift = session.get_one(ContributionRow, row.gift_entry)
    gift.charged_back += units
    note_returned(session, row.campaign, gift_of(gift.number), units)


def _approved(books: Books, row: ChargeBackRow, entry: Entry[Decision, Wanting]) -> None:
    row.shortfall = entry.notes.shortfall
    _note(books.session, row, row.amount)


def _reversed(books: Books, row: ChargeBackRow, _entry: Entry[Decision, Wanting]) -> None:
    """The bank took nothing back: the gift is whole again."""
    row.shortfall = 0
    _note(books.session, row, -row.amount)


def _require_uncovered(context: Context, row: ChargeBackRow, _entry: Entry[Decision, Wanting]) -> None:
    standing = select(CoverRow.number).where(
        CoverRow.charge_back_entry == row.entry, col(CoverRow.status).in_(COUNTS)
    )
    number = context.books.session.exec(standing).first()
    if number is not None:
        raise Conflict.field(
            "entry", "{number} covers what it left wanting; reverse or reject that first", number=number
        )


CHARGE_BACKS = Workflow(
    noun="charge-back",
    facts=ChargeBack,
    row=ChargeBackRow,
    doc="Record that a bank took a contribution back; what of it was used is a shortfall. Another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=Wanting,
    approved=_approved,
    reversed=_reversed,
    require=_require_uncovered,
    about=lambda _session, row: (row.currency, row.amount),
)


KINDS = CHARGE_BACKS.kinds()
