"""Cursor pages: how `limit` and `cursor` are read, and how the next page is named in the body and in `Link`.

Cursors are opaque to readers; a wrong one is refused with a sentence and never reaches a database.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request

from ledger.core.errors import Refused

DEFAULT_LIMIT = 25
MOST = 100
_CURSOR = re.compile(r"[A-Za-z0-9:_.,|=+/~-]{1,200}")

PARAMETERS = [
    {
        "name": "limit", "in": "query", "required": False, "description": f"Rows a page, 1 to {MOST}.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
    },
    {
        "name": "cursor", "in": "query", "required": False, "description": "The `next` of the page before.",
        "schema": {"type": "string"},
    },
]  # fmt: skip


def limit_of(request: Request) -> int:
    """Rows a page; raises Refused for what is not a whole number from 1 to 100."""
    text = request.query_params.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST):
        raise Refused.field("limit", f"write a whole number from 1 to {MOST}")
    return int(text)


def cursor_of(request: Request) -> str | None:
    """The cursor, or None for the first page; raises Refused for what no page ever gave."""
    text = request.query_params.get("cursor")
    if text is None or text == "":
        return None
    if not _CURSOR.fullmatch(text):
        raise Refused.field("cursor", "give the `next` of the page before, unchanged")
    return text


def number_cursor_of(request: Request) -> int:
    """A cursor that is a whole number (0 for the first page); raises Refused for any other."""
    text = cursor_of(request)
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused.field("cursor", "give the `next` of the page before, unchanged")
    return int(text)


def link_header(request: Request, following: str | None, limit: int) -> dict[str, str]:
    """RFC 8288 `Link` with `rel="next"`; empty on the last page."""
    if following is None:
        return {}
    path = quote(request.url.path, safe="/:")
    return {"Link": f'<{path}?limit={limit}&cursor={quote(following, safe="")}>; rel="next"'}
