"""The public pages: all campaigns, one campaign, one donation, the look-up form, papers, the style sheet.

Routes serve bytes; they decide nothing about money and write nothing.
"""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.languages.address import language_of, prefix_of
from api.languages.localised import wording
from api.live import LIVE_POLICY, live_address, waits
from api.pages.campaign import SHOWN_DONATIONS, accounts_page, bars_page, campaign_page, home_page
from api.pages.countries import MAP_POLICY, country_map
from api.pages.donation import donation_page, donations_page
from api.pages.forms import form_of
from api.pages.give import awaited_page
from api.pages.lookups import lookups_page_routes, unknown_page
from api.pages.period import period_page
from api.pages.receipt import receipt_page, receipted
from api.pages.render import (
    MORE_STYLE,
    MORE_STYLE_PATH,
    REST_STYLE,
    REST_STYLE_PATH,
    STYLE,
    STYLE_GZIP,
    STYLE_PATH,
    PageRenderer,
)
from api.ports import Ports
from api.problems import Problem
from api.ready import Reads, ReadyAnswers, Rendered
from ledger.core.chain import Outpoint, is_txid
from ledger.core.errors import NotFound, NothingYet, Refused
from ledger.core.media_types import SHOWN
from ledger.core.pasted import pasted_key
from ledger.core.secret import secret_in_prose
from ledger.core.times import rfc3339
from ledger.views.controls import closed_period
from ledger.views.gift_list import GiftsWanted
from ledger.views.other_gifts import is_gift_key
from ledger.views.strips import in_columns

KEY_LIMIT = 200
_HTML = "text/html; charset=utf-8"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHORTLY = "public, max-age=300, must-revalidate"
_FOREVER = "public, max-age=31536000, immutable"
_MARK = (Path(__file__).resolve().parent.parent / "static" / "mark.svg").read_bytes()
_READ = ["GET", "HEAD"]
_FORM_LIMIT = 4_000
"""Bytes of a posted form; a key is 200 characters."""
_CLAIM_CODE = re.compile(r"[0-9A-Za-z_-]{22}")
"""A few look as a private key in its short form does: they are looked up first."""


Stage = Annotated[int, InPath(ge=0, le=100)]
Width = Annotated[int, InPath(ge=1, le=2_000)]
Start = Annotated[int, Query(alias="from", ge=0, le=10**9)]


def is_public_key(key: str, addresses: Container[str | None]) -> bool:
    """Is the key something that the chain shows anyway? A claim code is not: it is a secret link."""
    if is_txid(key) or key in addresses or is_gift_key(key):
        return True
    try:
        Outpoint.parse(key)
    except ValueError:
        return False
    return True


def pages_routes(router: APIRouter, ports: Ports, pages: PageRenderer, answers: ReadyAnswers) -> None:

    @router.api_route("/", methods=_READ)
    def home(request: Request) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            return Rendered(
                home_page(pages.of(request), ports.views.campaign_cards(tx)), _HTML, reads=Reads()
            )

        return answers.answer(request, render)

    @router.api_route("/c/{slug}", methods=_READ)
    def campaign(request: Request, slug: str) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            page = ports.views.campaign_page(tx, slug, now=now)
            rows, _ = ports.views.newest_gifts(tx, slug, GiftsWanted(), before=None, limit=SHOWN_DONATIONS)
            body = campaign_page(pages.of(request), page, rows, rfc3339(now)[:10])
            return Rendered(body, _HTML, reads=Reads(frozenset({slug}), chain=True))

        return answers.answer(request, render)

    @router.api_route("/c/{slug}/accounts", methods=_READ)
    def accounts(request: Request, slug: str) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            body = accounts_page(
                pages.of(request), ports.views.campaign_page(tx, slug, now=now), rfc3339(now)[:10]
            )
            return Rendered(body, _HTML, reads=Reads(frozenset({slug}), chain=True))

        return answers.answer(request, render)

    @router.api_route("/c/{slug}/map/{number}-{width}.svg", methods=_READ)
    def map_of(request: Request, slug: str, number: Stage, width: Width) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            needs = ports.views.need_rows(tx, slug)
            flow = ports.views.campaign_flow(tx, slug)
            body = country_map(flow, needs, number, width, language_of(request.scope))
            headers = {"Content-Security-Policy": MAP_POLICY}
            return Rendered(body, "image/svg+xml", headers, reads=Reads(frozenset({slug})))

        return answers.answer(request, render)

    @router.api_route("/c/{rest:path}/", methods=_READ)
    def without_slash(request: Request, rest: str) -> Response:
        """To the same address without its last slash, on this host: `Host` is what the asker says."""
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(
            f"{prefix_of(request.scope)}/c/{quote(rest.strip('/'))}{query}", status_code=308
        )

    @router.api_route("/c/{slug}/flow/{number}", methods=_READ)
    def bars(request: Request, slug: str, number: Stage, start: Start = 0) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            flow = in_columns(ports.views.campaign_flow(tx, slug))
            if number >= len(flow.stages) or start >= len(flow.stages[number].bars):
                raise NotFound("The picture has no such stage.")
            body = bars_page(pages.of(request), ports.views.campaign_head(tx, slug), flow, number, start)
            return Rendered(body, _HTML, reads=Reads(frozenset({slug})))

        return answers.answer(request, render)

    @router.api_route("/c/{slug}/periods/{number}", methods=_READ)
    def period(request: Request, slug: str, number: str) -> Response:
        def render(tx: Any, now: int) -> Rendered:
            period_shown = closed_period(tx.session, slug, number)
            body = period_page(pages.of(request), ports.views.campaign_head(tx, slug), period_shown)
            return Rendered(body, _HTML, reads=Reads(frozenset({slug})))

        return answers.answer(request, render)

    @router.api_route("/receipt/{key:path}", methods=_READ)
    def receipt(request: Request, key: str) -> Response:
        key = checked_key(key)

        def render(tx: Any, now: int) -> Rendered:
            trails = receipted(ports.views.donation_trails(tx, key))
            if not trails:
                raise NotFound("There is a receipt once a gift has settled; its page says how far it is.")
            slugs = {trail.campaign for trail in trails}
            purposes = {slug: ports.views.campaign_head(tx, slug).purpose for slug in slugs}
            body = receipt_page(pages.of(request), trails, purposes, rfc3339(now)[:10])
            return Rendered(body, _HTML, private=True)

        no_private_key(key)
        return answers.answer(request, render)

    @router.api_route("/d/{key:path}", methods=_READ)
    def donation(request: Request, key: str) -> Response:
        key = checked_key(key)
        here = pages.of(request, f"/d/{quote(key, safe=':')}")

        def render(tx: Any, now: int) -> Rendered:
            trails = ports.views.donation_trails(tx, key)
            if not trails:
                raise NotFound(
                    "Write a transaction id (64 characters), an outpoint (id:number), an address, or your claim code."
                )
            private = not is_public_key(key, {trail.address for trail in trails})
            reads = Reads(frozenset(trail.campaign for trail in trails), chain=True)
            headers: dict[str, str] = {}
            if len(trails) > 1:
                body = donations_page(here, key, trails, private)
            else:
                live = live_address(ports, tx, key, trails[0].campaign) if waits(trails) else ""
                body = donation_page(here, ports.views.donation_page(tx, trails[0], now=now), private, live)
                if live:
                    headers["Content-Security-Policy"] = LIVE_POLICY
            return Rendered(body, _HTML, headers, private=private, reads=reads)

        try:
            return answers.answer(request, render)
        except NotFound as missing:
            no_private_key(key)
            if (
                isinstance(missing, NothingYet)
                and (awaited := awaited_page(ports, pages.of(request), key, site_of(request))) is not None
            ):
                return awaited
            unknown = unknown_page(ports.lookups, pages.of(request), key, wording(missing.wording))
            if unknown is None:
                raise
            return unknown

    @router.post("/find")
    async def find(request: Request) -> Response:
        """To the page of a key, which is posted: what was typed by mistake is in no history and no log on the way."""
        key = (await form_of(request, _FORM_LIMIT)).get("key", "")
        if not _CLAIM_CODE.fullmatch(key):
            no_private_key(key)
        pasted = pasted_key(key)  # a payment request may be longer than what it asks for
        if not pasted or len(pasted) > KEY_LIMIT or "\x00" in pasted:
            raise Problem(
                400,
                "Write a transaction id (64 characters), an outpoint (id:number), an address, or your claim code.",
            )
        response = RedirectResponse(
            f"{prefix_of(request.scope)}/d/{quote(pasted, safe=':', errors='replace')}", status_code=303
        )
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    lookups_page_routes(router, ports.lookups)

    @router.api_route("/papers/{sha256}", methods=_READ)
    def paper(request: Request, sha256: str) -> Response:
        if not _SHA256.fullmatch(sha256):
            raise Problem(404, "A paper is named by its SHA-256: 64 lower-case hexadecimal digits.")
        with ports.store.read() as tx:
            served = ports.views.served_paper(tx, sha256)
        if served is None:
            raise Problem(
                404,
                "No public paper with this SHA-256 is kept here. Sealed papers are known by a salted hash only.",
            )
        media_type, data = served
        shown = media_type in SHOWN
        headers = {
            "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{sha256[:16]}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            # What is sealed or removed later is in no cache for long.
            "Cache-Control": _SHORTLY,
            "ETag": f'"{sha256}"',
        }
        if f'"{sha256}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        kind = media_type if shown else "application/octet-stream"
        return Response(data, media_type=kind, headers=headers)

    @router.api_route(STYLE_PATH, methods=_READ)
    def style(request: Request) -> Response:
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                STYLE_GZIP,
                media_type="text/css; charset=utf-8",
                headers={**headers, "Content-Encoding": "gzip"},
            )
        return Response(STYLE, media_type="text/css; charset=utf-8", headers=headers)

    @router.api_route(MORE_STYLE_PATH, methods=_READ)
    def more_style() -> Response:
        return Response(MORE_STYLE, media_type="text/css; charset=utf-8", headers={"Cache-Control": _FOREVER})

    @router.api_route(REST_STYLE_PATH, methods=_READ)
    def rest_style() -> Response:
        return Response(REST_STYLE, media_type="text/css; charset=utf-8", headers={"Cache-Control": _FOREVER})

    @router.api_route("/static/mark.svg", methods=_READ)
    def mark() -> Response:
        return Response(_MARK, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


def site_of(request: Request) -> str:
    """The address of this site as the one who asks has it; told to nobody else."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def no_private_key(key: str) -> None:
    """Refuse a private key that was given in place of a donation's; never repeats it."""
    secret = secret_in_prose(key)
    if secret is not None:
        raise Refused.field(
            "key",
            "this looks like {found}; nothing of it was kept, but treat that key as seen and move its coins",
            found=secret.value,
        )


def checked_key(key: str) -> str:
    """A key as the ledger spells it; refuses one that nothing can have, before the ledger is asked."""
    pasted = pasted_key(key) if len(key) <= KEY_LIMIT else ""
    if not pasted or not pasted.isprintable():
        raise NotFound(
            "Write a transaction id (64 characters), an outpoint (id:number), an address, or your claim code. "
            "Characters of what you wrote: {count}.",
            count=len(key),
        )
    return pasted
