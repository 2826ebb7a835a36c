"""English: `user`, `role` and `token`: who may do what, and what became of a token."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import exact_with_asset
from api.pages.messages import COMMAS, Message, worded
from api.pages.messages import listed as listed_text
from ledger.core.frozen import Amount
from ledger.core.roles import ALL_SCOPES, Grant
from ledger.store.desk import Token, User
from service.sentences.layout import row

_USER, _ROLE = "{user}: a person's name here", "{role}: a role as a code, with where and until when"
_MONEY = "{money}: the most that a person may approve"
_CODE, _WHERE, _DAY = "{role}: a role, as a code", "{campaign}: its short name", "{day}: the last day of it"
_EVERYWHERE = Message("{role} in all campaigns", "a role of a person", _CODE)
_THERE = Message("{role} in {campaign}", "a role of a person", _CODE, _WHERE)
_EVERYWHERE_UNTIL = Message("{role} in all campaigns until {day}", "a role of a person", _CODE, _DAY)
_THERE_UNTIL = Message("{role} in {campaign} until {day}", "a role of a person", _CODE, _WHERE, _DAY)
_GIVEN = Message("user {user} is {role}.", _USER, _ROLE)
_TAKEN = Message("user {user} is no longer {role}.", _USER, _ROLE)
NO_ROLES = Message(
    "nobody has such a role; give one with `aidtrail role give`.", "words in backquotes are a command"
)
_ONLY_SCOPES = Message("only {scopes}", "what a token may do", "{scopes}: codes, with commas")
_ONLY_IN = Message("only in {campaigns}", "where a token may do it", "{campaigns}: short names, with commas")
_ADDED = Message("user {user} added as {role}.", _USER, _ROLE)
_DISABLED = Message("disabled", "a person who may do nothing any more")
_ENABLED = Message("enabled", "a person who may do what their role allows")
_LIMIT = Message("may approve up to {money}", "a person", _MONEY)
_LIMITED = Message("user {user} may approve up to {money}.", _USER, _MONEY)
_LIFTED = Message("user {user} has no limit in {currency} any more.", _USER, "{currency}: its code")
_IS_DISABLED = Message("user {user} is disabled; no token of theirs is accepted.", _USER)
_IS_ENABLED = Message("user {user} is enabled; tokens of theirs that stand are accepted again.", _USER)
NOTHING_AUDITED = Message("no such line in the audit log.")
NO_USERS = Message(
    "no users yet; add one with `aidtrail user add NAME --role ROLE`.", "words in backquotes are a command"
)
_SHOWN_ONCE = Message(
    "this is the only time that the token {name} of {user} is shown.", "{name}: what it is called", _USER
)
_UNTIL = Message("until {time}", "a token", "{time}: when it ends")
_REVOKED = Message("revoked", "a token that is accepted no more")
_IS_REVOKED = Message("token {token} is revoked.", "{token}: its number")
NO_TOKENS = Message("no tokens.")


def role(grant: Grant) -> str:
    """A role with where it holds, and its last day where it has one."""
    code = grant.role.value
    if grant.campaign is None:
        if grant.until is None:
            return worded(_EVERYWHERE, role=code)
        return worded(_EVERYWHERE_UNTIL, role=code, day=grant.until)
    if grant.until is None:
        return worded(_THERE, role=code, campaign=grant.campaign)
    return worded(_THERE_UNTIL, role=code, campaign=grant.campaign, day=grant.until)


def added(user: str, grant: Grant) -> str:
    return worded(_ADDED, user=user, role=role(grant))


def given(user: str, grant: Grant) -> str:
    return worded(_GIVEN, user=user, role=role(grant))


def taken(user: str, grant: Grant) -> str:
    return worded(_TAKEN, user=user, role=role(grant))


def held(user: str, grant: Grant) -> str:
    """A row of the list of roles."""
    return row(user, role(grant))


def listed(user: User, grants: Sequence[Grant]) -> str:
    """A row of the list of people."""
    return row(
        user.name,
        listed_text([role(grant) for grant in grants], COMMAS),
        str(_DISABLED) if user.disabled else "",
    )


def shown(user: User, grants: Sequence[Grant], limits: dict[str, int]) -> tuple[str, ...]:
    """The person, their roles, and each limit, minor units by currency."""
    state = worded(_DISABLED if user.disabled else _ENABLED)
    sentences = [
        worded(_LIMIT, money=exact_with_asset(Amount.of(currency, most)))
        for currency, most in sorted(limits.items())
    ]
    return row(user.name, state), *map(role, grants), *sentences


def limited(user: str, currency: str, most: int | None) -> str:
    """What a limit is now, minor units; None: lifted."""
    if most is None:
        return worded(_LIFTED, user=user, currency=currency)
    return worded(_LIMITED, user=user, money=exact_with_asset(Amount.of(currency, most)))


def disabled(user: str) -> str:
    return worded(_IS_DISABLED, user=user)


def enabled(user: str) -> str:
    return worded(_IS_ENABLED, user=user)


def audited(number: int, at: str, user: str | None, action: str, subject: str) -> str:
    """A line of the audit log; what the program did by itself, or the command line without a user, has a dash."""
    return row(str(number), at, user or "\u2013", action, subject)


def shown_once(name: str, user: str) -> str:
    return worded(_SHOWN_ONCE, name=name, user=user)


def token(user: str, made: Token) -> str:
    """A row of the list of tokens."""
    ends = "" if made.until is None else worded(_UNTIL, time=made.until)
    narrowed = made.scopes != ALL_SCOPES
    scopes = worded(_ONLY_SCOPES, scopes=listed_text(sorted(made.scopes), COMMAS)) if narrowed else ""
    where = (
        ""
        if made.campaigns is None
        else worded(_ONLY_IN, campaigns=listed_text(sorted(made.campaigns), COMMAS))
    )
    return row(str(made.id), user, made.name, ends, scopes, where, str(_REVOKED) if made.revoked else "")


def token_revoked(number: int) -> str:
    return worded(_IS_REVOKED, token=str(number))
