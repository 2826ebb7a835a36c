"""The web application: routes, safety headers, problems and documentation, over the ports that it is given.

It reads no clock, no environment and no configuration, and holds no state but rendered answers.
"""

from __future__ import annotations

import json
from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.data.documented import JSON, described
from api.data.parameters import only_known_parameters
from api.data.routes import data_routes
from api.languages.address import LanguageRoute
from api.live import live_routes
from api.pages import sentences
from api.pages.account_lists import ACCOUNT_LISTS
from api.pages.confirm import confirm_routes
from api.pages.docs import docs_page
from api.pages.documents import documents_routes
from api.pages.give import give_routes
from api.pages.help import help_routes
from api.pages.lists import LISTS, lists_routes
from api.pages.render import PageRenderer
from api.pages.routes import pages_routes
from api.pages.statements import statements_routes
from api.policy import POLICY
from api.ports import Ports
from api.ready import Newest, ReadyAnswers, ReadyRoute, Rendered, as_response
from api.writers import BoundedStore
from ledger.core.errors import StorageFailed

_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_CORS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link"),
)


class SafetyHeaders:
    """Adds the safety headers to every answer, our own errors too, and CORS to what needs no token of `/api`."""

    def __init__(self, app: ASGIApp, on_error: Callable[[Request, Exception], Response]) -> None:
        self._app = app
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        by_method = scope["method"] in ("GET", "HEAD") or (
            scope["method"] == "POST" and not any(name == b"authorization" for name, _ in scope["headers"])
        )
        reads = by_method and path.startswith(("/api/", "/openapi.json"))

        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                present = {name.lower() for name, _ in headers}
                wanted = _HEADERS + (_CORS if reads else ())
                if (b"content-encoding", b"gzip") in headers:
                    headers = [(name, _tag_of_gzip(name, value)) for name, value in headers]
                headers.extend(pair for pair in wanted if pair[0] not in present)
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except (Exception, CancelledError) as error:
            if started:
                raise
            failure = error if isinstance(error, Exception) else _cut_off(str(scope["method"]))
            answer = self._on_error(Request(scope), failure)
            await answer(scope, receive, with_headers)


def _cut_off(method: str) -> StorageFailed:
    """What to say where the server ends and waits for an answer no longer."""
    if method in ("GET", "HEAD"):
        return StorageFailed("the service is ending; ask again when it is there")
    return StorageFailed(
        "the service is ending, and whether this was written is not known: tell it again, the same fact is recorded "
        "once"
    )


def _tag_of_gzip(name: bytes, value: bytes) -> bytes:
    """Other bytes have another strong tag (RFC 9110 8.8.3.3); `as_response` knows both."""
    return value[:-1] + b'-gzip"' if name.lower() == b"etag" and value.startswith(b'"') else value


def create_app(ports: Ports) -> LanguageRoute:
    """The application over `ports`: the language of the address, what is ready, then the framework.

    `/docs` and `/openapi.json` describe it, errors are RFC 9457 problems.
    """
    ports = replace(ports, store=BoundedStore(ports.store))
    answers, pages = ReadyAnswers(ports, _always), PageRenderer(ports.settings)
    data = APIRouter(prefix="/api/v1", dependencies=[Depends(only_known_parameters)])
    site = APIRouter(include_in_schema=False)
    newest = Newest(answers, ports)
    data_routes(data, ports, answers)
    live_routes(site, ports, newest)  # before the pages, whose keys would take its path
    pages_routes(site, ports, pages, answers)
    confirm_routes(site, ports, pages)
    give_routes(site, ports, pages)
    lists_routes(site, ports, pages, answers, (*LISTS, *ACCOUNT_LISTS))
    help_routes(site, pages)
    documents_routes(site, pages)
    statements_routes(site, ports, pages)
    app = FastAPI(
        # As their routers made them: to include a router makes each of its routes once more.
        routes=[*data.routes, *site.routes],
        title=ports.settings.title,
        version="1",
        description="What came in, what it became, and where that is. Amounts are exact; times are UTC.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # The framework would send to whatever host the request names.
        redirect_slashes=False,
    )
    on_error = problems.install(app, pages)
    _operations(app, ports, pages)
    app.add_middleware(GZipMiddleware, minimum_size=600, compresslevel=6)
    app.add_middleware(SafetyHeaders, on_error=on_error)
    return LanguageRoute(ReadyRoute(app, answers, newest))


def refusal(status: int, retry_after: int | None = None) -> Response:
    """What a request gets that comes to no route, with the safety headers of every answer; the connection ends."""
    headers = {name.decode(): value.decode() for name, value in _HEADERS}
    detail = str(sentences.ERRORS[status].detail)
    return problems.problem_json(
        status, detail, retry_after=retry_after, headers={**headers, "Connection": "close"}
    )


def _always(asked: str) -> list[tuple[bytes, bytes]]:
    """The headers of every public answer: safety, and CORS for data."""
    return [*_HEADERS, *(_CORS if asked.startswith("/api/") else ())]


def _operations(app: FastAPI, ports: Ports, pages: PageRenderer) -> None:
    read = ["GET", "HEAD"]

    @app.api_route("/healthz", methods=read, include_in_schema=False)
    async def health() -> Response:
        """Needs no worker: it answers while all of them wait."""
        return Response("ok\n", media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})

    @app.api_route("/readyz", methods=read, include_in_schema=False)
    def ready() -> Response:
        missing = ports.ready()
        if missing:
            return problems.problem_json(503, " ".join(missing))
        return Response(
            "ready\n", media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
        )

    @app.api_route("/metrics", methods=read, include_in_schema=False)
    def metrics() -> Response:
        return Response(
            ports.metrics(),
            media_type="text/plain; version=0.0.4; charset=utf-8",
            headers={"Cache-Control": "no-store"},
        )

    @app.api_route("/openapi.json", methods=read, include_in_schema=False)
    def description(request: Request) -> Response:
        return as_response(
            request,
            Rendered(json.dumps(described(app), ensure_ascii=False, separators=(",", ":")).encode(), JSON),
        )

    @app.api_route("/docs", methods=read, include_in_schema=False)
    def docs(request: Request) -> Response:
        return as_response(
            request, Rendered(docs_page(pages.of(request), described(app)), "text/html; charset=utf-8")
        )
