"""Answers as bytes: made once under the heads that they depend on, kept in a bounded cache, tagged strongly.

It never renders inside a write, and never keeps an answer across a change of journal, observations or chain.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.ports import Ports

KEPT = 512
"""Answers kept; the least recently asked for goes first."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A ready answer. `private` ones are neither kept nor indexed."""

    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    private: bool = False

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class RenderedAnswers:
    """A bounded memory of answers by (what was asked, under which heads)."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._kept: OrderedDict[str, tuple[str, Rendered]] = OrderedDict()
        self._lock = Lock()

    def answer(self, request: Request, asked: str, render: Callable[[Any, int], Rendered]) -> Response:
        """The kept bytes of `asked`, or those that `render(tx, now)` makes now; 304 for a known tag."""
        now = self._ports.clock()
        with self._ports.store.read() as tx:
            mark = self._mark(tx, now)
            with self._lock:
                known = self._kept.get(asked)
                if known is not None:
                    self._kept.move_to_end(asked)
            if known is not None and known[0] == mark:
                made = known[1]
            else:
                made = render(tx, now)
                if not made.private:
                    with self._lock:
                        self._kept[asked] = (mark, made)
                        while len(self._kept) > KEPT:
                            self._kept.popitem(last=False)
        return as_response(request, made)

    def _mark(self, tx: Any, now: int) -> str:
        return f"{tx.journal.head()}|{tx.observations.head()}|{self._ports.views.chain_status(tx, now=now)!r}"


def as_response(request: Request, made: Rendered) -> Response:
    """Bytes with their strong tag; a matching `If-None-Match` gets 304 and no body."""
    headers = {"ETag": made.etag, **made.headers}
    if made.private:
        headers |= {
            "Cache-Control": "private, no-store",
            "X-Robots-Tag": "noindex, nofollow",
            "Referrer-Policy": "no-referrer",
        }
    else:
        headers.setdefault("Cache-Control", "public, no-cache")
    wanted = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if made.etag in wanted or "*" in wanted:
        return Response(status_code=304, headers=headers)
    return Response(made.body, media_type=made.media_type, headers=headers)
