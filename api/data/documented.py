"""How routes are documented: the model of each answer, the problems that it really sends, an example of each.

Examples are made of the demonstration by `tests/tools/made_examples.py`, and a test holds them to their models.
"""

from __future__ import annotations

import json
from collections.abc import Set
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi import Path as InPath

from api.data.answers import ProblemDetails
from api.problems import problem_body
from ledger.core.errors import FieldError
from ledger.core.roles import Role, Scope, scope_of
from ledger.core.wording import Wording

JSON = "application/json"
PROBLEM = "application/problem+json"
EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "examples.json").read_text(encoding="utf-8"))
"""An answer of each kind, by the name of its route."""

Responses = dict[int | str, dict[str, Any]]

Slug = Annotated[
    str,
    InPath(
        description="Short name of the campaign.",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=60,
        examples=["first-call"],
    ),
]
Named = Annotated[
    str, InPath(description="Its name or number.", pattern=r"^[^\x00-\x1f\x7f/]+$", max_length=200)
]
DEFAULT_LIMIT = 25
MOST = 100
Limit = Annotated[int, Query(description="Rows a page.", ge=1, le=MOST)]
Cursor = Annotated[
    str | None,
    Query(description="The `next` of the page before.", max_length=200, pattern=r"^[A-Za-z0-9:_.,|=+/~-]*$"),
]
NumberCursor = Annotated[int | None, Query(description="The `next` of the page before.", ge=0, le=10**15)]

_SAID: dict[int, tuple[str, str]] = {
    401: (
        "There is no token, or one that is not known.",
        "This token is not known, is revoked, or has ended.",
    ),
    403: (
        "The role, the campaign or the scope does not allow it.",
        "approval: who recorded this purchase cannot approve it; another person has to",
    ),
    404: ("Nothing has this name.", "purchase: there is no purchase PO-9 in campaign first-call"),
    408: (
        "The body did not come in time.",
        "The body did not come within 30 seconds; send it again.",
    ),
    409: (
        "Something else is recorded under the same key, or stands in the way.",
        "number: PO-3 is recorded already with other facts, as entry 12; reverse that one, or use another number",
    ),
    413: ("The body has too many bytes.", "A body ends at 1000000 bytes."),
    415: (
        "The content is of a kind that is not taken.",
        "Send the body with the header Content-Type: application/json.",
    ),
    422: ("It is refused, and `errors` names the fields.", "amount: must be at least 1"),
    429: (
        "Too much is asked at once; `Retry-After` says when to ask again.",
        "Too many at once; ask again in 60 seconds.",
    ),
    503: (
        "The database cannot be reached now; `Retry-After` says when to ask again.",
        "The database cannot be read now.",
    ),
    507: ("The disk is full: nothing was written, and reading goes on.", "The disk is full."),
}


SECURITY = (
    "A token of the desk, `Authorization: Bearer TOKEN`. It may do what its own scopes (`read`, `record`, `approve`, "
    "`administer`) and campaigns allow and the roles of its user allow too, in a campaign or in all; it may end by "
    "itself. 401: it is unknown, revoked or has ended. 403: the role, the campaign or the scope that `errors` names is "
    "missing. `/api/v1/me` says what a token may do."
)


def secured(*scopes: Scope) -> list[dict[str, list[str]]]:
    """What a route asks for: a token, with one of these scopes where some are named."""
    return [{"token": [scope.value]} for scope in scopes] or [{"token": []}]


def needs(roles: Set[Role]) -> str:
    """The sentence of a description that says who may call a route."""
    return f"Roles: {', '.join(sorted(roles))}. Scope: {scope_of(roles)}."


_SHOWN: dict[str, Any] = {}
"""Examples by what stands for them while FastAPI makes the document, which would drop every null in them."""


def problems(*statuses: int) -> Responses:
    """The problems that a route sends, beside those that every route may send."""
    responses: Responses = {}
    # Whoever may send too much may send it too slowly, or as something else.
    body = (408, 415) if 413 in statuses else ()
    for status in dict.fromkeys((*statuses, *body, 503)):
        what, detail = _SAID[status]
        field, _, reason = detail.partition(": ")
        shown = problem_body(status, detail, (FieldError(field, Wording(reason)),) if reason else ())
        schema = {"$ref": "#/components/schemas/ProblemDetails"}
        responses[status] = {"description": what, "content": {PROBLEM: {"schema": schema, "example": shown}}}
    return responses


def answer(
    name: str, what: str = "The answer.", *, status: int = 200, shape: str = "", **changes: Any
) -> Responses:
    """The answer of a status with its example; `changes` are fields that differ in this one.

    `shape` is needed for what is not the usual status of its route: the name of the schema that this one answers by.
    """
    shown = f"{name} {status}"
    _SHOWN[shown] = EXAMPLES[name] | changes
    content: dict[str, Any] = {"example": shown}
    if shape:
        content["schema"] = {"$ref": f"#/components/schemas/{shape}"}
    return {status: {"description": what, "content": {JSON: content}}}


def described(app: FastAPI) -> dict[str, Any]:
    """The document of all routes: with the scheme of tokens, the shape of problems, and the examples in full."""
    document = app.openapi()
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": SECURITY}}
    shape = ProblemDetails.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    schemas = components.setdefault("schemas", {})
    schemas |= {**shape.pop("$defs", {}), "ProblemDetails": shape}
    for methods in document["paths"].values():
        for operation in methods.values():
            responses = operation["responses"]
            if PROBLEM not in responses.get("422", {"content": {PROBLEM: None}})["content"]:
                del responses[
                    "422"
                ]  # a wrong name in a path is answered by 404, as any name that is nobody's
            for response in responses.values():
                for content in response["content"].values():
                    shown = content.get("example")
                    content["example"] = _SHOWN[shown] if isinstance(shown, str) else shown
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document
