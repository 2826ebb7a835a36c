"""The page that documents the JSON paths, made from the OpenAPI document; our own, with nothing from elsewhere.

It repeats what the document says and adds nothing.
"""

from __future__ import annotations

import json
from typing import Any

from api.pages.contexts import DocsPage, Operation
from api.pages.render import PageRenderer

_EXAMPLE_LIMIT = 900


def docs_page(pages: PageRenderer, document: dict[str, Any]) -> bytes:
    """Operations by tag, each with its parameters and an example."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if method not in ("get", "post", "put"):
                continue
            tag = (operation.get("tags") or ["Other"])[0]
            groups.setdefault(tag, []).append(_operation(method, path, operation))
    frame = pages.frame("The data, for programs")
    return pages.page("docs.html", DocsPage(frame, tuple((name, tuple(ops)) for name, ops in groups.items())))


def _operation(method: str, path: str, operation: dict[str, Any]) -> Operation:
    parameters = tuple(
        (
            str(p["name"]),
            str(p["in"]),
            str(p.get("description") or p.get("schema", {}).get("description") or ""),
        )
        for p in operation.get("parameters", [])
    )
    summary = str(operation.get("description") or operation.get("summary") or "")
    return Operation(method.upper(), path, summary, parameters, _example(operation))


def _example(operation: dict[str, Any]) -> str:
    for status in ("200", "201"):
        content = (
            operation.get("responses", {}).get(status, {}).get("content", {}).get("application/json", {})
        )
        if "example" in content:
            return json.dumps(content["example"], ensure_ascii=False)[:_EXAMPLE_LIMIT]
    return ""
