"""English: what a campaign is in one sentence, and what comes next.

Its goods figures add up, or the rest is named.
"""

from __future__ import annotations

from api.pages.figures import count, exact_with_asset, with_asset
from api.pages.sentences.units import Piece, Sentence, day, joined, listed, number_of
from ledger.views.campaign import CampaignCard, CampaignReport, NeedRow


def need_asked(need: NeedRow) -> str:
    """`250,000 masks, 3-ply mask`, and what money is kept for it alone."""
    asked = f"{number_of(need.quantity, need.unit)}, {need.item}"
    kept = listed([exact_with_asset(asset, minor) for asset, minor in need.kept])
    return f"{asked} (kept for it alone: {kept})" if kept else asked


def campaign_sentence(report: CampaignReport) -> Sentence:
    """What came in, what it became, where that is. Its goods figures add up, or it names the rest."""
    if report.donations == 0:
        return (Piece("No donation has settled yet"), Piece(_waiting(report.donors_waiting)), Piece("."))
    coins = Piece(with_asset("BTC", report.received), "coin")
    gifts = number_of(report.donations, "donation")
    if report.bought == 0:
        verb = " have" if report.donations != 1 else " has"
        return (coins, Piece(f" from {gifts}{verb} arrived. Nothing is bought with it yet."))
    parts: list[Sentence] = []
    if report.distributed:
        where = f" in {number_of(report.receivers, 'place')}" if report.receivers else ""
        parts.append(
            (
                Piece(count(report.distributed), "figure"),
                Piece(_be(report.distributed) + f" distributed{where}"),
            )
        )
    if report.under_way:
        parts.append(
            (
                Piece(count(report.under_way), "figure"),
                Piece(_be(report.under_way) + " on the way or waiting"),
            )
        )
    if report.lost:
        were = " was" if report.lost == 1 else " were"
        parts.append((Piece(count(report.lost), "bad"), Piece(f"{were} damaged, short or lost")))
    rest = report.bought - report.distributed - report.under_way - report.lost
    if rest > 0:
        parts.append((Piece(count(rest), "bad"), Piece(" are not accounted for")))
    head = (coins, Piece(f" from {gifts} bought "), Piece(number_of(report.bought, report.unit), "goods"))
    return (*head, Piece(": "), *joined(parts), Piece("."))


def _be(number: int) -> str:
    return " is" if number == 1 else " are"


def _waiting(number: int) -> str:
    return (
        f"; {number_of(number, 'payment')} {'waits' if number == 1 else 'wait'} for blocks" if number else ""
    )


def campaign_next(report: CampaignReport) -> str:
    if report.donors_waiting:
        waits = "payment is" if report.donors_waiting == 1 else "payments are"
        more = f"{count(report.donors_waiting)} more {waits} seen or in a block"
        return f"{more} and will count after {report.depth} blocks."
    return ""


def call_state(report: CampaignReport) -> str:
    if report.closed:
        return "The call has ended. Late donations count."
    return f"Open until {day(report.end)}. Nothing expires."


def card_sentence(card: CampaignCard) -> Sentence:
    if not card.donations:
        return (Piece("No donation has settled yet."),)
    head = (
        Piece(with_asset("BTC", card.received), "coin"),
        Piece(f" from {number_of(card.donations, 'donation')}"),
    )
    if not card.distributed:
        return (*head, Piece(". Nothing is distributed yet."))
    return (
        *head,
        Piece(", "),
        Piece(number_of(card.distributed, card.unit), "goods"),
        Piece(" distributed."),
    )
