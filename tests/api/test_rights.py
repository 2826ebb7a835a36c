"""Who may do what: every route of the API by every role, scope and campaign; and what a token may make of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.core.errors import NotAllowed
from ledger.core.roles import ALL_SCOPES, GIVEN, Grant, Role, Scope
from ledger.core.times import rfc3339
from ledger.recording.actors import Actor
from ledger.recording.desk import NOUNS, act
from ledger.recording.users import actor_named, add_token, add_user_with, give_role
from tests.tools.drawn import drawn
from tests.tools.ledgers import SLUG, Ledger

OTHER = "others"
DAY = 86_400
ROLES_SAID = re.compile(r"Roles: ([a-z, ]+)\.")


@dataclass
class Desk:
    ledger: Ledger
    site: TestClient

    def person(self, name: str, *grants: Grant, now: int | None = None) -> None:
        at = self.ledger.now if now is None else now
        with self.ledger.store.write() as tx:
            add_user_with(tx, name, grants[0], now=at, by=None)
            for grant in grants[1:]:
                give_role(tx, name, grant, now=at, by=None)

    def token(self, name: str, **narrowed: Any) -> str:
        with self.ledger.store.write() as tx:
            return add_token(tx, name, "t", now=self.ledger.now, by=None, **narrowed)

    def ask(self, method: str, path: str, token: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return self.site.request(method, path, headers=headers, json=body)

    def missing(self, path: str, token: str, body: Any) -> str | None:
        """The field of which a post is refused as not allowed; None where it is allowed."""
        told = self.ask("POST", f"/api/v1/{path}", token, body)
        return str(told.json()["errors"][0]["field"]) if told.status_code == 403 else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ledger = Ledger.new(tmp_path)
    facts = {
        "slug": OTHER,
        "title": "Others",
        "purpose": "Others",
        "start": "2023-11-01",
        "end": "2023-12-31",
    }
    with ledger.store.write() as tx:
        act(tx, ledger.actors["admin"], OTHER, "campaign", "add", facts, now=ledger.now)
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)
    with TestClient(create_app(ports), raise_server_exceptions=False) as site:
        yield Desk(ledger, site)
    ledger.store.close()


def secured_routes(desk: Desk) -> list[tuple[str, str, frozenset[Role], Scope]]:
    """Method, path, roles and scope of every route that asks for a token, as the document says them."""
    found = []
    for path, methods in desk.site.get("/openapi.json").json()["paths"].items():
        for method, told in methods.items():
            asked = [need["token"] for need in told.get("security", []) if need]
            said = ROLES_SAID.search(told["description"])
            if asked and said:
                assert len(asked) == 1
                roles = frozenset(map(Role, said[1].split(", ")))
                at = path.replace("{slug}", SLUG).replace("{sha256}", "0" * 64)
                found.append((method.upper(), at, roles, Scope(asked[0][0])))
    return found


def allowed(actor: Actor, roles: frozenset[Role], scope: Scope, campaign: str | None) -> str | None:
    """The field that `require` refuses; None where it lets them."""
    try:
        assert actor.require("it", scope, roles, campaign) in roles
    except NotAllowed as refusal:
        assert not actor.may(scope, roles, campaign)
        return refusal.errors[0].field
    assert actor.may(scope, roles, campaign)
    return None


def test_every_route_asks_for_its_role_scope_and_campaign(desk: Desk) -> None:
    """What the document says of a route, the route does. Bodies are empty, so that nobody changes anything.

    Every role, scope and campaign is asked of the rule, for each route; and some of the routes by somebody to whom
    one thing is missing, every thing in turn, and those of each kind by the least who may.
    """
    routes, rest = secured_routes(desk), f"/api/v1/campaigns/{SLUG}/"
    of_all = {f"{rest}campaigns", f"{rest}recalls"}
    assert len(routes) > sum(len(noun.actions) for noun in NOUNS.values())
    for role in sorted(GIVEN):
        desk.person(f"all-{role}", Grant(role))
        desk.person(f"here-{role}", Grant(role, SLUG), Grant(Role.ADMIN, OTHER))
    wide = {role: desk.token(f"all-{role}") for role in GIVEN}
    near = {role: desk.token(f"here-{role}") for role in GIVEN}
    scopeless = {scope: desk.token("all-admin", scopes=ALL_SCOPES - {scope}) for scope in Scope}
    elsewhere = desk.token("all-admin", campaigns=[OTHER])
    asked = of_all | {path for _, path, _, _ in drawn("rights", routes, 40)}
    seen: set[tuple[frozenset[Role], bool]] = set()

    def refused(method: str, path: str, token: str) -> str | None:
        told = desk.ask(method, path, token, {} if method == "POST" else None)
        assert told.status_code != 401
        return str(told.json()["errors"][0]["field"]) if told.status_code == 403 else None

    for turn, (method, path, roles, scope) in enumerate(routes):
        is_here = path.startswith(rest) and path not in of_all
        where = SLUG if is_here else None
        for role in GIVEN:
            missing = None if role in roles else "role"
            assert allowed(Actor.everywhere(1, "a", role), roles, scope, where) == missing
            one = Actor(1, "a", (Grant(role, SLUG), Grant(Role.ADMIN, OTHER)))
            assert allowed(one, roles, scope, where) == (missing if is_here else "role")
            for without in Scope:
                narrow = Actor(1, "a", (Grant(role),), ALL_SCOPES - {without})
                assert allowed(narrow, roles, scope, where) == ("scope" if without is scope else missing)
            bound = Actor(1, "a", (Grant(role),), campaigns=frozenset({OTHER}))
            assert allowed(bound, roles, scope, where) == "campaign"
        if path not in asked:
            continue
        kind = (roles, is_here)
        may = min(roles, key=lambda role: (role is Role.ADMIN, role))
        if kind not in seen:
            assert refused(method, path, (near if is_here else wide)[may]) is None, path
        seen.add(kind)
        lacking = [(scopeless[scope], "scope")]
        lacking += (
            [(elsewhere, "campaign")] if is_here else [(near[Role.ADMIN], "role")] if path in of_all else []
        )
        lacking += [(wide[role], "role") for role in sorted(GIVEN - roles)]
        token, field = lacking[turn % len(lacking)]
        assert refused(method, path, token) == field, path


def test_roles_are_given_in_a_campaign_until_a_day(desk: Desk) -> None:
    """A recorder of one campaign writes in no other; a role ends with its last day; the journal names the role."""
    day = rfc3339(desk.ledger.now)[:10]
    desk.person("ana", Grant(Role.RECORDER, SLUG), Grant(Role.AUDITOR))
    desk.person("ben", Grant(Role.APPROVER, SLUG, day), Grant(Role.RECORDER, SLUG))
    ana, ben = desk.token("ana"), desk.token("ben")
    product = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
    assert desk.missing(f"campaigns/{OTHER}/products", ana, product) == "role"
    assert desk.missing(f"campaigns/{SLUG}/products", ana, product) is None
    told = desk.ask("POST", f"/api/v1/campaigns/{SLUG}/products", ben, product | {"code": "BOX"}).json()
    assert told["entry"]["role"] == "approver"
    decision = {"number": "P-1", "date": day}
    assert desk.missing(f"campaigns/{SLUG}/payments/approve", ben, decision) is None
    desk.ledger.now += DAY
    assert desk.missing(f"campaigns/{SLUG}/payments/approve", ben, decision) == "role"
    assert [role["role"] for role in desk.ask("GET", "/api/v1/me", ben).json()["roles"]] == ["recorder"]
    loan = {
        "number": "L-1",
        "to": OTHER,
        "asset": "USD",
        "amount": 5,
        "bank": "A",
        "to_bank": "B",
        "date": day,
    }
    assert desk.missing(f"campaigns/{SLUG}/loans", ana, loan) == "role"


def test_an_admin_gives_and_takes_where_they_are_one(desk: Desk) -> None:
    """Over the API, each with a line of the audit log; an admin of one campaign reaches no further than that."""
    desk.person("eva", Grant(Role.ADMIN))
    desk.person("hal", Grant(Role.ADMIN, SLUG))
    desk.person("aud", Grant(Role.AUDITOR))
    eva, hal, aud = desk.token("eva"), desk.token("hal"), desk.token("aud")
    assert desk.missing("users", hal, {"name": "cy", "role": "viewer"}) == "role"
    assert desk.missing("users", aud, {"name": "cy", "role": "viewer"}) == "role"
    made = desk.ask("POST", "/api/v1/users", eva, {"name": "cy", "role": "viewer", "until": "2099-01-01"})
    assert made.json()["roles"] == [{"role": "viewer", "campaign": None, "until": "2099-01-01"}]
    wanted = {"user": "cy", "role": "recorder", "campaign": SLUG}
    assert desk.missing("roles/give", hal, wanted | {"campaign": OTHER}) == "role"
    assert desk.missing("roles/give", hal, wanted | {"campaign": None}) == "role"
    assert desk.missing("roles/give", hal, wanted) is None
    assert desk.ask("POST", "/api/v1/roles/give", eva, wanted | {"until": "2001-01-01"}).status_code == 422
    assert desk.ask("POST", "/api/v1/roles/give", eva, wanted | {"campaign": "nowhere"}).status_code == 404
    assert desk.ask(
        "POST", "/api/v1/users/limit", eva, {"user": "cy", "currency": "USD", "most": 900}
    ).json()["limits"] == [{"asset": "USD", "minor": 900, "decimal": "9.00"}]
    assert desk.missing("roles/take", hal, wanted) is None
    assert desk.ask("POST", "/api/v1/roles/take", eva, wanted).status_code == 404
    assert desk.ask("POST", "/api/v1/users/disable", eva, {"user": "cy"}).json()["disabled"]
    assert not desk.ask("POST", "/api/v1/users/enable", eva, {"user": "cy"}).json()["disabled"]
    people = {row["name"]: row for row in desk.ask("GET", "/api/v1/users", aud).json()["items"]}
    assert [role["role"] for role in people["cy"]["roles"]] == ["viewer"]
    log = desk.ask("GET", "/api/v1/audit?user=eva&limit=2", aud)
    assert [(row["action"], row["subject"]) for row in log.json()["items"]] == [
        ("user added", "cy"),
        ("role given", "cy/viewer/*/2099-01-01"),
    ]
    assert 'rel="next"' in log.headers["link"]
    assert log.headers["cache-control"] == "private, no-store"


def test_a_token_makes_no_wider_one_and_none_of_another_person(desk: Desk) -> None:
    desk.person("eva", Grant(Role.ADMIN))
    desk.person("ana", Grant(Role.RECORDER))
    eva = desk.token("eva")
    ana = desk.token("ana", scopes={Scope.RECORD, Scope.READ}, campaigns=[SLUG], days=9)
    further = desk.ask("POST", "/api/v1/tokens", ana, {"name": "phone", "scopes": ["read"]})
    told = desk.ask("GET", "/api/v1/me", further.json()["token"]).json()
    assert (told["name"], told["scopes"], told["campaigns"]) == ("ana", ["read"], [SLUG])
    assert told["until"] == rfc3339(desk.ledger.now + 9 * DAY)
    assert desk.missing("tokens", ana, {"scopes": ["approve"]}) == "scopes"
    assert desk.missing("tokens", ana, {"campaigns": [OTHER]}) == "campaigns"
    assert desk.ask("POST", "/api/v1/tokens", ana, {"scopes": []}).status_code == 422
    own = desk.ask("GET", "/api/v1/tokens", ana).json()["items"]
    assert [(row["user"], row["name"]) for row in own] == [("ana", "t"), ("ana", "phone")]
    assert len(desk.ask("GET", "/api/v1/tokens", eva).json()["items"]) == 3
    numbers = {row["user"]: row["id"] for row in desk.ask("GET", "/api/v1/tokens", eva).json()["items"]}
    assert desk.missing("tokens/revoke", ana, {"id": numbers["eva"]}) == "scope"
    assert desk.ask("POST", "/api/v1/tokens/revoke", ana, {"id": numbers["ana"]}).json()["revoked"]
    assert desk.ask("GET", "/api/v1/me", further.json()["token"]).status_code == 401
    with desk.ledger.store.write() as tx, pytest.raises(NotAllowed):
        add_token(tx, "ana", "t", now=desk.ledger.now, by=actor_named(tx, "eva", now=desk.ledger.now))
