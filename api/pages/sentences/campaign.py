"""English: what a campaign is in one sentence, and what comes next.

Its goods figures add up, or the rest is named.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import count, exact_with_asset, with_asset
from api.pages.sentences.units import Piece, Sentence, day, joined, listed, number_of, pieces
from ledger.core.frozen import Quantity
from ledger.views.campaign import CampaignCard, CampaignReport, NeedRow


def need_asked(need: NeedRow) -> str:
    """`250,000 masks, 3-ply mask`, and what money is kept for it alone."""
    asked = f"{number_of(need.quantity, need.unit)}, {need.item}"
    kept = listed([exact_with_asset(amount) for amount in need.kept])
    return f"{asked} (kept for it alone: {kept})" if kept else asked


def campaign_sentence(report: CampaignReport) -> Sentence:
    """What came in, what it became, where that is. Its goods figures add up, or it names the rest."""
    if report.donations == 0:
        return (Piece("No donation in coins has settled yet"), Piece(_waiting(report.waiting)), Piece("."))
    coins = Piece(with_asset(report.received), "coin")
    gifts = number_of(report.donations, "donation")
    if not report.bought:
        verb = " have" if report.donations != 1 else " has"
        return (coins, Piece(f" from {gifts}{verb} arrived. Nothing is bought with it yet."))
    many = len(report.bought) > 1
    parts: list[Sentence] = []
    if report.distributed:
        where = f" in {number_of(report.receivers, 'place')}" if report.receivers else ""
        parts.append(_part(report.distributed, many, "figure", f"distributed{where}"))
    if report.under_way:
        parts.append(_part(report.under_way, many, "figure", "on the way or waiting"))
    if report.lost:
        parts.append(_part(report.lost, many, "bad", "damaged, short or lost", past=True))
    rest = _rest(report)
    if rest:
        parts.append(_part(rest, many, "bad", "not accounted for"))
    head = (coins, Piece(f" from {gifts} bought "), Piece(pieces(report.bought), "goods"))
    return (*head, Piece(": "), *joined(parts), Piece("."))


def _part(rows: Sequence[Quantity], many: bool, mark: str, what: str, *, past: bool = False) -> Sentence:
    """`252,000 are distributed`; with the units where there are several products."""
    one = len(rows) == 1 and rows[0].quantity == 1
    verb = ("was" if one else "were") if past else ("is" if one else "are")
    figure = pieces(rows) if many else count(rows[0].quantity)
    return (Piece(figure, mark), Piece(f" {verb} {what}"))


def _rest(report: CampaignReport) -> tuple[Quantity, ...]:
    """What was bought and is told nowhere else, product by product."""
    told: dict[str, int] = {}
    for row in (*report.distributed, *report.under_way, *report.lost):
        told[row.product] = told.get(row.product, 0) + row.quantity
    return tuple(
        row.model_copy(update={"quantity": row.quantity - told.get(row.product, 0)})
        for row in report.bought
        if row.quantity > told.get(row.product, 0)
    )


def _waiting(number: int) -> str:
    return (
        f"; {number_of(number, 'payment')} {'waits' if number == 1 else 'wait'} for blocks" if number else ""
    )


def campaign_next(report: CampaignReport) -> str:
    if report.waiting:
        waits = "payment is" if report.waiting == 1 else "payments are"
        more = f"{count(report.waiting)} more {waits} seen or in a block"
        return f"{more} and will count after {report.depth} blocks."
    return ""


def call_state(report: CampaignReport) -> str:
    if report.closed:
        return "The call has ended. Late donations count."
    return f"Open until {day(report.end)}. Nothing expires."


def card_sentence(card: CampaignCard) -> Sentence:
    if not card.donations:
        return (Piece("No donation in coins has settled yet."),)
    head = (
        Piece(with_asset(card.received), "coin"),
        Piece(f" from {number_of(card.donations, 'donation')}"),
    )
    if not card.distributed:
        return (*head, Piece(". Nothing is distributed yet."))
    return (
        *head,
        Piece(", "),
        Piece(pieces(card.distributed), "goods"),
        Piece(" distributed."),
    )
