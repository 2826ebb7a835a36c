"""English: `user` and `token`: who may do what, and what became of a token."""

from __future__ import annotations

from api.pages.figures import exact_with_asset
from api.pages.messages import Message, worded
from ledger.core.frozen import Amount
from ledger.store.desk import User
from service.sentences.layout import row

_USER, _ROLE = "{user}: a person's name here", "{role}: a role, as a code"
_MONEY = "{money}: the most that a person may approve"
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


def added(user: str, role: str) -> str:
    return worded(_ADDED, user=user, role=role)


def listed(user: User) -> str:
    """A row of the list."""
    return row(user.name, str(user.role), str(_DISABLED) if user.disabled else "")


def shown(user: User, limits: dict[str, int]) -> tuple[str, ...]:
    """The person, and each limit, minor units by currency."""
    state = worded(_DISABLED if user.disabled else _ENABLED)
    told = [
        worded(_LIMIT, money=exact_with_asset(Amount.of(currency, most)))
        for currency, most in sorted(limits.items())
    ]
    return row(user.name, str(user.role), state), *told


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


def token(number: int, user: str, name: str, until: str | None, *, revoked: bool) -> str:
    """A row of the list of tokens."""
    ends = "" if until is None else worded(_UNTIL, time=until)
    return row(str(number), user, name, ends, str(_REVOKED) if revoked else "")


def token_revoked(number: int) -> str:
    return worded(_IS_REVOKED, token=str(number))
