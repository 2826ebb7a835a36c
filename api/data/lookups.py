"""A transaction looked at alone, over JSON: a donor names a txid, and asks later what became of it.

It says nothing that the donation's public page does not say.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.data.acts import body_of, unkept
from api.data.answers import Looked
from api.data.documented import JSON, answer, problems
from api.pages.sentences.lookups import lookup_sentence
from api.ports import Ports
from ledger.core.chain import is_txid
from ledger.core.errors import NotFound, Refused
from ledger.core.times import rfc3339
from ledger.recording.lookup import Lookup

_TXID = {"type": "string", "pattern": "^[0-9a-fA-F]{64}$", "description": "A transaction id."}
Txid = Annotated[str, InPath(description="A transaction id.")]
_TXID_ONLY = {"type": "object", "required": ["txid"], "properties": {"txid": _TXID}}


def lookups_routes(router: APIRouter, ports: Ports) -> None:

    @router.post(
        "/lookups",
        tags=["Donors"],
        name="look_up",
        status_code=202,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": _TXID_ONLY, "example": {"txid": "3f9a" + "0" * 56 + "c21e"}}},
            },
        },
        response_model=Looked,
        responses={
            **answer("lookup", "It was asked for before; this is what is known.", status=200, shape="Looked"),
            **answer("lookup", "It is asked for at the next look.", status=202),
            **problems(403, 413, 422, 429, 507),
        },
    )
    async def ask(request: Request) -> Response:
        """Have one transaction looked at alone, at the next look. The sources learn its id and nothing else."""
        body = await body_of(request)
        txid = body.get("txid") if isinstance(body, dict) else None
        if not isinstance(txid, str):
            raise Refused.field("txid", "write an object with the text `txid`, 64 hexadecimal characters")
        lookup, fresh = await run_in_threadpool(ports.lookups.ask, txid)
        return unkept(looked(lookup), 202 if fresh else 200)

    @router.get(
        "/lookups/{txid}",
        tags=["Donors"],
        response_model=Looked,
        responses={**answer("lookup", "What became of it."), **problems(404, 422)},
    )
    def found(txid: Txid) -> Response:
        """What became of a transaction that was asked for: waiting, found, none_of_ours, no_source or unread."""
        wanted = txid.lower()
        if not is_txid(wanted):
            raise NotFound("A transaction id has 64 hexadecimal characters, 0 to 9 and a to f.")
        lookup = ports.lookups.find(wanted)
        if lookup is None:
            refusal = ports.lookups.refusal()
            if refusal is not None:
                raise NotFound.of("", refusal)
            raise NotFound("Nobody has asked for it; POST its txid to /api/v1/lookups.")
        return unkept(looked(lookup), 200)


def looked(lookup: Lookup) -> Looked:
    """The question as data, with its sentence."""
    return Looked(
        txid=lookup.txid,
        state=lookup.state,
        sentence=lookup_sentence(lookup),
        asked_at=rfc3339(lookup.asked_at),
        answered_at=None if lookup.answered_at is None else rfc3339(lookup.answered_at),
        sources=tuple(lookup.sources),
        height=lookup.height,
        page=f"/d/{lookup.txid}",
    )
