"""Which language an address is told in: `/fr/c/masks` in French, `/c/masks` in English, or in that of the browser.

Whoever opens a page by an address without a language, with a browser that prefers another one that is offered, is sent
to the address of that language; `/en/` is for who chose English. Data, papers and style sheets have no language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from api.languages.language import ENGLISH, OFFERED, Language

_IS_PAGE = re.compile(
    r"/(?:(?:c|d|receipt|confirm|docs)/|(?:find|lookups|donors|words|about|not-shown|docs)?$)"
)
_LINK = re.compile(
    r'(<(?:a|form|img|source)\b[^>]*?\b(?:href|action|src|srcset)=")(/(?:(?:c|d|receipt|confirm|docs)/|'
    r'(?:find|lookups|donors|words|about|not-shown|docs)?(?:[?#"])))'
)
"""An address of a page in what a template made, where all text is escaped."""
_NOT_NEGOTIATED = re.compile(r"/d/live/|.*\.(?:csv|svg)$")
"""Streams, tables for programs and pictures of pages."""
_MOST_WISHES = 30
"""Languages of a browser that are looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is asked for: `path`, with its query, is that of English; `prefix` stands before it in this language."""

    language: Language = ENGLISH
    prefix: str = ""
    path: str = "/"

    def linked(self, html: str) -> str:
        """A page whose links to other pages stay in its language."""
        return _LINK.sub(rf"\1{self.prefix}\2", html) if self.prefix else html

    def in_language(self, language: Language, secret: bool = False) -> str:
        """The address of the same page in another language; of a `secret` one, a link that does not tell it."""
        return f"?in={language.tag}" if secret else f"/{language.tag}{self.path}"


AT_HOME = Place()


def language_of(scope: Scope | Mapping[str, Any]) -> Language:
    """The language of an address, as `LanguageRoute` found it."""
    prefix = prefix_of(scope)
    return next((language for language in OFFERED if prefix == f"/{language.tag}"), ENGLISH)


def prefix_of(scope: Scope | Mapping[str, Any]) -> str:
    """What stands before the path of a page in the language of an address: `/fr`, or nothing."""
    return str(scope.get("root_path", ""))


def place_of(scope: Scope | Mapping[str, Any]) -> Place:
    """What is asked for, and in which language."""
    path, query = path_of(scope), scope["query_string"].decode("latin-1")
    return Place(language_of(scope), prefix_of(scope), f"{path}?{query}" if query else path)


def path_of(scope: Scope | Mapping[str, Any]) -> str:
    """The path without its language."""
    return str(scope["path"]).removeprefix(prefix_of(scope))


def is_negotiated(path: str) -> bool:
    """May an address be told in another language, to a browser that prefers it?"""
    path = path.partition("?")[0]
    return _IS_PAGE.match(path) is not None and not _NOT_NEGOTIATED.match(path)


def preferred(header: str) -> Language:
    """The offered language that a browser likes best (`Accept-Language`, RFC 9110 12.5.4); English for none."""
    wishes: list[tuple[float, int, str]] = []
    for number, wish in enumerate(header.split(",")[:_MOST_WISHES]):
        tag, *parameters = (part.strip().lower() for part in wish.split(";"))
        weight = 1.0
        for parameter in parameters:
            if match := re.fullmatch(r"q\s*=\s*([01](?:\.\d{0,3})?)", parameter):
                weight = float(match[1])
        if tag and weight > 0:
            wishes.append((-weight, number, tag))
    for _, _, tag in sorted(wishes):
        if tag == "*":
            return ENGLISH
        for language in OFFERED:
            if tag.partition("-")[0] == language.tag:
                return language
    return ENGLISH


class LanguageRoute:
    """Stands before all: takes the language out of an address, or sends a browser to that of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = str(scope["path"])
            for language in OFFERED:
                prefix = f"/{language.tag}"
                if path.startswith(prefix) and _IS_PAGE.match(path, len(prefix)):
                    scope = {**scope, "root_path": prefix}
                    break
            wanted = _chosen(scope) or self._wanted(scope, path)
            if wanted is not None:
                await _sent_to(wanted, scope, send)
                return
        await self._app(scope, receive, send)

    @staticmethod
    def _wanted(scope: Scope, path: str) -> Language | None:
        """What a browser asks for where the address does not say it; None for English."""
        if prefix_of(scope) or scope["method"] not in ("GET", "HEAD") or not is_negotiated(path):
            return None
        for name, value in scope["headers"]:
            if name == b"accept-language":
                wanted = preferred(value.decode("latin-1"))
                return None if wanted is ENGLISH else wanted
        return None


def _chosen(scope: Scope) -> Language | None:
    """The language that a page was asked for by a link of its own, which names no address."""
    asked: bytes = scope["query_string"]
    if not asked.startswith(b"in=") or not _IS_PAGE.match(path_of(scope)):
        return None
    return next((language for language in OFFERED if asked[3:] == language.tag.encode()), None)


async def _sent_to(language: Language, scope: Scope, send: Send) -> None:
    """To the same page in a language; the path as it came, on this host, so that nothing of it is read anew."""
    raw = scope.get("raw_path") or str(scope["path"]).encode("utf-8", "replace")
    raw = raw.removeprefix(prefix_of(scope).encode())
    asked: bytes = scope["query_string"]
    query = b"?" + asked if asked and not asked.startswith(b"in=") else b""
    headers = [
        (b"location", b"/" + language.tag.encode() + raw.partition(b"?")[0] + query),
        (b"vary", b"Accept-Language"),
        (b"cache-control", b"private, no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
