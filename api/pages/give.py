"""An address for one gift, for donors without scripts: a form, and the page of a claim code that waits for a payment.

The form carries the claim code that it will give, so that one sent twice gives one address. Nothing of the donor is
read, and no page of this file is kept or indexed.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.buckets import client_of
from api.languages.localised import sentence_of, wording
from api.live import LIVE_POLICY, live_address
from api.pages.forms import form_of, require_own_site
from api.pages.messages import SEMICOLONS, listed
from api.pages.parts import groups_of_four
from api.pages.qr import qr_of
from api.pages.render import PageRenderer
from api.pages.sentences import address_requests as say
from api.pages.sentences.statements import LINK
from api.ports import Ports
from api.problems import UNKEPT
from ledger.core.errors import Conflict, LedgerError, NotFound, Refused
from ledger.core.times import rfc3339
from ledger.recording.address_requests import (
    Awaited,
    Choice,
    awaited_by,
    choice_of,
    code_signed,
    form_secret,
    make_form_secret,
    signed_code,
)
from ledger.recording.bank_references import campaign_of_reference, fresh_reference
from ledger.recording.desk import Intention, new_claim_code
from ledger.rules.campaigns import campaign_of

_FORM_LIMIT = 4_000
"""Bytes of a posted form: a code and the number of a need."""


def give_routes(router: APIRouter, ports: Ports, pages: PageRenderer) -> None:

    @router.api_route("/c/{slug}/give", methods=["GET", "HEAD"])
    def form(request: Request, slug: str) -> Response:
        return _form(ports, pages.of(request), slug, request.query_params.get("need", ""), "", 200)

    @router.post("/c/{slug}/give")
    async def give(request: Request, slug: str) -> Response:
        require_own_site(request, ports.settings.base_url)
        fields = await form_of(request, _FORM_LIMIT)
        return await run_in_threadpool(_given, ports, pages.of(request), slug, fields, client_of(request))


def _given(ports: Ports, pages: PageRenderer, slug: str, fields: dict[str, str], client: str) -> Response:
    now, need = ports.clock(), fields.get("need", "")
    wish = {"need": need} if need else {}
    try:
        code = code_signed(_secret(ports), slug, fields.get("code", ""))
        shared = not ports.may_take(client)
        with ports.store.write() as tx:
            made = ports.desk.request_intention(tx, slug, wish, now=now, code=code, shared=shared)
    except (Refused, NotFound) as refusal:
        return _form(ports, pages, slug, need, _said(refusal), 422)
    except Conflict as refusal:
        return _form(ports, pages, slug, need, _said(refusal), 409)
    if not made.fresh:
        return _form(ports, pages, slug, need, "", 200, shared=made)
    return RedirectResponse(f"{pages.prefix}/d/{quote(made.claim_code)}", status_code=303, headers=UNKEPT)


def _secret(ports: Ports) -> bytes:
    """What makes a form ours: read, and made by the first who wants it."""
    with ports.store.read() as tx:
        kept = form_secret(tx)
    if kept is not None:
        return kept
    with ports.store.write() as tx:
        return make_form_secret(tx)


def _said(refusal: LedgerError) -> str:
    """What a person reads of a refusal: the reason without the field's name."""
    return sentence_of(listed([wording(error.wording) for error in refusal.errors], SEMICOLONS))


def _form(
    ports: Ports,
    pages: PageRenderer,
    slug: str,
    need: str,
    refusal: str,
    status: int,
    shared: Intention | None = None,
) -> Response:
    secret = _secret(ports)
    with ports.store.read() as tx:
        choice: Choice = choice_of(tx, slug, rfc3339(ports.clock())[:10])
    accounts = ports.settings.accounts_of(slug)
    shown = (shared.address, shared.bip21) if shared is not None else choice.shared
    body = pages.page(
        "give.html",
        pages.frame(str(say.ASK_TITLE), noindex=True),
        words=say,
        slug=slug,
        choice=choice,
        ended=rfc3339(ports.clock())[:10] > choice.end,
        refusal=refusal,
        code=signed_code(secret, slug, new_claim_code()),
        accounts=accounts,
        signed=_signed(ports, slug),
        reference=groups_of_four(fresh_reference(secret, slug)) if accounts else (),
        needs=choice.needs,
        need=need if need in {number for number, _ in choice.needs} else "",
        wished=need,
        only_shared=shared is not None,
        past_is_read=shared is not None and shared.past_is_read,
        address=groups_of_four(shown[0]) if shown is not None else (),
        bip21=shown[1] if shown is not None else "",
        qr=Markup(qr_of(shown[1], fluid=True)) if shown is not None else "",  # noqa: S704 - drawn by us
    )
    return _answer(body, status)


def awaited_page(ports: Ports, pages: PageRenderer, key: str, site: str) -> Response | None:
    """The page of a claim code that nothing has come to yet; None where the key is no such code.

    `site`: the address of this site as its reader sees it, for the link to keep.
    """
    with ports.store.read() as tx:
        awaited: Awaited | None = awaited_by(tx, key)
        by_bank = None if awaited is not None else campaign_of_reference(tx, key)
        title = "" if by_bank is None else campaign_of(tx.session, by_bank).title
        live = "" if awaited is None else live_address(ports, tx, key, awaited.slug)
    if by_bank is not None:
        return _awaited_at_bank(ports, pages, by_bank, title, key, site)
    if awaited is None:
        return None
    body = pages.page(
        "awaited.html",
        pages.frame(str(say.AWAITED_TITLE), noindex=True),
        words=say,
        awaited=awaited,
        address=groups_of_four(awaited.intention.address),
        qr=Markup(qr_of(awaited.intention.bip21, fluid=True)),  # noqa: S704 - drawn by us
        code=key,
        signed=_signed(ports, awaited.slug),
        link=f"{ports.settings.base_url or site}{pages.prefix}/d/{quote(key)}",
        live=live,
    )
    return _answer(body, 200, {"Content-Security-Policy": LIVE_POLICY})


def _signed(ports: Ports, slug: str) -> str:
    """The words of the link to what was signed of a campaign's addresses; none where nothing was."""
    return str(LINK) if ports.settings.statements_of(slug) else ""


def _awaited_at_bank(
    ports: Ports, pages: PageRenderer, slug: str, title: str, reference: str, site: str
) -> Response:
    """The page of a reference that no transfer has brought yet."""
    body = pages.page(
        "awaited-bank.html",
        pages.frame(str(say.BANK_TITLE), noindex=True),
        words=say,
        slug=slug,
        title=title,
        accounts=ports.settings.accounts_of(slug),
        reference=groups_of_four(reference),
        link=f"{ports.settings.base_url or site}{pages.prefix}/d/{quote(reference)}",
    )
    return _answer(body, 200)


def _answer(body: bytes, status: int, headers: Mapping[str, str] | None = None) -> Response:
    all_headers = {**UNKEPT, **(headers or {})}
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=all_headers)
