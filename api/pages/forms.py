"""Posted forms of the public pages, read within a limit. It knows no field and answers nothing."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from api.bodies import read_body
from api.problems import Problem

_FIELDS = 200


async def form_of(request: Request, limit: int) -> dict[str, str]:
    """The first value of each field, without spaces around it; raises Problem for more than `limit` bytes."""
    data = await read_body(request, limit, Problem(413, "This form ends at {most} bytes.", most=limit))
    try:
        fields = parse_qs(data.decode("utf-8", "replace"), max_num_fields=_FIELDS)
    except ValueError:
        raise Problem(400, "This form has fewer than {most} fields.", most=_FIELDS) from None
    return {name: values[0].strip() for name, values in fields.items()}
