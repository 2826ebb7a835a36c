"""Gifts that no watched transaction brought: money at a bank, and goods or services in kind; their keys and trails.

A key is `contribution:CAMPAIGN:NUMBER` or `in-kind:CAMPAIGN:NUMBER`; it may be asked for without the campaign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, SQLColumnExpression, literal
from sqlmodel import Session, col, select

from ledger.core.entry import entry_from_bytes
from ledger.core.errors import NotFound
from ledger.core.frozen import Amount
from ledger.core.names import GiftKey, gift_key_named
from ledger.model.evidence import About
from ledger.model.gifts import ContributionRow, GiftBlockRow
from ledger.model.goods import InKindRow as InKindGift
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, campaign_slugs, product_of
from ledger.rules.charge_backs import charge_backs_of
from ledger.rules.gift_records import contributions_of, find_contribution
from ledger.rules.in_kind import find_in_kind, in_kind_gifts, standing_in_kind
from ledger.store.transaction import Reading
from ledger.views.campaign import DonationRow, InKindRow
from ledger.views.changes import GivenUnits
from ledger.views.donation import DonationFollower, blocked_since, restriction_to
from ledger.views.donation_status import outcome_of_returned
from ledger.views.paper_steps import corrected_facts
from ledger.views.papers import papers_of_gift
from ledger.views.people import reached_by_sex
from ledger.views.trail import DonationStatus, DonationTrail, Outcome, Step, StepKind

NOUNS = ("contribution", "in-kind")
"""The nouns of such gifts, which their keys begin with."""


def is_gift_key(text: str) -> bool:
    """Does a text have the shape of such a key?"""
    key = gift_key_named(text)
    return key is not None and key.noun in NOUNS


@dataclass(frozen=True, slots=True)
class _Gift:
    """What both sorts of such gifts say: `minor` of `asset`, money at a bank or pieces, on `line` from `start`."""

    noun: str
    number: str
    entry: int
    at: str
    date: str
    happened: str
    asset: str
    minor: int
    unit: str
    value: int | None
    currency: str
    place: str
    figures: Mapping[str, Amount]
    detail: tuple[tuple[str, str], ...]
    paper: str | None
    status: DonationStatus
    reversed_by: int | None
    line: str
    start: int
    end: int
    outcome: Outcome | None = None
    returned: int = 0
    restriction: str = ""
    blocked_by: int | None = None

    @property
    def is_live(self) -> bool:
        return self.status is not DonationStatus.REVERSED


def _contribution(row: ContributionRow) -> _Gift:
    status = DonationStatus.SETTLED if row.blocked_by is None else DonationStatus.BLOCKED
    return _Gift(
        noun="contribution",
        number=row.number,
        entry=row.entry,
        at=row.at,
        date=row.date,
        happened="" if row.happened == row.date else row.happened,
        asset=row.currency,
        minor=row.amount,
        unit="",
        value=None,
        currency=row.currency,
        place=row.bank,
        figures={"fee": Amount.of(row.currency, row.fee)} if row.fee else {},
        detail=(),
        paper=None,
        status=status if row.reversed_by is None else DonationStatus.REVERSED,
        reversed_by=row.reversed_by,
        line=row.line,
        start=row.line_start,
        end=row.line_end,
        outcome=Outcome.CHARGED_BACK if row.charged_back else outcome_of_returned(row.returned, row.amount),
        returned=row.returned,
        restriction=row.restriction or "",
        blocked_by=row.blocked_by,
    )


def _in_kind(books: Books, row: InKindGift) -> _Gift:
    stated = _stated(row)
    return _Gift(
        noun="in-kind",
        number=row.number,
        entry=row.entry,
        at=row.at,
        date=row.date,
        happened=row.happened or "",
        asset=row.product,
        minor=row.quantity,
        unit=product_of(books.session, row.campaign, row.product).unit,
        value=row.value,
        currency=row.currency or "",
        place=row.place,
        figures={} if stated is None else {"value": stated},
        detail=tuple(_said(row)),
        paper=row.paper,
        status=DonationStatus.SETTLED if row.reversed_by is None else DonationStatus.REVERSED,
        reversed_by=row.reversed_by,
        line=row.line,
        start=row.line_start,
        end=row.line_start + row.quantity,
    )


def _said(row: InKindGift) -> Iterator[tuple[str, str]]:
    """How the value of a gift in kind was come by, and what of it came damaged."""
    if row.method is not None:
        yield "method", row.method.value.replace("_", " ")
        yield "stated_by", row.stated_by or ""
    if row.damaged:
        yield "damaged", str(row.damaged)


def _stated(row: InKindGift) -> Amount | None:
    """The value that somebody states of a gift in kind; None where nobody does."""
    return None if row.value is None or row.currency is None else Amount.of(row.currency, row.value)


def _gift_of(books: Books, slug: str, noun: str, number: str) -> _Gift | None:
    if noun == "in-kind":
        given = find_in_kind(books.session, slug, number)
        return None if given is None else _in_kind(books, given)
    row = find_contribution(books.session, slug, number)
    return None if row is None else _contribution(row)


def other_trails(tx: Reading, key: str) -> list[DonationTrail]:
    """The trails of the gifts that a key names, of one campaign or of all; raises NotFound."""
    books = Books(tx)
    named = gift_key_named(key)
    if named is None:
        raise NotFound("No gift has the key {key}. Write NOUN:CAMPAIGN:NUMBER.", key=key[:80])
    slugs = list(campaign_slugs(books.session)) if named.campaign is None else [named.campaign]
    trails = []
    for slug in slugs:
        gift = _gift_of(books, slug, named.noun, named.number)
        if gift is not None:
            trails.append(_trail(tx, slug, gift))
    if not trails:
        raise NotFound(
            "No gift has the key {key}. Write {noun}:CAMPAIGN:NUMBER; the campaign tells you the number.",
            key=key[:80],
            noun=named.noun,
        )
    return trails


def _trail(tx: Reading, slug: str, gift: _Gift) -> DonationTrail:
    follower = DonationFollower(tx, slug)
    row = _row(slug, gift, follower.campaign.end)
    followed = follower.followed(
        gift.line,
        gift.start,
        gift.end,
        meant_for=follower.place_of(gift.restriction),
        given_on=gift.happened or gift.date,
    )
    papers = papers_of_gift(tx.session, slug, About(gift.noun), gift.number, gift.paper)
    given = Step(
        kind=StepKind.GIVEN,
        at=gift.happened or gift.date,
        booked=gift.date if gift.happened else None,
        amount=row.amount,
        unit=row.unit,
        place=gift.place,
        reference=gift.number,
        figures=gift.figures,
        detail=dict((*gift.detail, *corrected_facts(tx.session, gift.entry, asset=gift.asset))),
        evidence=papers,
        entry=gift.entry,
        over=True,
    )
    steps = [given]
    undoing = None if gift.reversed_by is None else tx.journal.by_seq(gift.reversed_by)
    if undoing is not None:
        day, seq = entry_from_bytes(undoing.data).date, undoing.seq
        steps.append(
            Step(
                kind=StepKind.VOIDED,
                at=day,
                booked=None,
                amount=row.amount,
                unit=row.unit,
                place="",
                reference="",
                figures={},
                detail={},
                evidence=(),
                entry=seq,
                over=True,
            )
        )
    places = followed.places
    if gift.blocked_by is not None:
        places = blocked_since(places, tx.session.get_one(GiftBlockRow, gift.blocked_by).at[:10])
    return DonationTrail(
        key=row.key,
        campaign=slug,
        campaign_title=follower.campaign.title,
        outpoint=None,
        txid=None,
        vout=None,
        address=None,
        amount=row.amount,
        unit=row.unit,
        status=row.status,
        confirmations=0,
        needed=0,
        block=None,
        seen_at=None,
        settled_at=(gift.happened or gift.date) if gift.is_live else None,
        recorded_at=gift.at if gift.is_live else None,
        value=row.value,
        rate_sources=(),
        replaced_by=None,
        steps=(*steps, *_with_charge_backs(tx.session, slug, gift, followed.steps)),
        places=places,
        shares=followed.shares,
        thread=followed.thread,
        sources=(),
        late=row.late,
        outcome=row.outcome,
        returned=Amount.of(gift.asset, gift.returned),
        changes=follower.later.of(
            f"{gift.noun}:{gift.number}", GivenUnits(gift.entry, (gift.line, gift.start, gift.end))
        ),
        restriction=restriction_to(tx.session, slug, row.restriction),
        people=reached_by_sex(tx.session, slug, followed.services),
    )


def _with_charge_backs(session: Session, slug: str, gift: _Gift, steps: tuple[Step, ...]) -> list[Step]:
    """The steps of a gift's units with what its bank took back: all of it, used before or not (docs/rules.md, 26)."""
    in_order = list(steps)
    for row in charge_backs_of(session, slug):
        if row.gift_entry != gift.entry:
            continue
        at = row.happened or row.date
        place = next((n for n, step in enumerate(in_order) if step.entry == row.entry), None)
        returned = {} if place is None else in_order.pop(place).figures
        shortfall = {"shortfall": Amount.of(row.currency, row.shortfall)} if row.shortfall else {}
        step = Step(
            kind=StepKind.CHARGED_BACK,
            at=at,
            booked=row.date if row.happened else None,
            amount=Amount.of(row.currency, row.amount),
            unit="",
            place=row.bank,
            reference=row.number,
            figures={**returned, **shortfall},
            detail={},
            evidence=(),
            entry=row.entry,
            over=True,
        )
        later = (n for n, other in enumerate(in_order) if not other.at or other.at > at)
        in_order.insert(next(later, len(in_order)), step)
    return in_order


def _row(slug: str, gift: _Gift, end: str) -> DonationRow:
    return DonationRow(
        at=gift.date,
        key=str(GiftKey(gift.noun, slug, gift.number)),
        amount=Amount.of(gift.asset, gift.minor),
        unit=gift.unit,
        status=gift.status,
        confirmations=0,
        block_height=None,
        value=Amount.known(gift.currency, gift.value),
        late=gift.date > end,
        outcome=gift.outcome,
        restriction=gift.restriction or None,
        happened=gift.happened or None,
    )


_PLACE = re.compile(r"a(contribution|in-kind):(.*)", re.DOTALL)
"""Where a gift without a coin stands in the list of all."""


def other_rows(books: Books, slug: str, *, after: str | None, size: int) -> Iterator[tuple[str, DonationRow]]:
    """(place in the list, row) of each beyond a place, bank money first, by number; read `size` at a time, as asked."""
    end, session = campaign_of(books.session, slug).end, books.session
    at = None if after is None else _PLACE.fullmatch(after)

    def at_bank(number: str) -> list[_Gift]:
        return [_contribution(row) for row in contributions_of(session, slug, after=number, limit=size)]

    def in_kind(number: str) -> list[_Gift]:
        return [_in_kind(books, row) for row in in_kind_gifts(session, slug, after=number, limit=size)]

    for noun, read in (("contribution", at_bank), ("in-kind", in_kind)):
        number = "" if at is None or noun > at.group(1) else at.group(2)
        if at is not None and noun < at.group(1):
            continue
        while gifts := read(number):
            for gift in gifts:
                yield f"a{noun}:{gift.number}", _row(slug, gift, end)
            number = gifts[-1].number


def newest_at_banks(
    session: Session, slug: str, status: DonationStatus | None, search: str, *, start: int, limit: int
) -> list[DonationRow]:
    """Gifts at banks of a status, or of any, whose key has `search` in it: so many of them, the newest first."""
    row, wanted = ContributionRow, select(ContributionRow).where(ContributionRow.campaign == slug)
    match status:
        case DonationStatus.REVERSED:
            wanted = wanted.where(col(row.reversed_by).is_not(None))
        case DonationStatus.BLOCKED | DonationStatus.SETTLED:
            is_blocked = status is DonationStatus.BLOCKED
            of_block = col(row.blocked_by).is_not(None) if is_blocked else col(row.blocked_by).is_(None)
            wanted = wanted.where(col(row.reversed_by).is_(None), of_block)
        case DonationStatus():
            return []
    wanted = wanted.where(_has(search, "contribution", slug, col(row.number)))
    newest = wanted.order_by(col(row.date).desc(), col(row.number).desc()).offset(start).limit(limit)
    end = campaign_of(session, slug).end
    return [_row(slug, _contribution(gift), end) for gift in session.exec(newest)]


def newest_in_kind(
    books: Books, slug: str, status: DonationStatus | None, search: str, *, start: int, limit: int
) -> list[DonationRow]:
    """The same of gifts in kind."""
    row, wanted = InKindGift, select(InKindGift).where(InKindGift.campaign == slug)
    match status:
        case DonationStatus.REVERSED:
            wanted = wanted.where(col(row.reversed_by).is_not(None))
        case DonationStatus.SETTLED:
            wanted = wanted.where(col(row.reversed_by).is_(None))
        case DonationStatus():
            return []
    wanted = wanted.where(_has(search, "in-kind", slug, col(row.number)))
    newest = wanted.order_by(col(row.date).desc(), col(row.number).desc()).offset(start).limit(limit)
    end = campaign_of(books.session, slug).end
    return [_row(slug, _in_kind(books, gift), end) for gift in books.session.exec(newest)]


def _has(search: str, noun: str, slug: str, number: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Does the key of a gift have a text in it, in whatever case?"""
    return (literal(str(GiftKey(noun, slug, ""))) + number).icontains(search, autoescape=True)


def in_kind_rows(books: Books, slug: str, limit: int) -> Iterator[InKindRow]:
    """The first of what was given in kind and stands, with its stated value: told apart, in no total of money."""
    for row in standing_in_kind(books.session, slug, limit):
        product = product_of(books.session, slug, row.product)
        yield InKindRow(
            key=str(GiftKey("in-kind", slug, row.number)),
            date=row.date,
            what=product.name,
            quantity=row.quantity,
            damaged=row.damaged,
            unit=product.unit,
            value=_stated(row),
            method="" if row.method is None else row.method.value,
            stated_by=row.stated_by or "",
            organisation=row.organisation or "",
        )
