"""Who may do what, over JSON: users, their roles and tokens, and the audit log. None of it is public.

A token of another person is never made here: who could make one could act as two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol, TypeVar

from fastapi import APIRouter, Query
from pydantic import ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import actor_of, require_token, token_of
from api.data.acts import body_of, schema_of, unkept
from api.data.answers import AuditLine, HeldRole, KnownToken, MadeToken, Me, Page, Person
from api.data.documented import DEFAULT_LIMIT, JSON, Limit, NumberCursor, answer, needs, problems, secured
from api.data.paging import link_header, page_of
from api.data.reading import json_of, read_route
from api.ports import Ports
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.core.facts import STRICT, Currency, Date, Positive, Slug, Text, facts_from
from ledger.core.frozen import Amount, Frozen
from ledger.core.roles import ADMINS, AUDITORS, Grant, Role, Scope
from ledger.recording.actors import Actor
from ledger.recording.users import (
    add_token,
    add_user_with,
    enable_user,
    give_role,
    limit_user,
    revoke_token,
    take_role,
    user_named,
)
from ledger.store.desk import Token
from ledger.store.transaction import Reading, Writing

_ADMINISTER = Scope.ADMINISTER
OfUser = Annotated[str | None, Query(description="Only of this user.", max_length=60)]
F = TypeVar("F", contravariant=True)


class Change(Protocol[F]):
    """Does what a body asks, where that person may; gives what is answered."""

    def __call__(self, tx: Writing, actor: Actor, facts: F, now: int, /) -> Frozen: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person and their first role: in a campaign or in all, until a day or without an end."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: Text
    role: Role
    campaign: Slug | None = None
    until: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRole:
    """A role that a user gets: in a campaign or in all, until a day or without an end."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    user: Text
    role: Role
    campaign: Slug | None = None
    until: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRole:
    """A role that a user has no longer: that of a campaign, or that for all."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    user: Text
    role: Role
    campaign: Slug | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedUser:
    """A user by name."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    user: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLimit:
    """The most that a user may approve in a currency, minor units; null lifts it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    user: Text
    currency: Currency
    most: Positive | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedToken:
    """A further token of one's own, for no more than the one that asks for it and not for longer."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: Text = "token"
    days: Positive | None = None
    scopes: tuple[Scope, ...] | None = None
    campaigns: tuple[Slug, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedToken:
    """A token by the number that lists show."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    id: Positive


def people_routes(router: APIRouter, ports: Ports, answers: ReadyAnswers) -> None:

    def reading(path: str, model: Any, name: str, *statuses: int) -> Callable[[Any], Any]:
        return read_route(router, path, "People", model, name, 401, *statuses, security=secured(Scope.READ))

    @reading("/me", Me, "me")
    def me(request: Request) -> Response:
        """Whose token this is and what it may do: the roles that have not ended, its scopes and campaigns."""
        token = token_of(request)

        def render(tx: Any, now: int) -> Rendered:
            actor = actor_of(ports, tx, token)
            answer = Me(
                name=actor.name,
                roles=tuple(map(_role, actor.grants)),
                scopes=tuple(sorted(actor.scopes)),
                campaigns=None if actor.campaigns is None else tuple(sorted(actor.campaigns)),
                until=actor.until,
            )
            return json_of(answer, Reads(), private=True)

        return answers.answer(request, render)

    @reading("/users", Page[Person], "users", 403)
    def users(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None) -> Response:
        """Users with their roles and limits, disabled ones and ended roles included. Roles: admin, auditor."""
        token = token_of(request)

        def render(tx: Any, now: int) -> Rendered:
            actor_of(ports, tx, token).require("user list", Scope.READ, AUDITORS, None)
            rows = tuple(_person(tx, user.name) for user in tx.desk.users())
            return page_of(request, Page[Person], rows, limit, cursor, Reads(), private=True)

        return answers.answer(request, render)

    @reading("/tokens", Page[KnownToken], "tokens", 403)
    def tokens(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None) -> Response:
        """Tokens without their secret, ended and revoked ones included: one's own; all, for admin and auditor."""
        token = token_of(request)

        def render(tx: Any, now: int) -> Rendered:
            actor = actor_of(ports, tx, token)
            all_of_them = actor.may(Scope.READ, AUDITORS, None)
            names = {user.id: user.name for user in tx.desk.users()}
            rows = (
                _token(names[each.user_id], each)
                for each in tx.desk.all_tokens()
                if all_of_them or each.user_id == actor.id
            )
            return page_of(request, Page[KnownToken], rows, limit, cursor, Reads(), private=True)

        return answers.answer(request, render)

    @reading("/audit", Page[AuditLine], "audit", 403, 404)
    def audit(
        request: Request, user: OfUser = None, limit: Limit = DEFAULT_LIMIT, cursor: NumberCursor = None
    ) -> Response:
        """Who did what at the desk, and when; nobody can change it. Roles: admin, auditor."""
        token = token_of(request)

        def render(tx: Any, now: int) -> Rendered:
            actor_of(ports, tx, token).require("audit list", Scope.READ, AUDITORS, None)
            wanted = None if user is None else user_named(tx, user).id
            names = {each.id: each.name for each in tx.desk.users()}
            rows = tx.desk.audited(cursor or 0, limit + 1, wanted)
            following = str(rows[limit - 1].n) if len(rows) > limit else None
            lines = tuple(
                AuditLine(n=r.n, at=r.at, user=names.get(r.user_id or 0), action=r.action, subject=r.subject)
                for r in rows[:limit]
            )
            links = link_header(request, following, limit)
            return json_of(Page[AuditLine](items=lines, next=following), Reads(), links, private=True)

        return answers.answer(request, render)

    def writing(
        path: str, name: str, body: type, change: Change[Any], model: Any, doc: str, scope: Scope | None
    ) -> None:
        """A route that changes who may do what, in one transaction with the question whether they may."""

        async def endpoint(request: Request) -> Response:
            token = await require_token(request, ports)
            body = await body_of(request)
            return await run_in_threadpool(written, token, body)

        def written(token: str, facts: Any) -> Response:
            with ports.store.write() as tx:
                actor = actor_of(ports, tx, token)
                if scope is _ADMINISTER:
                    # In which campaign, the body says: it is not told how a body has to be before they are an admin.
                    actor.require_somewhere(name, scope, ADMINS)
                made = change(tx, actor, facts_from(body, facts), ports.clock())
            return unkept(made, 200)

        router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            tags=["People"],
            name=name,
            operation_id=name.replace(" ", "_"),
            description=doc,
            response_model=model,
            responses={**answer(name.replace(" ", "_")), **problems(401, 403, 404, 409, 413, 422, 507)},
            openapi_extra={
                "security": secured(*([] if scope is None else [scope])),
                "requestBody": {"required": True, "content": {JSON: {"schema": schema_of(body)}}},
            },
        )

    admin = needs(ADMINS)
    writing(
        "/users", "user add", NewUser, _user_added, Person, f"Add a user with a role. {admin}", _ADMINISTER
    )
    writing(
        "/users/disable", "user disable", NamedUser, _disabled, Person, f"Refuse a user. {admin}", _ADMINISTER
    )
    writing(
        "/users/enable",
        "user enable",
        NamedUser,
        _enabled,
        Person,
        f"Accept a user again. {admin}",
        _ADMINISTER,
    )
    writing(
        "/users/limit",
        "user limit",
        PersonLimit,
        _limited,
        Person,
        f"Set the most that a user may approve in a currency, or lift it. {admin}",
        _ADMINISTER,
    )
    writing(
        "/roles/give",
        "role give",
        GivenRole,
        _given,
        Person,
        f"Give a user a role; in one campaign its own admin may too. {admin}",
        _ADMINISTER,
    )
    writing(
        "/roles/take",
        "role take",
        TakenRole,
        _taken,
        Person,
        f"Take a role from a user; in one campaign its own admin may too. {admin}",
        _ADMINISTER,
    )
    writing(
        "/tokens",
        "token add",
        WantedToken,
        _token_made,
        MadeToken,
        "Make a further token of one's own; it is told once, and ends no later than the one that asks for it.",
        None,
    )
    writing(
        "/tokens/revoke",
        "token revoke",
        NumberedToken,
        _token_revoked,
        KnownToken,
        "Refuse a token from now on: one's own, or anybody's, which an admin for all campaigns may.",
        None,
    )


def _user_added(tx: Writing, actor: Actor, facts: NewUser, now: int) -> Person:
    actor.require("user add", _ADMINISTER, ADMINS, None)
    add_user_with(tx, facts.name, Grant(facts.role, facts.campaign, facts.until), now=now, by=actor)
    return _person(tx, facts.name)


def _disabled(tx: Writing, actor: Actor, facts: NamedUser, now: int) -> Person:
    actor.require("user disable", _ADMINISTER, ADMINS, None)
    enable_user(tx, facts.user, now=now, by=actor, enabled=False)
    return _person(tx, facts.user)


def _enabled(tx: Writing, actor: Actor, facts: NamedUser, now: int) -> Person:
    actor.require("user enable", _ADMINISTER, ADMINS, None)
    enable_user(tx, facts.user, now=now, by=actor, enabled=True)
    return _person(tx, facts.user)


def _limited(tx: Writing, actor: Actor, facts: PersonLimit, now: int) -> Person:
    actor.require("user limit", _ADMINISTER, ADMINS, None)
    limit_user(tx, facts.user, facts.currency, facts.most, now=now, by=actor)
    return _person(tx, facts.user)


def _given(tx: Writing, actor: Actor, facts: GivenRole, now: int) -> Person:
    actor.require("role give", _ADMINISTER, ADMINS, facts.campaign)
    give_role(tx, facts.user, Grant(facts.role, facts.campaign, facts.until), now=now, by=actor)
    return _person(tx, facts.user, facts.campaign)


def _taken(tx: Writing, actor: Actor, facts: TakenRole, now: int) -> Person:
    actor.require("role take", _ADMINISTER, ADMINS, facts.campaign)
    take_role(tx, facts.user, facts.role, facts.campaign, now=now, by=actor)
    return _person(tx, facts.user, facts.campaign)


def _token_made(tx: Writing, actor: Actor, facts: WantedToken, now: int) -> MadeToken:
    scopes = actor.scopes if facts.scopes is None else facts.scopes
    campaigns = actor.campaigns if facts.campaigns is None else facts.campaigns
    token = add_token(
        tx, actor.name, facts.name, now=now, by=actor, days=facts.days, scopes=scopes, campaigns=campaigns
    )
    return MadeToken(token=token)


def _token_revoked(tx: Writing, actor: Actor, facts: NumberedToken, now: int) -> KnownToken:
    token = tx.desk.token(facts.id)
    if token is None or token.user_id != actor.id:
        actor.require("token revoke", _ADMINISTER, ADMINS, None)
    revoked = revoke_token(tx, facts.id, now=now, by=actor)
    names = {user.id: user.name for user in tx.desk.users()}
    return _token(names[revoked.user_id], revoked)


def _role(grant: Grant) -> HeldRole:
    return HeldRole(role=grant.role, campaign=grant.campaign, until=grant.until)


def _person(tx: Reading, name: str, campaign: str | None = None) -> Person:
    """A user with roles and limits; for the admin of a campaign, only what concerns it."""
    user = user_named(tx, name)
    grants = [g for g in tx.desk.grants(user.id) if campaign is None or g.campaign == campaign]
    limits = {} if campaign is not None else tx.desk.limits(user.id)
    return Person(
        name=user.name,
        disabled=user.disabled,
        roles=tuple(map(_role, grants)),
        limits=tuple(Amount.of(currency, most) for currency, most in sorted(limits.items())),
    )


def _token(user: str, token: Token) -> KnownToken:
    return KnownToken(
        id=token.id,
        user=user,
        name=token.name,
        at=token.at,
        until=token.until,
        scopes=tuple(sorted(token.scopes)),
        campaigns=None if token.campaigns is None else tuple(sorted(token.campaigns)),
        revoked=token.revoked,
    )
