"""A reading route: GET and HEAD of a path, with the model of its answer, its problems and its example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.responses import Response

from api.data.documented import JSON, answer, problems
from api.ready import Reads, Rendered
from ledger.core.frozen import Frozen

Endpoint = TypeVar("Endpoint", bound=Callable[..., Response])


def read_route(
    router: APIRouter, path: str, tag: str, model: Any, name: str, *statuses: int, **more: Any
) -> Callable[[Endpoint], Endpoint]:
    """Declares an endpoint that answers `model` as bytes; `name` is that of its example, `statuses` its problems.

    422 is one of them everywhere: parameters that a path does not take are refused (`only_known_parameters`).
    """

    def add(endpoint: Endpoint) -> Endpoint:
        router.get(
            path,
            tags=[tag],
            name=name,
            response_model=model,
            responses={**answer(name), **problems(*statuses, 422)},
            openapi_extra=more or None,
        )(endpoint)
        router.head(path, include_in_schema=False, response_model=None)(endpoint)
        return endpoint

    return add


def json_of(
    made: Frozen, reads: Reads, headers: Mapping[str, str] | None = None, *, private: bool = False
) -> Rendered:
    """An answer as bytes; `reads` says what it was made of."""
    body = made.model_dump_json(by_alias=True).encode("utf-8", "replace")
    return Rendered(body, JSON, headers or {}, private=private, reads=reads)
