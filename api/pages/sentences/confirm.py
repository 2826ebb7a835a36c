"""English: the page on which the other side of a delivery counts what came."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.figures import count


@dataclass(frozen=True, slots=True)
class Words:
    """Fixed words of the page."""

    title: str = "Count what came"
    done: str = "Your count is recorded"
    lot: str = "Lot"
    good: str = "Good"
    damaged: str = "Damaged"
    sender: str = "Sender's count"
    yours: str = "Your count"
    gap: str = "Gap"
    send: str = "Send this count"
    promise: str = (
        "Your count is public, beside the sender's; your name is not asked. This link works once, "
        "and a count is not changed afterwards."
    )
    whole_numbers: str = "Write a whole number of pieces for each lot; 0 for what did not come."


WORDS = Words()


def lot(name: str, number: str) -> str:
    return f"{name}, lot {number}"


def asks(about: str, paper: str, place: str, title: str) -> str:
    what = "Shipment" if about == "shipment" else "Handover"
    return f"{what} {paper}, {place}. {title}."


def counted(good: int, damaged: int) -> str:
    return f"{count(good)} good, {count(damaged)} damaged" if damaged else f"{count(good)} good"


def gap(number: int) -> str:
    if number == 0:
        return "none"
    return f"{count(number)} fewer good than sent" if number > 0 else f"{count(-number)} more good than sent"


def recorded(seq: int) -> str:
    return f"It is entry {count(seq)} of the journal. A gap stays public until a loss or a correction explains it."
