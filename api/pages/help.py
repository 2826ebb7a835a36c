"""The pages beside the figures: words, for donors, who runs this site, and what is not shown and why.

They read nothing but the settings of the site, so each is made once in each language.
"""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.languages.address import Place, place_of
from api.pages.messages import Message, plain, said
from api.pages.render import PageRenderer
from api.pages.sentences import help as words
from api.ready import Rendered, as_response

HELP_PATHS = {"words": words.WORDS_TITLE, "donors": words.DONORS_TITLE, "about": words.ABOUT_TITLE,
              "not-shown": words.HIDDEN_TITLE}  # fmt: skip
"""The pages by their path, each with its title."""
CHECK = "./aidtrail scan block.raw --address ADDRESS"
"""How a donor checks a block."""


def help_routes(router: APIRouter, pages: PageRenderer) -> None:
    for name, title in HELP_PATHS.items():
        _help_route(router, pages, name, title)


def _help_route(router: APIRouter, pages: PageRenderer, name: str, title: Message) -> None:
    made: dict[Place, bytes] = {}  # by language and prefix: a query changes nothing

    @router.api_route(f"/{name}", methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        place = replace(place_of(request.scope), path=f"/{name}")
        if place not in made:
            made[place] = _made(PageRenderer(pages.settings, place), name, title)
        return as_response(request, Rendered(made[place], "text/html; charset=utf-8"))


def _made(pages: PageRenderer, name: str, title: Message) -> bytes:
    heading = said(title)
    frame = pages.frame(plain(heading))
    return pages.page(
        f"help-{name}.html", frame, words=words, heading=heading, settings=pages.settings, command=CHECK
    )
