"""The documents of the project as pages of the site: `docs/*.md`, each at `/docs/` and its name.

They are Markdown (CommonMark with tables), read by markdown-it-py when one is first asked for. HTML in them is text,
and nothing in a page has a style of its own, which the content security policy would refuse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.pages.render import PageRenderer, code, unbroken
from api.ready import Rendered, as_response

DOCUMENTS = ("donors", "coordinators", "example", "operators", "developers", "rules", "architecture")
"""In the order in which they are listed: who reads only, who records, who runs, who builds."""

_FOLDER = Path(__file__).resolve().parent.parent / "documents"
_OURS = re.compile(r"([a-z]+)\.md(#.*)?")
_ELSEWHERE = re.compile(r"https?://|#")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as a page shows it: `html` is all that stands below its title."""

    name: str
    title: str
    html: Markup


def documents_routes(router: APIRouter, pages: PageRenderer) -> None:
    for name in DOCUMENTS:
        _document_route(router, pages, name)


def _document_route(router: APIRouter, pages: PageRenderer, name: str) -> None:

    @router.api_route(f"/docs/{name}", methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        text = document(name)
        asked = pages.of(request)
        body = asked.page("document.html", asked.frame(text.title), document=text, titles=titles())
        return as_response(request, Rendered(body, "text/html; charset=utf-8"))


@cache
def titles() -> dict[str, str]:
    """Each document's title by its name, from its first line."""
    return {name: _text(name).partition("\n")[0].removeprefix("# ") for name in DOCUMENTS}


@cache
def document(name: str) -> Document:
    """The document of this name, read and made once a process."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>\n')
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    reader.add_render_rule("code_inline", _inline)
    reader.add_render_rule("fence", _code)
    reader.add_render_rule("code_block", _code)
    tokens = reader.parse(_text(name).partition("\n")[2])
    for at, token in enumerate(tokens):
        token.attrs.pop("style", None)
        if token.type == "heading_open":
            token.attrSet("id", _anchor(tokens[at + 1].content))
        if token.children:
            token.children = _linked(token.children)
    html = reader.renderer.render(tokens, reader.options, {})
    return Document(name, titles()[name], Markup(html))  # noqa: S704 - the library escapes all text


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.md").read_text(encoding="utf-8")


def _anchor(heading: str) -> str:
    """As code hosts make them, so that a link leads to the same place there and here."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _code(
    _renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:
    return code(tokens[at].content)


def _inline(
    _renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:
    return Markup("<code>{}</code>").format(unbroken(tokens[at].content))


def _linked(children: Sequence[Token]) -> list[Token]:
    """Links to other documents lead to their pages; what is no page of the site is told without its link."""
    kept: list[Token] = []
    leads = True
    for token in children:
        if token.type == "link_open":
            href = str(token.attrs["href"])
            ours = _OURS.fullmatch(href)
            leads = ours is not None or bool(_ELSEWHERE.match(href))
            if ours:
                token.attrSet("href", f"/docs/{ours[1]}{ours[2] or ''}")
        if leads or token.type not in ("link_open", "link_close"):
            kept.append(token)
    return kept
