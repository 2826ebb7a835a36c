"""English: a delivery as both sides counted it, what is said of a gap, and why things are lost."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import count
from api.pages.sentences.units import number_of, pieces
from ledger.core.frozen import Quantity
from ledger.views.losses import LossRow
from ledger.views.two_keys import PATIENCE, Deliveries, DeliveryCount

NOT_CONFIRMED = f"not counted for {PATIENCE} days"


def delivery(told: Deliveries, about: str, paper: str) -> str:
    """Its paper; of a handover also whether the recipient signed for it."""
    if about == "shipment":
        return f"Waybill {paper}"
    return f"Handover {paper}, {'signed' if paper in told.signed else 'not signed yet'}"


def lot(product: str, number: str) -> str:
    return f"{product}, lot {number}"


def counted(row: DeliveryCount) -> str:
    """What the other side counted."""
    return f"{count(row.good)} good" + (f", {count(row.damaged)} damaged" if row.damaged else "")


def gap(row: DeliveryCount) -> str:
    """The open gap; or what was explained of it; or that both agree."""
    if row.gap > 0:
        return f"{count(row.gap)} fewer good than in the books, not explained"
    if row.gap < 0:
        return f"{count(-row.gap)} more good than in the books, not explained"
    return "none" if row.sent == row.good else "explained"


def deliveries_note(told: Deliveries, shown: int) -> str:
    """One line above the table, of which `shown` rows are shown."""
    gaps = sum(1 for row in told.counts if row.gap)
    said = "The sender's count beside that of the other side, who counts by a link, without an account. "
    if gaps or told.unconfirmed:
        waiting = f"; {number_of(len(told.unconfirmed), 'delivery')} not counted" if told.unconfirmed else ""
        said += f"{number_of(gaps, 'gap') if gaps else 'No gap'} without an explanation{waiting}."
    else:
        said += "No gap is open."
    hidden = len(told.counts) + len(told.unconfirmed) - shown
    return said + (f" {count(hidden)} more rows in the data." if hidden else "")


_CAUSES = {
    "damage": "damaged",
    "short": "never came",
    "expired": "past its last day",
    "stolen": "stolen",
    "lost": "lost",
    "cold_chain": "cold chain broken",
    "customs": "kept by customs",
    "recalled": "recalled",
}


def cause(word: str) -> str:
    """Why pieces are lost, in words; one that is not known here is shown as it is written."""
    return _CAUSES.get(word) or word.replace("_", " ")


def pieces_lost(row: LossRow) -> str:
    """How many are lost still, and how many were found again."""
    return count(row.pieces) + (f", {count(row.found)} found again" if row.found else "")


def losses_note(whole: int, most: int, expired: Sequence[Quantity]) -> str:
    """One line above the table of losses, which shows `most` rows at most."""
    said = (
        f"The last {count(most)} of {count(whole)}."
        if most < whole
        else "Each with its place, count and report."
    )
    if expired:
        one = len(expired) == 1 and expired[0].quantity == 1
        said += f" {pieces(expired)} in stock {'is' if one else 'are'} past the last day of use."
    return said
