"""What goes wrong, in one clear sentence: problem+json (RFC 9457) for programs, a plain page for people.

It shows no trace, no value of a secret, and leaves the ledger as it was.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.clean import clean
from api.languages.address import path_of
from api.languages.localised import sentence_of, wording
from api.pages import sentences as say
from api.pages.messages import SENTENCES, listed
from api.pages.render import PageRenderer
from api.ports import TooMany
from ledger.core.errors import (
    Conflict,
    Damaged,
    FieldError,
    LedgerError,
    NotAllowed,
    NotFound,
    NothingYet,
    Refused,
    StorageFailed,
)
from ledger.core.wording import Value, Wording

_LOG = logging.getLogger("aidtrail.api")
_TYPES = {
    400: "bad-request", 401: "token-needed", 403: "not-allowed", 404: "not-found", 405: "method-not-allowed",
    408: "too-slow", 409: "conflict", 413: "too-large", 415: "other-content", 422: "refused", 429: "too-many",
    431: "head-too-large", 500: "internal", 501: "unknown-method", 503: "not-ready", 507: "disk-full",
}  # fmt: skip

_MOST_VALUES = 100
"""Values of a list that a problem tells."""
_STORAGE_SECONDS = 60
"""After which a database that could not is asked again."""

UNKEPT = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
"""Headers of a page that says what is missing: it may change, and its address may hold a claim code."""


class Problem(Exception):
    """A refusal with its HTTP status: one whole literal text and its values, as the ledger refuses."""

    def __init__(self, status: int, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__()
        self.status = status
        self.wording = Wording(text, values, many)

    def __str__(self) -> str:
        return str(self.wording)


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_body(status: int, detail: str, errors: Sequence[FieldError] = ()) -> dict[str, object]:
    """Type, title, status, detail and, where the ledger refuses, what is wrong field by field (RFC 9457)."""
    body: dict[str, object] = {
        "type": f"/docs#{_TYPES.get(status, 'problem')}",
        "title": str(say.ERRORS.get(status, say.ERRORS[400]).title),
        "status": status,
        "detail": clean(detail),
    }
    if errors:
        body["errors"] = [_field_problem(error) for error in errors]
    return body


def _field_problem(error: FieldError) -> dict[str, object]:
    values = _cleaned(error.wording.data())
    return {"field": clean(error.field, 200), "reason": clean(error.reason, 500), "message": values}


def _cleaned(value: object) -> object:
    """Values as they may be shown, however deep they stand."""
    if isinstance(value, str):
        return clean(value, 500)
    if isinstance(value, dict):
        return {name: _cleaned(each) for name, each in value.items()}
    return [_cleaned(each) for each in value[:_MOST_VALUES]] if isinstance(value, list) else value


def problem_json(
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    retry_after: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`application/problem+json`, as `problem_body` says it; `headers` beside those of the status."""
    body = problem_body(status, detail, errors)
    headers = {"Cache-Control": "no-store", **(headers or {})}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="aidtrail"'
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


def field_errors(error: RequestValidationError) -> tuple[FieldError, ...]:
    """Pydantic's findings as dotted fields and reasons, without the offered values."""
    out = []
    for item in error.errors()[:50]:
        where = [str(part) for part in item["loc"] if part not in ("body", "query", "path")]
        out.append(FieldError(".".join(where) or "body", Wording(str(item["msg"]))))
    return tuple(out)


def _refusal_of(error: Exception) -> _Refusal:
    if isinstance(error, Problem):
        return _Refusal(error.status, wording(error.wording))
    if isinstance(error, TooMany):
        return _Refusal(429, wording(error.wording), retry_after=error.seconds)
    if isinstance(error, Refused):
        return _Refusal(422, wording(error.wording), error.errors)
    if isinstance(error, NotFound):
        return _Refusal(404, wording(error.wording), error.errors)
    if isinstance(error, Conflict):
        return _Refusal(409, wording(error.wording), error.errors)
    if isinstance(error, NotAllowed):
        return _Refusal(403, wording(error.wording), error.errors)
    if isinstance(error, StorageFailed):
        return _Refusal(507 if error.full else 503, wording(error.wording), retry_after=_STORAGE_SECONDS)
    if isinstance(error, Damaged):
        return _Refusal(500, wording(error.wording))
    if isinstance(error, LedgerError):
        return _Refusal(422, wording(error.wording), error.errors)
    if isinstance(error, RequestValidationError) and all(item["loc"][0] == "path" for item in error.errors()):
        return _Refusal(404, str(say.NO_SUCH_NAME))
    if isinstance(error, RequestValidationError):
        errors = field_errors(error)
        return _Refusal(422, str(Refused.fields(errors[:5])), errors)
    if isinstance(error, HTTPException):
        words = say.ERRORS.get(error.status_code)
        detail = str(words.detail) if words else str(error.detail)
        return _Refusal(error.status_code, detail, headers=error.headers or {})  # such as Allow
    return _Refusal(500, str(say.ERRORS[500].detail))


def install(app: FastAPI, pages: PageRenderer) -> Callable[[Request, Exception], Response]:
    """Answer every exception; the returned function answers what no handler was for.

    The log names the kind of error and the method, never the address asked for: it may hold a claim code.
    """

    def answer(request: Request, error: Exception) -> Response:
        path = path_of(request.scope)
        if isinstance(error, ClientDisconnect):
            return Response(status_code=400)  # to nobody: who asked has gone
        refusal = _refusal_of(error)
        if refusal.status >= 500:
            trace = None if isinstance(error, StorageFailed | Problem | Damaged) else error
            what = refusal.detail if trace is None else type(error).__name__
            _LOG.error("%s while answering %s", what, request.method, exc_info=trace)
        if _for_programs(path):
            return problem_json(
                refusal.status, refusal.detail, refusal.errors, refusal.retry_after, refusal.headers
            )
        words = say.ERRORS.get(refusal.status, say.ERRORS[400])
        is_donation = path.startswith("/d/") and refusal.status == 404
        heading = str(say.NOT_FOUND_DONATION if is_donation else words.title)
        if refusal.status == 400 and path == "/find":
            heading = str(say.NOTHING_LOOKED_FOR)
        if isinstance(error, NothingYet):
            heading = str(say.NO_PAYMENT_YET)
        detail = _for_people(refusal)
        if refusal.status == 404 and any(error.field == "campaign" for error in refusal.errors):
            heading, detail = str(say.NO_CAMPAIGN), str(say.NO_CAMPAIGN_DETAIL)
        key = path[3:][:200] if is_donation else ""
        body = pages.of(request).error(refusal.status, heading, detail, key)
        headers = {**UNKEPT, **refusal.headers}
        if refusal.retry_after is not None:
            headers["Retry-After"] = str(refusal.retry_after)
        return Response(
            body, status_code=refusal.status, media_type="text/html; charset=utf-8", headers=headers
        )

    for kind in (Problem, TooMany, LedgerError, RequestValidationError, HTTPException, ClientDisconnect):
        app.add_exception_handler(kind, answer)
    return answer


def _for_people(refusal: _Refusal) -> str:
    """The reason without the names of fields, which a program has sent and a person has not."""
    if not refusal.errors:
        return refusal.detail
    return listed([sentence_of(wording(error.wording)) for error in refusal.errors], SENTENCES)


def _for_programs(path: str) -> bool:
    return path.startswith(("/api/", "/openapi.json", "/healthz", "/readyz", "/metrics")) or path == "/api"
