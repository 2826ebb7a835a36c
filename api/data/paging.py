"""Cursor pages: how the next page is named in the body and in `Link`. Cursors are opaque to readers."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request


def link_header(request: Request, following: str | None, limit: int) -> dict[str, str]:
    """RFC 8288 `Link` with `rel="next"`; empty on the last page."""
    if following is None:
        return {}
    path = quote(request.url.path, safe="/:")
    return {"Link": f'<{path}?limit={limit}&cursor={quote(following, safe="")}>; rel="next"'}
