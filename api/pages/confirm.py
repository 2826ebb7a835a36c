"""The page behind a one-time link: the other side of a delivery counts what came, without an account or scripts.

It is not indexed, sends no referrer, is never kept, and never shows the sender's count before theirs is given.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.pages.forms import form_of
from api.pages.render import PageRenderer
from api.pages.sentences import confirm as say
from api.ports import Ports
from api.problems import UNKEPT
from ledger.core.errors import Refused
from ledger.recording.confirming import Asked, Confirmed, asked_by
from ledger.recording.confirming import confirm as confirm_counts

_FORM_LIMIT = 20_000
"""Bytes of a posted form: at most fifty lots."""
_OTHERS = 2
"""Rows for lots that the paper does not list."""


def confirm_routes(router: APIRouter, ports: Ports, pages: PageRenderer) -> None:

    @router.api_route("/confirm/{code}", methods=["GET", "HEAD"])
    def form(code: str) -> Response:
        with ports.store.read() as tx:
            asked = asked_by(tx, code, now=ports.clock())
        return _answer(_form_page(pages, asked, "", {}), 200)

    @router.post("/confirm/{code}")
    async def send(request: Request, code: str) -> Response:
        return await run_in_threadpool(_confirmed, ports, pages, code, await form_of(request, _FORM_LIMIT))


def _confirmed(ports: Ports, pages: PageRenderer, code: str, typed: dict[str, str]) -> Response:
    now = ports.clock()
    with ports.store.read() as tx:
        asked = asked_by(tx, code, now=now)
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for index, lot in enumerate(asked.lots):
        good = _count(typed.get(f"good.{index}", ""))
        damaged = _count(typed.get(f"damaged.{index}") or "0")
        if good is None or damaged is None:
            return _answer(_form_page(pages, asked, str(say.WHOLE_NUMBERS), typed), 422)
        counts[lot.product, lot.lot] = (good, damaged)
    others = _others(asked, typed)
    if others is None:
        return _answer(_form_page(pages, asked, str(say.OTHERS_WHOLE), typed), 422)
    try:
        with ports.store.write() as tx:
            told = confirm_counts(tx, code, counts, others, now=now)
    except Refused as refusal:
        return _answer(_form_page(pages, asked, str(refusal), typed), 422)
    return _answer(_confirmed_page(pages, told), 200)


def _others(asked: Asked, typed: dict[str, str]) -> list[dict[str, object]] | None:
    """The lots that came beside those of the paper; None where one is told in part only."""
    found: list[dict[str, object]] = []
    for n in range(_OTHERS):
        lot, pieces, place = (typed.get(f"other.{name}.{n}", "").strip() for name in ("lot", "pieces", "for"))
        if not lot and not pieces:
            continue
        quantity, index = _count(pieces), _count(place)
        if not lot or not quantity or index is None or index >= len(asked.lots):
            return None
        listed = asked.lots[index]
        found.append({"product": listed.product, "lot": lot, "quantity": quantity, "instead_of": listed.lot})
    return found


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _form_page(pages: PageRenderer, asked: Asked, refusal: str, typed: dict[str, str]) -> bytes:
    return pages.page(
        "confirm.html",
        pages.frame(str(say.TITLE), noindex=True),
        heading=str(say.TITLE),
        lead=say.asks(asked.about, asked.paper, asked.place, asked.title),
        again="" if asked.corrects is None else str(say.AGAIN),
        refusal=refusal,
        lots=asked.lots,
        others=range(_OTHERS if asked.about == "shipment" else 0),
        typed=typed,
        counted=(),
        words=say,
    )


def _confirmed_page(pages: PageRenderer, told: Confirmed) -> bytes:
    counted = [
        (lot, given)
        for lot in told.asked.lots
        for given in told.counted
        if (given.product, given.lot) == (lot.product, lot.lot)
    ]
    return pages.page(
        "confirm.html",
        pages.frame(str(say.DONE), noindex=True),
        heading=str(say.DONE),
        lead=say.recorded(told.seq),
        again="",
        refusal="",
        lots=(),
        others=range(0),
        typed={},
        counted=counted,
        words=say,
    )


def _answer(body: bytes, status: int) -> Response:
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=UNKEPT)
