"""Parameters of a query: what a path does not know is refused, as unknown fields of bodies are.

Who writes `limt` for `limit` would else believe that an answer is all there is.
"""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.requests import Request

from ledger.core.errors import FieldError, Refused
from ledger.core.wording import Wording


def only_known_parameters(request: Request) -> None:
    """Refuses a query that names what the path does not take; raises Refused for each such name."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or route.path.endswith(":path}"):
        return  # nothing is at this path, which is said instead
    known = sorted(field.alias for field in route.dependant.query_params)
    strange = [name[:40] for name in dict.fromkeys(request.query_params) if name not in known]
    twice = [
        name for name in dict.fromkeys(request.query_params) if len(request.query_params.getlist(name)) > 1
    ]
    if twice:
        repeated = Wording("stands twice; write it once")
        raise Refused.fields(tuple(FieldError(name[:40], repeated) for name in twice[:10]))
    if not strange:
        return
    repeated = (
        Wording("is not a parameter here; these are: {known}", {"known": known})
        if known
        else Wording("is not a parameter here; this path takes none")
    )
    raise Refused.fields(tuple(FieldError(name, repeated) for name in strange[:10]))
