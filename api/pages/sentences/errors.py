"""English: what a page says when something is missing, refused or broken, and what to do.

One title and one sentence for each status.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.messages import Message

DEMONSTRATION = Message("A demonstration. Donors, amounts and papers are invented.")


@dataclass(frozen=True, slots=True)
class ErrorWords:
    title: Message
    detail: Message


ERRORS = {
    400: ErrorWords(
        Message("This request cannot be read", "title of a page"),
        Message("Write it again, as the form or the documentation says."),
    ),
    401: ErrorWords(
        Message("A token is needed", "title of a page"), Message("Send it as: Authorization: Bearer TOKEN.")
    ),
    403: ErrorWords(Message("Not allowed", "title of a page"), Message("Your role does not allow this.")),
    404: ErrorWords(
        Message("Nothing is at this address", "title of a page"),
        Message("The page may have moved. Start from the list of campaigns."),
    ),
    405: ErrorWords(
        Message("This address answers another method", "title of a page"), Message("Reading pages use GET.")
    ),
    408: ErrorWords(Message("That took too long", "title of a page"), Message("Send it again.")),
    413: ErrorWords(Message("That is too large", "title of a page"), Message("Send less at once.")),
    422: ErrorWords(
        Message("This cannot be taken", "title of a page"),
        Message("Write it again, as the form or the documentation says."),
    ),
    429: ErrorWords(Message("Too many at once", "title of a page"), Message("Try again in a minute.")),
    500: ErrorWords(
        Message("Something broke on our side", "title of a page"),
        Message("The ledger is as it was. Try again in a minute."),
    ),
    503: ErrorWords(Message("Not ready yet", "title of a page"), Message("Try again in a minute.")),
    507: ErrorWords(
        Message("This cannot be written now", "title of a page"),
        Message("Our disk is full. Nothing was lost; try again later."),
    ),
}
NOT_FOUND_DONATION = Message("No donation has this key", "title of a page")
NO_PAYMENT_YET = Message("No payment yet", "title of a page")
