"""Limits of approvers: how much a role approves on one invoice, or for one payee within 24 hours (docs/rules.md, 16).

A limit of a role is public; that of a person is kept by the desk and stands in no entry. Neither moves anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import NotAllowed, Refused
from ledger.core.facts import STRICT, Currency, Date, Number, Positive
from ledger.core.roles import Role
from ledger.core.wording import Figure, Wording, translatable
from ledger.model.limits import LimitRow
from ledger.rules.asked import Asked
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.exchange_rates import DAYS, worth
from ledger.rules.spec import APPROVERS, Context, F, Kind, N, numbered

DAY = dt.timedelta(hours=24)
_AT = "%Y-%m-%dT%H:%M:%SZ"


Approver = Literal["approver", "admin"]
"""The roles that a limit can bind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that a role may approve, in minor units of `currency`; `number` is that of the decision on paper.

    It counts all that leaves, fees too, approved and pending, on the same invoice, or to the same payee within 24
    hours. What leaves in another asset is measured at the day's rate; without one, nobody with a limit approves it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    role: Approver
    currency: Currency
    most: Positive
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLifted:
    """A role has no limit in a currency any more."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    role: Approver
    currency: Currency
    date: Date


@dataclass(frozen=True, slots=True)
class Standing:
    """A limit that stands since the day `date`: the most that a role may approve, minor units of the currency."""

    role: Role
    currency: str
    most: int
    date: str


def limits_of(session: Session, campaign: str) -> list[Standing]:
    """What stands, by role and currency."""
    rows = session.exec(
        select(LimitRow)
        .where(LimitRow.campaign == campaign)
        .order_by(col(LimitRow.role), col(LimitRow.currency))
    )
    return [Standing(row.role, row.currency, row.most, row.date) for row in rows if row.most is not None]


def limit_of(session: Session, campaign: str, role: Role, currency: str) -> int | None:
    """The most that a role may approve in a currency, minor units; None without a limit, 0 with one elsewhere only."""
    standing = {limit.currency: limit.most for limit in limits_of(session, campaign) if limit.role == role}
    return standing.get(currency, 0) if standing else None


def require_within_limit(
    context: Context, kind: Kind[F, N], facts: F, own: Mapping[str, int], day: str
) -> None:
    """NotAllowed where an approval lets go more than the role that gives it may, or the person (`own`, by currency).

    What leaves counts, with its fee, at the rate of the day in the limit's currency; the refusal names who can, or the
    pair of which a rate is wanted.
    """
    asked = kind.asks(context, facts)
    if asked is None:
        return
    role = {
        limit.currency: limit.most
        for limit in limits_of(context.books.session, context.campaign)
        if limit.role is context.role
    }
    for limits, is_own in ((role, False), (own, True)):
        if limits:
            _require_within(context, kind, facts, asked, limits, is_own, day)


def _require_within(
    context: Context, kind: Kind[F, N], facts: F, asked: Asked, limits: Mapping[str, int], own: bool, day: str
) -> None:
    """As `require_within_limit`, for the limits of one holder."""
    session, campaign = context.books.session, context.campaign
    currency = asked.currency
    if currency not in limits:
        with_rate = (
            money
            for money in sorted(limits)
            if worth(session, campaign, asked.currency, asked.minor, money, day) is not None
        )
        currency = next(with_rate, min(limits))

    def measured(minor: int, asset: str) -> int:
        units = worth(session, campaign, asset, minor, currency, day)
        if units is None:
            raise NotAllowed.field(
                "limit",
                "no rate says what {asset} is in {currency}, the limit's currency, on {day}; record one that is "
                "no older than {n} day (`{noun} add`), or let somebody without a limit approve",
                many=(
                    "no rate says what {asset} is in {currency}, the limit's currency, on {day}; record one that is "
                    "no older than {n} days (`{noun} add`), or let somebody without a limit approve"
                ),
                asset=asset,
                currency=currency,
                day=day,
                n=DAYS,
                noun="rate" if "BTC" in {asset, currency} else "exchange-rate",
            )
        return units

    for total, others, text in _totals(context, kind, facts, asked, measured):
        if total > limits[currency]:
            values = {"most": Figure(currency, limits[currency]), "total": Figure(currency, total)}
            raise NotAllowed.field(
                "limit",
                "{limit}, and {asked}; {remedy}",
                limit=Wording(_HELD[own], {**values, "role": context.role}),
                asked=Wording(
                    text,
                    {
                        **values,
                        "noun": kind.noun,
                        "count": others,
                        "invoice": asked.invoice or "",
                        "payee": asked.payee or "",
                    },
                ),
                remedy=_who_can(context, currency, total),
            )


_HELD = {
    False: translatable("your role, {role}, may approve up to {most}"),
    True: translatable("you may approve up to {most}"),
}
"""Whose limit it is: that of all who have a role, or one's own."""
_SINGLE = translatable("this {noun} comes to {total}")
_ON_INVOICE = translatable("this {noun} on invoice {invoice} comes to {total}")
_ON_INVOICE_TOO = translatable("this {noun} with {count} more on invoice {invoice} comes to {total}")
_TO_PAYEE = translatable("this {noun} to {payee} within 24 hours comes to {total}")
_TO_PAYEE_TOO = translatable("this {noun} with {count} more to {payee} within 24 hours comes to {total}")


def _totals(
    context: Context, kind: Kind[F, N], facts: F, asked: Asked, measured: Callable[[int, str], int]
) -> Iterator[tuple[int, int, str]]:
    """(minor units as measured, how many others, and the text that says of what) of all that counts with it."""
    first = measured(asked.minor, asked.currency)
    if asked.payee is None:
        yield first, 0, _SINGLE
        return
    since = (dt.datetime.fromisoformat(context.at) - DAY).strftime(_AT)
    on_invoice = to_payee = (first, 0)
    for also in kind.asks_also(context, facts, asked):
        counts = asked.invoice is not None and also.invoice == asked.invoice, also.at >= since
        if not any(counts):
            continue
        minor = measured(also.minor, also.currency)
        if counts[0]:
            on_invoice = on_invoice[0] + minor, on_invoice[1] + 1
        if counts[1]:
            to_payee = to_payee[0] + minor, to_payee[1] + 1
    if asked.invoice is not None:
        yield *on_invoice, _ON_INVOICE_TOO if on_invoice[1] else _ON_INVOICE
    yield *to_payee, _TO_PAYEE_TOO if to_payee[1] else _TO_PAYEE


def _who_can(context: Context, currency: str, total: int) -> Wording:
    """Who may approve so much."""
    able = []
    for role in sorted(APPROVERS):
        most = limit_of(context.books.session, context.campaign, role, currency)
        if most is None or most >= total:
            able.append(role.value)
    if not able:
        return Wording("an admin can set another limit")
    if context.role in able:  # it is this person's own limit, and not the role's
        return Wording("other people can who are one of these: {roles}", {"roles": able})
    return Wording("these can: {roles}", {"roles": able})


def _post_set(context: Context, _facts: Limit) -> Posting[None]:
    require_campaign(context)
    return Posting()


def _fold_set(books: Books, entry: Entry[Limit, None]) -> None:
    _keep(books.session, entry, Role(entry.facts.role), entry.facts.currency, entry.facts.most)


def _post_lifted(context: Context, facts: LimitLifted) -> Posting[None]:
    require_campaign(context)
    limit = context.books.session.get(LimitRow, (context.campaign, facts.role, facts.currency))
    if limit is None or limit.most is None:
        raise Refused.field(
            "currency",
            "{role} has no limit in {currency}; none is lifted",
            role=facts.role,
            currency=facts.currency,
        )
    return Posting()


def _standing_limit(context: Context, facts: LimitLifted) -> Iterator[int]:
    limit = context.books.session.get(LimitRow, (context.campaign, facts.role, facts.currency))
    if limit is not None:
        yield limit.entry


def _fold_lifted(books: Books, entry: Entry[LimitLifted, None]) -> None:
    _keep(books.session, entry, Role(entry.facts.role), entry.facts.currency, None)


def _keep(
    session: Session,
    entry: Entry[Limit, None] | Entry[LimitLifted, None],
    role: Role,
    currency: str,
    most: int | None,
) -> None:
    limit = session.get(LimitRow, (entry.campaign, role, currency))
    if limit is None:
        limit = LimitRow(
            campaign=entry.campaign,
            role=role,
            currency=currency,
            most=most,
            date=entry.date,
            entry=entry.seq,
        )
        session.add(limit)
    limit.most, limit.date, limit.entry = most, entry.date, entry.seq


SET = Kind(
    name="limit",
    noun="limit",
    verb="set",
    facts=Limit,
    notes=None,
    doc="Set the most that a role may approve in a currency.",
    roles=frozenset({Role.ADMIN}),
    key=numbered("limit"),
    post=_post_set,
    fold=_fold_set,
)
LIFT = Kind(
    name="limit.lifted",
    noun="limit",
    verb="lift",
    facts=LimitLifted,
    notes=None,
    doc="Let a role approve without a limit in a currency again.",
    roles=frozenset({Role.ADMIN}),
    key=numbered("limit"),
    post=_post_lifted,
    rests_on=_standing_limit,
    fold=_fold_lifted,
)
KINDS = (SET, LIFT)
