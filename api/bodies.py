"""Bodies of requests are read within a limit of bytes and of time, and not at all where their length says enough.

Whose token is wrong is told before anything is read, so that nobody fills the memory with what is thrown away.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.ports import Ports
from api.problems import Problem

SECONDS = 30.0
"""After which a body that has not come whole is read no further."""


async def read_body(request: Request, most: int, too_long: Problem, *, seconds: float = SECONDS) -> bytes:
    """All bytes of a body; raises `too_long` for more than `most`, as soon as that is known, and Problem 408."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise too_long
    data = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                data += chunk
                if len(data) > most:
                    raise too_long
    except TimeoutError:
        raise Problem(
            408,
            "The body did not come within {n} second; send it again.",
            many="The body did not come within {n} seconds; send it again.",
            n=round(seconds),
        ) from None
    return bytes(data)


def require_kind(request: Request, kind: str) -> None:
    """Raises Problem 415 for a body that is not said to be of this kind, before it is read.

    A page of another site can have a browser send text without asking first, but not JSON (a "simple request" of the
    Fetch standard): what is sent as text does nothing. Without a body no kind is needed.
    """
    content_type = request.headers.get("content-type")
    bare = "transfer-encoding" not in request.headers and request.headers.get("content-length", "0") == "0"
    if content_type is None and bare:
        return
    if (content_type or "").partition(";")[0].strip().lower() != kind:
        raise Problem(415, "Send the body with the header Content-Type: {kind}.", kind=kind)


def token_of(request: Request) -> str:
    """The Bearer token of a request; raises Problem 401 when there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip() or len(token) > 300:
        raise Problem(401, "Send a token: Authorization: Bearer TOKEN.")
    return token.strip()


async def require_token(request: Request, ports: Ports) -> str:
    """The token of a request, which somebody has; raises Problem 401, before a body is read."""
    token = token_of(request)
    if not await run_in_threadpool(_is_known, ports, token):
        raise Problem(401, "This token is not known, is revoked, or has ended.")
    return token


def actor_of(ports: Ports, tx: Any, token: str) -> Any:
    """Who has a token, asked within what they want to do; raises Problem 401."""
    actor = ports.desk.actor_of_token(tx, token, now=ports.clock())
    if actor is None:
        raise Problem(401, "This token is not known, is revoked, or has ended.")
    return actor


def _is_known(ports: Ports, token: str) -> bool:
    with ports.store.read() as tx:
        return ports.desk.actor_of_token(tx, token, now=ports.clock()) is not None
