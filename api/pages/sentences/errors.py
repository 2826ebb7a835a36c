"""English: what a page says when something is missing, refused or broken, and what to do.

One title and one sentence for each status.
"""

from __future__ import annotations

from dataclasses import dataclass

DEMONSTRATION = "A demonstration. Donors, amounts and papers are invented."


@dataclass(frozen=True, slots=True)
class ErrorWords:
    title: str
    detail: str


ERRORS = {
    400: ErrorWords("This request cannot be read", "Write it again, as the form or the documentation says."),
    401: ErrorWords("A token is needed", "Send it as: Authorization: Bearer TOKEN."),
    403: ErrorWords("Not allowed", "Your role does not allow this."),
    404: ErrorWords(
        "Nothing is at this address", "The page may have moved. Start from the list of campaigns."
    ),
    405: ErrorWords("This address answers another method", "Reading pages use GET."),
    413: ErrorWords("That is too large", "Send less at once."),
    422: ErrorWords("This cannot be taken", "Write it again, as the form or the documentation says."),
    429: ErrorWords("Too many at once", "Try again in a minute."),
    500: ErrorWords("Something broke on our side", "The ledger is as it was. Try again in a minute."),
    503: ErrorWords("Not ready yet", "Try again in a minute."),
    507: ErrorWords("This cannot be written now", "Our disk is full. Nothing was lost; try again later."),
}
FIND_EMPTY = (
    "Write a transaction id (64 characters), an outpoint (id:number), an address, or your claim code."
)
NOT_FOUND_DONATION = "No donation has this key"
NO_PAYMENT_YET = "No payment yet"
