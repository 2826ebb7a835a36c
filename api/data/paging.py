"""Cursor pages: how the next page is named in the body and in `Link`. Cursors are opaque to readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from starlette.requests import Request

from api.data.answers import Page
from api.data.reading import json_of
from api.ready import Reads, Rendered

T = TypeVar("T")


def page_of(
    request: Request,
    model: type[Page[T]],
    rows: Iterable[T],
    limit: int,
    cursor: int | None,
    reads: Reads,
    *,
    private: bool = False,
) -> Rendered:
    """A page of rows that are computed together: a cursor counts those before it."""
    page, start = tuple(rows), cursor or 0
    following = str(start + limit) if len(page) > start + limit else None
    made: Any = model(items=page[start : start + limit], next=following)
    return json_of(made, reads, link_header(request, following, limit), private=private)


def link_header(request: Request, following: str | None, limit: int) -> dict[str, str]:
    """RFC 8288 `Link` with `rel="next"`, all else asked as before; empty on the last page."""
    if following is None:
        return {}
    path = quote(request.url.path, safe="/:")
    others = [(n, v) for n, v in request.query_params.multi_items() if n not in {"limit", "cursor"}]
    query = urlencode([*others, ("limit", limit), ("cursor", following)])
    return {"Link": f'<{path}?{query}>; rel="next"'}
