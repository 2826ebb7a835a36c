"""Limits of approvers: how much a role approves on one invoice, or for one payee within 24 hours (docs/rules.md, 16).

A limit is public and names a role, never a person. It moves nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, F, N, Posting
from ledger.core.errors import NotAllowed, Refused
from ledger.core.facts import STRICT, Currency, Date, Number, Positive
from ledger.core.money import decimal_text
from ledger.core.roles import Role
from ledger.model.limits import LimitRow
from ledger.rules.asked import Asked
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.spec import APPROVERS, Context, Kind, numbered

DAY = dt.timedelta(hours=24)
_AT = "%Y-%m-%dT%H:%M:%SZ"


Approver = Literal["approver", "admin"]
"""The roles that a limit can bind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that a role may approve, in minor units of `currency`; `number` is that of the decision on paper.

    It counts all that is approved and pending on the same invoice, or to the same payee within 24 hours. A role
    with a limit in any currency approves only in those that it has one in.
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

    role: str
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


def limit_of(session: Session, campaign: str, role: str, currency: str) -> int | None:
    """The most that a role may approve, minor units; None without a limit, 0 where it has one elsewhere only."""
    standing = {limit.currency: limit.most for limit in limits_of(session, campaign) if limit.role == role}
    return standing.get(currency, 0) if standing else None


def require_within_limit(context: Context, kind: Kind[F, N], facts: F) -> None:
    """NotAllowed where an approval is more than the limit of the role that gives it, naming who can."""
    asked = kind.asks(context, facts)
    if asked is None:
        return
    most = limit_of(context.books.session, context.campaign, context.role.value, asked.currency)
    if most is None:
        return
    for total, others, what in _totals(context, kind, facts, asked):
        if total > most:
            raise NotAllowed(
                f"limit: {_with_article(context.role.value)} may approve up to "
                f"{decimal_text(asked.currency, most)} {asked.currency}, and this {kind.noun}"
                f"{f' with {others} more' if others else ''}{what} comes to "
                f"{decimal_text(asked.currency, total)}; {_who_can(context, asked.currency, total)}"
            )


def _totals(context: Context, kind: Kind[F, N], facts: F, asked: Asked) -> Iterator[tuple[int, int, str]]:
    """(minor units, how many others, in what they are one) of all that counts together with what is asked."""
    if asked.payee is None:
        yield asked.minor, 0, ""
        return
    since = (dt.datetime.fromisoformat(context.at) - DAY).strftime(_AT)
    on_invoice = to_payee = (asked.minor, 0)
    for also in kind.asks_also(context, facts, asked):
        if asked.invoice is not None and also.invoice == asked.invoice:
            on_invoice = on_invoice[0] + also.minor, on_invoice[1] + 1
        if also.at >= since:
            to_payee = to_payee[0] + also.minor, to_payee[1] + 1
    if asked.invoice is not None:
        yield *on_invoice, f" on invoice {asked.invoice}"
    yield *to_payee, f" to {asked.payee} within 24 hours"


def _who_can(context: Context, currency: str, total: int) -> str:
    """Who may approve so much, as the end of a sentence."""
    able = []
    for role in sorted(APPROVERS):
        most = limit_of(context.books.session, context.campaign, role.value, currency)
        if role is not context.role and (most is None or most >= total):
            able.append(_with_article(role.value))
    if not able:
        return "an admin can set another limit"
    return f"{' or '.join(able)} can"


def _with_article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


def _post_set(context: Context, _facts: Limit) -> Posting[None]:
    require_campaign(context)
    return Posting()


def _fold_set(books: Books, entry: Entry[Limit, None]) -> None:
    _keep(books.session, entry, entry.facts.role, entry.facts.currency, entry.facts.most)


def _post_lifted(context: Context, facts: LimitLifted) -> Posting[None]:
    require_campaign(context)
    limit = context.books.session.get(LimitRow, (context.campaign, facts.role, facts.currency))
    if limit is None or limit.most is None:
        raise Refused.field("currency", f"{facts.role} has no limit in {facts.currency}; none is lifted")
    return Posting()


def _standing_limit(context: Context, facts: LimitLifted) -> Iterator[int]:
    limit = context.books.session.get(LimitRow, (context.campaign, facts.role, facts.currency))
    if limit is not None:
        yield limit.entry


def _fold_lifted(books: Books, entry: Entry[LimitLifted, None]) -> None:
    _keep(books.session, entry, entry.facts.role, entry.facts.currency, None)


def _keep(
    session: Session,
    entry: Entry[Limit, None] | Entry[LimitLifted, None],
    role: str,
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
