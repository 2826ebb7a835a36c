"""English: what a page says when something is missing, refused or broken, and what to do.

One title and one sentence for each status.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.messages import Message

_TITLE = "title of a page or, for a program, of a problem"
DEMONSTRATION = Message("A demonstration. Donors, amounts and papers are invented.")


@dataclass(frozen=True, slots=True)
class ErrorWords:
    title: Message
    detail: Message


ERRORS = {
    400: ErrorWords(
        Message("This request cannot be read", _TITLE),
        Message("Write it again, as the form or the documentation says."),
    ),
    401: ErrorWords(
        Message("A token is needed", _TITLE), Message("Send it as: Authorization: Bearer TOKEN.")
    ),
    403: ErrorWords(Message("Not allowed", _TITLE), Message("Your role does not allow this.")),
    404: ErrorWords(
        Message("Nothing is at this address", _TITLE),
        Message("The page may have moved. Start from the list of campaigns."),
    ),
    405: ErrorWords(
        Message("This address answers another method", _TITLE), Message("Reading pages use GET.")
    ),
    408: ErrorWords(Message("That took too long", _TITLE), Message("Send it again.")),
    409: ErrorWords(
        Message("Something stands in the way", _TITLE),
        Message("Look at what is recorded, and try again."),
    ),
    413: ErrorWords(Message("That is too large", _TITLE), Message("Send less at once.")),
    415: ErrorWords(
        Message("Another kind of content is wanted", _TITLE),
        Message("Write it again, as the form or the documentation says."),
    ),
    422: ErrorWords(
        Message("This cannot be taken", _TITLE),
        Message("Write it again, as the form or the documentation says."),
    ),
    429: ErrorWords(Message("Too many at once", _TITLE), Message("Try again in a minute.")),
    431: ErrorWords(
        Message("The head of this request is too large", _TITLE),
        Message("Send a shorter address, and fewer or shorter headers."),
    ),
    500: ErrorWords(
        Message("Something broke on our side", _TITLE),
        Message("The ledger is as it was. Try again in a minute."),
    ),
    501: ErrorWords(
        Message("Nothing here answers this method", _TITLE),
        Message("Read with GET or HEAD; write as the documentation says."),
    ),
    503: ErrorWords(Message("Not ready yet", _TITLE), Message("Try again in a minute.")),
    507: ErrorWords(
        Message("This cannot be written now", _TITLE),
        Message("Our disk is full. Nothing was lost; try again later."),
    ),
}
NO_SUCH_NAME = Message("Nothing here can have this name.", "a part of an address that has not its shape")
NOT_FOUND_DONATION = Message("Nothing is found under this key", _TITLE)
NOTHING_LOOKED_FOR = Message("This finds no donation", _TITLE)
NO_CAMPAIGN = Message("No campaign is at this address", _TITLE)
NO_CAMPAIGN_DETAIL = Message(
    "Its name may be written otherwise. All campaigns of this site are on the first page."
)
NO_PAYMENT_YET = Message("No payment yet", _TITLE)
