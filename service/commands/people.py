"""`user`, `role` and `token`: who may do what, where and until when.

A token is shown once and kept as its hash only.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ledger.core.facts import Date
from ledger.core.roles import ALL_SCOPES, GIVEN, Grant, Role, Scope
from ledger.recording.users import (
    DAYS_MOST,
    actor_named,
    add_token,
    add_user_with,
    enable_user,
    give_role,
    limit_user,
    revoke_token,
    take_role,
    user_named,
)
from ledger.store.desk import Token, User
from ledger.store.transaction import Reading
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.database import open_database
from service.sentences import people as say

ROLES = tuple(role.value for role in Role if role in GIVEN)
_MOST_LINES = 1_000


def _user_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    add_data_option(parser)


def _where_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--campaign", metavar="SLUG", help="the campaign in which (else in all of them)")


def _given_options(parser: argparse.ArgumentParser) -> None:
    _where_options(parser)
    parser.add_argument(
        "--until", metavar="DAY", help="the last day of the role, YYYY-MM-DD (else without an end)"
    )


def _user_add_options(parser: argparse.ArgumentParser) -> None:
    _user_options(parser)
    parser.add_argument("--role", required=True, choices=ROLES, help="what the user may do")
    _given_options(parser)


def _grant(options: argparse.Namespace) -> Grant:
    if options.until is not None:
        try:
            TypeAdapter(Date).validate_python(options.until)
        except ValidationError:
            raise BadUse("--until: write the day as YYYY-MM-DD.") from None
    return Grant(Role(options.role), options.campaign, options.until)


def _user_add(options: argparse.Namespace, outside: Outside) -> Answer:
    grant = _grant(options)
    with open_database(options.data, outside) as store, store.write() as tx:
        number = add_user_with(tx, options.name, grant, now=outside.clock(), by=None)
    return Answer((say.added(options.name, grant),), _plain(User(number, options.name, False), (grant,)))


def _user_list(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.read() as tx:
        users = [(user, tx.desk.grants(user.id)) for user in tx.desk.users()]
    lines = tuple(say.listed(user, grants) for user, grants in users)
    return Answer(lines or (str(say.NO_USERS),), [_plain(user, grants) for user, grants in users])


def _plain(user: User, grants: Iterable[Grant]) -> dict[str, Any]:
    roles = [{"role": g.role.value, "campaign": g.campaign, "until": g.until} for g in grants]
    return {"id": user.id, "name": user.name, "disabled": user.disabled, "roles": roles}


def _user_show(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.read() as tx:
        user = user_named(tx, options.name)
        limits, grants = tx.desk.limits(user.id), tx.desk.grants(user.id)
    return Answer(say.shown(user, grants, limits), _plain(user, grants) | {"limits": limits})


def _role_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER")
    parser.add_argument("role", metavar="ROLE", choices=ROLES, help="one of: %(choices)s")


def _role_give_options(parser: argparse.ArgumentParser) -> None:
    _role_options(parser)
    _given_options(parser)
    add_data_option(parser)


def _role_give(options: argparse.Namespace, outside: Outside) -> Answer:
    grant = _grant(options)
    with open_database(options.data, outside) as store, store.write() as tx:
        give_role(tx, options.user, grant, now=outside.clock(), by=None)
    return Answer((say.given(options.user, grant),), _given(options.user, grant))


def _given(user: str, grant: Grant) -> dict[str, Any]:
    return {"user": user, "role": grant.role.value, "campaign": grant.campaign, "until": grant.until}


def _role_take_options(parser: argparse.ArgumentParser) -> None:
    _role_options(parser)
    _where_options(parser)
    add_data_option(parser)


def _role_take(options: argparse.Namespace, outside: Outside) -> Answer:
    grant = Grant(Role(options.role), options.campaign)
    with open_database(options.data, outside) as store, store.write() as tx:
        take_role(tx, options.user, options.role, options.campaign, now=outside.clock(), by=None)
    return Answer((say.taken(options.user, grant),), _given(options.user, grant))


def _role_list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", nargs="?", help="only those of this user")
    parser.add_argument("--campaign", metavar="SLUG", help="only those that hold in this campaign")
    add_data_option(parser)


def _role_list(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.read() as tx:
        rows = [
            (user.name, grant)
            for user in _users(tx, options.user)
            for grant in tx.desk.grants(user.id)
            if options.campaign is None or grant.campaign in {None, options.campaign}
        ]
    lines = tuple(say.held(name, grant) for name, grant in rows)
    return Answer(lines or (str(say.NO_ROLES),), [_given(name, grant) for name, grant in rows])


def _users(tx: Reading, name: str | None) -> list[User]:
    return tx.desk.users() if name is None else [user_named(tx, name)]


def _user_limit_options(parser: argparse.ArgumentParser) -> None:
    _user_options(parser)
    parser.add_argument("--currency", required=True, help="the currency of the limit")
    most = parser.add_mutually_exclusive_group(required=True)
    most.add_argument(
        "--most", type=int, metavar="MINOR", help="the most that the user may approve, minor units"
    )
    most.add_argument("--lift", action="store_true", help="no limit in this currency any more")


def _user_limit(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.write() as tx:
        limit_user(tx, options.name, options.currency, options.most, now=outside.clock(), by=None)
    line = say.limited(options.name, options.currency, options.most)
    return Answer((line,), {"name": options.name, "currency": options.currency, "most": options.most})


def _user_disable(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.write() as tx:
        enable_user(tx, options.name, now=outside.clock(), by=None, enabled=False)
    return Answer((say.disabled(options.name),), {"name": options.name})


def _user_enable(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.write() as tx:
        enable_user(tx, options.name, now=outside.clock(), by=None, enabled=True)
    return Answer((say.enabled(options.name),), {"name": options.name})


def _audit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--after", type=int, default=0, metavar="N", help="only lines above this number")
    parser.add_argument("--most", type=int, default=_MOST_LINES, help="lines at most (default: 1000)")
    parser.add_argument("--user", metavar="USER", help="only what this user did")
    add_data_option(parser)


def _audit(options: argparse.Namespace, outside: Outside) -> Answer:
    if not 1 <= options.most <= _MOST_LINES:
        raise BadUse("--most: write a number from 1 to {most}.", most=_MOST_LINES)
    with open_database(options.data, outside) as store, store.read() as tx:
        names = {user.id: user.name for user in tx.desk.users()}
        wanted = None if options.user is None else user_named(tx, options.user).id
        rows = tx.desk.audited(options.after, options.most, wanted)
    audit_rows = [
        {
            "n": row.n,
            "at": row.at,
            "user": names.get(row.user_id or 0),
            "action": row.action,
            "subject": row.subject,
        }
        for row in rows
    ]
    lines = [say.audited(row.n, row.at, names.get(row.user_id or 0), row.action, row.subject) for row in rows]
    return Answer(tuple(lines or [str(say.NOTHING_AUDITED)]), audit_rows)


def _token_add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER")
    parser.add_argument("--name", default="token", help="what the token is for (default: token)")
    parser.add_argument("--days", type=int, help="how long it is accepted (else until it is revoked)")
    parser.add_argument(
        "--scope",
        action="append",
        choices=tuple(Scope),
        help="what it may do, of what its user may; may be given several times (else all)",
    )
    parser.add_argument(
        "--campaign",
        metavar="SLUG",
        action="append",
        help="where it may do so; may be given several times (else wherever its user may)",
    )
    add_data_option(parser)


def _token_add(options: argparse.Namespace, outside: Outside) -> Answer:
    if options.days is not None and not 1 <= options.days <= DAYS_MOST:
        raise BadUse("--days: write a number from 1 to {most}.", most=DAYS_MOST)
    now, scopes = (
        outside.clock(),
        ALL_SCOPES if options.scope is None else frozenset(map(Scope, options.scope)),
    )
    with open_database(options.data, outside) as store, store.write() as tx:
        user = actor_named(tx, options.user, now=now).name
        token = add_token(
            tx,
            user,
            options.name,
            now=now,
            by=None,
            days=options.days,
            scopes=scopes,
            campaigns=options.campaign,
        )
    outside.say(say.shown_once(options.name, options.user))
    return Answer((token,), {"user": options.user, "name": options.name, "token": token})


def _token_list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", nargs="?", help="only those of this user")
    add_data_option(parser)


def _token_list(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.read() as tx:
        rows = [(user.name, token) for user in _users(tx, options.user) for token in tx.desk.tokens(user.id)]
    lines = tuple(say.token(user, token) for user, token in rows)
    return Answer(lines or (str(say.NO_TOKENS),), [_token_data(user, token) for user, token in rows])


def _token_data(user: str, token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": user,
        "name": token.name,
        "at": token.at,
        "until": token.until,
        "scopes": sorted(token.scopes),
        "campaigns": None if token.campaigns is None else sorted(token.campaigns),
        "revoked": token.revoked,
    }


def _token_revoke_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("token", metavar="ID", type=int, help="the number that `token list` shows")
    add_data_option(parser)


def _token_revoke(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.write() as tx:
        revoke_token(tx, options.token, now=outside.clock(), by=None)
    return Answer((say.token_revoked(options.token),), {"id": options.token, "revoked": True})


_CODES = (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)

COMMANDS: Mapping[str, Command] = {
    "user add": Command(_user_add, _user_add_options, _CODES),
    "user list": Command(_user_list, add_data_option, _CODES),
    "user show": Command(_user_show, _user_options, _CODES),
    "user limit": Command(_user_limit, _user_limit_options, _CODES),
    "user disable": Command(_user_disable, _user_options, _CODES),
    "user enable": Command(_user_enable, _user_options, _CODES),
    "role give": Command(_role_give, _role_give_options, _CODES),
    "role take": Command(_role_take, _role_take_options, _CODES),
    "role list": Command(_role_list, _role_list_options, _CODES),
    "audit list": Command(_audit, _audit_options, _CODES),
    "token add": Command(_token_add, _token_add_options, _CODES),
    "token list": Command(_token_list, _token_list_options, _CODES),
    "token revoke": Command(_token_revoke, _token_revoke_options, _CODES),
}
