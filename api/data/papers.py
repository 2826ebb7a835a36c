"""Papers come in: the bytes of a public or redacted document, and what is noted of those that are sealed.

What a paper is evidence of is recorded as a fact of the desk; a sealed paper's bytes are never sent here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import ConfigDict, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import actor_of, read_body, require_token
from api.data.acts import body_of, unkept
from api.data.answers import KeptPaper, SealedHash, WhereOriginal
from api.data.documented import JSON, answer, problems, secured
from api.ports import Ports
from api.problems import Problem
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Text, facts_from
from ledger.core.facts import Sha256 as Sha256Fact
from ledger.core.media_types import GIF, JPEG, PDF, PNG, TIFF, WEBP, media_type_of
from ledger.core.roles import Scope

PAPER_LIMIT = 10_000_000
"""Bytes of one paper."""

Sha256 = Annotated[
    str,
    InPath(description="SHA-256 of the bytes, 64 lower-case hexadecimal digits.", pattern=r"^[0-9a-f]{64}$"),
]
_TOLD_BY_BYTES = frozenset({PDF, PNG, JPEG, WEBP, GIF, TIFF})
_OFFICE = "application/vnd.openxmlformats-officedocument."
_TYPES = _TOLD_BY_BYTES | {
    "text/plain",
    "text/csv",
    f"{_OFFICE}spreadsheetml.sheet",
    f"{_OFFICE}wordprocessingml.document",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
}
_BODY = {
    "required": True,
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(_TYPES)},
}


class Metadata(StrEnum):
    """What becomes of metadata that cannot leave a paper: it is refused, or they stay in it for all to read."""

    REFUSE = "refuse"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """A paper to be sealed: the SHA-256 of its bytes, and where the original lies. Neither is published."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    sha256: Sha256Fact
    lies: Text | None = None


def papers_routes(router: APIRouter, ports: Ports) -> None:

    @router.put(
        "/papers/{sha256}",
        tags=["Desk"],
        status_code=201,
        response_model=KeptPaper,
        responses={
            **answer("paper", "The copy is kept.", status=201),
            **problems(401, 403, 404, 409, 413, 422, 507),
        },
        openapi_extra={"security": secured(Scope.RECORD), "requestBody": _BODY},
    )
    async def keep(
        request: Request,
        sha256: Sha256,
        metadata: Annotated[
            Metadata, Query(description="Metadata of a paper that is not rewritten, as a signed PDF.")
        ] = Metadata.REFUSE,
    ) -> Response:
        """Keep a copy of a paper without its metadata and without what a reader would run: PDF, picture, text, table.

        `sha256` is that of the bytes that are sent; the answer names the copy by its own, which evidence names. Nothing
        is served before an entry of the desk names it as public or redacted. Each upload is in the audit log.
        """
        token = await require_token(request, ports)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            raise Problem(415, "Send a paper as one of {types}.", types=sorted(_TYPES))
        too_long = Problem(413, "A paper ends at {most} bytes.", most=PAPER_LIMIT)
        data = await read_body(request, PAPER_LIMIT, too_long)
        return await run_in_threadpool(_keep, ports, token, sha256, kind, data, metadata)

    @router.post(
        "/papers/sealed",
        tags=["Desk"],
        status_code=201,
        response_model=SealedHash,
        responses={
            **answer("sealed", "The paper's salted hash.", status=201),
            **problems(401, 403, 413, 422, 507),
        },
        openapi_extra={
            "security": secured(Scope.RECORD),
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": TypeAdapter(Sealing).json_schema()}},
            },
        },
    )
    async def seal(request: Request) -> Response:
        """The salted hash of a paper that stays elsewhere, by which evidence names it, and a note of where it lies.

        The bytes are not sent, and neither their SHA-256 nor the note is published.
        """
        token = await require_token(request, ports)
        return await run_in_threadpool(_seal, ports, token, await body_of(request))

    @router.get(
        "/papers/{sha256}/original",
        tags=["Desk"],
        response_model=WhereOriginal,
        responses={**answer("original", "Where the original lies."), **problems(401, 403, 404, 422)},
        openapi_extra={"security": secured(Scope.READ)},
    )
    async def original(request: Request, sha256: Sha256) -> Response:
        """Where the original of a sealed paper lies, and the salt of its hash: for who records where it is sealed."""
        token = await require_token(request, ports)
        return await run_in_threadpool(_original, ports, token, sha256)


def _keep(ports: Ports, token: str, sha256: str, kind: str, data: bytes, metadata: Metadata) -> Response:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Refused.field(
            "sha256",
            "is not the SHA-256 of the {n} byte that was sent",
            many="is not the SHA-256 of the {n} bytes that were sent",
            n=len(data),
        )
    media_type = media_type_of(data).partition(";")[0]
    if (media_type in _TOLD_BY_BYTES or kind in _TOLD_BY_BYTES) and media_type != kind:
        raise Problem(415, "These bytes are no {kind}.", kind=kind)
    paper = ports.treated(data, keep_metadata=metadata is Metadata.KEEP)
    with ports.store.write() as tx:
        copy = ports.desk.keep_paper(tx, actor_of(ports, tx, token), paper, now=ports.clock())
    kept = KeptPaper(
        sha256=copy, original=paper.original, bytes=len(paper.data), done=paper.done, metadata=paper.metadata
    )
    return unkept(kept, 201)


def _seal(ports: Ports, token: str, body: object) -> Response:
    facts: Sealing = facts_from(Sealing, body)
    with ports.store.write() as tx:
        actor = actor_of(ports, tx, token)
        sealed = ports.desk.seal_paper(tx, actor, facts.sha256, facts.lies or "", now=ports.clock())
    return unkept(SealedHash(sealed=sealed), 201)


def _original(ports: Ports, token: str, sha256: str) -> Response:
    with ports.store.read() as tx:
        sealed = ports.desk.sealed_paper(tx, actor_of(ports, tx, token), sha256)
    return unkept(WhereOriginal(sealed=sealed.sealed, salt=sealed.salt, lies=sealed.lies), 200)
