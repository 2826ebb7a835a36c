"""Answers under /api for what is at no path, or not by this method: 404 with what there is, 405 with `Allow`.

It names nouns and verbs of the desk, and reads nothing of the ledger.
"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.ports import Ports
from api.problems import problem_json
from ledger.core.errors import NotFound
from ledger.core.wording import Wording


def unknown_routes(router: APIRouter, ports: Ports) -> None:
    """The last of the routes under /api: it takes what no other takes, by whatever method."""
    router.routes.append(Route(f"{router.prefix}/{{rest:path}}", Nothing(ports), include_in_schema=False))


class Nothing:
    """Answers where nothing is: an application, since a function would be a route of named methods only."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        allowed = _allowed(request)
        if allowed and request.method == "OPTIONS":
            return _preflight(request, allowed)
        if allowed:
            message = Wording("This path answers these: {methods}.", {"methods": allowed})
            return problem_json(405, str(message), headers={"Allow": ", ".join(allowed)})
        missing = _missing(self._ports, request.method, request.path_params["rest"])
        return problem_json(404, str(missing), missing.errors)


def _preflight(request: Request, allowed: list[str]) -> Response:
    """What a page of another site may do here: read, with a tag that it kept, and what wants no token."""
    public = _allowed(request, public=True)
    headers = {"Allow": ", ".join([*allowed, "OPTIONS"]), "Cache-Control": "no-store"}
    if public:
        headers |= {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": ", ".join(public),
            "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
            "Access-Control-Max-Age": "86400",
        }
    return Response(status_code=204, headers=headers)


def _allowed(request: Request, *, public: bool = False) -> list[str]:
    """The methods by which the path is answered; none where nothing is there. `public`: only what wants no token."""
    asked = request.url.path.split("/")
    methods: set[str] = set()
    for route in request.app.routes:
        if not isinstance(route, APIRoute) or route.path.endswith(":path}"):
            continue
        parts = route.path.split("/")
        wanted = (route.openapi_extra or {}).get("security", [{}])
        if len(parts) == len(asked) and all(
            a == b or (b.startswith("{") and a) for a, b in zip(asked, parts, strict=True)
        ):
            methods |= (route.methods or set()) if not public or {} in wanted else set()
    return sorted(methods)


def _missing(ports: Ports, method: str, rest: str) -> NotFound:
    parts = rest.split("/")
    if method == "POST" and parts[0] == "campaigns" and len(parts) in {3, 4}:
        nouns = {noun.plural: noun for noun in ports.desk.NOUNS.values()}
        noun = nouns.get(parts[2])
        if noun is None:
            return NotFound.field("noun", "there is no such one; these are: {nouns}.", nouns=sorted(nouns))
        verbs = sorted(noun.actions)
        if len(parts) == 3:
            return NotFound.field(
                "verb",
                "say what is done, as a further part of the path; {noun} has these: {verbs}.",
                noun=noun.name,
                verbs=verbs,
            )
        return NotFound.field(
            "verb", "{noun} has no such verb; it has these: {verbs}.", noun=noun.name, verbs=verbs
        )
    return NotFound("No such path; /openapi.json lists them all.")
