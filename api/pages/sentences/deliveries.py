"""English: a delivery as both sides counted it, what is said of a gap, and why things are lost."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import count
from api.pages.messages import SENTENCES, Message, listed, worded
from api.pages.sentences.units import pieces
from ledger.core.frozen import Quantity
from ledger.views.losses import LossRow
from ledger.views.two_keys import PATIENCE, Deliveries, DeliveryCount

_NOT_COUNTED = Message("not counted for {n} day", "a delivery", many="not counted for {n} days")
_WAYBILL = Message("Waybill {paper}", "a shipment", "{paper}: its number")
_SIGNED = Message("Handover {paper}, signed", "goods that a recipient took over", "{paper}: its number")
_NOT_SIGNED = Message(
    "Handover {paper}, not signed yet", "goods that a recipient took over", "{paper}: its number"
)
_LOT = Message("{product}, lot {lot}", "{product}, {lot}: their codes")
_GOOD = Message("{good} good", "what the other side counted", "{good}: how many")
_GOOD_DAMAGED = Message(
    "{good} good, {damaged} damaged", "what the other side counted", "{good}, {damaged}: how many"
)
_CORRECTED = Message(
    "{counted}; first {earlier}",
    "{counted}: what the other side counted last, as: 990 good",
    "{earlier}: what it counted before and corrected, as: 940 good",
)
_GAP = "the gap between two counts of a delivery"
_FEWER = Message(
    "{n} fewer good than in the books, not explained",
    _GAP,
    many="{n} fewer good than in the books, not explained",
)
_MORE = Message(
    "{n} more good than in the books, not explained",
    _GAP,
    many="{n} more good than in the books, not explained",
)
_NONE = Message("none", _GAP)
_EXPLAINED = Message("explained", _GAP)
_NOTE = Message("The sender's count beside that of the other side, who counts by a link, without an account.")
_NO_GAP_OPEN = Message("No gap is open.", _GAP)
_NO_GAP = Message("No gap without an explanation", _GAP)
_GAPS = Message("{n} gap without an explanation", _GAP, many="{n} gaps without an explanation")
_OPEN = Message("{gaps}.", "{gaps}: as: 2 gaps without an explanation")
_OPEN_UNCOUNTED = Message(
    "{gaps}; {n} delivery not counted.",
    "{gaps}: as: 2 gaps without an explanation",
    many="{gaps}; {n} deliveries not counted.",
)
_HIDDEN = Message("{n} more row in the data.", many="{n} more rows in the data.")


def not_counted() -> str:
    """`not counted for 14 days`: after so long, a delivery that nobody counted is told."""
    return worded(_NOT_COUNTED, n=PATIENCE)


def delivery(deliveries: Deliveries, about: str, paper: str) -> str:
    """Its paper; of a handover also whether the recipient signed for it."""
    if about == "shipment":
        return worded(_WAYBILL, paper=paper)
    return worded(_SIGNED if paper in deliveries.signed else _NOT_SIGNED, paper=paper)


def lot(product: str, number: str) -> str:
    return worded(_LOT, product=product, lot=number)


def counted(row: DeliveryCount) -> str:
    """What the other side counted last, and what it counted first where it corrected that."""
    sentence = _counted(row.good, row.damaged)
    if not row.earlier:
        return sentence
    first = row.earlier[0]
    return worded(_CORRECTED, counted=sentence, earlier=_counted(first.good, first.damaged))


def _counted(good: int, damaged: int) -> str:
    return worded(_GOOD_DAMAGED, good=good, damaged=damaged) if damaged else worded(_GOOD, good=good)


def gap(row: DeliveryCount) -> str:
    """The open gap; or what was explained of it; or that both agree."""
    if row.gap > 0:
        return worded(_FEWER, n=row.gap)
    if row.gap < 0:
        return worded(_MORE, n=-row.gap)
    return worded(_NONE if row.sent == row.good else _EXPLAINED)


def deliveries_note(deliveries: Deliveries, shown: int) -> str:
    """What stands above the table, of which `shown` rows are shown."""
    hidden = len(deliveries.counts) + len(deliveries.unconfirmed) - shown
    state = _state(sum(1 for row in deliveries.counts if row.gap), len(deliveries.unconfirmed))
    return listed([worded(_NOTE), state, worded(_HIDDEN, n=hidden) if hidden else ""], SENTENCES)


def _state(gaps: int, unconfirmed: int) -> str:
    if not gaps and not unconfirmed:
        return worded(_NO_GAP_OPEN)
    sentence = worded(_GAPS, n=gaps) if gaps else worded(_NO_GAP)
    return (
        worded(_OPEN_UNCOUNTED, n=unconfirmed, gaps=sentence) if unconfirmed else worded(_OPEN, gaps=sentence)
    )


_CAUSE = "why goods are lost"
_CAUSES = {
    "damage": Message("damaged", _CAUSE),
    "short": Message("never came", _CAUSE),
    "expired": Message("past its last day", _CAUSE),
    "stolen": Message("stolen", _CAUSE),
    "lost": Message("lost", _CAUSE),
    "cold_chain": Message("cold chain broken", _CAUSE),
    "customs": Message("kept by customs", _CAUSE),
    "recalled": Message("recalled", _CAUSE),
}
_FOUND = Message(
    "{pieces}, {found} found again",
    "lost goods",
    "{pieces}: how many are lost still",
    "{found}: how many are not",
)
_LAST = Message("The last {shown} of {all}.", "{shown}, {all}: numbers of losses")
_EACH = Message("Each with its place, count and report.", "losses")
_EXPIRED = Message(
    "{pieces} in stock is past the last day of use.",
    "{pieces}: as: 1 kit",
    many="{pieces} in stock are past the last day of use.",
)


def cause(word: str) -> str:
    """Why pieces are lost, in words; one that is not known here is shown as it is written."""
    return worded(_CAUSES[word]) if word in _CAUSES else word.replace("_", " ")


def pieces_lost(row: LossRow) -> str:
    """How many are lost still, and how many were found again."""
    return worded(_FOUND, pieces=row.pieces, found=row.found) if row.found else count(row.pieces)


def losses_note(whole: int, most: int, expired: Sequence[Quantity]) -> str:
    """What stands above the table of losses, which shows `most` rows at most."""
    sentences = [worded(_LAST, shown=most, all=whole) if most < whole else worded(_EACH)]
    if expired:
        sentences.append(worded(_EXPIRED, n=sum(row.quantity for row in expired), pieces=pieces(expired)))
    return listed(sentences, SENTENCES)
