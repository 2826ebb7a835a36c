"""Papers come in: the bytes of a public or redacted document, named by their SHA-256, by somebody with a role.

What a paper is evidence of is recorded as a fact of the desk; a sealed paper's bytes are never sent here.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import actor_of, read_body, require_token
from api.data.acts import unkept
from api.data.answers import KeptPaper
from api.data.documented import answer, problems, secured
from api.ports import Ports
from api.problems import Problem
from ledger.core.errors import Refused
from ledger.core.roles import Scope

PAPER_LIMIT = 10_000_000
"""Bytes of one paper."""

Sha256 = Annotated[
    str,
    InPath(description="SHA-256 of the bytes, 64 lower-case hexadecimal digits.", pattern=r"^[0-9a-f]{64}$"),
]
_TYPES = frozenset({"application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv"})
_BODY = {
    "required": True,
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(_TYPES)},
}


def papers_routes(router: APIRouter, ports: Ports) -> None:

    @router.put(
        "/papers/{sha256}",
        tags=["Desk"],
        status_code=201,
        response_model=KeptPaper,
        responses={
            **answer("paper", "Kept", status=201),
            **problems(401, 403, 404, 409, 413, 415, 422, 507),
        },
        openapi_extra={"security": secured(Scope.RECORD), "requestBody": _BODY},
    )
    async def keep(request: Request, sha256: Sha256) -> Response:
        """Keep a paper's bytes: PDF, PNG, JPEG, plain text or CSV. The same again changes nothing.

        Nothing is served before an entry of the desk names it as public or redacted. Each upload is in the audit log.
        """
        token = await require_token(request, ports)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            raise Problem(415, "Send a paper as one of {types}.", types=sorted(_TYPES))
        too_long = Problem(413, "A paper ends at {most} bytes.", most=PAPER_LIMIT)
        data = await read_body(request, PAPER_LIMIT, too_long)
        return await run_in_threadpool(_keep, ports, token, sha256, kind, data)


def _keep(ports: Ports, token: str, sha256: str, kind: str, data: bytes) -> Response:
    def keep(tx: Any) -> None:
        actor = actor_of(ports, tx, token)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Refused.field(
                "sha256", "is not the SHA-256 of the {data} bytes that were sent", data=len(data)
            )
        told = ports.desk.keep_paper(tx, actor, sha256, data, now=ports.clock())
        if told.partition(";")[0] != ("text/plain" if kind.startswith("text/") else kind):
            raise Problem(415, "These bytes are no {kind}.", kind=kind)

    with ports.store.write() as tx:
        keep(tx)
    return unkept(KeptPaper(sha256=sha256, bytes=len(data)), 201)
