"""English: the page on which the other side of a delivery counts what came."""

from __future__ import annotations

from api.pages.messages import Message, worded

TITLE = Message("Count what came", "asks the other side of a delivery to count it")
DONE = Message("Your count is recorded")
LOT = Message("Lot", "head of a column")
GOOD = Message("Good", "head of a column: pieces that are good")
DAMAGED = Message("Damaged", "head of a column: pieces that are damaged")
SENDER = Message("Sender's count", "head of a column")
YOURS = Message("Your count", "head of a column")
GAP = Message("Gap", "head of a column: by how much two counts differ")
SEND = Message("Send this count", "on a button")
PROMISE = Message(
    "Your count is public, beside the sender's; your name is not asked. This link works once, and a count is not "
    "changed afterwards."
)
AGAIN = Message(
    "You correct the count that was given before. Both stay public, and this one counts from now on."
)
OTHER = Message("A lot that is not on the paper", "head of a column: fields that most people leave empty")
PIECES = Message("Pieces", "head of a column: how many came of a lot")
CAME_FOR = Message("Came instead of", "head of a column: which lot of the paper another one came for")
OTHERS_WHOLE = Message(
    "Of a lot that is not on the paper, write its number, a whole number of pieces, and which lot it came for."
)
WHOLE_NUMBERS = Message("Write a whole number of pieces for each lot; 0 for what did not come.")
_LOT = Message("{product}, lot {lot}", "{product}: its name", "{lot}: its number")
_FIELD = Message(
    "{column}, {lot}",
    "names a field for a reader who does not see it",
    "{column}: Good or Damaged",
    "{lot}: as: Mask, lot L-1",
)
_ABOUT = ("{paper}: its number", "{place}: where it goes", "{campaign}: its title")
_SHIPMENT = Message("Shipment {paper}, {place}. {campaign}.", *_ABOUT)
_HANDOVER = Message("Handover {paper}, {place}. {campaign}.", *_ABOUT)
_COUNTED = Message("{good} good", "{good}: how many")
_COUNTED_DAMAGED = Message("{good} good, {damaged} damaged", "{good}, {damaged}: how many")
_NONE = Message("none", "the gap between two counts of a delivery")
_FEWER = Message("{n} fewer good than sent", many="{n} fewer good than sent")
_MORE = Message("{n} more good than sent", many="{n} more good than sent")
_RECORDED = Message(
    "It is entry {entry} of the journal. A gap stays public until a loss or a correction explains it.",
    "{entry}: its number",
)


def lot(name: str, number: str) -> str:
    return worded(_LOT, product=name, lot=number)


def field(column: Message, lot_named: str) -> str:
    """`Good, Mask, lot L-1`: a field of the form."""
    return worded(_FIELD, column=str(column), lot=lot_named)


def asks(about: str, paper: str, place: str, title: str) -> str:
    """Which delivery is to be counted."""
    return worded(_SHIPMENT if about == "shipment" else _HANDOVER, paper=paper, place=place, campaign=title)


def counted(good: int, damaged: int) -> str:
    return worded(_COUNTED_DAMAGED, good=good, damaged=damaged) if damaged else worded(_COUNTED, good=good)


def gap(number: int) -> str:
    """By how much fewer (more, where negative) are good than were sent."""
    if number == 0:
        return worded(_NONE)
    return worded(_FEWER, n=number) if number > 0 else worded(_MORE, n=-number)


def recorded(seq: int) -> str:
    return worded(_RECORDED, entry=seq)
