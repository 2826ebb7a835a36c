"""The page that documents the JSON paths, made from the OpenAPI document; our own, with nothing from elsewhere.

It repeats what the document says and adds nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from api.pages.documents import titles
from api.pages.render import PageRenderer
from api.pages.sentences import fixed


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is given in the path or the query."""

    name: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with an example of its answer."""

    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    example: str


def docs_page(pages: PageRenderer, document: dict[str, Any]) -> bytes:
    """Operations by tag, each with its parameters and an example."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if method not in ("get", "post", "put"):
                continue
            tag = (operation.get("tags") or ["Other"])[0]
            groups.setdefault(tag, []).append(_operation(method, path, operation))
    frame = pages.frame(str(fixed.FOR_PROGRAMS_TITLE))
    return pages.page("docs.html", frame, groups=groups, titles=titles())


def _operation(method: str, path: str, operation: dict[str, Any]) -> Operation:
    parameters = tuple(
        Parameter(
            str(parameter["name"]),
            str(parameter["in"]),
            str(parameter.get("description") or parameter.get("schema", {}).get("description") or ""),
        )
        for parameter in operation.get("parameters", [])
    )
    summary = str(operation.get("description") or operation.get("summary") or "")
    return Operation(method.upper(), path, summary, parameters, _example(operation))


def _example(operation: dict[str, Any]) -> str:
    for status in ("200", "201"):
        content = (
            operation.get("responses", {}).get(status, {}).get("content", {}).get("application/json", {})
        )
        if "example" in content:
            return json.dumps(content["example"], ensure_ascii=False, indent=1)
    return ""
