"""Pledges: promises of money, and what became of them: matched to the gifts that fulfil them, or lapsed.

A pledge is a promise: nothing here moves money, and no total ever counts one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict
from sqlalchemy import BigInteger, Text, bindparam
from sqlmodel import Session, col, func, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Currency, Date, Number, Positive, matching
from ledger.core.names import GiftKind, gift_named
from ledger.core.wording import Figure, Wording
from ledger.model.bank_money import ChargeBackRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.gifts import ContributionRow
from ledger.model.pledges import PledgeMatchRow, PledgeRow, PledgeStepRow, StepKind
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.gift_records import find_gifts, given_money
from ledger.rules.rows import find_numbered
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered

_AT_BANK = r"contribution:[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
GiftRef = Annotated[
    str,
    matching(
        r"[0-9a-f]{64}:(0|[1-9][0-9]{0,9})|" + _AT_BANK,
        Wording("write TXID:VOUT for coins, or contribution:NUMBER for money at a bank"),
    ),
]
ContributionRef = Annotated[
    str, matching(_AT_BANK, Wording("write contribution:NUMBER, as everywhere for a gift to a bank"))
]
"""A gift as its line names it."""


class PledgeStatus(StrEnum):
    """The words of OCHA FTS, and what ends a promise that nobody kept."""

    PLEDGE = "pledge"
    COMMITMENT = "commitment"
    PAID = "paid"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge:
    """A promise, not yet money; never in totals. `due`: the day until which it was promised to come."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    asset: Currency
    amount: Positive
    due: Date | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`amount` minor units of a pledge were fulfilled by a gift; `number` is that of the match."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    pledge: Number
    gift: GiftRef
    amount: Positive
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A pledge became binding, or will not be fulfilled any more."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    date: Date


@dataclass(frozen=True, slots=True)
class PledgeState:
    """How far a pledge is fulfilled, minor units of its asset; one that lapsed in part leaves `lapsed`."""

    asset: str
    promised: int
    paid: int
    lapsed: int
    status: PledgeStatus

    @property
    def open(self) -> int:
        """What is still to come."""
        return self.promised - self.paid - self.lapsed


def gift_asset(books: Books, campaign: str, gift: str) -> str:
    """The asset that a gift is in."""
    money = given_money(books.session, campaign, gift)
    return "BTC" if money is None else money.asset


def gift_worth(books: Books, campaign: str, gift: str, asset: str) -> int | None:
    """What a live gift is in an asset, minor units: its own, or its value in that currency; None: it is not."""
    money = given_money(books.session, campaign, gift)
    if money is None or not money.live:
        return None
    if money.asset == asset:
        return money.amount
    return money.value if money.currency == asset else None


def find_pledge(session: Session, campaign: str, number: str) -> PledgeRow | None:
    return find_numbered(session, PledgeRow, campaign, number)


def pledge_of(session: Session, campaign: str, number: str) -> PledgeRow:
    """The pledge of a number, reversed or not; raises NotFound."""
    pledge = find_pledge(session, campaign, number)
    if pledge is None:
        raise NotFound.field(
            "pledge", "there is no pledge {number} in campaign {campaign}", number=number, campaign=campaign
        )
    return pledge


_PLEDGES = (
    select(PledgeRow)
    .where(col(PledgeRow.campaign) == OF_CAMPAIGN, col(PledgeRow.reversed_by).is_(None))
    .order_by(col(PledgeRow.number))
)


def pledges_of(session: Session, campaign: str) -> Sequence[PledgeRow]:
    """The pledges of a campaign that are not reversed, by number."""
    return session.exec(_PLEDGES, params={"of_campaign": campaign}).all()


def pledge_state(books: Books, pledge: PledgeRow) -> PledgeState:
    """What of a pledge is paid, by the matches that stand now."""
    return pledge_states(books, pledge.campaign, (pledge,))[pledge.entry]


_among = bindparam("of_pledges", expanding=True, type_=BigInteger)
_STEPS = select(PledgeStepRow.pledge_entry, PledgeStepRow.step).where(
    col(PledgeStepRow.pledge_entry).in_(_among), col(PledgeStepRow.reversed_by).is_(None)
)


def pledge_states(books: Books, campaign: str, pledges: Sequence[PledgeRow]) -> dict[int, PledgeState]:
    """What of some pledges of a campaign is paid, by the entry of each, and by the matches that stand now.

    A gift that a reorganisation voids pays nothing until it is restored, nor does what a bank took back of one.
    """
    session, among = books.session, [pledge.entry for pledge in pledges]
    if not among:
        return {}
    matches = _matches(session, among)
    gifts = {match.gift for match in matches}
    live, short = _live(session, campaign, gifts), _short(session, campaign, gifts)
    paid: dict[int, int] = defaultdict(int)
    for match in matches:
        if match.gift in live:
            paid[match.pledge_entry] += match.amount - short.get(match.entry, 0)
    steps: dict[int, set[StepKind]] = defaultdict(set)
    for entry, step in session.exec(_STEPS, params={"of_pledges": among}):
        steps[entry].add(StepKind(step))
    return {pledge.entry: _state(pledge, paid[pledge.entry], steps[pledge.entry]) for pledge in pledges}


_MATCHES = select(PledgeMatchRow).where(
    col(PledgeMatchRow.pledge_entry).in_(_among), col(PledgeMatchRow.reversed_by).is_(None)
)


def _matches(session: Session, pledges: Sequence[int]) -> Sequence[PledgeMatchRow]:
    """The matches of pledges, by their entries, that are not reversed."""
    return session.exec(_MATCHES, params={"of_pledges": pledges}).all()


def gifts_of_pledge(session: Session, pledge: PledgeRow) -> list[str]:
    """The gifts that a pledge is matched to, each once, by their names on lines."""
    return list(dict.fromkeys(match.gift for match in _matches(session, (pledge.entry,))))


def _left_by_banks(session: Session, campaign: str, gifts: Collection[str]) -> dict[str, int]:
    """What banks left of the gifts of which they took some back, by their names on lines, minor units."""
    names = {gift: gift_named(gift) for gift in gifts}
    numbers = {name.number: gift for gift, name in names.items() if name.kind is GiftKind.CONTRIBUTION}
    if not numbers:
        return {}
    query = (
        select(ContributionRow.number, ContributionRow.amount, func.sum(ChargeBackRow.amount))
        .join(ChargeBackRow, col(ChargeBackRow.gift_entry) == ContributionRow.entry)
        .where(
            ContributionRow.campaign == campaign,
            col(ContributionRow.number).in_(numbers),
            ChargeBackRow.status == ProposalStatus.APPROVED,
        )
        .group_by(col(ContributionRow.number), col(ContributionRow.amount))
    )
    return {numbers[number]: came - int(back) for number, came, back in session.exec(query)}


def _short(session: Session, campaign: str, gifts: Collection[str]) -> dict[int, int]:
    """What of matches is not paid as a bank took it back of their gift, by their entries: of the last match first."""
    free = _left_by_banks(session, campaign, gifts)
    if not free:
        return {}
    standing = select(PledgeMatchRow).where(
        PledgeMatchRow.campaign == campaign,
        col(PledgeMatchRow.gift).in_(free),
        col(PledgeMatchRow.reversed_by).is_(None),
    )
    short: dict[int, int] = {}
    for match in session.exec(standing.order_by(col(PledgeMatchRow.entry))):
        pays = min(match.amount, max(free[match.gift], 0))
        free[match.gift] -= pays
        short[match.entry] = match.amount - pays
    return short


_STANDING = select(ContributionRow.number).where(
    col(ContributionRow.campaign) == OF_CAMPAIGN,
    col(ContributionRow.number).in_(bindparam("of_numbers", expanding=True)),
    col(ContributionRow.reversed_by).is_(None),
)


def _live(session: Session, campaign: str, gifts: Collection[str]) -> set[str]:
    """Those of some gifts, by their names on lines, that stand."""
    papers = {gift: gift_named(gift) for gift in gifts}
    coins = [gift for gift, name in papers.items() if name.kind is GiftKind.COINS]
    there = {gift for gift, settled in find_gifts(session, campaign, coins).items() if settled.live}
    numbers = {name.number: gift for gift, name in papers.items() if name.kind is GiftKind.CONTRIBUTION}
    if numbers:
        stand = session.exec(_STANDING, params={"of_campaign": campaign, "of_numbers": list(numbers)})
        there |= {numbers[number] for number in stand}
    return there


def _state(pledge: PledgeRow, paid: int, steps: set[StepKind]) -> PledgeState:
    lapsed = pledge.amount - paid if StepKind.LAPSED in steps else 0
    if paid == pledge.amount:
        status = PledgeStatus.PAID
    elif lapsed:
        status = PledgeStatus.LAPSED
    else:
        status = PledgeStatus.COMMITMENT if StepKind.COMMITTED in steps else PledgeStatus.PLEDGE
    return PledgeState(pledge.asset, pledge.amount, paid, lapsed, status)


_MATCHED = (
    select(func.coalesce(func.sum(PledgeMatchRow.amount), 0))
    .join(PledgeRow, col(PledgeRow.entry) == PledgeMatchRow.pledge_entry)
    .where(
        col(PledgeMatchRow.campaign) == OF_CAMPAIGN,
        col(PledgeMatchRow.gift) == bindparam("of_gift", type_=Text),
        col(PledgeRow.asset) == bindparam("of_asset", type_=Text),
        col(PledgeMatchRow.reversed_by).is_(None),
    )
)


def matched_of_gift(session: Session, campaign: str, gift: str, asset: str) -> int:
    """How much of a gift is matched to pledges in an asset, minor units."""
    asked = {"of_campaign": campaign, "of_gift": gift, "of_asset": asset}
    return int(session.exec(_MATCHED, params=asked).one())


_MATCHED_GIFTS = (
    select(PledgeMatchRow.gift)
    .where(col(PledgeMatchRow.campaign) == OF_CAMPAIGN)
    .distinct()
    .order_by(col(PledgeMatchRow.gift))
)


def matched_gifts(session: Session, campaign: str) -> Sequence[str]:
    """The gifts that pledges of a campaign were ever matched to, by name."""
    return session.exec(_MATCHED_GIFTS, params={"of_campaign": campaign}).all()


def _require_open(context: Context, number: str, field: str) -> tuple[PledgeRow, PledgeState]:
    pledge = pledge_of(context.books.session, context.campaign, number)
    if pledge.reversed_by is not None:
        raise Conflict.field(field, "pledge {number} was reversed; name one that stands", number=number)
    state = pledge_state(context.books, pledge)
    if state.status is PledgeStatus.PAID:
        raise Conflict.field(field, "pledge {number} is paid; name one that is still open", number=number)
    if state.status is PledgeStatus.LAPSED:
        raise Conflict.field(
            field,
            "pledge {number} is lapsed; name one that is still open, or reverse its lapse first",
            number=number,
        )
    return pledge, state


def _post_pledge(context: Context, facts: Pledge) -> Posting[None]:
    require_campaign(context)
    if facts.due is not None and facts.due < facts.date:
        raise Refused.field("due", "lies before the day of the promise")
    return Posting()


def _fold_pledge(books: Books, entry: Entry[Pledge, None]) -> None:
    facts = entry.facts
    books.session.add(
        PledgeRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            asset=facts.asset,
            amount=facts.amount,
            date=entry.date,
            happened=entry.happened or facts.date,
            due=facts.due,
        )
    )


def _unfold_pledge(books: Books, entry: Entry[Pledge, None], seq: int) -> None:
    books.session.get_one(PledgeRow, entry.seq).reversed_by = seq


def _post_match(context: Context, facts: Match) -> Posting[None]:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    pledge, state = _require_open(context, facts.pledge, "pledge")
    asset = state.asset
    worth = gift_worth(books, campaign, facts.gift, asset)
    if worth is None:
        raise Refused.field(
            "gift",
            "is no settled gift that counts in {asset}, the pledge's own; name one, or value it first",
            asset=asset,
        )
    worth = _left_by_banks(books.session, campaign, (facts.gift,)).get(facts.gift, worth)
    left = worth - matched_of_gift(books.session, campaign, facts.gift, asset)
    # A match of a gift that a reorganisation voided still binds: the gift may be restored.
    free = state.promised - sum(match.amount for match in _matches(books.session, (pledge.entry,)))
    most = min(free, left)
    if facts.amount > most:
        raise Refused.field(
            "amount",
            "{free} of the pledge is unmatched and {left} of the gift is unmatched; write at most the smaller",
            free=Figure(asset, free),
            left=Figure(asset, max(left, 0)),
        )
    return Posting()


def _fold_match(books: Books, entry: Entry[Match, None]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        PledgeMatchRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            pledge_entry=pledge_of(session, entry.campaign, facts.pledge).entry,
            gift=facts.gift,
            amount=facts.amount,
            date=entry.date,
        )
    )


def _unfold_match(books: Books, entry: Entry[Match, None], seq: int) -> None:
    books.session.get_one(PledgeMatchRow, entry.seq).reversed_by = seq


def _post_step(context: Context, facts: Step) -> Posting[None]:
    require_campaign(context)
    _require_open(context, facts.number, "number")
    return Posting()


def _of_pledge(context: Context, facts: Step) -> Iterator[int]:
    pledge = find_pledge(context.books.session, context.campaign, facts.number)
    if pledge is not None:
        yield pledge.entry


def _step_kind(step: StepKind, verb: str, noun: str, doc: str) -> Kind[Step, None]:
    """The kind that records a step, once while it stands, and again after each reversal of it."""

    def times_reversed(books: Books, campaign: str, facts: Step) -> int:
        counted = (
            select(func.count())
            .select_from(PledgeStepRow)
            .join(PledgeRow, col(PledgeRow.entry) == PledgeStepRow.pledge_entry)
            .where(
                PledgeRow.campaign == campaign,
                PledgeRow.number == facts.number,
                PledgeStepRow.step == step,
                col(PledgeStepRow.reversed_by).is_not(None),
            )
        )
        return books.session.exec(counted).one()

    def fold(books: Books, entry: Entry[Step, None]) -> None:
        session = books.session
        pledge = pledge_of(session, entry.campaign, entry.facts.number)
        session.add(PledgeStepRow(entry=entry.seq, pledge_entry=pledge.entry, step=step, date=entry.date))

    def unfold(books: Books, entry: Entry[Step, None], seq: int) -> None:
        books.session.get_one(PledgeStepRow, entry.seq).reversed_by = seq

    return Kind(
        name=f"pledge.{step.value}",
        noun="pledge",
        verb=verb,
        facts=Step,
        notes=None,
        doc=doc,
        roles=RECORDERS,
        key=lambda campaign, facts: f"{noun}:{campaign}:{facts.number}",
        rests_on=_of_pledge,
        times_reversed=times_reversed,
        post=_post_step,
        fold=fold,
        undoing=Undoing(unfold),
    )


PLEDGE = Kind(
    name="pledge",
    noun="pledge",
    verb="add",
    facts=Pledge,
    notes=None,
    doc="Record a promise of money; it is in no total.",
    roles=RECORDERS,
    key=numbered("pledge"),
    post=_post_pledge,
    fold=_fold_pledge,
    undoing=Undoing(_unfold_pledge),
)
MATCH = Kind(
    name="pledge.matched",
    noun="pledge",
    verb="match",
    facts=Match,
    notes=None,
    doc="Match a gift to the pledge that it fulfils, in part or whole; it moves no money.",
    roles=RECORDERS,
    key=numbered("pledge.matched"),
    post=_post_match,
    fold=_fold_match,
    undoing=Undoing(_unfold_match),
)
COMMIT = _step_kind(
    StepKind.COMMITTED,
    "commit",
    "commitment",
    "Record that a pledge became binding; it is still in no total.",
)
LAPSE = _step_kind(StepKind.LAPSED, "lapse", "lapse", "Record that what is open of a pledge will not come.")
KINDS = (PLEDGE, MATCH, COMMIT, LAPSE)
