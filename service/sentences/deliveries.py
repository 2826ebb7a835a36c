"""English: `confirmation link` and `confirmation counts`: the other side's count of a delivery."""

from __future__ import annotations

from api.pages import sentences as say
from api.pages.messages import COMMAS, Message, listed, worded
from ledger.views.two_keys import DeliveryCount, Unconfirmed
from service.sentences.layout import row

_ONCE = Message("shown once; it can be used once, until {time}.", "a link", "{time}: until when")
THIS_MACHINE = Message(
    "the address is that of `serve` on this machine; set site.base_url to the one by which others reach it.",
    "a link; site.base_url is a setting, words in backquotes are a command",
)
_COUNTED = Message(
    "{sent} sent, {good} good in the books; counted {counted}; {explained} explained; gap: {gap}",
    "a delivery",
    "{sent}, {good}, {explained}: how many pieces",
    "{counted}: what the other side counted, as: 990 good, 10 damaged",
    "{gap}: as: 10 fewer good than in the books, not explained",
)
_NOT_CONFIRMED = Message(
    "{pieces} to {place}: not confirmed", "a delivery", "{pieces}: a list", "{place}: where it came to"
)
_PIECES = Message("{pieces} {product}", "{pieces}: how many", "{product}: its code")
NONE = Message("no delivery is confirmed yet, and none waits for long.")


def shown_once(expires_at: str) -> str:
    """Beside the link."""
    return worded(_ONCE, time=expires_at)


def counted(one: DeliveryCount) -> str:
    """Both counts of a delivery, and their gap."""
    sentence = worded(
        _COUNTED,
        sent=one.sent,
        good=one.books_good,
        counted=say.counted(one),
        explained=one.explained,
        gap=say.gap(one),
    )
    return row(one.date, one.about, one.paper, f"{one.product}#{one.lot}", sentence)


def unconfirmed(one: Unconfirmed) -> str:
    """A delivery that the other side has not counted."""
    sent = [worded(_PIECES, pieces=part.quantity, product=part.product) for part in one.sent]
    sentence = worded(_NOT_CONFIRMED, pieces=listed(sent, COMMAS), place=one.place)
    return row(one.date, one.about, one.paper, sentence)
