"""A donation's page when nothing is known of its transaction: what a look at it alone gave, or the offer of one.

Works without scripts: one form that posts a txid, and a page that is loaded again.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.languages.address import prefix_of
from api.languages.localised import wording
from api.pages import sentences as say
from api.pages.forms import form_of
from api.pages.render import LookupPart, PageRenderer
from api.pages.sentences.lookups import LOOKUP_ASK, LOOKUP_OFFER, lookup_sentence
from api.ports import Lookups
from api.problems import UNKEPT
from ledger.core.chain import is_txid
from ledger.core.pasted import pasted_key
from ledger.model.inquiries import LookupState

_FORM_LIMIT = 4_000
"""Bytes of a posted form; a txid is 64."""


def lookups_page_routes(router: APIRouter, lookups: Lookups) -> None:

    @router.post("/lookups")
    async def ask(request: Request) -> Response:
        fields = await form_of(request, _FORM_LIMIT)
        lookup, _ = await run_in_threadpool(lookups.ask, pasted_key(fields.get("txid", "")).partition(":")[0])
        return RedirectResponse(
            f"{prefix_of(request.scope)}/d/{lookup.txid}",
            status_code=303,
            headers={"Cache-Control": "no-store"},
        )


def unknown_page(lookups: Lookups, pages: PageRenderer, key: str, detail: str) -> Response | None:
    """The page of a txid or outpoint that no donation has; None where the key is neither."""
    txid = key.strip().lower().partition(":")[0]
    if not is_txid(txid):
        return None
    lookup = lookups.find(txid)
    if lookup is not None:
        is_found = lookup.state is LookupState.FOUND
        part = None if is_found else LookupPart(lookup_sentence(lookup))
    else:
        refusal = lookups.refusal()
        part = (
            LookupPart(wording(refusal)) if refusal else LookupPart(str(LOOKUP_OFFER), txid, str(LOOKUP_ASK))
        )
    body = pages.error(404, str(say.NOT_FOUND_DONATION), detail, key, part)
    return Response(body, status_code=404, media_type="text/html; charset=utf-8", headers=UNKEPT)
