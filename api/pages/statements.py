"""The signed address statements of a campaign: which addresses are its own, from when to when, and who signed that."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.pages.render import PageRenderer
from api.pages.sentences import statements as words
from api.ports import Ports
from api.ready import Rendered, as_response
from ledger.core.errors import NotFound
from ledger.core.times import rfc3339
from ledger.rules.campaigns import campaign_of


def statements_routes(router: APIRouter, ports: Ports, pages: PageRenderer) -> None:

    @router.api_route("/c/{slug}/statements", methods=["GET", "HEAD"])
    def statements(request: Request, slug: str) -> Response:
        with ports.store.read() as tx:
            title = campaign_of(tx.session, slug).title
        statements_shown = ports.settings.statements_of(slug)
        if not statements_shown:
            raise NotFound("This campaign has no signed statement of its addresses.")
        asked = pages.of(request)
        body = asked.page(
            "statements.html",
            asked.frame(str(words.TITLE)),
            words=words,
            slug=slug,
            title=title,
            statements=statements_shown,
            today=rfc3339(ports.clock())[:10],
        )
        return as_response(request, Rendered(body, "text/html; charset=utf-8", private=True))
