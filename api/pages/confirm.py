"""The page behind a one-time link: the other side of a delivery counts what came, without an account or scripts.

It is not indexed, sends no referrer, is never kept, and never shows the sender's count before theirs is given. What was
entered is shown once more, beside the sender's count, before it is recorded: a count is not changed afterwards.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.languages.localised import wording
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
_RECORD, _CHANGE = "record", "change"
"""What the buttons send, by which what was entered is recorded or entered anew."""


def confirm_routes(router: APIRouter, ports: Ports, pages: PageRenderer) -> None:

    @router.api_route("/confirm/{code}", methods=["GET", "HEAD"])
    def form(request: Request, code: str) -> Response:
        with ports.store.read() as tx:
            asked = asked_by(tx, code, now=ports.clock())
        return _answer(_form_page(pages.of(request), asked, "", {}), 200)

    @router.post("/confirm/{code}")
    async def send(request: Request, code: str) -> Response:
        fields = await form_of(request, _FORM_LIMIT)
        return await run_in_threadpool(_confirmed, ports, pages.of(request), code, fields)


def _confirmed(ports: Ports, pages: PageRenderer, code: str, typed: dict[str, str]) -> Response:
    now = ports.clock()
    with ports.store.read() as tx:
        asked = asked_by(tx, code, now=now)
    step = typed.get("step", "")
    if step == _CHANGE:
        return _answer(_form_page(pages, asked, "", typed), 200)
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for index, lot in enumerate(asked.lots):
        good = _count(typed.get(f"good.{index}", ""))
        damaged = _count(typed.get(f"damaged.{index}") or "0")
        if good is None or damaged is None:
            wrong = f"{'good' if good is None else 'damaged'}.{index}"
            return _answer(_form_page(pages, asked, str(say.WHOLE_NUMBERS), typed, wrong), 422)
        counts[lot.product, lot.lot] = (good, damaged)
    others = _others(asked, typed)
    if others is None:
        return _answer(_form_page(pages, asked, str(say.OTHERS_WHOLE), typed, "other.lot.0"), 422)
    if step != _RECORD:
        return _answer(_checked_page(pages, asked, counts, others, typed), 200)
    try:
        with ports.store.write() as tx:
            confirmed = confirm_counts(tx, code, counts, others, now=now)
    except Refused as refusal:
        return _answer(_form_page(pages, asked, wording(refusal.wording), typed), 422)
    return _answer(_confirmed_page(pages, confirmed), 200)


def _others(asked: Asked, typed: dict[str, str]) -> list[dict[str, object]] | None:
    """The lots that came beside those of the paper; None where one is told in part only."""
    others: list[dict[str, object]] = []
    for n in range(_OTHERS):
        lot, pieces, place = (typed.get(f"other.{name}.{n}", "").strip() for name in ("lot", "pieces", "for"))
        if not lot and not pieces:
            continue
        quantity, index = _count(pieces), _count(place)
        if not lot or not quantity or index is None or index >= len(asked.lots):
            return None
        listed = asked.lots[index]
        others.append({"product": listed.product, "lot": lot, "quantity": quantity, "instead_of": listed.lot})
    return others


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _form_page(
    pages: PageRenderer, asked: Asked, refusal: str, typed: dict[str, str], wrong: str = ""
) -> bytes:
    """The fields, with what was typed in them; `wrong` is the name of the one to which a refusal belongs."""
    return pages.page(
        "confirm.html",
        pages.frame(str(say.TITLE), noindex=True),
        heading=str(say.TITLE),
        lead=say.asks(asked.about, asked.paper, asked.place, asked.title),
        again="" if asked.corrects is None else str(say.AGAIN),
        refusal=refusal,
        wrong=wrong,
        place=asked.place,
        lots=asked.lots,
        others=range(_OTHERS if asked.about == "shipment" else 0),
        typed=typed,
        kept={},
        counted=(),
        counted_others=(),
        words=say,
    )


def _checked_page(
    pages: PageRenderer,
    asked: Asked,
    counts: dict[tuple[str, str], tuple[int, int]],
    others: list[dict[str, object]],
    typed: dict[str, str],
) -> bytes:
    """What was entered, beside the sender's count: the last look before it is recorded."""
    return pages.page(
        "confirm.html",
        pages.frame(str(say.CHECK), noindex=True),
        heading=str(say.CHECK),
        lead=say.asks(asked.about, asked.paper, asked.place, asked.title),
        again="",
        refusal="",
        lots=(),
        kept={name: value for name, value in typed.items() if name != "step"},
        counted=[(lot, *counts[lot.product, lot.lot]) for lot in asked.lots],
        counted_others=[(str(other["lot"]), other["quantity"], str(other["instead_of"])) for other in others],
        words=say,
    )


def _confirmed_page(pages: PageRenderer, confirmed: Confirmed) -> bytes:
    counted = [
        (lot, given.good, given.damaged)
        for lot in confirmed.asked.lots
        for given in confirmed.counted
        if (given.product, given.lot) == (lot.product, lot.lot)
    ]
    return pages.page(
        "confirm.html",
        pages.frame(str(say.DONE), noindex=True),
        heading=str(say.DONE),
        lead=say.recorded(confirmed.seq),
        again="",
        refusal="",
        lots=(),
        kept={},
        counted=counted,
        counted_others=(),
        words=say,
    )


def _answer(body: bytes, status: int) -> Response:
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=UNKEPT)
