"""Users of the desk, their roles and tokens: who acts, by name or by token. It knows no kind of entry.

Names and hashes of tokens stay in the operating tables; entries name roles only.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import select

from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.likeness import likeness_of_name
from ledger.core.money import CODES, DECIMALS, MAX_AMOUNT
from ledger.core.roles import ALL_SCOPES, GIVEN, Grant, Role, Scope
from ledger.core.times import rfc3339
from ledger.model.campaigns import CampaignRow
from ledger.recording.actors import Actor
from ledger.store.desk import Token, User
from ledger.store.transaction import Reading, Writing

TOKEN_PREFIX = "at_"  # noqa: S105 - what tokens begin with, not one
DAYS_MOST = 3_660
"""The most days for which a token is made."""

_DAY = 86_400
_TOKEN_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")


def token_hash(token: str) -> str:
    """Tokens are random and long, so one SHA-256 stores them safely."""
    return hashlib.sha256(token.encode()).hexdigest()


def user_named(tx: Reading, name: str) -> User:
    """The user of that name; NotFound says how to add one."""
    user = tx.desk.user(name)
    if user is None:
        raise NotFound.field(
            "user", "there is no user {name}; add one with `aidtrail user add`", name=repr(name[:40])
        )
    return user


def add_user(tx: Writing, name: str, role: str, *, now: int, by: Actor | None) -> int:
    """A new user of the desk with a role in all campaigns; their number."""
    return add_user_with(tx, name, Grant(_role(role)), now=now, by=by)


def add_user_with(tx: Writing, name: str, grant: Grant, *, now: int, by: Actor | None) -> int:
    """A new user of the desk with a role. The name stays in the operating tables, never in an entry or a page."""
    if not name or len(name) > 60 or not all(c.isalnum() or c in "._-" for c in name):
        raise Refused.field("name", "write 1 to 60 letters, digits, dots, hyphens and underscores")
    if any(likeness_of_name(user.name) == likeness_of_name(name) for user in tx.desk.users()):
        raise Conflict.field("name", "there is a user whose name is this one or looks like it; give another")
    user = tx.desk.add_user(name, rfc3339(now))
    tx.desk.audit(rfc3339(now), _by(by), "user added", name)
    give_role(tx, name, grant, now=now, by=by)
    return user


def _role(word: str) -> Role:
    allowed = sorted(role.value for role in GIVEN)
    if word not in allowed:
        raise Refused.field("role", "must be one of {words}", words=tuple(allowed))
    return Role(word)


def give_role(tx: Writing, name: str, grant: Grant, *, now: int, by: Actor | None) -> None:
    """Give a user a role in a campaign or in all, until a day or without an end; raises NotFound or Refused.

    One that they have already gets the end that is said now.
    """
    user = user_named(tx, name)
    _role(grant.role)
    if grant.campaign is not None:
        _require_campaign(tx, grant.campaign)
    today = rfc3339(now)[:10]
    if grant.until is not None and grant.until < today:
        raise Refused.field("until", "lies before today, {today}; give a later day", today=today)
    tx.desk.give_role(user.id, grant)
    tx.desk.audit(rfc3339(now), _by(by), "role given", _audit_subject(name, grant))


def take_role(tx: Writing, name: str, role: str, campaign: str | None, *, now: int, by: Actor | None) -> None:
    """Take a role from a user, in a campaign or that for all; raises NotFound where they do not have it."""
    user = user_named(tx, name)
    grant = Grant(_role(role), campaign)
    if not tx.desk.take_role(user.id, grant.role, campaign):
        raise NotFound.field(
            "role",
            "{name} does not have exactly this role; `aidtrail role list` shows what they have and where",
            name=name,
        )
    tx.desk.audit(rfc3339(now), _by(by), "role taken", _audit_subject(name, grant))


def _require_campaign(tx: Reading, slug: str) -> None:
    """NotFound for a campaign that is not there."""
    if tx.session.exec(select(CampaignRow.slug).where(CampaignRow.slug == slug)).first() is None:
        raise NotFound.field("campaign", "there is no campaign {campaign}", campaign=slug[:60])


def _audit_subject(name: str, grant: Grant) -> str:
    """What the audit log says of a role: who, which, where and until when."""
    where = grant.campaign or "*"
    return f"{name}/{grant.role}/{where}" + ("" if grant.until is None else f"/{grant.until}")


def limit_user(
    tx: Writing, name: str, currency: str, most: int | None, *, now: int, by: Actor | None
) -> None:
    """Set the most that a user may approve in a currency, minor units, or lift it; raises NotFound or Refused.

    It is kept by the desk and stands in no entry. A user with a limit approves nothing that it does not measure.
    """
    user = user_named(tx, name)
    if currency not in DECIMALS:
        raise Refused.field("currency", "is not a currency known here; {remedy}", remedy=CODES)
    if most is not None and not 1 <= most <= MAX_AMOUNT:
        raise Refused.field("most", "write minor units from 1 to {most}", most=MAX_AMOUNT)
    if most is None and currency not in tx.desk.limits(user.id):
        raise Refused.field(
            "currency", "{name} has no limit in {currency}; none is lifted", name=name, currency=currency
        )
    tx.desk.set_limit(user.id, currency, most)
    what = "lifted" if most is None else str(most)
    tx.desk.audit(rfc3339(now), _by(by), "user limit", f"{name}/{currency}: {what}")


def enable_user(tx: Writing, name: str, *, now: int, by: Actor | None, enabled: bool) -> None:
    """Let a user act again, with the tokens that stand, or refuse them; raises NotFound."""
    user = user_named(tx, name)
    tx.desk.set_user_disabled(user.id, not enabled)
    what = "user enabled" if enabled else "user disabled"
    tx.desk.audit(rfc3339(now), _by(by), what, user.name)


def add_token(
    tx: Writing,
    user_name: str,
    token_name: str,
    *,
    now: int,
    by: Actor | None,
    days: int | None = None,
    scopes: Iterable[Scope] = ALL_SCOPES,
    campaigns: Iterable[str] | None = None,
) -> str:
    """A new token of a user, shown once; only its hash is kept. It ends after so many days (None: when revoked).

    It may do what both its scopes and the roles of its user allow, in those campaigns (None: in all). Raises
    NotFound or Refused.
    """
    user, scopes = user_named(tx, user_name), frozenset(scopes)
    named = None if campaigns is None else frozenset(campaigns)
    if not _TOKEN_NAME.fullmatch(token_name):
        raise Refused.field("name", "write 1 to 40 letters of English, digits, dots, hyphens and underscores")
    if days is not None and not 1 <= days <= DAYS_MOST:
        raise Refused.field("days", "write a number from 1 to {most}", most=DAYS_MOST)
    if not scopes or named == frozenset():
        raise Refused.field(
            "scopes" if not scopes else "campaigns", "name at least one, or leave it out for all"
        )
    for slug in sorted(named or ()):
        _require_campaign(tx, slug)
    until = None if days is None else rfc3339(now + days * _DAY)
    if by is not None:
        _require_no_wider(by, user, scopes, named)
        until = min(filter(None, (until, by.until)), default=None)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    tx.desk.add_token(
        user.id, token_name, token_hash(token), rfc3339(now), until, scopes=scopes, campaigns=named
    )
    tx.desk.audit(rfc3339(now), _by(by), "token added", f"{user_name}/{token_name}")
    return token


def _require_no_wider(
    by: Actor, user: User, scopes: frozenset[Scope], campaigns: frozenset[str] | None
) -> None:
    """NotAllowed where somebody makes a token of another person, or one that may do more than their own."""
    if by.id != user.id:
        raise NotAllowed.field(
            "user", "a token of another person is made on the server only, with `aidtrail token add`"
        )
    if not scopes <= by.scopes:
        raise NotAllowed.field(
            "scopes", "the token that asks has only these: {scopes}", scopes=sorted(by.scopes)
        )
    if by.campaigns is not None and (campaigns is None or not campaigns <= by.campaigns):
        raise NotAllowed.field(
            "campaigns", "the token that asks is only for these: {campaigns}", campaigns=sorted(by.campaigns)
        )


def revoke_token(tx: Writing, number: int, *, now: int, by: Actor | None) -> Token:
    """Accept a token, by the number that lists show, no more; raises NotFound."""
    token = tx.desk.token(number)
    if token is None:
        raise NotFound.field(
            "token", "no token has the number {token}; see `aidtrail token list`", token=number
        )
    tx.desk.revoke_token(number)
    tx.desk.audit(rfc3339(now), _by(by), "token revoked", str(number))
    return replace(token, revoked=True)


def actor_of_token(tx: Reading, token: str, *, now: int) -> Actor | None:
    """Who a token belongs to, with what it may do; None for an unknown, revoked, ended or disabled one."""
    if not token.startswith(TOKEN_PREFIX):
        return None
    row = tx.desk.by_token_hash(token_hash(token), rfc3339(now))
    if row is None or row[0].disabled:
        return None
    user, kept = row
    return Actor(user.id, user.name, _standing(tx, user, now), kept.scopes, kept.campaigns, kept.until)


def actor_named(tx: Reading, name: str, *, now: int) -> Actor:
    """The user that the command line acts as; raises NotFound or NotAllowed."""
    user = user_named(tx, name)
    if user.disabled:
        raise NotAllowed.field("user", "{name} is disabled", name=name)
    return Actor(user.id, user.name, _standing(tx, user, now))


def _standing(tx: Reading, user: User, now: int) -> tuple[Grant, ...]:
    """The roles of a user that have not ended; the last day counts whole, in UTC."""
    today = rfc3339(now)[:10]
    return tuple(g for g in tx.desk.grants(user.id) if g.until is None or g.until >= today)


def _by(actor: Actor | None) -> int | None:
    return None if actor is None else actor.id
