"""The page behind a one-time link: the other side of a delivery counts what came, without an account or scripts.

It is not indexed, sends no referrer, is never kept, and never shows the sender's count before theirs is given.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.pages.contexts import Frame
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


@dataclass(frozen=True, slots=True)
class LotField:
    """One lot to be counted: its number in the form, its words, and what was typed before."""

    index: int
    words: str
    good: str
    damaged: str


@dataclass(frozen=True, slots=True)
class CountRow:
    """One lot as both sides counted it."""

    words: str
    sent: str
    counted: str
    gap: str


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """The form, or both counts once it was sent."""

    frame: Frame
    heading: str
    lead: str
    refusal: str
    fields: tuple[LotField, ...]
    rows: tuple[CountRow, ...]
    words: say.Words


def confirm_router(ports: Ports, pages: PageRenderer) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/confirm/{code}", methods=["GET", "HEAD"])
    def form(code: str) -> Response:
        with ports.store.read() as tx:
            asked = asked_by(tx, code, now=ports.clock())
        return _answer(pages, _form_page(pages, asked, "", {}), 200)

    @router.post("/confirm/{code}")
    async def send(request: Request, code: str) -> Response:
        return await run_in_threadpool(_confirmed, ports, pages, code, await form_of(request, _FORM_LIMIT))

    return router


def _confirmed(ports: Ports, pages: PageRenderer, code: str, typed: dict[str, str]) -> Response:
    now = ports.clock()
    with ports.store.read() as tx:
        asked = asked_by(tx, code, now=now)
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for index, lot in enumerate(asked.lots):
        good = _count(typed.get(f"good.{index}", ""))
        damaged = _count(typed.get(f"damaged.{index}") or "0")
        if good is None or damaged is None:
            return _answer(pages, _form_page(pages, asked, say.WORDS.whole_numbers, typed), 422)
        counts[lot.product, lot.lot] = (good, damaged)
    try:
        with ports.store.write() as tx:
            told = confirm_counts(tx, code, counts, now=now)
    except Refused as refusal:
        return _answer(pages, _form_page(pages, asked, str(refusal), typed), 422)
    return _answer(pages, _told_page(pages, told), 200)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _form_page(pages: PageRenderer, asked: Asked, refusal: str, typed: dict[str, str]) -> ConfirmPage:
    fields = tuple(
        LotField(
            index,
            say.lot(lot.name, lot.lot),
            typed.get(f"good.{index}", ""),
            typed.get(f"damaged.{index}", "0"),
        )
        for index, lot in enumerate(asked.lots)
    )
    frame = pages.frame(say.WORDS.title, noindex=True)
    lead = say.asks(asked.about, asked.paper, asked.place, asked.title)
    return ConfirmPage(frame, say.WORDS.title, lead, refusal, fields, (), say.WORDS)


def _told_page(pages: PageRenderer, told: Confirmed) -> ConfirmPage:
    rows = tuple(
        CountRow(
            say.lot(lot.name, lot.lot),
            say.pieces(lot.sent),
            say.counted(given.good, given.damaged),
            say.gap(lot.sent - given.good),
        )
        for lot in told.asked.lots
        for given in told.counted
        if (given.product, given.lot) == (lot.product, lot.lot)
    )
    frame = pages.frame(say.WORDS.done, noindex=True)
    return ConfirmPage(frame, say.WORDS.done, say.recorded(told.seq), "", (), rows, say.WORDS)


def _answer(pages: PageRenderer, page: ConfirmPage, status: int) -> Response:
    body = pages.page("confirm.html", page)
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=UNKEPT)
