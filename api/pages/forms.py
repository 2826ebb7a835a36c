"""Posted forms of the public pages, read within a limit. It knows no field and answers nothing."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from api.bodies import read_body, require_kind
from api.problems import Problem

_FIELDS = 200


def require_own_site(request: Request, base_url: str) -> None:
    """Problem 403 for a form that a browser sent from a page of another site.

    `Origin` is null from pages of ours, which send no referrer; `Sec-Fetch-Site` then tells, where a browser has it.
    """
    origin = request.headers.get("origin", "null")
    ours = {base_url, *(f"{scheme}://{request.headers.get('host', '')}" for scheme in ("http", "https"))}
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"} or origin not in {"null", *ours}:
        raise Problem(403, "This form was sent from another site; open it here, and send it from here.")


async def form_of(request: Request, limit: int) -> dict[str, str]:
    """The first value of each field, without spaces around it; raises Problem for more than `limit` bytes."""
    require_kind(request, "application/x-www-form-urlencoded")
    data = await read_body(request, limit, Problem(413, "This form ends at {most} bytes.", most=limit))
    try:
        fields = parse_qs(data.decode("utf-8", "replace"), max_num_fields=_FIELDS)
    except ValueError:
        raise Problem(400, "This form has fewer than {most} fields.", most=_FIELDS) from None
    return {name: values[0].strip() for name, values in fields.items()}
