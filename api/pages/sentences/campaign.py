"""English: what a campaign is in one sentence, and what comes next.

Its goods figures add up, or the rest is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.pages.figures import count, exact_with_asset, with_asset
from api.pages.sentences.units import Piece, Sentence, day, joined, listed, number_of, pieces
from ledger.core.frozen import Quantity
from ledger.views.campaign import CampaignCard, CampaignReport, GiftSum, NeedRow
from ledger.views.totals import ApartTotals, GoodsTotals


def need_asked(need: NeedRow) -> str:
    """`250,000 masks, 3-ply mask`, and what money is kept for it alone."""
    asked = f"{number_of(need.quantity, need.unit)}, {need.item}"
    kept = listed([exact_with_asset(amount) for amount in need.kept])
    return f"{asked} (kept for it alone: {kept})" if kept else asked


def campaign_sentence(report: CampaignReport) -> Sentence:
    """What came in, what was ordered with it, paid and received, and where all that was ordered is.

    Its goods figures add up to what was ordered, or it names the rest.
    """
    if report.donations == 0:
        return (Piece("No donation has settled yet"), Piece(_waiting(report.waiting)), Piece("."))
    gifts = (*_given(report.received), Piece(f" from {number_of(report.donations, 'donation')}"))
    goods = report.goods
    if not goods.ordered:
        bought = "Nothing is" if not report.services else "No goods are"
        return (*gifts, Piece(f" arrived. {bought} ordered with it yet."))
    several = len(goods.ordered) > 1
    parts = [
        *_where(goods.distributed, several, "figure", _distributed(goods.places)),
        *_where(goods.under_way, several, "figure", UNDER_WAY),
        *_where(goods.before, several, "figure", BEFORE),
        *_where(goods.not_received, several, "figure", ("is not yet received", "are not yet received")),
        *_where(goods.not_coming, several, "figure", NOT_COMING),
        *_where(goods.sent_back, several, "figure", SENT_BACK),
        *_where(goods.lost, several, "bad", LOST),
    ]
    told = (
        goods.distributed,
        goods.under_way,
        goods.before,
        goods.not_received,
        goods.not_coming,
        goods.sent_back,
        goods.lost,
    )
    parts += _where(_rest(goods.ordered, *told), several, "bad", UNTOLD)
    return (*gifts, Piece(". "), *_three_words(goods), Piece(": "), *joined(parts), Piece("."))


def campaign_more(report: CampaignReport) -> list[Sentence]:
    """What stands apart from the money and what it was spent on: gifts in kind, and services by their own verb."""
    said: list[Sentence] = []
    said += _apart(report.given_in_kind, "Given in kind: ")
    if report.opening is not None:
        said += _apart(report.brought_in, f"In stock on {day(report.opening.day)}, when the books begin: ")
    for row in report.services:
        done = (Piece(f"{row.name}: "), Piece(number_of(row.delivered, row.unit), "goods"))
        verb = f" {row.verb}" if row.verb else ""
        ordered = f", {number_of(row.ordered, row.unit)} ordered" if row.ordered != row.delivered else ""
        said.append((*done, Piece(f"{verb}{ordered}.")))
    return said


def _apart(rows: ApartTotals, heading: str) -> Iterator[Sentence]:
    """Goods that came by no order, and where they are; nothing where there are none."""
    if not rows.came:
        return
    several = len(rows.came) > 1
    parts = [
        *_where(rows.distributed, several, "figure", _distributed(rows.places)),
        *_where(rows.under_way, several, "figure", UNDER_WAY),
        *_where(rows.sent_back, several, "figure", SENT_BACK),
        *_where(rows.lost, several, "bad", LOST),
    ]
    told = (rows.distributed, rows.under_way, rows.sent_back, rows.lost)
    parts += _where(_rest(rows.came, *told), several, "bad", UNTOLD)
    yield Piece(heading), Piece(pieces(rows.came), "goods"), Piece("; "), *joined(parts), Piece(".")


BEFORE = ("came before the books begin", "came before the books begin")
UNDER_WAY = ("is on the way or waiting", "are on the way or waiting")
NOT_COMING = (
    "was cancelled, or the supplier owes or paid it back",
    "were cancelled, owed or paid back by suppliers",
)
SENT_BACK = ("went back to the supplier", "went back to suppliers")
LOST = ("was damaged, short or lost", "were damaged, short or lost")
UNTOLD = ("is not accounted for", "are not accounted for")


def _distributed(places: int) -> tuple[str, str]:
    where = f" in {number_of(places, 'place')}" if places else ""
    return f"is distributed{where}", f"are distributed{where}"


def _given(received: Sequence[GiftSum]) -> Sentence:
    """`71.84 BTC and 6,000 USD`: each in its own asset."""
    said: list[Piece] = []
    for index, row in enumerate(received):
        if index:
            said.append(Piece(" and " if index == len(received) - 1 else ", "))
        said.append(Piece(with_asset(row), "coin" if row.asset == "BTC" else "money"))
    return tuple(said)


def _three_words(goods: GoodsTotals) -> Sentence:
    """`252,000 masks ordered and paid, 251,000 masks received`: three words, and one figure where they are equal."""
    ordered = Piece(pieces(goods.ordered), "goods")
    if goods.ordered == goods.paid == goods.received:
        return (ordered, Piece(" ordered, paid and received"))
    if goods.ordered == goods.paid:
        return (
            ordered,
            Piece(" ordered and paid, "),
            Piece(pieces(goods.received), "goods"),
            Piece(" received"),
        )
    paid, received = Piece(pieces(goods.paid), "goods"), Piece(pieces(goods.received), "goods")
    return (ordered, Piece(" ordered, "), paid, Piece(" paid, "), received, Piece(" received"))


def _where(rows: Sequence[Quantity], several: bool, mark: str, words: tuple[str, str]) -> list[Sentence]:
    """`252,000 are distributed`, with the units where there are several products; nothing for nothing."""
    if not rows:
        return []
    one = len(rows) == 1 and rows[0].quantity == 1
    figure = pieces(rows) if several else count(rows[0].quantity)
    return [(Piece(figure, mark), Piece(f" {words[0] if one else words[1]}"))]


def _rest(whole: Sequence[Quantity], *parts: Sequence[Quantity]) -> tuple[Quantity, ...]:
    """What is told nowhere else, product by product."""
    told: dict[str, int] = {}
    for row in (row for part in parts for row in part):
        told[row.product] = told.get(row.product, 0) + row.quantity
    return tuple(
        row.model_copy(update={"quantity": row.quantity - told.get(row.product, 0)})
        for row in whole
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
        return (Piece("No donation has settled yet."),)
    head = (
        *_given(card.received),
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
