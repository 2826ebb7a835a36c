"""English: a delivery as both sides counted it, what is said of a gap, and why things are lost."""

from __future__ import annotations

from api.pages.figures import count
from api.pages.sentences.units import number_of
from ledger.rules.confirmations import TwoCounts
from ledger.views.losses import LossRow
from ledger.views.two_keys import PATIENCE, Deliveries

NOT_CONFIRMED = f"not counted for {PATIENCE} days"


def delivery(told: Deliveries, about: str, paper: str) -> str:
    """Its paper; of a handover also whether the recipient signed for it."""
    if about == "shipment":
        return f"Waybill {paper}"
    return f"Handover {paper}, {'signed' if paper in told.signed else 'not signed yet'}"


def lot(product: str, number: str) -> str:
    return f"{product}, lot {number}"


def counted(row: TwoCounts) -> str:
    """What the other side counted."""
    return f"{count(row.good)} good" + (f", {count(row.damaged)} damaged" if row.damaged else "")


def gap(row: TwoCounts) -> str:
    """The open gap; or what was explained of it; or that both agree."""
    if row.gap > 0:
        return f"{count(row.gap)} fewer good than in the books, not explained"
    if row.gap < 0:
        return f"{count(-row.gap)} more good than in the books, not explained"
    return "none" if row.sent == row.good else "explained"


def note(told: Deliveries, hidden: int) -> str:
    """One line above the table."""
    gaps = sum(1 for row in told.counts if row.gap)
    said = "The sender's count beside that of the other side, who counts by a link, without an account. "
    if gaps or told.unconfirmed:
        waiting = f"; {number_of(len(told.unconfirmed), 'delivery')} not counted" if told.unconfirmed else ""
        said += f"{number_of(gaps, 'gap') if gaps else 'No gap'} without an explanation{waiting}."
    else:
        said += "No gap is open."
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


def lost(shown: int, whole: int, expired: int) -> str:
    """One line above the table of losses."""
    said = (
        f"The last {count(shown)} of {count(whole)}."
        if shown < whole
        else "Each with its place, count and report."
    )
    if expired:
        said += f" {number_of(expired, 'piece')} in stock {'is' if expired == 1 else 'are'} past the last day of use."
    return said
