"""English: the page on which the other side of a delivery counts what came."""

from __future__ import annotations

from api.pages.messages import Message, worded

TITLE = Message("Count what came", "asks the other side of a delivery to count it")
CHECK = Message("Is this what you counted?", "asks to look once more at what was entered")
DONE = Message("Your count is recorded")
LOT = Message("Lot", "head of a column")
GOOD = Message("Good", "pieces that are good")
DAMAGED = Message("Damaged", "pieces that are damaged")
SENDER = Message("Sender's count", "head of a column")
YOURS = Message("Your count", "head of a column")
GAP = Message("Gap", "head of a column: by how much two counts differ")
SEND = Message("Go on to check it", "on a button: shows what was entered once more")
RECORD = Message("Record this count", "on a button")
CHANGE = Message("Change it", "on a button: back to the fields")
NOT_YET = Message("Nothing is recorded yet. Once it is, this count is not changed.")
PROMISE = Message(
    "Your count is public, beside the sender's; your name is not asked. This link works once, and a count is not "
    "changed afterwards. You see it once more before it is recorded."
)
AGAIN = Message(
    "You correct the count that was given before. Both stay public, and this one counts from now on."
)
OTHER = Message("A lot that is not on the paper", "title over fields that most people leave empty")
OTHER_NUMBER = Message("Number of that lot", "label of a field")
PIECES = Message("Pieces", "label of a field: how many came of a lot")
CAME_FOR = Message("Came instead of", "label of a field: which lot of the paper another one came for")
OTHERS_WHOLE = Message(
    "Of a lot that is not on the paper, write its number, a whole number of pieces, and which lot it came for."
)
WHOLE_NUMBERS = Message("Write a whole number of pieces for each lot; 0 for what did not come.")
_LOT = Message("{product}, lot {lot}", "{product}: its name", "{lot}: its number")
_LOT_TO = Message(
    "{product}, lot {lot}, to {place}",
    "{product}: its name",
    "{lot}: its number",
    "{place}: where it was sent",
)
_OTHER = Message(
    "Lot {lot}, not on the paper: {n} piece, instead of lot {instead}",
    "{lot}: its number",
    "{instead}: number of the lot that it came for",
    many="Lot {lot}, not on the paper: {n} pieces, instead of lot {instead}",
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


def lot_to(name: str, number: str, place: str) -> str:
    """`Masks, lot L-1, to Port`: over the fields of a lot."""
    return worded(_LOT_TO, product=name, lot=number, place=place)


def other(number: str, n: int, instead: str) -> str:
    """A lot that the paper does not list."""
    return worded(_OTHER, lot=number, n=n, instead=instead)


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
