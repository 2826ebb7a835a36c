"""Users of the desk and their tokens: who acts, by name or by token. It knows no kind of entry.

Names and hashes of tokens stay in the operating tables; entries name roles only.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.money import CODES, DECIMALS, MAX_AMOUNT
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.store.transaction import Reading, Writing

TOKEN_PREFIX = "at_"  # noqa: S105 - what tokens begin with, not one


_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user of the desk, known by name here and by role in entries."""

    id: int | None
    name: str
    role: str


def token_hash(token: str) -> str:
    """Tokens are random and long, so one SHA-256 stores them safely."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_user(tx: Writing, name: str, role: str, *, now: int, by: Actor | None) -> int:
    """A new user of the desk. The name stays in the operating tables, never in an entry or a page."""
    allowed = sorted(r.value for r in Role if r is not Role.SYSTEM)
    if role not in allowed:
        raise Refused.field("role", "must be one of {words}", words=tuple(allowed))
    if not name or len(name) > 60 or not all(c.isalnum() or c in "._-" for c in name):
        raise Refused.field("name", "write 1 to 60 letters, digits, dots, hyphens and underscores")
    if any(user.name.casefold() == name.casefold() for user in tx.desk.users()):
        raise Conflict.field("name", "there is a user of this name already, in capitals or not; give another")
    user = tx.desk.add_user(name, role, rfc3339(now))
    tx.desk.audit(rfc3339(now), by.id if by else None, "user added", name)
    return user


def limit_user(
    tx: Writing, name: str, currency: str, most: int | None, *, now: int, by: Actor | None
) -> None:
    """Set the most that a user may approve in a currency, minor units, or lift it; raises NotFound or Refused.

    It is kept by the desk and stands in no entry. A user with a limit approves nothing that it does not measure.
    """
    user = tx.desk.user(name)
    if user is None:
        raise NotFound.field("user", "there is no user {name}", name=name[:60])
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
    tx.desk.audit(rfc3339(now), by.id if by else None, "user limit", f"{name}/{currency}: {what}")


def add_token(
    tx: Writing, user_name: str, token_name: str, *, now: int, by: Actor | None, days: int | None = None
) -> str:
    """A new token of a user, shown once; only its hash is kept. It ends after so many days (None: when revoked)."""
    user = tx.desk.user(user_name)
    if user is None:
        raise NotFound.field("user", "there is no user {user}", user=user_name[:60])
    until = None if days is None else rfc3339(now + days * _DAY)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    tx.desk.add_token(user.id, token_name, token_hash(token), rfc3339(now), until)
    tx.desk.audit(rfc3339(now), by.id if by else None, "token added", f"{user_name}/{token_name}")
    return token


def actor_of_token(tx: Reading, token: str, *, now: int) -> Actor | None:
    """Who a token belongs to; None for an unknown, revoked, ended or disabled one."""
    if not token.startswith(TOKEN_PREFIX):
        return None
    user = tx.desk.user_by_token_hash(token_hash(token), rfc3339(now))
    return None if user is None or user.disabled else Actor(user.id, user.name, user.role)


def enable_user(tx: Writing, name: str, *, now: int, by: Actor | None, enabled: bool) -> None:
    """Let a user act again, with the tokens that stand, or refuse them; raises NotFound."""
    user = tx.desk.user(name)
    if user is None:
        raise NotFound.field(
            "user", "there is no user {name}; add one with `aidtrail user add`", name=name[:60]
        )
    tx.desk.set_user_disabled(user.id, not enabled)
    what = "user enabled" if enabled else "user disabled"
    tx.desk.audit(rfc3339(now), by.id if by else None, what, user.name)


def actor_named(tx: Reading, name: str) -> Actor:
    """The user that the command line acts as; raises NotFound or NotAllowed."""
    user = tx.desk.user(name)
    if user is None:
        raise NotFound.field(
            "user", "there is no user {name}; add one with `aidtrail user add`", name=name[:60]
        )
    if user.disabled:
        raise NotAllowed.field("user", "{name} is disabled", name=name)
    return Actor(user.id, user.name, user.role)
