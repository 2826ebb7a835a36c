"""`user` and `token`: who may write, and with what. A token is shown once and kept as its hash only."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ledger.core.errors import NotFound
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.recording.users import actor_named, add_token, add_user, enable_user, limit_user
from ledger.store.desk import User
from ledger.store.transaction import Reading
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.database import open_database
from service.sentences import people as say

ROLES = tuple(role.value for role in Role if role is not Role.SYSTEM)
_NAME_MOST = 40
_DAYS_MOST = 3_660
_MOST_LINES = 1_000


def _checked_name(name: str) -> str:
    if not name.isascii() or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise BadUse("name: write letters, digits, dots, hyphens and underscores, without spaces.")
    if len(name) > _NAME_MOST:
        raise BadUse("name: {name} characters; at most {most}.", name=len(name), most=_NAME_MOST)
    return name


def user_named(tx: Reading, name: str) -> User:
    """The user of that name; NotFound says how to add one."""
    user = tx.desk.user(name)
    if user is None:
        raise NotFound.field(
            "user", "nobody is named {name} here; add one with `aidtrail user add`.", name=repr(name[:40])
        )
    return user


def _user_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    add_data_option(parser)


def _user_add_options(parser: argparse.ArgumentParser) -> None:
    _user_options(parser)
    parser.add_argument("--role", required=True, choices=ROLES, help="what the user may do")


def _user_add(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.write() as tx:
        number = add_user(tx, options.name, options.role, now=outside.clock(), by=None)
    line = say.added(options.name, options.role)
    return Answer((line,), {"id": number, "name": options.name, "role": options.role})


def _user_list(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.read() as tx:
        users = list(tx.desk.users())
    return Answer(tuple(map(say.listed, users)) or (str(say.NO_USERS),), _plain(users))


def _plain(rows: list[User]) -> list[dict[str, Any]]:
    return [{"id": u.id, "name": u.name, "role": str(u.role), "disabled": bool(u.disabled)} for u in rows]


def _user_show(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.read() as tx:
        user = user_named(tx, options.name)
        limits = tx.desk.limits(user.id)
    return Answer(say.shown(user, limits), _plain([user])[0] | {"limits": limits})


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
    told = [
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
    return Answer(tuple(lines or [str(say.NOTHING_AUDITED)]), told)


def _token_add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER")
    parser.add_argument("--name", default="token", help="what the token is for (default: token)")
    parser.add_argument("--days", type=int, help="how long it is accepted (else until it is revoked)")
    add_data_option(parser)


def _token_add(options: argparse.Namespace, outside: Outside) -> Answer:
    if options.days is not None and not 1 <= options.days <= _DAYS_MOST:
        raise BadUse("--days: write a number from 1 to {most}.", most=_DAYS_MOST)
    with open_database(options.data, outside) as store, store.write() as tx:
        actor_named(tx, options.user)
        name, now = _checked_name(options.name), outside.clock()
        token = add_token(tx, options.user, name, now=now, by=None, days=options.days)
    outside.say(say.shown_once(options.name, options.user))
    return Answer((token,), {"user": options.user, "name": options.name, "token": token})


def _token_list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", nargs="?", help="only those of this user")
    add_data_option(parser)


def _token_list(options: argparse.Namespace, outside: Outside) -> Answer:
    rows: list[dict[str, Any]] = []
    with open_database(options.data, outside) as store, store.read() as tx:
        users = [user_named(tx, options.user)] if options.user else list(tx.desk.users())
        for user in users:
            for token in tx.desk.tokens(user.id):
                told = asdict(token)
                told.pop("hash", None)
                rows.append({"user": user.name, **told})
    lines = [
        say.token(row["id"], row["user"], row["name"], row["until"], revoked=bool(row["revoked"]))
        for row in rows
    ]
    return Answer(tuple(lines) or (str(say.NO_TOKENS),), rows)


def _token_revoke_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("token", metavar="ID", type=int, help="the number that `token list` shows")
    add_data_option(parser)


def _token_revoke(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_database(options.data, outside) as store, store.write() as tx:
        known = {token.id for user in tx.desk.users() for token in tx.desk.tokens(user.id)}
        if options.token not in known:
            raise NotFound.field(
                "token", "no token has the number {token}; see `aidtrail token list`.", token=options.token
            )
        tx.desk.revoke_token(options.token)
        tx.desk.audit(rfc3339(outside.clock()), None, "token revoked", str(options.token))
    return Answer((say.token_revoked(options.token),), {"id": options.token, "revoked": True})


_CODES = (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)

COMMANDS: Mapping[str, Command] = {
    "user add": Command(_user_add, _user_add_options, _CODES),
    "user list": Command(_user_list, add_data_option, _CODES),
    "user show": Command(_user_show, _user_options, _CODES),
    "user limit": Command(_user_limit, _user_limit_options, _CODES),
    "user disable": Command(_user_disable, _user_options, _CODES),
    "user enable": Command(_user_enable, _user_options, _CODES),
    "audit list": Command(_audit, _audit_options, _CODES),
    "token add": Command(_token_add, _token_add_options, _CODES),
    "token list": Command(_token_list, _token_list_options, _CODES),
    "token revoke": Command(_token_revoke, _token_revoke_options, _CODES),
}
